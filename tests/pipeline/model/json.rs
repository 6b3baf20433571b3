//! JSON by the grammar of RFC 8259.
//!
//! Usual readers drop what must be judged here: names that come twice, how a number was written, the own text of an
//! array's element, and the difference between a text that is no JSON and one that is, but holds a lone surrogate.

/// How deep an event's JSON may nest.
const DEEPEST: usize = 128;
/// Where the reader gives up, so that it does not exhaust its stack; such a text counts as no JSON.
const GIVE_UP: usize = 400;

/// A value with its own text.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) text: &'a str,
    pub(crate) value: Value<'a>,
    /// How deep it nests: 0 for what is neither array nor object.
    depth: usize,
    lone_surrogate: bool,
}

/// What a value is. A number is its node's text.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool,
    Number,
    Text(String),
    Array(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
}

/// A name and its value, in the order of the text.
pub(crate) type Member<'a> = (String, Node<'a>);

/// Reads a whole text; `None` if it is no JSON.
pub(crate) fn read(text: &str) -> Option<Node<'_>> {
    let mut reader = Reader { text, at: 0, lone_surrogates: 0 };
    reader.skip_blanks();
    let node = reader.node(GIVE_UP)?;
    reader.skip_blanks();
    (reader.at == text.len()).then_some(node)
}

impl Node<'_> {
    /// Whether the text can be decoded: it has no lone surrogate and does not nest too deep.
    pub(crate) fn is_readable(&self) -> bool {
        !self.lone_surrogate && self.depth <= DEEPEST
    }

    /// The string, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    lone_surrogates: usize,
}

impl<'a> Reader<'a> {
    fn node(&mut self, room: usize) -> Option<Node<'a>> {
        let (start, surrogates) = (self.at, self.lone_surrogates);
        let value = match self.peek()? {
            b'n' => self.word("null", Value::Null)?,
            b't' => self.word("true", Value::Bool)?,
            b'f' => self.word("false", Value::Bool)?,
            b'"' => Value::Text(self.string()?),
            b'[' => Value::Array(self.list(b'[', b']', room.checked_sub(1)?, Self::node)?),
            b'{' => Value::Object(self.list(b'{', b'}', room.checked_sub(1)?, Self::member)?),
            _ => self.number()?,
        };
        let depth = match &value {
            Value::Array(nodes) => 1 + nodes.iter().map(|node| node.depth).max().unwrap_or(0),
            Value::Object(members) => 1 + members.iter().map(|(_, node)| node.depth).max().unwrap_or(0),
            _ => 0,
        };
        let text = self.text.get(start..self.at)?;
        Some(Node { text, value, depth, lone_surrogate: self.lone_surrogates > surrogates })
    }

    fn member(&mut self, room: usize) -> Option<Member<'a>> {
        let name = self.string()?;
        self.skip_blanks();
        self.eat(b':')?;
        self.skip_blanks();
        Some((name, self.node(room)?))
    }

    /// Items between two brackets, commas between them.
    fn list<T>(&mut self, open: u8, close: u8, room: usize, item: fn(&mut Self, usize) -> Option<T>) -> Option<Vec<T>> {
        self.eat(open)?;
        self.skip_blanks();
        let mut items = Vec::new();
        if self.eat(close).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self, room)?);
            self.skip_blanks();
            if self.eat(close).is_some() {
                return Some(items);
            }
            self.eat(b',')?;
            self.skip_blanks();
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())?;
        Some(value)
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    fn number(&mut self) -> Option<Value<'a>> {
        self.skip(|byte| byte == b'-', 1);
        if self.skip(|byte| byte == b'0', 1) == 0 {
            self.digits()?;
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if self.skip(|byte| matches!(byte, b'e' | b'E'), 1) == 1 {
            self.skip(|byte| matches!(byte, b'+' | b'-'), 1);
            self.digits()?;
        }
        Some(Value::Number)
    }

    fn digits(&mut self) -> Option<()> {
        (self.skip(|byte| byte.is_ascii_digit(), usize::MAX) > 0).then_some(())
    }

    fn string(&mut self) -> Option<String> {
        self.eat(b'"')?;
        let mut string = String::new();
        loop {
            let start = self.at;
            self.skip(|byte| byte >= b' ' && byte != b'"' && byte != b'\\', usize::MAX);
            string.push_str(self.text.get(start..self.at)?);
            match self.next()? {
                b'"' => return Some(string),
                b'\\' => string.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            _ => return None,
        })
    }

    /// What follows `\u`: four digits, and the other half where they are the first half of a pair.
    fn unicode_escape(&mut self) -> Option<char> {
        let mut units = vec![self.hex()?];
        if (0xd800..0xdc00).contains(&units[0]) {
            let after = self.at;
            match self.other_half() {
                Some(unit) => units.push(unit),
                None => self.at = after,
            }
        }
        let decoded = char::decode_utf16(units).next()?;
        if decoded.is_err() {
            self.lone_surrogates += 1;
        }
        Some(decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn other_half(&mut self) -> Option<u16> {
        self.eat(b'\\')?;
        self.eat(b'u')?;
        self.hex().filter(|unit| (0xdc00..0xe000).contains(unit))
    }

    fn hex(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        // `from_str_radix` alone would take a sign too.
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    }

    fn skip_blanks(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'), usize::MAX);
    }

    /// Skips at most `most` bytes that fit and says how many they were.
    fn skip(&mut self, fits: impl Fn(u8) -> bool, most: usize) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let skipped = rest.iter().take(most).take_while(|byte| fits(**byte)).count();
        self.at += skipped;
        skipped
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
