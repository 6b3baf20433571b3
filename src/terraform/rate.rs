//! The period of a schedule that AWS writes as `rate(5 minutes)`.

use std::time::Duration;

/// Returns the period of a rate; `None` for a `cron` expression or anything else.
pub fn period(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        _ => return None,
    };
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        for (text, minutes) in
            [("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(2 hours)", 120), ("rate(1 day)", 1440)]
        {
            assert_eq!(period(text), Some(Duration::from_mins(minutes)), "{text}");
        }
        for text in ["rate(0 minutes)", "rate(x minutes)", "rate(1 week)", "cron(0 * * * ? *)", ""] {
            assert_eq!(period(text), None, "{text}");
        }
    }
}
