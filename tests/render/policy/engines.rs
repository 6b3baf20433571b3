//! The versions of database, cache and provider: each with what belongs to it, and nothing that belongs to another.

use std::collections::BTreeSet;

use pipegen_contract::cache;
use serde_json::{Value, json};

use super::{breach, holds, notices, notices_in};
use crate::rendered::{KINDS, all_resources, render, resources};

/// Engines of a cache, with the one version and the parameters' family that go with each.
const CACHES: [(&str, &str, &str); 2] = [("redis", "7.1", "redis7"), ("valkey", "9.1", "valkey9")];

/// The versions of database and cache exist, and their parameters are for that version.
fn versions(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, database) in resources(main, "aws_db_instance") {
        let version = database["engine_version"].as_str().unwrap_or_default();
        let family = &main["resource"]["aws_db_parameter_group"][label]["family"];
        if !["16", "17", "18"].contains(&version) || *family != format!("postgres{version}") {
            wrong.push(format!("the database {label} has no version that RDS has, or another one's parameters"));
        }
    }
    for (label, cache) in resources(main, "aws_elasticache_replication_group") {
        let family = &main["resource"]["aws_elasticache_parameter_group"][label]["family"];
        if !CACHES.iter().any(|(engine, version, of)| {
            cache["engine"] == *engine && cache["engine_version"] == *version && family == of
        }) {
            wrong.push(format!("the cache {label} has no version that ElastiCache has, or another one's parameters"));
        }
    }
    wrong
}

/// Returns whether the user logs in without authentication.
fn is_unknown(user: &Value) -> bool {
    !["iam", "password"].iter().any(|kind| user["authentication_mode"]["type"] == *kind)
}

/// A cache of Redis takes groups of Redis only, and such a group has a user `default`; a group of Valkey takes no user
/// without authentication; a user of Valkey is in no group of Redis.
///
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html>
fn user_groups(main: &Value) -> Vec<String> {
    let users = resources(main, "aws_elasticache_user");
    let mut wrong = Vec::new();
    for (label, group) in resources(main, "aws_elasticache_user_group") {
        let ids = group["user_ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let members: Vec<_> = ids
            .filter_map(|id| id.strip_prefix("${aws_elasticache_user.")?.strip_suffix(".user_id}"))
            .filter_map(|user| users.get(user))
            .collect();
        let fine = match group["engine"].as_str() {
            Some("redis") => {
                members.iter().any(|user| user["user_name"] == "default")
                    && members.iter().all(|user| user["engine"] == "redis")
            }
            Some("valkey") => !members.iter().any(|user| is_unknown(user)),
            _ => false,
        };
        let caches = resources(main, "aws_elasticache_replication_group").values();
        let fits = caches.into_iter().all(|cache| cache["engine"] == "valkey" || group["engine"] == "redis");
        if !fine || !fits {
            wrong.push(format!("the group {label} of users does not go with its users or its cache"));
        }
    }
    wrong
}

/// A new version's parameter group is created before the old one is destroyed, which is in use until then.
fn replaced_parameters(main: &Value) -> Vec<String> {
    let kinds = ["aws_db_parameter_group", "aws_elasticache_parameter_group"];
    let groups =
        kinds.iter().flat_map(|kind| resources(main, kind).iter().map(move |(label, body)| (kind, label, body)));
    let stuck = groups.filter(|(_, _, body)| body["lifecycle"] != json!({ "create_before_destroy": true }));
    stuck.map(|(kind, label, _)| format!("{kind}.{label} cannot be replaced while it is used")).collect()
}

/// Attributes that only provider 6 knows.
fn of_provider_6(main: &Value) -> BTreeSet<String> {
    let known = ["invoked_via_function_url", "blocked_encryption_types"];
    let of = |body: &Value| known.map(|name| (name, body.get(name).or(body["rule"].get(name)).is_some()));
    let all = all_resources(main).flat_map(|(kind, label, body)| of(body).map(|(name, has)| (kind, label, name, has)));
    all.filter(|(.., has)| *has).map(|(kind, label, name, _)| format!("{kind}.{label}.{name}")).collect()
}

/// With provider 6, readers call the catalog over its URL only, and no bucket takes objects under a client's own key.
fn closed_by_provider_6(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, permission) in resources(main, "aws_lambda_permission") {
        let is_open = permission["action"] == "lambda:InvokeFunction" && permission["source_arn"].is_null();
        if is_open && permission["invoked_via_function_url"] != true {
            wrong.push(format!("the permission {label} is for more than the URL"));
        }
    }
    for (label, body) in resources(main, "aws_s3_bucket_server_side_encryption_configuration") {
        if body["rule"]["blocked_encryption_types"] != json!(["SSE-C"]) {
            wrong.push(format!("the bucket {label} takes objects that only their writer can read"));
        }
    }
    wrong
}

