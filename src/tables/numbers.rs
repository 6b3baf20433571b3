//! Quantities and prices as people write them.

use rust_decimal::Decimal;

/// Blanks that separate thousands.
const BLANKS: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// The notation of numbers in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) decimal: char,
    pub(super) thousands: Option<char>,
    /// Texts that are removed first.
    pub(super) strip: Vec<String>,
}

impl Numbers {
    /// Reads a whole number; the error ends a sentence that begins with the column.
    pub(super) fn whole(&self, cell: &str) -> Result<i64, String> {
        let number = self.decimal(cell)?;
        let whole = number.is_integer().then(|| i64::try_from(number).ok()).flatten();
        whole.ok_or_else(|| format!("`{cell}` is not a whole number"))
    }

    /// Reads a number with decimals.
    pub(super) fn decimal(&self, cell: &str) -> Result<Decimal, String> {
        let mut text = cell.to_owned();
        for strip in &self.strip {
            text = text.replace(strip.as_str(), "");
        }
        let text = text.trim();
        let (sign, digits) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(digits) => ("-", digits),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, decimals) =
            digits.split_once(self.decimal).map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
        let whole = self.without_thousands(whole.trim_start()).ok_or_else(|| self.problem(cell, text))?;
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(&whole)
            || !decimals.is_none_or(is_number)
            || (whole.is_empty() && decimals.unwrap_or_default().is_empty())
        {
            return Err(self.problem(cell, text));
        }
        let number = format!("{sign}0{whole}.{}0", decimals.unwrap_or_default());
        let number = Decimal::from_str_exact(&number).map_err(|_| format!("`{cell}` has too many digits"))?;
        Ok(number.normalize())
    }

    /// Joins thousands, if they are groups of three digits.
    fn without_thousands(&self, whole: &str) -> Option<String> {
        let is_mark = |c: char| match self.thousands {
            Some(' ') => BLANKS.contains(&c),
            mark => mark == Some(c),
        };
        let mut groups = whole.split(is_mark);
        let first = groups.next().unwrap_or_default();
        let mut joined = first.to_owned();
        for group in groups {
            if group.len() != 3 || first.is_empty() || first.len() > 3 {
                return None;
            }
            joined.push_str(group);
        }
        Some(joined)
    }

    /// Says what is wrong, and which option may help.
    fn problem(&self, cell: &str, text: &str) -> String {
        let known =
            |c: char| c.is_ascii_digit() || "+-\u{2212}".contains(c) || c == self.decimal || Some(c) == self.thousands;
        let hint = match text.chars().find(|c| !known(*c)) {
            Some(mark @ (',' | '.')) if self.thousands.is_none() => {
                format!(" (if `{mark}` is the decimal mark, set `decimal`; if it separates thousands, set `thousands`)")
            }
            Some(mark @ (',' | '.')) => format!(" (if `{mark}` is the decimal mark, set `decimal`)"),
            Some(mark) if BLANKS.contains(&mark) || mark == '\'' => {
                format!(" (if `{mark}` separates thousands, set `thousands`)")
            }
            Some(mark) if !mark.is_alphabetic() => format!(" (to leave out `{mark}`, set `strip`)"),
            Some(_) => {
                " (to leave out a unit or a currency, set `strip`; to take a text for an empty cell, set `empty`)"
                    .to_owned()
            }
            None => String::new(),
        };
        format!("`{cell}` is not a number{hint}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(decimal: char, thousands: Option<char>, strip: &[&str]) -> Numbers {
        Numbers { decimal, thousands, strip: strip.iter().map(|text| (*text).to_owned()).collect() }
    }

    fn read(numbers: &Numbers, cell: &str) -> Option<String> {
        numbers.decimal(cell).ok().map(|number| number.to_string())
    }

    #[test]
    fn plain_numbers_need_no_option() {
        let plain = numbers('.', None, &[]);
        for (cell, number) in
            [("5", "5"), ("-5", "-5"), ("+5", "5"), ("2.50", "2.5"), (".5", "0.5"), ("5.", "5"), ("007", "7")]
        {
            assert_eq!(read(&plain, cell).as_deref(), Some(number), "{cell}");
        }
        for cell in ["", "-", ".", "1,5", "1 000", "1e3", "£5", "5-", "(5)", "#N/A", "0x5", "٥", "1.5.5", "--5"] {
            assert_eq!(read(&plain, cell), None, "{cell}");
        }
    }

    #[test]
    fn marks_are_those_that_were_named() {
        let german = numbers(',', Some('.'), &["€"]);
        for (cell, number) in [("1.234,50 €", "1234.5"), ("€1.234.567", "1234567"), ("0,5", "0.5"), ("12", "12")] {
            assert_eq!(read(&german, cell).as_deref(), Some(number), "{cell}");
        }
        // A decimal point that was taken for a mark between thousands would be a price a hundred times too high.
        for cell in ["12.50", "1.23", ".123", "1234.567", "1,2,3"] {
            assert_eq!(read(&german, cell), None, "{cell}");
        }
        let french = numbers(',', Some(' '), &[]);
        assert_eq!(read(&french, "1\u{202f}234,5").as_deref(), Some("1234.5"));
        assert_eq!(read(&french, "1\u{a0}234 567").as_deref(), Some("1234567"));
        let swiss = numbers('.', Some('\''), &["CHF"]);
        assert_eq!(read(&swiss, "CHF 1'234.50").as_deref(), Some("1234.5"));
        let percent = numbers('.', None, &["%"]);
        assert_eq!(read(&percent, "12.5%").as_deref(), Some("12.5"));
    }

    #[test]
    fn a_problem_names_the_option_that_may_help() {
        let plain = numbers('.', None, &[]);
        for (cell, option) in [
            ("1,5", "`decimal`"),
            ("1,234", "`thousands`"),
            ("£5", "`strip`"),
            ("5 pcs", "`thousands`"),
            ("none", "`empty`"),
        ] {
            let problem = plain.decimal(cell).unwrap_err();
            assert!(problem.starts_with(&format!("`{cell}` is not a number")) && problem.contains(option), "{problem}");
        }
        assert_eq!(plain.whole("5.0"), Ok(5));
        assert_eq!(plain.whole("5.5"), Err("`5.5` is not a whole number".to_owned()));
        assert!(plain.whole("99999999999999999999").is_err());
        assert!(plain.decimal(&"9".repeat(40)).is_err());
    }
}
