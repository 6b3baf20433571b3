//! Settings that are a list of texts, none of which may be there twice.

use std::fmt::Display;
use std::ops::Range;

use super::reader::{Problem, Reader, wrong_type};

/// The parsed items, and the place of the list in the file.
pub(super) struct TextList<T> {
    pub(super) items: Vec<T>,
    pub(super) span: Range<usize>,
}

impl<T: PartialEq + Display> TextList<T> {
    /// Reads the list of a key, if the file has one. Items that cannot be parsed, or are repeated, are refused and left
    /// out.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        key: &'static str,
        kinds: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Self> {
        let value = reader.value(key, kinds)?;
        let Some(list) = value.get_ref().as_array() else {
            reader.refuse(key, value.span(), wrong_type(kinds, value.get_ref()));
            return None;
        };
        let mut items = Vec::new();
        for item in list {
            let text = item.get_ref().as_str().ok_or_else(|| wrong_type(kinds, item.get_ref()));
            let parsed = text.and_then(|text| {
                parse(text).map_err(|problem| Problem::new(format!("cannot hold `{text}`: {problem}")))
            });
            match parsed {
                Ok(parsed) if items.contains(&parsed) => {
                    reader.refuse(key, item.span(), Problem::new(format!("names `{parsed}` twice")));
                }
                Ok(parsed) => items.push(parsed),
                Err(problem) => reader.refuse(key, item.span(), problem),
            }
        }
        Some(Self { items, span: value.span() })
    }
}
