//! Points in time, as microseconds since 1970-01-01T00:00:00Z.

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// Parses a `date-time` of RFC 3339 and cuts off digits beyond microseconds; second 60 is refused.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let rest = rest.strip_prefix(['T', 't'])?;
    let (clock, rest) = (rest.get(..8)?, rest.get(8..)?);
    let (fraction, offset) = split_fraction(rest)?;
    Some(days(date)? * DAY + seconds(clock)? * SECOND + fraction - minutes_ahead(offset)? * MINUTE)
}

/// Parses `YYYY-MM-DD` to days since the epoch.
fn days(date: &str) -> Option<i64> {
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let leap = i64::from((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
    let lengths = [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month).ok()?.checked_sub(1)?;
    if !(1..=*lengths.get(before)?).contains(&day) {
        return None;
    }
    let leap_days_before = |year: i64| {
        let last = year - 1;
        last.div_euclid(4) - last.div_euclid(100) + last.div_euclid(400)
    };
    let years = (year - 1970) * 365 + leap_days_before(year) - leap_days_before(1970);
    Some(years + lengths.iter().take(before).sum::<i64>() + day - 1)
}

/// Parses `HH:MM:SS` to seconds.
fn seconds(clock: &str) -> Option<i64> {
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 60 + minute) * 60 + second)
}

/// Parses an optional `.digits` to microseconds, and returns the rest.
fn split_fraction(rest: &str) -> Option<(i64, &str)> {
    let Some(rest) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let (digits, offset) = rest.split_at_checked(end)?;
    let six: String = digits.chars().chain("000000".chars()).take(6).collect();
    (!digits.is_empty()).then_some((six.parse().ok()?, offset))
}

/// Parses `Z` or `±HH:MM` to minutes.
fn minutes_ahead(offset: &str) -> Option<i64> {
    if matches!(offset, "Z" | "z") {
        return Some(0);
    }
    let sign = if offset.starts_with('+') { 1 } else { -1 };
    let [hour, minute] = numbers(offset.strip_prefix(['+', '-'])?, ':', [2, 2])?;
    (hour < 24 && minute < 60).then_some(sign * (hour * 60 + minute))
}

/// Parses numbers with exactly these numbers of digits and a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let parts: Vec<&str> = text.split(separator).collect();
    let fits = |(part, digits): (&&str, &usize)| part.len() == *digits && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() != N || !parts.iter().zip(&digits).all(fits) {
        return None;
    }
    let numbers: Vec<i64> = parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}
