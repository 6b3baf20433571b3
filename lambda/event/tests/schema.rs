//! The committed JSON Schema is the one that the types make.

use std::path::Path;
use std::{env, fs};

#[test]
fn the_committed_schema_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.json");
    let fresh = format!("{:#}\n", pipegen_event::schema());
    if env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::write(&path, &fresh).expect("schema.json can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "schema.json is stale: UPDATE_GOLDEN=1 cargo test -p pipegen-event rewrites it");
}
