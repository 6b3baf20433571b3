//! The active alphabetic codes of ISO 4217.
//!
//! The list is list one of ISO 4217 ("current currency & funds code list") as its maintenance agency, SIX, published it
//! on the day that [`PUBLISHED`] says:
//! <https://www.six-group.com/dam/download/financial-information/data-center/iso-currrency/lists/list-one.xml>. All 178
//! codes of it are accepted, including funds, metals, `XTS` (testing) and `XXX` (no currency): the standard decides
//! which codes are active. Withdrawn codes (list three) are not; crates that have both lists would accept `HRK`.

use core::fmt;
use core::str::FromStr;

use crate::identifier::InvalidText;

/// The date of publication of the list.
#[cfg(feature = "schema")]
pub(crate) const PUBLISHED: &str = "2026-09-17";

/// An active alphabetic code of ISO 4217 (`GBP`). Sorts alphabetically.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(
    /// Index in [`CODES`].
    u8,
);

/// The codes, sorted for binary search.
#[rustfmt::skip]
pub(crate) const CODES: [&str; 178] = [
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF", "BMD", "BND",
    "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CLF", "CLP", "CNY",
    "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
    "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD",
    "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP",
    "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN",
    "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN",
    "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD",
    "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX",
    "USD", "USN", "UYI", "UYU", "UYW", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAD", "XAF", "XAG", "XAU", "XBA",
    "XBB", "XBC", "XBD", "XCD", "XCG", "XDR", "XOF", "XPD", "XPF", "XPT", "XSU", "XTS", "XUA", "XXX", "YER", "ZAR",
    "ZMW", "ZWG",
];

impl Currency {
    /// The rule for the text, to end a sentence that begins with a field's name.
    pub(crate) const RULE: &str = "must be an active code of ISO 4217, three upper-case letters";

    /// Returns the code, three upper-case letters.
    pub const fn as_str(self) -> &'static str {
        CODES[self.0 as usize]
    }
}

impl FromStr for Currency {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let index = CODES.binary_search(&text).ok().and_then(|index| u8::try_from(index).ok());
        index.map(Self).ok_or(InvalidText::new(Self::RULE))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Currency({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Currency};

    #[test]
    fn every_code_of_the_list_is_found_and_the_list_is_sorted() {
        assert!(CODES.is_sorted());
        for code in CODES {
            assert_eq!(code.parse::<Currency>().map(Currency::as_str), Ok(code));
        }
        assert!("EUR".parse::<Currency>().expect("a code") < "GBP".parse().expect("a code"));
    }

    #[test]
    fn nothing_else_is_a_currency() {
        let never_assigned = ["XXQ", "ZZZ", "AAA"].as_slice();
        let withdrawn = ["HRK", "BGN", "ANG", "SLL", "ZWL", "CUC", "DEM"].as_slice();
        let misspelt = ["gbp", "Gbp", "", "GB", "GBPX", " GBP", "GBP\0", "\u{ff27}BP"].as_slice();
        for text in [never_assigned, withdrawn, misspelt].concat() {
            assert!(text.parse::<Currency>().is_err(), "{text:?}");
        }
    }
}
