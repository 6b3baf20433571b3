//! The cost of the usage in a month at the peak.

use super::archive;
use super::line_item::{LineItem, float};
use super::load::{DAYS, GB, HOURS, Workload, rotations, runs, workloads};
use super::measured::{
    FLOW_LINE_BYTES, FLOW_LINES, LEDGER_BYTES, LOG_COMPRESSION, LOGGED_CHANGE_BYTES, NETWORK_BYTES, RECORD_BYTES,
    REJECTED_FLOW_LINES,
};
use super::prices::{
    DATABASE_BACKUP, DATABASE_STORAGE, KEY_CALL, LAMBDA_ARM64, LAMBDA_REQUEST, LAMBDA_X86_64, LOG_INGESTION,
    LOG_STORAGE, LONG_RETENTION, PUT_UNIT, SCHEDULE, SECRET_CALL, ZONE_CROSSING,
};
use crate::config::Settings;
use crate::terraform::declared::{Declared, Resource};
use pipegen_contract::role::Role;

/// Hours of retention after which a stream charges for the bytes of its records.
const LONG_RETENTION_HOURS: f64 = 168.0;

/// Calls to KMS for the stream's data key, by each credential.
const STREAM_KEY_CALLS_AN_HOUR: f64 = 12.0;

/// Starts of each execution environment of a function: AWS does not publish a number, and it is lower than this.
const STARTS_AN_HOUR: f64 = 1.0;

/// Calls to Secrets Manager in one rotation.
const CALLS_A_ROTATION: f64 = 10.0;

/// The default aggregation interval of a flow log.
const FLOW_SECONDS: f64 = 600.0;

/// Returns all lines.
pub(super) fn lines(stack: &Declared, settings: &Settings, updates: f64) -> Vec<LineItem> {
    let workloads = workloads(stack, updates);
    let mut lines = vec![LineItem::new(PUT_UNIT, updates, "a record an update, none of more than 25 KB")];
    lines.extend(stack.of("aws_kinesis_stream").filter_map(|stream| long_retention(stream, updates)));
    lines.extend(functions(&workloads));
    lines.extend(logs(stack, &workloads));
    lines.extend(stack.of("aws_flow_log").map(|log| flow_log(stack, log)));
    let archived = archive::Archive::of(stack, settings, &workloads, updates);
    lines.extend(archived.iter().flat_map(archive::Archive::lines));
    lines.extend(stack.of("aws_db_instance").flat_map(|database| growth(database, settings, updates)));
    lines.extend(between_zones(stack, updates));
    lines.extend(schedules(stack));
    let objects = archived.as_ref().map_or(0.0, |archived| archived.objects);
    lines.extend(calls(stack, &workloads, objects));
    lines
}

fn long_retention(stream: &Resource, updates: f64) -> Option<LineItem> {
    let hours = stream.number("retention_period")? - LONG_RETENTION_HOURS;
    let bytes = updates / HOURS * hours * RECORD_BYTES;
    let basis = format!("{RECORD_BYTES} bytes a record for {hours} hours");
    (hours > 0.0).then(|| LineItem::new(LONG_RETENTION, bytes / GB, basis))
}

