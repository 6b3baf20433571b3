//! PostgreSQL and Redis come, are guarded by a password, and go.

use pipegen::servers::{Plan, Servers};
use pipegen::session::working_folder::WorkingFolder;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::workshop::{Workshop, open_folder, processes_of};

async fn start(place: &WorkingFolder, workshop: &Workshop) -> Servers {
    Plan::make(None, None, Some(place)).expect("installed").start(place, &workshop.supervisor).await.expect("started")
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_want_their_password_and_end() {
    let workshop = Workshop::new();
    let place = WorkingFolder::scratch().expect("a folder");
    let servers = start(&place, &workshop).await;

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

    let folder = place.to_remove().expect("a scratch folder").to_owned();
    workshop.supervisor.stop_all().await;
    assert_eq!(processes_of(&folder), Vec::<String>::new());
    assert!(PgConnection::connect(&servers.database_url).await.is_err());
    assert!(connect(&servers.cache_url).await.is_err());
    place.remove().expect("removed");
    workshop.close().await;
}

async fn connect(url: &str) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    redis::cmd("PING").query_async::<()>(&mut connection).await?;
    Ok(connection)
}

/// Each character here ends, quotes or begins something for a shell, for Redis' configuration, for PostgreSQL's or for a pattern.
#[tokio::test(flavor = "multi_thread")]
async fn a_folders_name_may_be_any_text() {
    let folder = open_folder();
    for name in
        ["it's \"quoted\" \\ and\\\\ so", "a[1]*? {x} ~ !", "# 100% $HOME `x` ; = & , :", "Lager für Größe 名", "-D"]
    {
        let workshop = Workshop::new();
        let place = WorkingFolder::kept(&folder.path().join(name)).expect("a folder");
        let servers = start(&place, &workshop).await;
        let mut database = PgConnection::connect(&servers.database_url).await.expect("connected");
        let access: String =
            sqlx::query_scalar("select current_setting('hba_file')").fetch_one(&mut database).await.expect("asked");
        assert_eq!(access, place.part("postgresql/access.conf").display().to_string());
        let mut cache = connect(&servers.cache_url).await.expect("connected");
        let kept: Vec<String> =
            redis::cmd("CONFIG").arg("GET").arg("dir").query_async(&mut cache).await.expect("asked");
        assert_eq!(kept, ["dir".to_owned(), place.part("redis").display().to_string()]);
        workshop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_data_is_there_again() {
    let folder = open_folder();
    for run in 0..2 {
        let workshop = Workshop::new();
        let place = WorkingFolder::kept(&folder.path().join("data")).expect("a folder");
        let servers = start(&place, &workshop).await;
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
        workshop.close().await;
        place.remove().expect("nothing to remove");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_servers_are_checked_before_others_are_started() {
    let workshop = Workshop::new();
    let place = WorkingFolder::scratch().expect("a folder");
    for (database, cache, option) in [
        (Some("postgres://nobody:secret@127.0.0.1:1/none"), None, "--database-url"),
        (None, Some("redis://127.0.0.1:1/"), "--cache-url"),
    ] {
        let plan = Plan::make(database.map(str::to_owned), cache.map(str::to_owned), None).expect("installed");
        let error = format!("{:#}", plan.start(&place, &workshop.supervisor).await.err().expect("not there"));
        assert!(error.contains(option) && !error.contains("secret"), "{error}");
        let folder = place.to_remove().expect("a scratch folder");
        assert_eq!(std::fs::read_dir(folder).expect("there").count(), 0, "nothing was started");
    }
    place.remove().expect("removed");
    workshop.close().await;
}

/// What a statement is given is an event. With the rendered parameters neither a slow statement nor a failing one says it to the log.
#[tokio::test(flavor = "multi_thread")]
async fn slow_and_failing_statements_do_not_log_what_they_were_given() {
    let folder = open_folder();
    let workshop = Workshop::new();
    let place = WorkingFolder::kept(&folder.path().join("data")).expect("a folder");
    let servers = start(&place, &workshop).await;
    let mut database = PgConnection::connect(&servers.database_url).await.expect("connected");
    // From PostgreSQL's own defaults on, whatever this server was started with.
    for parameter in ["log_parameter_max_length", "log_parameter_max_length_on_error", "log_min_duration_statement"] {
        sqlx::query(&format!("set {parameter} = -1")).execute(&mut database).await.expect("set");
    }
    let main: serde_json::Value = serde_json::from_str(include_str!("../golden/staging.main.tf.json")).expect("JSON");
    let rendered = main["resource"]["aws_db_parameter_group"]["catalog"]["parameter"].as_array().expect("a list");
    for parameter in rendered {
        let text = |attribute: &str| parameter[attribute].as_str().expect("a string");
        if !text("name").starts_with("rds.") {
            let set = format!("set {} = '{}'", text("name"), text("value"));
            sqlx::query(&set).execute(&mut database).await.expect("set");
        }
    }

    let slow = sqlx::query("select pg_sleep(1.1), $1::text").bind("given-to-slow").execute(&mut database).await;
    slow.expect("slept");
    let failing = sqlx::query("select length($1::text) / 0").bind("given-to-failing").execute(&mut database).await;
    failing.expect_err("divided");
    workshop.supervisor.stop_all().await;

    let log = std::fs::read_to_string(place.logs().expect("logs").join("postgresql.log")).expect("a log");
    assert!(
        log.contains("pg_sleep(1.1), $1::text") && log.contains("length($1::text) / 0"),
        "nothing is logged: {log}"
    );
    assert!(!log.contains("given-to-"), "{log}");
    workshop.close().await;
}

/// In cluster mode one call cannot reach several products, which only a larger batch would tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_given_cache_in_cluster_mode_is_refused() {
    let workshop = Workshop::new();
    let place = WorkingFolder::scratch().expect("a folder");
    let port = free_port();
    let mut cluster = tokio::process::Command::new("redis-server")
        .args(["--port", &port.to_string(), "--cluster-port", &free_port().to_string(), "--bind", "127.0.0.1"])
        .args(["--cluster-enabled", "yes", "--save", ""])
        .current_dir(workshop.folder.path())
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
    let plan = Plan::make(None, Some(url), None).expect("installed");
    let error = format!("{:#}", plan.start(&place, &workshop.supervisor).await.err().expect("refused"));
    assert!(error.contains("--cache-url") && error.contains("cluster mode"), "{error}");
    cluster.kill().await.expect("killed");
    place.remove().expect("removed");
    workshop.close().await;
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}
