//! What went wrong in PostgreSQL, by what can be done about it.

use std::borrow::Cow;
use std::fmt;
use std::io;

use sqlx::error::DatabaseError;

/// An operation on the store that failed.
#[derive(Debug)]
pub struct Error {
    operation: &'static str,
    source: sqlx::Error,
}

/// What can be done about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The data of some event cannot be stored (SQLSTATE class 22, or 54000): rejecting that event helps.
    Data,
    /// Two transactions were in each other's way (40001, 40P01): running it again helps.
    Conflict,
    /// The password is not (or no longer) right (28P01, 28000): fetching the secret again helps.
    LoginRefused,
    /// No connection is left for this login or server (53300): waiting helps.
    TooManyConnections,
    /// It took longer than it may (57014, or our own limit): less at a time helps.
    TooSlow,
    /// The server is away, starting, failing over or not to be reached: waiting helps.
    Unreachable,
    /// A table, schema, database or right is not there: `migrate` has not run here, or somebody has taken it away. Neither
    /// waiting nor trying again helps.
    NotPrepared,
    /// The database is not as it must be, and `migrate` cannot make it so.
    Unfit,
    /// Anything else: our own statement is wrong. The batch comes again.
    Other,
}

/// What is behind an error of ours: the transaction was given up.
#[derive(Debug)]
struct TookTooLong;

impl fmt::Display for TookTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it takes longer than a transaction may")
    }
}

impl std::error::Error for TookTooLong {}

impl Error {
    /// A transaction that was given up because it took too long.
    pub(crate) fn too_slow() -> Self {
        let source = sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, TookTooLong));
        Self { operation: "end a transaction", source }
    }

    /// What can be done about it.
    pub fn kind(&self) -> Kind {
        let code = match &self.source {
            sqlx::Error::Io(error)
                if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<TookTooLong>) =>
            {
                return Kind::TooSlow;
            }
            sqlx::Error::Io(_) => return Kind::Unreachable,
            sqlx::Error::Configuration(why) if why.is::<Unfit>() => return Kind::Unfit,
            source => source.as_database_error().and_then(DatabaseError::code),
        };
        match code.as_deref() {
            Some("54000") => Kind::Data,
            Some(code) if code.starts_with("22") => Kind::Data,
            Some("40001" | "40P01") => Kind::Conflict,
            Some("28P01" | "28000") => Kind::LoginRefused,
            Some("57014") => Kind::TooSlow,
            Some("53300") => Kind::TooManyConnections,
            // A session that is read-only is one of a server that was the primary a moment ago.
            Some("25006" | "57P01" | "57P02" | "57P03") => Kind::Unreachable,
            Some(code) if code.starts_with("08") => Kind::Unreachable,
            Some("3D000" | "3F000" | "42501" | "42703" | "42883" | "42P01") => Kind::NotPrepared,
            _ => Kind::Other,
        }
    }

    /// PostgreSQL's name of the error (SQLSTATE), where it was PostgreSQL that answered.
    pub fn sqlstate(&self) -> Option<String> {
        self.source.as_database_error()?.code().map(Cow::into_owned)
    }
}

/// Why a database cannot hold the catalog.
#[derive(Debug)]
pub(crate) struct Unfit(pub(crate) String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

impl From<Unfit> for sqlx::Error {
    fn from(why: Unfit) -> Self {
        Self::Configuration(Box::new(why))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL: could not {}", self.operation)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Names the operation that a driver's error interrupted.
pub(crate) trait During<T> {
    /// The same result, with the operation ("load the products") in its error.
    fn during(self, operation: &'static str) -> Result<T, Error>;
}

impl<T, E: Into<sqlx::Error>> During<T> for Result<T, E> {
    fn during(self, operation: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error { operation, source: source.into() })
    }
}
