//! The choice among the installed versions.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::servers::installed::Folders;

/// The oldest supported major version.
pub(super) const OLDEST: u32 = 15;

/// The installed programs of one version.
#[derive(Debug)]
pub(in crate::servers) struct Programs {
    pub(super) folder: PathBuf,
}

impl Programs {
    /// Finds the newest supported version; for an existing cluster, the version that created it.
    pub(in crate::servers) fn find(folders: &Folders, kept: Option<&Path>) -> anyhow::Result<Self> {
        let mut found: Vec<_> = folders.holding(&["postgres", "initdb"]).collect();
        found.sort_by_key(|(_, version)| *version);
        let cluster = kept.and_then(|folder| fs::read_to_string(folder.join("data/PG_VERSION")).ok());
        if let Some(cluster) = cluster.as_deref().map(str::trim) {
            found.retain(|(_, (major, _))| major.to_string() == cluster);
            let (folder, _) = found.pop().with_context(|| {
                format!("the kept data needs PostgreSQL {cluster}, which is not installed: install it, or give another --data")
            })?;
            return Ok(Self { folder: folder.to_owned() });
        }
        match found.pop() {
            Some((folder, (major, _))) if major >= OLDEST => Ok(Self { folder: folder.to_owned() }),
            newest => {
                let mut message = match newest {
                    None => "PostgreSQL is not installed".to_owned(),
                    Some((folder, (major, _))) => format!("PostgreSQL {major} in {} is too old", folder.display()),
                };
                write!(
                    message,
                    ": version {OLDEST} or later is needed. Install it (`apt-get install postgresql`, `brew install \
                     postgresql@{OLDEST}`), or name a server with --database-url"
                )?;
                anyhow::bail!(message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_server_is_named_with_what_to_do() {
        let error = Programs::find(&Folders::of(&[]), None).expect_err("nothing there");
        let message = error.to_string();
        for part in ["PostgreSQL is not installed", "apt-get install postgresql", "brew install", "--database-url"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn kept_data_needs_its_own_version() {
        let place = tempfile::tempdir().expect("a folder");
        fs::create_dir(place.path().join("data")).expect("made");
        fs::write(place.path().join("data/PG_VERSION"), "14\n").expect("written");
        let error = Programs::find(&Folders::of(&[]), Some(place.path())).expect_err("nothing there");
        assert!(error.to_string().contains("PostgreSQL 14"), "{error}");
    }
}
