//! The members of a JSON object, with raw values, in the text's order and including repeated names.

use core::fmt;
use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Names (unescaped) and values (still JSON text).
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Members<'a> {
    /// Reads a JSON object; returns nothing if the text is not one.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// Tells whether there is a member of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// Tells whether there is a member of this name; `a.b` is the member `b` of the object that is the member `a`.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        let Some((outer, inner)) = path.split_once('.') else { return self.has(path) };
        let objects = self.0.iter().filter(|(name, _)| name == outer);
        objects.filter_map(|(_, json)| Members::read(json)).any(|members| members.has(inner))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                // An event has about eight attributes.
                let mut members = Vec::with_capacity(8);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// A member's name, borrowed if it has no escapes (a plain `Cow` would always copy it).
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;

        impl<'de> Visitor<'de> for Borrow {
            type Value = Name<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrow)
    }
}

/// Unescapes a JSON string; returns nothing if the JSON text is not a string.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// Makes a name that a sender chose safe for a log: ASCII, on one line, at most 32 characters and an ellipsis.
pub(crate) fn loggable(name: &str) -> String {
    const SHOWN: usize = 32;
    let mut shown: String = name.chars().flat_map(char::escape_default).take(SHOWN + 1).collect();
    if shown.len() > SHOWN {
        shown.truncate(SHOWN);
        shown.push_str("...");
    }
    format!("\"{shown}\"")
}

#[cfg(test)]
mod tests {
    use super::{Members, loggable, string};

    #[test]
    fn members_keep_order_repetition_and_raw_values() {
        let json = r#" { "a" : 1.50 , "\u0061":[ 1 ], "":"\n" } "#;
        let Members(members) = Members::read(json).expect("an object");
        let members: Vec<_> = members.iter().map(|(name, value)| (name.as_ref(), *value)).collect();
        assert_eq!(members, [("a", "1.50"), ("a", "[ 1 ]"), ("", r#""\n""#)]);
        for no_object in ["[]", "null", "\"{}\"", "1", ""] {
            assert!(Members::read(no_object).is_none(), "{no_object}");
        }
    }

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(string(r#""a\ud83d\ude00\/\"""#).as_deref(), Some("a😀/\""));
        assert_eq!(string(r#""""#).as_deref(), Some(""));
        for no_string in ["1", "null", "[\"a\"]", "\"", ""] {
            assert_eq!(string(no_string), None, "{no_string}");
        }
    }

    #[test]
    fn a_loggable_name_is_short_ascii_on_one_line() {
        assert_eq!(loggable("quantiy"), "\"quantiy\"");
        assert_eq!(loggable("a\n\"é"), r#""a\n\"\u{e9}""#);
        assert_eq!(loggable(&"x".repeat(32)), format!("\"{}\"", "x".repeat(32)));
        assert_eq!(loggable(&"x".repeat(33)), format!("\"{}...\"", "x".repeat(32)));
        assert!(loggable(&"\u{10ffff}".repeat(100_000)).len() < 40);
    }
}
