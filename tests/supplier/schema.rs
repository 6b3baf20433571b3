//! The schemas and the catalog entry that are printed.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::folder::{Folder, Run};

/// A committed file, which a test of the events' crate keeps fresh.
fn committed(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("lambda/event").join(file)).unwrap()
}

fn printed(arguments: &[&str]) -> String {
    Folder::new().pipegen(["schema"].iter().chain(arguments).copied()).ended(0).stdout
}

#[test]
fn what_is_printed_is_what_is_committed() {
    assert_eq!(printed(&[]), committed("schema.json"));
    assert_eq!(printed(&["--format", "json-schema"]), committed("schema.json"));
    assert_eq!(printed(&["--format", "xregistry"]), committed("xregistry.json"));
    for event_type in ["stock.counted.v1", "stock.adjusted.v1", "price.changed.v1", "product.described.v1"] {
        let schema = committed(&format!("schema/{event_type}.json"));
        assert_eq!(printed(&["--type", event_type]), schema);
        assert_eq!(printed(&["--type", &format!("com.retailtech.{event_type}")]), schema);
        assert_eq!(printed(&["--type", event_type.strip_suffix(".v1").unwrap()]), schema);
    }
}

#[test]
fn a_type_that_does_not_exist_is_refused_with_those_that_do() {
    let folder = Folder::new();
    folder.pipegen(["schema", "--type", "stock.counted.v2"]).ended(2).says(&["stock.counted.v2", "stock.counted, "]);
    folder.pipegen(["schema", "--type", "stock.counted.v1", "--format", "xregistry"]).ended(2).says(&["`--type`"]);
}

#[test]
fn a_full_disk_is_named() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let run = Run::new(&Folder::new().command(["schema"]).stdout(full).output().unwrap());
    run.ended(1).says(&["error: cannot write to standard output: No space left on device"]);
}

/// Every reference in the catalog entry leads to what it names.
#[test]
fn the_catalog_entry_is_complete() {
    let entry: Value = serde_json::from_str(&printed(&["--format", "xregistry"])).unwrap();
    let resolve = |reference: &Value| {
        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
        entry.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere"))
    };
    let group = resolve(&entry["endpoints"]["com.retailtech.inventory"]["messagegroups"][0]);
    let messages = group["messages"].as_object().unwrap();
    assert_eq!(messages.len(), 4);
    for (event_type, message) in messages {
        assert_eq!(message["envelopemetadata"]["type"]["value"], **event_type);
        let schema = resolve(&message["dataschemauri"]);
        assert_eq!((&schema["format"], &schema["schemaid"]), (&message["dataschemaformat"], &message["messageid"]));
        let whole: Value = serde_json::from_str(&printed(&["--type", event_type])).unwrap();
        let (data, alone) = (&schema["schema"], &whole["properties"]["data"]);
        assert_eq!(data["$schema"], whole["$schema"]);
        assert_eq!((&data["title"], &data["required"]), (&alone["title"], &alone["required"]));
        let names = |schema: &Value| schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(data), names(alone), "the schema of the data alone");
        // xrcg 0.11.0 makes no code from lists of types.
        assert!(!data.to_string().contains("\"type\":["), "{data}");
    }
}
