//! `rotate`: renews a database password, by the four steps of Secrets Manager's contract. Each step may be repeated.
//!
//! Two logins inherit one access (alternating users). The current one is left as it is: the other gets the new
//! password, is tested, and becomes the current one. So no request meets a password that is already gone; a client with
//! the old login can use it until the rotation after the next.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html>

use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use lambda_runtime::tracing::info;
use pipegen_contract::database::Access;
use postgres_protocol::password::scram_sha_256;
use serde::Deserialize;
use sqlx::Connection;

use crate::database::Login;
use crate::failure::{Failure, FailureKind};
use crate::secrets::{LoginSecret, UserPassword, VersionStage};
use crate::settings::RotateSettings;

/// The event that Secrets Manager sends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotationEvent {
    /// ARN of the secret.
    pub secret_id: String,
    /// The id of the version that this rotation makes.
    pub client_request_token: String,
    /// The step to do.
    pub step: RotationStep,
}

/// A step of a rotation, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RotationStep {
    /// Stores a new login as the pending version.
    CreateSecret,
    /// Gives the pending login its password in the database.
    SetSecret,
    /// Logs in with it.
    TestSecret,
    /// Makes the pending version the current one.
    FinishSecret,
}

/// Does one step.
///
/// # Errors
/// If the secret, its rotation or the database is wrong. Secrets Manager retries later; the current login keeps
/// working.
pub async fn handle(
    event: LambdaEvent<RotationEvent>,
    lookup: impl Fn(&str) -> Option<String>,
    aws: &SdkConfig,
) -> Result<(), Failure> {
    let RotationEvent { secret_id, client_request_token: version, step } = event.payload;
    let settings = RotateSettings::read(lookup)?;
    let secret = LoginSecret { client: aws_sdk_secretsmanager::Client::new(aws), arn: secret_id };
    match secret.stage_of(&version).await? {
        // A repeated step of a rotation that is done.
        VersionStage::Current => return Ok(()),
        VersionStage::Pending => {}
    }
    match step {
        RotationStep::CreateSecret => create(&secret, &version).await?,
        RotationStep::SetSecret => set(&secret, &version, &settings, aws).await?,
        RotationStep::TestSecret => test(&secret, &version, &settings, aws).await?,
        RotationStep::FinishSecret => finish(&secret, &version).await?,
    }
    info!(?step, "a rotation step is done");
    Ok(())
}

async fn create(secret: &LoginSecret, version: &str) -> Result<(), Failure> {
    if secret.pending(version).await?.is_some() {
        return Ok(());
    }
    let current = secret.get().await?.ok_or_else(|| unusable("the secret has no value yet: `migrate` has not run"))?;
    secret.put_pending(version, &UserPassword::generate(other_login(&current.username)?)).await?;
    Ok(())
}

async fn set(secret: &LoginSecret, version: &str, settings: &RotateSettings, aws: &SdkConfig) -> Result<(), Failure> {
    let pending = pending(secret, version).await?;
    let current = secret.get().await?.ok_or_else(|| unusable("the secret has no current value"))?;
    if pending.username == current.username {
        return Err(unusable("the pending login is the current one, whose password must not change"));
    }
    let access = access_of(&pending.username)?;
    let connections = settings.connections.iter().find(|(limited, _)| *limited == access);
    let not_set = || Failure::new(FailureKind::Settings, format!("{} is not set", access.connections_variable()));
    let (_, connections) = connections.ok_or_else(not_set)?;
    let options = Login::new(&settings.database, aws)?.options().await?;
    let mut connection = pipegen_store::connect(&options).await?;
    let login = pipegen_store::Login {
        name: &pending.username,
        access,
        verifier: &scram_sha_256(pending.password.as_bytes()),
        connection_limit: *connections,
    };
    pipegen_store::set_login(&mut connection, login).await?;
    // The password is set; a connection that is not closed cleanly changes nothing.
    connection.close().await.ok();
    Ok(())
}

async fn test(secret: &LoginSecret, version: &str, settings: &RotateSettings, aws: &SdkConfig) -> Result<(), Failure> {
    let UserPassword { username, password } = pending(secret, version).await?;
    let options = Login::new(&settings.database, aws)?.without_login().clone();
    let mut connection = pipegen_store::connect(&options.username(&username).password(&password)).await?;
    pipegen_store::try_access(&mut connection, access_of(&username)?).await?;
    connection.close().await.ok();
    Ok(())
}

/// Makes the pending version the current one, unless it has no value yet.
async fn finish(secret: &LoginSecret, version: &str) -> Result<(), Failure> {
    pending(secret, version).await?;
    Ok(secret.make_current(version).await?)
}

async fn pending(secret: &LoginSecret, version: &str) -> Result<UserPassword, Failure> {
    let pending = secret.pending(version).await?;
    pending.ok_or_else(|| unusable("there is no pending login: createSecret has not run"))
}

fn access_of(login: &str) -> Result<Access, Failure> {
    Access::of_login(login)
        .ok_or_else(|| unusable(&format!("the secret's username `{login}` is not a login of this stack")))
}

fn unusable(message: &str) -> Failure {
    Failure::new(FailureKind::SecretUnusable, message)
}

/// Returns the login of the pair that is not in use.
fn other_login(current: &str) -> Result<&'static str, Failure> {
    let [first, second] = access_of(current)?.logins();
    Ok(if current == first { second } else { first })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_alternate() {
        assert_eq!(other_login("inventory_writer_a").unwrap(), "inventory_writer_b");
        assert_eq!(other_login("inventory_writer_b").unwrap(), "inventory_writer_a");
        assert!(other_login("postgres").is_err());
    }

    #[test]
    fn the_event_is_read_as_secrets_manager_sends_it() {
        let event: RotationEvent = serde_json::from_str(
            r#"{"SecretId": "arn:aws:secretsmanager:us-east-1:123456789012:secret:a", "ClientRequestToken": "b", "Step": "createSecret",
                "RotationToken": "c"}"#,
        )
        .unwrap();
        assert_eq!(event.step, RotationStep::CreateSecret);
    }
}
