//! The examples in the guide for suppliers have the outcome that the guide states.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{TimeDelta, Utc};
use pipegen_contract::event_type;
use pipegen_event::{Reason, decode};

const GUIDE: &str = "../../docs/SUPPLIERS.md";

/// Returns every block of JSON: the outcome of its events (`accepted` or a reason), and the text.
fn examples(guide: &str) -> Vec<(&str, &str)> {
    let blocks = guide.split("```json").skip(1).map(|block| block.split("\n```").next().expect("a block's end"));
    blocks.map(|block| block.split_once('\n').expect("a text below the verdict")).collect()
}

#[test]
fn every_example_has_the_stated_outcome() {
    let guide = read();
    let examples = examples(&guide);
    assert!(examples.len() >= 10, "{} examples", examples.len());
    let arrived_at = "2026-11-27T05:00:10Z".parse::<chrono::DateTime<Utc>>().expect("a time");
    let mut types = BTreeSet::new();
    for (verdict, text) in examples {
        let decoded = decode(text.as_bytes(), arrived_at, TimeDelta::days(7));
        assert!(!decoded.is_empty(), "{text}");
        for event in decoded {
            let outcome = match &event.outcome {
                Ok(good) => {
                    types.insert(good.change.event_type());
                    "accepted"
                }
                Err(rejection) => rejection.reason.as_str(),
            };
            assert_eq!(outcome, verdict.trim(), "{:?} for {text}", event.outcome);
        }
    }
    assert_eq!(types, event_type::ALL.into(), "an example of every type");
}

#[test]
fn the_guide_names_every_reason() {
    let guide = read();
    for reason in Reason::ALL {
        assert!(guide.contains(&format!("`{reason}`")), "{reason} is missing");
    }
}

fn read() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(GUIDE)).expect("the guide")
}
