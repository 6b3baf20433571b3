//! The AWS SDK's configuration, from the environment that Lambda gives a function.
//!
//! The loader of `aws_config` is not used: its chain of places to look for credentials in (profiles, roles, containers,
//! instances) would be a fifth of the bootstrap, and each start would walk along it. Lambda always sets region and
//! credentials, and these last longer than the function's instance.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{self, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// Looks up an environment variable: [`crate::settings::environment_variable`], or a test's own.
type Lookup = fn(&str) -> Option<String>;

/// Makes the configuration, with an HTTP client on ring. Without credentials or region in the environment it has none,
/// and what needs them fails.
pub fn configuration(lookup: Lookup) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(10))
        .build();
    let mut configuration = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(HttpClient(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .service_config(Endpoints(lookup));
    configuration.set_region(lookup("AWS_REGION").map(Region::new));
    configuration.set_credentials_provider(credentials(lookup).map(SharedCredentialsProvider::new));
    configuration.build()
}

fn credentials(lookup: Lookup) -> Option<Credentials> {
    let session_token = lookup("AWS_SESSION_TOKEN").filter(|token| !token.is_empty());
    let (key_id, secret_key) = (lookup("AWS_ACCESS_KEY_ID")?, lookup("AWS_SECRET_ACCESS_KEY")?);
    Some(Credentials::new(key_id, secret_key, session_token, None, "Environment"))
}

/// The SDK's HTTP client, but ready when it is made: by itself the first client that is made would read the system's root
/// certificates, hundreds of files, before the function takes its first event. Now its first request reads them.
#[derive(Debug)]
struct HttpClient(SharedHttpClient);

impl http::HttpClient for HttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// The endpoints of services: `AWS_ENDPOINT_URL_S3` for one, `AWS_ENDPOINT_URL` for all others. The stack sets none;
/// `pipegen local` does.
#[derive(Debug)]
struct Endpoints(Lookup);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace([' ', '-'], "_");
        (self.0)(&format!("{}_{service}", key.env())).or_else(|| (self.0)(key.env()))
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::ProvideCredentials as _;

    use super::*;

    fn environment(name: &str) -> Option<String> {
        let value = match name {
            "AWS_ACCESS_KEY_ID" => "key",
            "AWS_SECRET_ACCESS_KEY" => "secret",
            "AWS_SESSION_TOKEN" => "token",
            "AWS_REGION" => "us-east-1",
            "AWS_ENDPOINT_URL" => "http://any",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER" => "http://secrets",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn endpoint(configuration: &SdkConfig, service: &str) -> Option<String> {
        let key = ServiceConfigKey::builder().service_id(service).profile("endpoint_url").env("AWS_ENDPOINT_URL");
        configuration.service_config().unwrap().load_config(key.build().unwrap())
    }

    #[tokio::test]
    async fn all_of_it_is_in_the_environment() {
        let configuration = configuration(environment);
        let credentials = configuration.credentials_provider().unwrap().provide_credentials().await.unwrap();
        assert_eq!((credentials.access_key_id(), credentials.secret_access_key()), ("key", "secret"));
        assert_eq!((credentials.session_token(), credentials.expiry()), (Some("token"), None));
        assert_eq!(configuration.region().unwrap().as_ref(), "us-east-1");
        assert_eq!(endpoint(&configuration, "Secrets Manager").as_deref(), Some("http://secrets"));
        assert_eq!(endpoint(&configuration, "S3").as_deref(), Some("http://any"));
        assert_eq!(configuration.retry_config().unwrap().max_attempts(), 3);
    }

    #[test]
    fn nothing_is_looked_for_elsewhere() {
        let configuration = configuration(|_| None);
        assert!(configuration.credentials_provider().is_none() && configuration.region().is_none());
        assert_eq!(endpoint(&configuration, "S3"), None);
    }
}
