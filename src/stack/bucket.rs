//! Buckets: `aws_s3_bucket` with encryption, versions, TLS only, no public access and an expiry for everything in it.

use serde_json::{Value, json};

use super::access::{policy, tls_only};
use super::account::AwsAccount;
use super::build::Build;
use super::encryption::Key;
use super::keep;
use super::names::Name;
use crate::terraform::{Block, Expression, Reference};

/// Days until unfinished uploads, and versions that were overwritten or deleted, are gone.
const LEFTOVER_DAYS: u32 = 7;

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub(super) label: String,
    resource: Reference,
    /// The resources that must exist before any object is put into it.
    pub(super) protection: Vec<Reference>,
}

/// The differences from bucket to bucket.
pub(super) struct BucketSpec<'a> {
    pub(super) name: Name,
    /// The key of its objects; `None` is S3's own key.
    pub(super) key: Option<&'a Key>,
    /// Days for which its objects are kept.
    pub(super) days: u32,
    /// Further lifecycle rules.
    pub(super) rules: Vec<Value>,
    /// Further statements of its policy.
    pub(super) statements: &'a dyn Fn(&Bucket) -> Vec<Value>,
}

impl Bucket {
    pub(super) fn arn(&self) -> Expression {
        self.resource.attribute("arn")
    }

    pub(super) fn name(&self) -> Expression {
        self.resource.attribute("bucket")
    }

    /// Returns the ARN of all objects under a prefix.
    pub(super) fn objects(&self, prefix: &str) -> Expression {
        self.arn().then("/").then(prefix).then("*")
    }

    /// Declares a part of the bucket.
    pub(super) fn part(
        &self,
        build: &mut Build<'_>,
        kind: &'static str,
        mut body: Value,
        after: &[&Reference],
    ) -> Reference {
        body["bucket"] = json!(self.resource.attribute("id"));
        build.document.resource(Block::new(kind, self.label.as_str(), body).after(after.iter().copied()))
    }
}

/// Declares a bucket.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, spec: BucketSpec<'_>) -> Bucket {
    let label = spec.name.purpose.replace('-', "_");
    let body = json!({
        "bucket": build.names.bucket(spec.name, account.id()),
        // Destroy empties it first.
        "force_destroy": !build.settings.keep_on_destroy,
        "lifecycle": keep::lifecycle(build),
    });
    let resource = build.document.resource(Block::new("aws_s3_bucket", label.as_str(), body));
    let mut bucket = Bucket { label, resource, protection: Vec::new() };
    let access = json!({
        "block_public_acls": true,
        "block_public_policy": true,
        "ignore_public_acls": true,
        "restrict_public_buckets": true,
    });
    let access = bucket.part(build, "aws_s3_bucket_public_access_block", access, &[]);
    let owner = json!({ "rule": { "object_ownership": "BucketOwnerEnforced" } });
    let owner = bucket.part(build, "aws_s3_bucket_ownership_controls", owner, &[]);
    let encryption = json!({ "rule": encryption(build, spec.key) });
    let encryption = bucket.part(build, "aws_s3_bucket_server_side_encryption_configuration", encryption, &[]);
    let versioning = json!({ "versioning_configuration": { "status": "Enabled" } });
    let versioning = bucket.part(build, "aws_s3_bucket_versioning", versioning, &[]);
    let statements =
        std::iter::once(tls_only("s3:*", &[bucket.arn(), bucket.objects("")])).chain((spec.statements)(&bucket));
    let statements = json!({ "policy": policy(statements) });
    // S3 takes one change of who may access a bucket at a time.
    let statements = bucket.part(build, "aws_s3_bucket_policy", statements, &[&access, &owner]);
    let rules: Vec<_> = [expiry(spec.days), leftovers()].into_iter().chain(spec.rules).collect();
    // Rules about old versions mean something only once there are versions.
    bucket.part(build, "aws_s3_bucket_lifecycle_configuration", json!({ "rule": rules }), &[&versioning]);
    bucket.protection = vec![access, owner, encryption, versioning, statements];
    bucket
}

/// Announces created and deleted objects on the account's event bus, for consumers outside this stack.
pub(super) fn announce(build: &mut Build<'_>, bucket: &Bucket) {
    bucket.part(build, "aws_s3_bucket_notification", json!({ "eventbridge": true }), &[]);
}

fn encryption(build: &Build<'_>, key: Option<&Key>) -> Value {
    let mut rule = match key {
        Some(key) => json!({
            "apply_server_side_encryption_by_default": { "sse_algorithm": "aws:kms", "kms_master_key_id": key.arn() },
            // One call to KMS for many objects.
            "bucket_key_enabled": true,
        }),
        None => json!({ "apply_server_side_encryption_by_default": { "sse_algorithm": "AES256" } }),
    };
    if build.settings.aws_provider >= 6 {
        // Objects under a key that only their writer has could be read by nobody else.
        rule["blocked_encryption_types"] = json!(["SSE-C"]);
    }
    rule
}

/// Denies everybody to delete objects; the lifecycle still expires them. Destroy removes the policy first.
pub(super) fn no_deleting(bucket: &Bucket) -> Value {
    json!({
        "Sid": "NoDeleting",
        "Effect": "Deny",
        "Principal": { "AWS": "*" },
        "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        "Resource": [bucket.objects("")],
    })
}

/// Denies overwriting objects under this prefix: an overwritten version expires with the leftovers.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html>
pub(super) fn no_overwriting(bucket: &Bucket, prefix: &str) -> Value {
    json!({
        "Sid": "NoOverwriting",
        "Effect": "Deny",
        "Principal": { "AWS": "*" },
        "Action": "s3:PutObject",
        "Resource": [bucket.objects(prefix)],
        "Condition": { "Null": { "s3:if-none-match": "true" } },
    })
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
