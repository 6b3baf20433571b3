//! The rendered text of whole environments, and the reports on faulty settings files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pipegen::config::Environment;
use pipegen::stack::names;

use crate::rendered::{KINDS, LARGE, render};
use crate::test_dir::TestDir;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Compares with a golden file, or rewrites it.
#[track_caller]
pub(crate) fn compare(name: &str, text: &str) {
    let path = golden(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if let Some((number, (found, wanted))) =
        text.lines().zip(expected.lines()).enumerate().find(|(_, (found, wanted))| found != wanted)
    {
        panic!("{name}, line {}:\n  is     {found}\n  golden {wanted}\nUPDATE_GOLDEN=1 accepts it", number + 1);
    }
    assert_eq!(text.len(), expected.len(), "{name} is longer or shorter than its golden; UPDATE_GOLDEN=1 accepts it");
}

#[test]
fn environments() {
    for (name, settings) in KINDS {
        let rendered = render(name, settings);
        compare(&format!("{name}.main.tf.json"), &rendered.main);
        compare(&format!("{name}.versions.tf.json"), &rendered.versions);
    }
}

/// The longest name that an environment may have, with 50 suppliers of the longest names beside it. AWS' limits are
/// checked on it.
#[test]
fn the_largest_environment() {
    let name = "the-largest-environment-here";
    names::check(&Environment::parse(&format!("{name}s")).unwrap()).unwrap_err();
    let mut settings = LARGE.replace("[environments.large", &format!("[environments.{name}"));
    for number in 1..=48 {
        let supplier = format!("supplier-longest-{number:04}");
        writeln!(settings, "{supplier} = \"arn:aws:iam::{number:012}:role/feeders/{supplier}\"").unwrap();
    }
    let rendered = render(name, &settings);
    compare("largest.main.tf.json", &rendered.main);
    let roles = rendered.main.matches("\"role-supplier-").count();
    assert_eq!(roles, 50, "suppliers with a role");
}

#[test]
fn rendering_again_gives_the_same_text() {
    assert_eq!(render("large", LARGE), render("large", LARGE));
}

/// Each `.toml` in `faults` is refused with the text beside it.
#[test]
fn faulty_settings_files() {
    let mut count = 0;
    for entry in fs::read_dir(golden("faults")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let dir = TestDir::new();
            fs::copy(&path, dir.path("pipegen.toml")).unwrap();
            let run = dir.render().refused(&[]);
            assert_eq!(dir.files(), ["bootstrap", "pipegen.toml"], "something was written");
            let name = path.file_stem().unwrap().display();
            compare(&format!("faults/{name}.stderr"), &run.stderr);
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} faulty files");
}
