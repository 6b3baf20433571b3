//! Alarms notify, say what to do, and miss nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::topic::TOPIC;
use super::{breach, holds, notices};
use crate::rendered::{every_kind, resources};

/// Dollars a month that an alarm costs for each metric that it watches.
const DOLLARS_A_METRIC: f64 = 0.10;

/// The most that all alarms of an environment may cost, in dollars a month.
const DOLLARS: f64 = 3.00;

/// A metric as an alarm or a widget has it: namespace, name, and pairs of dimension and value.
pub(super) type Metric = Vec<String>;

/// Returns the metrics that an alarm watches.
fn watched(alarm: &Value) -> Vec<Metric> {
    let queries = alarm["metric_query"].as_array().into_iter().flatten();
    let several = queries.map(|query| &query["metric"]).filter(|metric| metric.is_object());
    let one = Some(alarm).filter(|alarm| alarm.get("metric_name").is_some());
    let metric = |metric: &Value| {
        let dimensions = metric["dimensions"].as_object().into_iter().flatten();
        let pairs = dimensions.flat_map(|(name, value)| [name.clone(), value.as_str().unwrap_or_default().to_owned()]);
        let names = ["namespace", "metric_name"].map(|name| metric[name].as_str().unwrap_or_default().to_owned());
        names.into_iter().chain(pairs).collect()
    };
    several.chain(one).map(metric).collect()
}

pub(super) fn all_watched(main: &Value) -> BTreeSet<Metric> {
    resources(main, "aws_cloudwatch_metric_alarm").values().flat_map(watched).collect()
}

/// An alarm notifies when it goes off and when it is over, and where it is set to, when its data is missing.
fn alarms_are_heard(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, alarm) in resources(main, "aws_cloudwatch_metric_alarm") {
        let heard = [TOPIC];
        if alarm["alarm_actions"] != json!(heard) || alarm["ok_actions"] != json!(heard) {
            wrong.push(format!("nobody hears of {label}"));
        }
        let on_silence = alarm.get("insufficient_data_actions");
        match alarm["treat_missing_data"].as_str() {
            Some("notBreaching" | "breaching") if on_silence.is_none() => {}
            Some("missing") if on_silence == Some(&json!(heard)) => {}
            _ => wrong.push(format!("nobody has thought about {label} without data")),
        }
        if !alarm["depends_on"].as_array().is_some_and(|others| others.contains(&json!("aws_sns_topic_policy.alarms")))
        {
            wrong.push(format!("{label} may go off before the topic takes it"));
        }
        let meaning = alarm["alarm_description"].as_str().unwrap_or_default();
        if !(100..=1024).contains(&meaning.len()) || !meaning.contains(" First ") {
            wrong.push(format!("{label} does not say what to do first"));
        }
        let entry = meaning.rsplit_once('#').map(|(_, anchor)| anchor.to_owned());
        if !entry.is_some_and(|entry| runbook().contains(&entry) && entry == label.replace('_', "-")) {
            wrong.push(format!("{label} does not lead to an entry of the runbook"));
        }
    }
    wrong
}

/// The entries of the runbook.
fn runbook() -> Vec<String> {
    let page = include_str!("../../../docs/RUNBOOK.md");
    page.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
}

/// Rules of CloudWatch that Terraform does not know.
fn alarms_are_possible(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, alarm) in resources(main, "aws_cloudwatch_metric_alarm") {
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let queries = alarm["metric_query"].as_array();
        let periods: BTreeSet<_> = match queries {
            Some(queries) => {
                queries.iter().map(|query| number(&query["metric"]["period"])).filter(|it| *it > 0).collect()
            }
            None => BTreeSet::from([number(&alarm["period"])]),
        };
        let (of, times) = (number(&alarm["evaluation_periods"]), number(&alarm["datapoints_to_alarm"]));
        let fits = |period: u64| period.is_multiple_of(60) && (60..=86_400).contains(&(period * of));
        if periods.len() != 1 || !periods.iter().all(|period| fits(*period)) || !(1..=of).contains(&times) {
            wrong.push(format!("{label} counts over {periods:?} s, {times} of {of}"));
        }
        if let Some(queries) = queries {
            let results = queries.iter().filter(|query| query["return_data"] == true).count();
            if results != 1 || !(2..=10).contains(&queries.len()) {
                wrong.push(format!("{label} has {} queries and {results} results", queries.len()));
            }
        }
    }
    wrong
}

