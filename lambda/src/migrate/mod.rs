//! `migrate`: brings the schema up to date, sets the low-stock limits and creates the logins. Running it again, or twice
//! at once, changes nothing more.

mod limits;

use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use pipegen_contract::database::Access;
use pipegen_store::Login as LoginRole;
use postgres_protocol::password::scram_sha_256;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

use crate::database::Login;
use crate::deadline::stop_at;
use crate::failure::Failure;
use crate::retry;
use crate::secrets::{LoginSecret, UserPassword};
use crate::settings::{DatabaseSettings, LoginSettings, MigrateSettings};

/// The result of a run: counts only, because it is kept in Terraform's state.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct MigrateSummary {
    /// The number of migrations that this run applied.
    pub migrations: usize,
    /// The number of low-stock limits that are set now.
    pub limits: usize,
    /// The number of logins that exist with their rights and passwords now.
    pub logins: usize,
}

/// Migrates the database that the settings name, and sets the limits of the input. Policies and host names that are as new as the function take a while
/// to be known everywhere, and a database takes a while to start: transient failures are retried until the time is
/// almost up.
///
/// # Errors
/// If the input, a setting, a secret or the database is wrong. Completed steps stay, and the next run continues from them.
pub async fn handle(
    event: LambdaEvent<Value>,
    lookup: impl Fn(&str) -> Option<String>,
    aws: &SdkConfig,
) -> Result<MigrateSummary, Failure> {
    let stop_at = stop_at(event.context.deadline());
    let settings = MigrateSettings::read(lookup)?;
    let limits = limits::limits(event.payload)?;
    let mut connection = retry::until(stop_at, || connect(&settings.database, aws)).await?;
    pipegen_store::lock_schema(&mut connection).await?;
    let migrations = pipegen_store::migrate(&mut connection).await?;
    pipegen_store::set_low_stock_limits(&mut connection, &limits).await?;
    for LoginSettings { access, secret_arn, connections } in &settings.logins {
        let login = retry::until(stop_at, || login(*access, secret_arn, aws)).await?;
        let role = LoginRole {
            name: &login.username,
            access: *access,
            verifier: &scram_sha_256(login.password.as_bytes()),
            connection_limit: *connections,
        };
        pipegen_store::set_login(&mut connection, role).await?;
    }
    Ok(MigrateSummary { migrations, limits: limits.len(), logins: settings.logins.len() })
}

async fn connect(database: &DatabaseSettings, aws: &SdkConfig) -> Result<PgConnection, Failure> {
    let options = Login::new(database, aws)?.options().await?;
    Ok(pipegen_store::connect(&options).await?)
}

/// Returns the login of this access. A secret without a value gets one first, and the role's password is then set to
/// what the secret holds: a run that dies between the two is completed by the next.
async fn login(access: Access, secret_arn: &str, aws: &SdkConfig) -> Result<UserPassword, Failure> {
    let secret = LoginSecret { client: aws_sdk_secretsmanager::Client::new(aws), arn: secret_arn.to_owned() };
    if let Some(login) = secret.get().await? {
        return Ok(login);
    }
    let login = UserPassword::generate(access.logins()[0]);
    secret.put(&login).await?;
    Ok(login)
}
