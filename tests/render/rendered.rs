//! Renders stacks in the process of the test.

use std::sync::LazyLock;

use pipegen::config::{self, Environment, Fault, SettingsFile};
use pipegen::stack::{self, Package, Rendered};
use serde_json::{Map, Value};

/// Settings that differ from the defaults in everything that can: a large environment.
pub(crate) const LARGE: &str = include_str!("../golden/large.toml");

/// Name and settings of an environment of each preset, and of one where everything is set.
pub(crate) const KINDS: [(&str, &str); 4] = [
    ("staging", ""),
    ("throwaway", "[environments.throwaway]\npreset = \"throwaway\"\n"),
    ("production", "[environments.production]\npreset = \"production\"\n"),
    ("large", LARGE),
];

/// Returns a package that does not exist, so that no golden file depends on the runtime's code.
pub(crate) fn package() -> Package {
    Package {
        file_name: "bootstrap-0000000000000000.zip".into(),
        source_code_hash: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into(),
    }
}

/// Renders an environment with these settings.
pub(crate) fn render(environment: &str, settings: &str) -> Rendered {
    let source = SettingsFile { path: "pipegen.toml".into(), text: settings.into() };
    let environment = Environment::parse(environment).map_err(|problem| Fault::new(None, problem));
    let config = config::load(Some(&source), environment).unwrap();
    stack::build(&config, &package()).unwrap()
}

/// Returns name and `main.tf.json` of every kind of environment. They are rendered once, as most tests read them.
pub(crate) fn every_kind() -> Vec<(&'static str, Value)> {
    static RENDERED: LazyLock<Vec<(&str, Value)>> = LazyLock::new(|| {
        let parse = |rendered: Rendered| serde_json::from_str(&rendered.main).unwrap();
        KINDS.into_iter().map(|(name, settings)| (name, parse(render(name, settings)))).collect()
    });
    RENDERED.clone()
}

/// Returns the resources of a type, by label.
pub(crate) fn resources<'a>(main: &'a Value, kind: &str) -> &'a Map<String, Value> {
    main["resource"][kind].as_object().unwrap_or_else(|| panic!("no resource is an `{kind}`"))
}

/// Returns type, label and body of every resource.
pub(crate) fn all_resources(main: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let kinds = main["resource"].as_object().unwrap();
    kinds.iter().flat_map(|(kind, labels)| {
        labels.as_object().unwrap().iter().map(move |(label, body)| (kind.as_str(), label.as_str(), body))
    })
}

/// Returns every string in a value.
pub(crate) fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(entries) => entries.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}
