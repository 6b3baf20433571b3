//! The network is closed, and inside it only the connections that are needed are allowed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{breach, holds, notices};
use crate::rendered::{all_resources, resources};

/// The peers of each function.
const PEERS: [(&str, &[&str]); 6] = [
    ("archiver", &["s3"]),
    ("catalog", &["cache", "database", "endpoints"]),
    ("maintain", &["cache", "database", "endpoints", "s3"]),
    ("migrate", &["database", "endpoints"]),
    ("processor", &["cache", "database", "endpoints", "s3"]),
    ("rotate", &["database", "endpoints"]),
];

fn port(of: &str) -> u16 {
    match of {
        "cache" => 6379,
        "database" => 5432,
        _ => 443,
    }
}

/// Returns whether a rule lets a shop of this network reach the cache, which a setting allows.
fn is_shop(rule: &Value) -> bool {
    let to_cache = rule["security_group_id"] == "${aws_security_group.cache.id}" && rule["to_port"] == port("cache");
    let private = rule["cidr_ipv4"].as_str().is_some_and(|range| range.starts_with("172.20."));
    to_cache && (private || rule["referenced_security_group_id"].as_str().is_some_and(|group| group.starts_with("sg-")))
}

fn closed_network(main: &Value) -> Vec<String> {
    let gateways =
        ["aws_internet_gateway", "aws_nat_gateway", "aws_egress_only_internet_gateway", "aws_eip", "aws_route"];
    let mut wrong: Vec<_> = gateways
        .iter()
        .filter(|kind| main["resource"].get(**kind).is_some())
        .map(|kind| format!("there is an `{kind}`"))
        .collect();
    for (kind, label, body) in all_resources(main) {
        if kind == "aws_security_group" && (body.get("ingress").is_some() || body.get("egress").is_some()) {
            wrong.push(format!("{kind}.{label} has rules of its own"));
        }
        if kind.starts_with("aws_vpc_security_group_") {
            let by_address = body.get("cidr_ipv4").is_some() || body.get("cidr_ipv6").is_some();
            let by_address = by_address && !is_shop(body);
            if by_address || body["ip_protocol"] != "tcp" || body["from_port"] != body["to_port"] {
                wrong.push(format!("{kind}.{label} allows more than one port of one group"));
            }
        }
        if kind == "aws_route_table" && body.get("route").is_some() {
            wrong.push(format!("{kind}.{label} leads somewhere"));
        }
    }
    wrong
}

/// Rules of security groups: the group, the other end, and the port.
type Rules = BTreeSet<(String, String, String)>;

fn rules(main: &Value, direction: &str) -> Rules {
    let rules = resources(main, &format!("aws_vpc_security_group_{direction}_rule")).values();
    let rules = rules.filter(|rule| !is_shop(rule));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let end = |body: &Value| text(body.get("referenced_security_group_id").unwrap_or(&body["prefix_list_id"]));
    rules.map(|body| (text(&body["security_group_id"]), end(body), body["to_port"].to_string())).collect()
}

/// Each connection that a function makes is allowed at both ends, and no other is.
fn connections(main: &Value) -> Vec<String> {
    let group = |label: &str| format!("${{aws_security_group.{label}.id}}");
    let (mut egress, mut ingress) = (Rules::new(), Rules::new());
    for (from, to) in PEERS.iter().flat_map(|(from, peers)| peers.iter().map(move |to| (*from, *to))) {
        let port = port(to).to_string();
        if to == "s3" {
            egress.insert((group(from), "${aws_vpc_endpoint.s3.prefix_list_id}".to_owned(), port));
        } else {
            egress.insert((group(from), group(to), port.clone()));
            ingress.insert((group(to), group(from), port));
        }
    }
    let mut wrong = Vec::new();
    for (direction, wanted) in [("egress", egress), ("ingress", ingress)] {
        let found = rules(main, direction);
        wrong.extend(wanted.difference(&found).map(|rule| format!("{direction}: {rule:?} is missing")));
        wrong.extend(found.difference(&wanted).map(|rule| format!("{direction}: {rule:?} is nobody's")));
    }
    wrong
}

/// The endpoints have the host names that the functions use.
fn endpoints(main: &Value) -> Vec<String> {
    let endpoints = resources(main, "aws_vpc_endpoint");
    let wanted = [
        ("s3", "vpc_endpoint_type", json!("Gateway")),
        ("s3", "service_name", json!("com.amazonaws.us-east-1.s3")),
        ("s3", "route_table_ids", json!(["${aws_route_table.private.id}"])),
        ("secrets", "vpc_endpoint_type", json!("Interface")),
        ("secrets", "service_name", json!("com.amazonaws.us-east-1.secretsmanager")),
        ("secrets", "private_dns_enabled", json!(true)),
        ("secrets", "security_group_ids", json!(["${aws_security_group.endpoints.id}"])),
    ];
    let mut wrong: Vec<_> = wanted
        .iter()
        .filter(|(label, attribute, wanted)| endpoints[*label][*attribute] != *wanted)
        .map(|(label, attribute, _)| format!("{label}.{attribute} is {}", endpoints[*label][*attribute]))
        .collect();
    if endpoints.len() != 2 {
        wrong.push("there are other endpoints than S3 and Secrets Manager".to_owned());
    }
    wrong
}

#[test]
fn nothing_leads_into_the_network() {
    holds(closed_network);
    let rule = "resource/aws_vpc_security_group_ingress_rule/processor_to_database/cidr_ipv4";
    notices(vec![
        breach(closed_network, "resource/aws_internet_gateway", json!({})),
        breach(closed_network, rule, json!("0.0.0.0/0")),
        breach(closed_network, "resource/aws_security_group/database/ingress", json!([])),
    ]);
}

#[test]
fn only_those_reach_each_other_who_must() {
    holds(connections);
    let rule = |direction: &str, label: &str| format!("resource/aws_vpc_security_group_{direction}_rule/{label}");
    let archiver = json!({
        "security_group_id": "${aws_security_group.database.id}",
        "referenced_security_group_id": "${aws_security_group.archiver.id}",
        "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432,
    });
    notices(vec![
        breach(connections, &rule("ingress", "catalog_to_cache"), Value::Null),
        breach(connections, &rule("egress", "archiver_to_s3"), Value::Null),
        breach(connections, &rule("ingress", "archiver_to_database"), archiver),
        breach(connections, &format!("{}/to_port", rule("ingress", "processor_to_database")), json!(22)),
    ]);
}

#[test]
fn endpoints_are_where_they_are_looked_for() {
    holds(endpoints);
    notices(vec![
        breach(endpoints, "resource/aws_vpc_endpoint/secrets/private_dns_enabled", json!(false)),
        breach(endpoints, "resource/aws_vpc_endpoint/s3/route_table_ids", json!([])),
        breach(endpoints, "resource/aws_vpc_endpoint/more", json!({})),
    ]);
}
