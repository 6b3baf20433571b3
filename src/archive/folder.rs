//! A folder with a copy of a bucket.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use pipegen_contract::object_key::{ARCHIVE, ON_FAILURE, REJECTED};

use super::object_key::HOUR;
use super::source::{Body, ObjectEntry};
use super::time_range::HourRange;

/// A folder in which objects lie under their keys.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Finds the archive: `archive/v1` in the folder itself (a copy of the bucket), or in one folder in it or in its
    /// `objects` (what `pipegen local --data` keeps).
    pub fn with_archive(folder: &Path) -> anyhow::Result<Self> {
        let found = find(folder, &[ARCHIVE])?;
        found.with_context(|| {
            format!(
                "there is no archive in {}: it must be a copy of the bucket with its `{ARCHIVE}`, or the folder of `pipegen local --data`",
                folder.display()
            )
        })
    }

    /// Finds the quarantine in the same way, by `rejected/v1` or `aws/lambda`. There is none if nothing was rejected or
    /// the bucket was not copied.
    pub fn with_quarantine(folder: &Path) -> anyhow::Result<Option<Self>> {
        find(folder, &[REJECTED, ON_FAILURE])
    }

    pub(super) fn list(&self, prefix: &str, hours: HourRange) -> FolderListing {
        let start = Entry { key: prefix.to_owned(), is_folder: true };
        let open = if self.root.join(prefix).is_dir() { vec![VecDeque::from([start])] } else { Vec::new() };
        FolderListing { root: self.root.clone(), prefix: prefix.len(), hours, open }
    }

    pub(super) async fn get(&self, key: &str) -> anyhow::Result<Body> {
        let path = self.root.join(key);
        let bytes = tokio::fs::read(&path).await.with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Body { bytes: Bytes::from(bytes), checksum: None })
    }
}

/// Returns the only folder that has one of these prefixes.
fn find(folder: &Path, prefixes: &[&str]) -> anyhow::Result<Option<Folder>> {
    let has = |root: &Path| prefixes.iter().any(|prefix| root.join(prefix).is_dir());
    let failed = || format!("cannot read the folder {}", folder.display());
    // Read even if it has the prefix itself, so that a folder that is not there is an error.
    let mut inside = folders(folder).with_context(failed)?;
    if has(folder) {
        return Ok(Some(Folder { root: folder.to_owned() }));
    }
    let objects = folder.join("objects");
    if objects.is_dir() {
        inside.extend(folders(&objects).with_context(failed)?);
    }
    inside.retain(|root| has(root));
    let names = || inside.iter().map(|root| root.display().to_string()).collect::<Vec<_>>().join(", ");
    anyhow::ensure!(inside.len() <= 1, "{} holds several buckets: name one of {}", folder.display(), names());
    Ok(inside.pop().map(|root| Folder { root }))
}

fn folders(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// A walk through a folder, in the order of the keys' bytes. Only folders that it is in are in memory.
#[derive(Debug)]
pub struct FolderListing {
    root: PathBuf,
    /// The length of the prefix, behind which the hour begins.
    prefix: usize,
    hours: HourRange,
    /// The entries of the folders on the way down that are still to be looked at.
    open: Vec<VecDeque<Entry>>,
}

#[derive(Debug)]
struct Entry {
    /// A folder's key ends with `/`, as it does in its objects' keys.
    key: String,
    is_folder: bool,
}

impl FolderListing {
    pub(super) fn next(&mut self) -> anyhow::Result<Option<ObjectEntry>> {
        while let Some(entries) = self.open.last_mut() {
            let Some(entry) = entries.pop_front() else {
                self.open.pop();
                continue;
            };
            if self.is_outside(&entry.key) {
                continue;
            }
            let path = self.root.join(&entry.key);
            if entry.is_folder {
                let inside =
                    entries_of(&path, &entry.key).with_context(|| format!("cannot read {}", path.display()))?;
                self.open.push(inside);
            } else {
                let metadata = path.metadata().with_context(|| format!("cannot read {}", path.display()))?;
                return Ok(Some(ObjectEntry { key: entry.key, size: metadata.len() }));
            }
        }
        Ok(None)
    }

    /// Returns true if no key that begins like this is of an hour in the range.
    fn is_outside(&self, key: &str) -> bool {
        let rest = key.get(self.prefix..).unwrap_or_default();
        let hour = rest.get(..HOUR).unwrap_or(rest).trim_end_matches('/');
        self.hours.is_before(hour) || self.hours.is_after(hour)
    }
}

/// Returns the entries of a folder with this key, sorted.
fn entries_of(folder: &Path, key: &str) -> std::io::Result<VecDeque<Entry>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a file's name is not UTF-8"));
        };
        let is_folder = entry.path().is_dir();
        let end = if is_folder { "/" } else { "" };
        entries.push(Entry { key: format!("{key}{name}{end}"), is_folder });
    }
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(entries.into())
}

