//! Picks the role by the handler name and serves it.

// The futures of the AWS SDK nest deep.
#![recursion_limit = "256"]

use std::env;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use pipegen_contract::role::Role;
use pipegen_lambda::event::KinesisBatch;
use pipegen_lambda::resources::{Resources, aws_configuration};
use pipegen_lambda::{logging, migrate, processor};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    // Everything that speaks TLS uses ring; a second installation is impossible, so an error here means just that.
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "another TLS provider is installed")?;
    let handler = env::var("_HANDLER").unwrap_or_default();
    // A failure before `run` would not reach Lambda: what is wrong with the settings is the answer to each invocation.
    match Role::from_handler(&handler) {
        Some(Role::Processor) => {
            let resources = Resources::from_environment().await;
            let resources = &resources;
            run(service_fn(move |event: LambdaEvent<KinesisBatch>| async move {
                let resources = resources.as_ref().map_err(|error| Error::from(error.clone()))?;
                processor::handle(event, resources).await.map_err(Error::from)
            }))
            .await
        }
        Some(Role::Migrate) => {
            let aws = &aws_configuration().await;
            run(service_fn(move |_: LambdaEvent<Value>| migrate::handle(|name| env::var(name).ok(), aws))).await
        }
        None => {
            let roles = Role::ALL.map(Role::handler).join(", ");
            let message = format!("the handler `{handler}` is not a role of this bootstrap; the roles are: {roles}");
            run(service_fn(async |_: LambdaEvent<Value>| Err::<(), _>(Error::from(message.clone())))).await
        }
    }
}
