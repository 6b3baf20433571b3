//! Versions of database, cache and provider.

/// The database's major versions, oldest first.
pub(super) const DATABASE_VERSIONS: &[u32] = &[16, 17, 18];

/// The major versions of Terraform's provider, oldest first.
pub(super) const PROVIDER_VERSIONS: &[u32] = &[5, 6];

/// The engine of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheEngine {
    /// Redis OSS, which `ElastiCache` has up to version 7.1.
    Redis,
    /// Valkey, its successor, a fifth cheaper.
    Valkey,
}

impl CacheEngine {
    pub const ALL: [Self; 2] = [Self::Redis, Self::Valkey];

    /// Returns ElastiCache's name of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        }
    }

    /// Returns the name that its makers gave it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Redis => "Redis",
            Self::Valkey => "Valkey",
        }
    }

    /// Returns the version of the engine that is rendered.
    pub fn version(self) -> &'static str {
        match self {
            Self::Redis => "7.1",
            Self::Valkey => "9.1",
        }
    }

    /// Returns the engine with this name in `ElastiCache`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.as_str() == name)
    }
}
