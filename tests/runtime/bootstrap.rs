//! The real bootstrap in its roles, on the test's own servers, as the local Lambda host runs it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pipegen::bootstrap;
use pipegen::config::Architecture;
use pipegen::emulators::s3;
use pipegen::emulators::secrets_manager::{self, RotationFunction, Rotations};
use pipegen::lambda_host::InvocationOutcome;
use pipegen::lambda_host::credentials::Credentials;
use pipegen::lambda_host::{Function, FunctionPool};
use pipegen::local::machine::backend::MachineBackend;
use pipegen::session::console::Console;
use pipegen::session::listener::{Listener, Server};
use pipegen_contract::database::Access;
use pipegen_contract::role::Role;
use pipegen_lambda::secrets::UserPassword;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::test_catalog::TestCatalog;

/// A change in a function's environment: a variable and its value, or `None` to remove it.
pub(crate) type Change<'a> = (&'a str, Option<&'a str>);

/// The functions of the bootstrap, on servers of a test's own.
pub(crate) struct Functions {
    pub(crate) catalog: TestCatalog,
    pub(crate) backend: MachineBackend,
    secrets: aws_sdk_secretsmanager::Client,
    folder: TempDir,
    _servers: [Server; 2],
}

/// The failure of an invocation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) error_type: String,
    pub(crate) message: String,
}

/// A rotation function that is never called.
struct NoRotation;

#[async_trait::async_trait]
impl RotationFunction for NoRotation {
    async fn step(&self, _: bytes::Bytes) -> Result<(), String> {
        Err("no rotation is expected".to_owned())
    }
}

/// Returns the bootstrap that `PIPEGEN_BOOTSTRAP` names, else builds one.
fn bootstrap() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || bootstrap::build(Architecture::X86_64).expect("built");
    BUILT.get_or_init(|| std::env::var_os("PIPEGEN_BOOTSTRAP").map_or_else(build, PathBuf::from)).clone()
}