fn large() -> Value {
    crate::rendered::every_kind().into_iter().find(|(name, _)| *name == "large").unwrap().1
}

#[test]
fn versions_exist_and_go_with_their_parameters() {
    holds(versions);
    for version in 16..=18 {
        let main: Value = rendered(&format!("database_version = {version}"));
        assert_eq!(versions(&main), [""; 0]);
        assert_eq!(main["resource"]["aws_db_instance"]["catalog"]["engine_version"], version.to_string());
    }
    let cache = "resource/aws_elasticache_replication_group/views";
    notices(vec![
        breach(versions, "resource/aws_db_instance/catalog/engine_version", json!("16.99")),
        breach(versions, "resource/aws_db_instance/catalog/engine_version", json!("17")),
        breach(versions, "resource/aws_db_parameter_group/catalog/family", json!("postgres15")),
        breach(versions, &format!("{cache}/engine_version"), json!("7.2")),
        breach(versions, &format!("{cache}/engine"), json!("valkey")),
    ]);
    let parameters = "resource/aws_elasticache_parameter_group/views/family";
    notices_in(
        "large",
        vec![
            breach(versions, &format!("{cache}/engine_version"), json!("7.1")),
            breach(versions, parameters, json!("valkey8")),
        ],
    );
}

#[test]
fn users_go_with_their_group_and_it_with_the_cache() {
    holds(user_groups);
    let user = "resource/aws_elasticache_user";
    let group = "resource/aws_elasticache_user_group/views";
    notices(vec![
        breach(user_groups, &format!("{group}/engine"), json!("valkey")),
        breach(user_groups, &format!("{group}/user_ids"), json!(["${aws_elasticache_user.reader.user_id}"])),
        breach(user_groups, &format!("{user}/reader/engine"), json!("valkey")),
    ]);
    // Valkey takes either, but no user without authentication in the group.
    notices_in("large", vec![breach(user_groups, &format!("{group}/engine"), json!("valkey"))]);
    let mut main = large();
    super::put(&mut main, &format!("{group}/engine"), json!("valkey"));
    super::put(&mut main, &format!("{user}/closed/authentication_mode/type"), json!("password"));
    assert_eq!(user_groups(&main), [""; 0]);
}

#[test]
fn parameters_of_another_version_have_another_name() {
    holds(replaced_parameters);
    let group = "resource/aws_db_parameter_group/catalog";
    notices(vec![breach(replaced_parameters, &format!("{group}/lifecycle"), Value::Null)]);
    let names = |kind: &str, settings: &[&str]| -> BTreeSet<String> {
        let name = |settings: &&str| resources(&rendered(settings), kind).values().next().unwrap()["name"].to_string();
        settings.iter().map(name).collect()
    };
    let databases = ["database_version = 16", "database_version = 17", "database_version = 18"];
    assert_eq!(names("aws_db_parameter_group", &databases).len(), 3);
    let caches = ["cache_engine = \"redis\"", "cache_engine = \"valkey\""];
    assert_eq!(names("aws_elasticache_parameter_group", &caches).len(), 2);
}

