//! Defaults that differ by preset, as plain data; the other defaults are in `settings`. Another preset is one more
//! constant.

/// A kind of environment, with its defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name as a value of `preset`.
    pub name: &'static str,
    pub(super) stream_retention_hours: u32,
    pub(super) log_retention_days: u32,
    /// The smallest class: a peak that wants more connections takes a larger one of the same family.
    pub(super) database_instance_class: &'static str,
    pub(super) database_storage_gb: u32,
    pub(super) database_multi_az: bool,
    pub(super) database_backup_days: u32,
    pub(super) cache_node_type: &'static str,
    pub(super) cache_nodes: u32,
    pub(super) lambda_memory_mb: u32,
    pub(super) secrets_endpoint_zones: u32,
    pub(super) key_rotation_days: u32,
}

/// For an afternoon: the smallest of everything, and logs that nobody will read again.
const THROWAWAY: Preset = Preset {
    name: "throwaway",
    // The retention that a shard's price includes.
    stream_retention_hours: 24,
    log_retention_days: 7,
    database_instance_class: "db.t4g.micro",
    database_storage_gb: 20,
    database_multi_az: false,
    // None at all would also turn off restoring to a point in time, and RDS asks nothing for a copy no larger than the
    // database.
    database_backup_days: 1,
    cache_node_type: "cache.t4g.micro",
    cache_nodes: 1,
    lambda_memory_mb: 256,
    secrets_endpoint_zones: 1,
    // The longest that AWS takes: the data is of no worth to anybody, and the first two rotations add $1 a month each.
    key_rotation_days: 2560,
};

/// For trying releases: as small, but kept like something that matters.
const STAGING: Preset = Preset { name: "staging", log_retention_days: 365, database_backup_days: 7, ..THROWAWAY };

/// For shoppers: a zone may fail, and so may any one machine.
const PRODUCTION: Preset = Preset {
    name: "production",
    // The longest that Lambda tries a batch: a week to mend a database in, bank holidays and all.
    stream_retention_hours: 168,
    log_retention_days: 731,
    database_instance_class: "db.t4g.medium",
    database_storage_gb: 50,
    database_multi_az: true,
    database_backup_days: 35,
    cache_node_type: "cache.t4g.small",
    cache_nodes: 2,
    lambda_memory_mb: 512,
    secrets_endpoint_zones: 2,
    key_rotation_days: 365,
};

impl Preset {
    pub const ALL: [Self; 3] = [THROWAWAY, STAGING, PRODUCTION];

    /// The preset of an environment that names none. Its own name decides nothing: what is called `production` in one
    /// company is a rehearsal in another, and a standby that appears because of a name is a bill that nobody asked for.
    pub const DEFAULT: Self = STAGING;
}
