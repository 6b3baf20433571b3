//! The committed JSON Schemas and the catalog entry are those that the types generate.

use std::path::Path;
use std::{env, fs};

use serde_json::Value;

#[test]
fn the_committed_schema_is_fresh() {
    check("schema.json", &pipegen_event::schema());
}

#[test]
fn the_committed_catalog_entry_is_fresh() {
    check("xregistry.json", &pipegen_event::xregistry());
}

#[test]
fn the_committed_schema_of_each_type_is_fresh() {
    let schemas = pipegen_event::schemas_by_type();
    let names = schemas.each_ref().map(|(event_type, _)| {
        let name = event_type.strip_prefix("com.retailtech.").expect("one of our types");
        format!("{name}.json")
    });
    for (name, (_, schema)) in names.iter().zip(&schemas) {
        check(&format!("schema/{name}"), schema);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let files = fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").file_name());
    let mut others = files.filter(|file| !names.iter().any(|name| file == name.as_str()));
    assert_eq!(others.next(), None, "a schema of no type");
}

/// Compares a committed file with the generated schema, and rewrites it if `UPDATE_GOLDEN=1`.
#[track_caller]
fn check(file: &str, schema: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let fresh = format!("{schema:#}\n");
    if env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::write(&path, &fresh).expect("the schema can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "{file} is stale: UPDATE_GOLDEN=1 cargo test -p pipegen-event rewrites it");
}
