//! Objects as files: `{root}/{bucket}/{key}`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use parking_lot::Mutex;
use tempfile::NamedTempFile;

/// The folder in which objects are written before they are renamed.
const UNFINISHED: &str = ".unfinished";

/// Buckets in a folder.
#[derive(Debug)]
pub struct Buckets {
    root: PathBuf,
    /// The number of objects that were stored since the folder was opened, by bucket.
    stored: Mutex<BTreeMap<String, u64>>,
}

/// An object without its content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ObjectEntry {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

/// The errors of storing and finding objects.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("the bucket does not exist")]
    NoBucket,
    #[error("the object does not exist")]
    NoObject,
    #[error("the object exists")]
    Exists,
    #[error("the key cannot be a path")]
    Key,
    #[error("the object's file cannot be used")]
    Io(#[source] io::Error),
}

impl Buckets {
    /// Opens the folder. It and its buckets are made unless they exist.
    pub fn open(root: PathBuf, buckets: &[&str]) -> io::Result<Self> {
        for folder in buckets.iter().chain(&[UNFINISHED]) {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self { root, stored: Mutex::default() })
    }

    /// Stores an object, whole or not at all. With `only_new` an existing object is never replaced, even if two writers
    /// store it at once.
    pub fn put(&self, bucket: &str, key: &str, content: &[u8], only_new: bool) -> Result<(), ObjectError> {
        let path = self.path(bucket, key)?;
        let mut file = NamedTempFile::new_in(self.root.join(UNFINISHED)).map_err(ObjectError::Io)?;
        file.write_all(content).map_err(ObjectError::Io)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(ObjectError::Io)?;
        }
        let stored = if only_new { file.persist_noclobber(&path) } else { file.persist(&path) };
        match stored {
            Ok(_) => {
                *self.stored.lock().entry(bucket.to_owned()).or_default() += 1;
                Ok(())
            }
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(ObjectError::Exists),
            Err(error) => Err(ObjectError::Io(error.error)),
        }
    }

    /// Returns how many objects were stored in this bucket since the folder was opened.
    pub fn stored(&self, bucket: &str) -> u64 {
        self.stored.lock().get(bucket).copied().unwrap_or_default()
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> Result<Vec<u8>, ObjectError> {
        fs::read(self.path(bucket, key)?).map_err(not_found)
    }

    pub(super) fn head(&self, bucket: &str, key: &str) -> Result<ObjectEntry, ObjectError> {
        entry(&self.path(bucket, key)?, key.to_owned())
    }

    /// Lists the objects of a bucket whose keys begin with `prefix`, ordered by the keys' bytes.
    pub(super) fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectEntry>, ObjectError> {
        let root = self.bucket(bucket)?;
        let mut entries = Vec::new();
        collect(&root, &root, &mut entries).map_err(ObjectError::Io)?;
        entries.retain(|entry| entry.key.starts_with(prefix));
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    /// Returns the bucket's folder.
    pub(super) fn bucket(&self, bucket: &str) -> Result<PathBuf, ObjectError> {
        let plain = Path::new(bucket).components().eq([Component::Normal(bucket.as_ref())]);
        let path = self.root.join(bucket);
        if plain && bucket != UNFINISHED && path.is_dir() { Ok(path) } else { Err(ObjectError::NoBucket) }
    }

    /// Returns the object's file. A key that is not a plain path (`../x`, `/x`, `a//b`, `x/`) is an error: it would
    /// share a file with another key, or lie outside of the bucket.
    fn path(&self, bucket: &str, key: &str) -> Result<PathBuf, ObjectError> {
        let bucket = self.bucket(bucket)?;
        let plain = !key.contains('\0') && key.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if plain { Ok(bucket.join(key)) } else { Err(ObjectError::Key) }
    }
}

fn not_found(error: io::Error) -> ObjectError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => ObjectError::NoObject,
        _ => ObjectError::Io(error),
    }
}

fn entry(path: &Path, key: String) -> Result<ObjectEntry, ObjectError> {
    let metadata = fs::metadata(path).map_err(not_found)?;
    if !metadata.is_file() {
        return Err(ObjectError::NoObject);
    }
    let modified = metadata.modified().map_err(ObjectError::Io)?;
    Ok(ObjectEntry { key, size: metadata.len(), modified })
}

fn collect(root: &Path, folder: &Path, entries: &mut Vec<ObjectEntry>) -> io::Result<()> {
    for child in fs::read_dir(folder)? {
        let path = child?.path();
        if path.is_dir() {
            collect(root, &path, entries)?;
        } else if let Some(key) = path.strip_prefix(root).ok().and_then(Path::to_str)
            && let Ok(entry) = entry(&path, key.to_owned())
        {
            entries.push(entry);
        }
    }
    Ok(())
}
