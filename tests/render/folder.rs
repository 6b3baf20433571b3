//! Files that are written, removed and left alone.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::elf::Elf;
use crate::test_dir::TestDir;

/// Returns a different bootstrap for each number.
fn bootstrap(number: u8) -> Vec<u8> {
    let mut bytes = Elf::default().bytes();
    bytes.push(number);
    bytes
}

fn zips(dir: &TestDir) -> Vec<String> {
    let files = dir.files().into_iter();
    files
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "zip"))
        .map(|name| name.trim_start_matches("tf-out/staging/").into())
        .collect()
}

/// Returns the zip that `main.tf.json` names.
fn own_zip(dir: &TestDir) -> String {
    let main: Value = serde_json::from_str(&dir.read("tf-out/staging/main.tf.json")).unwrap();
    let file = main["resource"]["aws_lambda_function"]["processor"]["filename"].as_str().unwrap();
    file.strip_prefix("${path.module}/").unwrap().into()
}

/// Renders with this bootstrap and returns the zip's name.
fn render(dir: &TestDir, number: u8) -> String {
    dir.write("bootstrap", bootstrap(number));
    dir.render().succeeded();
    // Times are compared; they must differ however coarse the file system's clock is.
    let name = own_zip(dir);
    let path = dir.path("tf-out/staging").join(&name);
    for other in zips(dir).iter().filter(|other| **other != name) {
        let path = dir.path("tf-out/staging").join(other);
        let older = path.metadata().unwrap().modified().unwrap() - Duration::from_secs(10);
        fs::File::options().append(true).open(path).unwrap().set_modified(older).unwrap();
    }
    assert!(path.metadata().unwrap().modified().unwrap() <= SystemTime::now());
    name
}

#[test]
fn three_files_are_written_and_the_zip_is_what_terraform_expects() {
    let dir = TestDir::new();
    dir.render().succeeded();
    let name = own_zip(&dir);
    let folder = "tf-out/staging";
    assert_eq!(
        dir.files(),
        [
            "bootstrap".to_owned(),
            "tf-out".to_owned(),
            folder.to_owned(),
            format!("{folder}/{name}"),
            format!("{folder}/main.tf.json"),
            format!("{folder}/versions.tf.json"),
        ]
    );
    let bytes = fs::read(dir.path(folder).join(&name)).unwrap();
    let main: Value = serde_json::from_str(&dir.read("tf-out/staging/main.tf.json")).unwrap();
    for function in main["resource"]["aws_lambda_function"].as_object().unwrap().values() {
        assert_eq!(function["source_code_hash"], pipegen::artifact::sha256_base64(&bytes));
    }
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(zip.len(), 1);
    let mut entry = zip.by_name("bootstrap").unwrap();
    assert_eq!(entry.unix_mode(), Some(0o100_755));
    let mut content = Vec::new();
    entry.read_to_end(&mut content).unwrap();
    assert_eq!(content, Elf::default().bytes());
}

#[test]
fn two_folders_get_the_same_bytes() {
    let (one, other) = (TestDir::new(), TestDir::new());
    one.render().succeeded();
    other.render().succeeded();
    assert_eq!(one.files(), other.files());
    for name in one.files().iter().filter(|name| one.path(name).is_file()) {
        assert_eq!(fs::read(one.path(name)).unwrap(), fs::read(other.path(name)).unwrap(), "{name}");
    }
}

#[test]
fn what_has_not_changed_is_not_written() {
    let dir = TestDir::new();
    assert!(dir.render().succeeded().stdout.contains("written"));
    let run = dir.render().succeeded();
    assert!(!run.stdout.contains("written") && run.stdout.contains("unchanged"), "{}", run.stdout);

    dir.write("pipegen.toml", "[defaults]\nhorizon_days = 8\n");
    let run = dir.render().succeeded();
    assert_eq!(run.stdout.matches("  written").count(), 1, "{}", run.stdout);
}

#[test]
fn a_damaged_zip_is_packed_again() {
    let dir = TestDir::new();
    dir.render().succeeded();
    let path = dir.path("tf-out/staging").join(own_zip(&dir));
    let good = fs::read(&path).unwrap();
    for damaged in [&good[..good.len() / 2], b"", &[&good[..60], &[good[60] ^ 1], &good[61..]].concat()] {
        fs::write(&path, damaged).unwrap();
        dir.render().succeeded();
        assert_eq!(fs::read(&path).unwrap(), good);
    }
}

#[test]
fn older_zips_are_removed_but_the_previous_one_is_kept() {
    let dir = TestDir::new();
    let first = render(&dir, 1);
    let second = render(&dir, 2);
    assert_eq!(zips(&dir).len(), 2);
    let third = render(&dir, 3);
    let left = zips(&dir);
    assert!(!left.contains(&first) && left.contains(&second) && left.contains(&third), "{left:?}");

    // Back to the second: now the third is the previous one.
    assert_eq!(render(&dir, 2), second);
    render(&dir, 4);
    let left = zips(&dir);
    assert!(left.contains(&second) && !left.contains(&third) && left.len() == 2, "{left:?}");
}

#[test]
fn files_of_terraform_and_others_are_left_alone() {
    let dir = TestDir::new();
    let folder = dir.path("tf-out/staging");
    fs::create_dir_all(folder.join(".terraform/providers")).unwrap();
    fs::create_dir_all(folder.join("bootstrap-00000000000000aa.zip.d")).unwrap();
    let others = [
        ".terraform.lock.hcl",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "providers_override.tf.json",
        "bootstrap-mine.zip",
        "bootstrap-0123456789ABCDEF.zip",
        "plan.out",
    ];
    for name in others {
        fs::write(folder.join(name), name).unwrap();
    }
    for number in 0..4 {
        render(&dir, number);
    }
    for name in others {
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), name);
    }
    assert!(folder.join(".terraform/providers").is_dir() && folder.join("bootstrap-00000000000000aa.zip.d").is_dir());
    assert!(!dir.files().iter().any(|name| name.contains(".pipegen-")), "a temporary file was left");
}

#[test]
fn files_can_be_read_by_others() {
    let dir = TestDir::new();
    dir.render().succeeded();
    let mode = dir.path("tf-out/staging/main.tf.json").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o400, 0o400);
    let folder = dir.path("tf-out/staging").metadata().unwrap().permissions().mode();
    // The umask applies to files as to folders.
    assert_eq!(mode & 0o044, folder & 0o044);
}

#[test]
fn a_file_in_the_folders_place_is_refused() {
    let dir = TestDir::new();
    dir.write("tf-out", "not a folder");
    let run = dir.render();
    assert_ne!(run.code, 0);
    assert!(run.stderr.contains("`tf-out` is not a folder"), "{}", run.stderr);
    assert_eq!(dir.files(), ["bootstrap", "tf-out"]);
}

#[test]
fn each_environment_has_a_folder_of_its_own() {
    let dir = TestDir::new();
    dir.render().succeeded();
    let before = dir.read("tf-out/staging/main.tf.json");
    dir.pipegen(["render", "--env", "other", "--bootstrap", "bootstrap"]).succeeded();
    assert_eq!(dir.read("tf-out/staging/main.tf.json"), before);
    assert!(dir.read("tf-out/other/main.tf.json").contains("kinesis-inventory-other"));
}
