//! The operations, called as the protocol calls them. The pipeline's tests use the server with the real SDK.

use s3s::dto::{ETagCondition, GetObjectInput, ListObjectsV2Input, PutObjectInput, StreamingBlob};
use s3s::{S3, S3ErrorCode, S3Request};

use super::protocol::Operations;
use super::*;

const BUCKET: &str = "bucket";

/// The operations on each kind of storage.
fn operations(folder: &tempfile::TempDir) -> [Operations; 2] {
    let path = |name: &str| folder.path().join(name);
    [ObjectStorage::Folder(path("folder")), ObjectStorage::File(path("file"))]
        .map(|storage| Operations(Arc::new(Buckets::open(storage, &[BUCKET]).expect("opened"))))
}

fn request<T>(input: T) -> S3Request<T> {
    S3Request {
        input,
        method: axum::http::Method::PUT,
        uri: axum::http::Uri::from_static("/"),
        headers: axum::http::HeaderMap::new(),
        extensions: axum::http::Extensions::new(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

fn object(key: &str, content: &str) -> PutObjectInput {
    let mut input = PutObjectInput::builder();
    input.set_bucket(BUCKET.to_owned());
    input.set_key(key.to_owned());
    input.set_body(Some(StreamingBlob::from(s3s::Body::from(content.to_owned()))));
    input.build().expect("whole")
}

async fn stored(operations: &Operations, key: &str) -> Option<String> {
    let mut input = GetObjectInput::builder();
    input.set_bucket(BUCKET.to_owned());
    input.set_key(key.to_owned());
    let output = operations.get_object(request(input.build().expect("whole"))).await.ok()?;
    let bytes = axum::body::to_bytes(Body::from_stream(output.output.body?), 1024).await.ok()?;
    String::from_utf8(bytes.to_vec()).ok()
}

async fn refused(operations: &Operations, input: PutObjectInput) -> S3ErrorCode {
    operations.put_object(request(input)).await.expect_err("refused").code().clone()
}

#[tokio::test]
async fn a_conditional_write_never_replaces() {
    let folder = tempfile::tempdir().expect("a folder");
    for operations in operations(&folder) {
        let new = |content| PutObjectInput { if_none_match: Some(ETagCondition::Any), ..object("a/b", content) };
        operations.put_object(request(new("first"))).await.expect("stored");
        assert_eq!(refused(&operations, new("second")).await, S3ErrorCode::PreconditionFailed);
        assert_eq!(stored(&operations, "a/b").await.as_deref(), Some("first"));
        operations.put_object(request(object("a/b", "third"))).await.expect("replaced");
        assert_eq!(stored(&operations, "a/b").await.as_deref(), Some("third"));
    }
}

#[tokio::test]
async fn a_wrong_checksum_stores_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for operations in operations(&folder) {
        // Of `first`: `printf first | sha256sum | xxd -r -p | base64`.
        let checksum = || Some("p5N7ZLjKpY8Dchu2us9ceMsjX+vg5wsbhM2ZVBRhoI4=".to_owned());
        let input = PutObjectInput { checksum_sha256: checksum(), ..object("k", "second") };
        assert_eq!(refused(&operations, input).await, S3ErrorCode::BadDigest);
        assert_eq!(stored(&operations, "k").await, None);
        let wrong = PutObjectInput { checksum_crc32: Some("AAAAAA==".to_owned()), ..object("k", "first") };
        assert_eq!(refused(&operations, wrong).await, S3ErrorCode::BadDigest);
        let input = PutObjectInput { checksum_sha256: checksum(), ..object("k", "first") };
        operations.put_object(request(input)).await.expect("stored");
        assert_eq!(stored(&operations, "k").await.as_deref(), Some("first"));
    }
}

#[tokio::test]
async fn a_key_stays_in_its_bucket() {
    let folder = tempfile::tempdir().expect("a folder");
    for operations in operations(&folder) {
        for key in ["../x", "a/../../x", "/x", "a//b", "x/", ".", ""] {
            assert_eq!(refused(&operations, object(key, "")).await, S3ErrorCode::InvalidArgument, "{key}");
        }
        for bucket in ["..", "other", ".unfinished", "bucket/../bucket", ""] {
            let input = PutObjectInput { bucket: bucket.to_owned(), ..object("k", "") };
            assert_eq!(refused(&operations, input).await, S3ErrorCode::NoSuchBucket, "{bucket}");
        }
    }
}

#[tokio::test]
async fn our_longest_keys_fit() {
    let folder = tempfile::tempdir().expect("a folder");
    for operations in operations(&folder) {
        let (shard, number) = ("s".repeat(128), "9".repeat(56));
        let key =
            pipegen_contract::object_key::batch("rejected/v1/", "2010/12/01/08", &shard, &number, &number, "01234567");
        operations.put_object(request(object(&key, "x"))).await.expect("stored");
        assert_eq!(stored(&operations, &key).await.as_deref(), Some("x"));
    }
}

#[tokio::test]
async fn a_listing_has_pages() {
    let folder = tempfile::tempdir().expect("a folder");
    for operations in operations(&folder) {
        for key in ["a/2", "a/1", "b", "a-"] {
            operations.put_object(request(object(key, key))).await.expect("stored");
        }
        let mut seen = Vec::new();
        let mut token = None;
        loop {
            let mut input = ListObjectsV2Input::builder();
            input.set_bucket(BUCKET.to_owned());
            input.set_prefix(Some("a".to_owned()));
            input.set_max_keys(Some(2));
            input.set_continuation_token(token);
            let output =
                operations.list_objects_v2(request(input.build().expect("whole"))).await.expect("a page").output;
            seen.extend(output.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
            token = output.next_continuation_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a-", "a/1", "a/2"]);
    }
}

#[tokio::test]
async fn of_many_conditional_writes_at_once_one_succeeds() {
    let folder = tempfile::tempdir().expect("a folder");
    for Operations(objects) in operations(&folder) {
        let writers: Vec<_> = (0..16)
            .map(|writer| {
                let objects = Arc::clone(&objects);
                std::thread::spawn(move || objects.put(BUCKET, "k", writer.to_string().as_bytes(), true).is_ok())
            })
            .collect();
        let stored = writers.into_iter().map(|writer| writer.join().expect("no panic")).filter(|stored| *stored);
        assert_eq!(stored.count(), 1);
    }
}
