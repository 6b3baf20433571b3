//! The failure of an invocation, as Lambda is told of it: a type that an operator can search for, and why, with all causes.
//!
//! Lambda writes both into the function's log (`errorType`, `errorMessage`) and into what it hands to a destination. The types of
//! what goes wrong in an invocation begin with the function's role, `Migrate.DatabaseUnreachable`.

use std::convert::Infallible;
use std::error::Error;

use lambda_runtime::Diagnostic;
use pipegen_contract::failure;
use pipegen_contract::role::Role;
use pipegen_store::ErrorKind;

use crate::database::DatabaseError;
use crate::logging::chain;
use crate::secrets::{SecretError, Trouble};
use crate::settings::Faults;

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// An environment variable is missing or cannot be read.
    Settings,
    /// The handler's name is no role of this bootstrap.
    UnknownRole,
    /// The event is not what the function takes.
    EventUnreadable,
    /// Secrets Manager does not let this role at the secret.
    SecretDenied,
    /// Secrets Manager cannot be reached.
    SecretUnreachable,
    /// The secret has no login in it, or is not being rotated.
    SecretUnusable,
    /// PostgreSQL cannot be reached, is starting or failing over.
    DatabaseUnreachable,
    /// PostgreSQL refuses the login.
    DatabaseLoginRefused,
    /// PostgreSQL has no connection left for this login.
    DatabaseConnectionsExhausted,
    /// A database, schema, table or right is not there.
    DatabaseNotPrepared,
    /// The database cannot hold the catalog: its encoding is another.
    DatabaseUnfit,
    /// PostgreSQL refuses a statement.
    DatabaseFailed,
    /// The time does not suffice for the batch as a whole: Lambda halves it.
    BatchTooSlow,
    /// The function's own mistake.
    Panicked,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Settings,
        Self::UnknownRole,
        Self::EventUnreadable,
        Self::SecretDenied,
        Self::SecretUnreachable,
        Self::SecretUnusable,
        Self::DatabaseUnreachable,
        Self::DatabaseLoginRefused,
        Self::DatabaseConnectionsExhausted,
        Self::DatabaseNotPrepared,
        Self::DatabaseUnfit,
        Self::DatabaseFailed,
        Self::BatchTooSlow,
        Self::Panicked,
    ];

    /// The error's type, as a function of this role reports it.
    pub fn error_type(self, role: Option<Role>) -> String {
        let name = match self {
            Self::Settings => return failure::SETTINGS_INVALID.to_owned(),
            Self::UnknownRole => return failure::SETTINGS_UNKNOWN_ROLE.to_owned(),
            Self::EventUnreadable => "EventUnreadable",
            Self::SecretDenied => "SecretDenied",
            Self::SecretUnreachable => "SecretUnreachable",
            Self::SecretUnusable => "SecretUnusable",
            Self::DatabaseUnreachable => "DatabaseUnreachable",
            Self::DatabaseLoginRefused => "DatabaseLoginRefused",
            Self::DatabaseConnectionsExhausted => "DatabaseConnectionsExhausted",
            Self::DatabaseNotPrepared => failure::DATABASE_NOT_PREPARED,
            Self::DatabaseUnfit => "DatabaseUnfit",
            Self::DatabaseFailed => "DatabaseFailed",
            Self::BatchTooSlow => "BatchTooSlow",
            Self::Panicked => "Panicked",
        };
        let Some(role) = role else { return name.to_owned() };
        let (first, rest) = role.handler().split_at(1);
        format!("{}{rest}.{name}", first.to_uppercase())
    }

    /// Tells whether it may heal by itself while an invocation waits.
    pub fn heals(self) -> bool {
        matches!(
            self,
            Self::SecretDenied
                | Self::SecretUnreachable
                | Self::DatabaseUnreachable
                | Self::DatabaseConnectionsExhausted
        )
    }
}

/// An invocation's failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub what: What,
    /// Why, with all causes.
    pub why: String,
}

impl Failure {
    /// A failure for a reason that no error stands for.
    pub fn new(what: What, why: impl Into<String>) -> Self {
        Self { what, why: why.into() }
    }

    fn of(what: What, error: &dyn Error) -> Self {
        Self { what, why: chain(error) }
    }

    /// The error as a function of this role tells Lambda.
    pub fn diagnostic(self, role: Option<Role>) -> Diagnostic {
        Diagnostic { error_type: self.what.error_type(role), error_message: self.why }
    }
}

impl From<Infallible> for Failure {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::of(What::Settings, &faults)
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        let what = match error.trouble() {
            Trouble::Denied => What::SecretDenied,
            Trouble::Unreachable => What::SecretUnreachable,
            Trouble::Unusable => What::SecretUnusable,
        };
        Self::of(what, &error)
    }
}

impl From<pipegen_store::Error> for Failure {
    fn from(error: pipegen_store::Error) -> Self {
        let what = match error.kind() {
            ErrorKind::LoginRefused => What::DatabaseLoginRefused,
            ErrorKind::TooManyConnections => What::DatabaseConnectionsExhausted,
            ErrorKind::Unreachable => What::DatabaseUnreachable,
            ErrorKind::NotPrepared => What::DatabaseNotPrepared,
            ErrorKind::Unfit => What::DatabaseUnfit,
            ErrorKind::Data | ErrorKind::Conflict | ErrorKind::TooSlow | ErrorKind::Other => What::DatabaseFailed,
        };
        Self::of(what, &error)
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Store(error) => error.into(),
            DatabaseError::Secret(error) => error.into(),
            DatabaseError::NoLogin => Self::of(What::SecretUnusable, &error),
            DatabaseError::Authority(..) => Self::of(What::Settings, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_name_the_role_and_what_went_wrong() {
        assert_eq!(What::DatabaseUnreachable.error_type(Some(Role::Migrate)), "Migrate.DatabaseUnreachable");
        assert_eq!(What::Settings.error_type(Some(Role::Migrate)), "Settings.Invalid");
        assert_eq!(What::UnknownRole.error_type(None), "Settings.UnknownRole");
    }

    /// An operator finds each in the table of failure types.
    #[test]
    fn the_operating_page_lists_every_type() {
        let page = include_str!("../../docs/OPERATING.md");
        for what in What::ALL {
            let name = what.error_type(None);
            assert!(page.contains(&format!("| `{name}` |")), "docs/OPERATING.md does not name `{name}`");
        }
    }
}
