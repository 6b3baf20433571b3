//! The first run of `migrate`, while policies, host names and servers are still on their way.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use pipegen::session::listener::Listener;
use pipegen_contract::env;
use pipegen_contract::role::Role;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use tokio::net::{TcpListener, TcpStream};

use super::bootstrap::{Functions, answer, failure, seconds};
use super::test_catalog::TestCatalog;

/// The number of requests that are denied before the role's new policy takes effect.
const DENIED: usize = 4;

/// Makes a Secrets Manager that denies the first requests, then returns the master login and logins that exist already.
fn denying_at_first(master: Value, requests: Arc<AtomicUsize>, denied: usize) -> Router {
    let answer = move |request: Bytes| {
        let request: Value = serde_json::from_slice(&request).expect("JSON");
        let (is_early, master) = (requests.fetch_add(1, Ordering::SeqCst) < denied, master.clone());
        async move {
            if is_early {
                let refusal = json!({"__type": "AccessDeniedException", "Message": "not authorized to perform: \
                    secretsmanager:GetSecretValue"});
                return (StatusCode::BAD_REQUEST, Json(refusal));
            }
            let id = request["SecretId"].as_str().unwrap_or_default();
            let role = ["writer", "reader", "maintainer"].into_iter().find(|role| id.contains(role));
            let made = |role| json!({"username": format!("inventory_{role}_a"), "password": "made before"});
            let value = role.map_or(master, made).to_string();
            (StatusCode::OK, Json(json!({"ARN": id, "Name": id, "VersionId": "1", "SecretString": value})))
        }
    };
    Router::new().route("/", post(answer))
}

fn master(functions: &Functions) -> Value {
    let master = &functions.catalog.servers.database.master;
    json!({"username": master.username, "password": master.password})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_has_not_taken_effect_is_waited_for() {
    let functions = Functions::open().await;
    let (listener, requests) = (Listener::open(0).expect("a port"), Arc::new(AtomicUsize::new(0)));
    let url = listener.url();
    let _server = listener.serve(denying_at_first(master(&functions), Arc::clone(&requests), DENIED)).expect("served");
    let migrate = functions.host(Role::Migrate, &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", Some(&url))]);
    assert_eq!(answer(&migrate, &json!({})).await["logins"], 3);
    assert_eq!(requests.load(Ordering::SeqCst), DENIED + 4, "the master's, and one for each access");
    functions.close().await;
}

/// The error names the policy when the time is almost up, and is not hidden behind a time-out.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_stays_wrong_is_reported_in_the_end() {
    let functions = Functions::open().await;
    let (listener, requests) = (Listener::open(0).expect("a port"), Arc::new(AtomicUsize::new(0)));
    let url = listener.url();
    let _server = listener.serve(denying_at_first(json!({}), Arc::clone(&requests), usize::MAX)).expect("served");
    let mut function = functions.backend.function(Role::Migrate).expect("there");
    function.timeout = seconds(15);
    let failed =
        failure(&functions.run(function, &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", Some(&url))]), &json!({})).await;
    assert_eq!(failed.error_type, "Migrate.SecretDenied", "{failed:?}");
    assert!(failed.message.contains("not authorized"), "{failed:?}");
    assert!(requests.load(Ordering::SeqCst) > 2);
    functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_come_late_are_waited_for() {
    let functions = Functions::open().await;
    // Ports without a listener yet.
    let free = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port").local_addr().expect("bound");
    let (late_database, late_secrets) = (free().await, free().await);
    let url = |function: &str| function.to_owned();
    let secrets = url(&functions.backend.secrets_manager).trim_start_matches("http://").parse().expect("an address");
    let port = functions.catalog.servers.database.port;
    tokio::spawn(forward_after(Duration::from_secs(4), late_secrets, secrets));
    tokio::spawn(forward_after(Duration::from_secs(8), late_database, SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
    let migrate = functions.host(
        Role::Migrate,
        &[
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", Some(&format!("http://{late_secrets}"))),
            (env::DATABASE_PORT, Some(&late_database.port().to_string())),
        ],
    );
    assert_eq!(answer(&migrate, &json!({})).await["logins"], 3);
    functions.close().await;
}

/// Listens after a while and forwards everything.
async fn forward_after(pause: Duration, from: SocketAddr, to: SocketAddr) {
    tokio::time::sleep(pause).await;
    let listener = TcpListener::bind(from).await.expect("still free");
    while let Ok((mut client, _)) = listener.accept().await {
        tokio::spawn(async move {
            if let Ok(mut server) = TcpStream::connect(to).await {
                tokio::io::copy_bidirectional(&mut client, &mut server).await.ok();
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_tells_how_many_migrations_it_has_applied() {
    let catalog = TestCatalog::open().await;
    let all = catalog.number("select count(*) from _sqlx_migrations").await;
    catalog.execute("create database another").await;
    let options: PgConnectOptions = catalog.servers.database_url.parse().expect("a URL");
    let mut connection = pipegen_store::connect(&options.database("another")).await.expect("connected");
    for expected in [all, 0] {
        let applied = pipegen_store::migrate(&mut connection).await.expect("migrated");
        assert_eq!(i64::try_from(applied), Ok(expected));
    }
    catalog.close().await;
}
