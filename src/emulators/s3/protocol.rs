//! The S3 operations that the functions use, and those for looking at a bucket.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use s3s::checksum::ChecksumHasher;
use s3s::dto::{
    Bucket, Checksum, CommonPrefix, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput,
    HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListObjectsV2Input, ListObjectsV2Output,
    Object, PutObjectInput, PutObjectOutput, StreamingBlob, Timestamp,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, TrailingHeaders, s3_error};

use super::buckets::{Buckets, ObjectError};
use super::listing::{Page, Query};

/// The largest object, in bytes: far larger than a batch can be.
pub(super) const OBJECT_LIMIT: usize = 64 * 1024 * 1024;
/// The largest number of objects in a page of a listing (S3's limit).
const PAGE: usize = 1000;

pub(super) struct Operations(pub(super) Arc<Buckets>);

#[async_trait::async_trait]
impl S3 for Operations {
    /// Checks the checksums of the request, then stores the object under its key; with `If-None-Match: *` only a new
    /// one (412 otherwise). Other conditions are errors rather than ignored.
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let S3Request { mut input, trailing_headers, .. } = request;
        if input.if_match.is_some() || input.content_md5.is_some() {
            return Err(s3_error!(NotImplemented, "only `If-None-Match: *` and x-amz-checksum headers are supported"));
        }
        let only_new = match &input.if_none_match {
            None => false,
            Some(condition) if condition.is_any() => true,
            Some(_) => return Err(s3_error!(NotImplemented, "only `If-None-Match: *` is supported")),
        };
        let content = match input.body.take() {
            Some(body) => read(body).await?,
            None => Bytes::new(),
        };
        let sent = sent_checksums(&input, trailing_headers.as_ref())?;
        let computed = compute(&sent, &content);
        if sent != computed {
            return Err(s3_error!(BadDigest, "the content does not match its checksum"));
        }
        self.0.put(&input.bucket, &input.key, &content, only_new).map_err(s3_error)?;
        Ok(S3Response::new(PutObjectOutput {
            checksum_crc32: computed.checksum_crc32,
            checksum_crc32c: computed.checksum_crc32c,
            checksum_crc64nvme: computed.checksum_crc64nvme,
            checksum_sha1: computed.checksum_sha1,
            checksum_sha256: computed.checksum_sha256,
            ..PutObjectOutput::default()
        }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        if input.range.is_some() {
            return Err(s3_error!(NotImplemented, "ranges are not supported"));
        }
        let entry = self.0.head(&input.bucket, &input.key).map_err(s3_error)?;
        let content = self.0.get(&input.bucket, &input.key).map_err(s3_error)?;
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(length(content.len() as u64)),
            last_modified: Some(Timestamp::from(entry.modified)),
            body: Some(StreamingBlob::from(s3s::Body::from(content))),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let entry = self.0.head(&request.input.bucket, &request.input.key).map_err(s3_error)?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(length(entry.size)),
            last_modified: Some(Timestamp::from(entry.modified)),
            ..HeadObjectOutput::default()
        }))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.0.check_bucket(&request.input.bucket).map_err(s3_error)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    /// Lists by prefix, page by page; the token is the last key of the page before.
    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input.continuation_token.as_ref().or(input.start_after.as_ref()).cloned().unwrap_or_default();
        let limit = input.max_keys.and_then(|keys| usize::try_from(keys).ok()).unwrap_or(PAGE).min(PAGE);
        let entries = self.0.list(&input.bucket, &prefix).map_err(s3_error)?;
        let query = Query { prefix: &prefix, delimiter: input.delimiter.as_deref(), after: &after, limit };
        let Page { objects, common_prefixes, last } = query.page(entries);
        let contents: Vec<_> = objects
            .into_iter()
            .map(|entry| Object {
                key: Some(entry.key),
                size: Some(length(entry.size)),
                last_modified: Some(Timestamp::from(entry.modified)),
                ..Object::default()
            })
            .collect();
        let common: Vec<_> = common_prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect();
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(prefix),
            delimiter: input.delimiter,
            key_count: i32::try_from(contents.len() + common.len()).ok(),
            max_keys: i32::try_from(limit).ok(),
            is_truncated: Some(last.is_some()),
            next_continuation_token: last,
            contents: Some(contents),
            common_prefixes: Some(common),
            ..ListObjectsV2Output::default()
        }))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let bucket = |name: &String| Bucket { name: Some(name.clone()), ..Bucket::default() };
        let buckets = self.0.names().iter().map(bucket).collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..ListBucketsOutput::default() }))
    }
}

async fn read(body: StreamingBlob) -> S3Result<Bytes> {
    to_bytes(Body::from_stream(body), OBJECT_LIMIT)
        .await
        .map_err(|error| s3_error!(IncompleteBody, "the content could not be read: {error}"))
}

/// Returns the checksums of the request, from its headers or its trailers.
fn sent_checksums(input: &PutObjectInput, trailers: Option<&TrailingHeaders>) -> S3Result<Checksum> {
    let trailers = trailers.and_then(TrailingHeaders::take).unwrap_or_default();
    let either = |header: &Option<String>, name: &str| -> S3Result<Option<String>> {
        match trailers.get(name) {
            Some(value) => value
                .to_str()
                .map(|value| Some(value.to_owned()))
                .map_err(|_| s3_error!(InvalidArgument, "{name} is not text")),
            None => Ok(header.clone()),
        }
    };
    Ok(Checksum {
        checksum_crc32: either(&input.checksum_crc32, "x-amz-checksum-crc32")?,
        checksum_crc32c: either(&input.checksum_crc32c, "x-amz-checksum-crc32c")?,
        checksum_crc64nvme: either(&input.checksum_crc64nvme, "x-amz-checksum-crc64nvme")?,
        checksum_sha1: either(&input.checksum_sha1, "x-amz-checksum-sha1")?,
        checksum_sha256: either(&input.checksum_sha256, "x-amz-checksum-sha256")?,
        ..Checksum::default()
    })
}

/// Computes the same checksums of the content.
fn compute(sent: &Checksum, content: &[u8]) -> Checksum {
    let mut hasher = ChecksumHasher {
        crc32: sent.checksum_crc32.as_ref().map(|_| s3s::crypto::Checksum::new()),
        crc32c: sent.checksum_crc32c.as_ref().map(|_| s3s::crypto::Checksum::new()),
        sha1: sent.checksum_sha1.as_ref().map(|_| s3s::crypto::Checksum::new()),
        sha256: sent.checksum_sha256.as_ref().map(|_| s3s::crypto::Checksum::new()),
        crc64nvme: sent.checksum_crc64nvme.as_ref().map(|_| s3s::crypto::Checksum::new()),
    };
    hasher.update(content);
    hasher.finalize()
}

fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn s3_error(error: ObjectError) -> S3Error {
    match error {
        ObjectError::NoBucket => s3_error!(NoSuchBucket),
        ObjectError::NoObject => s3_error!(NoSuchKey),
        ObjectError::Exists => s3_error!(PreconditionFailed, "the object exists"),
        ObjectError::Key => s3_error!(InvalidArgument, "the key cannot be a path"),
        ObjectError::Io(error) => s3_error!(InternalError, "{error}"),
    }
}
