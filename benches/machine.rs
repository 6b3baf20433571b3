//! The staging stack's functions on throwaway servers: what an instance needs around it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use pipegen::emulators::s3;
use pipegen::emulators::secrets_manager::{self, RotationFunction, Rotations};
use pipegen::local::machine::backend::MachineBackend;
use pipegen::session::console::Console;
use pipegen::session::listener::{Listener, Server};
use pipegen_contract::role::Role;
use serde_json::json;
use tempfile::TempDir;

use crate::instance::Instance;
use crate::throwaway::{STACK, Throwaway};

/// PostgreSQL with the schema and the logins, Redis, S3 and Secrets Manager.
pub(crate) struct Machine {
    pub(crate) throwaway: Throwaway,
    backend: MachineBackend,
    /// The folder of the buckets.
    pub(crate) objects: TempDir,
    _servers: [Server; 2],
}

struct NoRotation;

#[async_trait]
impl RotationFunction for NoRotation {
    async fn step(&self, _: Bytes) -> Result<(), String> {
        Err("nothing rotates here".to_owned())
    }
}

impl Machine {
    /// Starts everything, and runs `migrate` of this bootstrap.
    pub(crate) fn start(bootstrap: &Path) -> Result<Self> {
        let throwaway = Throwaway::start(&[])?;
        let objects = tempfile::tempdir()?;
        let (for_objects, for_secrets) = (Listener::open(0)?, Listener::open(0)?);
        let backend = MachineBackend::new(
            STACK,
            throwaway.servers.clone(),
            bootstrap.to_owned(),
            objects.path().to_owned(),
            [for_objects.url(), for_secrets.url()],
        )?;
        let rotations = Arc::new(Rotations::new(Arc::clone(&backend.secrets), Arc::new(NoRotation)));
        let servers = {
            let _entered = throwaway.runtime.enter();
            let quiet = Arc::new(Console::new());
            quiet.close();
            [
                s3::serve(for_objects, Arc::clone(&backend.buckets), &backend.credentials, &Arc::default())?,
                secrets_manager::serve(for_secrets, rotations, backend.credentials.clone(), quiet)?,
            ]
        };
        let machine = Self { throwaway, backend, objects, _servers: servers };
        let variables = machine.variables(Role::Migrate)?;
        machine
            .throwaway
            .runtime
            .block_on(async { Instance::start(bootstrap, &variables).await?.invoke("{}".into()).await })?;
        Ok(machine)
    }

    /// Returns the variables of the stack's function of this role.
    pub(crate) fn variables(&self, role: Role) -> Result<Vec<(String, String)>> {
        let function = self.backend.function(role)?;
        let mut variables = function.variables;
        let own = [
            ("_HANDLER", function.handler),
            ("AWS_ACCESS_KEY_ID", function.credentials.key_id),
            ("AWS_SECRET_ACCESS_KEY", function.credentials.secret_key),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Ok(variables)
    }
}

/// Returns Lambda's event with these records, which have arrived at that time.
pub(crate) fn batch<'a>(data: impl IntoIterator<Item = (&'a str, &'a [u8])>, arrived_at: DateTime<Utc>) -> Bytes {
    #[expect(clippy::cast_precision_loss, reason = "as in Lambda's events")]
    let arrived_at = arrived_at.timestamp_millis() as f64 / 1000.0;
    let record = |(number, (key, data)): (usize, (&str, &[u8]))| {
        json!({
            "eventID": format!("shardId-000000000000:{}", 7_000_000 + number), "eventName": "aws:kinesis:record",
            "eventSource": "aws:kinesis", "awsRegion": "us-east-1", "eventVersion": "1.0",
            "kinesis": {
                "approximateArrivalTimestamp": arrived_at, "data": STANDARD.encode(data), "partitionKey": key,
                "kinesisSchemaVersion": "1.0", "sequenceNumber": (7_000_000 + number).to_string(),
            },
        })
    };
    let records: Vec<_> = data.into_iter().enumerate().map(record).collect();
    json!({"Records": records}).to_string().into()
}
