//! The parts of a run that can be made to fail, and faults that begin by themselves.

use std::str::FromStr;
use std::time::Duration;

/// The longest fault.
pub const LONGEST: Duration = Duration::from_hours(1);

/// A part of the run that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultTarget {
    Redis,
    Postgresql,
    /// The buckets that the functions write to.
    S3,
    Functions,
    /// No function is invoked: all stay frozen.
    Idle,
    /// Every mapping loses its checkpoints.
    Redeliver,
    /// A shard of the open stream is split, or two are merged.
    Reshard,
}

impl FaultTarget {
    pub const ALL: [Self; 7] =
        [Self::Redis, Self::Postgresql, Self::S3, Self::Functions, Self::Idle, Self::Redeliver, Self::Reshard];

    /// Returns the name in arguments and URLs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Postgresql => "postgresql",
            Self::S3 => "s3",
            Self::Functions => "functions",
            Self::Idle => "idle",
            Self::Redeliver => "redeliver",
            Self::Reshard => "reshard",
        }
    }

    /// Returns true if the fault has no duration.
    pub const fn is_momentary(self) -> bool {
        matches!(self, Self::Redeliver | Self::Reshard)
    }
}

impl FromStr for FaultTarget {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|target| target.name() == name);
        found.ok_or_else(|| {
            let targets = Self::ALL.map(Self::name).join(", ");
            format!("there is no fault `{name}`: there are {targets}")
        })
    }
}

/// A fault that begins by itself: `redis@10s+5s`, `reshard@10s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedFault {
    pub target: FaultTarget,
    /// The time from the first record.
    pub after: Duration,
    pub lasts: Duration,
}

impl FromStr for PlannedFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "must be TARGET@AFTER+DURATION, such as redis@10s+5s, or redeliver@AFTER or reshard@AFTER";
        let (target, times) = text.split_once('@').ok_or(form)?;
        let target: FaultTarget = target.parse()?;
        if target.is_momentary() {
            return Ok(Self { target, after: duration(times)?, lasts: Duration::ZERO });
        }
        let (after, lasts) = times.split_once('+').ok_or(form)?;
        let fault = Self { target, after: duration(after)?, lasts: duration(lasts)? };
        if fault.lasts.is_zero() || fault.lasts > LONGEST {
            return Err(format!("a fault lasts at least 1ms and at most an hour, not {lasts}"));
        }
        Ok(fault)
    }
}

/// Parses a duration: digits, and `ms`, `s` or `m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return Err(format!("`{text}` must be a number with `ms`, `s` or `m`, such as 10s")),
    };
    let number: u32 = number.parse().map_err(|_| format!("`{text}` must begin with a number"))?;
    Ok(Duration::from_millis(u64::from(number) * milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_fault_is_read() {
        let read = |text: &str| text.parse::<PlannedFault>();
        let seconds = Duration::from_secs;
        let fault = PlannedFault { target: FaultTarget::Redis, after: seconds(10), lasts: seconds(5) };
        assert_eq!(read("redis@10s+5s"), Ok(fault));
        let fault = PlannedFault { target: FaultTarget::Functions, after: seconds(0), lasts: seconds(60) };
        assert_eq!(read("functions@0ms+1m"), Ok(fault));
        let fault = PlannedFault { target: FaultTarget::Reshard, after: seconds(2), lasts: seconds(0) };
        assert_eq!(read("reshard@2s"), Ok(fault));
        for (text, words) in [
            ("redis", "TARGET@AFTER+DURATION"),
            ("redis@10s", "TARGET@AFTER+DURATION"),
            ("cache@1s+1s", "redis, postgresql, s3, functions, idle, redeliver, reshard"),
            ("idle@1s", "TARGET@AFTER+DURATION"),
            ("reshard@1s+1s", "`1s+1s` must be"),
            ("redis@1+1s", "`1` must be a number with"),
            ("redis@s+1s", "must begin with a number"),
            ("redis@1s+-1s", "`-1s` must be"),
            ("redis@1s+0s", "at least 1ms"),
            ("redis@1s+61m", "at most an hour"),
            ("redis@99999999999s+1s", "must begin with a number"),
            ("redis@1é+1s", "`1é` must be"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
