//! The supplier that calls: the one whose IAM role has signed the request (pure).

use pipegen_contract::supplier_role;
use pipegen_event::Supplier;

/// Returns the supplier of a caller, by the ARN of its session: `arn:aws:sts::{account}:assumed-role/{role}/{session}`,
/// in the account and partition of the function (by its own ARN), and of a role of this environment.
///
/// A role of another account, a user, or a role of other names is nobody.
pub fn supplier(caller: Option<&str>, function: &str, environment: &str) -> Option<Supplier> {
    let [arn, partition, "sts", "", account, session] = parts(caller?)? else { return None };
    let [_, own_partition, "lambda", _region, own_account, _function] = parts(function)? else { return None };
    if arn != "arn" || partition != own_partition || account != own_account || account.is_empty() {
        return None;
    }
    let (role, name) = session.strip_prefix("assumed-role/")?.split_once('/')?;
    if name.is_empty() || name.contains('/') {
        return None;
    }
    let supplier = role.strip_prefix(supplier_role::PREFIX)?.strip_suffix(environment)?.strip_suffix('-')?;
    // Whatever the above has let through, it is the supplier's role and no other.
    let supplier: Supplier = supplier.parse().ok()?;
    (supplier_role::name(&supplier, environment) == role).then_some(supplier)
}

/// Splits an ARN into its six parts; the last one may have colons.
fn parts(arn: &str) -> Option<[&str; 6]> {
    arn.splitn(6, ':').collect::<Vec<_>>().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:lambda-ingest-staging";

    fn found(caller: &str) -> Option<String> {
        supplier(Some(caller), FUNCTION, "staging").map(|supplier| supplier.to_string())
    }

    #[test]
    fn a_supplier_is_known_by_the_session_of_its_role() {
        for (role, expected) in
            [("role-supplier-acme-staging", "acme"), ("role-supplier-a-staging-b-staging", "a-staging-b")]
        {
            let caller = format!("arn:aws:sts::111122223333:assumed-role/{role}/any=se,ss.io@n_1");
            assert_eq!(found(&caller).as_deref(), Some(expected), "{caller}");
        }
        let alias = format!("{FUNCTION}:live");
        let caller = "arn:aws:sts::111122223333:assumed-role/role-supplier-acme-staging/s";
        assert_eq!(supplier(Some(caller), &alias, "staging").as_deref(), Some("acme"));
    }

    #[test]
    fn everybody_else_is_nobody() {
        for caller in [
            "",
            "arn:aws:iam::111122223333:user/role-supplier-acme-staging",
            "arn:aws:iam::111122223333:role/role-supplier-acme-staging",
            "arn:aws:iam::111122223333:root",
            "arn:aws:sts::111122223333:federated-user/role-supplier-acme-staging/s",
            "arn:aws:sts::444455556666:assumed-role/role-supplier-acme-staging/s",
            "arn:aws-cn:sts::111122223333:assumed-role/role-supplier-acme-staging/s",
            "arn:aws:iam::111122223333:assumed-role/role-supplier-acme-staging/s",
            "arn:aws:sts:us-east-1:111122223333:assumed-role/role-supplier-acme-staging/s",
            "arn:aws:sts::111122223333:assumed-role/role-supplier-acme-staging",
            "arn:aws:sts::111122223333:assumed-role/role-supplier-acme-staging/",
            "arn:aws:sts::111122223333:assumed-role/role-supplier-acme-staging/a/b",
            "arn:aws:sts::111122223333:assumed-role/x/role-supplier-acme-staging/s",
            "arn:aws:sts::111122223333:assumed-role/role-supplier-acme-production/s",
            "arn:aws:sts::111122223333:assumed-role/role-supplier-acmestaging/s",
            "arn:aws:sts::111122223333:assumed-role/role-supplier-staging/s",
            "arn:aws:sts::111122223333:assumed-role/role-supplier--staging/s",
            "arn:aws:sts::111122223333:assumed-role/role-supplier-Acme-staging/s",
            "arn:aws:sts::111122223333:assumed-role/role-processor-staging/s",
            "x:aws:sts::111122223333:assumed-role/role-supplier-acme-staging/s",
        ] {
            assert_eq!(found(caller), None, "{caller}");
        }
        assert_eq!(supplier(None, FUNCTION, "staging"), None);
        let caller = "arn:aws:sts::111122223333:assumed-role/role-supplier-acme-staging/s";
        for function in ["", "lambda-ingest-staging", "arn:aws:lambda:us-east-1::function:lambda-ingest-staging"] {
            assert_eq!(supplier(Some(caller), function, "staging"), None, "{function}");
        }
    }
}
