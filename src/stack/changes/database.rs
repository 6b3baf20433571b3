//! The database's instance: `aws_db_instance`.

use serde_json::Value;

use super::comparison::{Comparison, ResourcePair, numbers};
use super::stack_change::StackChange;

pub(super) fn changes(comparison: &Comparison<'_>) -> Vec<StackChange> {
    let parameters_stay = comparison
        .pairs("aws_db_parameter_group")
        .any(|pair| pair.text("family").is_some() && !pair.is_created_before_destroy());
    let of = |pair: ResourcePair<'_>| [storage(&pair), version(&pair, parameters_stay), class(&pair)];
    comparison.pairs("aws_db_instance").flat_map(of).flatten().collect()
}

/// RDS cannot shrink a volume. The provider does not even try: as long as the volume may grow by itself it takes a
/// larger one for a volume that has grown, and plans nothing.
fn storage(pair: &ResourcePair<'_>) -> Option<StackChange> {
    let (earlier, new) = pair.number("allocated_storage").filter(|(earlier, new)| new < earlier)?;
    Some(StackChange::refused(
        format!("the database's storage would shrink from {earlier} to {new} GiB, which RDS cannot do"),
        format!(
            "set `database_storage_gb = {earlier}` or more; a smaller database needs another environment, filled again from the events"
        ),
    ))
}

/// RDS upgrades the major version only if that is allowed, with parameters of that version, and never goes back.
fn version(pair: &ResourcePair<'_>, parameters_stay: bool) -> Option<StackChange> {
    let (earlier, new) = pair.text("engine_version")?;
    let (before, after) = (*numbers(earlier)?.first()?, *numbers(new)?.first()?);
    if after < before {
        return Some(StackChange::refused(
            format!("the database would go back from PostgreSQL {earlier} to {new}, which RDS cannot do"),
            format!("set `database_version` to {before} again"),
        ));
    }
    if after == before {
        return None;
    }
    let is_allowed = pair.new.get("allow_major_version_upgrade").and_then(Value::as_bool) == Some(true);
    if is_allowed && !parameters_stay {
        return Some(StackChange::warned(
            format!(
                "PostgreSQL {earlier} becomes {new}: the database is unavailable for some minutes, and cannot go back"
            ),
            "take a snapshot before (`aws rds create-db-snapshot`); events wait on the stream meanwhile",
        ));
    }
    let identifier = pair.new.get("identifier").and_then(Value::as_str).unwrap_or("…");
    Some(StackChange::refused(
        format!("PostgreSQL {earlier} would become {new}, which RDS does not do with the parameter group of {earlier}"),
        format!(
            "upgrade it by hand first: `aws rds modify-db-instance --db-instance-identifier {identifier} --engine-version {new} \
             --db-parameter-group-name default.postgres{after} --allow-major-version-upgrade --apply-immediately`"
        ),
    ))
}

/// RDS restarts the instance on another machine; with a standby, that one takes over.
fn class(pair: &ResourcePair<'_>) -> Option<StackChange> {
    let (earlier, new) = pair.text("instance_class")?;
    Some(StackChange::warned(
        format!(
            "the database moves from {earlier} to {new} at once: it is unavailable for a minute or two with a standby, for some minutes without"
        ),
        "apply when the catalog has few readers; events wait on the stream meanwhile",
    ))
}
