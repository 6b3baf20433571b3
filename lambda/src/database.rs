//! The connections to the catalog's tables, and the login that they use.

use std::path::PathBuf;
use std::{fs, io};

use aws_config::SdkConfig;
use pipegen_event::Event;
use pipegen_store::{Applied, ErrorKind, ProductVersion, Store, View};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use thiserror::Error;
use tokio::sync::OnceCell;

use crate::secrets::{LoginSecret, SecretError, UserPassword};
use crate::settings::{DatabaseSettings, DatabaseTls};
use crate::stage::StageError;

/// The root certificates of RDS in us-east-1, PEM.
const RDS_ROOTS: &[u8] = include_bytes!("../certificates/rds-us-east-1.pem");

/// The catalog's tables, as far as batches and readers use them: [`Store`], or the simulation's model of it.
pub trait Tables {
    /// Uses these options for connections made from now on.
    fn set_options(&self, options: PgConnectOptions);

    /// [`Store::apply`].
    fn apply(&self, events: &[&Event]) -> impl Future<Output = Result<Applied, pipegen_store::Error>>;

    /// [`Store::views`].
    fn views(&self, skus: &[&str]) -> impl Future<Output = Result<Vec<View>, pipegen_store::Error>>;

    /// [`Store::add_pending`].
    fn add_pending(&self, products: &[ProductVersion]) -> impl Future<Output = Result<(), pipegen_store::Error>>;

    /// [`Store::pending`].
    fn pending(&self, limit: i64) -> impl Future<Output = Result<Vec<ProductVersion>, pipegen_store::Error>>;

    /// [`Store::settle_pending`].
    fn settle_pending(&self, products: &[ProductVersion]) -> impl Future<Output = Result<(), pipegen_store::Error>>;
}

impl Tables for Store {
    fn set_options(&self, options: PgConnectOptions) {
        self.set_options(options);
    }

    fn apply(&self, events: &[&Event]) -> impl Future<Output = Result<Applied, pipegen_store::Error>> {
        self.apply(events)
    }

    fn views(&self, skus: &[&str]) -> impl Future<Output = Result<Vec<View>, pipegen_store::Error>> {
        self.views(skus)
    }

    fn add_pending(&self, products: &[ProductVersion]) -> impl Future<Output = Result<(), pipegen_store::Error>> {
        self.add_pending(products)
    }

    fn pending(&self, limit: i64) -> impl Future<Output = Result<Vec<ProductVersion>, pipegen_store::Error>> {
        self.pending(limit)
    }

    fn settle_pending(&self, products: &[ProductVersion]) -> impl Future<Output = Result<(), pipegen_store::Error>> {
        self.settle_pending(products)
    }
}

/// The catalog's tables with their login. Logs in when it is first used, and again when the password has changed.
pub struct CatalogDatabase<T: Tables = Store> {
    tables: T,
    login: Login,
    logged_in: OnceCell<()>,
}

/// The connection options, with a login or with the secret that holds it.
pub enum Login {
    /// Options that hold the login already. Only tests use them: [`Login::new`] always takes a secret.
    Fixed(PgConnectOptions),
    /// A login in Secrets Manager.
    Managed {
        /// The options without the login.
        options: PgConnectOptions,
        /// ARN of the secret that holds the login.
        secret_arn: String,
        /// The configuration for Secrets Manager's client, which takes a while to make and is seldom used.
        aws: Box<SdkConfig>,
    },
}

/// A use of the catalog's tables that failed.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// Development only: the file with the certificate authority cannot be read.
    #[error("the certificate authority {} cannot be read", .0.display())]
    Authority(PathBuf, #[source] io::Error),
    /// Secrets Manager did not return the login.
    #[error(transparent)]
    Secret(SecretError),
    /// The secret has no value yet.
    #[error("the database secret has no value yet: `migrate` has not run")]
    NoLogin,
    /// PostgreSQL failed or refused.
    #[error(transparent)]
    Store(pipegen_store::Error),
}

impl StageError for DatabaseError {
    fn is_too_slow(&self) -> bool {
        matches!(self, Self::Store(error) if error.kind() == ErrorKind::TooSlow)
    }

    fn is_not_prepared(&self) -> bool {
        matches!(self, Self::Store(error) if error.kind() == ErrorKind::NotPrepared)
    }
}

impl Login {
    /// Makes the login that the settings describe. Fetches nothing yet.
    pub fn new(settings: &DatabaseSettings, aws: &SdkConfig) -> Result<Self, DatabaseError> {
        let DatabaseSettings { host, port, name, secret_arn, tls } = settings;
        let options = PgConnectOptions::new_without_pgpass().host(host).port(*port).database(name);
        let verified = options.clone().ssl_mode(PgSslMode::VerifyFull);
        let options = match tls {
            DatabaseTls::RdsRoots => verified.ssl_root_cert_from_pem(RDS_ROOTS.to_vec()),
            DatabaseTls::Authority(path) => verified
                .ssl_root_cert_from_pem(fs::read(path).map_err(|error| DatabaseError::Authority(path.clone(), error))?),
            DatabaseTls::Disabled => options.ssl_mode(PgSslMode::Disable),
        };
        Ok(Self::Managed { options, secret_arn: secret_arn.clone(), aws: Box::new(aws.clone()) })
    }

    /// Returns connection options with the current login.
    pub async fn options(&self) -> Result<PgConnectOptions, DatabaseError> {
        match self {
            Self::Fixed(options) => Ok(options.clone()),
            Self::Managed { options, secret_arn, aws } => {
                let secret =
                    LoginSecret { client: aws_sdk_secretsmanager::Client::new(aws.as_ref()), arn: secret_arn.clone() };
                let login = secret.get().await.map_err(DatabaseError::Secret)?;
                let UserPassword { username, password } = login.ok_or(DatabaseError::NoLogin)?;
                Ok(options.clone().username(&username).password(&password))
            }
        }
    }

    /// Returns connection options that may lack the login.
    pub fn without_login(&self) -> &PgConnectOptions {
        match self {
            Self::Fixed(options) | Self::Managed { options, .. } => options,
        }
    }
}

impl CatalogDatabase {
    /// Makes a pool of at most `connections` connections. Connects when it is first used.
    pub fn new(login: Login, connections: u32) -> Self {
        Self::on(Store::new(login.without_login().clone(), connections), login)
    }
}

impl<T: Tables> CatalogDatabase<T> {
    /// Uses these tables, once it has logged in.
    pub fn on(tables: T, login: Login) -> Self {
        Self { tables, login, logged_in: OnceCell::new() }
    }

    /// Runs `work` on the tables. If PostgreSQL refuses the login, fetches it anew and runs `work` once more.
    pub async fn run<R>(&self, work: impl AsyncFn(&T) -> Result<R, pipegen_store::Error>) -> Result<R, DatabaseError> {
        self.logged_in.get_or_try_init(|| self.log_in()).await?;
        match work(&self.tables).await {
            Err(error) if error.kind() == ErrorKind::LoginRefused => {
                self.log_in().await?;
                work(&self.tables).await.map_err(DatabaseError::Store)
            }
            result => result.map_err(DatabaseError::Store),
        }
    }

    async fn log_in(&self) -> Result<(), DatabaseError> {
        self.tables.set_options(self.login.options().await?);
        Ok(())
    }
}
