//! The three names in an event's envelope, each constructed only by checking.

use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};

/// Text that breaks the rule of the type it was meant for; says the rule, and of the text a character at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    rule: &'static str,
    character: Option<char>,
}

impl Invalid {
    /// For this rule.
    pub(crate) const fn new(rule: &'static str) -> Self {
        Self { rule, character: None }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.rule)?;
        match self.character {
            Some(character) => write!(formatter, " U+{:04X}", u32::from(character)),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Invalid {}

/// A newtype over `String` that only its `FromStr` makes, by the named check.
macro_rules! identifier {
    ($(#[$meta:meta])* $name:ident, $check:path, $rule:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// What the text must be, to end a sentence that begins with a field's name.
            pub(crate) const RULE: &str = $rule;

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, without copying it.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
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
    /// A stock-keeping unit: 1 to 64 characters, no control characters, neither white space nor an invisible character at
    /// either end.
    Sku,
    check_sku,
    "must have 1 to 64 characters, no control characters and no white space at either end"
);

fn check_event_id(text: &str) -> Result<(), Invalid> {
    check(has_length(text, 1, 128) && !text.contains(char::is_control), EventId::RULE)
}

fn check_supplier(text: &str) -> Result<(), Invalid> {
    let is_supplier = text.len() <= 63
        && !text.starts_with('-')
        && !text.is_empty()
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    check(is_supplier, Supplier::RULE)
}

/// Real SKUs hold inner blanks (`BANK CHARGES`), so only the ends are looked at.
fn check_sku(text: &str) -> Result<(), Invalid> {
    let is_sku = has_length(text, 1, 64)
        && !text.contains(char::is_control)
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace);
    check(is_sku, Sku::RULE)?;
    // Two SKUs that look the same would be two products, and nobody would see why.
    let ends = [text.chars().next(), text.chars().next_back()];
    match ends.into_iter().flatten().find(|end| is_invisible(*end)) {
        Some(end) => Err(Invalid { rule: Sku::INVISIBLE, character: Some(end) }),
        None => Ok(()),
    }
}

fn check(is_valid: bool, rule: &'static str) -> Result<(), Invalid> {
    if is_valid { Ok(()) } else { Err(Invalid::new(rule)) }
}

impl Sku {
    const INVISIBLE: &str = "must not begin or end with the invisible character";
}

/// The characters that show nothing: Unicode's property `Default_Ignorable_Code_Point`.
pub(crate) fn invisible() -> CodePointSetDataBorrowed<'static> {
    CodePointSetData::new::<DefaultIgnorableCodePoint>()
}

fn is_invisible(character: char) -> bool {
    !character.is_ascii() && invisible().contains(character)
}

/// Whether the text has `min` to `max` characters (Unicode scalar values).
pub(crate) fn has_length(text: &str, min: usize, max: usize) -> bool {
    // No text has more characters than bytes: the short ones, most of all, need no counting.
    let within_max = text.len() <= max || text.chars().count() <= max;
    within_max && (min <= 1 || text.chars().count() >= min) && (min == 0 || !text.is_empty())
}
