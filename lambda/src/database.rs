//! The catalog's connections and the login they use.

use std::fmt;
use std::str::FromStr;

use pipegen_store::{Kind, Store};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::OnceCell;

use crate::secrets::{LoginSecret, SecretError, UserPassword};
use crate::settings::{Database, Secret};

/// The roots that a certificate of RDS in us-east-1 leads to.
const RDS_ROOTS: &[u8] = include_bytes!("../certificates/rds-us-east-1.pem");

/// The catalog, logged in when it is first used, and again when its password has changed.
pub struct CatalogDatabase {
    store: Store,
    login: Login,
    logged_in: OnceCell<()>,
}

/// Where the login comes from.
pub enum Login {
    /// The connection's options hold it already.
    Fixed(PgConnectOptions),
    /// It lies in Secrets Manager; the options lack it.
    Managed {
        /// Everything but the login.
        options: PgConnectOptions,
        /// The secret that holds it.
        secret: LoginSecret,
    },
}

/// Why the catalog could not be asked.
#[derive(Debug)]
pub enum DatabaseError {
    /// A development URL that is none. Its text is not repeated: it holds a password.
    Url,
    /// Secrets Manager did not hand over the login.
    Secret(SecretError),
    /// The secret has no value yet: `migrate` has not run.
    NoLogin,
    /// PostgreSQL's trouble.
    Store(pipegen_store::Error),
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("the database URL cannot be read"),
            Self::Secret(error) => error.fmt(f),
            Self::NoLogin => f.write_str("the database secret has no value yet: `migrate` has not run"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DatabaseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Url | Self::Secret(_) | Self::NoLogin => None,
        }
    }
}

impl Login {
    /// The login that the settings describe. Nothing is fetched yet.
    pub fn new(settings: &Database, aws: &aws_config::SdkConfig) -> Result<Self, DatabaseError> {
        match settings {
            Database::Url(Secret(url)) => {
                PgConnectOptions::from_str(url).map(Self::Fixed).map_err(|_| DatabaseError::Url)
            }
            Database::Managed { host, port, name, secret_arn } => Ok(Self::Managed {
                options: PgConnectOptions::new_without_pgpass()
                    .host(host)
                    .port(*port)
                    .database(name)
                    .ssl_mode(PgSslMode::VerifyFull)
                    .ssl_root_cert_from_pem(RDS_ROOTS.to_vec()),
                secret: LoginSecret { client: aws_sdk_secretsmanager::Client::new(aws), arn: secret_arn.clone() },
            }),
        }
    }

    /// Connection options with the login as it is now.
    pub async fn options(&self) -> Result<PgConnectOptions, DatabaseError> {
        match self {
            Self::Fixed(options) => Ok(options.clone()),
            Self::Managed { options, secret } => {
                let login = secret.get().await.map_err(DatabaseError::Secret)?;
                let UserPassword { username, password } = login.ok_or(DatabaseError::NoLogin)?;
                Ok(options.clone().username(&username).password(&password))
            }
        }
    }

    /// Connection options that may lack the login.
    pub fn without_login(&self) -> &PgConnectOptions {
        match self {
            Self::Fixed(options) | Self::Managed { options, .. } => options,
        }
    }
}

impl CatalogDatabase {
    /// Connects at most `connections` times at once, when first used.
    pub fn new(login: Login, connections: u32) -> Self {
        Self { store: Store::new(login.without_login().clone(), connections), login, logged_in: OnceCell::new() }
    }

    /// Runs `work` on the catalog; if PostgreSQL refuses the login once more, with the login as it is now.
    pub async fn run<T>(
        &self,
        work: impl AsyncFn(&Store) -> Result<T, pipegen_store::Error>,
    ) -> Result<T, DatabaseError> {
        self.logged_in.get_or_try_init(|| self.log_in()).await?;
        match work(&self.store).await {
            Err(error) if error.kind() == Kind::LoginRefused => {
                self.log_in().await?;
                work(&self.store).await.map_err(DatabaseError::Store)
            }
            result => result.map_err(DatabaseError::Store),
        }
    }

    async fn log_in(&self) -> Result<(), DatabaseError> {
        self.store.set_options(self.login.options().await?);
        Ok(())
    }
}
