//! The failure of an invocation as Lambda reports it: an error type that an operator can search for, and a message with
//! all causes.
//!
//! Lambda writes both into the function's log (`errorType`, `errorMessage`) and into the record that it sends to a
//! destination. The error types of failures in an invocation begin with the function's role,
//! `Migrate.DatabaseUnreachable`.

use std::convert::Infallible;
use std::error::Error;

use lambda_runtime::Diagnostic;
use pipegen_contract::failure;
use pipegen_contract::role::Role;
use pipegen_store::ErrorKind;

use crate::database::DatabaseError;
use crate::logging::chain;
use crate::objects::StoreObjectError;
use crate::secrets::{SecretError, SecretErrorKind};
use crate::settings::InvalidSettings;

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// An environment variable is missing or not valid.
    Settings,
    /// The handler's name is not a role of this bootstrap.
    UnknownRole,
    /// The event is not one that this role can read.
    EventUnreadable,
    /// Secrets Manager denies access to the secret.
    SecretDenied,
    /// Secrets Manager cannot be reached.
    SecretUnreachable,
    /// The secret does not hold a login, or is not being rotated.
    SecretUnusable,
    /// PostgreSQL cannot be reached, starts or fails over.
    DatabaseUnreachable,
    /// PostgreSQL refuses the login.
    DatabaseLoginRefused,
    /// PostgreSQL has no connection left for this login.
    DatabaseConnectionsExhausted,
    /// A database, schema, table or right is missing.
    DatabaseNotPrepared,
    /// The database cannot hold the catalog, because of its encoding.
    DatabaseUnfit,
    /// PostgreSQL refuses a statement.
    DatabaseFailed,
    /// The stream does not exist.
    StreamNotFound,
    /// Kinesis or KMS denies access to the stream.
    StreamDenied,
    /// Kinesis refuses a request.
    StreamFailed,
    /// S3 does not store an object.
    ObjectNotStored,
    /// The time does not suffice for the batch as a whole: Lambda bisects it.
    BatchTooSlow,
    /// The function panicked.
    Panicked,
}

impl FailureKind {
    pub const ALL: [Self; 18] = [
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
        Self::StreamNotFound,
        Self::StreamDenied,
        Self::StreamFailed,
        Self::ObjectNotStored,
        Self::BatchTooSlow,
        Self::Panicked,
    ];

    /// Returns the error type that a function of this role reports.
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
            Self::StreamNotFound => "StreamNotFound",
            Self::StreamDenied => "StreamDenied",
            Self::StreamFailed => "StreamFailed",
            Self::ObjectNotStored => "ObjectNotStored",
            Self::BatchTooSlow => "BatchTooSlow",
            Self::Panicked => "Panicked",
        };
        let Some(role) = role else { return name.to_owned() };
        let (first, rest) = role.handler().split_at(1);
        format!("{}{rest}.{name}", first.to_uppercase())
    }

    /// Returns true if the failure may pass while an invocation waits.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::SecretDenied
                | Self::SecretUnreachable
                | Self::DatabaseUnreachable
                | Self::DatabaseConnectionsExhausted
        )
    }
}

/// A failed invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind, which decides the error type.
    pub kind: FailureKind,
    /// The error and its causes.
    pub message: String,
}

impl Failure {
    /// Makes a failure with a message of its own.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    fn from_error(kind: FailureKind, error: &dyn Error) -> Self {
        Self { kind, message: chain(error) }
    }

    /// Returns the error that a function of this role reports to Lambda.
    pub fn diagnostic(self, role: Option<Role>) -> Diagnostic {
        Diagnostic { error_type: self.kind.error_type(role), error_message: self.message }
    }
}

impl From<Infallible> for Failure {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<InvalidSettings> for Failure {
    fn from(error: InvalidSettings) -> Self {
        Self::from_error(FailureKind::Settings, &error)
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        let kind = match error.kind() {
            SecretErrorKind::Denied => FailureKind::SecretDenied,
            SecretErrorKind::Unreachable => FailureKind::SecretUnreachable,
            SecretErrorKind::Unusable => FailureKind::SecretUnusable,
        };
        Self::from_error(kind, &error)
    }
}

impl From<pipegen_store::Error> for Failure {
    fn from(error: pipegen_store::Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::LoginRefused => FailureKind::DatabaseLoginRefused,
            ErrorKind::TooManyConnections => FailureKind::DatabaseConnectionsExhausted,
            ErrorKind::Unreachable => FailureKind::DatabaseUnreachable,
            ErrorKind::NotPrepared => FailureKind::DatabaseNotPrepared,
            ErrorKind::Unfit => FailureKind::DatabaseUnfit,
            ErrorKind::Data | ErrorKind::Conflict | ErrorKind::TooSlow | ErrorKind::Other => {
                FailureKind::DatabaseFailed
            }
        };
        Self::from_error(kind, &error)
    }
}

impl From<StoreObjectError> for Failure {
    fn from(error: StoreObjectError) -> Self {
        Self::from_error(FailureKind::ObjectNotStored, &error)
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Store(error) => error.into(),
            DatabaseError::Secret(error) => error.into(),
            DatabaseError::NoLogin => Self::from_error(FailureKind::SecretUnusable, &error),
            DatabaseError::Authority(..) => Self::from_error(FailureKind::Settings, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_name_the_role_and_what_went_wrong() {
        assert_eq!(FailureKind::DatabaseUnreachable.error_type(Some(Role::Migrate)), "Migrate.DatabaseUnreachable");
        assert_eq!(FailureKind::Settings.error_type(Some(Role::Migrate)), "Settings.Invalid");
        assert_eq!(FailureKind::UnknownRole.error_type(None), "Settings.UnknownRole");
    }

    /// An operator finds each in the table of failure types.
    #[test]
    fn the_operating_page_lists_every_type() {
        let page = include_str!("../../docs/OPERATING.md");
        for kind in FailureKind::ALL {
            let name = kind.error_type(None);
            assert!(page.contains(&format!("| `{name}` |")), "docs/OPERATING.md does not name `{name}`");
        }
    }
}
