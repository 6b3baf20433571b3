//! The verdict, once everything is healed and drained.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use pipegen_contract::cache::product;
use serde_json::Value;

use crate::model::expected::Expected;
use crate::model::record::Record;
use crate::model::time;
use crate::world::{ARCHIVE, QUARANTINE, World};

/// Compares everything with the naive model of what was put on the stream.
pub(crate) fn judge(world: &World) {
    let expected = Expected::of_records(world.stream.records());
    assert!(expected.catalog.ambiguous.is_empty(), "the suppliers send nothing ambiguous");
    catalog(world, &expected);
    if world.plan.archives {
        archive(world, &expected);
    }
    quarantine(world, &expected);
    cache(world);
}

/// P2: the catalog is the model's.
fn catalog(world: &World, expected: &Expected) {
    let found: BTreeMap<String, Value> = world
        .database
        .skus()
        .into_iter()
        .map(|sku| {
            let view = world.database.view(&sku).expect("it is listed");
            let mut view: Value = serde_json::from_str(&view.json).expect("JSON");
            let fields = view.as_object_mut().expect("an object");
            fields.retain(|name, _| name != "version" && name != "updated_at");
            (sku, view)
        })
        .collect();
    for sku in expected.catalog.views.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        let (expected, found) = (expected.catalog.views.get(sku), found.get(sku));
        if expected != found {
            world.schedule.broken(format!("P2: {sku} is {found:?}, and should be {expected:?}"));
        }
    }
}

/// P1: every record is in the archive, byte for byte.
fn archive(world: &World, expected: &Expected) {
    let mut found = BTreeSet::new();
    for line in lines(world, ARCHIVE) {
        found.insert(Record {
            shard: text(&line, "shard"),
            sequence_number: text(&line, "sequence_number"),
            partition_key: text(&line, "partition_key"),
            arrived_at: time::parse(&text(&line, "arrived_at")).expect("a time"),
            data: data(&line),
        });
    }
    let (missing, others) = (expected.archive.difference(&found).count(), found.difference(&expected.archive).count());
    if missing + others > 0 {
        world.schedule.broken(format!("P1: of the archive {missing} records are missing, {others} were never put"));
    }
}

/// P4: the quarantine has exactly the model's rejections.
fn quarantine(world: &World, expected: &Expected) {
    type Found = BTreeMap<(String, String, u64), (String, Vec<u8>)>;
    let expected: Found = expected
        .rejections
        .iter()
        .map(|of| {
            let key = (of.shard.clone(), of.sequence_number.clone(), of.index);
            (key, (of.reason.to_owned(), of.event.clone()))
        })
        .collect();
    let found: Found = lines(world, QUARANTINE)
        .iter()
        .map(|line| {
            let index = line["index"].as_u64().expect("a number");
            ((text(line, "shard"), text(line, "sequence_number"), index), (text(line, "reason"), data(line)))
        })
        .collect();
    for key in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        let (expected, found) = (expected.get(key).map(|of| &of.0), found.get(key).map(|of| &of.0));
        if expected != found {
            world.schedule.broken(format!("P4: {key:?} is rejected as {found:?}, and should be {expected:?}"));
        }
    }
}

/// P3: every entry is the product's view, a tombstone of a version that there was, or gone.
fn cache(world: &World) {
    let pending = world.database.pending();
    if !pending.is_empty() {
        world.schedule.broken(format!("P3: refreshes are still pending: {pending:?}"));
    }
    let entries = world.cache.primary(|node| node.entries().clone());
    for number in 0..world.plan.products {
        let sku = format!("p{number}");
        let Some(entry) = entries.get(product(&sku).as_bytes()) else { continue };
        let field = |name: &str| entry.fields.get(name.as_bytes()).map(|field| String::from_utf8_lossy(field));
        let version: i64 = field("version").and_then(|version| version.parse().ok()).unwrap_or(-1);
        let view = world.database.view(&sku);
        let newest = view.as_ref().map_or(0, |view| view.version);
        let is_right = match field("view") {
            None => version <= newest,
            Some(shown) => version == newest && shown == view.as_ref().map_or("", |view| &view.json),
        };
        if !is_right {
            world.schedule.broken(format!("P3: the cache has {sku}={version} {:?}, and it is {newest}", field("view")));
        }
        if entry.expires_at.is_none() {
            world.schedule.broken(format!("P3: the entry of {sku} never expires"));
        }
    }
}

fn lines(world: &World, bucket: &str) -> Vec<Value> {
    let mut lines = Vec::new();
    for (_, body) in world.objects.stored().iter().filter(|((of, _), _)| of == bucket) {
        let mut text = String::new();
        MultiGzDecoder::new(&body[..]).read_to_string(&mut text).expect("compressed text");
        lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")));
    }
    lines
}

fn text(line: &Value, name: &str) -> String {
    line[name].as_str().expect("text").to_owned()
}

fn data(line: &Value) -> Vec<u8> {
    match line["event"].as_str() {
        Some(event) => event.as_bytes().to_vec(),
        None => STANDARD.decode(line["event_base64"].as_str().expect("one of both")).expect("base64"),
    }
}
