//! A JSON parser by the grammar of RFC 8259.
//!
//! Usual parsers drop what is needed here: repeated names, the notation of a number, the text of an array's element,
//! and the difference between a text that is not JSON and JSON with a lone surrogate.

/// The maximum nesting of an event's JSON.
const MAX_DEPTH: usize = 128;
/// The maximum nesting that is parsed, so that the stack is not exhausted; a text that nests deeper counts as invalid
/// JSON.
const MAX_PARSED_DEPTH: usize = 400;

/// A value with its own text.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) text: &'a str,
    pub(crate) value: JsonValue<'a>,
    /// Levels of nesting: 0 for a value that is neither array nor object.
    depth: usize,
    lone_surrogate: bool,
}

/// A JSON value. The text of a number is that of its node.
#[derive(Debug)]
pub(crate) enum JsonValue<'a> {
    Null,
    Bool,
    Number,
    Text(String),
    Array(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
}

/// A member's name and value.
pub(crate) type Member<'a> = (String, Node<'a>);

/// Parses a whole text; `None` if it is not JSON.
pub(crate) fn read(text: &str) -> Option<Node<'_>> {
    let mut parser = Parser { text, at: 0, lone_surrogates: 0 };
    parser.skip_blanks();
    let node = parser.node(MAX_PARSED_DEPTH)?;
    parser.skip_blanks();
    (parser.at == text.len()).then_some(node)
}

impl Node<'_> {
    /// Tells whether the text has no lone surrogate and does not nest too deep.
    pub(crate) fn is_readable(&self) -> bool {
        !self.lone_surrogate && self.depth <= MAX_DEPTH
    }

    /// Returns the string, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            JsonValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    lone_surrogates: usize,
}

impl<'a> Parser<'a> {
    fn node(&mut self, depth_left: usize) -> Option<Node<'a>> {
        let (start, surrogates) = (self.at, self.lone_surrogates);
        let value = match self.peek()? {
            b'n' => self.word("null", JsonValue::Null)?,
            b't' => self.word("true", JsonValue::Bool)?,
            b'f' => self.word("false", JsonValue::Bool)?,
            b'"' => JsonValue::Text(self.string()?),
            b'[' => JsonValue::Array(self.list(b'[', b']', depth_left.checked_sub(1)?, Self::node)?),
            b'{' => JsonValue::Object(self.list(b'{', b'}', depth_left.checked_sub(1)?, Self::member)?),
            _ => self.number()?,
        };
        let depth = match &value {
            JsonValue::Array(nodes) => 1 + nodes.iter().map(|node| node.depth).max().unwrap_or(0),
            JsonValue::Object(members) => 1 + members.iter().map(|(_, node)| node.depth).max().unwrap_or(0),
            _ => 0,
        };
        let text = self.text.get(start..self.at)?;
        Some(Node { text, value, depth, lone_surrogate: self.lone_surrogates > surrogates })
    }

    fn member(&mut self, depth_left: usize) -> Option<Member<'a>> {
        let name = self.string()?;
        self.skip_blanks();
        self.eat(b':')?;
        self.skip_blanks();
        Some((name, self.node(depth_left)?))
    }

    /// Parses items between two brackets, separated by commas.
    fn list<T>(
        &mut self,
        open: u8,
        close: u8,
        depth_left: usize,
        item: fn(&mut Self, usize) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.eat(open)?;
        self.skip_blanks();
        let mut items = Vec::new();
        if self.eat(close).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self, depth_left)?);
            self.skip_blanks();
            if self.eat(close).is_some() {
                return Some(items);
            }
            self.eat(b',')?;
            self.skip_blanks();
        }
    }

    fn word(&mut self, word: &str, value: JsonValue<'a>) -> Option<JsonValue<'a>> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())?;
        Some(value)
    }

    /// Parses `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
    fn number(&mut self) -> Option<JsonValue<'a>> {
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
        Some(JsonValue::Number)
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

    /// Parses the part after `\u`: four digits, and the second escape if they are the first half of a surrogate pair.
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

    /// Skips at most `limit` matching bytes and returns their number.
    fn skip(&mut self, fits: impl Fn(u8) -> bool, limit: usize) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let skipped = rest.iter().take(limit).take_while(|byte| fits(**byte)).count();
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
