//! The flowchart: what is drawn is what the rendered file refers to.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use pipegen::diagram::flowchart;
use serde_json::Value;

use crate::golden::compare;
use crate::rendered::{KINDS, every_kind, render};
use crate::test_dir::TestDir;

/// The most nodes that a reader can follow.
const MOST_NODES: usize = 28;

/// A parsed flowchart.
#[derive(Debug)]
struct Flowchart {
    /// By the node's id: whether it is in the network.
    nodes: BTreeMap<String, bool>,
    /// The nodes where each begins and ends.
    edges: Vec<(String, String)>,
}

impl Flowchart {
    #[track_caller]
    fn of(main: &Value) -> Self {
        let text = flowchart(&main.to_string()).unwrap();
        let mut lines = text.lines().map(str::trim);
        assert_eq!(lines.next(), Some("flowchart LR"));
        let mut chart = Self { nodes: BTreeMap::new(), edges: Vec::new() };
        let mut is_inside = false;
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            if let (Some(first), true) = (words.first(), line.contains("->")) {
                chart.edges.push(((*first).to_owned(), (*words.last().unwrap()).to_owned()));
            } else if line.starts_with("subgraph ") || line == "end" {
                is_inside = line != "end";
            } else {
                let (id, _) = line.split_once(['[', '(']).unwrap_or_else(|| panic!("no node: {line}"));
                let is_new = chart.nodes.insert(id.to_owned(), is_inside).is_none();
                assert!(is_new && line.matches('"').count() == 2, "{line}");
            }
        }
        chart
    }

    fn joins(&self, from: &str, to: &str) -> bool {
        self.edges.contains(&(from.to_owned(), to.to_owned()))
    }
}

fn staging() -> Value {
    serde_json::from_str(&render("staging", "").main).unwrap()
}

#[test]
fn golden() {
    for (environment, settings) in KINDS {
        compare(&format!("{environment}.mmd"), &flowchart(&render(environment, settings).main).unwrap());
    }
}

#[test]
fn edges_join_nodes_and_there_are_few() {
    for (environment, main) in every_kind() {
        let chart = Flowchart::of(&main);
        assert!(chart.nodes.len() <= MOST_NODES, "{environment}: {} nodes", chart.nodes.len());
        for (from, to) in &chart.edges {
            assert!(chart.nodes.contains_key(from) && chart.nodes.contains_key(to), "{environment}: {from} to {to}");
        }
        let mut unique = chart.edges.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), chart.edges.len(), "{environment}: something is drawn twice");
    }
}

#[test]
fn many_suppliers_are_one_node() {
    let mut settings = "[environments.staging.suppliers]\n".to_owned();
    for number in 0..50 {
        writeln!(settings, "supplier-{number} = \"arn:aws:iam::111122223333:role/feeder-{number}\"").unwrap();
    }
    let chart = Flowchart::of(&serde_json::from_str(&render("staging", &settings).main).unwrap());
    for (from, to) in [
        ("iam_role_all", "lambda_function_url_ingest"),
        ("lambda_function_url_ingest", "lambda_function_ingest"),
        ("lambda_function_ingest", "kinesis_stream_events"),
        ("iam_role_all", "kinesis_stream_events"),
    ] {
        assert!(chart.joins(from, to), "{from} to {to}: {chart:#?}");
    }
    assert_eq!(chart.nodes.len(), Flowchart::of(&staging()).nodes.len() + 1, "{chart:#?}");
    assert!(flowchart(&render("staging", &settings).main).unwrap().contains("\"50 suppliers\""));
    let settings = settings.replace("[environments", "[defaults]\ndirect_stream_access = false\n[environments");
    let chart = Flowchart::of(&serde_json::from_str(&render("staging", &settings).main).unwrap());
    assert!(!chart.joins("iam_role_all", "kinesis_stream_events"), "{chart:#?}");
}

