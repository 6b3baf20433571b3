//! The servers' versions, and the parameters that the stack sets.

use std::path::Path;
use std::process::Command;

use pipegen::config::{self, Environment, Fault, SettingsFile};
use pipegen::stack::{self, Package};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use super::test_catalog::TestCatalog;

/// The variable with the folder of the servers' programs.
const SERVER_PATH: &str = "PIPEGEN_SERVER_PATH";

/// Returns the parameters that are rendered for PostgreSQL of this major version.
fn rendered(version: u32) -> Vec<(String, String)> {
    let text = format!("[defaults]\ndatabase_version = {version}");
    let source = SettingsFile { path: "pipegen.toml".into(), text };
    let environment = Environment::parse("staging").map_err(|problem| Fault::new(None, problem));
    let config = config::load(Some(&source), environment).expect("good settings");
    let package = Package { file_name: "bootstrap.zip".into(), source_code_hash: "AAAA".into() };
    let main: Value = serde_json::from_str(&stack::build(&config, &package).expect("built").main).expect("JSON");
    let parameters = main["resource"]["aws_db_parameter_group"]["catalog"]["parameter"].as_array().expect("parameters");
    let text = |parameter: &Value, field: &str| parameter[field].as_str().expect("text").to_owned();
    parameters.iter().map(|parameter| (text(parameter, "name"), text(parameter, "value"))).collect()
}

/// PostgreSQL knows each parameter and accepts its value, except those that only RDS knows (`rds.`).
#[tokio::test(flavor = "multi_thread")]
async fn postgresql_accepts_the_parameters() {
    let catalog = TestCatalog::open().await;
    let mut admin = PgConnection::connect(&catalog.servers.database_url).await.expect("connected");
    let number: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
        .fetch_one(&mut admin)
        .await
        .expect("one");
    // The oldest server that the tests accept is older than the oldest version that can be set.
    let version = u32::try_from(number / 10_000).expect("a version").max(16);
    let own: Vec<_> = rendered(version).into_iter().filter(|(name, _)| !name.starts_with("rds.")).collect();
    assert!(own.len() >= 5, "{own:?}");
    for (name, value) in own {
        let statement = format!("alter system set {name} = '{value}'");
        let set = sqlx::raw_sql(&statement).execute(&mut admin).await;
        assert!(set.is_ok(), "{name} = {value}: {set:?}");
    }
    catalog.close().await;
}

/// The tests run on the servers in the folder that the variable names, if it is set.
#[tokio::test(flavor = "multi_thread")]
async fn the_servers_are_those_that_were_named() {
    let Some(folder) = std::env::var_os(SERVER_PATH) else { return };
    let catalog = TestCatalog::open().await;
    let mut admin = PgConnection::connect(&catalog.servers.database_url).await.expect("connected");
    let version: String = sqlx::query_scalar("show server_version").fetch_one(&mut admin).await.expect("a version");
    let own = version_of(&Path::new(&folder).join("postgres"));
    assert!(own.contains(&format!(" {version}")), "{own} is named, {version} runs");

    let client = redis::Client::open(catalog.servers.cache_url.as_str()).expect("a URL");
    let mut admin = client.get_multiplexed_async_connection().await.expect("connected");
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut admin).await.expect("read");
    let line = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let version = line("valkey_version").or(line("redis_version")).expect("a version");
    let own = version_of(&Path::new(&folder).join("redis-server"));
    assert!(own.contains(&format!("v={version}")), "{own} is named, {version} runs");
    catalog.close().await;
}

fn version_of(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output().expect("runs");
    String::from_utf8(output.stdout).expect("text")
}
