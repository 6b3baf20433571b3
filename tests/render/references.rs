//! Every reference in the output resolves.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::rendered::{all_resources, every_kind, strings};

/// Returns the address of every block.
fn addresses(main: &Value) -> BTreeSet<String> {
    let mut addresses: BTreeSet<_> = all_resources(main).map(|(kind, label, _)| format!("{kind}.{label}")).collect();
    for (kind, labels) in main["data"].as_object().unwrap() {
        addresses.extend(labels.as_object().unwrap().keys().map(|label| format!("data.{kind}.{label}")));
    }
    addresses
}

/// Returns the expressions between `${` and `}`, without escaped ones.
fn references(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (place, _) in text.match_indices("${") {
        if !text.get(..place).unwrap().ends_with('$') {
            let rest = text.get(place + 2..).unwrap();
            found.push(rest.split_once('}').expect("an expression is not closed").0);
        }
    }
    found
}

#[test]
fn every_reference_resolves() {
    for (kind, main) in every_kind() {
        let addresses = addresses(&main);
        let mut count = 0;
        for reference in strings(&main).into_iter().flat_map(references).filter(|reference| *reference != "path.module")
        {
            let parts: Vec<_> = reference.split('.').collect();
            let length = if reference.starts_with("data.") { 3 } else { 2 };
            assert!(parts.len() > length, "{kind}: `{reference}` names no attribute");
            let address = parts.get(..length).unwrap().join(".");
            assert!(addresses.contains(&address), "{kind}: `{reference}` refers to nothing");
            count += 1;
        }
        assert!(count > 100, "{kind}: only {count} references were found");
    }
}

#[test]
fn every_dependency_is_declared() {
    for (kind, main) in every_kind() {
        let addresses = addresses(&main);
        let dependencies = all_resources(&main).filter_map(|(_, _, body)| body["depends_on"].as_array()).flatten();
        let dependencies: Vec<_> = dependencies.map(|address| address.as_str().unwrap()).collect();
        assert!(dependencies.len() > 10, "{kind}: only {} dependencies", dependencies.len());
        for address in dependencies {
            assert!(addresses.contains(address), "{kind}: nothing is `{address}`");
        }
    }
}
