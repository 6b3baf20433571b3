//! Checks of a record's text: JSON's grammar, nesting, escapes; and the elements of an array.
//!
//! Everything is iterative and works on bytes. `serde_json` checks the grammar but, when it skips a value, checks
//! neither the depth nor whether `\u` escapes make characters. Both are checked here, so that everything that is read
//! later (or never, in an extension attribute) is known to parse.

use serde::de::IgnoredAny;

/// The maximum nesting of an event; its own object is level 1.
pub(crate) const MAX_DEPTH: usize = 128;

/// Returns the record as text, if it is UTF-8 and follows JSON's grammar.
pub(crate) fn check_grammar(record: &[u8]) -> Result<&str, String> {
    let text = str::from_utf8(record)
        .map_err(|error| format!("the text must be UTF-8; the error is at byte {}", error.valid_up_to() + 1))?;
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(text),
        Err(_) if text.trim_ascii().is_empty() => Err("the text must be JSON; it is empty".to_owned()),
        // Not the error's own message, which another crate may change.
        Err(error) => {
            Err(format!("the text must be JSON; the error is at line {} column {}", error.line(), error.column()))
        }
    }
}

/// Tells whether the JSON text is an array.
pub(crate) fn is_array(json: &str) -> bool {
    json.trim_ascii_start().starts_with('[')
}

/// Splits an array into its elements, without the white space around them; at most `limit` of them. The text must
/// follow JSON's grammar.
pub(crate) fn elements(array: &str, limit: usize) -> Vec<&str> {
    // Cut at ASCII bytes, which are always whole characters.
    let cut = |start, end| array.get(start..end).unwrap_or_default().trim_ascii();
    let mut elements = Vec::new();
    let (mut depth, mut start, mut at) = (0_usize, 0, 0);
    while let Some(&byte) = array.as_bytes().get(at)
        && elements.len() < limit
    {
        match byte {
            b'"' => at = string_end(array.as_bytes(), at),
            b'[' | b'{' => {
                depth += 1;
                if depth == 1 {
                    start = at + 1;
                }
            }
            b',' if depth == 1 => {
                elements.push(cut(start, at));
                start = at + 1;
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                // Empty only in an empty array.
                let last = cut(start, at);
                if depth == 0 && !last.is_empty() {
                    elements.push(last);
                }
            }
            _ => {}
        }
        at += 1;
    }
    elements
}

/// Checks that an event's own text does not nest deeper than [`MAX_DEPTH`] and that every `\u` escape of a surrogate
/// belongs to a pair. The text must follow JSON's grammar.
pub(crate) fn check_nesting_and_escapes(text: &str) -> Result<(), String> {
    let json = text.as_bytes();
    // Counting bytes is many times as fast as telling strings from the rest, and enough for most events.
    let brackets = json.iter().filter(|&&byte| byte == b'[' || byte == b'{').count();
    if brackets <= MAX_DEPTH && !json.contains(&b'\\') {
        return Ok(());
    }
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => {
                let end = string_end(json, at);
                if has_lone_surrogate(&json[at..end]) {
                    return Err(format!("the text must not have a lone surrogate, has one before byte {}", end + 1));
                }
                at = end;
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(format!(
                        "the text must not nest deeper than {MAX_DEPTH} levels, does at byte {}",
                        at + 1
                    ));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Returns the index of the closing quote of the string that opens at `start`, or the text's length if there is none.
fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len()
}

/// Tells whether a string contains a `\u` escape that makes no character: half of a UTF-16 surrogate pair.
fn has_lone_surrogate(string: &[u8]) -> bool {
    let mut rest = string;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
        // `\uXXXX` is six bytes, any other escape two.
        let (half, after) = escape(&rest[at..]);
        rest = after;
        match half {
            Some(0xD800..=0xDBFF) => match escape(rest) {
                (Some(0xDC00..=0xDFFF), after) => rest = after,
                _ => return true,
            },
            Some(0xDC00..=0xDFFF) => return true,
            _ => {}
        }
    }
    false
}

/// Reads the escape that the text begins with: its code unit if it is a `\u` escape, and the text after it.
fn escape(text: &[u8]) -> (Option<u16>, &[u8]) {
    let digits = text.strip_prefix(b"\\u").and_then(|rest| rest.get(..4));
    let unit =
        digits.and_then(|digits| str::from_utf8(digits).ok()).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let length = if unit.is_some() { 6 } else { 2 };
    (unit, text.get(length..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{check_nesting_and_escapes, elements, has_lone_surrogate};

    #[test]
    fn elements_are_cut_at_the_array_s_own_commas() {
        let array = r#" [ {"a":[1,2],"b":"],\"[{"} ,2, "x,y" ,[3,[4,5]],{}] "#;
        let cut = [r#"{"a":[1,2],"b":"],\"[{"}"#, "2", r#""x,y""#, "[3,[4,5]]", "{}"];
        assert_eq!(elements(array, 9), cut);
        assert_eq!(elements(array, 2), cut[..2]);
        assert!(elements(" [ \n ] ", 9).is_empty());
    }

    #[test]
    fn surrogates_count_only_in_pairs_and_only_as_escapes() {
        for lone in [r"\ud800", r"\uDFFF", r"\ud800\ud800", r"\ud800x", r"\ud800\n", r"\udc00\ud800", r"\\\ud83d"] {
            assert!(has_lone_surrogate(lone.as_bytes()), "{lone}");
        }
        for paired in [r"\ud83d\ude00", r"\\ud800", r"\\\\ud800", "😀", r"\u00e9\n\\", r"\ud83d\uDE00\uD83D\ude00"] {
            assert!(!has_lone_surrogate(paired.as_bytes()), "{paired}");
        }
    }

    #[test]
    fn text_that_is_not_json_is_scanned_without_panic() {
        for text in ["", "\"", "\"\\", "]]]", "[,,", "\"\\u12", "{\"a\":"] {
            let _ = elements(text, 9);
            check_nesting_and_escapes(text).ok();
        }
    }
}
