//! Roles in PostgreSQL.

use crate::env;

/// The rights of a function in the database. Each access is a role that cannot log in, and two logins that inherit it:
/// one is in use; rotation gives the other a new password and switches to it, so that no request uses a password that
/// no longer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// The processor: reads and writes the catalog, the ledger and pending refreshes.
    Writer,
    /// The catalog: reads products and offers, nothing else.
    Reader,
    /// The maintenance: prunes the ledger and drains pending refreshes.
    Maintainer,
}

impl Access {
    /// Every access.
    pub const ALL: [Self; 3] = [Self::Writer, Self::Reader, Self::Maintainer];

    /// The name as a part of longer names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Writer => "writer",
            Self::Reader => "reader",
            Self::Maintainer => "maintainer",
        }
    }

    /// The role that holds the rights.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Writer => "inventory_writer",
            Self::Reader => "inventory_reader",
            Self::Maintainer => "inventory_maintainer",
        }
    }

    /// The two logins that inherit the rights. The first one is in use before the first rotation.
    pub const fn logins(self) -> [&'static str; 2] {
        match self {
            Self::Writer => ["inventory_writer_a", "inventory_writer_b"],
            Self::Reader => ["inventory_reader_a", "inventory_reader_b"],
            Self::Maintainer => ["inventory_maintainer_a", "inventory_maintainer_b"],
        }
    }

    /// Returns the access that this login inherits, if it is one of ours.
    pub fn of_login(login: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|access| access.logins().contains(&login))
    }

    /// The environment variable that holds, for `migrate`, the ARN of the secret with this access's login.
    pub const fn secret_variable(self) -> &'static str {
        match self {
            Self::Writer => env::DATABASE_WRITER_SECRET_ARN,
            Self::Reader => env::DATABASE_READER_SECRET_ARN,
            Self::Maintainer => env::DATABASE_MAINTAINER_SECRET_ARN,
        }
    }

    /// The environment variable that holds, for `migrate`, the number of connections that each of the logins may have.
    pub const fn connections_variable(self) -> &'static str {
        match self {
            Self::Writer => env::DATABASE_WRITER_CONNECTIONS,
            Self::Reader => env::DATABASE_READER_CONNECTIONS,
            Self::Maintainer => env::DATABASE_MAINTAINER_CONNECTIONS,
        }
    }
}
