//! Functions connect only to servers with a trusted certificate, and have only their rights in Redis.

use aws_config::SdkConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use pipegen::servers::Servers;
use pipegen_contract::cache::{DEFAULT_RIGHTS, SHOP_RIGHTS};
use pipegen_contract::env;
use pipegen_contract::role::Role;
use pipegen_lambda::cache::{Cache, Entry};
use pipegen_lambda::database::Login;
use pipegen_lambda::settings::{CacheSettings, CatalogSettings, DatabaseSettings, ProcessorSettings};
use pipegen_store::{ProductVersion, View};
use redis::aio::MultiplexedConnection;
use sqlx::{ConnectOptions as _, Connection as _};

use super::bootstrap::Change;
use super::test_catalog::TestCatalog;

/// Another certificate authority than that of the tests' servers.
const OTHER_AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/lambda/certificates/rds-us-east-1.pem");

/// The role's user of the staging stack.
fn cache_user(role: Role) -> String {
    let purpose = match role {
        Role::Catalog => "reader",
        Role::Maintain => "repair",
        _ => "writer",
    };
    format!("user-{purpose}-staging")
}

/// Returns a variable of a function of this role on the test's servers.
fn variable(catalog: &TestCatalog, role: Role, changes: &[Change<'_>], name: &str) -> Option<String> {
    if let Some((_, value)) = changes.iter().find(|(changed, _)| *changed == name) {
        return value.map(str::to_owned);
    }
    let Servers { database, cache, .. } = &catalog.servers;
    let (cache_host, cache_port) = cache.host_and_port();
    let user = cache_user(role);
    let variables = [
        (env::DATABASE_HOST, database.host.clone()),
        (env::DATABASE_PORT, database.port.to_string()),
        (env::DATABASE_NAME, database.name.clone()),
        database.dev_variable(),
        (env::CACHE_HOST, cache_host),
        (env::CACHE_PORT, cache_port.to_string()),
        // The tests' Redis takes tokens of any replication group.
        (env::CACHE_REPLICATION_GROUP, "cache-views-local".to_owned()),
        cache.dev_variable(&user),
        (env::CACHE_USER, user),
        (env::DATABASE_SECRET_ARN, "arn:secret".to_owned()),
        (env::CACHE_VIEW_SECONDS, "300".to_owned()),
        (env::HORIZON_SECONDS, "60".to_owned()),
        (env::QUARANTINE_BUCKET, "bucket".to_owned()),
    ];
    variables.into_iter().find(|(set, _)| *set == name).map(|(_, value)| value)
}

/// Returns credentials to sign the tokens with; the tests' Redis accepts any.
fn aws() -> SdkConfig {
    let credentials = Credentials::new("key", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

async fn log_in(catalog: &TestCatalog, database: &DatabaseSettings) -> Result<(), String> {
    let login = Login::new(database, &aws()).map_err(|error| error.to_string())?;
    let master = &catalog.servers.database.master;
    let options = login.without_login().clone().username(&master.username).password(&master.password);
    let mut connection = options.connect().await.map_err(|error| format!("{error:#}"))?;
    let encrypted: bool = sqlx::query_scalar("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
        .fetch_one(&mut connection)
        .await
        .expect("executed");
    assert!(encrypted);
    connection.close().await.expect("closed");
    Ok(())
}

async fn refresh(settings: &CacheSettings) -> Result<(), String> {
    let cache = Cache::new(settings, &aws()).map_err(|error| error.to_string())?;
    let refreshed = cache.refresh(&[]).await.and(cache.refresh(&[view(1)]).await);
    refreshed.map_err(|error| std::error::Error::source(&error).expect("a cause").to_string())
}

fn view(version: i64) -> View {
    View { sku: "85123A".to_owned(), version, json: format!("{{\"version\":{version}}}") }
}

/// Changes with which the certificates must be refused. They are for `localhost`.
const UNTRUSTED: [&[Change<'_>]; 3] = [
    &[(env::DATABASE_HOST, Some("127.0.0.1")), (env::CACHE_HOST, Some("127.0.0.1"))],
    &[(env::DEV_AUTHORITY, Some(OTHER_AUTHORITY))],
    &[(env::DEV_AUTHORITY, None)],
];

fn settings(catalog: &TestCatalog, changes: &[Change<'_>]) -> ProcessorSettings {
    ProcessorSettings::read(|name| variable(catalog, Role::Processor, changes, name)).expect("complete")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_another_name_or_authority_is_refused() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let catalog = TestCatalog::open().await;
    log_in(&catalog, &settings(&catalog, &[]).database).await.expect("the right name and authority");
    for changes in UNTRUSTED {
        let why = log_in(&catalog, &settings(&catalog, changes).database).await.expect_err("refused");
        assert!(why.contains("certificate"), "{changes:?}: {why}");
    }
    catalog.close().await;
}

/// Needs a server that was built with TLS, as `pipegen local` does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_cache_with_another_name_or_authority_is_refused() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let catalog = TestCatalog::open().await;
    refresh(&settings(&catalog, &[]).cache).await.expect("the right name and authority");
    for changes in UNTRUSTED {
        let why = refresh(&settings(&catalog, changes).cache).await.expect_err("refused");
        assert!(why.contains("certificate"), "{changes:?}: {why}");
    }
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_authority_is_named() {
    let catalog = TestCatalog::open().await;
    let changes = [(env::DEV_AUTHORITY, Some("/not/there.pem"))];
    let settings = ProcessorSettings::read(|name| variable(&catalog, Role::Processor, &changes, name));
    let database = settings.expect("complete").database;
    let why = log_in(&catalog, &database).await.expect_err("refused");
    assert!(why.contains("/not/there.pem"), "{why}");
    catalog.close().await;
}

async fn administrator(catalog: &TestCatalog) -> redis::RedisResult<MultiplexedConnection> {
    redis::Client::open(catalog.servers.cache_url.as_str())?.get_multiplexed_async_connection().await
}

/// The rights are those that the stack renders.
#[tokio::test(flavor = "multi_thread")]
async fn functions_do_in_redis_what_their_rights_allow() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let catalog = TestCatalog::open().await;
    let cache = |role| {
        let settings = CatalogSettings::read(|name| variable(&catalog, role, &[], name)).expect("complete");
        Cache::new(&settings.cache, &aws()).expect("settings")
    };
    let (writer, maintainer, reader) = (cache(Role::Processor), cache(Role::Maintain), cache(Role::Catalog));
    writer.refresh(&[view(1)]).await.expect("refreshed");
    maintainer.refresh(&[view(2)]).await.expect("refreshed");
    let entries = reader.read(&["85123A"]).await.expect("read").entries;
    assert_eq!(entries, [Entry::Missing { min_version: 2 }]);
    // With messages, by both ways.
    let announced = |version| ProductVersion { sku: "85123A".to_owned(), version, offers: 1, available: 5 };
    writer.announce(&[announced(3)]).await.expect("announced");
    maintainer.announce(&[announced(4)]).await.expect("announced");
    writer.refresh(&[View { json: r#"{"available":5}"#.to_owned(), ..view(5) }]).await.expect("refreshed");

    let mut admin = administrator(&catalog).await.expect("connected");
    let everybody = [Role::Processor, Role::Maintain, Role::Catalog];
    let denied: [(&str, &[Role]); 9] = [
        ("FLUSHALL", &everybody),
        ("GET other", &everybody),
        ("KEYS *", &everybody),
        ("CONFIG GET maxmemory", &everybody),
        ("DEL product:85123A", &[Role::Catalog]),
        ("PUBLISH other x", &everybody),
        ("SUBSCRIBE product-changes", &everybody),
        ("PUBLISH product-changes x", &[Role::Catalog]),
        ("SPUBLISH product-changes x", &everybody),
    ];
    for (command, roles) in denied {
        for user in roles.iter().map(|role| cache_user(*role)) {
            let mut dry_run = redis::cmd("ACL");
            dry_run.arg("DRYRUN").arg(&user).arg(command.split(' ').collect::<Vec<_>>());
            let allowed: String = dry_run.query_async(&mut admin).await.expect("executed");
            assert!(allowed.contains("no permissions") || allowed.contains("no access"), "{user} {command}: {allowed}");
        }
    }
    // With the rights of the user `default` in the stack, nobody can log in without a name.
    let rights: Vec<_> = DEFAULT_RIGHTS.split(' ').collect();
    redis::cmd("ACL").arg("SETUSER").arg("default").arg(rights).query_async::<()>(&mut admin).await.expect("set");
    assert!(administrator(&catalog).await.is_err());
    catalog.close().await;
}

/// The shop has the rights that the stack gives to shops that read the cache themselves.
#[tokio::test(flavor = "multi_thread")]
async fn a_shop_reads_products_and_does_nothing_else() {
    let catalog = TestCatalog::open().await;
    let mut admin = administrator(&catalog).await.expect("connected");
    let mut create = redis::cmd("ACL");
    create.arg("SETUSER").arg("shop").arg(">secret").arg(SHOP_RIGHTS.split(' ').collect::<Vec<_>>());
    create.query_async::<()>(&mut admin).await.expect("set");
    let filled: i64 = words("HSET product:1 version 7 view {}").query_async(&mut admin).await.expect("filled");
    assert_eq!(filled, 2);

    let url = url::Url::parse(&catalog.servers.cache_url).expect("a URL");
    let url = format!("redis://shop:secret@127.0.0.1:{}", url.port().expect("a port"));
    let mut shop =
        redis::Client::open(url).expect("a URL").get_multiplexed_async_connection().await.expect("logged in");
    let view: String = words("HGET product:1 view").query_async(&mut shop).await.expect("read");
    assert_eq!(view, "{}");
    for allowed in
        ["PING", "EXISTS product:1", "HMGET product:1 version view", "HGETALL product:1", "EXISTS product:none"]
    {
        words(allowed).query_async::<redis::Value>(&mut shop).await.expect(allowed);
    }
    for refused in [
        "HSET product:1 version 8",
        "HDEL product:1 view",
        "DEL product:1",
        "UNLINK product:1",
        "EXPIRE product:1 1",
        "PERSIST product:1",
        "RENAME product:1 product:2",
        "SET product:2 x",
        "HGET other view",
        "EVAL return{} 0",
        "SCRIPT LOAD return{}",
        "KEYS *",
        "SCAN 0",
        "FLUSHALL",
        "CONFIG GET maxmemory",
        "ACL LIST",
        "CLIENT LIST",
        "SUBSCRIBE product",
        "SUBSCRIBE product-changes other",
        "PSUBSCRIBE product-changes",
        "PSUBSCRIBE *",
        "SSUBSCRIBE product-changes",
        "PUBLISH product-changes x",
        "PUBSUB CHANNELS",
    ] {
        let answer = words(refused).query_async::<redis::Value>(&mut shop).await;
        assert_eq!(answer.expect_err(refused).code(), Some("NOPERM"), "{refused}");
    }
    catalog.close().await;
}

/// Makes a command from its words.
fn words(command: &str) -> redis::Cmd {
    let mut words = command.split(' ');
    let mut built = redis::cmd(words.next().expect("a name"));
    built.arg(words.collect::<Vec<_>>());
    built
}
