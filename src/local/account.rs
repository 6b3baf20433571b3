//! The emulated AWS account that a stack was applied to, as the environment names it.

use std::net::IpAddr;

use anyhow::ensure;
use aws_sdk_kinesis::config::{BehaviorVersion, Credentials as SdkCredentials, Region, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;

use crate::lambda_host::credentials::Credentials;

/// The endpoint of an emulated account, and the key for its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmulatedAccount {
    /// The URL of every service.
    pub endpoint: String,
    /// The region.
    pub region: String,
    /// The key.
    pub credentials: Credentials,
}

impl EmulatedAccount {
    /// Reads `AWS_ENDPOINT_URL` and what else the SDKs read, with `lookup`. Whatever is wrong is named at once.
    ///
    /// On AWS itself Lambda runs the functions. A second reader of the stream would do their work twice, so an address
    /// that is not this machine's is refused.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let mut missing = Vec::new();
        let mut required = |names: &[&str]| {
            let value = names.iter().find_map(|name| lookup(name).filter(|value| !value.is_empty()));
            if value.is_none() {
                missing.push(names.join(" or "));
            }
            value.unwrap_or_default()
        };
        let endpoint = required(&["AWS_ENDPOINT_URL"]);
        let region = required(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let key_id = required(&["AWS_ACCESS_KEY_ID"]);
        let secret_key = required(&["AWS_SECRET_ACCESS_KEY"]);
        ensure!(
            missing.is_empty(),
            "--applied runs against an emulated AWS on this machine, which the environment must name: {} not set",
            missing.join(", ")
        );
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        ensure!(
            is_loopback(&endpoint),
            "--applied runs against an emulated AWS on this machine only, but AWS_ENDPOINT_URL is {endpoint}: give it as \
             http://127.0.0.1:PORT"
        );
        let session_token = lookup("AWS_SESSION_TOKEN").filter(|token| !token.is_empty());
        Ok(Self { endpoint, region, credentials: Credentials { key_id, secret_key, session_token } })
    }

    /// Returns a client of Kinesis.
    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        let config = aws_sdk_kinesis::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.provider())
            .endpoint_url(&self.endpoint)
            .http_client(Builder::new().build_http());
        aws_sdk_kinesis::Client::from_conf(config.build())
    }

    /// Returns a client of S3.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.provider())
            .endpoint_url(&self.endpoint)
            .force_path_style(true)
            .http_client(Builder::new().build_http());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    fn provider(&self) -> SharedCredentialsProvider {
        let Credentials { key_id, secret_key, session_token } = &self.credentials;
        SharedCredentialsProvider::new(SdkCredentials::new(
            key_id,
            secret_key,
            session_token.clone(),
            None,
            "environment",
        ))
    }
}

/// Tells whether a URL is one of this machine. A host name could lead anywhere, so only an address counts.
fn is_loopback(url: &str) -> bool {
    let host = url.parse::<url::Url>().ok().filter(|url| url.scheme() == "http").and_then(|url| {
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        (url.path() == "/" && url.query().is_none() && url.username().is_empty()).then_some(host)
    });
    host.and_then(|host| host.parse::<IpAddr>().ok()).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<EmulatedAccount, String> {
        let lookup = |name: &str| {
            if let Some((_, value)) = changes.iter().find(|(changed, _)| *changed == name) {
                return Some((*value).to_owned());
            }
            let value = match name {
                "AWS_ENDPOINT_URL" => "http://127.0.0.1:5000/",
                "AWS_DEFAULT_REGION" => "us-east-1",
                "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
                _ => return None,
            };
            Some(value.to_owned())
        };
        EmulatedAccount::read(lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_names_the_account() {
        let account = read(&[("AWS_REGION", "eu-west-1")]).expect("complete");
        assert_eq!((&*account.endpoint, &*account.region), ("http://127.0.0.1:5000", "eu-west-1"));
        let missing = read(&[("AWS_ENDPOINT_URL", ""), ("AWS_SECRET_ACCESS_KEY", "")]).expect_err("incomplete");
        assert!(missing.contains("AWS_ENDPOINT_URL, AWS_SECRET_ACCESS_KEY not set"), "{missing}");
    }

    #[test]
    fn only_this_machine_is_run_against() {
        for endpoint in ["http://127.0.0.1:1", "http://127.1.2.3:1", "http://[::1]:1"] {
            read(&[("AWS_ENDPOINT_URL", endpoint)]).expect(endpoint);
        }
        for endpoint in [
            "https://kinesis.us-east-1.amazonaws.com",
            "http://10.0.0.1:5000",
            "http://localhost:5000",
            "https://127.0.0.1:5000",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "http://127.0.0.1:5000/path",
            "127.0.0.1:5000",
        ] {
            let error = read(&[("AWS_ENDPOINT_URL", endpoint)]).expect_err(endpoint);
            assert!(error.contains("http://127.0.0.1:PORT"), "{error}");
        }
    }
}
