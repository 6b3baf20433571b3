//! The catalog's handler and a bare connection to the same Redis, with the same settings.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use aws_config::SdkConfig;
use aws_sdk_s3::config::{Credentials, Region, SharedCredentialsProvider};
use chrono::Utc;
use lambda_runtime::{Context, LambdaEvent};
use pipegen::servers::CacheAddress;
use pipegen_contract::database::Access;
use pipegen_lambda::cache::Cache;
use pipegen_lambda::catalog;
use pipegen_lambda::database::{CatalogDatabase, Login};
use pipegen_lambda::resources::CatalogResources;
use pipegen_lambda::settings::{CacheEndpoint, CacheSettings, Secret};
use pipegen_lambda::singleflight::SingleFlight;
use pipegen_lambda::url::{RequestContext, RequestLine, UrlRequest, UrlResponse};
use pipegen_store::View;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, Cmd, IntoConnectionInfo as _, Pipeline, RedisError, TlsCertificates};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgSslMode;

use super::times::Cost;
use crate::processes::cpu_of_this_thread;
use crate::throwaway::Throwaway;

/// Long enough that no entry expires.
const VIEW_SECONDS: u32 = 24 * 60 * 60;
/// The catalog's user of the staging stack.
const USER: &str = "user-reader-staging";
/// The catalog's login at PostgreSQL, and the name of its session.
pub(super) const LOGIN: &str = "catalog";

/// The kind of connection to Redis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    PlainText,
    /// As in the stack.
    Tls,
}

/// A reader through the catalog, and one without it.
pub(super) struct Reader {
    resources: CatalogResources,
    bare: ConnectionManager,
}

/// One answer of the catalog.
pub(super) struct Read {
    pub(super) hit: bool,
    pub(super) cost: Cost,
}

impl Transport {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PlainText => "plain text",
            Self::Tls => "TLS",
        }
    }
}

/// Returns the key of a product's entry.
pub(super) fn key(sku: &str) -> String {
    pipegen_contract::cache::product(sku)
}

/// Makes a client of the cache as the catalog has it.
pub(super) fn cache(throwaway: &Throwaway, transport: Transport) -> Result<Cache> {
    let endpoint = match transport {
        Transport::PlainText => CacheEndpoint::Url(Secret(throwaway.servers.cache_url.clone())),
        Transport::Tls => {
            let CacheAddress::Tls { port, authority } = throwaway.servers.cache.clone() else {
                anyhow::bail!("this Redis has no TLS")
            };
            let (host, authority) = ("localhost".to_owned(), Some(authority));
            CacheEndpoint::Managed { host, port, user: USER.to_owned(), replication_group: "any".to_owned(), authority }
        }
    };
    // The local Redis takes any token.
    let credentials = SharedCredentialsProvider::new(Credentials::new("any", "any", None, None, "benchmark"));
    let aws = SdkConfig::builder().region(Region::new("us-east-1")).credentials_provider(credentials).build();
    Ok(Cache::new(&CacheSettings { endpoint, view_seconds: VIEW_SECONDS }, &aws)?)
}

/// Makes the client that [`cache`] makes inside.
async fn bare(throwaway: &Throwaway, transport: Transport) -> Result<ConnectionManager> {
    let settings = TcpSettings::default().set_nodelay(true);
    let client = match (transport, &throwaway.servers.cache) {
        (Transport::Tls, CacheAddress::Tls { port, authority }) => {
            let url = format!("rediss://{USER}:any@localhost:{port}");
            let certificates = TlsCertificates { client_tls: None, root_cert: Some(fs::read(authority)?) };
            Client::build_with_tls(url.into_connection_info()?.set_tcp_settings(settings), certificates)?
        }
        _ => Client::open(throwaway.servers.cache_url.as_str().into_connection_info()?.set_tcp_settings(settings))?,
    };
    let limit = Some(Duration::from_secs(1));
    let config = ConnectionManagerConfig::new().set_connection_timeout(limit).set_response_timeout(limit);
    Ok(ConnectionManager::new_with_config(client, config.set_number_of_retries(0)).await?)
}

fn hmget(key: &str) -> Cmd {
    let mut command = redis::cmd("HMGET");
    command.arg(key).arg("version").arg("view");
    command
}

