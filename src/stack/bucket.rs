//! What every bucket has: `aws_s3_bucket` with encryption, versions, TLS only, no public access and an end for
//! everything in it.

use serde_json::{Value, json};

use super::Build;
use super::access::policy;
use super::account::Account;
use super::encryption::Key;
use super::names::Name;
use crate::terraform::{Block, Expression, Reference};

/// Days until unfinished uploads and what was overwritten or deleted are gone.
const LEFTOVER_DAYS: u32 = 7;

/// A bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    bucket: Reference,
    /// What must be there before anything is put into it.
    pub(super) protection: Vec<Reference>,
}

impl Bucket {
    pub(super) fn arn(&self) -> Expression {
        self.bucket.attribute("arn")
    }

    pub(super) fn name(&self) -> Expression {
        self.bucket.attribute("bucket")
    }

    /// The ARN of everything under a prefix.
    pub(super) fn objects(&self, prefix: &str) -> Expression {
        self.arn().then("/").then(prefix).then("*")
    }
}

/// Declares a bucket whose objects are kept for so many days.
pub(super) fn declare(build: &mut Build<'_>, account: &Account, key: &Key, name: Name, days: u32) -> Bucket {
    let label = name.purpose;
    let body = json!({
        "bucket": build.names.bucket(name, account),
        // Destroy empties it first.
        "force_destroy": true,
    });
    let bucket = build.document.resource(Block::new("aws_s3_bucket", label, body));
    let mut part = |kind, body: Value, after: &[&Reference]| {
        let mut body = body;
        body["bucket"] = json!(bucket.attribute("id"));
        build.document.resource(Block::new(kind, label, body).after(after.iter().copied()))
    };
    let access = part(
        "aws_s3_bucket_public_access_block",
        json!({
            "block_public_acls": true,
            "block_public_policy": true,
            "ignore_public_acls": true,
            "restrict_public_buckets": true,
        }),
        &[],
    );
    let owner = json!({ "rule": { "object_ownership": "BucketOwnerEnforced" } });
    let owner = part("aws_s3_bucket_ownership_controls", owner, &[]);
    let encryption = json!({
        "rule": {
            "apply_server_side_encryption_by_default": { "sse_algorithm": "aws:kms", "kms_master_key_id": key.arn() },
            // One call to the key for many objects.
            "bucket_key_enabled": true,
        },
    });
    let encryption = part("aws_s3_bucket_server_side_encryption_configuration", encryption, &[]);
    let versioning = json!({ "versioning_configuration": { "status": "Enabled" } });
    let versioning = part("aws_s3_bucket_versioning", versioning, &[]);
    // S3 takes one change of who may access a bucket at a time.
    let tls = part("aws_s3_bucket_policy", json!({ "policy": tls_only(&bucket) }), &[&access, &owner]);
    let lifecycle = json!({ "rule": [expiry(days), leftovers()] });
    // Rules about old versions mean something only once there are versions.
    part("aws_s3_bucket_lifecycle_configuration", lifecycle, &[&versioning]);
    Bucket { bucket, protection: vec![access, owner, encryption, versioning, tls] }
}

/// Refuses what is not encrypted on its way, nothing else: further conditions would refuse Lambda's own writes.
fn tls_only(bucket: &Reference) -> Expression {
    policy([json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": { "AWS": "*" },
        "Action": "s3:*",
        "Resource": [bucket.attribute("arn"), bucket.attribute("arn").then("/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })])
}

fn expiry(days: u32) -> Value {
    json!({ "id": "expire", "status": "Enabled", "filter": {}, "expiration": { "days": days } })
}

fn leftovers() -> Value {
    json!({
        "id": "leftovers",
        "status": "Enabled",
        "filter": {},
        "noncurrent_version_expiration": { "noncurrent_days": LEFTOVER_DAYS },
        "abort_incomplete_multipart_upload": { "days_after_initiation": LEFTOVER_DAYS },
    })
}
