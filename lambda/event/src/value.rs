//! The types of the fields of `data`. Each holds only values that its rule allows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::currency::Currency;
use crate::identifier::has_length;
use crate::integer;
use crate::members::{Members, loggable, string};

/// The maximum of counts, changes (in magnitude) and amounts: 10⁹. The sum of millions of them fits 64 bits.
pub(crate) const MAX: i64 = 1_000_000_000;

/// A type that is read from the JSON text of one value.
pub(crate) trait Value: Sized {
    /// Returns the value, or the rule that it breaks, to end a sentence that begins with the field's name.
    fn read(json: &str) -> Result<Self, String>;
}

/// A number of units, −10⁹ to 10⁹: shops report oversold stock as a negative count.
pub(crate) struct Quantity(pub(crate) i64);

impl Value for Quantity {
    fn read(json: &str) -> Result<Self, String> {
        let in_range = integer::parse(json).filter(|quantity| (-MAX..=MAX).contains(quantity));
        in_range.map(Self).ok_or_else(|| format!("must be an integer from -{MAX} to {MAX}"))
    }
}

/// A change of a number of units, not 0, of a magnitude up to 10⁹.
pub(crate) struct Delta(pub(crate) i64);

impl Value for Delta {
    fn read(json: &str) -> Result<Self, String> {
        let in_range = integer::parse(json).filter(|delta| *delta != 0 && (-MAX..=MAX).contains(delta));
        in_range.map(Self).ok_or_else(|| format!("must be an integer from -{MAX} to {MAX} other than 0"))
    }
}

/// An amount of money, 0 to 10⁹, without trailing zeros after the point.
pub(crate) struct Amount(pub(crate) Decimal);

impl Amount {
    const MAX_DECIMALS: usize = 4;

    fn form() -> String {
        format!("must be a string of digits, optionally a point and 1 to {} digits, at most {MAX}", Self::MAX_DECIMALS)
    }

    /// Parses digits, optionally followed by a point and more digits of which the fifth and later ones are zeros.
    /// Leading zeros are allowed.
    fn parse(text: &str) -> Result<Decimal, String> {
        let (units, decimals) = text.split_once('.').map_or((text, None), |(units, decimals)| (units, Some(decimals)));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(units) || !decimals.is_none_or(all_digits) {
            return Err(Self::form());
        }
        let decimals = decimals.unwrap_or_default().trim_end_matches('0');
        if decimals.len() > Self::MAX_DECIMALS {
            return Err(format!("must have at most {} decimals, as no more are kept", Self::MAX_DECIMALS));
        }
        // In ten-thousandths. A number that does not fit 64 bits is far above the maximum.
        let padding = core::iter::repeat_n(b'0', Self::MAX_DECIMALS - decimals.len());
        let value = units
            .bytes()
            .chain(decimals.bytes())
            .chain(padding)
            .try_fold(0_i64, |value, digit| value.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
        let in_range = value.filter(|value| *value <= MAX * 10_000);
        in_range.map(|value| Decimal::new(value, 4).normalize()).ok_or_else(|| format!("must be at most {MAX}"))
    }
}

impl Value for Amount {
    fn read(json: &str) -> Result<Self, String> {
        Self::parse(&string(json).ok_or_else(Self::form)?).map(Self)
    }
}

impl Value for Currency {
    fn read(json: &str) -> Result<Self, String> {
        string(json).and_then(|text| text.parse().ok()).ok_or_else(|| Self::RULE.to_owned())
    }
}

/// Text of `MIN` to `MAX` characters (Unicode scalar values) without U+0000, which PostgreSQL cannot store.
pub(crate) struct Text<const MIN: usize, const MAX: usize>(pub(crate) String);

impl<const MIN: usize, const MAX: usize> Value for Text<MIN, MAX> {
    fn read(json: &str) -> Result<Self, String> {
        let text = string(json).ok_or("must be a string")?;
        check_text(&text, MIN, MAX).map(|()| Self(text.into_owned()))
    }
}

/// The maximum length of a category.
pub(crate) const MAX_CATEGORY: usize = 200;

/// Checks a category; the error is the rule that it breaks, to end a sentence that begins with the field's name.
pub fn check_category(text: &str) -> Result<(), String> {
    check_text(text, 0, MAX_CATEGORY)
}

/// Checks the length in characters, and that there is no U+0000.
fn check_text(text: &str, min: usize, max: usize) -> Result<(), String> {
    if !has_length(text, min, max) {
        return Err(if min == 0 {
            format!("must have at most {max} characters")
        } else {
            format!("must have {min} to {max} characters")
        });
    }
    if text.contains('\0') {
        return Err("must not hold U+0000".to_owned());
    }
    Ok(())
}

/// A product's attributes by name.
pub(crate) struct Attributes(pub(crate) BTreeMap<String, String>);

impl Attributes {
    pub(crate) const MAX_PAIRS: usize = 50;
    pub(crate) const MAX_NAME: usize = 64;
    pub(crate) const MAX_VALUE: usize = 500;
}

impl Value for Attributes {
    fn read(json: &str) -> Result<Self, String> {
        let Members(pairs) = Members::read(json).ok_or("must be an object")?;
        if pairs.len() > Self::MAX_PAIRS {
            return Err(format!("must have at most {} pairs", Self::MAX_PAIRS));
        }
        let mut attributes = BTreeMap::new();
        for (name, value) in pairs {
            let shown = || loggable(&name);
            check_text(&name, 0, Self::MAX_NAME).map_err(|rule| format!("the name {} {rule}", shown()))?;
            if attributes.contains_key(name.as_ref()) {
                return Err(format!("must not have the name {} twice", shown()));
            }
            let value: Cow<'_, str> = string(value).ok_or_else(|| format!("{} must be a string", shown()))?;
            check_text(&value, 0, Self::MAX_VALUE).map_err(|rule| format!("{} {rule}", shown()))?;
            attributes.insert(name.into_owned(), value.into_owned());
        }
        Ok(Self(attributes))
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Delta, Quantity, Value, check_category};

