//! The three names in an event's envelope, each constructed only by checking.

use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

/// Text that breaks the rule of the type it was meant for; says the rule, not the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid(pub(crate) &'static str);

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl core::error::Error for Invalid {}

/// A newtype over `String` that only its `FromStr` makes, by the named check.
macro_rules! identifier {
    ($(#[$meta:meta])* $name:ident, $is_valid:path, $rule:literal) => {
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
                if $is_valid(text) { Ok(Self(text.to_owned())) } else { Err(Invalid(Self::RULE)) }
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
    is_event_id,
    "must have 1 to 128 characters and no control characters"
);

identifier!(
    /// A supplier's name: `[a-z0-9][a-z0-9-]{0,62}`.
    Supplier,
    is_supplier,
    "must match [a-z0-9][a-z0-9-]{0,62}"
);

identifier!(
    /// A stock-keeping unit: 1 to 64 characters, no control characters, no white space at either end.
    Sku,
    is_sku,
    "must have 1 to 64 characters, no control characters and no white space at either end"
);

fn is_event_id(text: &str) -> bool {
    has_length(text, 1, 128) && !text.contains(char::is_control)
}

fn is_supplier(text: &str) -> bool {
    text.len() <= 63
        && !text.starts_with('-')
        && !text.is_empty()
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Real SKUs hold inner blanks (`BANK CHARGES`), so only the ends are looked at.
fn is_sku(text: &str) -> bool {
    has_length(text, 1, 64)
        && !text.contains(char::is_control)
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
}

/// Whether the text has `min` to `max` characters (Unicode scalar values).
pub(crate) fn has_length(text: &str, min: usize, max: usize) -> bool {
    // No text has more characters than bytes: the short ones, most of all, need no counting.
    let within_max = text.len() <= max || text.chars().count() <= max;
    within_max && (min <= 1 || text.chars().count() >= min) && (min == 0 || !text.is_empty())
}
