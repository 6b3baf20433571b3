//! The folder of a run: thrown away at its end, or kept and continued.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

/// Where the servers, the objects and the logs of a run lie.
#[derive(Debug)]
pub struct WorkingFolder {
    root: PathBuf,
    scratch: Option<TempDir>,
    /// Held as long as the place is, so that two runs never share one.
    _lock: Option<File>,
}

impl WorkingFolder {
    /// A folder that is removed at the end.
    pub fn scratch() -> anyhow::Result<Self> {
        let scratch = tempfile::Builder::new().prefix("pipegen-").tempdir().context("cannot make a scratch folder")?;
        servers_take(scratch.path()).context("set TMPDIR to another folder")?;
        // PostgreSQL may run as another user, who has to pass through to its own folder. What lies here is either a
        // folder with rights of its own or readable by its owner only.
        fs::set_permissions(scratch.path(), Permissions::from_mode(0o711)).context("cannot open the scratch folder")?;
        Ok(Self { root: scratch.path().to_owned(), scratch: Some(scratch), _lock: None })
    }

    /// A folder that is kept; what an earlier run left there is gone on with.
    pub fn kept(folder: &Path) -> anyhow::Result<Self> {
        let name = folder.display();
        servers_take(&std::path::absolute(folder).with_context(|| format!("cannot find the folder {name}"))?)
            .context("give another --data")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {name}"))?;
        let root = folder.canonicalize().with_context(|| format!("cannot find the folder {name}"))?;
        let lock = File::create(root.join(".lock")).with_context(|| format!("cannot write into {name}"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                anyhow::bail!("{name} is in use by another `pipegen local`: wait for it or give another --data")
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(|| format!("cannot lock {name}")),
        }
        fs::create_dir_all(root.join("logs")).with_context(|| format!("cannot write into {name}"))?;
        Ok(Self { root, scratch: None, _lock: Some(lock) })
    }

    /// Whether what lies here is there after the run.
    pub fn is_kept(&self) -> bool {
        self.scratch.is_none()
    }

    /// What is to be removed if pipegen cannot do it itself.
    pub fn to_remove(&self) -> Option<&Path> {
        self.scratch.as_ref().map(TempDir::path)
    }

    /// The folder for the log files, if they are kept.
    pub fn logs(&self) -> Option<PathBuf> {
        self.is_kept().then(|| self.root.join("logs"))
    }

    /// Where a part of the run lies; it is for that part to make.
    pub fn part(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Removes the folder, if it is not to be kept. Whoever wrote into it has been stopped before.
    pub fn remove(self) -> io::Result<()> {
        self.scratch.map_or(Ok(()), TempDir::close)
    }
}

/// The longest path of a place, in bytes. PostgreSQL cuts off at 1024 what it makes of it.
const LONGEST: usize = 900;

/// Refuses a path that the servers could not be given: they read it as a line of text, in programs and in files.
fn servers_take(folder: &Path) -> anyhow::Result<()> {
    let text =
        folder.to_str().with_context(|| format!("the folder {} has a name that is not UTF-8", folder.display()))?;
    anyhow::ensure!(!text.contains(char::is_control), "the folder {text:?} has a control character in its name");
    anyhow::ensure!(text.len() <= LONGEST, "the path of the folder has {} bytes, more than {LONGEST}", text.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_folder_goes_and_a_kept_one_stays() {
        let scratch = WorkingFolder::scratch().expect("a folder");
        let folder = scratch.part("x");
        fs::create_dir(&folder).expect("made");
        scratch.remove().expect("removed");
        assert!(!folder.exists());

        let parent = tempfile::tempdir().expect("a folder");
        let kept = WorkingFolder::kept(&parent.path().join("a/b")).expect("a folder");
        assert_eq!(kept.to_remove(), None);
        let logs = kept.logs().expect("kept");
        kept.remove().expect("nothing to do");
        assert!(logs.is_dir());
    }

    #[test]
    fn a_folder_that_no_server_could_be_given_is_refused_and_not_made() {
        let parent = tempfile::tempdir().expect("a folder");
        let not_utf_8: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
        for (name, words) in [
            ("a\nb".as_ref(), "control character"),
            ("a\rb".as_ref(), "control character"),
            (not_utf_8, "not UTF-8"),
            (vec!["x".repeat(200); 5].join("/").as_ref(), "bytes, more than 900"),
        ] {
            let folder = parent.path().join(name);
            let error = format!("{:#}", WorkingFolder::kept(&folder).expect_err("refused"));
            assert!(error.contains(words) && error.contains("--data"), "{error}");
            assert!(!folder.exists());
        }
    }

    #[test]
    fn two_runs_do_not_share_a_kept_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = WorkingFolder::kept(folder.path()).expect("free");
        let error = WorkingFolder::kept(folder.path()).expect_err("in use");
        assert!(error.to_string().contains("--data"), "{error}");
        drop(first);
        WorkingFolder::kept(folder.path()).expect("free again");
    }
}
