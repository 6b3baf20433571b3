//! Versions and labels by the service's rules, rotations that fail at a step, and the runtime's own client.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials as SdkCredentials, Region};
use parking_lot::Mutex;
use pipegen_lambda::secrets::{LoginSecret, UserPassword, VersionStage};

use super::rotation::RotationError;
use super::versions::{CURRENT, SecretValue, Version, Versions};
use super::*;
use crate::emulators::api_error::ApiError;
use crate::lambda_host::credentials::Credentials;
use crate::session::console::Console;
use crate::session::listener::{Listener, Server};

/// A token, and so the id of a version.
fn token(number: u32) -> String {
    format!("{number:032}")
}

fn labels(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|&label| label.to_owned()).collect()
}

fn put(versions: &mut Versions, number: u32, value: &str, on: &[&str]) -> Result<(), &'static str> {
    versions
        .put(&token(number), SecretValue(value.to_owned()), &labels(on))
        .map(|_| ())
        .map_err(|error| error.exception)
}

/// The labels of each version that has some.
fn labelled(versions: &Versions) -> Vec<(u32, Vec<&str>)> {
    let labelled = versions.labelled_versions();
    labelled
        .map(|Version { id, labels, .. }| (id.parse().expect("a number"), labels.iter().map(String::as_str).collect()))
        .collect()
}

#[test]
fn a_new_value_is_current_and_the_one_before_previous() {
    let mut versions = Versions::default();
    assert_eq!(versions.find(None, None).expect_err("no value").exception, "ResourceNotFoundException");
    for number in 1..=3 {
        put(&mut versions, number, &format!("value {number}"), &[CURRENT]).expect("stored");
    }
    assert_eq!(labelled(&versions), [(2, vec!["AWSPREVIOUS"]), (3, vec!["AWSCURRENT"])]);
    let value = |id: Option<u32>, label| {
        let found = versions.find(id.map(token).as_deref(), label);
        found.map(|(version, value)| (version.id.clone(), value.0.clone())).map_err(|error| error.exception)
    };
    assert_eq!(value(None, None), Ok((token(3), "value 3".to_owned())));
    assert_eq!(value(None, Some("AWSPREVIOUS")), Ok((token(2), "value 2".to_owned())));
    assert_eq!(value(Some(1), None), Ok((token(1), "value 1".to_owned())), "deprecated and still there");
    assert_eq!(value(Some(3), Some(CURRENT)), Ok((token(3), "value 3".to_owned())));
    assert_eq!(value(Some(2), Some(CURRENT)), Err("InvalidRequestException"));
    assert_eq!(value(Some(4), None), Err("ResourceNotFoundException"));
    assert_eq!(value(None, Some("AWSPENDING")), Err("ResourceNotFoundException"));
}

#[test]
fn a_request_that_comes_again_changes_nothing() {
    let mut versions = Versions::default();
    put(&mut versions, 1, "first", &[CURRENT]).expect("stored");
    put(&mut versions, 2, "second", &[CURRENT]).expect("stored");
    put(&mut versions, 1, "first", &[CURRENT]).expect("the same again");
    assert_eq!(labelled(&versions), [(1, vec!["AWSPREVIOUS"]), (2, vec!["AWSCURRENT"])]);
    assert_eq!(put(&mut versions, 1, "another", &[CURRENT]), Err("ResourceExistsException"));
    let short = versions.put("short", SecretValue("third".to_owned()), &labels(&[CURRENT]));
    assert_eq!(short.expect_err("no token").exception, "InvalidParameterException");
}

#[test]
fn only_other_labels_leave_the_current_version_alone() {
    let mut versions = Versions::default();
    put(&mut versions, 1, "first", &["AWSPENDING"]).expect("stored");
    assert_eq!(labelled(&versions), [(1, vec!["AWSCURRENT", "AWSPENDING"])], "the first value is the current one, too");
    put(&mut versions, 2, "second", &["AWSPENDING"]).expect("stored");
    assert_eq!(labelled(&versions), [(1, vec!["AWSCURRENT"]), (2, vec!["AWSPENDING"])]);
}

