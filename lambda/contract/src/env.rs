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
/// ARN of the secret with the writers' login; for `migrate`, which creates the login.
pub const DATABASE_WRITER_SECRET_ARN: &str = "PIPEGEN_DATABASE_WRITER_SECRET_ARN";
/// ARN of the secret with the readers' login; for `migrate`, which creates the login.
pub const DATABASE_READER_SECRET_ARN: &str = "PIPEGEN_DATABASE_READER_SECRET_ARN";
/// ARN of the secret with the maintainers' login; for `migrate`, which creates the login.
pub const DATABASE_MAINTAINER_SECRET_ARN: &str = "PIPEGEN_DATABASE_MAINTAINER_SECRET_ARN";
/// Number of connections that each of the writers' logins may have; `migrate` sets it as the role's `CONNECTION LIMIT`.
pub const DATABASE_WRITER_CONNECTIONS: &str = "PIPEGEN_DATABASE_WRITER_CONNECTIONS";
/// Number of connections that each of the readers' logins may have.
pub const DATABASE_READER_CONNECTIONS: &str = "PIPEGEN_DATABASE_READER_CONNECTIONS";
/// Number of connections that each of the maintainers' logins may have.
pub const DATABASE_MAINTAINER_CONNECTIONS: &str = "PIPEGEN_DATABASE_MAINTAINER_CONNECTIONS";
/// Host name of Redis, the primary endpoint.
pub const CACHE_HOST: &str = "PIPEGEN_CACHE_HOST";
/// TCP port of Redis.
pub const CACHE_PORT: &str = "PIPEGEN_CACHE_PORT";
/// Name of the IAM-authenticated Redis user.
pub const CACHE_USER: &str = "PIPEGEN_CACHE_USER";
/// Id of the replication group, for which IAM tokens are signed.
pub const CACHE_REPLICATION_GROUP: &str = "PIPEGEN_CACHE_REPLICATION_GROUP";
/// Seconds that a product view stays in the cache.
pub const CACHE_VIEW_SECONDS: &str = "PIPEGEN_CACHE_VIEW_SECONDS";
/// Seconds that an event's time may lie before its record's arrival.
pub const HORIZON_SECONDS: &str = "PIPEGEN_HORIZON_SECONDS";
/// Seconds that the stream keeps a record.
pub const STREAM_RETENTION_SECONDS: &str = "PIPEGEN_STREAM_RETENTION_SECONDS";
/// Names of the suppliers whose events are accepted, separated by commas; without it every supplier's are.
pub const SUPPLIERS: &str = "PIPEGEN_SUPPLIERS";
/// Name of the stream, for `ingest`.
pub const STREAM_NAME: &str = "PIPEGEN_STREAM_NAME";
/// The environment, which is the end of the names of the suppliers' roles; for `ingest`.
pub const ENVIRONMENT: &str = "PIPEGEN_ENVIRONMENT";
/// Namespace of the metrics; without it none are written.
pub const METRIC_NAMESPACE: &str = "PIPEGEN_METRIC_NAMESPACE";
/// Name of the archive bucket.
pub const ARCHIVE_BUCKET: &str = "PIPEGEN_ARCHIVE_BUCKET";
/// Name of the quarantine bucket.
pub const QUARANTINE_BUCKET: &str = "PIPEGEN_QUARANTINE_BUCKET";
/// Name of the bucket of low-stock crossings, for `maintain`.
pub const CROSSINGS_BUCKET: &str = "PIPEGEN_CROSSINGS_BUCKET";

/// Development only: a PEM file with the authority that must have issued PostgreSQL's and Redis' certificates, instead
/// of the public ones. Never rendered.
pub const DEV_AUTHORITY: &str = "PIPEGEN_DEV_AUTHORITY";
/// Development only: with the value `1`, connections to PostgreSQL are not encrypted. Never rendered.
pub const DEV_DATABASE_PLAINTEXT: &str = "PIPEGEN_DEV_DATABASE_PLAINTEXT";
/// Development only: a Redis URL that replaces host, port and IAM user. Never rendered.
pub const DEV_CACHE_URL: &str = "PIPEGEN_DEV_CACHE_URL";

/// The prefix of the settings that only `pipegen local` may set.
pub const DEV_PREFIX: &str = "PIPEGEN_DEV_";
