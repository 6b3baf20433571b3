//! The installed programs: on the `PATH`, and in folders where packages put them outside of it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Folders to search (separated like `PATH`), instead of `PATH` and the usual folders.
pub(super) const OVERRIDE: &str = "PIPEGEN_SERVER_PATH";

/// Folders that are not on the `PATH`: `{parent}/{prefix}*/bin`, of Debian, Fedora and Homebrew.
const USUAL: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

/// Folders that are searched for programs, in this order.
#[derive(Debug)]
pub(super) struct Folders(Vec<PathBuf>);

impl Folders {
    pub(super) fn from_environment() -> Self {
        if let Some(folders) = env::var_os(OVERRIDE) {
            return Self(env::split_paths(&folders).collect());
        }
        let mut folders: Vec<_> =
            env::var_os("PATH").iter().flat_map(|path| env::split_paths(path).collect::<Vec<_>>()).collect();
        folders.extend(["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from));
        for (parent, prefix) in USUAL {
            folders.extend(children(Path::new(parent), prefix).map(|folder| folder.join("bin")));
        }
        Self(folders)
    }

    #[cfg(test)]
    pub(super) fn of(folders: &[&Path]) -> Self {
        Self(folders.iter().map(|folder| folder.to_path_buf()).collect())
    }

    /// Returns every folder that holds all of these programs, with the version of the first one.
    pub(super) fn holding<'a>(&'a self, programs: &'a [&str]) -> impl Iterator<Item = (&'a Path, Version)> + 'a {
        self.0
            .iter()
            .filter(|folder| programs.iter().all(|program| folder.join(program).is_file()))
            .filter_map(|folder| Some((folder.as_path(), version(&folder.join(programs.first()?))?)))
    }
}

fn children<'a>(parent: &Path, prefix: &'a str) -> impl Iterator<Item = PathBuf> + use<'a> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix)).map(|entry| entry.path())
}

/// A version's first two numbers.
pub(super) type Version = (u32, u32);

/// Returns the version that `--version` prints, or none if the program does not run.
fn version(program: &Path) -> Option<Version> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// Parses the version in `postgres (PostgreSQL) 15.18 (Debian …)`, `Redis server v=7.0.15 sha=…`, `postgres
/// (PostgreSQL) 18beta1`.
pub(super) fn parse_version(text: &str) -> Option<Version> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let (_, text) = text.split_at(start);
    let mut numbers = text.split('.').map(|part| part.chars().take_while(char::is_ascii_digit).collect::<String>());
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next().and_then(|number| number.parse().ok()).unwrap_or(0);
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn versions_are_read() {
        for (text, version) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some((15, 18))),
            ("postgres (PostgreSQL) 18beta1", Some((18, 0))),
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", Some((7, 0))),
            ("7.2.4", Some((7, 2))),
            ("nothing", None),
        ] {
            assert_eq!(parse_version(text), version, "{text}");
        }
    }

    #[test]
    fn a_folder_counts_if_it_holds_all_programs() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("postgres");
        fs::write(&program, "#!/bin/sh\necho 'postgres (PostgreSQL) 16.3'\n").expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
        let folders = Folders::of(&[folder.path()]);
        assert_eq!(folders.holding(&["postgres"]).collect::<Vec<_>>(), [(folder.path(), (16, 3))]);
        assert_eq!(folders.holding(&["postgres", "initdb"]).count(), 0);
    }
}
