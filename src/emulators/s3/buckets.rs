//! Objects as files: `{root}/{bucket}/{key}`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tempfile::NamedTempFile;

/// Where objects are written before they get their name.
const UNFINISHED: &str = ".unfinished";

/// A folder of buckets.
#[derive(Debug)]
pub struct Buckets {
    root: PathBuf,
    /// How many objects were stored since it was opened, by bucket.
    stored: Mutex<BTreeMap<String, u64>>,
}

/// What is known about an object without reading it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

/// Why an object could not be stored or found.
#[derive(Debug)]
pub enum ObjectError {
    /// There is no such bucket.
    NoBucket,
    /// There is no such object.
    NoObject,
    /// There is one already, and it was not to be replaced.
    Exists,
    /// The key cannot be a path below the bucket.
    Key,
    /// The system said no.
    Io(io::Error),
}

impl std::fmt::Display for ObjectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoBucket => "there is no such bucket",
            Self::NoObject => "there is no such object",
            Self::Exists => "the object exists",
            Self::Key => "the key is no path",
            Self::Io(_) => "the object's file cannot be used",
        })
    }
}

impl std::error::Error for ObjectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Io(error) = self { Some(error) } else { None }
    }
}

impl Buckets {
    /// Makes the folder and its buckets, unless they are there.
    pub fn open(root: PathBuf, buckets: &[&str]) -> io::Result<Self> {
        for folder in buckets.iter().chain(&[UNFINISHED]) {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self { root, stored: Mutex::default() })
    }

    /// Stores an object, whole or not at all. With `only_new` an existing one stays as it is, whoever else is writing it
    /// at this moment.
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
                *self.stored.lock().unwrap_or_else(PoisonError::into_inner).entry(bucket.to_owned()).or_default() += 1;
                Ok(())
            }
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(ObjectError::Exists),
            Err(error) => Err(ObjectError::Io(error.error)),
        }
    }

    /// How many objects were stored in this bucket since the folder was opened.
    pub fn stored(&self, bucket: &str) -> u64 {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).get(bucket).copied().unwrap_or_default()
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> Result<Vec<u8>, ObjectError> {
        fs::read(self.path(bucket, key)?).map_err(not_found)
    }

    pub(super) fn head(&self, bucket: &str, key: &str) -> Result<Entry, ObjectError> {
        entry(&self.path(bucket, key)?, key.to_owned())
    }

    /// Every object of a bucket whose key begins with `prefix`, in the order of the keys' bytes.
    pub(super) fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Entry>, ObjectError> {
        let root = self.bucket(bucket)?;
        let mut entries = Vec::new();
        collect(&root, &root, &mut entries).map_err(ObjectError::Io)?;
        entries.retain(|entry| entry.key.starts_with(prefix));
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    /// The bucket's folder.
    pub(super) fn bucket(&self, bucket: &str) -> Result<PathBuf, ObjectError> {
        let plain = Path::new(bucket).components().eq([Component::Normal(bucket.as_ref())]);
        let path = self.root.join(bucket);
        if plain && bucket != UNFINISHED && path.is_dir() { Ok(path) } else { Err(ObjectError::NoBucket) }
    }

    /// The object's file. A key that is no plain path (`../x`, `/x`, `a//b`, `x/`) is refused: another key would have the
    /// same file, or it would lie elsewhere.
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

fn entry(path: &Path, key: String) -> Result<Entry, ObjectError> {
    let metadata = fs::metadata(path).map_err(not_found)?;
    if !metadata.is_file() {
        return Err(ObjectError::NoObject);
    }
    let modified = metadata.modified().map_err(ObjectError::Io)?;
    Ok(Entry { key, size: metadata.len(), modified })
}

fn collect(root: &Path, folder: &Path, entries: &mut Vec<Entry>) -> io::Result<()> {
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
