//! Runs the functions that the emulated account invokes, with the code and the configuration that Terraform has
//! applied.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use pipegen::lambda_host::InvocationOutcome;
use pipegen::lambda_host::credentials::Credentials;
use pipegen::lambda_host::{Function, FunctionPool};
use pipegen::session::console::Console;
use pipegen::session::listener::{Listener, Server};
use pipegen::session::process::Supervisor;
use pipegen_contract::env;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::EmulatedAccount;

/// A server that runs functions for the emulated account until it is dropped.
pub(crate) struct InvokeServer {
    pub(crate) url: String,
    endpoint: Arc<OnceLock<String>>,
    _server: Server,
}

/// Everything that an invocation needs.
#[derive(Clone)]
struct InvokeContext {
    bootstrap: PathBuf,
    /// The PEM file of the authority that signed the servers' certificates.
    authority: String,
    /// The URL of all services.
    endpoint: Arc<OnceLock<String>>,
    supervisor: Arc<Supervisor>,
}

/// A request from the emulator.
#[derive(Deserialize)]
struct Request {
    /// The response of `GetFunctionConfiguration`.
    configuration: Configuration,
    payload: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    function_name: String,
    function_arn: String,
    handler: String,
    timeout: u64,
    memory_size: u32,
    #[serde(default)]
    environment: Environment,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, String>,
}

impl InvokeServer {
    /// Starts the server on a free port. Functions trust servers with a certificate from this authority (a PEM file).
    pub(crate) fn start(bootstrap: PathBuf, authority: String, supervisor: Arc<Supervisor>) -> Result<Self> {
        let listener = Listener::open(0)?;
        let url = listener.url();
        let endpoint = Arc::new(OnceLock::new());
        let context = InvokeContext { bootstrap, authority, endpoint: Arc::clone(&endpoint), supervisor };
        let routes = Router::new().route("/", post(invoke)).with_state(context);
        Ok(Self { url, endpoint, _server: listener.serve(routes)? })
    }

    /// Sets the account that functions call, before the first one runs.
    pub(crate) fn set_endpoint(&self, account: &EmulatedAccount) {
        self.endpoint.get_or_init(|| account.endpoint.clone());
    }
}

async fn invoke(State(context): State<InvokeContext>, body: Bytes) -> Response {
    match context.run(&body).await {
        Ok(Ok(payload)) => payload.into_response(),
        Ok(Err(failure)) => ([("x-amz-function-error", "Unhandled")], failure).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}

impl InvokeContext {
    /// Invokes a function in a new execution environment, and returns its response or its error.
    async fn run(&self, body: &[u8]) -> Result<Result<Vec<u8>, String>> {
        let Request { configuration, payload } = serde_json::from_slice(body)?;
        let endpoint = self.endpoint.get().context("the account has not started")?;
        let here = [("AWS_ENDPOINT_URL", endpoint.clone()), (env::DEV_AUTHORITY, self.authority.clone())];
        let here = here.map(|(name, value)| (name.to_owned(), value));
        let function = Function {
            name: configuration.function_name,
            arn: configuration.function_arn,
            credentials: Credentials::of_function(&configuration.handler),
            handler: configuration.handler,
            bootstrap: self.bootstrap.clone(),
            variables: configuration.environment.variables.into_iter().chain(here).collect(),
            timeout: Duration::from_secs(configuration.timeout),
            memory: configuration.memory_size,
            concurrency: 1,
            writes_batch_lines: false,
        };
        let console = Arc::new(Console::new());
        let host = FunctionPool::new(function, Arc::clone(&self.supervisor), console, None)?;
        let invocation = host.invoke(payload.to_string().into()).await?;
        host.close().await;
        Ok(match invocation.outcome {
            InvocationOutcome::Answered(payload) => Ok(payload),
            InvocationOutcome::Failed => {
                let message = invocation.failure.unwrap_or_default();
                Err(json!({"errorType": "Unhandled", "errorMessage": message}).to_string())
            }
        })
    }
}
