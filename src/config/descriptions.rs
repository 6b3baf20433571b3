//! The meaning and the unit of every setting, in the order of `docs/settings.md`, which is made from this table.

/// Settings that belong together.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) settings: &'static [Description],
}

pub(super) struct Description {
    pub(super) key: &'static str,
    /// The unit of a number, if it has one.
    pub(super) unit: &'static str,
    pub(super) text: &'static str,
}

const fn of(key: &'static str, text: &'static str) -> Description {
    Description { key, unit: "", text }
}

const fn number(key: &'static str, unit: &'static str, text: &'static str) -> Description {
    Description { key, unit, text }
}

pub(super) const GROUPS: &[Group] = &[
    Group {
        title: "Environment",
        settings: &[
            of("preset", "The kind of environment: the defaults of all settings that differ by preset."),
            of("region", "The only region: names, prices and limits are checked for it."),
            of(
                "architecture",
                "The functions' processor. Every build machine can build for `x86_64`; `arm64` costs a fifth less.",
            ),
            number("lambda_memory_mb", "MiB", "Memory of each function. Its share of a processor grows with it."),
            of(
                "aws_provider",
                "The major version of Terraform's AWS provider. Only version 6 can restrict readers to the catalog's URL. \
                 [PROVIDERS.md](PROVIDERS.md) says what else differs, and what was tested.",
            ),
            of(
                "keep_on_destroy",
                "With `false`, `terraform destroy` leaves nothing. With `true` Terraform refuses to destroy the key, the stream, the \
                 database and the buckets, and AWS refuses to delete the database and buckets that are not empty; a database that is \
                 deleted all the same leaves a last snapshot and its backups.",
            ),
        ],
    },
    Group {
        title: "Account",
        settings: &[
            of("account_id", "The only account that Terraform may apply the stack in. Without it: any."),
            of("permissions_boundary", "The permissions boundary of every role."),
            of(
                "tags",
                "Tags of every resource, besides `Application`, `Environment` and `ManagedBy`: see [`tags`](#tags).",
            ),
        ],
    },
    Group {
        title: "Events and their stream",
        settings: &[
            of(
                "peak_updates_per_minute",
                "Updates in the busiest minute. Shards, parallelization, batch size and database connections follow from it.",
            ),
            number("horizon_days", "days", "An event that is older than this when it arrives is rejected."),
            number(
                "stream_retention_hours",
                "hours",
                "The time for which the stream keeps a record, and so the time for which the database may be unavailable. Beyond 24 hours it costs \
                 $0.02 a shard and hour; what is older than 168 hours costs $0.023 a GB and month besides, and only readers other \
                 than Lambda get it: Lambda discards a batch after 168 hours at the latest.",
            ),
            of(
                "suppliers",
                "The suppliers, each with an IAM role that may send events: see [`suppliers`](#suppliers).",
            ),
            of(
                "direct_stream_access",
                "With `true`, suppliers' roles may also put events on the stream themselves, where one can write in another's name. \
                 With `false` they may only call the URL of `ingest`, which accepts from each its own events.",
            ),
        ],
    },
    Group {
        title: "Database",
        settings: &[
            of(
                "database_version",
                "PostgreSQL's major version; AWS maintains the minor one. Once the community no longer maintains the version, RDS \
                 upgrades the database rather than charge for extended support. [ENGINES.md](ENGINES.md) says how to upgrade earlier.",
            ),
            of(
                "database_instance_class",
                "The instance class. The default is the next larger one of the same family where the peak needs more connections.",
            ),
            number("database_storage_gb", "GiB", "Storage at first. It grows by itself up to five times as much."),
            of("database_multi_az", "Keeps a standby in the other zone."),
            number(
                "database_backup_days",
                "days",
                "The time back to which the database can be restored, to any second.",
            ),
            number(
                "secret_rotation_days",
                "days",
                "The time between two rotations of the functions' database passwords.",
            ),
        ],
    },
    Group {
        title: "Cache",
        settings: &[
            of(
                "cache_engine",
                "Redis 7.1, the last version that ElastiCache has, or Valkey, which costs a fifth less. [ENGINES.md](ENGINES.md) says \
                 what a change does to an existing cache.",
            ),
            of("cache_node_type", "The node type."),
            of("cache_nodes", "The number of nodes. With two or more, a node that fails is replaced within seconds."),
            number("cache_view_seconds", "seconds", "The time that a product view stays in the cache."),
            of(
                "cache_readers",
                "Clients besides the functions that may connect to the cache: see [`cache_readers`](#cache_readers).",
            ),
        ],
    },
    Group {
        title: "Catalog",
        settings: &[
            of("readers", "Principals that may call the catalog's URL: see [`readers`](#readers)."),
            of(
                "catalog_concurrency",
                "The catalog's reserved concurrency; requests beyond it are answered with 429. Without it the catalog shares the \
                 account's concurrency with the functions that process events. AWS keeps 100 unreserved, and a new account has 10 in \
                 all, of which nothing can be reserved.",
            ),
            of(
                "catalog_connections",
                "Database connections of the catalog, one for each request that it answers at a time. A read beyond that is answered \
                 from the cache, or with 503 and `Retry-After`. Where twice `catalog_concurrency` is less than the default, that is \
                 the default.",
            ),
        ],
    },
    Group {
        title: "Low stock",
        settings: &[
            of("low_stock", "The limits at which stock is low: see [`low_stock`](#low_stock)."),
            of(
                "low_stock_email",
                "The address that is told when a product's stock becomes low or recovers. AWS asks the address for a confirmation \
                 first. Without it only the objects tell it.",
            ),
        ],
    },
    Group {
        title: "Archive and logs",
        settings: &[
            number(
                "archive_retention_days",
                "days",
                "The time for which archived and quarantined events are kept, three years at least.",
            ),
            number("log_retention_days", "days", "The time for which logs are kept."),
            of("alarm_email", "The address that alarms are sent to. AWS asks the address for a confirmation first."),
            of(
                "runbook_url",
                "The address of [RUNBOOK.md](RUNBOOK.md) in your own copy of this repository, or of a page with the same headings: each \
                 alarm's description ends with the link to its entry. Without it the description names the file.",
            ),
        ],
    },
    Group {
        title: "Network and key",
        settings: &[
            of("network_cidr", "The VPC's range. Only its first half is used."),
            of(
                "secrets_endpoint_zones",
                "The number of zones, of two, with an interface endpoint for Secrets Manager. Each costs $7.30 a month. With one, \
                 functions in the other zone cannot log in anew while that zone is unavailable.",
            ),
            number(
                "key_rotation_days",
                "days",
                "The time between two rotations of the key. Each of the first two adds $1 a month for good.",
            ),
        ],
    },
    Group {
        title: "Terraform's state",
        settings: &[
            of(
                "state_bucket",
                "The bucket of Terraform's S3 backend; it must exist. Without it the state is kept in a local file.",
            ),
            of("state_prefix", "The beginning of the state's key, which is `PREFIX/ENVIRONMENT/terraform.tfstate`."),
            of("state_region", "The bucket's region."),
        ],
    },
];