/// Returns the lines of requests and durations.
fn functions(workloads: &[Workload<'_>]) -> Vec<LineItem> {
    workloads
        .iter()
        .flat_map(|work| {
            let label = &work.function.label;
            let basis = format!("{label} {:.0}", work.invocations);
            let requests = LineItem::new(LAMBDA_REQUEST, work.invocations, basis);
            let is_arm = work.function.body["architectures"][0] == "arm64";
            let price = if is_arm { LAMBDA_ARM64 } else { LAMBDA_X86_64 };
            let basis = format!("{label} {}", work.duration());
            [requests, LineItem::new(price, work.gb_seconds(), basis)]
        })
        .collect()
}

fn logs(stack: &Declared, workloads: &[Workload<'_>]) -> Vec<LineItem> {
    let lines = workloads.iter().flat_map(|work| {
        let bytes = work.log_bytes();
        let label = &work.function.label;
        let taken = LineItem::new(
            LOG_INGESTION,
            bytes / GB,
            format!("{label} {:.0} bytes an invocation", bytes / work.invocations),
        );
        let group = stack.referred(&work.function.body["logging_config"], "aws_cloudwatch_log_group");
        [Some(taken), group.map(|group| kept(group, bytes, label))]
    });
    lines.flatten().collect()
}

/// Returns the line of a function's stored logs, once the oldest of them are about to expire.
fn kept(group: &Resource, bytes_a_month: f64, function: &str) -> LineItem {
    let days = group.number("retention_in_days").unwrap_or_default();
    let bytes = bytes_a_month / DAYS * days * LOG_COMPRESSION;
    LineItem::new(LOG_STORAGE, bytes / GB, format!("{function} {days} days, compressed to {LOG_COMPRESSION}"))
}

/// Returns the line of a flow log, which gets entries for each network interface in each interval.
fn flow_log(stack: &Declared, log: &Resource) -> LineItem {
    let interfaces = stack.of("aws_lambda_function").chain(stack.of("aws_vpc_endpoint"));
    let interfaces = interfaces.map(|resource| {
        let subnets = resource.body["vpc_config"]["subnet_ids"].as_array().or(resource.body["subnet_ids"].as_array());
        subnets.map_or(0, Vec::len)
    });
    let servers = stack.of("aws_db_instance").chain(stack.of("aws_elasticache_replication_group")).count();
    let interfaces = float(interfaces.sum::<usize>() + servers);
    let seconds = log.number("max_aggregation_interval").unwrap_or(FLOW_SECONDS);
    let each = if log.text("traffic_type") == Some("REJECT") { REJECTED_FLOW_LINES } else { FLOW_LINES };
    let lines = interfaces * each * HOURS * 3600.0 / seconds;
    let basis = format!("{} {interfaces} interfaces, {each} lines each in {seconds} s", log.address());
    LineItem::new(LOG_INGESTION, lines * FLOW_LINE_BYTES / GB, basis)
}

/// Returns how long a row stays in the ledger. `maintain` prunes it after the horizon, the stream's retention and one
/// hour more (`lambda/src/maintain/mod.rs`).
fn ledger_days(settings: &Settings) -> f64 {
    f64::from(settings.horizon_days) + (f64::from(settings.stream_retention_hours) + 1.0) / 24.0
}

/// Returns the lines of the storage that the database grows to if every update is an adjustment that stays in the
/// ledger, and of its backups. Backups up to the size of the storage are free.
fn growth(database: &Resource, settings: &Settings, updates: f64) -> Vec<LineItem> {
    let updates_a_day = updates / DAYS;
    let ledger_days = ledger_days(settings);
    let allocated = database.number("allocated_storage").unwrap_or_default();
    let largest = database.number("max_allocated_storage").unwrap_or(allocated);
    let ledger = updates_a_day * ledger_days * LEDGER_BYTES / GB;
    let size = ledger.clamp(allocated, largest.max(allocated));
    let zones = if database.is("multi_az") { 2.0 } else { 1.0 };
    let mut lines = Vec::new();
    if size > allocated {
        let basis = ledger_basis(ledger, ledger_days, size);
        lines.push(LineItem::new(DATABASE_STORAGE, zones * (size - allocated), basis).named("RDS gp3 storage, grown"));
    }
    let backup_days = database.number("backup_retention_period").unwrap_or_default();
    let backups = ledger.min(size) + updates_a_day * backup_days * LOGGED_CHANGE_BYTES / GB;
    if backups > size {
        let basis =
            format!("{backup_days} days, {LOGGED_CHANGE_BYTES} bytes an update, beyond the storage's {size:.0} GB");
        lines.push(LineItem::new(DATABASE_BACKUP, backups - size, basis));
    }
    lines
}

fn ledger_basis(ledger: f64, days: f64, size: f64) -> String {
    let basis = format!("a ledger of {ledger:.0} GB: {days:.1} days, {LEDGER_BYTES} bytes an update");
    if ledger <= size {
        return basis;
    }
    format!("{basis}; the storage grows to {size:.0} GB at most, which is too little")
}

/// Returns the line of traffic between zones. Processor, database and cache are each in any zone with the same
/// probability; both sides of a crossing are charged.
fn between_zones(stack: &Declared, updates: f64) -> Option<LineItem> {
    let zones = float(stack.of("aws_subnet").count());
    let crossing = (zones - 1.0) / zones;
    let basis =
        format!("{NETWORK_BYTES} bytes an update, {crossing:.2} of them to another zone and charged on both sides");
    (zones > 1.0).then(|| LineItem::new(ZONE_CROSSING, updates * NETWORK_BYTES * crossing * 2.0 / GB, basis))
}

fn schedules(stack: &Declared) -> Vec<LineItem> {
    let schedules = stack.of("aws_scheduler_schedule");
    schedules.map(|schedule| LineItem::new(SCHEDULE, runs(schedule), schedule.address())).collect()
}

/// Returns the lines of calls to Secrets Manager and to KMS. Readers and writers of the stream need its data key, a
/// function that starts needs its environment variables and a secret.
fn calls(stack: &Declared, workloads: &[Workload<'_>], objects: f64) -> [LineItem; 2] {
    let policies = stack.of("aws_iam_role_policy").filter_map(|policy| policy.text("policy"));
    let producers = policies.filter(|policy| policy.contains("\"kinesis:PutRecord")).count();
    let producers = float(producers.max(1));
    let reads = |work: &&Workload<'_>| work.records > 0.0 && work.role != Role::Ingest;
    let readers: f64 = workloads.iter().filter(reads).map(|work| work.concurrency).sum();
    let starts = workloads.iter().map(|work| work.concurrency).sum::<f64>() * HOURS * STARTS_AN_HOUR;
    let rotated: f64 = stack.of("aws_secretsmanager_secret_rotation").map(rotations).sum();
    let secrets = starts + rotated * CALLS_A_ROTATION;
    let stream = (producers + readers) * HOURS * STREAM_KEY_CALLS_AN_HOUR;
    let key = stream + starts + secrets + objects;
    [
        LineItem::new(SECRET_CALL, secrets, format!("{starts:.0} starts of functions and the rotations")),
        LineItem::new(KEY_CALL, key, key_calls_basis(producers, readers, starts, objects)),
    ]
}

fn key_calls_basis(producers: f64, readers: f64, starts: f64, objects: f64) -> String {
    format!(
        "stream: writers {producers} and readers {readers}, each every five minutes; starts of functions {starts:.0}; \
         objects {objects:.0}"
    )
}
