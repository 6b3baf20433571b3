//! The roles of the one bootstrap, chosen by the function's handler name (`_HANDLER`).

/// A role of the bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Applies batches of the stream to the catalog and refreshes the cache.
    Processor,
    /// Writes every record of the stream to the archive.
    Archiver,
    /// Answers read requests.
    Catalog,
    /// Takes suppliers' events over HTTPS and puts them on the stream.
    Ingest,
    /// Drains pending refreshes and prunes the ledger, on a schedule.
    Maintain,
    /// Migrates the schema and creates the database roles.
    Migrate,
    /// Rotates a database password.
    Rotate,
}

impl Role {
    /// Every role, in the order of the help texts.
    pub const ALL: [Self; 7] =
        [Self::Processor, Self::Archiver, Self::Catalog, Self::Ingest, Self::Maintain, Self::Migrate, Self::Rotate];

    /// The handler name that Terraform sets and the bootstrap reads.
    pub const fn handler(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Archiver => "archiver",
            Self::Catalog => "catalog",
            Self::Ingest => "ingest",
            Self::Maintain => "maintain",
            Self::Migrate => "migrate",
            Self::Rotate => "rotate",
        }
    }

    /// Returns the role with this handler name, if there is one.
    pub fn from_handler(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.handler() == name)
    }
}
