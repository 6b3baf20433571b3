//! PostgreSQL and Redis start, ask for a password, and end.

use std::path::Path;

use pipegen::servers::{ServerPlan, ServerSettings, Servers, free_port};
use pipegen::session::Session;
use pipegen::session::working_folder::WorkingFolder;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::fixture::{open_folder, processes_of};

/// Starts the servers of a session with the settings of the staging stack.
pub(crate) async fn start(session: &Session) -> Servers {
    let plan = ServerPlan::make(None, None, Some(&session.folder)).expect("installed");
    plan.start(session, &settings()).await.expect("started")
}

fn settings() -> ServerSettings {
    let main = serde_json::from_str(include_str!("../golden/staging.main.tf.json")).expect("JSON");
    ServerSettings::from_stack(&main).expect("complete")
}

fn in_folder(folder: &Path) -> Session {
    Session::open(Some(WorkingFolder::kept(folder).expect("a folder"))).expect("opened")
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_want_their_password_and_end() {
    let session = Session::open(None).expect("opened");
    let servers = start(&session).await;

    let mut database = PgConnection::connect(&servers.database_url).await.expect("connected");
    let listens: String =
        sqlx::query_scalar("select current_setting('listen_addresses')").fetch_one(&mut database).await.expect("asked");
    assert_eq!(listens, "127.0.0.1");
    let options: PgConnectOptions = servers.database_url.parse().expect("a URL");
    assert!(options.password("wrong").connect().await.is_err());

    let mut cache = connect(&servers.cache_url).await.expect("connected");
    let policy: Vec<String> =
        redis::cmd("CONFIG").arg("GET").arg("maxmemory-policy").query_async(&mut cache).await.expect("asked");
    assert_eq!(policy, ["maxmemory-policy", "allkeys-lru"]);
    let address = servers.cache_url.rsplit_once('@').expect("a login").1;
    assert!(connect(&format!("redis://{address}")).await.is_err(), "no password");

    let folder = session.folder.scratch_path().expect("a scratch folder").to_owned();
    session.close().await.expect("closed");
    assert!(!folder.exists());
    assert_eq!(processes_of(&folder), Vec::<String>::new());
    assert!(PgConnection::connect(&servers.database_url).await.is_err());
    assert!(connect(&servers.cache_url).await.is_err());
}

async fn connect(url: &str) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    redis::cmd("PING").query_async::<()>(&mut connection).await?;
    Ok(connection)
}

/// Each character here ends, quotes or begins something for a shell, for Redis' configuration, for PostgreSQL's or for
/// a pattern.
#[tokio::test(flavor = "multi_thread")]
async fn a_folders_name_may_be_any_text() {
    let folder = open_folder();
    for name in
        ["it's \"quoted\" \\ and\\\\ so", "a[1]*? {x} ~ !", "# 100% $HOME `x` ; = & , :", "Lager für Größe 名", "-D"]
    {
        let session = in_folder(&folder.path().join(name));
        let servers = start(&session).await;
        let mut database = PgConnection::connect(&servers.database_url).await.expect("connected");
        let access: String =
            sqlx::query_scalar("select current_setting('hba_file')").fetch_one(&mut database).await.expect("asked");
        assert_eq!(access, session.folder.join("postgresql/access.conf").display().to_string());
        let mut cache = connect(&servers.cache_url).await.expect("connected");
        let kept: Vec<String> =
            redis::cmd("CONFIG").arg("GET").arg("dir").query_async(&mut cache).await.expect("asked");
        assert_eq!(kept, ["dir".to_owned(), session.folder.join("redis").display().to_string()]);
        session.close().await.expect("closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_data_is_there_again() {
    let folder = open_folder();
    for run in 0..2 {
        let session = in_folder(&folder.path().join("data"));
        let servers = start(&session).await;
        let mut database = PgConnection::connect(&servers.database_url).await.expect("connected");
        let mut cache = connect(&servers.cache_url).await.expect("connected");
        if run == 0 {
            sqlx::query("create table kept as select 42 as number").execute(&mut database).await.expect("created");
            redis::cmd("SET").arg("kept").arg(42).query_async::<()>(&mut cache).await.expect("set");
        } else {
            let number: i32 =
                sqlx::query_scalar("select number from kept").fetch_one(&mut database).await.expect("kept");
            let cached: i32 = redis::cmd("GET").arg("kept").query_async(&mut cache).await.expect("kept");
            assert_eq!((number, cached), (42, 42));
        }
        session.close().await.expect("closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_servers_are_checked_before_others_are_started() {
    let session = Session::open(None).expect("opened");
    for (database, cache, option) in [
        (Some("postgres://nobody:secret@127.0.0.1:1/none"), None, "--database-url"),
        (None, Some("redis://127.0.0.1:1/"), "--cache-url"),
    ] {
        let plan = ServerPlan::make(database.map(str::to_owned), cache.map(str::to_owned), None).expect("installed");
        let error = format!("{:#}", plan.start(&session, &settings()).await.err().expect("not there"));
        assert!(error.contains(option) && !error.contains("secret"), "{error}");
        let folder = session.folder.scratch_path().expect("a scratch folder");
        assert_eq!(std::fs::read_dir(folder).expect("there").count(), 0, "nothing was started");
    }
    session.close().await.expect("closed");
}

/// A statement's parameters are events. With the rendered parameters neither a slow nor a failing statement writes it
/// to the log.
#[tokio::test(flavor = "multi_thread")]
async fn slow_and_failing_statements_do_not_log_what_they_were_given() {
    let folder = open_folder();
    let session = in_folder(&folder.path().join("data"));
    let servers = start(&session).await;
    let mut database = PgConnection::connect(&servers.database_url).await.expect("connected");
    let slow = sqlx::query("select pg_sleep(1.1), $1::text").bind("given-to-slow").execute(&mut database).await;
    slow.expect("slept");
    let failing = sqlx::query("select length($1::text) / 0").bind("given-to-failing").execute(&mut database).await;
    failing.expect_err("divided");
    session.supervisor.stop_all().await;

    let log = std::fs::read_to_string(session.folder.logs().expect("logs").join("postgresql.log")).expect("a log");
    assert!(
        log.contains("pg_sleep(1.1), $1::text") && log.contains("length($1::text) / 0"),
        "nothing is logged: {log}"
    );
    assert!(!log.contains("given-to-"), "{log}");
    session.close().await.expect("closed");
}

/// In cluster mode one call cannot reach several products, which only a larger batch would tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_given_cache_in_cluster_mode_is_refused() {
    let session = Session::open(None).expect("opened");
    let (port, bus) = (free_port().expect("a port"), free_port().expect("a port"));
    let mut cluster = tokio::process::Command::new("redis-server")
        .args(["--port", &port.to_string(), "--cluster-port", &bus.to_string(), "--bind", "127.0.0.1"])
        .args(["--cluster-enabled", "yes", "--save", ""])
        .current_dir(session.folder.join(""))
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server");
    let url = format!("redis://127.0.0.1:{port}/");
    for _ in 0..100 {
        if connect(&url).await.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let plan = ServerPlan::make(None, Some(url), None).expect("installed");
    let error = format!("{:#}", plan.start(&session, &settings()).await.err().expect("refused"));
    assert!(error.contains("--cache-url") && error.contains("cluster mode"), "{error}");
    cluster.kill().await.expect("killed");
    session.close().await.expect("closed");
}
