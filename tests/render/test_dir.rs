//! A temporary folder to run `pipegen` in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::elf::Elf;

/// A temporary folder with a bootstrap in it, removed when this is dropped.
pub(crate) struct TestDir {
    folder: TempDir,
}

impl TestDir {
    /// Creates a folder that contains a valid `bootstrap` and nothing else.
    pub(crate) fn new() -> Self {
        let dir = Self { folder: TempDir::new().unwrap() };
        dir.write("bootstrap", Elf::default().bytes());
        dir
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Lists every file and folder below, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.strip_prefix(root).unwrap().display().to_string());
                if path.is_dir() {
                    walk(&path, root, found);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.folder.path(), self.folder.path(), &mut found);
        found.sort();
        found
    }

    /// Runs `pipegen` in the folder, without any environment variables.
    pub(crate) fn pipegen<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        let output = command.args(arguments).current_dir(self.folder.path()).env_clear().output().unwrap();
        Run::new(&output)
    }

    /// Runs `pipegen render --env staging --bootstrap bootstrap` in the folder.
    pub(crate) fn render(&self) -> Run {
        self.pipegen(["render", "--env", "staging", "--bootstrap", "bootstrap"])
    }
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Asserts that the command succeeded.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Asserts that the command reported a usage error, with all of these words on standard error and nothing on
    /// standard output.
    #[track_caller]
    pub(crate) fn refused(self, words: &[&str]) -> Self {
        assert_eq!((self.code, self.stdout.as_str()), (2, ""), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is missing in\n{}", self.stderr);
        }
        self
    }
}
