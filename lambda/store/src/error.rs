//! Errors of PostgreSQL, classified by what can be done about them.

use std::borrow::Cow;
use std::io;

use sqlx::error::DatabaseError;

/// An operation on the store that failed.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL: could not {operation}")]
pub struct Error {
    operation: &'static str,
    source: sqlx::Error,
}

/// The class of an [`Error`], by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The data of some event cannot be stored (SQLSTATE class 22, or 54000): reject that event.
    Data,
    /// The transaction conflicted with another one (40001, 40P01), or with an earlier delivery: retry it.
    Conflict,
    /// The password is wrong or no longer valid (28P01, 28000): fetch the secret again.
    LoginRefused,
    /// No connection is left for this login or server (53300): wait.
    TooManyConnections,
    /// It timed out (57014, 25P04, or our own timeout): do less at a time.
    TooSlow,
    /// The server is down, starting, failing over or cannot be reached, or has ended the session: wait.
    Unreachable,
    /// A table, schema, database or right is missing: `migrate` has not run here, or somebody has removed it. Neither
    /// waiting nor retrying helps.
    NotPrepared,
    /// The database does not meet a requirement, and `migrate` cannot change that.
    Unfit,
    /// Anything else: our own statement is wrong. The batch is retried.
    Other,
}

/// The source of our own timeout error.
#[derive(Debug, thiserror::Error)]
#[error("it takes longer than a transaction may")]
struct TookTooLong;

/// The source of the error of a transaction that must begin again.
#[derive(Debug, thiserror::Error)]
#[error("one of the products has no row")]
struct MissingProducts;

impl Error {
    /// The error of a transaction that has locked its products when some of them were yet to be created.
    pub(crate) fn missing_products() -> Self {
        Self { operation: "lock the products", source: sqlx::Error::Configuration(Box::new(MissingProducts)) }
    }

    /// Tells whether the transaction must begin again, and create products.
    pub(crate) fn is_missing_products(&self) -> bool {
        matches!(&self.source, sqlx::Error::Configuration(why) if why.is::<MissingProducts>())
    }

    /// Tells whether a row could not be entered into the ledger because it has one with the same key.
    pub(crate) fn is_repeated(&self) -> bool {
        self.source.as_database_error().is_some_and(|error| error.constraint() == Some("ledger_pkey"))
    }

    /// The error of a transaction that was cancelled because it took too long.
    pub(crate) fn too_slow() -> Self {
        let source = sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, TookTooLong));
        Self { operation: "end a transaction", source }
    }

    /// Returns the class of the error.
    pub fn kind(&self) -> ErrorKind {
        let code = match &self.source {
            sqlx::Error::Io(error)
                if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<TookTooLong>) =>
            {
                return ErrorKind::TooSlow;
            }
            sqlx::Error::Io(_) => return ErrorKind::Unreachable,
            sqlx::Error::Configuration(why) if why.is::<Unfit>() => return ErrorKind::Unfit,
            sqlx::Error::Configuration(why) if why.is::<MissingProducts>() => return ErrorKind::Conflict,
            source => source.as_database_error().and_then(DatabaseError::code),
        };
        match code.as_deref() {
            Some("23505") if self.is_repeated() => ErrorKind::Conflict,
            Some("54000") => ErrorKind::Data,
            Some(code) if code.starts_with("22") => ErrorKind::Data,
            Some("40001" | "40P01") => ErrorKind::Conflict,
            Some("28P01" | "28000") => ErrorKind::LoginRefused,
            Some("57014" | "25P04") => ErrorKind::TooSlow,
            Some("53300") => ErrorKind::TooManyConnections,
            // A session is read-only if its server has just lost the role of the primary, and ends if its client stood
            // still.
            Some("25006" | "25P03" | "57P01" | "57P02" | "57P03" | "57P05") => ErrorKind::Unreachable,
            Some(code) if code.starts_with("08") => ErrorKind::Unreachable,
            Some("3D000" | "3F000" | "42501" | "42703" | "42883" | "42P01") => ErrorKind::NotPrepared,
            _ => ErrorKind::Other,
        }
    }

    /// Returns the SQLSTATE, if PostgreSQL answered with one.
    pub fn sqlstate(&self) -> Option<String> {
        self.source.as_database_error()?.code().map(Cow::into_owned)
    }
}

