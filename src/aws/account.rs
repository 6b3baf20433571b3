//! Credentials, region and endpoint, and the clients that use them.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use pipegen_contract::role::Role;
use tokio::sync::OnceCell;
use url::Url;

use super::failure::{AwsFailure, explain};
use crate::config::Environment;
use crate::stack::names::{ARCHIVE_BUCKET, FunctionNames, Name, Names, QUARANTINE, STREAM};

/// The only region that stacks are in.
pub(super) const REGION: &str = "us-east-1";

/// The account that an environment's stack is in.
#[derive(Debug)]
pub struct Account {
    configuration: SdkConfig,
    names: Names,
    /// True if S3 has no host name for each bucket, as at an endpoint that somebody named.
    path_style: bool,
    id: OnceCell<String>,
}

impl Account {
    /// Finds credentials as the AWS CLI does: environment, profile, login or role. No request is made to the stack.
    ///
    /// An endpoint replaces those of all services. One of this machine, such as that of `pipegen local`, takes any
    /// credentials, so it is never sent the user's own.
    ///
    /// # Errors
    /// If there are no credentials, or they have expired, or the endpoint is not a URL to send them to.
    pub async fn new(environment: &Environment, endpoint: Option<&str>) -> anyhow::Result<Self> {
        let endpoint = endpoint.map(parse_endpoint).transpose().map_err(|fault| anyhow!("the endpoint: {fault}"))?;
        let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(30))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .http_client(client)
            .timeout_config(timeouts);
        if let Some(endpoint) = &endpoint {
            loader = loader.endpoint_url(endpoint.url.as_str());
            if endpoint.is_loopback {
                loader = loader.credentials_provider(Credentials::new("local", "local", None, None, "loopback"));
            }
        }
        let configuration = loader.load().await;
        if let Some(provider) = configuration.credentials_provider() {
            provider.provide_credentials().await.map_err(|error| AwsFailure::of_login(&error))?;
        }
        // AWS_ENDPOINT_URL names one as well.
        let path_style = configuration.endpoint_url().is_some();
        Ok(Self { configuration, names: Names::new(environment.clone()), path_style, id: OnceCell::new() })
    }

    /// Returns the credentials that are valid now.
    pub(super) async fn credentials(&self) -> anyhow::Result<Credentials> {
        let provider = self.configuration.credentials_provider().context("there are no AWS credentials")?;
        Ok(provider.provide_credentials().await.map_err(|error| AwsFailure::of_login(&error))?)
    }

    /// Returns the name of the function with this role.
    pub(super) fn function(&self, role: Role) -> String {
        self.names.of(FunctionNames::of(role).function)
    }

    /// Returns the endpoint that was named instead of AWS' own.
    pub(super) fn endpoint(&self) -> Option<&str> {
        self.configuration.endpoint_url().map(|url| url.trim_end_matches('/'))
    }

    /// Returns a client of Kinesis.
    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.configuration)
    }

    /// Returns a client of S3.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let configuration = aws_sdk_s3::config::Builder::from(&self.configuration).force_path_style(self.path_style);
        aws_sdk_s3::Client::from_conf(configuration.build())
    }

    /// Returns the name of the environment's stream.
    pub fn stream(&self) -> String {
        self.names.of(STREAM)
    }

    /// Returns the name of the archive's bucket.
    ///
    /// # Errors
    /// If AWS does not say which account this is.
    pub async fn archive_bucket(&self) -> anyhow::Result<String> {
        self.bucket(ARCHIVE_BUCKET).await
    }

    /// Returns the name of the quarantine's bucket.
    ///
    /// # Errors
    /// If AWS does not say which account this is.
    pub async fn quarantine_bucket(&self) -> anyhow::Result<String> {
        self.bucket(QUARANTINE).await
    }

    async fn bucket(&self, name: Name) -> anyhow::Result<String> {
        Ok(self.names.bucket_in(name, self.id().await?))
    }

    /// Returns the account's id of 12 digits, which AWS is asked for once.
    ///
    /// # Errors
    /// If AWS does not answer that.
    pub async fn id(&self) -> anyhow::Result<&str> {
        let id = self.id.get_or_try_init(async || {
            let client = aws_sdk_sts::Client::new(&self.configuration);
            let identity = client.get_caller_identity().send().await;
            let identity = identity
                .map_err(|error| explain("sts:GetCallerIdentity", "the account of these credentials", &error))?;
            identity.account.context("AWS did not say which account these credentials belong to")
        });
        Ok(id.await?)
    }
}

/// An endpoint that was named instead of AWS' own.
struct Endpoint {
    url: Url,
    is_loopback: bool,
}

/// Checks an endpoint; the error says what it must be. Requests carry a session token and suppliers' data, so only this
/// machine gets them unencrypted.
pub fn check_endpoint(text: &str) -> Result<(), String> {
    parse_endpoint(text).map(|_| ())
}

fn parse_endpoint(text: &str) -> Result<Endpoint, String> {
    let url: Url = text.parse().map_err(|_| "it is not a URL such as http://127.0.0.1:8080".to_owned())?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    if url.scheme() != "https" && (url.scheme() != "http" || !is_loopback) {
        return Err("it must begin with https://, or be on this machine (http://127.0.0.1:PORT)".to_owned());
    }
    if url.username() != "" || url.password().is_some() || url.query().is_some() || url.path() != "/" {
        return Err("it may have nothing but a scheme, a host and a port".to_owned());
    }
    Ok(Endpoint { url, is_loopback })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_encrypted_or_on_this_machine() {
        for (good, loopback) in [
            ("http://127.0.0.1:8080", true),
            ("http://localhost:1/", true),
            ("http://[::1]:1", true),
            ("https://x.example", false),
        ] {
            assert_eq!(parse_endpoint(good).unwrap().is_loopback, loopback, "{good}");
        }
        for bad in [
            "http://10.0.0.1:1",
            "http://127.0.0.1.example.com",
            "127.0.0.1:8080",
            "ftp://127.0.0.1",
            "https://a@b",
            "https://a/b",
        ] {
            assert!(check_endpoint(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn an_endpoint_of_this_machine_never_sees_real_credentials() {
        let environment = Environment::parse("staging").unwrap();
        let account = Account::new(&environment, Some("http://127.0.0.1:9")).await.unwrap();
        let provider = account.configuration.credentials_provider().unwrap();
        assert_eq!(provider.provide_credentials().await.unwrap().access_key_id(), "local");
        assert_eq!(account.stream(), "kinesis-inventory-staging");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named() {
        let environment = Environment::parse("staging").unwrap();
        let account = Account::new(&environment, Some("http://127.0.0.1:9")).await.unwrap();
        let error = account.archive_bucket().await.unwrap_err().to_string();
        assert!(
            error.contains("sts:GetCallerIdentity") && error.contains("not be reached (Connection refused"),
            "{error}"
        );
    }
}