/// Removes references, one after the other, and checks that the arrow is gone.
#[test]
fn an_edge_goes_with_its_reference() {
    let variables = "/resource/aws_lambda_function/processor/environment/variables";
    let of_variable = |name: &str| format!("{variables}/{name}");
    for (pointers, from, to) in [
        (
            vec!["/resource/aws_lambda_event_source_mapping/processor/function_name".to_owned()],
            "kinesis_stream_events",
            "lambda_function_processor",
        ),
        (
            vec!["/resource/aws_lambda_invocation/migrate/function_name".to_owned()],
            "lambda_invocation_migrate",
            "lambda_function_migrate",
        ),
        (
            vec![
                of_variable("PIPEGEN_CACHE_HOST"),
                of_variable("PIPEGEN_CACHE_PORT"),
                of_variable("PIPEGEN_CACHE_REPLICATION_GROUP"),
            ],
            "lambda_function_processor",
            "elasticache_replication_group_views",
        ),
        (
            vec![
                of_variable("PIPEGEN_QUARANTINE_BUCKET"),
                "/resource/aws_iam_role_policy/processor_work/policy".to_owned(),
            ],
            "lambda_function_processor",
            "s3_bucket_quarantine",
        ),
    ] {
        let mut main = staging();
        assert!(Flowchart::of(&main).joins(from, to), "{from} to {to}");
        for pointer in pointers {
            *main.pointer_mut(&pointer).unwrap_or_else(|| panic!("nothing at {pointer}")) = Value::Null;
        }
        assert!(!Flowchart::of(&main).joins(from, to), "{from} to {to}");
    }
}

#[test]
fn crossings_are_drawn_on_their_way() {
    let chart = Flowchart::of(&staging());
    assert!(chart.joins("lambda_function_maintain", "s3_bucket_crossings"), "{chart:#?}");
    let (_, large) = every_kind().into_iter().find(|(kind, _)| *kind == "large").unwrap();
    let chart = Flowchart::of(&large);
    for (from, to) in [
        ("lambda_function_maintain", "s3_bucket_crossings"),
        ("s3_bucket_crossings", "cloudwatch_event_rule_low_stock"),
        ("cloudwatch_event_rule_low_stock", "sns_topic_low_stock"),
    ] {
        assert!(chart.joins(from, to), "{from} to {to}: {chart:#?}");
    }
}

#[test]
fn what_has_an_address_in_the_network_is_drawn_there() {
    let mut main = staging();
    let chart = Flowchart::of(&main);
    let is_inside = |chart: &Flowchart, id: &str| chart.nodes.get(id).copied();
    for id in ["lambda_function_processor", "db_instance_catalog", "elasticache_replication_group_views"] {
        assert_eq!(is_inside(&chart, id), Some(true), "{id}");
    }
    for id in ["kinesis_stream_events", "s3_bucket_quarantine", "secretsmanager_secret_all"] {
        assert_eq!(is_inside(&chart, id), Some(false), "{id}");
    }
    main["resource"]["aws_lambda_function"]["processor"]["vpc_config"] = Value::Null;
    main["resource"]["aws_db_subnet_group"]["catalog"]["subnet_ids"] = Value::Null;
    let chart = Flowchart::of(&main);
    assert_eq!(is_inside(&chart, "lambda_function_processor"), Some(false));
    assert_eq!(is_inside(&chart, "db_instance_catalog"), Some(false));
}

#[test]
fn the_command_prints_the_flowchart() {
    let dir = TestDir::new();
    let run = dir.pipegen(["diagram", "--env", "staging"]).succeeded();
    assert_eq!((run.stdout, run.stderr.as_str()), (flowchart(&render("staging", "").main).unwrap(), ""));
    dir.pipegen(["diagram", "--env", "No"]).refused(&["the environment `No`"]);
    dir.pipegen(["diagram", "--env", "a", "--config", "nowhere.toml"]).refused(&["cannot read the settings file"]);
    assert_eq!(dir.files(), ["bootstrap"]);
}

/// The lines around the flowchart of an environment without settings in docs/OPERATING.md.
const BEGIN: &str = "<!-- pipegen diagram --env staging -->\n```mermaid\n";
const END: &str = "```\n<!-- end -->\n";

#[test]
fn the_flowchart_in_the_operating_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPERATING.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has no flowchart");
    let (shown, after) = rest.split_once(END).expect("the page's flowchart has no end");
    let chart = flowchart(&render("staging", "").main).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{chart}{END}{after}")).unwrap();
    } else {
        assert_eq!(shown, chart, "the flowchart in docs/OPERATING.md is outdated; UPDATE_GOLDEN=1 updates it");
    }
}
