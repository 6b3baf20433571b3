//! The rights in PostgreSQL of the logins that `migrate` and `rotate` make.

use std::collections::BTreeSet;

use pipegen_contract::database::Access;
use pipegen_contract::role::Role;
use pipegen_lambda::secrets::UserPassword;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::bootstrap::{Functions, answer};
use super::test_catalog::{TestCatalog, reader_login};

const TABLES: [&str; 10] = [
    "product",
    "description",
    "offer",
    "ledger",
    "ledger_floor",
    "pending_refresh",
    "change",
    "low_stock_limit",
    "crossing",
    "_sqlx_migrations",
];
const STATEMENTS: [&str; 5] = ["select", "insert", "update", "delete", "truncate"];

/// Returns the statements that an access may execute, by table. It may execute no others.
fn allowed(access: Access) -> BTreeSet<(&'static str, &'static str)> {
    let tables: &[(&str, &[&str])] = match access {
        Access::Writer => &[
            ("product", &["select", "insert", "update", "delete"]),
            ("description", &["select", "insert", "update"]),
            ("offer", &["select", "insert", "update"]),
            ("ledger", &["select", "insert", "update", "delete"]),
            ("ledger_floor", &["select"]),
            ("pending_refresh", &["select", "insert", "update", "delete"]),
            ("change", &["select", "insert"]),
            ("low_stock_limit", &["select"]),
            ("crossing", &["select", "insert", "update"]),
        ],
        Access::Reader => {
            &[("product", &["select"]), ("description", &["select"]), ("offer", &["select"]), ("change", &["select"])]
        }
        Access::Maintainer => &[
            ("product", &["select"]),
            ("description", &["select"]),
            ("offer", &["select"]),
            ("ledger", &["select", "delete"]),
            ("ledger_floor", &["select", "update"]),
            ("pending_refresh", &["select", "update", "delete"]),
            ("change", &["select", "delete"]),
            ("crossing", &["select", "update", "delete"]),
        ],
    };
    tables.iter().flat_map(|(table, statements)| statements.iter().map(move |statement| (*table, *statement))).collect()
}

async fn log_in(functions: &Functions, login: &UserPassword) -> PgConnection {
    try_log_in(functions, login).await.expect("logged in")
}

async fn try_log_in(functions: &Functions, login: &UserPassword) -> sqlx::Result<PgConnection> {
    let options: PgConnectOptions = functions.catalog.servers.database_url.parse().expect("a URL");
    let options = options.username(&login.username).password(&login.password);
    // Only the administrator can log in without TLS.
    options.ssl_mode(PgSslMode::Require).connect().await
}

/// The maintainer removes products of probes by a function, which can remove no others.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_maintainer_removes_probes() {
    let functions = Functions::migrated().await;
    for access in Access::ALL {
        let mut connection = log_in(&functions, &functions.login(access).await).await;
        let denied = is_denied(&mut connection, "select forget_probes(interval '1 minute', 1)").await;
        assert_eq!(denied, access != Access::Maintainer, "{access:?}");
        connection.close().await.expect("closed");
    }
    functions.close().await;
}

/// A rotation tries the login with the new password so, before functions get it.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_has_the_rights_of_its_own_access_and_of_no_other() {
    let functions = Functions::migrated().await;
    for access in Access::ALL {
        let mut connection = log_in(&functions, &functions.login(access).await).await;
        for tried in Access::ALL {
            let has_rights = pipegen_store::try_access(&mut connection, tried).await.is_ok();
            assert_eq!(has_rights, tried == access, "{access:?} as {tried:?}");
        }
        connection.close().await.expect("closed");
    }
    functions.close().await;
}

/// Returns true if PostgreSQL refuses a statement for lack of a right. The statement is rolled back.
async fn is_denied(connection: &mut PgConnection, statement: &str) -> bool {
    let mut transaction = connection.begin().await.expect("begun");
    let result = transaction.execute(statement).await;
    transaction.rollback().await.expect("rolled back");
    // A syntax error would be no proof of anything.
    match result {
        Ok(_) => false,
        Err(error) => {
            let code = error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
            assert_eq!(code.as_deref(), Some("42501"), "{statement}: {error}");
            true
        }
    }
}