impl Functions {
    /// Opens them on a PostgreSQL with the schema but without logins.
    pub(crate) async fn open() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let catalog = TestCatalog::open().await;
        let folder = tempfile::tempdir().expect("a folder");
        let (for_objects, for_secrets) = (Listener::open(0).expect("a port"), Listener::open(0).expect("a port"));
        let backend = MachineBackend::new(
            include_str!("../golden/staging.main.tf.json"),
            catalog.servers.clone(),
            bootstrap(),
            folder.path().join("objects"),
            [for_objects.url(), for_secrets.url()],
        );
        let backend = backend.expect("a stack that runs");
        let credentials = &backend.credentials;
        let client = client(&for_secrets.url(), credentials);
        let rotations = Arc::new(Rotations::new(Arc::clone(&backend.secrets), Arc::new(NoRotation)));
        let servers = [
            s3::serve(for_objects, Arc::clone(&backend.buckets), credentials, &Arc::default()).expect("served"),
            secrets_manager::serve(for_secrets, rotations, credentials.clone(), quiet()).expect("served"),
        ];
        Self { catalog, backend, secrets: client, folder, _servers: servers }
    }

    /// Opens them with the logins that `migrate` makes.
    pub(crate) async fn migrated() -> Self {
        let functions = Self::open().await;
        let migrated = functions.host(Role::Migrate, &[]).invoke("{}".into()).await.expect("a host");
        assert_eq!(migrated.failure, None);
        functions
    }

    /// Returns a function of this role; its output is kept.
    pub(crate) fn host(&self, role: Role, changes: &[Change<'_>]) -> FunctionPool {
        self.run(self.backend.function(role).expect("there"), changes)
    }

    /// Returns this function with changes in its environment.
    pub(crate) fn run(&self, mut function: Function, changes: &[Change<'_>]) -> FunctionPool {
        for (name, value) in changes {
            function.variables.retain(|(set, _)| set != name);
            function.variables.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
        }
        FunctionPool::new(function, Arc::clone(&self.catalog.session.supervisor), quiet(), Some(self.folder.path()))
            .expect("a log")
    }

    /// Returns the lines that functions of this role wrote so far.
    pub(crate) fn lines(&self, role: Role) -> Vec<Value> {
        let log = std::fs::read_to_string(self.folder.path().join(format!("{}.log", role.handler()))).expect("a log");
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Returns the folder of the quarantine's objects.
    pub(crate) fn quarantine(&self) -> PathBuf {
        self.bucket("quarantine")
    }

    /// Returns the folder of a bucket's objects.
    pub(crate) fn bucket(&self, purpose: &str) -> PathBuf {
        self.folder.path().join("objects").join(bucket_name(purpose))
    }

    /// Returns the login in an access' secret.
    pub(crate) async fn login(&self, access: Access) -> UserPassword {
        let migrate = self.backend.deployment.function_of(Role::Migrate).expect("there");
        let arn = &migrate.environment[access.secret_variable()];
        let answer = self.secrets.get_secret_value().secret_id(arn).send().await.expect("a value");
        serde_json::from_str(answer.secret_string().expect("text")).expect("a login")
    }

    pub(crate) async fn close(self) {
        self.catalog.close().await;
    }
}

/// Invokes a function and returns its response.
pub(crate) async fn answer(host: &FunctionPool, event: &Value) -> Value {
    let invocation = host.invoke(event.to_string().into()).await.expect("a host");
    let InvocationOutcome::Answered(answer) = invocation.outcome else { panic!("{invocation:?}") };
    serde_json::from_slice(&answer).expect("JSON")
}

/// Invokes a function and returns its failure as it posts it to Lambda's Runtime API.
pub(crate) async fn failure(host: &FunctionPool, event: &Value) -> Failed {
    let invocation = host.invoke(event.to_string().into()).await.expect("a host");
    let posted: Value = serde_json::from_str(&invocation.failure.expect("a failure")).expect("JSON");
    let text = |name: &str| posted[name].as_str().unwrap_or_default().to_owned();
    Failed { error_type: text("errorType"), message: text("errorMessage") }
}

/// Returns Lambda's event with a record for each of these texts, just arrived.
pub(crate) fn batch(texts: &[String]) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "as in Lambda's events")]
    let now = chrono::Utc::now().timestamp_millis() as f64 / 1000.0;
    let record = |(number, text): (usize, &String)| {
        json!({"eventID": format!("shardId-000000000000:{number}"), "kinesis": {
            "approximateArrivalTimestamp": now, "data": BASE64_STANDARD.encode(text), "partitionKey": "acme",
            "sequenceNumber": number.to_string()}})
    };
    json!({"Records": texts.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// Returns the name of a bucket of the staging stack.
pub(crate) fn bucket_name(purpose: &str) -> String {
    format!("s3-{purpose}-000000000000-staging")
}

/// Returns the folder in `/proc` of the function's one process.
pub(crate) fn process(host: &FunctionPool) -> PathBuf {
    // Functions of other tests have the same name, but not the same S3.
    let Function { name, variables, .. } = host.function();
    let s3 = variables.iter().find(|(name, _)| name == "AWS_ENDPOINT_URL_S3").expect("every function has one");
    let entries = [format!("AWS_LAMBDA_FUNCTION_NAME={name}"), format!("{}={}", s3.0, s3.1)];
    let is_it = |folder: &Path| {
        let environment = std::fs::read(folder.join("environ")).unwrap_or_default();
        let has = |wanted: &String| environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes());
        entries.iter().all(has)
    };
    let folders = std::fs::read_dir("/proc").expect("this test looks at processes through /proc");
    let mut found = folders.flatten().map(|entry| entry.path()).filter(|folder| is_it(folder));
    let (process, another) = (found.next().expect("a process"), found.next());
    assert_eq!(another, None);
    process
}

/// Returns the peak memory of the function's one process, in KiB.
pub(crate) fn peak_memory(host: &FunctionPool) -> u64 {
    let status = std::fs::read_to_string(process(host).join("status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its memory");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn quiet() -> Arc<Console> {
    let console = Arc::new(Console::new());
    console.close();
    console
}

fn client(url: &str, credentials: &Credentials) -> aws_sdk_secretsmanager::Client {
    let credentials = aws_sdk_secretsmanager::config::Credentials::new(
        &*credentials.key_id,
        &*credentials.secret_key,
        credentials.session_token.clone(),
        None,
        "test",
    );
    let config = aws_config::SdkConfig::builder()
        .behavior_version(aws_sdk_secretsmanager::config::BehaviorVersion::latest())
        .region(aws_sdk_secretsmanager::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_secretsmanager::config::SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_secretsmanager::Client::new(&config)
}
