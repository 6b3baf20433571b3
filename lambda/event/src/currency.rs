//! ISO 4217 codes.

use core::fmt;
use core::str::FromStr;

use crate::Invalid;

/// An active alphabetic code of ISO 4217. Sorts alphabetically.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(u8);

const CODES: [&str; 3] = ["EUR", "GBP", "USD"];

impl Currency {
    /// The code, three upper-case letters.
    pub const fn as_str(self) -> &'static str {
        CODES[self.0 as usize]
    }
}

impl FromStr for Currency {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let index = CODES.binary_search(&text).ok().and_then(|index| u8::try_from(index).ok());
        index.map(Self).ok_or(Invalid("must be an active ISO 4217 code, upper case"))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