/// A change of the cache's engine changes no user, so that it can be made, and taken back, in one step.
#[test]
fn logins_stay_when_the_engine_changes() {
    let users = |settings: &str| {
        let main = rendered(settings);
        ["aws_elasticache_user", "aws_elasticache_user_group"].map(|kind| main["resource"][kind].clone())
    };
    assert_eq!(users("cache_engine = \"redis\""), users("cache_engine = \"valkey\""));
}

#[test]
fn each_provider_gets_what_it_knows() {
    let mut seen = BTreeSet::new();
    for (environment, settings) in KINDS {
        let rendered = render(environment, settings);
        let main: Value = serde_json::from_str(&rendered.main).unwrap();
        let versions: Value = serde_json::from_str(&rendered.versions).unwrap();
        let version = versions["terraform"]["required_providers"]["aws"]["version"].as_str().unwrap().to_owned();
        match version.as_str() {
            "~> 5.100" => assert_eq!(of_provider_6(&main), BTreeSet::new(), "{environment}"),
            // The first to decode every flow log that 5 left in a state, and later than both attributes.
            "~> 6.69" => assert_eq!(closed_by_provider_6(&main), [""; 0], "{environment}"),
            other => panic!("{environment} requires the provider {other}"),
        }
        seen.insert(version);
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
    let of_large = of_provider_6(&large());
    assert_eq!(of_large.len(), 2 + 5, "{of_large:?}");
    let permission = "resource/aws_lambda_permission/reader_2a7f9f92_function/invoked_via_function_url";
    let bucket = "resource/aws_s3_bucket_server_side_encryption_configuration/archive/rule/blocked_encryption_types";
    notices_in(
        "large",
        vec![
            breach(closed_by_provider_6, permission, Value::Null),
            breach(closed_by_provider_6, bucket, Value::Null),
            breach(closed_by_provider_6, bucket, json!(["NONE"])),
        ],
    );
}

/// Only the clients that the setting names may reach the cache besides the functions; their user may only read.
#[test]
fn shops_reach_the_cache_where_the_setting_says() {
    let main = large();
    let rules = resources(&main, "aws_vpc_security_group_ingress_rule");
    let of_cache = rules.values().filter(|rule| rule["security_group_id"] == "${aws_security_group.cache.id}");
    let ends = of_cache.map(|rule| {
        assert_eq!((&rule["from_port"], &rule["to_port"]), (&json!(6379), &json!(6379)));
        rule.get("cidr_ipv4").unwrap_or(&rule["referenced_security_group_id"]).as_str().unwrap().to_owned()
    });
    let functions = ["catalog", "maintain", "processor"].map(|group| format!("${{aws_security_group.{group}.id}}"));
    let shops = ["sg-0123456789abcdef0", "172.20.128.0/18"].map(str::to_owned);
    assert_eq!(ends.collect::<BTreeSet<_>>(), functions.into_iter().chain(shops).collect());

    let shop = &resources(&main, "aws_elasticache_user")["shop"];
    assert_eq!(
        (&shop["access_string"], &shop["authentication_mode"]),
        (&json!(cache::SHOP_RIGHTS), &json!({ "type": "iam" }))
    );
    let told = &main["output"]["cache_reader"]["value"];
    assert_eq!(told["user"], "${aws_elasticache_user.shop.user_name}");
    assert_eq!(told["arns"][1], "${aws_elasticache_user.shop.arn}");

    let closed = rendered("");
    assert!(resources(&closed, "aws_elasticache_user").get("shop").is_none());
    assert!(closed["output"].get("cache_reader").is_none());
}

fn rendered(defaults: &str) -> Value {
    serde_json::from_str(&render("staging", &format!("[defaults]\n{defaults}")).main).unwrap()
}
