//! A place with the objects of one bucket: the bucket itself, or a folder with a copy of it.

use bytes::Bytes;

use super::bucket::{Bucket, BucketListing};
use super::folder::{Folder, FolderListing};
use super::time_range::HourRange;

/// The largest object that is read, in bytes: many times what a batch can be.
pub(super) const OBJECT_LIMIT: u64 = 64 * 1024 * 1024;

/// A bucket or a folder.
#[derive(Clone, Debug)]
pub enum Source {
    Bucket(Bucket),
    Folder(Folder),
}

/// An object, before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectEntry {
    pub key: String,
    pub size: u64,
}

/// An object's content.
#[derive(Clone, Debug)]
pub struct Body {
    pub bytes: Bytes,
    /// The SHA-256 that S3 keeps of it, in base64; none in a folder, or if it was stored without one.
    pub checksum: Option<String>,
}

impl Source {
    /// Lists the objects under a prefix that ends with `/`, ordered by the bytes of their keys. Of those whose keys go
    /// on with an hour only the hours of the range are looked at.
    pub fn list(&self, prefix: &str, hours: HourRange) -> Listing {
        match self {
            Self::Bucket(bucket) => Listing::Bucket(bucket.list(prefix, hours)),
            Self::Folder(folder) => Listing::Folder(folder.list(prefix, hours)),
        }
    }

    /// Reads an object.
    pub async fn get(&self, object: &ObjectEntry) -> anyhow::Result<Body> {
        anyhow::ensure!(
            object.size <= OBJECT_LIMIT,
            "{}: has {} bytes, which is more than any batch of records can have",
            object.key,
            object.size
        );
        match self {
            Self::Bucket(bucket) => bucket.get(&object.key).await,
            Self::Folder(folder) => folder.get(&object.key).await,
        }
    }
}

/// A listing that goes on as it is asked.
#[derive(Debug)]
pub enum Listing {
    Bucket(BucketListing),
    Folder(FolderListing),
}

impl Listing {
    /// Returns the next object.
    pub async fn next(&mut self) -> anyhow::Result<Option<ObjectEntry>> {
        match self {
            Self::Bucket(listing) => listing.next().await,
            Self::Folder(listing) => listing.next(),
        }
    }
}
