//! Alarms about database and cache: they keep up.

use super::alarm::{Alarm, Measure, MissingData, Part, Threshold, Watched};
use crate::config::instance_types::cache_processors;
use crate::stack::build::Build;
use crate::stack::metrics::Series;
use crate::stack::names::{
    CACHE_BUSY, CACHE_EVICTING, DATABASE_BUSY, DATABASE_CONNECTIONS, DATABASE_MEMORY, DATABASE_STORAGE,
};
use crate::stack::units::{GIB, MIB};

/// The load, in percent, above which nothing is left for a burst.
const BUSY_PERCENT: u64 = 80;

pub(super) fn table(build: &Build<'_>, watched: &Watched<'_>) -> Vec<Alarm> {
    vec![
        busy_database(watched),
        connections(build, watched),
        storage(build, watched),
        memory(build, watched),
        busy_cache(build, watched),
        evicting(build, watched),
    ]
}

fn busy_database(watched: &Watched<'_>) -> Alarm {
    Alarm {
        name: DATABASE_BUSY,
        part: Part::Database,
        meaning: format!(
            "The database's processors are above {BUSY_PERCENT} %, or it says nothing at all. First see in Database Insights which \
             statements wait for what; if they are the usual ones, take a larger `database_instance_class`."
        ),
        measure: Measure::One(Series::of_database(watched.database, "CPUUtilization", "Average")),
        threshold: Threshold::Above(BUSY_PERCENT),
        period: 300,
        periods: (3, 3),
        // An instance that runs counts each minute.
        missing_data: MissingData::Missing,
    }
}

fn connections(build: &Build<'_>, watched: &Watched<'_>) -> Alarm {
    let class = build.settings.database_instance_class;
    Alarm {
        name: DATABASE_CONNECTIONS,
        part: Part::Database,
        meaning: format!(
            "More than four fifths of the {} connections that `{}` takes are open. First see in `pg_stat_activity` whose they are; \
             functions hold one for each invocation at a time.",
            class.connections(),
            class.name
        ),
        measure: Measure::One(Series::of_database(watched.database, "DatabaseConnections", "Maximum")),
        threshold: Threshold::Above(u64::from(class.connections()) * 4 / 5),
        period: 300,
        periods: (2, 3),
        missing_data: MissingData::NotBreaching,
    }
}

fn storage(build: &Build<'_>, watched: &Watched<'_>) -> Alarm {
    let gib = build.settings.database_storage_gb;
    Alarm {
        name: DATABASE_STORAGE,
        part: Part::Database,
        meaning: format!(
            "Less than a twentieth of {gib} GiB is free. Storage grows by itself at a tenth, so it has reached its end or grew less than \
             6 hours ago. First raise `database_storage_gb`; then see on the dashboard whether the ledger grows without end \
             (`maintain` prunes it)."
        ),
        measure: Measure::One(Series::of_database(watched.database, "FreeStorageSpace", "Minimum")),
        threshold: Threshold::Below(u64::from(gib) * GIB / 20),
        period: 300,
        periods: (2, 2),
        missing_data: MissingData::NotBreaching,
    }
}

fn memory(build: &Build<'_>, watched: &Watched<'_>) -> Alarm {
    let memory_gib = build.settings.database_instance_class.memory_gib;
    Alarm {
        name: DATABASE_MEMORY,
        part: Part::Database,
        meaning: "The database has less than a sixteenth of its memory to give, and will swap. First see whether the connections have grown; \
                  else take a larger `database_instance_class`."
            .into(),
        measure: Measure::One(Series::of_database(watched.database, "FreeableMemory", "Minimum")),
        threshold: Threshold::Below(u64::from(memory_gib) * 64 * MIB),
        period: 300,
        periods: (3, 3),
        missing_data: MissingData::NotBreaching,
    }
}

/// The cache's load. On up to two processors the whole machine's is watched, as AWS recommends: on so small a one the
/// engine's own share is a part of what there is. Redis works on one of them, so what it can use of the whole is a
/// half.
///
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.WhichShouldIMonitor.html>
fn busy_cache(build: &Build<'_>, watched: &Watched<'_>) -> Alarm {
    let (metric, percent) = match cache_processors(build.settings.cache_node_type) {
        processors @ ..=2 => ("CPUUtilization", BUSY_PERCENT / u64::from(processors)),
        _ => ("EngineCPUUtilization", BUSY_PERCENT),
    };
    Alarm {
        name: CACHE_BUSY,
        part: Part::Cache,
        meaning: format!(
            "The cache uses more than {BUSY_PERCENT} % of the one processor that it can use ({metric} above {percent} %), or says nothing at all. \
             First see whether reads or writes have grown; then take a larger `cache_node_type`. Updates and reads go on without \
             it, from the database."
        ),
        measure: Measure::Greatest(Series::of_cache_nodes(build, watched.cache, metric, "Average")),
        threshold: Threshold::Above(percent),
        period: 300,
        periods: (3, 3),
        // A node that runs counts each minute.
        missing_data: MissingData::Missing,
    }
}

/// Evicted entries. A cache with full memory is healthy; one that evicts views before their time is not.
fn evicting(build: &Build<'_>, watched: &Watched<'_>) -> Alarm {
    Alarm {
        name: CACHE_EVICTING,
        part: Part::Cache,
        meaning: "The cache throws views away before their time because its memory is full; readers wait for the database instead, and a view \
                  may be old for as long as it lives. First take a larger `cache_node_type`, or a smaller `cache_view_seconds`."
            .into(),
        measure: Measure::Sum(Series::of_cache_nodes(build, watched.cache, "Evictions", "Sum")),
        threshold: Threshold::Above(0),
        period: 300,
        periods: (3, 3),
        missing_data: MissingData::NotBreaching,
    }
}
