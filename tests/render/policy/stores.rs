//! Authentication and protection of database and cache.

use pipegen_contract::cache;
use serde_json::{Value, json};

use super::{breach, holds, notices};
use crate::rendered::resources;

/// The database requires TLS and logs no data.
fn database_parameters(main: &Value) -> Vec<String> {
    let parameters =
        resources(main, "aws_db_parameter_group").values().filter_map(|group| group["parameter"].as_array());
    let parameters: Vec<_> = parameters.flatten().map(|one| (one["name"].as_str(), one["value"].as_str())).collect();
    let needed = [
        ("rds.force_ssl", "1"),
        ("password_encryption", "scram-sha-256"),
        ("log_statement", "ddl"),
        // The parameters of a slow or a failing statement are data.
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
    ];
    let missing = needed.iter().filter(|(name, value)| !parameters.contains(&(Some(*name), Some(*value))));
    missing.map(|(name, value)| format!("the database's parameter {name} is not {value}")).collect()
}

/// The database can be restored.
fn backups(main: &Value) -> Vec<String> {
    let databases = resources(main, "aws_db_instance").iter();
    let lost = databases
        .filter(|(_, body)| body["backup_retention_period"].as_u64().is_none_or(|days| !(1..=35).contains(&days)));
    lost.map(|(label, _)| format!("the database {label} cannot be restored")).collect()
}

/// No user logs in to Redis with a password, and `default` has no rights.
fn cache_users(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, user) in resources(main, "aws_elasticache_user") {
        let rights = user["access_string"].as_str().unwrap_or_default();
        let is_iam = user["authentication_mode"] == json!({ "type": "iam" }) && user["user_id"] == user["user_name"];
        let fine = match label.as_str() {
            "closed" => user["user_name"] == "default" && rights == cache::DEFAULT_RIGHTS,
            "reader" => is_iam && rights == cache::READER_RIGHTS,
            "shop" => is_iam && rights == cache::SHOP_RIGHTS,
            _ => is_iam && rights == cache::WRITER_RIGHTS,
        };
        let of_products = ["on ~product:* -@all ", "on ~product:* &product-changes -@all "];
        let of_products = of_products.iter().any(|start| rights.starts_with(start));
        let bounded = rights == "off -@all" || of_products && !rights.contains("+@");
        if !fine || !bounded {
            wrong.push(format!("the cache's user {label} may do too much"));
        }
    }
    wrong
}

/// All users are in the group that may log in.
fn cache_group(main: &Value) -> Vec<String> {
    let ids = &resources(main, "aws_elasticache_user_group")["views"]["user_ids"];
    let ids: Vec<_> = ids.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let users = resources(main, "aws_elasticache_user").keys();
    let lost = users.filter(|label| !ids.contains(&format!("${{aws_elasticache_user.{label}.user_id}}").as_str()));
    lost.map(|label| format!("the cache's user {label} cannot log in")).collect()
}

/// When memory is short, any entry may be evicted. A `volatile-…` policy would evict tombstones first.
fn eviction(main: &Value) -> Vec<String> {
    let groups = resources(main, "aws_elasticache_parameter_group").iter();
    let wanted = json!([{ "name": "maxmemory-policy", "value": "allkeys-lru" }]);
    let others = groups.filter(|(_, body)| body["parameter"] != wanted);
    others.map(|(label, _)| format!("the cache {label} evicts tombstones before views")).collect()
}

#[test]
fn the_database_asks_for_tls_and_logs_no_data() {
    holds(database_parameters);
    let parameters = "resource/aws_db_parameter_group/catalog/parameter";
    notices(vec![breach(database_parameters, parameters, json!([]))]);
    let (_, main) = crate::rendered::every_kind().remove(0);
    let group = &resources(&main, "aws_db_parameter_group")["catalog"]["parameter"];
    let place = |name: &str| group.as_array().unwrap().iter().position(|one| one["name"] == name).unwrap();
    let breaches =
        [("log_statement", "all"), ("log_parameter_max_length", "-1"), ("log_parameter_max_length_on_error", "-1")];
    notices(
        breaches
            .map(|(name, value)| {
                breach(database_parameters, &format!("{parameters}/{}/value", place(name)), json!(value))
            })
            .into(),
    );
}

#[test]
fn the_database_can_be_restored() {
    holds(backups);
    let days = "resource/aws_db_instance/catalog/backup_retention_period";
    notices(vec![breach(backups, days, json!(0)), breach(backups, days, Value::Null)]);
}

#[test]
fn cache_users_have_no_password_and_little_to_say() {
    holds(cache_users);
    notices(vec![
        breach(cache_users, "resource/aws_elasticache_user/closed/access_string", json!("on ~* +@all")),
        breach(cache_users, "resource/aws_elasticache_user/writer/access_string", json!("on ~* +@all")),
        breach(cache_users, "resource/aws_elasticache_user/reader/access_string", json!(cache::WRITER_RIGHTS)),
        breach(cache_users, "resource/aws_elasticache_user/writer/authentication_mode/type", json!("password")),
        breach(cache_users, "resource/aws_elasticache_user/writer/user_name", json!("other")),
    ]);
}

#[test]
fn every_cache_user_can_log_in() {
    holds(cache_group);
    let ids = "resource/aws_elasticache_user_group/views/user_ids";
    notices(vec![breach(cache_group, ids, json!(["${aws_elasticache_user.closed.user_id}"]))]);
}

#[test]
fn any_entry_may_be_evicted() {
    holds(eviction);
    let parameter = "resource/aws_elasticache_parameter_group/views/parameter";
    notices(vec![
        breach(eviction, parameter, json!([{ "name": "maxmemory-policy", "value": "volatile-ttl" }])),
        breach(eviction, parameter, Value::Null),
    ]);
}
