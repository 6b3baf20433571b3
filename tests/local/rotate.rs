//! The rotation contract: the runtime's steps on a real PostgreSQL and the emulated Secrets Manager. Steps are
//! repeated, fail, or come in another order.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::config::{
    BehaviorVersion, Credentials as SdkCredentials, Region, SharedCredentialsProvider,
};
use lambda_runtime::{Context, LambdaEvent};
use parking_lot::Mutex;
use pipegen::emulators::secrets_manager::{self, RotationFunction, Rotations};
use pipegen::lambda_host::credentials::Credentials;
use pipegen::local::machine::backend::MachineBackend;
use pipegen::servers::Servers;
use pipegen::session::Session;
use pipegen::session::listener::{Listener, Server};
use pipegen_contract::database::Access;
use pipegen_contract::role::Role;
use pipegen_lambda::secrets::{LoginSecret, UserPassword};
use pipegen_lambda::{migrate, rotate};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};

use super::servers::start;

/// A fault of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The step is repeated.
    Repeated,
    /// The function fails after the step is done.
    FailsAfter,
    /// The function fails before the step begins.
    FailsBefore,
}

/// The runtime's function, called in this process.
struct RotateFunction {
    variables: BTreeMap<String, String>,
    aws: SdkConfig,
    /// The faults of steps, each once.
    faults: Mutex<Vec<(&'static str, Fault)>>,
}

impl RotateFunction {
    async fn call(&self, event: &Value) -> Result<(), String> {
        let event = serde_json::from_value(event.clone()).expect("a rotation's event");
        let lookup = |name: &str| self.variables.get(name).cloned();
        let done = rotate::handle(LambdaEvent::new(event, Context::default()), lookup, &self.aws).await;
        done.map_err(|failure| failure.message)
    }
}

#[async_trait::async_trait]
impl RotationFunction for RotateFunction {
    async fn step(&self, event: bytes::Bytes) -> Result<(), String> {
        let event: Value = serde_json::from_slice(&event).expect("JSON");
        let fault = self.faults.lock().pop_if(|(step, _)| event["Step"] == *step).map(|(_, fault)| fault);
        if fault == Some(Fault::FailsBefore) {
            return Err("injected".to_owned());
        }
        self.call(&event).await?;
        match fault {
            Some(Fault::Repeated) => self.call(&event).await,
            Some(Fault::FailsAfter) => Err("injected".to_owned()),
            _ => Ok(()),
        }
    }
}

/// A database with its schema, and the rotation of its logins.
struct Setup {
    session: Session,
    servers: Servers,
    secret: LoginSecret,
    function: Arc<RotateFunction>,
    rotations: Arc<Rotations>,
    _server: Server,
}

impl Setup {
    async fn new() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let session = Session::open(None).expect("opened");
        let servers = start(&session).await;
        let listener = Listener::open(0).expect("a port");
        let backend = MachineBackend::new(
            include_str!("../golden/staging.main.tf.json"),
            servers.clone(),
            session.folder.join("bootstrap"),
            session.folder.join("objects"),
            [String::new(), listener.url()],
        );
        let backend = backend.expect("a stack that runs");
        let aws = aws(&listener.url(), &backend.credentials);
        let variables =
            |role| -> BTreeMap<_, _> { backend.function(role).expect("there").variables.into_iter().collect() };
        let for_migrate = variables(Role::Migrate);
        let function =
            Arc::new(RotateFunction { variables: variables(Role::Rotate), aws: aws.clone(), faults: Mutex::default() });
        let rotations =
            Arc::new(Rotations::new(Arc::clone(&backend.secrets), Arc::clone(&function) as Arc<dyn RotationFunction>));
        let server =
            secrets_manager::serve(listener, Arc::clone(&rotations), backend.credentials, Arc::clone(&session.console));
        let mut soon = Context::default();
        soon.deadline = u64::try_from(chrono::Utc::now().timestamp_millis() + 60_000).expect("after 1970");
        let lookup = |name: &str| for_migrate.get(name).cloned();
        migrate::handle(LambdaEvent::new(json!({}), soon), lookup, &aws).await.expect("migrated");
        let client = aws_sdk_secretsmanager::Client::new(&aws);
        let secret = LoginSecret { client, arn: for_migrate[Access::Writer.secret_variable()].clone() };
        Self { session, servers, secret, function, rotations, _server: server.expect("served") }
    }

    async fn rotate(&self) -> Result<(), String> {
        self.rotations.rotate(&self.secret.arn).await.map_err(|error| error.to_string())
    }