/// Each thing that can fail has an alarm for each way in which it fails.
fn everything_is_watched(main: &Value) -> Vec<String> {
    let watched = all_watched(main);
    let mut needed: Vec<Metric> = Vec::new();
    let mut need = |parts: &[&str]| needed.push(parts.iter().map(|part| (*part).to_owned()).collect());
    for label in resources(main, "aws_lambda_event_source_mapping").keys() {
        let name = format!("${{aws_lambda_function.{label}.function_name}}");
        for metric in ["IteratorAge", "DestinationDeliveryFailures", "Invocations"] {
            need(&["AWS/Lambda", metric, "FunctionName", &name]);
        }
    }
    for (label, metric) in [
        ("ingest", "Throttles"),
        ("ingest", "Url5xxCount"),
        ("processor", "Errors"),
        ("processor", "Throttles"),
        ("catalog", "Throttles"),
        ("catalog", "Url5xxCount"),
        ("rotate", "Errors"),
    ] {
        need(&["AWS/Lambda", metric, "FunctionName", &format!("${{aws_lambda_function.{label}.function_name}}")]);
    }
    for metric in ["WriteProvisionedThroughputExceeded", "GetRecords.Records"] {
        need(&["AWS/Kinesis", metric, "StreamName", "${aws_kinesis_stream.events.name}"]);
    }
    for metric in ["CPUUtilization", "DatabaseConnections", "FreeStorageSpace", "FreeableMemory"] {
        need(&["AWS/RDS", metric, "DBInstanceIdentifier", "${aws_db_instance.catalog.identifier}"]);
    }
    let nodes = main["resource"]["aws_elasticache_replication_group"]["views"]["num_cache_clusters"].as_u64();
    let node_type = main["resource"]["aws_elasticache_replication_group"]["views"]["node_type"].as_str();
    // AWS recommends the machine's metric up to two processors, and the engine's beyond.
    let is_small = node_type.is_some_and(|name| !name.ends_with("xlarge"));
    let processor = if is_small { "CPUUtilization" } else { "EngineCPUUtilization" };
    for node in 1..=nodes.unwrap_or_default() {
        let id = format!("${{aws_elasticache_replication_group.views.replication_group_id}}-{node:03}");
        for metric in [processor, "Evictions"] {
            need(&["AWS/ElastiCache", metric, "CacheClusterId", &id]);
        }
    }
    let namespace =
        main["resource"]["aws_lambda_function"]["processor"]["environment"]["variables"]["PIPEGEN_METRIC_NAMESPACE"]
            .as_str()
            .unwrap_or_default();
    for metric in ["Forbidden", "Rejected", "PendingRefreshAge"] {
        need(&[namespace, metric]);
    }
    let missing = needed.into_iter().filter(|metric| !watched.contains(metric));
    missing.map(|metric| format!("no alarm watches {}", metric.join(" "))).collect()
}

/// Other functions of the account are not watched, neither their throttles nor their errors.
fn alarms_are_about_the_stack(main: &Value) -> Vec<String> {
    let watched = all_watched(main).into_iter();
    let foreign = watched.filter(|metric| metric.first().is_some_and(|it| it.starts_with("AWS/")) && metric.len() < 4);
    foreign.map(|metric| format!("{} counts for the whole account", metric.join(" "))).collect()
}

/// If the stream is not read, no metric has values, and that is what this alarm is about.
fn silence_of_the_stream_is_heard(main: &Value) -> Vec<String> {
    let alarm = &resources(main, "aws_cloudwatch_metric_alarm")["stream_unread"];
    let queries = alarm["metric_query"].as_array().cloned().unwrap_or_default();
    let formula = queries.iter().find_map(|query| query["expression"].as_str()).unwrap_or_default();
    let first = watched(alarm).into_iter().next().unwrap_or_default();
    // Where `m0` has a value the formula has one, whatever the functions have: theirs stand in sums with it only.
    // Lambda reads a stream on which nothing happens as well, so `m0` has values then.
    let rest =
        ["SUM([m1, m0 * 0])", "SUM([m2, m0 * 0])"].iter().fold(formula.to_owned(), |rest, sum| rest.replace(sum, ""));
    let mut wrong = Vec::new();
    if alarm["treat_missing_data"] != "breaching"
        || !first.starts_with(&["AWS/Kinesis".into(), "GetRecords.Records".into()])
    {
        wrong.push("nobody hears that nobody reads the stream".to_owned());
    }
    if !formula.contains("m1")
        || !formula.contains("m2")
        || rest.contains("m1")
        || rest.contains("m2")
        || rest.contains("FILL")
    {
        wrong.push(format!("a function without values leaves the alarm without any: {formula}"));
    }
    wrong
}

fn alarms_are_cheap(main: &Value) -> Vec<String> {
    let metrics: usize =
        resources(main, "aws_cloudwatch_metric_alarm").values().map(|alarm| watched(alarm).len()).sum();
    let dollars = f64::from(u32::try_from(metrics).unwrap()) * DOLLARS_A_METRIC;
    if dollars > DOLLARS { vec![format!("the alarms cost ${dollars:.2} a month")] } else { Vec::new() }
}

#[test]
fn an_alarm_is_heard_and_says_what_to_do() {
    holds(alarms_are_heard);
    let broken = |attribute, value| {
        let place = format!("resource/aws_cloudwatch_metric_alarm/database_busy/{attribute}");
        breach(alarms_are_heard, &place, value)
    };
    notices(vec![
        broken("alarm_actions", json!([])),
        broken("ok_actions", Value::Null),
        broken("insufficient_data_actions", Value::Null),
        broken("treat_missing_data", Value::Null),
        broken("treat_missing_data", json!("ignore")),
        broken("depends_on", Value::Null),
        broken("alarm_description", json!("CPU is high")),
        broken("alarm_description", json!(format!("{} First look. Runbook: #cache-busy", "x".repeat(100)))),
    ]);
}

