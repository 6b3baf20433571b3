//! The AWS SDK's configuration, from the environment that Lambda gives a function.
//!
//! `aws_config` is not used: its chain of places to look for credentials in (profiles, roles, containers, instances)
//! would be a fifth of the bootstrap, and each start would walk along it. Lambda always sets region and credentials,
//! and these last longer than the function's instance.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::BehaviorVersion;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{self, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::settings::environment_variable;

/// Makes the configuration, with an HTTP client on ring. Without credentials or region in the environment it has none,
/// and what needs them fails.
pub fn configuration() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(10))
        .build();
    let mut configuration = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(HttpClient(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .service_config(Environment);
    configuration.set_region(environment_variable("AWS_REGION").map(Region::new));
    configuration.set_credentials_provider(credentials().map(SharedCredentialsProvider::new));
    configuration.build()
}

/// The SDK's HTTP client, but ready when it is made: by itself it would read the system's root certificates, hundreds of
/// files, and once more for each service, before the function takes its first event. It reads them for its first
/// request.
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

fn credentials() -> Option<Credentials> {
    let key_id = environment_variable("AWS_ACCESS_KEY_ID")?;
    let secret_key = environment_variable("AWS_SECRET_ACCESS_KEY")?;
    Some(Credentials::new(
        key_id,
        secret_key,
        environment_variable("AWS_SESSION_TOKEN").filter(|token| !token.is_empty()),
        None,
        "Environment",
    ))
}

/// The settings of single services: `AWS_ENDPOINT_URL_S3`, and for all services `AWS_ENDPOINT_URL`. The stack sets
/// none; `pipegen local` does.
#[derive(Debug)]
struct Environment;

impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace([' ', '-'], "_");
        environment_variable(&format!("{}_{service}", key.env())).or_else(|| environment_variable(key.env()))
    }
}
