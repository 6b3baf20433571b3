//! Function URLs: their addresses, and signed requests to them.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, anyhow};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use pipegen_contract::role::Role;
use serde::Deserialize;
use ureq::Agent;
use ureq::http::Response;

use super::account::{Account, REGION};

/// The longest that an answer may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The largest answer that is read, in bytes: Lambda's.
const LIMIT: u64 = 6 * 1024 * 1024;

/// The answer of Lambda's `GetFunctionUrlConfig`, as far as it is needed.
#[derive(Deserialize)]
struct FunctionUrl {
    #[serde(rename = "FunctionUrl")]
    function_url: String,
}

impl Account {
    /// Asks Lambda for the address of a function's URL.
    ///
    /// # Errors
    /// If Lambda does not say.
    pub async fn function_url(&self, role: Role) -> anyhow::Result<String> {
        let function = self.function(role);
        let aws = format!("https://lambda.{REGION}.amazonaws.com");
        let lambda = self.endpoint().unwrap_or(&aws);
        let answer = self.signed_get(&format!("{lambda}/2021-10-31/functions/{function}/url")).await?;
        let shown: Option<FunctionUrl> = serde_json::from_str(answer.body()).ok();
        shown.map(|shown| shown.function_url).with_context(|| {
            let (status, body) = (answer.status(), answer.body().trim());
            format!("lambda:GetFunctionUrlConfig on {function}: {status} {body}\n  name the address with --catalog-url")
        })
    }

    /// Asks for a URL of Lambda (its API or a function's) with a signature. An answer of any status is one.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn signed_get(&self, url: &str) -> anyhow::Result<Response<String>> {
        let credentials = self.credentials().await?;
        let headers = signature(url, credentials, SystemTime::now())?;
        let url = url.to_owned();
        tokio::task::spawn_blocking(move || get(&url, &headers)).await?
    }
}

fn get(url: &str, headers: &[(String, String)]) -> anyhow::Result<Response<String>> {
    let agent: Agent = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).build().into();
    let request = headers.iter().fold(agent.get(url), |request, (name, value)| request.header(name, value));
    let (parts, mut body) = request.call().with_context(|| format!("no answer from {url}"))?.into_parts();
    let text =
        body.with_config().limit(LIMIT).read_to_string().with_context(|| format!("half an answer from {url}"))?;
    Ok(Response::from_parts(parts, text))
}

/// Returns the headers that sign a request.
fn signature(url: &str, credentials: Credentials, now: SystemTime) -> anyhow::Result<Vec<(String, String)>> {
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("lambda")
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(&[]))?;
    let (instructions, _) = sign(request, &parameters).map_err(|error| anyhow!("cannot sign: {error}"))?.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature is botocore's for the same request, time and (AWS' example) credentials.
    #[test]
    fn signs_as_botocore_does() {
        let credentials = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            Some("session/token+with=signs".to_owned()),
            None,
            "test",
        );
        let url = "https://abcdefgh.lambda-url.us-east-1.on.aws/products/pipegen-probe-1";
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(498_725);
        let headers = signature(url, credentials, now).unwrap();
        let header = |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        assert_eq!(header("x-amz-date"), Some("20261123T050000Z"));
        assert_eq!(header("x-amz-security-token"), Some("session/token+with=signs"));
        let signed = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261123/us-east-1/lambda/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-security-token, \
             Signature=c84d61488be39fb1b6830402f7e277dddb927eadf729ac75f0fbf6d56a74f868";
        assert_eq!(header("authorization"), Some(signed));
    }
}
