//! Instance classes and what they hold. Terraform and the provider take any class name, so a wrong one would only fail
//! minutes into an apply; another class is one more line here.

/// A class of database instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseClass {
    pub name: &'static str,
    pub memory_gib: u32,
}

impl DatabaseClass {
    /// Returns the number of connections that PostgreSQL takes at least: RDS sets `max_connections` to memory /
    /// 9531392, at most 5000, of the memory that is left for the database. How much that is is not published; seven
    /// tenths is on the safe side.
    pub fn connections(self) -> u32 {
        let bytes = u64::from(self.memory_gib) << 30;
        u32::try_from(bytes * 7 / 10 / 9_531_392).unwrap_or(u32::MAX).min(5000)
    }

    /// Returns the class of this name, or the next larger one of its family that takes so many connections; the largest
    /// where none does.
    pub(super) fn at_least(name: &str, connections: u32) -> Self {
        let from_there = DATABASE_CLASSES.iter().skip_while(|class| class.name != name);
        let family = from_there.take_while(|class| class.family() == family(name));
        let enough = family.clone().find(|class| class.connections() >= connections);
        *enough.or_else(|| family.last()).unwrap_or(&DATABASE_CLASSES[0])
    }

    fn family(self) -> &'static str {
        family(self.name)
    }
}

/// Returns the family of a class: `db.t4g` of `db.t4g.micro`.
fn family(class: &str) -> &str {
    class.rsplit_once('.').map_or(class, |(family, _)| family)
}

/// The database classes that each of PostgreSQL 16, 17 and 18 runs on, smallest first within a family.
pub const DATABASE_CLASSES: &[DatabaseClass] = &[
    database("db.t4g.micro", 1),
    database("db.t4g.small", 2),
    database("db.t4g.medium", 4),
    database("db.t4g.large", 8),
    database("db.t4g.xlarge", 16),
    database("db.t4g.2xlarge", 32),
    database("db.m6g.large", 8),
    database("db.m6g.xlarge", 16),
    database("db.m6g.2xlarge", 32),
    database("db.m6g.4xlarge", 64),
    database("db.m7g.large", 8),
    database("db.m7g.xlarge", 16),
    database("db.m7g.2xlarge", 32),
    database("db.m7g.4xlarge", 64),
    database("db.r6g.large", 16),
    database("db.r6g.xlarge", 32),
    database("db.r6g.2xlarge", 64),
    database("db.r6g.4xlarge", 128),
    database("db.r7g.large", 16),
    database("db.r7g.xlarge", 32),
    database("db.r7g.2xlarge", 64),
    database("db.r7g.4xlarge", 128),
];

/// The cache node types that Redis 7.1 and Valkey run on, smallest first within a family.
pub const CACHE_NODE_TYPES: &[&str] = &[
    "cache.t4g.micro",
    "cache.t4g.small",
    "cache.t4g.medium",
    "cache.m6g.large",
    "cache.m6g.xlarge",
    "cache.m6g.2xlarge",
    "cache.m7g.large",
    "cache.m7g.xlarge",
    "cache.m7g.2xlarge",
    "cache.r6g.large",
    "cache.r6g.xlarge",
    "cache.r6g.2xlarge",
    "cache.r7g.large",
    "cache.r7g.xlarge",
    "cache.r7g.2xlarge",
];

/// Returns the number of processors of a cache node type: two up to `large`, then twice as many with each size.
pub fn cache_processors(node_type: &str) -> u32 {
    match node_type.rsplit('.').next() {
        Some("xlarge") => 4,
        Some("2xlarge") => 8,
        _ => 2,
    }
}

const fn database(name: &'static str, memory_gib: u32) -> DatabaseClass {
    DatabaseClass { name, memory_gib }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_grows_within_its_family_and_no_further_than_it_must() {
        let of = |name, connections| DatabaseClass::at_least(name, connections).name;
        assert_eq!(of("db.t4g.micro", 78), "db.t4g.micro");
        assert_eq!(of("db.t4g.micro", 79), "db.t4g.small");
        assert_eq!(of("db.t4g.medium", 1), "db.t4g.medium");
        assert_eq!(of("db.m6g.large", 631), "db.m6g.xlarge");
        assert_eq!(of("db.t4g.micro", 10_000), "db.t4g.2xlarge");
    }
}
