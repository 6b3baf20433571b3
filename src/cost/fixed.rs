//! Costs by the hour or the month, by type of resource.

#![expect(clippy::unnecessary_wraps, reason = "all have the signature that `Charge::Fixed` wants")]

use super::line_item::{LineItem, float};
use super::load::HOURS;
use super::prices::{
    ALARM, DASHBOARD, DATABASE_STORAGE, EXTENDED_RETENTION, INTERFACE_ENDPOINT, KEY, METRIC, SECRET, SHARD, cache_node,
    database as instance,
};
use crate::config::{CacheEngine, Settings};
use crate::terraform::declared::{Declared, Resource};
use pipegen_contract::env::{METRIC_NAMESPACE, SUPPLIERS};
use pipegen_contract::metric;
use pipegen_event::Reason;

/// Hours of retention that a shard's price includes.
const RETENTION_INCLUDED: f64 = 24.0;

/// The number of a key's rotations that raise its price.
const CHARGED_ROTATIONS: u32 = 2;

/// The default period of a key's rotation, in days.
const ROTATION_DAYS: f64 = 365.0;

pub(super) fn stream(stream: &Resource, _: &Settings) -> Option<Vec<LineItem>> {
    let shards = stream.number("shard_count")?;
    let basis = format!("`shard_count` {shards} of {}", stream.address());
    let mut lines = vec![LineItem::new(SHARD, shards * HOURS, basis)];
    let hours = stream.number("retention_period").unwrap_or(RETENTION_INCLUDED);
    if hours > RETENTION_INCLUDED {
        let basis = format!("`retention_period` {hours} hours of {}", stream.address());
        lines.push(LineItem::new(EXTENDED_RETENTION, shards * HOURS, basis));
    }
    Some(lines)
}

pub(super) fn database(database: &Resource, _: &Settings) -> Option<Vec<LineItem>> {
    let class = database.text("instance_class")?;
    let price = instance(class)?;
    let zones = if database.is("multi_az") { 2.0 } else { 1.0 };
    let storage = database.number("allocated_storage")?;
    let address = database.address();
    let standby = if zones > 1.0 { ", in two zones" } else { "" };
    let hours = LineItem::new(price, zones * HOURS, format!("`instance_class` of {address}{standby}"));
    let storage =
        LineItem::new(DATABASE_STORAGE, zones * storage, format!("`allocated_storage` of {address}{standby}"));
    let mut lines = vec![hours.named(format!("PostgreSQL {class}")), storage];
    if database.is("manage_master_user_password") {
        lines.push(LineItem::new(SECRET, 1.0, format!("the master login of {address}")));
    }
    Some(lines)
}

pub(super) fn cache(cache: &Resource, _: &Settings) -> Option<Vec<LineItem>> {
    let node_type = cache.text("node_type")?;
    let nodes = cache.number("num_cache_clusters")?;
    let basis = format!("`num_cache_clusters` {nodes} of {}", cache.address());
    let engine = CacheEngine::from_name(cache.text("engine")?)?;
    let node = cache_node(engine, node_type)?;
    Some(vec![LineItem::new(node, nodes * HOURS, basis).named(format!("{} {node_type}", engine.title()))])
}

/// Returns the line of an endpoint. An interface costs in each zone that it has a subnet in; a gateway costs nothing.
pub(super) fn endpoint(endpoint: &Resource, _: &Settings) -> Option<Vec<LineItem>> {
    if endpoint.text("vpc_endpoint_type") != Some("Interface") {
        return Some(Vec::new());
    }
    let zones = float(endpoint.body["subnet_ids"].as_array()?.len());
    Some(vec![LineItem::new(
        INTERFACE_ENDPOINT,
        zones * HOURS,
        format!("{zones} `subnet_ids` of {}", endpoint.address()),
    )])
}

pub(super) fn secret(secret: &Resource, _: &Settings) -> Option<Vec<LineItem>> {
    Some(vec![LineItem::new(SECRET, 1.0, secret.address())])
}

/// Returns the line of a key once the archive is full: each of a key's first two rotations raises its price.
pub(super) fn key(key: &Resource, settings: &Settings) -> Option<Vec<LineItem>> {
    let every = key.number("rotation_period_in_days").unwrap_or(ROTATION_DAYS);
    let days = f64::from(settings.archive_retention_days);
    let rotations = if key.is("enable_key_rotation") { (days / every).floor() } else { 0.0 };
    let charged = rotations.min(f64::from(CHARGED_ROTATIONS));
    let basis = format!(
        "{} and its first {charged} rotations, in the {days} days that the archive takes to fill",
        key.address()
    );
    Some(vec![LineItem::new(KEY, 1.0 + charged, basis)])
}

pub(super) fn alarm(alarm: &Resource, _: &Settings) -> Option<Vec<LineItem>> {
    let queries = alarm.body["metric_query"].as_array().into_iter().flatten();
    let metrics = queries.filter(|query| query.get("metric").is_some()).count();
    Some(vec![LineItem::new(ALARM, float(metrics.max(1)), alarm.label.as_str())])
}

pub(super) fn dashboard(dashboard: &Resource, _: &Settings) -> Option<Vec<LineItem>> {
    Some(vec![LineItem::new(DASHBOARD, 1.0, dashboard.address())])
}

/// Returns the line of the metrics that the functions write among their logs; no resource declares them.
pub(super) fn metrics(stack: &Declared) -> Option<LineItem> {
    let has = |variable| {
        stack
            .of("aws_lambda_function")
            .any(|function| function.body["environment"]["variables"].get(variable).is_some())
    };
    if !has(METRIC_NAMESPACE) {
        return None;
    }
    // A metric is charged in the hours in which it has a value. What only the database refuses is a mistake of ours,
    // and a supplier is only unknown where others are named.
    let unusual: Vec<Reason> = [Reason::RefusedByDatabase, Reason::TooManyOffers]
        .into_iter()
        .chain((!has(SUPPLIERS)).then_some(Reason::UnknownSupplier))
        .collect();
    let (names, reasons) = (metric::ALL.len(), Reason::ALL.len() - unusual.len());
    let unusual: Vec<String> = unusual.into_iter().map(|reason| format!("`{}`", reason.as_str())).collect();
    let basis = format!(
        "{names} that the functions write, one of them also by each of {reasons} reasons, in every hour; {} in none",
        unusual.join(", ")
    );
    Some(LineItem::new(METRIC, float(names + reasons), basis))
}
