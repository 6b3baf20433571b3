//! Buckets and their objects.
//!
//! - [`folder`]: objects as files, for whoever looks at them after the run
//! - [`mod@file`]: all objects in one file, for runs that keep nothing

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use parking_lot::Mutex;

mod file;
mod folder;

use file::ObjectFile;
use folder::ObjectFolder;

/// The place of the objects.
#[derive(Clone, Debug)]
pub enum ObjectStorage {
    /// A folder, with a file for each object: `{folder}/{bucket}/{key}`.
    Folder(PathBuf),
    /// One new file. Making and removing a file costs more than all else that happens to an object.
    File(PathBuf),
}

impl From<PathBuf> for ObjectStorage {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

/// Buckets with their objects.
#[derive(Debug)]
pub struct Buckets {
    names: Vec<String>,
    objects: Objects,
    /// The objects that were stored since the storage was opened, counted by bucket.
    stored: Mutex<BTreeMap<String, Stored>>,
}

/// The objects that were stored in a bucket.
#[derive(Debug, Default)]
struct Stored {
    objects: u64,
    /// The keys and sizes of the last ones, the newest first.
    newest: VecDeque<(String, usize)>,
}

/// The number of objects that are remembered as the newest ones.
const NEWEST: usize = 20;

#[derive(Debug)]
enum Objects {
    Folder(ObjectFolder),
    File(ObjectFile),
}

/// An object without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Opens the storage. A folder and the buckets in it are made unless they exist.
    pub fn open(storage: impl Into<ObjectStorage>, buckets: &[&str]) -> io::Result<Self> {
        let objects = match storage.into() {
            ObjectStorage::Folder(root) => Objects::Folder(ObjectFolder::open(root, buckets)?),
            ObjectStorage::File(path) => Objects::File(ObjectFile::create(&path, buckets)?),
        };
        let names = buckets.iter().map(|name| (*name).to_owned()).collect();
        Ok(Self { names, objects, stored: Mutex::default() })
    }

    /// Returns the names of the buckets.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Stores an object, whole or not at all. With `only_new` an existing object is never replaced, even if two writers
    /// store it at once.
    pub fn put(&self, bucket: &str, key: &str, content: &[u8], only_new: bool) -> Result<(), ObjectError> {
        self.check(bucket, key)?;
        match &self.objects {
            Objects::Folder(folder) => folder.put(bucket, key, content, only_new)?,
            Objects::File(file) => file.put(bucket, key, content, only_new)?,
        }
        let mut stored = self.stored.lock();
        let Stored { objects, newest } = stored.entry(bucket.to_owned()).or_default();
        *objects += 1;
        newest.truncate(NEWEST - 1);
        newest.push_front((key.to_owned(), content.len()));
        Ok(())
    }

    /// Returns how many objects were stored in this bucket since the storage was opened.
    pub fn stored(&self, bucket: &str) -> u64 {
        self.stored.lock().get(bucket).map_or(0, |stored| stored.objects)
    }

    /// Returns the keys and sizes of the last objects that were stored since the storage was opened, the newest first.
    pub fn newest(&self, bucket: &str) -> Vec<(String, usize)> {
        self.stored.lock().get(bucket).map(|stored| stored.newest.iter().cloned().collect()).unwrap_or_default()
    }

    /// Returns the content of an object.
    pub fn get(&self, bucket: &str, key: &str) -> Result<Vec<u8>, ObjectError> {
        self.check(bucket, key)?;
        match &self.objects {
            Objects::Folder(folder) => folder.get(bucket, key),
            Objects::File(file) => file.get(bucket, key),
        }
    }

    pub(super) fn head(&self, bucket: &str, key: &str) -> Result<ObjectEntry, ObjectError> {
        self.check(bucket, key)?;
        match &self.objects {
            Objects::Folder(folder) => folder.head(bucket, key),
            Objects::File(file) => file.head(bucket, key),
        }
    }

    /// Lists the objects of a bucket whose keys begin with `prefix`, ordered by the keys' bytes.
    pub(super) fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectEntry>, ObjectError> {
        self.check_bucket(bucket)?;
        match &self.objects {
            Objects::Folder(folder) => folder.list(bucket, prefix),
            Objects::File(file) => Ok(file.list(bucket, prefix)),
        }
    }

    pub(super) fn check_bucket(&self, bucket: &str) -> Result<(), ObjectError> {
        let exists = match &self.objects {
            Objects::Folder(folder) => folder.has_bucket(bucket),
            Objects::File(file) => file.has_bucket(bucket),
        };
        if exists { Ok(()) } else { Err(ObjectError::NoBucket) }
    }

    /// Refuses a key that is not a plain path (`../x`, `/x`, `a//b`, `x/`): as a file it would be another key's, or lie
    /// outside of the bucket.
    fn check(&self, bucket: &str, key: &str) -> Result<(), ObjectError> {
        self.check_bucket(bucket)?;
        let plain = !key.contains('\0') && key.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if plain { Ok(()) } else { Err(ObjectError::Key) }
    }
}
