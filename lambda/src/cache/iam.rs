//! ElastiCache's IAM authentication: a presigned request as the password, signed anew for each connection (a token that
//! was kept would die with the session it was signed by).
//!
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html>

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use futures_util::{Stream, StreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use redis::{BasicAuth, ErrorKind, RedisError, RedisResult, StreamingCredentialsProvider};

/// The time for which a token can be used to connect. A connection lives longer: 12 hours.
const VALID_FOR: Duration = Duration::from_mins(15);

/// The characters that a signature has percent-encoded: all but the unreserved ones.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A signer of tokens for one user of one replication group.
#[derive(Clone)]
pub(super) struct TokenSigner {
    pub(super) credentials: SharedCredentialsProvider,
    pub(super) region: String,
    pub(super) replication_group: String,
    /// The user's name, which for IAM users is also its id.
    pub(super) user: String,
}

impl TokenSigner {
    async fn login(self) -> RedisResult<BasicAuth> {
        let failed = |error| RedisError::from((ErrorKind::AuthenticationFailed, "no IAM token", error));
        let credentials = self.credentials.provide_credentials().await.map_err(|error| failed(error.to_string()))?;
        let token = self.token(credentials, SystemTime::now()).map_err(failed)?;
        Ok(BasicAuth::new(self.user, token))
    }

    /// Returns the presigned request, without its scheme.
    fn token(&self, credentials: Credentials, now: SystemTime) -> Result<String, String> {
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(VALID_FOR);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("elasticache")
            .time(now)
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let request = format!("{}/?Action=connect&User={}", self.replication_group, self.user);
        let url = format!("https://{request}");
        let signable = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(&[]));
        let signed = signable.and_then(|signable| sign(signable, &parameters)).map_err(|error| error.to_string())?;
        let (instructions, _) = signed.into_parts();
        let mut token = request;
        for (name, value) in instructions.params() {
            token.push('&');
            token.push_str(name);
            token.push('=');
            token.extend(utf8_percent_encode(value, RESERVED));
        }
        Ok(token)
    }
}

impl StreamingCredentialsProvider for TokenSigner {
    /// Returns one login for the connection that subscribes; it is never renewed, because a connection outlives its
    /// token.
    fn subscribe(&self) -> Pin<Box<dyn Stream<Item = RedisResult<BasicAuth>> + Send + 'static>> {
        stream::once(self.clone().login()).chain(stream::pending()).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens are botocore's for the same request, time and (AWS' example) credentials.
    #[test]
    fn signs_as_botocore_does() {
        for (session, rest) in [
            (None, "X-Amz-Signature=b1e816e83bc0eb0070b9be11e8ee5c0e35470b552bb5fa39d94b8c1130e9aa0a"),
            (
                Some("session/token+with=signs"),
                "X-Amz-Security-Token=session%2Ftoken%2Bwith%3Dsigns\
                 &X-Amz-Signature=1a3bd27a66ebcfca01fc5a22eb748bf03212f3c0a716076689f6b46726ef6d15",
            ),
        ] {
            let credentials = Credentials::new(
                "AKIDEXAMPLE",
                "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                session.map(str::to_owned),
                None,
                "test",
            );
            let signer = TokenSigner {
                credentials: SharedCredentialsProvider::new(credentials.clone()),
                region: "us-east-1".to_owned(),
                replication_group: "elasticache-inventory-staging".to_owned(),
                user: "cacheuser-processor-staging".to_owned(),
            };
            let time = SystemTime::UNIX_EPOCH + Duration::from_hours(498_749);
            let token = signer.token(credentials, time).unwrap();
            let expected = format!(
                "elasticache-inventory-staging/?Action=connect&User=cacheuser-processor-staging\
                 &X-Amz-Algorithm=AWS4-HMAC-SHA256\
                 &X-Amz-Credential=AKIDEXAMPLE%2F20261124%2Fus-east-1%2Felasticache%2Faws4_request\
                 &X-Amz-Date=20261124T050000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&{rest}"
            );
            let sorted = |token: &str| {
                let mut parts: Vec<String> = token.split('&').map(str::to_owned).collect();
                parts.sort();
                parts
            };
            assert_eq!(sorted(&token), sorted(&expected));
        }
    }
}