fn all(keys: &[String]) -> Pipeline {
    let mut pipeline = redis::pipe();
    for key in keys {
        pipeline.add_command(hmget(key));
    }
    pipeline
}

/// Creates the catalog's login, which has the rights that `migrate` would give it.
pub(super) async fn create_login(throwaway: &Throwaway) -> Result<()> {
    let mut admin = throwaway.options("")?.connect().await?;
    let role = Access::Reader.role();
    let statements = format!("create role {LOGIN} login password '{LOGIN}' in role {role}");
    sqlx::raw_sql(&statements).execute(&mut admin).await?;
    Ok(())
}

impl Reader {
    /// Connects with the login, which must be there.
    pub(super) async fn connect(throwaway: &Throwaway, transport: Transport) -> Result<Self> {
        let options = throwaway.options("")?.username(LOGIN).password(LOGIN).application_name(LOGIN);
        // Everybody but the administrator needs TLS.
        let login = Login::Fixed(options.ssl_mode(PgSslMode::Require));
        let resources = CatalogResources {
            database: CatalogDatabase::new(login, 1),
            cache: cache(throwaway, transport)?,
            single_flight: SingleFlight::new(1),
        };
        Ok(Self { resources, bare: bare(throwaway, transport).await? })
    }

    /// Reads these products with one `HMGET` each, and checks the answers.
    pub(super) async fn hmget(&mut self, views: &[&View]) -> Result<Cost> {
        let keys: Vec<String> = views.iter().map(|view| key(&view.sku)).collect();
        let bare = &mut self.bare;
        let (answers, cost) = match &*keys {
            [key] => {
                measured(async { Ok::<_, RedisError>(vec![hmget(key).query_async::<(i64, String)>(bare).await?]) })
                    .await?
            }
            _ => measured(all(&keys).query_async::<Vec<(i64, String)>>(bare)).await?,
        };
        let answers: Vec<(i64, String)> = answers?;
        let is_right =
            |((version, json), view): (&(i64, String), &&View)| (*version, json) == (view.version, &view.json);
        ensure!(answers.len() == views.len() && answers.iter().zip(views).all(is_right), "HMGET: another view");
        Ok(cost)
    }

    /// Reads these products through the catalog, and checks the answer.
    pub(super) async fn catalog(&self, views: &[&View]) -> Result<Read> {
        let (path, query) = if let [view] = views {
            (format!("/products/{}", view.sku), String::new())
        } else {
            let pairs: Vec<String> = views.iter().map(|view| format!("sku={}", view.sku)).collect();
            ("/products".to_owned(), pairs.join("&"))
        };
        let event = event(path, query)?;
        let (response, cost) = measured(catalog::handle(event, &self.resources)).await?;
        let response: UrlResponse = response?;
        ensure!(response.status_code == 200, "the catalog answers {response:?}");
        let body = response.body.as_deref().context("a body")?;
        let is_right = if let [view] = views {
            body == view.json
        } else {
            let products: Vec<&str> = views.iter().map(|view| &*view.json).collect();
            body == format!(r#"{{"products":[{}],"unknown":[]}}"#, products.join(","))
        };
        ensure!(is_right, "the catalog answers with another view: {body}");
        Ok(Read { hit: response.headers.get("x-cache").is_some_and(|status| status == "hit"), cost })
    }
}

fn event(raw_path: String, raw_query_string: String) -> Result<LambdaEvent<UrlRequest>> {
    let request = UrlRequest {
        raw_path,
        raw_query_string,
        request_context: RequestContext { http: RequestLine { method: "GET".to_owned() }, ..RequestContext::default() },
        ..UrlRequest::default()
    };
    let mut context = Context::default();
    context.deadline = u64::try_from(Utc::now().timestamp_millis())? + 30_000;
    Ok(LambdaEvent::new(request, context))
}

async fn measured<T>(work: impl Future<Output = T>) -> Result<(T, Cost)> {
    let cpu = cpu_of_this_thread()?;
    let started = Instant::now();
    let done = work.await;
    let time = started.elapsed();
    Ok((done, Cost { time, cpu: cpu_of_this_thread()?.saturating_sub(cpu) }))
}
