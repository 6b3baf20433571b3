//! ARNs of roles, users and accounts.

use std::fmt;

use super::reader::{Problem, Reader, wrong_type};

/// An IAM role, an IAM user or a whole account, by its ARN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal(String);

const KEY: &str = "readers";

/// The longest name that IAM takes for a role or a user.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const LONGEST_IAM_NAME: usize = 64;

/// The largest policy of a function, in bytes.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LARGEST_POLICY: usize = 20 * 1024;

/// The bytes of a reader's two statements, besides its ARN in each.
const STATEMENTS: usize = 520;

impl Principal {
    /// Parses an ARN; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let resource = text.strip_prefix("arn:aws:iam::").and_then(|rest| {
            let (account, resource) = rest.split_once(':')?;
            (account.len() == 12 && account.chars().all(|c| c.is_ascii_digit())).then_some(resource)
        });
        if resource.is_some_and(|resource| resource == "root" || is_role_or_user(resource)) {
            return Ok(Self(text.to_owned()));
        }
        Err("an ARN looks like `arn:aws:iam::111122223333:role/NAME`, `…:user/NAME` or, for a whole account, `…:root`"
            .into())
    }

    pub fn arn(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Returns whether this is `role/NAME` or `user/NAME`, with a path before the name if there is one.
fn is_role_or_user(resource: &str) -> bool {
    let Some((kind, path)) = resource.split_once('/') else { return false };
    let name = path.rsplit('/').next().unwrap_or_default();
    ["role", "user"].contains(&kind)
        && (1..=LONGEST_IAM_NAME).contains(&name.len())
        && path.len() <= 512 + LONGEST_IAM_NAME
        && path.split('/').all(|part| !part.is_empty())
        && path.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=,.@-".contains(c))
}

/// Reads the list `readers`: principals that may call the catalog's URL.
pub(super) fn readers(reader: &mut Reader<'_>) -> Vec<Principal> {
    let kinds = "a list of ARNs";
    let Some(value) = reader.value(KEY, kinds) else { return Vec::new() };
    let Some(list) = value.get_ref().as_array() else {
        reader.refuse(KEY, value.span(), wrong_type(kinds, value.get_ref()));
        return Vec::new();
    };
    let mut readers = Vec::new();
    for item in list {
        let text = item.get_ref().as_str().ok_or_else(|| wrong_type(kinds, item.get_ref()));
        let principal = text.and_then(|text| {
            Principal::parse(text).map_err(|problem| Problem::new(format!("cannot hold `{text}`: {problem}")))
        });
        match principal {
            Ok(principal) if readers.contains(&principal) => {
                reader.refuse(KEY, item.span(), Problem::new(format!("names `{principal}` twice")));
            }
            Ok(principal) => readers.push(principal),
            Err(problem) => reader.refuse(KEY, item.span(), problem),
        }
    }
    let size: usize = readers.iter().map(|principal| STATEMENTS + 2 * principal.arn().len()).sum();
    if size > LARGEST_POLICY {
        let message = format!("are too many for a function's policy: {size} bytes, it takes {LARGEST_POLICY}");
        let help = "name a whole account (`arn:aws:iam::111122223333:root`) and let its own policies decide";
        reader.refuse(KEY, value.span(), Problem::new(message).help(help.to_owned()));
    }
    readers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_iam_takes_is_a_principal() {
        for good in ["root", "role/shop", "role/service/shop-1", "user/jo.doe@example.com"] {
            assert!(Principal::parse(&format!("arn:aws:iam::111122223333:{good}")).is_ok(), "{good}");
        }
        let long = format!("arn:aws:iam::111122223333:role/{}", "x".repeat(65));
        for bad in [
            "",
            "*",
            "111122223333",
            "arn:aws:iam::1111:root",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role//x",
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::111122223333:group/x",
            "arn:aws:sts::111122223333:assumed-role/x/y",
            "arn:aws-cn:iam::111122223333:root",
            &long,
        ] {
            assert!(Principal::parse(bad).is_err(), "{bad}");
        }
    }
}
