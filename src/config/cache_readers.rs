//! Clients that may read the cache directly.

use std::fmt;

use super::network_range::NetworkRange;
use super::reader::{Problem, Reader};
use super::text_list::TextList;

/// The origin of a client's connections to the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheReader {
    /// A security group in this network or in one that is peered with it.
    Group(String),
    /// Addresses in this network.
    Range(NetworkRange),
}

const KEY: &str = "cache_readers";

/// The most readers: a security group takes 60 rules in one direction, and the functions need theirs.
///
/// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
const MOST: usize = 50;

impl CacheReader {
    fn parse(text: &str, network: NetworkRange) -> Result<Self, String> {
        if let Some(id) = text.strip_prefix("sg-") {
            let is_hex = id.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
            return match (is_hex, id.len()) {
                (true, 8 | 17) => Ok(Self::Group(text.to_owned())),
                _ => Err("a security group looks like `sg-0123456789abcdef0`".into()),
            };
        }
        let range = NetworkRange::parse_part(text)
            .map_err(|problem| format!("it is not a security group (`sg-…`), and as a range of addresses {problem}"))?;
        if network.contains(range) {
            return Ok(Self::Range(range));
        }
        Err(format!(
            "it is not inside `network_cidr`, which is {network}; a client in a peered network is named by its security group"
        ))
    }
}

impl fmt::Display for CacheReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(id) => formatter.write_str(id),
            Self::Range(range) => range.fmt(formatter),
        }
    }
}

/// Reads the list `cache_readers`.
pub(super) fn cache_readers(reader: &mut Reader<'_>, network: NetworkRange) -> Vec<CacheReader> {
    let kinds = "a list of security groups and ranges of addresses";
    let Some(TextList { items: readers, span }) =
        TextList::read(reader, KEY, kinds, |text| CacheReader::parse(text, network))
    else {
        return Vec::new();
    };
    if readers.len() > MOST {
        let problem = Problem::new(format!("are too many for a security group: {}, it takes {MOST}", readers.len()));
        let help = "give all clients of the cache one security group in common".to_owned();
        reader.refuse(KEY, span, problem.help(help));
    }
    readers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_a_security_group_or_a_part_of_the_network() {
        let parse = |text: &str| CacheReader::parse(text, NetworkRange::DEFAULT);
        for good in ["sg-0123456789abcdef0", "sg-01234567", "10.64.8.0/22", "10.64.15.255/32", "10.64.0.0/20"] {
            assert_eq!(parse(good).map(|reader| reader.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "sg-",
            "sg-0123",
            "sg-0123456789ABCDEF0",
            "sg-xyz45678",
            "0.0.0.0/0",
            "10.64.0.0/19",
            "10.64.16.0/22",
            "10.64.8.1/22",
            "10.64.8.0",
            "10.64.8.0/33",
            "::/0",
            "pl-0123456789abcdef0",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