fn statement(verb: &str, table: &str) -> String {
    match verb {
        "select" => format!("select * from {table}"),
        "insert" => format!("insert into {table} select (jsonb_populate_record(null::{table}, '{{}}')).* where false"),
        "update" => {
            let column = match table {
                "ledger_floor" => "only_row",
                "change" => "changed_at",
                "low_stock_limit" => "name",
                "_sqlx_migrations" => "version",
                _ => "sku",
            };
            format!("update {table} set {column} = default where false")
        }
        "delete" => format!("delete from {table} where false"),
        _ => format!("{verb} {table}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_may_do_what_they_are_for_and_nothing_else() {
    let functions = Functions::migrated().await;
    for access in Access::ALL {
        let mut connection = log_in(&functions, &functions.login(access).await).await;
        let mut may = BTreeSet::new();
        for table in TABLES {
            for verb in STATEMENTS {
                if !is_denied(&mut connection, &statement(verb, table)).await {
                    may.insert((table, verb));
                }
            }
            for ddl in [
                format!("alter table {table} add column more text"),
                format!("drop table {table}"),
                format!("create index on {table} ((1))"),
                format!("grant all on {table} to public"),
            ] {
                // A grant that gives nothing is a warning, not an error.
                let gives_nothing = ddl.starts_with("grant") && allowed(access).iter().any(|(on, _)| *on == table);
                assert!(is_denied(&mut connection, &ddl).await || gives_nothing, "{access:?}: {ddl}");
            }
        }
        assert_eq!(may, allowed(access), "{access:?}");
        for statement in [
            "create table another (id int)",
            "create schema another",
            "create role another",
            "create database another",
            "alter role inventory_writer_a superuser",
            "grant inventory_writer to inventory_reader_a",
            "select rolpassword from pg_authid",
            "select pg_read_file('/etc/passwd')",
            "copy (select 1) to program 'true'",
            "alter system set fsync = off",
        ] {
            // Outside of a transaction, which some of these refuse to run in before they look at rights.
            let error = connection.execute(statement).await.expect_err(statement);
            let code = error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
            assert_eq!(code.as_deref(), Some("42501"), "{access:?}: {statement}: {error}");
        }
        for other in Access::ALL.into_iter().filter(|other| *other != access) {
            let assume = format!("set role {}", other.role());
            assert!(is_denied(&mut connection, &assume).await, "{access:?}: {assume}");
        }
        connection.close().await.expect("closed");
    }
    functions.close().await;
}

/// A bug in one function must not take every connection of the server.
#[tokio::test(flavor = "multi_thread")]
async fn every_login_has_a_connection_limit() {
    let functions = Functions::migrated().await;
    let limits: Vec<(&str, Option<&str>)> = Access::ALL.map(|access| (access.connections_variable(), Some("3"))).into();
    answer(&functions.host(Role::Migrate, &limits), &json!({})).await;
    let unlimited = "select count(*) from pg_roles where rolname ~ '^inventory_.*_[ab]$' and rolconnlimit <> 3";
    assert_eq!(functions.catalog.number(unlimited).await, 0);
    assert_eq!(functions.catalog.number("select count(*) from pg_roles where rolname ~ '^inventory_.*_a$'").await, 3);

    let login = functions.login(Access::Reader).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(log_in(&functions, &login).await);
    }
    let refused = try_log_in(&functions, &login).await.expect_err("no more");
    let code = refused.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
    assert_eq!(code.as_deref(), Some("53300"), "{refused}");
    functions.close().await;
}

/// Both change rows of the server's own catalog, where a second change of a row fails instead of waiting.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_waits_until_migrate_has_ended() {
    let catalog = TestCatalog::open().await;
    let options = catalog.servers.database_url.parse().expect("a URL");
    let mut migrate = pipegen_store::connect(&options).await.expect("connected");
    pipegen_store::lock_schema(&mut migrate).await.expect("locked");
    let mut rotate = pipegen_store::connect(&options).await.expect("connected");
    let end = async {
        catalog.until_somebody_waits().await;
        migrate.close().await.expect("closed");
    };
    let (set, ()) = tokio::join!(pipegen_store::set_login(&mut rotate, reader_login("rotated")), end);
    set.expect("set");
    catalog.close().await;
}
