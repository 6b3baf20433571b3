//! Sequence numbers: 56 digits, as Kinesis has them, that grow over all shards and from one run to the next.

use chrono::{DateTime, Utc};

/// The source of sequence numbers.
#[derive(Debug, Default)]
pub(super) struct SequenceNumbers {
    /// Microseconds, which the next number exceeds.
    last: u64,
}

impl SequenceNumbers {
    /// Returns the next number. It begins with the time, or with a little more where numbers come faster than
    /// microseconds or a clock is set back.
    pub(super) fn next(&mut self, now: DateTime<Utc>, shard: usize) -> String {
        let now = u64::try_from(now.timestamp_micros()).unwrap_or_default();
        self.last = now.max(self.last + 1);
        format!("49{:020}{shard:034}", self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_even_if_the_clock_does_not() {
        let at = |micros| DateTime::from_timestamp_micros(micros).expect("a time");
        let mut numbers = SequenceNumbers::default();
        let numbers = [(7, 3), (7, 0), (5, 1), (1_795_784_161_655_067, 0), (1, 2)]
            .map(|(micros, shard)| numbers.next(at(micros), shard));
        assert!(numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0] != pair[1]), "{numbers:?}");
        assert!(numbers.iter().all(|number| number.len() == 56 && number.bytes().all(|digit| digit.is_ascii_digit())));
        assert_eq!(numbers[0], format!("49{}7{}3", "0".repeat(19), "0".repeat(33)));
    }
}
