//! The environment, which is the suffix of every name.

use std::fmt;

/// A suffix that every AWS name grammar takes: lower-case letters, digits and single inner hyphens. The names that it
/// ends bound its length, so that is checked where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment(String);

impl Environment {
    /// Parses the name of an environment; the error says what is wrong with it.
    pub fn parse(name: &str) -> Result<Self, String> {
        let problem = if name.is_empty() {
            "is empty"
        } else if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            "may hold only lower-case letters, digits and hyphens: bucket, database and cache names take no others"
        } else if name.starts_with('-') || name.ends_with('-') || name.contains("--") {
            "may not begin or end with a hyphen or hold two in a row: a database identifier takes neither"
        } else if name == "s3alias" || name.ends_with("-s3alias") {
            "may not end with `-s3alias`: S3 keeps that for access points"
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(format!("the environment `{name}` {problem}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_that_some_name_cannot_take_are_refused() {
        for good in ["staging", "a", "7", "eu-2", "pr-1234"] {
            assert!(Environment::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "Staging", "a_b", "-a", "a-", "a--b", "a b", "ü", "../x", "a/b", "s3alias", "x-s3alias", "a.b"]
        {
            assert!(Environment::parse(bad).is_err(), "{bad}");
        }
    }
}
