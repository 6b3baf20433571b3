//! A bucket in S3.

use std::collections::VecDeque;

use anyhow::Context as _;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::ChecksumMode;

use super::object_key::HOUR;
use super::source::{Body, ObjectEntry};
use super::time_range::HourRange;
use crate::aws::explain;

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Lists page by page, from the range's first hour to its last: S3 orders keys by their bytes, so this takes no
    /// more calls than there are pages of objects in the range.
    pub(super) fn list(&self, prefix: &str, hours: HourRange) -> BucketListing {
        BucketListing {
            bucket: self.clone(),
            hour_begins: prefix.len(),
            prefix: format!("{prefix}{}", hours.common_prefix()),
            // `first` itself is no key, so this skips nothing of the first hour.
            start_after: hours.first.as_ref().map(|first| format!("{prefix}{first}")),
            hours,
            page: VecDeque::new(),
            token: None,
            is_last: false,
        }
    }

    pub(super) async fn get(&self, key: &str) -> anyhow::Result<Body> {
        let get = self.client.get_object().bucket(&self.name).key(key).checksum_mode(ChecksumMode::Enabled);
        let place = format!("s3://{}/{key}", self.name);
        let object = get.send().await.map_err(|error| explain("s3:GetObject", &place, &error))?;
        let checksum = object.checksum_sha256().map(str::to_owned);
        let body = object.body.collect().await.with_context(|| format!("cannot read {place}"))?;
        Ok(Body { bytes: body.into_bytes(), checksum })
    }
}

/// A listing of a bucket, of which one page is in memory.
#[derive(Debug)]
pub struct BucketListing {
    bucket: Bucket,
    prefix: String,
    hour_begins: usize,
    hours: HourRange,
    start_after: Option<String>,
    page: VecDeque<ObjectEntry>,
    token: Option<String>,
    is_last: bool,
}

impl BucketListing {
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<ObjectEntry>> {
        loop {
            while let Some(entry) = self.page.pop_front() {
                let rest = entry.key.get(self.hour_begins..).unwrap_or_default();
                let hour = rest.get(..HOUR).unwrap_or(rest);
                if self.hours.is_after(hour) {
                    // Keys are in order, so all others are after it as well.
                    self.page.clear();
                    self.is_last = true;
                } else if !self.hours.is_before(hour) {
                    return Ok(Some(entry));
                }
            }
            if self.is_last {
                return Ok(None);
            }
            self.turn_page().await?;
        }
    }

    async fn turn_page(&mut self) -> anyhow::Result<()> {
        let name = &self.bucket.name;
        let list = self.bucket.client.list_objects_v2().bucket(name).prefix(&self.prefix);
        let list = list.set_start_after(self.start_after.clone()).set_continuation_token(self.token.take());
        let page = list.send().await.map_err(|error| explain("s3:ListBucket", name, &error))?;
        self.token = page.next_continuation_token;
        self.is_last = self.token.is_none();
        self.page = page
            .contents
            .unwrap_or_default()
            .into_iter()
            .filter_map(|object| {
                let size = object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
                Some(ObjectEntry { key: object.key?, size })
            })
            .collect();
        Ok(())
    }
}
