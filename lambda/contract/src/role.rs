//! The roles of the one bootstrap, chosen by the function's handler name (`_HANDLER`).

/// A role of the bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Applies batches of the stream to the catalog and refreshes the cache.
    Processor,
    /// Brings the schema up to date and creates the database roles.
    Migrate,
}

impl Role {
    /// Every role, in the order of the help texts.
    pub const ALL: [Self; 2] = [Self::Processor, Self::Migrate];

    /// The handler name that Terraform sets and the bootstrap reads.
    pub const fn handler(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Migrate => "migrate",
        }
    }

    /// The role with this handler name, if there is one.
    pub fn from_handler(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.handler() == name)
    }
}