/// The reason for which a database cannot hold the catalog.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unfit(pub(crate) String);

impl From<Unfit> for sqlx::Error {
    fn from(why: Unfit) -> Self {
        Self::Configuration(Box::new(why))
    }
}

/// Adds the operation to a driver's error.
pub(crate) trait During<T> {
    /// Returns the same result, with the operation ("load the products") in its error.
    fn during(self, operation: &'static str) -> Result<T, Error>;
}

impl<T, E: Into<sqlx::Error>> During<T> for Result<T, E> {
    fn during(self, operation: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error { operation, source: source.into() })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::error::Error as StdError;

    use sqlx::error::ErrorKind as Violation;

    use super::*;

    /// An answer of PostgreSQL with this SQLSTATE, and the constraint that it names.
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Answer(&'static str, Option<&'static str>);

    impl DatabaseError for Answer {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn constraint(&self) -> Option<&str> {
            self.1
        }

        fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> Violation {
            Violation::Other
        }
    }

    fn error(source: sqlx::Error) -> Error {
        Error { operation: "try", source }
    }

    /// Returns an error with this answer.
    pub(crate) fn answered(sqlstate: &'static str, constraint: Option<&'static str>) -> Error {
        error(sqlx::Error::Database(Box::new(Answer(sqlstate, constraint))))
    }

    /// The codes are those of PostgreSQL's documentation, appendix A.
    #[test]
    fn an_answer_s_sqlstate_tells_what_can_be_done() {
        for (kind, sqlstates) in [
            (ErrorKind::Data, &["22001", "22003", "22021", "22P02", "54000"][..]),
            (ErrorKind::Conflict, &["40001", "40P01"]),
            (ErrorKind::LoginRefused, &["28P01", "28000"]),
            (ErrorKind::TooManyConnections, &["53300"]),
            (ErrorKind::TooSlow, &["57014", "25P04"]),
            (ErrorKind::Unreachable, &["08003", "08006", "25006", "25P03", "57P01", "57P02", "57P03", "57P05"]),
            (ErrorKind::NotPrepared, &["3D000", "3F000", "42501", "42703", "42883", "42P01"]),
            // Full disks and memory, statements that are wrong, constraints that hold none of a supplier's data.
            (ErrorKind::Other, &["53100", "53200", "54001", "42601", "23505", "23514", "40002", "XX000"]),
        ] {
            for sqlstate in sqlstates {
                let error = answered(sqlstate, None);
                assert_eq!(error.kind(), kind, "{sqlstate}");
                assert_eq!(error.sqlstate().as_deref(), Some(*sqlstate));
            }
        }
    }

    #[test]
    fn a_row_that_the_ledger_has_is_a_conflict_and_no_other_violation_is() {
        let repeated = answered("23505", Some("ledger_pkey"));
        assert_eq!((repeated.kind(), repeated.is_repeated()), (ErrorKind::Conflict, true));
        let other = answered("23505", Some("product_pkey"));
        assert_eq!((other.kind(), other.is_repeated()), (ErrorKind::Other, false));
    }

    #[test]
    fn an_error_without_an_answer_tells_by_its_source() {
        let reset = || sqlx::Error::Io(io::ErrorKind::ConnectionReset.into());
        let refused = || sqlx::Error::Io(io::Error::other("refused"));
        for (kind, error) in [
            (ErrorKind::TooSlow, Error::too_slow()),
            (ErrorKind::Unreachable, error(reset())),
            (ErrorKind::Unreachable, error(refused())),
            (ErrorKind::Unfit, error(Unfit("its encoding".to_owned()).into())),
            (ErrorKind::Conflict, Error::missing_products()),
            (ErrorKind::Other, error(sqlx::Error::Configuration("a URL".into()))),
            (ErrorKind::Other, error(sqlx::Error::RowNotFound)),
        ] {
            assert_eq!((error.kind(), error.sqlstate()), (kind, None), "{error:?}");
            assert!(!error.is_repeated(), "{error:?}");
            assert_eq!(error.is_missing_products(), kind == ErrorKind::Conflict, "{error:?}");
        }
    }
}
