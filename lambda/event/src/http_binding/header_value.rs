//! The encoding of attributes in headers.

use core::iter;

use percent_encoding::percent_decode_str;

use super::Header;

/// Returns the value of the first header of this name (in lower case), if it is text.
pub(super) fn first<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a str> {
    let header = headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
    header.and_then(|(_, value)| str::from_utf8(value).ok()).map(str::trim)
}

/// Decodes an attribute's value: first its double quotes (RFC 7230, 3.2.6), which earlier versions of the binding wrote,
/// then one round of percent-encoding. The error is the rule that the value breaks.
pub(super) fn decoded(value: &[u8]) -> Result<String, &'static str> {
    let value = str::from_utf8(value).map_err(|_error| NOT_UTF_8)?;
    let value = unquoted(value.trim()).ok_or("must have a double quote percent-encoded, as %22")?;
    percent_decode_str(&value).decode_utf8().map(Into::into).map_err(|_error| NOT_UTF_8)
}

const NOT_UTF_8: &str = "must be UTF-8, percent-encoded";

/// Takes the quotes off quoted strings, and the backslashes off the characters in them that they escape. Returns nothing
/// if a quoted string has no end.
fn unquoted(value: &str) -> Option<String> {
    let mut characters = value.chars();
    let mut is_quoted = false;
    let text = iter::from_fn(|| {
        loop {
            match characters.next()? {
                '"' => is_quoted = !is_quoted,
                '\\' if is_quoted => return characters.next(),
                character => return Some(character),
            }
        }
    })
    .collect();
    (!is_quoted).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn percent_encoding_is_decoded_once() {
        for (value, expected) in [
            ("simple", "simple"),
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
            ("percent%25encoded", "percent%encoded"),
            ("twice%2525", "twice%25"),
            ("quote%22encoded", "quote\"encoded"),
            ("unnecessarily%41", "unnecessarilyA"),
            ("lower%c3%a9", "lower\u{e9}"),
            ("not+a+blank", "not+a+blank"),
            ("100%", "100%"),
            ("café", "café"),
            ("", ""),
        ] {
            assert_eq!(decoded(value.as_bytes()).as_deref(), Ok(expected), "{value}");
        }
    }

    #[test]
    fn quoted_strings_are_unescaped_first() {
        for (value, expected) in [
            (r#""BANK CHARGES""#, "BANK CHARGES"),
            (r#""a \"b\" \\ c""#, r#"a "b" \ c"#),
            (r#""caf%C3%A9""#, "café"),
            (r#"a"b c"d"#, "ab cd"),
            (r"a\b", r"a\b"),
            (r#""""#, ""),
        ] {
            assert_eq!(decoded(value.as_bytes()).as_deref(), Ok(expected), "{value}");
        }
        for value in ["19\" rack", "\"", "\"a\\\""] {
            assert!(decoded(value.as_bytes()).is_err_and(|rule| rule.contains("%22")), "{value}");
        }
    }

    #[test]
    fn what_does_not_decode_to_utf_8_is_refused() {
        // The first is an overlong blank.
        for value in [&b"%C0%A0"[..], b"%FF", b"%E2%82", b"\xff"] {
            assert!(decoded(value).is_err_and(|rule| rule.contains("UTF-8")), "{value:?}");
        }
    }
}
