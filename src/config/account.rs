//! The account that an environment belongs to, and the permissions boundary of its roles.

use super::fault::Fault;
use super::reader::Reader;

/// Parses the number of an account.
pub(super) fn account_id(text: &str) -> Result<String, String> {
    if is_account(text) { Ok(text.to_owned()) } else { Err("an account's number has 12 digits".into()) }
}

/// Parses the ARN of a policy, of an account or of AWS.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub(super) fn policy_arn(text: &str) -> Result<String, String> {
    let fits = account_of(text).is_some_and(|(account, path)| {
        let name = path.rsplit('/').next().unwrap_or_default();
        (account == AWS || is_account(account))
            && (1..=128).contains(&name.len())
            && path.len() - name.len() <= 511
            && path.split('/').all(|part| !part.is_empty())
            && path.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=,.@-".contains(c))
    });
    let rule = "a policy's ARN looks like `arn:aws:iam::111122223333:policy/NAME`";
    if fits { Ok(text.to_owned()) } else { Err(rule.into()) }
}

/// Returns a fault if the boundary is a policy of another account than the roles are in.
pub(super) fn check(account: &str, boundary: &str, reader: &Reader<'_>) -> Option<Fault> {
    let (of, _) = account_of(boundary)?;
    let message = format!("`permissions_boundary` is a policy of the account {of}, `account_id` is {account}");
    let fault = || {
        Fault::new(reader.span("permissions_boundary"), message).help("a role takes a boundary of its own account only")
    };
    (of != AWS && of != account).then(fault)
}

/// The account of AWS' own policies, as their ARNs have it.
const AWS: &str = "aws";

/// Returns the account of a policy, and its path with its name.
fn account_of(arn: &str) -> Option<(&str, &str)> {
    arn.strip_prefix("arn:aws:iam::")?.split_once(":policy/")
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_policys_arn_is_a_boundary() {
        for good in ["111122223333:policy/boundary", "111122223333:policy/teams/shop/b", "aws:policy/PowerUserAccess"] {
            assert!(policy_arn(&format!("arn:aws:iam::{good}")).is_ok(), "{good}");
        }
        for bad in
            ["1111:policy/b", "111122223333:role/b", "111122223333:policy/", "111122223333:policy//b", "*:policy/b"]
        {
            assert!(policy_arn(&format!("arn:aws:iam::{bad}")).is_err(), "{bad}");
        }
        assert!(policy_arn(&format!("arn:aws:iam::aws:policy/{}", "x".repeat(129))).is_err());
        assert!(policy_arn("boundary").is_err());
    }

    #[test]
    fn an_account_has_twelve_digits() {
        assert!(account_id("012345678901").is_ok());
        for bad in ["", "1234", "0123456789012", "01234567890a", "*"] {
            assert!(account_id(bad).is_err(), "{bad}");
        }
    }
}
