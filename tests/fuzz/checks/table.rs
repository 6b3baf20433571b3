//! Tables of `send`: a mapping, a line `---`, then the table.

use std::io::Cursor;

use pipegen::cli::MappingArgs;
use pipegen::tables::{Mapping, Row, Rows};
use pipegen_event::{Reason, decode};

use super::bounded::bounded;
use super::events::{HORIZON, arrival};

pub(super) fn check(bytes: &[u8]) {
    let mark = b"\n---\n";
    let Some(place) = bytes.windows(mark.len()).position(|window| window == mark) else { return };
    let (mapping, table) = (&bytes[..place], &bytes[place + mark.len()..]);
    let Some(args) = str::from_utf8(mapping).ok().and_then(|text| toml::from_str::<MappingArgs>(text).ok()) else {
        return;
    };
    let mapping = match Mapping::new(args) {
        Ok(mapping) => mapping,
        Err(fault) => {
            assert!(!fault.is_empty());
            return;
        }
    };
    let rows = bounded(4 * 1024 * 1024 + 1024 * bytes.len(), || read(&mapping, table));
    assert_eq!(shown(&rows), shown(&read(&mapping, table)), "the same again");
    // A row ends with a line feed, a carriage return, or both.
    let lines = 1 + table.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
    for row in rows.iter().flatten() {
        sound(row, lines);
    }
}

/// Reads all rows, up to the error that ends them.
fn read(mapping: &Mapping, table: &[u8]) -> Vec<anyhow::Result<Row>> {
    let table = Cursor::new(table.to_vec());
    let mut rows = match Rows::open(mapping.clone(), "table.csv", Some(arrival()), table) {
        Ok(rows) => rows,
        Err(error) => return vec![Err(error)],
    };
    let mut all = Vec::new();
    while let Some(row) = rows.next_row().transpose() {
        let is_error = row.is_err();
        all.push(row);
        if is_error {
            break;
        }
    }
    all
}

/// Checks a row: what became of it is events that the pipeline reads, and faults that name their columns.
fn sound(row: &Row, lines: u64) {
    assert!((1..=lines).contains(&row.line), "line {} of {lines}", row.line);
    for event in &row.events {
        let decoded = decode(&event.json, arrival(), HORIZON);
        assert_eq!(decoded.len(), 1);
        if let Err(rejection) = &decoded[0].outcome {
            let fault_of_pipegen = [Reason::InvalidJson, Reason::UnsupportedType];
            assert!(!fault_of_pipegen.contains(&rejection.reason), "{rejection}: {row:?}");
        }
    }
    for fault in &row.faults {
        assert!(!fault.detail.is_empty(), "{row:?}");
    }
}

/// Returns rows and errors as text, without the places in the code where the errors came from.
fn shown(rows: &[anyhow::Result<Row>]) -> Vec<String> {
    rows.iter().map(|row| row.as_ref().map_or_else(|error| format!("{error:#}"), |row| format!("{row:?}"))).collect()
}
