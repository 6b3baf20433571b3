//! Small records files from suppliers' libraries (`tests/data/cases`), each with its expected values, written by hand.

use std::fs;
use std::path::Path;

/// A file, its rejections, and the catalog after this file alone.
pub(crate) struct CaseFile {
    pub(crate) name: &'static str,
    pub(crate) lines: Vec<String>,
    /// The record's line in the file, from 1 on; the event's index; the reason.
    pub(crate) rejections: &'static [(usize, u64, &'static str)],
    /// Every product, a JSON pointer into its view, the JSON text there.
    pub(crate) views: &'static [(&'static str, &'static str, &'static str)],
}

const ON_HAND: &str = "/offers/0/on_hand";

/// Returns every file.
pub(crate) fn all() -> Vec<CaseFile> {
    vec![
        file(
            "kpl-aggregated",
            &[(2, 2, "invalid_json"), (3, 0, "invalid_json")],
            &[("S1", ON_HAND, "3"), ("S2", ON_HAND, "9")],
        ),
        file(
            "kpl-library",
            &[(3, 3, "invalid_data"), (3, 5, "invalid_data"), (5, 0, "invalid_json")],
            &[
                ("K1", ON_HAND, "3"),
                ("K2", ON_HAND, "9"),
                ("K3", ON_HAND, "4"),
                ("K4", ON_HAND, "40"),
                ("K5", ON_HAND, "2"),
            ],
        ),
        file("data-base64", &[(3, 0, "invalid_data"), (4, 0, "invalid_data")], &[("S1", ON_HAND, "4")]),
        file(
            "null-is-left-out",
            &[(3, 0, "invalid_data"), (4, 0, "invalid_data")],
            &[
                ("S1", ON_HAND, "-1"),
                ("S1", "/title", "\"T\""),
                ("S1", "/description", "null"),
                ("S1", "/category", "null"),
                ("S1", "/attributes", "{}"),
            ],
        ),
        file(
            "named-envelopes",
            &[
                (1, 0, "invalid_json"),
                (2, 0, "invalid_json"),
                (3, 0, "invalid_json"),
                (4, 0, "invalid_json"),
                (5, 0, "invalid_event"),
                (6, 0, "invalid_event"),
                (7, 0, "invalid_data"),
            ],
            &[],
        ),
        file("integer-forms", &[], &[("Q1", ON_HAND, "5"), ("Q2", ON_HAND, "1000")]),
        file("price-decimals", &[(2, 0, "invalid_data")], &[("P1", "/offers/0/price/amount", "\"12.34\"")]),
        file("negative-count", &[], &[("C1", ON_HAND, "-2"), ("C1", "/available", "0")]),
        file("sku-invisible", &[(2, 0, "invalid_event"), (3, 0, "invalid_event")], &[("AB1", ON_HAND, "5")]),
        file("attribute-unnamed", &[(1, 0, "invalid_data")], &[]),
        file("same-second", &[], &[("S1", ON_HAND, "10")]),
    ]
}

/// Returns the lines of all files, each file on a shard of its own.
pub(crate) fn lines() -> Vec<String> {
    let numbered = (0..).zip(all());
    let lines = numbered.flat_map(|(number, file)| {
        let shard = format!("shardId-{number:012}");
        file.lines.into_iter().map(move |line| {
            let mut line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            line["shard"] = shard.as_str().into();
            line.to_string()
        })
    });
    lines.collect()
}

fn file(
    name: &'static str,
    rejections: &'static [(usize, u64, &'static str)],
    views: &'static [(&'static str, &'static str, &'static str)],
) -> CaseFile {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/cases/{name}.jsonl"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    CaseFile { name, lines: text.lines().map(str::to_owned).collect(), rejections, views }
}
