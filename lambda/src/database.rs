//! The catalog's connections and the login they use.

use std::path::PathBuf;
use std::{fmt, fs, io};

use pipegen_store::{ErrorKind, Store};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::OnceCell;

use crate::answer::StageError;
use crate::secrets::{LoginSecret, SecretError, UserPassword};
use crate::settings::{Database, Trust};

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
    /// The options hold it already.
    Fixed(PgConnectOptions),
    /// It lies in Secrets Manager.
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
    /// A development authority's file that cannot be read.
    Authority(PathBuf, io::Error),
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
            Self::Authority(path, _) => write!(f, "the authority {} cannot be read", path.display()),
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
            Self::Authority(_, error) => Some(error),
            Self::Secret(_) | Self::NoLogin => None,
        }
    }
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
    /// The login that the settings describe. Nothing is fetched yet.
    pub fn new(settings: &Database, aws: &aws_config::SdkConfig) -> Result<Self, DatabaseError> {
        let Database { host, port, name, secret_arn, trust } = settings;
        let options = PgConnectOptions::new_without_pgpass().host(host).port(*port).database(name);
        let verified = options.clone().ssl_mode(PgSslMode::VerifyFull);
        let options = match trust {
            Trust::BuiltIn => verified.ssl_root_cert_from_pem(RDS_ROOTS.to_vec()),
            Trust::Authority(path) => verified
                .ssl_root_cert_from_pem(fs::read(path).map_err(|error| DatabaseError::Authority(path.clone(), error))?),
            Trust::Plaintext => options.ssl_mode(PgSslMode::Disable),
        };
        let client = aws_sdk_secretsmanager::Client::new(aws);
        Ok(Self::Managed { options, secret: LoginSecret { client, arn: secret_arn.clone() } })
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
            Err(error) if error.kind() == ErrorKind::LoginRefused => {
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
