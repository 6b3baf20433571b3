//! The dashboard shows what the alarms watch.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::alarms::{Metric, all_watched};
use super::{breach, holds, notices};
use crate::rendered::{resources, strings};

/// The dashboard shows every alarm and what it watches, within what is free (50 metrics), and no widget overlaps
/// another.
fn dashboard_shows_it(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = main["resource"]["aws_cloudwatch_dashboard"]["overview"]["dashboard_body"].as_str().unwrap_or_default();
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let widgets = body["widgets"].as_array().cloned().unwrap_or_default();
    let of = |kind: &str| widgets.iter().filter(|widget| widget["type"] == kind).cloned().collect::<Vec<_>>();
    let shown: Vec<Metric> = of("metric")
        .iter()
        .flat_map(|widget| widget["properties"]["metrics"].as_array().cloned().unwrap_or_default())
        .map(|metric| metric.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
        .collect();
    if !(1..=50).contains(&shown.len()) {
        wrong.push(format!("the dashboard shows {} metrics", shown.len()));
    }
    let unseen = all_watched(main).into_iter().filter(|metric| !shown.contains(metric));
    wrong.extend(unseen.map(|metric| format!("the dashboard does not show {}", metric.join(" "))));
    let listed = of("alarm").iter().map(|widget| widget["properties"]["alarms"].clone()).collect::<Vec<_>>();
    let declared = resources(main, "aws_cloudwatch_metric_alarm").keys();
    for label in declared {
        if !strings(&json!(listed)).contains(&format!("${{aws_cloudwatch_metric_alarm.{label}.arn}}").as_str()) {
            wrong.push(format!("the dashboard does not list {label}"));
        }
    }
    if holds_an_empty_list(&body) {
        wrong.push("the dashboard has an empty list, which nothing says that CloudWatch takes".to_owned());
    }
    let mut places = BTreeSet::new();
    for widget in &widgets {
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|side| widget[side].as_u64().unwrap_or_default());
        let cells = (x..x + width).flat_map(|column| (y..y + height).map(move |line| (column, line)));
        let free = cells.filter(|cell| places.insert(*cell)).count();
        if x + width > 24 || free == 0 || free as u64 != width * height {
            wrong.push(format!("a widget at {x}, {y} lies on another or nowhere"));
        }
    }
    wrong
}

fn holds_an_empty_list(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.is_empty() || values.iter().any(holds_an_empty_list),
        Value::Object(entries) => entries.values().any(holds_an_empty_list),
        _ => false,
    }
}

#[test]
fn the_dashboard_shows_what_is_watched() {
    holds(dashboard_shows_it);
    let metric = "resource/aws_cloudwatch_metric_alarm/database_busy/metric_name";
    let another = "resource/aws_cloudwatch_metric_alarm/another";
    let (_, main) = crate::rendered::every_kind().remove(0);
    let body = "resource/aws_cloudwatch_dashboard/overview/dashboard_body";
    let text = main.pointer(&format!("/{body}")).unwrap().as_str().unwrap();
    let moved = text.replacen("\"x\":6", "\"x\":3", 1);
    assert_ne!(text, moved);
    let bare = text.replacen("\"properties\":{", "\"properties\":{\"annotations\":{\"horizontal\":[]},", 1);
    assert_ne!(text, bare);
    notices(vec![
        breach(dashboard_shows_it, body, json!("{}")),
        breach(dashboard_shows_it, body, json!(moved)),
        breach(dashboard_shows_it, body, json!(bare)),
        breach(dashboard_shows_it, metric, json!("ReadLatency")),
        breach(dashboard_shows_it, another, json!({})),
    ]);
}