    async fn current(&self) -> UserPassword {
        self.secret.get().await.expect("answered").expect("a login")
    }

    async fn logs_in(&self, UserPassword { username, password }: &UserPassword) -> bool {
        let options: PgConnectOptions = self.servers.database_url.parse().expect("a URL");
        let options = options.username(username).password(password).ssl_mode(PgSslMode::Require);
        let Ok(mut connection) = options.connect().await else { return false };
        sqlx::query("select from product").execute(&mut connection).await.expect("its rights");
        connection.close().await.expect("closed");
        true
    }

    /// The version that a rotation has announced and not finished.
    async fn pending_version(&self) -> String {
        let described =
            self.secret.client.describe_secret().secret_id(&self.secret.arn).send().await.expect("answered");
        let versions = described.version_ids_to_stages.expect("versions");
        let pending = versions.into_iter().find(|(_, stages)| *stages == ["AWSPENDING"]);
        pending.expect("a pending version").0
    }

    async fn close(self) {
        self.session.close().await.expect("closed");
    }
}

fn aws(url: &str, Credentials { key_id, secret_key, .. }: &Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(SdkCredentials::new(
            key_id, secret_key, None, None, "test",
        )))
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logins_alternate_and_the_previous_one_still_works() {
    let setup = Setup::new().await;
    let first = setup.current().await;
    assert!(setup.logs_in(&first).await);
    setup.rotate().await.expect("rotated");
    let second = setup.current().await;
    assert_eq!([&*first.username, &*second.username], Access::Writer.logins());
    assert!(setup.logs_in(&first).await && setup.logs_in(&second).await);
    setup.rotate().await.expect("rotated");
    let third = setup.current().await;
    assert_eq!(third.username, first.username);
    assert!(setup.logs_in(&second).await && setup.logs_in(&third).await);
    assert!(!setup.logs_in(&first).await, "its password was replaced");
    setup.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_may_be_repeated() {
    let setup = Setup::new().await;
    *setup.function.faults.lock() =
        ["finishSecret", "testSecret", "setSecret", "createSecret"].map(|step| (step, Fault::Repeated)).into();
    let before = setup.current().await;
    setup.rotate().await.expect("rotated");
    assert_eq!(*setup.function.faults.lock(), [], "each was repeated");
    let after = setup.current().await;
    assert_ne!(before.username, after.username);
    assert!(setup.logs_in(&before).await && setup.logs_in(&after).await);
    setup.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_fails_at_any_step_is_finished_by_the_next() {
    let setup = Setup::new().await;
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        for fault in [Fault::FailsBefore, Fault::FailsAfter] {
            setup.function.faults.lock().push((step, fault));
            let before = setup.current().await;
            assert_eq!(setup.rotate().await, Err(format!("{step} failed: injected")));
            let between = setup.current().await;
            assert!(setup.logs_in(&before).await && setup.logs_in(&between).await, "between the rotations");
            if (step, fault) == ("finishSecret", Fault::FailsAfter) {
                assert_ne!(before.username, between.username, "all was done");
                continue;
            }
            assert_eq!(before, between);
            setup.rotate().await.expect("finished");
            let after = setup.current().await;
            assert_ne!(before.username, after.username);
            assert!(setup.logs_in(&before).await && setup.logs_in(&after).await);
        }
    }
    setup.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_out_of_order_change_nothing() {
    let setup = Setup::new().await;
    setup.function.faults.lock().push(("createSecret", Fault::FailsBefore));
    setup.rotate().await.expect_err("pending only");
    let before = setup.current().await;
    let version = setup.pending_version().await;
    let step = async |step: &str, version: &str| {
        let event = json!({"SecretId": setup.secret.arn, "ClientRequestToken": version, "Step": step});
        setup.function.call(&event).await
    };
    for early in ["setSecret", "testSecret", "finishSecret"] {
        let error = step(early, &version).await.expect_err("there is no pending login");
        assert!(error.contains("createSecret has not run"), "{error}");
    }
    let unknown = step("createSecret", &"0".repeat(32)).await.expect_err("another version");
    assert!(unknown.contains("not pending"), "{unknown}");
    step("createSecret", &version).await.expect("in its turn");
    step("testSecret", &version).await.expect_err("the login has no password yet");
    assert_eq!(setup.current().await, before);
    for late in ["setSecret", "testSecret", "finishSecret", "setSecret", "createSecret"] {
        step(late, &version).await.expect("in its turn, or done already");
    }
    let after = setup.current().await;
    assert_ne!(after.username, before.username);
    assert!(setup.logs_in(&before).await && setup.logs_in(&after).await);
    setup.close().await;
}
