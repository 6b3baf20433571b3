//! Runs functions as the emulated account asks: with the code and the configuration that Terraform gave it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
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
use pipegen::lambda_host::Outcome;
use pipegen::lambda_host::credentials::Credentials;
use pipegen::lambda_host::{Function, FunctionPool};
use pipegen::session::console::Console;
use pipegen::session::process::Supervisor;
use pipegen_contract::env;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::account::Account;

/// Serves invocations until it is dropped.
pub(crate) struct Functions {
    pub(crate) url: String,
    endpoint: Arc<OnceLock<String>>,
    server: AbortHandle,
}

/// What invocations need on this machine.
#[derive(Clone)]
struct Machine {
    bootstrap: PathBuf,
    /// The certificate of the authority behind the servers' certificates.
    authority: String,
    /// Where all services are.
    endpoint: Arc<OnceLock<String>>,
    supervisor: Arc<Supervisor>,
}

/// What the emulator sends.
#[derive(Deserialize)]
struct Request {
    /// As `GetFunctionConfiguration` answers.
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

impl Functions {
    /// Begins to serve on a free port. Functions trust servers with a certificate from this authority (a PEM file).
    pub(crate) async fn serve(bootstrap: PathBuf, authority: String, supervisor: Arc<Supervisor>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let endpoint = Arc::new(OnceLock::new());
        let machine = Machine { bootstrap, authority, endpoint: Arc::clone(&endpoint), supervisor };
        let routes = Router::new().route("/", post(invoke)).with_state(machine);
        let server = tokio::spawn(async move { drop(axum::serve(listener, routes).await) });
        Ok(Self { url, endpoint, server: server.abort_handle() })
    }

    /// Leads functions to the account, which has to be there before the first one runs.
    pub(crate) fn lead_to(&self, account: &Account) {
        self.endpoint.get_or_init(|| account.endpoint.clone());
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn invoke(State(machine): State<Machine>, body: Bytes) -> Response {
    match machine.run(&body).await {
        Ok(Ok(payload)) => payload.into_response(),
        Ok(Err(failure)) => ([("x-amz-function-error", "Unhandled")], failure).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}

impl Machine {
    /// One invocation in a new environment: what the function answered, or how it failed.
    async fn run(&self, body: &[u8]) -> Result<Result<Vec<u8>, String>> {
        let Request { configuration, payload } = serde_json::from_slice(body)?;
        let endpoint = self.endpoint.get().context("there is no account yet")?;
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
        };
        let console = Arc::new(Console::new());
        let host = FunctionPool::new(function, Arc::clone(&self.supervisor), console, None)?;
        let invocation = host.invoke(payload.to_string().into()).await?;
        host.close().await;
        Ok(match invocation.outcome {
            Outcome::Answered(payload) => Ok(payload),
            Outcome::Failed => {
                let message = invocation.failure.unwrap_or_default();
                Err(json!({"errorType": "Unhandled", "errorMessage": message}).to_string())
            }
        })
    }
}
