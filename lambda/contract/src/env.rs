//! Environment variables of the functions. Every name is set by the rendered stack or, where it says so, only by
//! `pipegen local`.

/// Host name of PostgreSQL.
pub const DATABASE_HOST: &str = "PIPEGEN_DATABASE_HOST";
/// TCP port of PostgreSQL.
pub const DATABASE_PORT: &str = "PIPEGEN_DATABASE_PORT";
/// The database's name.
pub const DATABASE_NAME: &str = "PIPEGEN_DATABASE_NAME";
/// ARN of the secret with the functions' own login (`{"username", "password"}`).
pub const DATABASE_SECRET_ARN: &str = "PIPEGEN_DATABASE_SECRET_ARN";
/// ARN of the master secret that RDS manages; only `migrate` has it.
pub const DATABASE_MASTER_SECRET_ARN: &str = "PIPEGEN_DATABASE_MASTER_SECRET_ARN";
/// ARN of the secret with the writers' login; for `migrate`, which makes it.
pub const DATABASE_WRITER_SECRET_ARN: &str = "PIPEGEN_DATABASE_WRITER_SECRET_ARN";
/// ARN of the secret with the readers' login; for `migrate`, which makes it.
pub const DATABASE_READER_SECRET_ARN: &str = "PIPEGEN_DATABASE_READER_SECRET_ARN";
/// ARN of the secret with the maintainers' login; for `migrate`, which makes it.
pub const DATABASE_MAINTAINER_SECRET_ARN: &str = "PIPEGEN_DATABASE_MAINTAINER_SECRET_ARN";
/// How many connections each of the writers' logins may hold; `migrate` sets it as the role's `CONNECTION LIMIT`.
pub const DATABASE_WRITER_CONNECTIONS: &str = "PIPEGEN_DATABASE_WRITER_CONNECTIONS";
/// How many connections each of the readers' logins may hold.
pub const DATABASE_READER_CONNECTIONS: &str = "PIPEGEN_DATABASE_READER_CONNECTIONS";
/// How many connections each of the maintainers' logins may hold.
pub const DATABASE_MAINTAINER_CONNECTIONS: &str = "PIPEGEN_DATABASE_MAINTAINER_CONNECTIONS";
/// Host name of Redis, the primary endpoint.
pub const CACHE_HOST: &str = "PIPEGEN_CACHE_HOST";
/// TCP port of Redis.
pub const CACHE_PORT: &str = "PIPEGEN_CACHE_PORT";
/// Name of the IAM-authenticated Redis user.
pub const CACHE_USER: &str = "PIPEGEN_CACHE_USER";
/// Id of the replication group, for which IAM tokens are signed.
pub const CACHE_REPLICATION_GROUP: &str = "PIPEGEN_CACHE_REPLICATION_GROUP";
/// How long a product view stays in the cache, in seconds.
pub const CACHE_VIEW_SECONDS: &str = "PIPEGEN_CACHE_VIEW_SECONDS";
/// How long before its record's arrival an event's time may lie, in seconds.
pub const HORIZON_SECONDS: &str = "PIPEGEN_HORIZON_SECONDS";
/// How long the stream keeps a record, in seconds.
pub const STREAM_RETENTION_SECONDS: &str = "PIPEGEN_STREAM_RETENTION_SECONDS";
/// Names of the suppliers whose events are accepted, between commas; without it everybody's are.
pub const SUPPLIERS: &str = "PIPEGEN_SUPPLIERS";
/// Namespace of the metrics; without it none are counted.
pub const METRIC_NAMESPACE: &str = "PIPEGEN_METRIC_NAMESPACE";
/// Name of the archive bucket.
pub const ARCHIVE_BUCKET: &str = "PIPEGEN_ARCHIVE_BUCKET";
/// Name of the quarantine bucket.
pub const QUARANTINE_BUCKET: &str = "PIPEGEN_QUARANTINE_BUCKET";

/// Development only: a PEM file with the authority that PostgreSQL's and Redis' certificates must come from, instead of the public
/// ones. Never rendered.
pub const DEV_AUTHORITY: &str = "PIPEGEN_DEV_AUTHORITY";
/// Development only: with the value `1`, PostgreSQL is spoken to in plain text. Never rendered.
pub const DEV_DATABASE_PLAINTEXT: &str = "PIPEGEN_DEV_DATABASE_PLAINTEXT";
/// Development only: a Redis URL that takes the place of host, port and IAM user. Never rendered.
pub const DEV_CACHE_URL: &str = "PIPEGEN_DEV_CACHE_URL";

/// What begins the name of every setting that only `pipegen local` may set.
pub const DEV_PREFIX: &str = "PIPEGEN_DEV_";
