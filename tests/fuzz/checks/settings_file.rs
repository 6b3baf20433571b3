//! `pipegen.toml`: each fault has its place and can be shown, and what is accepted can be rendered.

use pipegen::config::{Config, Environment, Fault, SettingsFile, load, report};
use pipegen::stack::{Package, build};

use super::bounded::bounded;

const PATH: &str = "pipegen.toml";

pub(super) fn check(bytes: &[u8]) {
    // A file that is not UTF-8 is refused where it is read.
    let Ok(text) = str::from_utf8(bytes) else { return };
    let file = SettingsFile { path: PATH.to_owned(), text: text.to_owned() };
    match bounded(256 * text.len() + 1024 * 1024, || read(&file)) {
        Ok(config) => {
            assert_eq!(read(&file).as_ref(), Ok(&config), "the same again");
            let package = Package { file_name: "bootstrap.zip".to_owned(), source_code_hash: "AAAA".to_owned() };
            let rendered = build(&config, &package).expect("what is accepted can be rendered");
            serde_json::from_str::<serde_json::Value>(&rendered.main).expect("JSON");
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in &faults {
                placed(fault, &file);
            }
            assert_eq!(read(&file), Err(faults), "the same again");
        }
    }
}

fn read(file: &SettingsFile) -> Result<Config, Vec<Fault>> {
    let environment = Environment::parse("staging").expect("a name");
    load(Some(file), Ok(environment))
}

/// Checks that the fault is at a place of the file, and shown with it.
fn placed(fault: &Fault, file: &SettingsFile) {
    let span = fault.span.clone().unwrap_or_else(|| panic!("no place: {fault:?}"));
    assert!(file.text.get(span).is_some(), "not a part of the file: {fault:?}");
    assert!(!fault.message.is_empty());
    let shown = bounded(64 * file.text.len() + 1024 * 1024, || report(std::slice::from_ref(fault), Some(file)));
    assert!(shown.contains(PATH), "{shown}");
}