#[test]
fn cloudwatch_takes_every_alarm() {
    holds(alarms_are_possible);
    let unread = "resource/aws_cloudwatch_metric_alarm/stream_unread";
    notices(vec![
        breach(alarms_are_possible, "resource/aws_cloudwatch_metric_alarm/database_busy/period", json!(45)),
        breach(alarms_are_possible, "resource/aws_cloudwatch_metric_alarm/database_busy/datapoints_to_alarm", json!(4)),
        breach(
            alarms_are_possible,
            "resource/aws_cloudwatch_metric_alarm/database_busy/evaluation_periods",
            json!(300),
        ),
        breach(alarms_are_possible, &format!("{unread}/metric_query/0/return_data"), json!(true)),
        breach(alarms_are_possible, &format!("{unread}/metric_query/0/metric/period"), json!(60)),
    ]);
}

#[test]
fn alarms_watch_the_stack_and_its_silence() {
    holds(alarms_are_about_the_stack);
    holds(silence_of_the_stream_is_heard);
    let at = |label: &str, attribute: &str| format!("resource/aws_cloudwatch_metric_alarm/{label}/{attribute}");
    let formula = |text: &str| {
        breach(silence_of_the_stream_is_heard, &at("stream_unread", "metric_query/3/expression"), json!(text))
    };
    notices(vec![
        breach(alarms_are_about_the_stack, &at("functions_throttled", "metric_query/0/metric/dimensions"), Value::Null),
        breach(alarms_are_about_the_stack, &at("catalog_errors", "dimensions"), Value::Null),
        breach(silence_of_the_stream_is_heard, &at("stream_unread", "treat_missing_data"), json!("notBreaching")),
        breach(
            silence_of_the_stream_is_heard,
            &at("stream_unread", "metric_query/0/metric/metric_name"),
            json!("IncomingRecords"),
        ),
        formula("IF(m0 > 0 AND MIN([FILL(m1, 0), FILL(m2, 0)]) == 0, 1, 0)"),
        formula("IF(m0 > 0 AND SUM([m1, m0 * 0]) == 0, 1, 0)"),
    ]);
}

#[test]
fn whatever_fails_is_noticed() {
    holds(everything_is_watched);
    holds(alarms_are_cheap);
    let (_, main) = crate::rendered::every_kind().remove(0);
    let labels = resources(&main, "aws_cloudwatch_metric_alarm").keys();
    let without =
        |label| breach(everything_is_watched, &format!("resource/aws_cloudwatch_metric_alarm/{label}"), Value::Null);
    notices(labels.map(without).collect());
    let many = json!((0..40).map(|_| json!({ "metric": {} })).collect::<Vec<_>>());
    notices(vec![breach(alarms_are_cheap, "resource/aws_cloudwatch_metric_alarm/stream_unread/metric_query", many)]);
}

/// Thresholds follow from the settings; a threshold that no value reaches would never be noticed.
#[test]
fn limits_follow_from_the_settings() {
    let limit = |settings: &str, label: &str| {
        let main: Value = serde_json::from_str(&crate::rendered::render("staging", settings).main).unwrap();
        main["resource"]["aws_cloudwatch_metric_alarm"][label]["threshold"].as_u64().unwrap()
    };
    for (label, settings, usual, changed) in [
        ("processor_late", "", 120_000, 120_000),
        ("events_rejected", "peak_updates_per_minute = 60_000", 50, 3000),
        ("events_rejected", "peak_updates_per_minute = 1", 50, 10),
        ("database_connections", "database_instance_class = \"db.t4g.small\"", 62, 125),
        ("database_memory", "database_instance_class = \"db.t4g.small\"", 64 << 20, 128 << 20),
        ("database_storage", "database_storage_gb = 100", 1 << 30, 5 << 30),
        // Redis works on one processor, which is the half of two.
        ("cache_busy", "cache_node_type = \"cache.m7g.large\"", 40, 40),
        ("cache_busy", "cache_node_type = \"cache.m7g.xlarge\"", 40, 80),
    ] {
        assert_eq!(limit("", label), usual, "{label}");
        assert_eq!(limit(&format!("[defaults]\n{settings}"), label), changed, "{label}, {settings}");
    }
}

#[test]
fn every_entry_of_the_runbook_is_an_alarm_with_a_first_look_and_a_remedy() {
    let (_, main) = every_kind().remove(0);
    let mut alarms: Vec<_> =
        resources(&main, "aws_cloudwatch_metric_alarm").keys().map(|label| label.replace('_', "-")).collect();
    let mut entries = runbook();
    alarms.sort();
    entries.sort();
    assert_eq!(entries, alarms);
    for entry in include_str!("../../../docs/RUNBOOK.md").split("\n## ").skip(1) {
        for part in ["**Meaning.**", "**Look first**", "**Remedy.**"] {
            assert_eq!(entry.matches(part).count(), 1, "{part} in {entry}");
        }
    }
}