#[test]
fn a_label_moves_only_from_where_it_is_said_to_be() {
    let mut versions = Versions::default();
    for number in 1..=3 {
        put(&mut versions, number, "value", &[CURRENT]).expect("stored");
    }
    let mut relabel = |label: &str, from: Option<u32>, to: Option<u32>| {
        let (from, to) = (from.map(token), to.map(token));
        let moved = versions.relabel(label, from.as_deref(), to.as_deref());
        (moved.map_err(|error| error.exception), format!("{:?}", labelled(&versions)))
    };
    let before = r#"[(2, ["AWSPREVIOUS"]), (3, ["AWSCURRENT"])]"#.to_owned();
    for (from, to) in [(None, Some(2)), (Some(2), Some(2)), (Some(2), Some(1)), (Some(3), None), (None, None)] {
        let refused = (Err("InvalidParameterException"), before.clone());
        assert_eq!(relabel(CURRENT, from, to), refused, "from {from:?} to {to:?}");
    }
    assert_eq!(relabel(CURRENT, Some(3), Some(7)).0, Err("ResourceNotFoundException"));
    assert_eq!(relabel(CURRENT, Some(3), Some(3)), (Ok(()), before.clone()), "it is there");
    let back = r#"[(2, ["AWSCURRENT"]), (3, ["AWSPREVIOUS"])]"#.to_owned();
    assert_eq!(relabel(CURRENT, Some(3), Some(2)), (Ok(()), back), "previous goes the other way");
    let added = r#"[(1, ["mine"]), (2, ["AWSCURRENT"]), (3, ["AWSPREVIOUS"])]"#.to_owned();
    assert_eq!(relabel("mine", None, Some(1)), (Ok(()), added));
    let removed = r#"[(2, ["AWSCURRENT"]), (3, ["AWSPREVIOUS"])]"#.to_owned();
    assert_eq!(relabel("mine", Some(1), None), (Ok(()), removed));
}

#[test]
fn deprecated_versions_do_not_pile_up() {
    let mut versions = Versions::default();
    for number in 1..=150 {
        put(&mut versions, number, "value", &[CURRENT]).expect("stored");
    }
    let is_there = |number| versions.find(Some(&token(number)), None).is_ok();
    assert!(!is_there(48) && is_there(49) && is_there(149) && is_there(150));
}

/// A function that does the steps, but fails once at one of them.
struct FakeFunction {
    secrets: Arc<Secrets>,
    fails_once_at: Mutex<Option<&'static str>>,
    /// Steps and versions.
    done: Mutex<Vec<(String, String)>>,
}

#[async_trait::async_trait]
impl RotationFunction for FakeFunction {
    async fn step(&self, event: bytes::Bytes) -> Result<(), String> {
        let event: serde_json::Value = serde_json::from_slice(&event).expect("JSON");
        let text = |name: &str| event[name].as_str().expect(name);
        let (version, step) = (text("ClientRequestToken"), text("Step"));
        if self.fails_once_at.lock().take_if(|at| *at == step).is_some() {
            return Err("injected".to_owned());
        }
        self.done.lock().push((step.to_owned(), version.to_owned()));
        let done = self.secrets.with(text("SecretId"), |secret| {
            assert_eq!(secret.versions.pending().map(|pending| &*pending.id), Some(version), "announced before {step}");
            match step {
                "createSecret" => {
                    secret.versions.put(version, SecretValue("new".to_owned()), &labels(&["AWSPENDING"])).map(|_| ())
                }
                "finishSecret" => {
                    let current = secret.versions.find(None, None)?.0.id.clone();
                    secret.versions.relabel(CURRENT, Some(&current), Some(version))
                }
                _ => Ok(()),
            }
        });
        done.map_err(|error| error.message)
    }
}

