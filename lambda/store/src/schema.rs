//! Migrations and logins, over the master user's connection.

use std::time::Duration;

use pipegen_contract::database::Access;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor};
use tokio::time::timeout;

use crate::connections::{self, SEARCH_PATH};
use crate::error::{During, Error, Unfit};

/// The numbered migrations in `lambda/migrations`.
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// A login with the SCRAM-SHA-256 verifier of its password. Statements are logged, so they must never contain the
/// password itself.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// Name of the role.
    pub name: &'a str,
    /// Rights of the login.
    pub access: Access,
    /// The verifier as in `pg_authid`: `SCRAM-SHA-256$…`.
    pub verifier: &'a str,
    /// Number of connections that the login may have.
    pub connection_limit: u32,
}

/// The key of the advisory lock under which the schema and the logins are changed.
const SCHEMA_LOCK: i64 = 0x7363_6865_6d61;

/// The only encoding that can store everything that suppliers may send.
const ENCODING: &str = "UTF8";

/// The timeout of connecting.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The timeout of setting or trying a login.
const LOGIN_LIMIT: Duration = Duration::from_secs(10);

/// The settings that each session asks of PostgreSQL. A transaction whose client has gone without a word must not stay
/// open: it would lock logins, and keep every change back from the feed.
const SESSION: [(&str, &str); 3] =
    [SEARCH_PATH, ("idle_in_transaction_session_timeout", "10s"), connections::CONNECTION_CHECK];

/// Connects to change the schema or the logins.
///
/// # Errors
/// PostgreSQL's, or that the database's encoding cannot store everything that suppliers may send.
pub async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    let options = options.clone().options(SESSION);
    let mut connection = connections::connect(&options, CONNECT_LIMIT).await?;
    let encoding = sqlx::query_scalar("show server_encoding").fetch_one(&mut connection);
    let encoding = timeout(CONNECT_LIMIT, encoding).await.unwrap_or_else(|_| Err(connections::no_answer()));
    let encoding: String = encoding.during("ask for the encoding")?;
    if encoding != ENCODING {
        let why = format!(
            "the database's encoding is {encoding} and must be {ENCODING}: create it anew, with \
             `create database ... encoding '{ENCODING}' template template0`"
        );
        return Err(Unfit(why)).during("use the database");
    }
    Ok(connection)
}

/// Takes the lock for changes of the schema; it is held until the connection ends.
pub async fn lock_schema(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query("select pg_advisory_lock($1)").bind(SCHEMA_LOCK).execute(connection).await.during("lock the schema")?;
    Ok(())
}

/// Applies the pending migrations and returns their number.
pub async fn migrate(connection: &mut PgConnection) -> Result<usize, Error> {
    let before = applied(connection).await?;
    MIGRATIONS.run(&mut *connection).await.during("migrate")?;
    Ok(applied(connection).await? - before)
}

async fn applied(connection: &mut PgConnection) -> Result<usize, Error> {
    let table: Option<String> = sqlx::query_scalar("select to_regclass('_sqlx_migrations')::text")
        .fetch_one(&mut *connection)
        .await
        .during("look for the table of migrations")?;
    if table.is_none() {
        return Ok(0);
    }
    let count: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
        .fetch_one(connection)
        .await
        .during("count the migrations")?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Creates the login if it does not exist, and sets its password, connection limit and rights. Waits while the schema
/// is locked by another connection.
///
/// # Errors
/// PostgreSQL's, or that it took longer than ten seconds.
pub async fn set_login(connection: &mut PgConnection, login: Login<'_>) -> Result<(), Error> {
    let set = timeout(LOGIN_LIMIT, set_login_in_time(connection, login)).await;
    set.unwrap_or_else(|_| Err(Error::too_slow()))
}

async fn set_login_in_time(connection: &mut PgConnection, login: Login<'_>) -> Result<(), Error> {
    let mut transaction = connection.begin().await.during("begin creating a login")?;
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(SCHEMA_LOCK)
        .execute(&mut *transaction)
        .await
        .during("lock the schema")?;
    let exists: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(login.name)
        .fetch_one(&mut *transaction)
        .await
        .during("look for a login")?;
    let verb = if exists { "alter" } else { "create" };
    let name = quote_identifier(login.name);
    let verifier = login.verifier.replace('\'', "''");
    let limit = login.connection_limit;
    // Utility statements take no parameters.
    let statements = format!(
        "{verb} role {name} with login connection limit {limit} password '{verifier}'; grant {access} to {name}",
        access = quote_identifier(login.access.role()),
    );
    transaction.execute(&*statements).await.during("create a login")?;
    transaction.commit().await.during("commit a login")
}

/// Checks that this connection's login has the rights of its access.
///
/// # Errors
/// PostgreSQL's, or that it took longer than ten seconds, or that the rights are missing.
pub async fn try_access(connection: &mut PgConnection, access: Access) -> Result<(), Error> {
    let granted = sqlx::query_scalar("select pg_has_role($1, 'usage') and has_table_privilege('product', 'select')")
        .bind(access.role())
        .fetch_one(connection);
    let granted = timeout(LOGIN_LIMIT, granted).await.map_err(|_| Error::too_slow())?;
    let granted: bool = granted.during("try a login")?;
    if granted { Ok(()) } else { Err(sqlx::Error::RowNotFound).during("use a login's rights") }
}

fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Statements are converted to the server's encoding: a server whose encoding lacks a character of a comment would
    /// refuse the statement.
    #[test]
    fn every_statement_is_ascii() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = [here.join("src/queries"), here.join("../migrations")];
        let files =
            folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
        let statements: Vec<_> =
            files.filter(|file| file.extension().is_some_and(|extension| extension == "sql")).collect();
        assert!(statements.len() > 15, "{statements:?}");
        for file in statements {
            assert!(std::fs::read_to_string(&file).unwrap().is_ascii(), "{}", file.display());
        }
    }
}
