//! Migrations and logins: what `migrate` does with the master user's connection.

use std::io;
use std::time::Duration;

use pipegen_contract::database::Access;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::time::timeout;

use crate::SEARCH_PATH;
use crate::error::{During, Error, Unfit};

/// The numbered migrations in `lambda/migrations`.
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// A login and the SCRAM-SHA-256 verifier of its password. Statements are logged, so the password itself must never be in one.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// The role's name.
    pub name: &'a str,
    /// What it may do.
    pub access: Access,
    /// As in `pg_authid`: `SCRAM-SHA-256$…`.
    pub verifier: &'a str,
    /// How many connections it may hold.
    pub connection_limit: u32,
}

/// Key of the advisory lock under which the schema and the logins change.
const SCHEMA_LOCK: i64 = 0x7363_6865_6d61;

/// The one encoding that holds everything that suppliers may send.
const ENCODING: &str = "UTF8";

/// How long a connection may take to be made. Without a limit, packets that nobody answers take minutes to fail.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Connects to change the schema or the logins.
///
/// # Errors
/// As PostgreSQL's, or if the database cannot hold what suppliers may send.
pub async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    let options = options.clone().options([SEARCH_PATH]);
    let silent = |_| Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer")));
    let mut connection = timeout(CONNECT_LIMIT, options.connect()).await.unwrap_or_else(silent).during("connect")?;
    let encoding: String =
        sqlx::query_scalar("show server_encoding").fetch_one(&mut connection).await.during("ask for the encoding")?;
    if encoding != ENCODING {
        let why = format!(
            "the database's encoding is {encoding} and must be {ENCODING}: create it anew, with \
             `create database ... encoding '{ENCODING}' template template0`"
        );
        return Err(Unfit(why)).during("use the database");
    }
    Ok(connection)
}

/// Waits until nobody else changes the schema or the logins; holds until the connection ends.
pub async fn lock_schema(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query("select pg_advisory_lock($1)").bind(SCHEMA_LOCK).execute(connection).await.during("lock the schema")?;
    Ok(())
}

/// Applies the migrations that the database has not had yet and returns how many those were.
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

/// Creates the login if it is not there and gives it this password, this limit and its access' rights.
pub async fn set_login(connection: &mut PgConnection, login: Login<'_>) -> Result<(), Error> {
    let mut transaction = connection.begin().await.during("begin creating a login")?;
    let there: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(login.name)
        .fetch_one(&mut *transaction)
        .await
        .during("look for a login")?;
    let verb = if there { "alter" } else { "create" };
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

/// Checks that this connection's login has its access' rights.
pub async fn try_access(connection: &mut PgConnection, access: Access) -> Result<(), Error> {
    let granted: bool =
        sqlx::query_scalar("select pg_has_role($1, 'usage') and has_table_privilege('product', 'select')")
            .bind(access.role())
            .fetch_one(connection)
            .await
            .during("try a login")?;
    if granted { Ok(()) } else { Err(sqlx::Error::RowNotFound).during("use a login's rights") }
}

fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// A statement goes to the server in its encoding: one that lacks a comment's character would refuse the statement.
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