/// Makes a secret `login` with a value, and its rotation by the function.
fn rotated(fails_once_at: Option<&'static str>) -> (Arc<FakeFunction>, Arc<Rotations>) {
    let secrets = Arc::new(Secrets::default());
    secrets.create_with("arn:login", "login", "old");
    let function = Arc::new(FakeFunction {
        secrets: Arc::clone(&secrets),
        fails_once_at: Mutex::new(fails_once_at),
        done: Mutex::default(),
    });
    let rotations = Arc::new(Rotations::new(secrets, Arc::clone(&function) as Arc<dyn RotationFunction>));
    (function, rotations)
}

/// The labels of each version, the oldest first.
fn stages(secrets: &Secrets) -> Vec<String> {
    let stages = secrets.with("login", |secret| {
        Ok(secret.versions.labelled_versions().map(|version| format!("{:?}", version.labels)).collect())
    });
    stages.expect("it is there")
}

const FINISHED: [&str; 2] = [r#"{"AWSPREVIOUS"}"#, r#"{"AWSCURRENT", "AWSPENDING"}"#];

#[tokio::test]
async fn a_rotation_does_the_steps_in_their_order() {
    let (function, rotations) = rotated(None);
    assert_eq!(rotations.rotate("login").await, Ok(()));
    assert_eq!(stages(&function.secrets), FINISHED);
    rotations.rotate("login").await.expect("the next one, although the label is still there");
    let done = function.done.lock().clone();
    let steps: Vec<_> = done.iter().map(|(step, _)| step.as_str()).collect();
    let order = ["createSecret", "setSecret", "testSecret", "finishSecret"];
    assert_eq!(steps, [order, order].concat());
    assert_ne!(done[3].1, done[4].1, "a version of its own");
    assert_eq!((rotations.finished(), rotations.failed()), (2, 0));
    let unknown = rotations.rotate("unknown").await.expect_err("no such secret");
    assert!(matches!(unknown, RotationError::NotStarted(ApiError { exception: "ResourceNotFoundException", .. })));
}

#[tokio::test]
async fn a_failed_step_leaves_the_version_pending_and_the_next_rotation_finishes_it() {
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        let (function, rotations) = rotated(Some(step));
        let error = rotations.rotate("login").await.expect_err("injected");
        assert_eq!(error, RotationError::Step { step, error: "injected".to_owned() });
        assert_eq!(stages(&function.secrets), [r#"{"AWSCURRENT"}"#, r#"{"AWSPENDING"}"#]);
        assert_eq!(rotations.rotate("login").await, Ok(()));
        assert_eq!(stages(&function.secrets), FINISHED, "no third version");
        assert_eq!((rotations.finished(), rotations.failed()), (1, 1));
    }
}

#[tokio::test]
async fn a_function_that_changes_nothing_is_an_error() {
    struct Idle;
    #[async_trait::async_trait]
    impl RotationFunction for Idle {
        async fn step(&self, _: bytes::Bytes) -> Result<(), String> {
            Ok(())
        }
    }
    let secrets = Arc::new(Secrets::default());
    secrets.create_with("arn:login", "login", "old");
    let rotations = Rotations::new(secrets, Arc::new(Idle));
    assert_eq!(rotations.rotate("login").await, Err(RotationError::NotCurrent));
}

/// Serves a secret `login`, and makes a client of the service.
fn served(fails_once_at: Option<&'static str>) -> (Arc<FakeFunction>, Server, Client) {
    let (function, rotations) = rotated(fails_once_at);
    let credentials = Credentials::generate();
    let listener = Listener::open(0).expect("a port");
    let client = client(&listener.url(), &credentials);
    let server = serve(listener, rotations, credentials, Arc::new(Console::new())).expect("served");
    (function, server, client)
}

fn client(url: &str, credentials: &Credentials) -> Client {
    let Credentials { key_id, secret_key, .. } = credentials;
    let config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SdkCredentials::new(key_id, secret_key, None, None, "test"))
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

#[tokio::test]
async fn the_runtimes_client_stores_and_finds_logins() {
    let (function, _server, client) = served(None);
    function.secrets.create("arn:empty", "empty");
    let secret = LoginSecret { client: client.clone(), arn: "arn:empty".to_owned() };
    assert_eq!(secret.get().await.expect("answered"), None, "no value yet");
    let [first, second] = ["a", "b"].map(UserPassword::generate);
    secret.put(&first).await.expect("stored");
    assert_eq!(secret.get().await.expect("answered"), Some(first.clone()));

    let version = token(1);
    assert!(secret.stage_of(&version).await.is_err(), "no rotation");
    function.secrets.with("empty", |secret| secret.versions.rotate(&version)).expect("announced");
    assert_eq!(secret.stage_of(&version).await.expect("answered"), VersionStage::Pending);
    assert_eq!(secret.pending(&version).await.expect("answered"), None, "announced only");
    for _ in 0..2 {
        secret.put_pending(&version, &second).await.expect("stored, and stored again");
    }
    assert!(secret.put_pending(&version, &first).await.is_err(), "a version does not change");
    assert_eq!(secret.pending(&version).await.expect("answered"), Some(second.clone()));
    assert_eq!(secret.get().await.expect("answered"), Some(first));
    for _ in 0..2 {
        secret.make_current(&version).await.expect("moved, and left there");
    }
    assert_eq!(secret.stage_of(&version).await.expect("answered"), VersionStage::Current);
    assert_eq!(secret.get().await.expect("answered"), Some(second));

    let unknown = LoginSecret { client, arn: "unknown".to_owned() };
    assert!(unknown.put(&UserPassword::generate("a")).await.is_err());
}

#[tokio::test]
async fn a_rotation_goes_on_in_the_background() {
    let (function, _server, client) = served(Some("testSecret"));
    let rotate = || client.rotate_secret().secret_id("login");
    let version = rotate().send().await.expect("begun").version_id.expect("a version");
    ends(&function, |stages| stages.len() == 2).await;
    let refused = rotate().send().await.expect_err("the first one has failed").into_service_error();
    assert!(refused.is_invalid_request_exception(), "{refused:?}");
    assert!(refused.to_string().contains("reattempted") || format!("{refused:?}").contains("reattempted"));
    ends(&function, |stages| *stages == FINISHED).await;
    let again = rotate().client_request_token(&version).send().await.expect("done").version_id;
    assert_eq!(again, Some(version.clone()));
    let done = function.done.lock().clone();
    assert!(done.iter().all(|(_, of)| *of == version), "one version: {done:?}");
    assert_eq!(done.len(), 2 + 4, "the first two steps, then all four");
}

/// Waits until no rotation is running and the stages are the expected ones.
async fn ends(function: &FakeFunction, are_expected: impl Fn(&[String]) -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let is_rotating = || function.secrets.with("login", |secret| Ok(secret.is_rotating)).expect("it is there");
    while is_rotating() || !are_expected(&stages(&function.secrets)) {
        assert!(std::time::Instant::now() < deadline, "{:?}", stages(&function.secrets));
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn unsupported_requests_are_errors() {
    let (_contract, _server, client) = served(None);
    let binary = client.put_secret_value().secret_id("login").secret_binary(b"x"[..].into()).send().await;
    assert!(format!("{:?}", binary.expect_err("refused")).contains("SerializationException"));
    let deleted = client.delete_secret().secret_id("login").send().await;
    assert!(format!("{:?}", deleted.expect_err("refused")).contains("UnknownOperationException"));
}

#[tokio::test]
async fn another_key_is_an_error() {
    let (function, rotations) = rotated(None);
    let listener = Listener::open(0).expect("a port");
    let client = client(&listener.url(), &Credentials::generate());
    let _server = serve(listener, rotations, Credentials::generate(), Arc::new(Console::new())).expect("served");
    let refused = client.get_secret_value().secret_id("login").send().await.expect_err("another run's key");
    assert!(format!("{refused:?}").contains("UnrecognizedClientException"));
    drop(function);
}