    #[test]
    fn a_quantity_has_two_bounds() {
        for (json, expected) in [("0", 0), ("-1000000000.0", -1_000_000_000), ("1e9", 1_000_000_000)] {
            assert_eq!(Quantity::read(json).ok().map(|quantity| quantity.0), Some(expected), "{json}");
        }
        for json in ["4.25", "\"42\"", "true", "null", "[42]", "{}", "-1000000001", "1000000001", "1e999"] {
            assert!(Quantity::read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_delta_is_signed_and_never_zero() {
        for (json, expected) in [("-1000000000", -1_000_000_000), ("1000000000", 1_000_000_000), ("-1", -1)] {
            assert_eq!(Delta::read(json).ok().map(|delta| delta.0), Some(expected), "{json}");
        }
        for json in ["0", "-0", "0e5", "-1000000001", "1000000001", "-9223372036854775808", "-1.5", "\"1\""] {
            assert!(Delta::read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_category_has_at_most_200_characters_and_no_u_0000() {
        for category in [String::new(), "Küche".to_owned(), "ü".repeat(200)] {
            assert_eq!(check_category(&category), Ok(()));
        }
        for (category, rule) in [("ü".repeat(201), "at most 200 characters"), ("a\0".to_owned(), "U+0000")] {
            assert!(check_category(&category).is_err_and(|error| error.contains(rule)), "{rule}");
        }
    }

    #[test]
    fn amounts_are_canonical() {
        let long = format!("{}1", "0".repeat(100_000));
        for (text, expected) in [
            ("0", "0"),
            ("0.0000", "0"),
            ("2.50", "2.5"),
            ("007.1", "7.1"),
            ("100", "100"),
            ("0.0001", "0.0001"),
            ("1000000000", "1000000000"),
            ("1000000000.0000", "1000000000"),
            ("12.340000", "12.34"),
            ("0.00010", "0.0001"),
            ("1000000000.00000000", "1000000000"),
            ("999999999.9999", "999999999.9999"),
            (&long, "1"),
        ] {
            assert_eq!(Amount::parse(text).map(|amount| amount.to_string()).as_deref(), Ok(expected), "{text:.20}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        let long = "9".repeat(100_000);
        for text in [
            "",
            ".",
            ".5",
            "5.",
            "1.23456",
            "0.00001",
            "1.00000000000000001",
            "1.0000x",
            "1.00000x",
            "1.2.3",
            "-1",
            "-0",
            "+1",
            "1e3",
            "1,5",
            " 1",
            "1 ",
            "NaN",
            "0x1",
            "1_000",
            "\u{0661}",
            "1.\u{0661}",
            "1000000000.0001",
            "1000000001",
            "922337203685477.5808",
            "18446744073709551617",
            &long,
        ] {
            assert!(Amount::parse(text).is_err(), "{text:.20}");
        }
        assert!(Amount::read("2.55").is_err(), "a number is not a string");
        assert!(Amount::read(r#""\u0032.5""#).is_ok(), "an escape is another spelling");
    }
}
