//! The order of records in a shard.

use std::cmp::Ordering;
use std::fmt;

/// A sequence number: decimal digits without a sign, far more than an integer type holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SequenceNumber(Box<str>);

impl SequenceNumber {
    /// Reads a sequence number.
    pub fn parse(text: &str) -> Option<Self> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The longer number is the greater one, as for the archiver, which names objects by the first and last of their
/// records.
impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::SequenceNumber;

    #[test]
    fn numbers_are_in_the_order_of_their_values() {
        let number = |text| SequenceNumber::parse(text).unwrap();
        assert!(number("9") < number("10") && number("10") < number("11"));
        for text in ["", "1e3", "-1", "1 "] {
            assert_eq!(SequenceNumber::parse(text), None, "{text}");
        }
    }
}
