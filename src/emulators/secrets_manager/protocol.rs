//! The operations in AWS' JSON 1.1 protocol, in which the header `X-Amz-Target` names the operation.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html>

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::rotation::{PendingSteps, RotationRequest, Rotations};
use super::versions::{CURRENT, SecretValue};
use crate::emulators::access_key;
use crate::emulators::api_error::ApiError;
use crate::lambda_host::credentials::Credentials;
use crate::session::console::Console;
use crate::session::listener::{Listener, Server};

/// The prefix of the operation's name.
const TARGET: &str = "secretsmanager.";

struct Service {
    rotations: Arc<Rotations>,
    credentials: Credentials,
    console: Arc<Console>,
}

/// Serves the secrets to requests that are signed with this key.
pub fn serve(
    listener: Listener,
    rotations: Arc<Rotations>,
    credentials: Credentials,
    console: Arc<Console>,
) -> io::Result<Server> {
    let service = Service { rotations, credentials, console };
    listener.serve(Router::new().route("/", post(answer)).with_state(Arc::new(service)))
}

async fn answer(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response {
    match call(&service, &headers, &body) {
        Ok(response) => ([(CONTENT_TYPE, "application/x-amz-json-1.1")], response.to_string()).into_response(),
        Err(error) => error.response(),
    }
}

fn call(service: &Service, headers: &HeaderMap, body: &[u8]) -> Result<Value, ApiError> {
    access_key::check(headers, &service.credentials)?;
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    match target.strip_prefix(TARGET) {
        Some("GetSecretValue") => service.get_secret_value(&read(body)?),
        Some("PutSecretValue") => service.put_secret_value(read(body)?),
        Some("DescribeSecret") => service.describe_secret(&read(body)?),
        Some("UpdateSecretVersionStage") => service.update_secret_version_stage(&read(body)?),
        Some("RotateSecret") => service.rotate_secret(&read(body)?),
        _ => Err(ApiError::new("UnknownOperationException", format!("the operation `{target}` is not supported here"))),
    }
}

/// Parses a request. Unknown fields are errors, since a response that ignored them could be wrong.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::new("SerializationException", error.to_string()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetSecretValue {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutSecretValue {
    secret_id: String,
    client_request_token: String,
    secret_string: String,
    version_stages: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeSecret {
    secret_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateSecretVersionStage {
    secret_id: String,
    version_stage: String,
    remove_from_version_id: Option<String>,
    move_to_version_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RotateSecret {
    secret_id: String,
    client_request_token: String,
}

impl Service {
    fn get_secret_value(&self, request: &GetSecretValue) -> Result<Value, ApiError> {
        self.rotations.secrets().with(&request.secret_id, |secret| {
            let (version, value) =
                secret.versions.find(request.version_id.as_deref(), request.version_stage.as_deref())?;
            Ok(json!({
                "ARN": secret.arn,
                "Name": secret.name,
                "VersionId": version.id,
                "VersionStages": version.labels,
                "SecretString": value.0,
            }))
        })
    }

    fn put_secret_value(&self, request: PutSecretValue) -> Result<Value, ApiError> {
        let labels = request.version_stages.unwrap_or_else(|| vec![CURRENT.to_owned()]);
        if labels.is_empty() {
            return Err(ApiError::new("InvalidParameterException", "VersionStages must name at least one label."));
        }
        self.rotations.secrets().with(&request.secret_id, |secret| {
            let version =
                secret.versions.put(&request.client_request_token, SecretValue(request.secret_string), &labels)?;
            Ok(json!({
                "ARN": secret.arn,
                "Name": secret.name,
                "VersionId": version.id,
                "VersionStages": version.labels,
            }))
        })
    }

    fn describe_secret(&self, request: &DescribeSecret) -> Result<Value, ApiError> {
        self.rotations.secrets().with(&request.secret_id, |secret| {
            let labels: BTreeMap<_, _> =
                secret.versions.labelled_versions().map(|version| (&version.id, &version.labels)).collect();
            Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionIdsToStages": labels}))
        })
    }

    fn update_secret_version_stage(&self, request: &UpdateSecretVersionStage) -> Result<Value, ApiError> {
        self.rotations.secrets().with(&request.secret_id, |secret| {
            let (from, to) = (request.remove_from_version_id.as_deref(), request.move_to_version_id.as_deref());
            secret.versions.relabel(&request.version_stage, from, to)?;
            Ok(json!({"ARN": secret.arn, "Name": secret.name}))
        })
    }

    /// Responds at once; the steps run in the background, as in the service.
    fn rotate_secret(&self, request: &RotateSecret) -> Result<Value, ApiError> {
        let version = match self.rotations.request(&request.secret_id, &request.client_request_token) {
            RotationRequest::Started { version, steps } => {
                self.run(steps);
                version
            }
            RotationRequest::Repeated { version } => version,
            RotationRequest::Resumed { refusal, steps } => {
                self.run(steps);
                return Err(refusal);
            }
            RotationRequest::Refused(error) => return Err(error),
        };
        self.rotations.secrets().with(&request.secret_id, |secret| {
            Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": version}))
        })
    }

    fn run(&self, steps: PendingSteps) {
        let (rotations, console) = (Arc::clone(&self.rotations), Arc::clone(&self.console));
        tokio::spawn(async move {
            if let Err(error) = rotations.run(steps).await {
                console.warn(&format!("a rotation failed: {error}"));
            }
        });
    }
}
