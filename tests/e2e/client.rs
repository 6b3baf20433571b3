//! Calls to an AWS account by boto3: to the emulated one, or to the one of the environment's credentials.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Path of a Python with the packages in `tests/e2e/requirements.txt`; `scripts/e2e` and `scripts/proof` install one.
const PYTHON: &str = "PIPEGEN_EMULATOR_PYTHON";
/// The access key of the tests' own calls to the emulated account.
pub(crate) const TESTS_KEY: &str = "AKIAPIPEGENTESTS0000";
const REGION: &str = "us-east-1";

/// Makes calls to an account.
#[derive(Clone)]
pub(crate) struct Client {
    python: PathBuf,
    /// The URL of the emulated account; without it, calls go to AWS.
    endpoint: Option<String>,
}

/// A call to a service.
pub(crate) struct Call {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) parameters: Value,
    /// The part of the response that is returned, in `JMESPath`.
    pub(crate) query: &'static str,
}

/// The response to a signed HTTP request.
#[derive(Debug, Deserialize)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    /// By their names in lower case.
    pub(crate) headers: Value,
    pub(crate) body: String,
}

impl Client {
    /// Creates a client of the emulated account at this endpoint, or of AWS.
    pub(crate) fn new(endpoint: Option<String>) -> Result<Self> {
        Ok(Self { python: python()?, endpoint })
    }

    /// Sets a program's environment so that it calls the account. For the emulated one, it has this access key and no
    /// other credentials.
    pub(crate) fn configure(&self, command: &mut Command, key: &str) {
        let Some(endpoint) = &self.endpoint else {
            command.env("AWS_REGION", REGION).env("AWS_DEFAULT_REGION", REGION);
            return;
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", "anything")
            .env("AWS_DEFAULT_REGION", REGION)
            // Loopback needs no proxy.
            .env("NO_PROXY", "*")
            .env("no_proxy", "*");
    }

    /// Makes calls one after the other, and returns the queried part of each response.
    pub(crate) async fn call(&self, calls: &[Call]) -> Result<Vec<Value>> {
        let calls: Vec<Value> = calls
            .iter()
            .map(|Call { service, operation, parameters, query }| {
                json!({"service": service, "operation": operation, "parameters": parameters, "query": query})
            })
            .collect();
        Ok(serde_json::from_slice(&self.run("emulator.client", &json!(calls)).await?)?)
    }

    pub(crate) async fn call_one(
        &self,
        service: &'static str,
        operation: &'static str,
        parameters: Value,
        query: &'static str,
    ) -> Result<Value> {
        let mut answers = self.call(&[Call { service, operation, parameters, query }]).await?;
        answers.pop().context("a response for each call")
    }

    /// Sends a signed request to a function's URL.
    pub(crate) async fn get(&self, url: &str) -> Result<HttpResponse> {
        let request = json!({"method": "GET", "url": url, "headers": {}, "body": null, "signer": "environment"});
        self.request(&request).await
    }

    /// Sends a request to a function's URL; `emulator/signed_request.py` has its form.
    pub(crate) async fn request(&self, request: &Value) -> Result<HttpResponse> {
        Ok(serde_json::from_slice(&self.run("emulator.signed_request", request).await?)?)
    }

    /// Runs a module of the Python package with this standard input, and returns its standard output.
    async fn run(&self, name: &str, input: &Value) -> Result<Vec<u8>> {
        let mut command = module(&self.python, name);
        self.configure(&mut command, TESTS_KEY);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut pipe = child.stdin.take().context("no pipe")?;
        pipe.write_all(&serde_json::to_vec(input)?).await?;
        drop(pipe);
        let output = child.wait_with_output().await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(output.stdout)
    }
}

/// Returns the Python that has the packages.
pub(crate) fn python() -> Result<PathBuf> {
    std::env::var_os(PYTHON).map(PathBuf::from).with_context(|| {
        format!("{PYTHON} is not set: run scripts/e2e or scripts/proof, which install a Python with boto3 and moto")
    })
}

/// Returns the command of a Python module: of the emulator, or of the package with AWS' own rules.
pub(crate) fn module(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", name])
        .env(
            "PYTHONPATH",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e:", env!("CARGO_MANIFEST_DIR"), "/tests/oracle"),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
