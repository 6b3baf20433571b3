//! Bootstraps that are refused, with the reasons.

use pipegen_contract::marker::{BEGIN, END, VERSION};

use crate::elf::Elf;
use crate::test_dir::TestDir;

/// Asserts that a bootstrap is refused and nothing is written.
#[track_caller]
fn refused(bootstrap: &[u8], words: &[&str]) {
    let dir = TestDir::new();
    dir.write("bootstrap", bootstrap);
    dir.render().refused(words).refused(&["help: "]);
    assert_eq!(dir.files(), ["bootstrap"], "something was written");
}

#[test]
fn a_file_that_is_not_elf() {
    refused(b"#!/bin/sh\nexec python3 app.py\n", &["it is a script, not an ELF executable", "leave `--bootstrap` out"]);
    refused(b"", &["it is an empty file"]);
    refused(b"PK\x03\x04", &["it is a zip archive"]);
    refused(b"MZ\x90\0", &["it is a Windows program"]);
    refused(b"\xcf\xfa\xed\xfe\x07\0\0\x01", &["it is a macOS program"]);
    refused(b"hello", &["it is a file of an unknown format, not an ELF executable"]);
}

#[test]
fn an_elf_file_that_is_not_executable() {
    refused(&Elf { kind: 1, ..Elf::default() }.bytes(), &["it is an object file"]);
    refused(&Elf { loader: None, ..Elf::default() }.bytes(), &["it is a shared library"]);
    refused(Elf::default().bytes().get(..100).unwrap(), &["its ELF cannot be read"]);
}

#[test]
fn another_architecture() {
    let arm = Elf { machine: 183, loader: Some("/lib/ld-linux-aarch64.so.1"), ..Elf::default() };
    refused(
        &arm.bytes(),
        &[
            "it is for arm64, the functions run on x86_64",
            "--target x86_64-unknown-linux-gnu.2.34",
            "set `architecture`",
        ],
    );
    refused(&Elf { class: 1, ..Elf::default() }.bytes(), &["it is for a 32-bit machine"]);
    refused(&Elf { machine: 243, ..Elf::default() }.bytes(), &["it is for machine 243"]);

    let dir = TestDir::new();
    dir.write("pipegen.toml", "[environments.staging]\narchitecture = \"arm64\"\n");
    dir.render().refused(&["it is for x86_64, the functions run on arm64", "aarch64-unknown-linux-gnu.2.34"]);
    dir.write("bootstrap", arm.bytes());
    dir.render().succeeded();
    assert!(dir.read("tf-out/staging/main.tf.json").contains("\"arm64\""));
}

#[test]
fn a_newer_glibc() {
    let with = |versions| Elf { libraries: vec![("libc.so.6", versions)], ..Elf::default() }.bytes();
    refused(
        &with(vec!["GLIBC_2.34", "GLIBC_2.38", "GLIBC_2.9"]),
        &["it needs glibc 2.38 (in `libc.so.6`), `provided.al2023` has 2.34", "cargo zigbuild"],
    );
    refused(&with(vec!["GLIBC_2.35"]), &["it needs glibc 2.35"]);
    refused(&with(vec!["GLIBC_3"]), &["it needs glibc 3.0"]);

    let dir = TestDir::new();
    dir.write("bootstrap", with(vec!["GLIBC_2.34", "GLIBC_2.4", "GLIBC_PRIVATE"]));
    dir.render().succeeded();
}

#[test]
fn a_library_or_a_loader_that_is_not_there() {
    let libraries =
        vec![("libc.so.6", vec!["GLIBC_2.34"]), ("libssl.so.3", vec!["OPENSSL_3.0.0"]), ("libpq.so.5", vec![])];
    refused(
        &Elf { libraries, ..Elf::default() }.bytes(),
        &["the shared library `libssl.so.3` is not", "the shared library `libpq.so.5` is not", "statically"],
    );
    let musl = Elf {
        loader: Some("/lib/ld-musl-x86_64.so.1"),
        libraries: vec![("libc.musl-x86_64.so.1", vec![])],
        ..Elf::default()
    };
    refused(&musl.bytes(), &["its loader `/lib/ld-musl-x86_64.so.1` is not"]);
}

#[test]
fn another_program() {
    let of = |content| Elf { content, ..Elf::default() }.bytes();
    refused(&of(""), &["it is another program: it lacks the marker", "leave `--bootstrap` out"]);
    // A program that looks for markers contains the beginning of one.
    refused(&of(BEGIN), &["it lacks the marker"]);
    refused(&of("pipegen-bootstrap contract 12345678901;"), &["it lacks the marker"]);
    refused(&of("pipegen-bootstrap contract 1"), &["it lacks the marker"]);
    refused(&of("pipegen-bootstrap contract ;"), &["it lacks the marker"]);
    refused(&std::fs::read(env!("CARGO_BIN_EXE_pipegen")).unwrap(), &["it lacks the marker"]);

    let dir = TestDir::new();
    dir.write("bootstrap", of(format!("{BEGIN}{BEGIN}{VERSION}{END}").leak()));
    dir.render().succeeded();
}

#[test]
fn a_bootstrap_for_another_contract() {
    for version in ["0", "1", "02", "20", "4294967295"] {
        let content: &'static str = format!("{BEGIN}{version}{END}").leak();
        let words = [
            &format!("it was built for version {version} of the contract"),
            &format!("renders version {VERSION}"),
            "from the same sources",
        ];
        refused(&Elf { content, ..Elf::default() }.bytes(), &words.map(|word| word as &str));
    }
}

#[test]
fn what_lambda_does_not_unpack() {
    let dir = TestDir::new();
    let file = std::fs::File::options().append(true).open(dir.path("bootstrap")).unwrap();
    file.set_len(262_144_001).unwrap();
    dir.render().refused(&["it has more than 262144000 bytes", "--profile bootstrap"]);
    assert_eq!(dir.files(), ["bootstrap"], "something was written");

    let mut largest = Elf::default().bytes();
    largest.resize(262_144_000, 0);
    assert!(pipegen::artifact::check(&largest, pipegen::config::Architecture::X86_64).is_ok());
}

#[test]
fn all_reasons_at_once() {
    let libraries = vec![("libssl.so.3", vec![]), ("libc.so.6", vec!["GLIBC_2.39"])];
    let elf = Elf { machine: 183, libraries, content: "", ..Elf::default() };
    refused(&elf.bytes(), &["arm64", "libssl.so.3", "2.39", "it lacks the marker"]);
}

#[test]
fn a_static_program_needs_no_glibc() {
    let dir = TestDir::new();
    dir.write("bootstrap", Elf { kind: 2, loader: None, libraries: vec![], ..Elf::default() }.bytes());
    dir.render().succeeded();
}

#[test]
fn a_bootstrap_that_is_not_there() {
    let dir = TestDir::new();
    let run = dir.pipegen(["render", "--env", "staging", "--bootstrap", "nowhere"]);
    run.refused(&["cannot read the bootstrap `nowhere`"]);
}

#[test]
fn without_a_workspace_it_cannot_be_built() {
    let dir = TestDir::new();
    let run = dir.pipegen(["render", "--env", "staging"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("name a built bootstrap with `--bootstrap`"), "{}", run.stderr);
    assert_eq!(dir.files(), ["bootstrap"]);
}
