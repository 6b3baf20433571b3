//! The network's addresses.

use std::fmt;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

/// A private IPv4 range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkRange {
    address: Ipv4Addr,
    prefix: u32,
}

/// The widest and the narrowest prefix: AWS takes no more than a /16, and a quarter of a /24 still has room for the
/// functions' network interfaces.
pub(super) const PREFIXES: RangeInclusive<u32> = 16..=24;

impl NetworkRange {
    /// The default: 4096 addresses that few other networks use, so that peering stays possible.
    pub const DEFAULT: Self = Self { address: Ipv4Addr::new(10, 64, 0, 0), prefix: 20 };

    /// Reads a network's `ADDRESS/PREFIX`; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let range = Self::read(text, PREFIXES)?;
        if !range.address.is_private() {
            return Err("it is not private (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)".into());
        }
        Ok(range)
    }

    /// Reads the `ADDRESS/PREFIX` of a part of a network, down to a single address.
    pub(super) fn parse_part(text: &str) -> Result<Self, String> {
        Self::read(text, *PREFIXES.start()..=32)
    }

    fn read(text: &str, prefixes: RangeInclusive<u32>) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').ok_or("it has no `/`")?;
        let address: Ipv4Addr = address.parse().map_err(|_| "the part before the `/` is not an IPv4 address")?;
        let prefix: u32 = prefix.parse().map_err(|_| "the part after the `/` is not a number")?;
        if !prefixes.contains(&prefix) {
            return Err(format!("the prefix must be {} to {}", prefixes.start(), prefixes.end()));
        }
        let range = Self { address, prefix };
        let first = Ipv4Addr::from(u32::from(address) & !(range.size() - 1));
        if first != address {
            return Err(format!("it has host bits; {first}/{prefix} has none"));
        }
        Ok(range)
    }

    /// Returns one of the range's four quarters, counted from 0.
    #[must_use]
    pub fn quarter(self, index: u32) -> Self {
        let address = u32::from(self.address) + (index % 4) * (self.size() / 4);
        Self { address: address.into(), prefix: self.prefix + 2 }
    }

    /// Returns whether all of another range lies in this one.
    pub(super) fn contains(self, other: Self) -> bool {
        other.prefix >= self.prefix && u32::from(other.address) & !(self.size() - 1) == u32::from(self.address)
    }

    /// The number of addresses.
    fn size(self) -> u32 {
        1 << (32 - self.prefix)
    }
}

impl fmt::Display for NetworkRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_do_not_overlap() {
        let range = NetworkRange::parse("10.64.0.0/20").unwrap();
        let quarters: Vec<_> = (0..4).map(|index| range.quarter(index).to_string()).collect();
        assert_eq!(quarters, ["10.64.0.0/22", "10.64.4.0/22", "10.64.8.0/22", "10.64.12.0/22"]);
    }

    #[test]
    fn ranges_that_aws_or_the_network_cannot_take_are_refused() {
        for bad in ["10.0.0.0", "10.0.0.0/15", "10.0.0.0/25", "8.8.0.0/16", "10.0.0.1/16", "x/16", "10.0.0.0/x"] {
            assert!(NetworkRange::parse(bad).is_err(), "{bad}");
        }
        let hint = NetworkRange::parse("192.168.7.9/24").unwrap_err();
        assert!(hint.contains("192.168.7.0/24"), "{hint}");
    }
}
