//! Objects as files: `{root}/{bucket}/{key}`.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

use tempfile::NamedTempFile;

use super::{ObjectEntry, ObjectError};

/// The folder in which objects are written before they are renamed.
const UNFINISHED: &str = ".unfinished";

/// Buckets in a folder. Buckets and keys are checked before they come here.
#[derive(Debug)]
pub(super) struct ObjectFolder {
    root: PathBuf,
}

impl ObjectFolder {
    pub(super) fn open(root: PathBuf, buckets: &[&str]) -> io::Result<Self> {
        for folder in buckets.iter().chain(&[UNFINISHED]) {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self { root })
    }

    pub(super) fn put(&self, bucket: &str, key: &str, content: &[u8], only_new: bool) -> Result<(), ObjectError> {
        let path = self.path(bucket, key);
        let mut file = NamedTempFile::new_in(self.root.join(UNFINISHED)).map_err(ObjectError::Io)?;
        file.write_all(content).map_err(ObjectError::Io)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(ObjectError::Io)?;
        }
        let stored = if only_new { file.persist_noclobber(&path) } else { file.persist(&path) };
        match stored {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(ObjectError::Exists),
            Err(error) => Err(ObjectError::Io(error.error)),
        }
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> Result<Vec<u8>, ObjectError> {
        fs::read(self.path(bucket, key)).map_err(not_found)
    }

    pub(super) fn head(&self, bucket: &str, key: &str) -> Result<ObjectEntry, ObjectError> {
        entry(&self.path(bucket, key), key.to_owned())
    }

    pub(super) fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectEntry>, ObjectError> {
        let root = self.root.join(bucket);
        let mut entries = Vec::new();
        collect(&root, &root, &mut entries).map_err(ObjectError::Io)?;
        entries.retain(|entry| entry.key.starts_with(prefix));
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    pub(super) fn has_bucket(&self, bucket: &str) -> bool {
        let plain = Path::new(bucket).components().eq([Component::Normal(bucket.as_ref())]);
        plain && bucket != UNFINISHED && self.root.join(bucket).is_dir()
    }

    fn path(&self, bucket: &str, key: &str) -> PathBuf {
        self.root.join(bucket).join(key)
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
