//! Integers as JSON Schema defines them: numbers without a fraction, in any notation.

/// More trailing zeros than any integer of 64 bits has.
const MAX_ZEROS: usize = 20;

/// Reads a JSON number digit by digit, never through a float, and returns it if it is an integer of 64 bits: `5`,
/// `5.0`, `1E3`, `-0` and `10e-1` are integers, `1.5` and `"5"` are not.
pub(crate) fn parse(json: &str) -> Option<i64> {
    // The usual notation. A plus sign, which `parse` would accept, is not JSON.
    if let Ok(integer) = json.parse() {
        return Some(integer);
    }
    let (sign, unsigned) = json.strip_prefix('-').map_or((1, json), |unsigned| (-1, unsigned));
    if !unsigned.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (number, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (units, decimals) = number.split_once('.').unwrap_or((number, ""));
    let all = [units, decimals].concat();
    let significant = all.trim_end_matches('0');
    // The number of zeros that follow these digits. A negative number of them would be a fraction.
    let zeros = exponent_of(exponent)?.checked_add_unsigned((all.len() - significant.len()) as u64)?;
    let zeros = zeros.checked_sub_unsigned(decimals.len() as u64)?;
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let zeros = usize::try_from(zeros).ok().filter(|zeros| *zeros <= MAX_ZEROS)?;
    let digits = [significant, &"0".repeat(zeros)].concat();
    digits.parse::<i64>().ok().map(|integer| sign * integer)
}

/// Parses the exponent. A huge one is clamped to a value that is still larger than any text has digits.
fn exponent_of(text: &str) -> Option<i64> {
    const MAX_EXPONENT: i64 = i64::MAX / 4;
    let digits = text.trim_start_matches(['+', '-']);
    let all_digits = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let magnitude =
        all_digits.then(|| digits.parse().map_or(MAX_EXPONENT, |exponent: i64| exponent.min(MAX_EXPONENT)))?;
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_integer_may_be_written_with_point_and_exponent() {
        let long = format!("5.{}", "0".repeat(100_000));
        let tiny = format!("5{}e-100000", "0".repeat(100_000));
        let small = format!("0.{}7E+100001", "0".repeat(100_000));
        for (json, integer) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("0e999999999999999999999999", 0),
            ("0.000E-99999999999999999999", 0),
            ("5.0", 5),
            ("-5.00", -5),
            ("1E3", 1000),
            ("1e+3", 1000),
            ("-1e03", -1000),
            ("10e-1", 1),
            ("12.5e1", 125),
            ("0.0012e4", 12),
            ("1200E-2", 12),
            ("0.5e1", 5),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("999999999999999999", 999_999_999_999_999_999),
            ("99999999999999999.9e1", 999_999_999_999_999_999),
            (&long, 5),
            (&tiny, 5),
            (&small, 7),
        ] {
            assert_eq!(parse(json), Some(integer), "{json:.30}");
        }
    }

    #[test]
    fn a_fraction_is_not_an_integer_however_small() {
        let close = format!("5.{}1", "0".repeat(100_000));
        for json in [
            "1.5",
            "5.0000000000000000000000001",
            "10e-2",
            "1e-1",
            "1e-99999999999999999999",
            "1e99999999999999999999",
            "1e999",
            "-1e19",
            "10000000000000000000.0",
            "\"5\"",
            "true",
            "null",
            "[5]",
            "{}",
            "",
            "-",
            "1e",
            "0e",
            "0ex",
            "1.x",
            &close,
        ] {
            assert_eq!(parse(json), None, "{json:.30}");
        }
    }
}