#[cfg(test)]
mod tests {
    use super::super::time_range::TimeRange;
    use super::*;

    fn folder_with(keys: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for key in keys {
            let path = folder.path().join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, key).unwrap();
        }
        folder
    }

    fn listed(folder: &Folder, from: &str, to: &str) -> Vec<String> {
        let range = TimeRange::parse(Some(from), Some(to), chrono::Utc::now()).unwrap();
        let mut listing = folder.list(ARCHIVE, range.hours());
        std::iter::from_fn(|| listing.next().unwrap()).map(|entry| entry.key).collect()
    }

    #[test]
    fn objects_come_in_the_order_of_their_keys() {
        // In S3 `a-b/` is before `a/`, since `-` is before `/`.
        let keys = [
            "archive/v1/2026/11/22/23/a/1",
            "archive/v1/2026/11/23/00/a-b/1",
            "archive/v1/2026/11/23/00/a/1",
            "archive/v1/2026/11/23/00/a/2",
            "archive/v1/2026/12/01/00/a/1",
        ];
        let folder = folder_with(&keys);
        let archive = Folder::with_archive(folder.path()).unwrap();
        assert_eq!(listed(&archive, "2020-01-01", "2030-01-01"), keys);
        assert_eq!(listed(&archive, "2026-11-23", "2026-11-24"), keys[1..4]);
        assert_eq!(listed(&archive, "2026-11-22T23:59:59Z", "2026-11-23"), keys[..1]);
    }

    #[test]
    fn the_archive_is_found_in_a_copy_and_in_what_a_local_run_keeps() {
        for key in ["archive/v1/1", "s3-archive/archive/v1/1", "objects/s3-archive/archive/v1/1"] {
            let folder = folder_with(&[key, "logs/a", "objects/s3-quarantine/rejected/v1/1"]);
            let archive = Folder::with_archive(folder.path()).unwrap();
            assert!(folder.path().join(key).starts_with(archive.root), "{key}");
            let quarantine = Folder::with_quarantine(folder.path()).unwrap().unwrap();
            assert_eq!(quarantine.root, folder.path().join("objects/s3-quarantine"));
        }
    }

    #[test]
    fn a_folder_without_one_archive_is_an_error_that_says_so() {
        let several = folder_with(&["a/archive/v1/1", "b/archive/v1/1"]);
        let error = Folder::with_archive(several.path()).unwrap_err().to_string();
        assert!(error.contains("several buckets") && error.contains("/a, ") && error.contains("/b"), "{error}");
        let none = folder_with(&["a/b"]);
        assert!(Folder::with_archive(none.path()).unwrap_err().to_string().contains("there is no archive in"));
        let missing = Folder::with_archive(&none.path().join("missing")).unwrap_err().to_string();
        assert!(missing.contains("cannot read the folder"), "{missing}");
    }
}
