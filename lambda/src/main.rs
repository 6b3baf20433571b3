//! Picks the role by the handler name and serves it.

// The futures of the AWS SDK nest deep.
#![recursion_limit = "256"]

use std::env;
use std::fmt;
use std::hint::black_box;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use pipegen_contract::marker::MARKER;
use pipegen_contract::role::Role;
use pipegen_lambda::resources::{self, ArchiverResources, CatalogResources, MaintainResources, ProcessorResources};
use pipegen_lambda::{archiver, catalog, logging, maintain, migrate, processor, rotate};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Nothing reads it here, and yet it has to stay in the program: `render` looks for it.
    black_box(MARKER);
    logging::start();
    // Everything that speaks TLS uses ring; a second installation is impossible, so an error here means just that.
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "another TLS provider is installed")?;
    let handler = env::var("_HANDLER").unwrap_or_default();
    let aws = &resources::aws_configuration().await;
    match Role::from_handler(&handler) {
        Some(Role::Processor) => serve(&ProcessorResources::from_environment(aws), processor::handle).await,
        Some(Role::Archiver) => serve(&ArchiverResources::from_environment(aws), archiver::handle).await,
        Some(Role::Catalog) => serve(&CatalogResources::from_environment(aws), catalog::handle).await,
        Some(Role::Maintain) => serve(&MaintainResources::from_environment(aws), maintain::handle).await,
        Some(Role::Migrate) => {
            serve(&Ok::<_, Error>(aws), async |_: LambdaEvent<serde_json::Value>, aws| {
                migrate::handle(resources::variable, aws).await
            })
            .await
        }
        Some(Role::Rotate) => {
            serve(&Ok::<_, Error>(aws), async |event, aws| rotate::handle(event, resources::variable, aws).await).await
        }
        None => {
            let roles = Role::ALL.map(Role::handler).join(", ");
            let error = format!("the handler `{handler}` is not a role of this bootstrap; the roles are: {roles}");
            serve(&Err::<(), _>(error), async |_: LambdaEvent<serde_json::Value>, ()| Ok::<_, Error>(())).await
        }
    }
}

/// Serves invocations with `handle`. A failure before `run` would not reach Lambda: what is wrong with the resources is the
/// answer to each invocation.
async fn serve<'a, R, E, A, B>(
    resources: &'a Result<R, impl fmt::Display>,
    handle: impl AsyncFn(LambdaEvent<A>, &'a R) -> Result<B, E>,
) -> Result<(), Error>
where
    A: DeserializeOwned,
    B: Serialize,
    E: Into<Error>,
{
    let handle = &handle;
    run(service_fn(move |event| async move {
        let resources = resources.as_ref().map_err(|error| Error::from(error.to_string()))?;
        handle(event, resources).await.map_err(Into::into)
    }))
    .await
}
