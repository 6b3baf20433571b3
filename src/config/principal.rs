//! ARNs of roles, users and accounts.

use std::fmt;

/// An IAM role, an IAM user or a whole account, by its ARN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal(String);

/// The longest name that IAM takes for a role or a user.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const LONGEST_IAM_NAME: usize = 64;

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
