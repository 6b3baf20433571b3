//! The three identifiers in an event's envelope, each constructed only by parsing.

use core::fmt;
use core::ops::Deref;
use core::str::FromStr;
use std::borrow::Cow;

use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};

/// The error of a text that breaks the rule of its type: the rule, to end a sentence that begins with a field's name.
/// Of the text itself it holds one character at most.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidText(Cow<'static, str>);

impl InvalidText {
    /// The error of a text that breaks this rule.
    pub(crate) const fn new(rule: &'static str) -> Self {
        Self(Cow::Borrowed(rule))
    }
}

/// Defines a newtype over `String` that is constructed only by `FromStr`, with the named check.
macro_rules! identifier {
    ($(#[$meta:meta])* $name:ident, $check:path, $rule:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The rule for the text, to end a sentence that begins with a field's name.
            pub(crate) const RULE: &str = $rule;

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text without copying it.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                $check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// An event's id: 1 to 128 characters, no control characters.
    EventId,
    check_event_id,
    "must have 1 to 128 characters and no control characters"
);

identifier!(
    /// A supplier's name: `[a-z0-9][a-z0-9-]{0,62}`.
    Supplier,
    check_supplier,
    "must match [a-z0-9][a-z0-9-]{0,62}"
);

identifier!(
    /// A stock-keeping unit: 1 to 64 characters, no control characters, neither white space nor an invisible character
    /// at either end.
    Sku,
    check_sku,
    "must have 1 to 64 characters, no control characters and no white space at either end"
);

fn check_event_id(text: &str) -> Result<(), InvalidText> {
    check(has_length(text, 1, 128) && !text.contains(char::is_control), EventId::RULE)
}

fn check_supplier(text: &str) -> Result<(), InvalidText> {
    let is_supplier = text.len() <= 63
        && !text.starts_with('-')
        && !text.is_empty()
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    check(is_supplier, Supplier::RULE)
}

/// Checks a SKU. Real SKUs contain inner blanks (`BANK CHARGES`), so white space is refused only at the ends.
fn check_sku(text: &str) -> Result<(), InvalidText> {
    let is_sku = has_length(text, 1, 64)
        && !text.contains(char::is_control)
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace);
    check(is_sku, Sku::RULE)?;
    // Otherwise two SKUs could look the same and be two products.
    let ends = [text.chars().next(), text.chars().next_back()];
    match ends.into_iter().flatten().find(|end| is_invisible(*end)) {
        Some(end) => Err(InvalidText(format!("{} U+{:04X}", Sku::INVISIBLE, u32::from(end)).into())),
        None => Ok(()),
    }
}

fn check(is_valid: bool, rule: &'static str) -> Result<(), InvalidText> {
    if is_valid { Ok(()) } else { Err(InvalidText::new(rule)) }
}

impl Sku {
    const INVISIBLE: &str = "must not begin or end with the invisible character";
}

/// Returns the invisible characters: Unicode's property `Default_Ignorable_Code_Point`.
pub(crate) fn invisible() -> CodePointSetDataBorrowed<'static> {
    CodePointSetData::new::<DefaultIgnorableCodePoint>()
}

fn is_invisible(character: char) -> bool {
    !character.is_ascii() && invisible().contains(character)
}

/// Tells whether the text has `min` to `max` characters (Unicode scalar values).
pub(crate) fn has_length(text: &str, min: usize, max: usize) -> bool {
    // Text has at most as many characters as bytes, and one if it has any. That decides most, without counting.
    (text.len() <= max && text.len().min(1) >= min) || (min..=max).contains(&text.chars().count())
}
