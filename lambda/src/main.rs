//! The bootstrap's entry point: picks the role by the handler name and serves its invocations.

// The futures of the AWS SDK nest deep.
#![recursion_limit = "256"]

use std::env;
use std::hint::black_box;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::FutureExt;
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::tower::layer::layer_fn;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, Runtime, service_fn};
use pipegen_contract::marker::MARKER;
use pipegen_contract::role::Role;
use pipegen_lambda::bodies::Bodies;
use pipegen_lambda::failure::{Failure, FailureKind};
use pipegen_lambda::resources::{
    ArchiverResources, CatalogResources, IngestResources, MaintainResources, ProcessorResources,
};
use pipegen_lambda::settings::environment_variable;
use pipegen_lambda::{archiver, aws, catalog, ingest, logging, maintain, migrate, processor, rotate};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Nothing reads it here, but the linker must keep it: `render` looks for it.
    black_box(MARKER);
    logging::start();
    // Everything that uses TLS uses ring; a second installation is impossible, so an error here means just that.
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "another TLS provider is installed")?;
    let handler = env::var("_HANDLER").unwrap_or_default();
    let aws = &aws::configuration(environment_variable);
    let role = Role::from_handler(&handler);
    match role {
        Some(Role::Processor) => serve(role, &ProcessorResources::from_environment(aws), processor::handle).await,
        Some(Role::Archiver) => serve(role, &ArchiverResources::from_environment(aws), archiver::handle).await,
        Some(Role::Catalog) => serve(role, &CatalogResources::from_environment(aws), catalog::handle).await,
        Some(Role::Ingest) => serve(role, &IngestResources::from_environment(aws), ingest::handle).await,
        Some(Role::Maintain) => serve(role, &MaintainResources::from_environment(aws), maintain::handle).await,
        Some(Role::Migrate) => {
            let aws = Ok(aws);
            Box::pin(serve(role, &aws, async |event, aws| migrate::handle(event, environment_variable, aws).await))
                .await
        }
        Some(Role::Rotate) => {
            serve(role, &Ok(aws), async |event, aws| rotate::handle(event, environment_variable, aws).await).await
        }
        None => {
            let roles = Role::ALL.map(Role::handler).join(", ");
            let error = format!("the handler `{handler}` is not a role of this bootstrap; the roles are: {roles}");
            let unknown = Err(Failure::new(FailureKind::UnknownRole, error));
            serve(role, &unknown, async |_: LambdaEvent<Value>, ()| Ok::<_, Failure>(())).await
        }
    }
}

/// The result of one invocation, to come: the response's JSON, or the error for Lambda.
type Invocation<'a> = Pin<Box<dyn Future<Output = Result<Box<RawValue>, Diagnostic>> + 'a>>;

/// Serves invocations with `handle`. A failure before `run` would not reach Lambda: each invocation fails with what is
/// wrong with the resources.
async fn serve<'a, R, E, A, B>(
    role: Option<Role>,
    resources: &'a Result<R, Failure>,
    handle: impl AsyncFn(LambdaEvent<A>, &'a R) -> Result<B, E>,
) -> Result<(), Error>
where
    A: DeserializeOwned,
    B: Serialize,
    E: Into<Failure>,
{
    let handle = &handle;
    let invoke = |context: Context, body: Bytes| -> Invocation<'_> {
        let handled = async move {
            let resources = resources.as_ref().map_err(Failure::clone)?;
            let payload = serde_json::from_slice(&body).map_err(|_| {
                Failure::new(FailureKind::EventUnreadable, "the event is not one that this role can read")
            })?;
            // Some megabytes, which are not needed any more.
            drop(body);
            let response = handle(LambdaEvent::new(payload, context), resources).await.map_err(Into::into)?;
            Ok(to_raw_value(&response).expect("every response is JSON"))
        };
        Box::pin(async move {
            // The runtime library would report a panic under an error type of its own, and with its message, which may
            // repeat what was being decoded.
            let caught = AssertUnwindSafe(handled).catch_unwind().await;
            let result = caught.unwrap_or_else(|_| {
                Err(Failure::new(FailureKind::Panicked, "the function panicked; its log names the location"))
            });
            result.map_err(|failure: Failure| failure.diagnostic(role))
        })
    };
    run(&invoke).await
}

/// Runs the runtime library with a handler of one type for all roles: it is a large part of the binary.
async fn run<'a>(invoke: &'a dyn Fn(Context, Bytes) -> Invocation<'a>) -> Result<(), Error> {
    let bodies = Bodies::default();
    let handler = service_fn(|event: LambdaEvent<()>| invoke(event.context, bodies.take()));
    Runtime::new(handler).layer(layer_fn(|service| bodies.taken_from(service))).layer(TracingLayer::new()).run().await
}
