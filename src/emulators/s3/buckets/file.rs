//! Objects one behind the other in a file, and where each of them is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::SystemTime;

use parking_lot::Mutex;

use super::{ObjectEntry, ObjectError};

/// Buckets in a file. A replaced object's old content stays in it. Keys are checked before they come here.
#[derive(Debug)]
pub(super) struct ObjectFile {
    file: File,
    index: Mutex<Index>,
}

#[derive(Debug)]
struct Index {
    buckets: BTreeMap<String, BTreeMap<String, Place>>,
    /// The length of the file.
    end: u64,
}

/// The place of an object's content.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: u64,
    size: u64,
    modified: SystemTime,
}

impl ObjectFile {
    /// Creates the file, which only its owner can read.
    pub(super) fn create(path: &Path, buckets: &[&str]) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        let buckets = buckets.iter().map(|bucket| ((*bucket).to_owned(), BTreeMap::new())).collect();
        Ok(Self { file, index: Mutex::new(Index { buckets, end: 0 }) })
    }

    pub(super) fn put(&self, bucket: &str, key: &str, content: &[u8], only_new: bool) -> Result<(), ObjectError> {
        let mut index = self.index.lock();
        let Index { buckets, end } = &mut *index;
        let objects = buckets.get_mut(bucket).ok_or(ObjectError::NoBucket)?;
        if only_new && objects.contains_key(key) {
            return Err(ObjectError::Exists);
        }
        self.file.write_all_at(content, *end).map_err(ObjectError::Io)?;
        let place = Place { offset: *end, size: content.len() as u64, modified: SystemTime::now() };
        objects.insert(key.to_owned(), place);
        *end += place.size;
        Ok(())
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> Result<Vec<u8>, ObjectError> {
        let Place { offset, size, .. } = self.place(bucket, key)?;
        let mut content = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut content, offset).map_err(ObjectError::Io)?;
        Ok(content)
    }

    pub(super) fn head(&self, bucket: &str, key: &str) -> Result<ObjectEntry, ObjectError> {
        Ok(entry(key, self.place(bucket, key)?))
    }

    pub(super) fn list(&self, bucket: &str, prefix: &str) -> Vec<ObjectEntry> {
        let index = self.index.lock();
        let objects = index.buckets.get(bucket).into_iter().flatten();
        objects.filter(|(key, _)| key.starts_with(prefix)).map(|(key, place)| entry(key, *place)).collect()
    }

    pub(super) fn has_bucket(&self, bucket: &str) -> bool {
        self.index.lock().buckets.contains_key(bucket)
    }

    fn place(&self, bucket: &str, key: &str) -> Result<Place, ObjectError> {
        let index = self.index.lock();
        index.buckets.get(bucket).and_then(|objects| objects.get(key)).copied().ok_or(ObjectError::NoObject)
    }
}

fn entry(key: &str, Place { size, modified, .. }: Place) -> ObjectEntry {
    ObjectEntry { key: key.to_owned(), size, modified }
}
