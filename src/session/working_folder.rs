//! The folder of a run: removed at its end, or kept for the next run.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

/// The folder of a run's servers, objects and logs.
#[derive(Debug)]
pub struct WorkingFolder {
    root: PathBuf,
    scratch: Option<TempDir>,
    /// Held as long as the folder is used, so that two runs never share one.
    _lock: Option<File>,
}

impl WorkingFolder {
    /// Creates a folder that is removed at the end.
    pub fn scratch() -> anyhow::Result<Self> {
        let scratch =
            tempfile::Builder::new().prefix("pipegen-").tempdir().context("cannot create a scratch folder")?;
        check_path(scratch.path()).context("set TMPDIR to another folder")?;
        // PostgreSQL may run as another user, who has to pass through to its own folder. Everything in here has
        // permissions of its own or is readable by its owner only.
        fs::set_permissions(scratch.path(), Permissions::from_mode(0o711))
            .context("cannot set the permissions of the scratch folder")?;
        Ok(Self { root: scratch.path().to_owned(), scratch: Some(scratch), _lock: None })
    }

    /// Opens a folder that is kept, with what an earlier run left there, or creates it.
    pub fn kept(folder: &Path) -> anyhow::Result<Self> {
        let name = folder.display();
        check_path(&std::path::absolute(folder).with_context(|| format!("cannot find the folder {name}"))?)
            .context("give another --data")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {name}"))?;
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

    /// Returns whether the folder outlives the run.
    pub fn is_kept(&self) -> bool {
        self.scratch.is_none()
    }

    /// Returns the folder to remove at the end, if any.
    pub fn scratch_path(&self) -> Option<&Path> {
        self.scratch.as_ref().map(TempDir::path)
    }

    /// Returns the folder of the log files, if they are kept.
    pub fn logs(&self) -> Option<PathBuf> {
        self.is_kept().then(|| self.root.join("logs"))
    }

    /// Returns the path of a file or folder in it, which its user creates.
    pub fn join(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Removes the folder unless it is kept. Every process that writes into it must have ended.
    pub fn remove(self) -> io::Result<()> {
        self.scratch.map_or(Ok(()), TempDir::close)
    }
}

/// The longest path, in bytes. PostgreSQL truncates the paths that it derives from it to 1024.
const LONGEST_PATH: usize = 900;

/// Refuses a path that the servers could not read: they take it as a line of text, as an argument and in their files.
fn check_path(folder: &Path) -> anyhow::Result<()> {
    let text =
        folder.to_str().with_context(|| format!("the folder {} has a name that is not UTF-8", folder.display()))?;
    anyhow::ensure!(!text.contains(char::is_control), "the folder {text:?} has a control character in its name");
    anyhow::ensure!(
        text.len() <= LONGEST_PATH,
        "the path of the folder has {} bytes, more than {LONGEST_PATH}",
        text.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_folder_goes_and_a_kept_one_stays() {
        let scratch = WorkingFolder::scratch().expect("a folder");
        let folder = scratch.join("x");
        fs::create_dir(&folder).expect("made");
        scratch.remove().expect("removed");
        assert!(!folder.exists());

        let parent = tempfile::tempdir().expect("a folder");
        let kept = WorkingFolder::kept(&parent.path().join("a/b")).expect("a folder");
        assert_eq!(kept.scratch_path(), None);
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
