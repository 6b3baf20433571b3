//! The signature of a request (Signature Version 4), checked as AWS does: the request is signed once more with the
//! caller's secret key, and the two signatures are compared.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::api_error::ApiError;

/// The most that the caller's clock may be wrong.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// The headers that must be signed.
const SIGNED: [&str; 2] = ["host", "x-amz-date"];

/// The algorithm, which the header begins with.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The service and the region that a signature must be for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) service: &'a str,
    pub(super) region: &'a str,
}

/// Returns the access key id of the caller whose signature the request carries. `secret` returns the secret key of a
/// key id, if there is one.
pub(super) fn check(
    parts: &Parts,
    body: &[u8],
    scope: Scope<'_>,
    now: DateTime<Utc>,
    secret: impl Fn(&str) -> Option<String>,
) -> Result<String, ApiError> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = header(AUTHORIZATION.as_str()).and_then(Authorization::read).ok_or_else(forbidden)?;
    let Authorization { key_id, date, region, service, signed_headers, signature } = authorization;
    if (region, service) != (scope.region, scope.service) {
        let Scope { region, service } = scope;
        return Err(invalid(format!(
            "Credential should be scoped to the region '{region}' and the service '{service}'."
        )));
    }
    if let Some(missing) = SIGNED.iter().find(|name| !signed_headers.contains(name)) {
        return Err(invalid(format!("'{missing}' must be a 'SignedHeader' in the AWS Authorization.")));
    }
    let sent_at = header("x-amz-date").unwrap_or_default();
    let time = NaiveDateTime::parse_from_str(sent_at, "%Y%m%dT%H%M%SZ").map(|time| time.and_utc());
    let time = time.map_err(|_| invalid("Date must be in ISO-8601 'basic format'.".to_owned()))?;
    if (now - time).abs() > CLOCK_SKEW || !sent_at.starts_with(date) {
        return Err(invalid(format!("Signature expired: {sent_at} is not within 5 minutes of the time here.")));
    }
    let secret = secret(key_id).ok_or_else(|| {
        denied("UnrecognizedClientException", "The security token included in the request is invalid.".to_owned())
    })?;
    let expected =
        signature_of(parts, body, &signed_headers, scope, time, Credentials::new(key_id, secret, None, None, "caller"));
    if expected.as_deref() != Some(signature) {
        return Err(invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details."
                .to_owned(),
        ));
    }
    Ok(key_id.to_owned())
}

/// The parts of the header `Authorization`.
struct Authorization<'a> {
    key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    /// In lower case.
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let fields = text.strip_prefix(ALGORITHM)?.split(',').map(|field| field.trim().split_once('='));
        let fields: BTreeMap<_, _> = fields.collect::<Option<_>>()?;
        let credential: Vec<_> = fields.get("Credential")?.split('/').collect();
        let [key_id, date, region, service, "aws4_request"] = credential[..] else { return None };
        let signed_headers = fields.get("SignedHeaders")?.split(';').collect();
        Some(Self { key_id, date, region, service, signed_headers, signature: fields.get("Signature")? })
    }
}

/// Signs the request with these of its headers. Returns nothing if it cannot be signed.
fn signature_of(
    parts: &Parts,
    body: &[u8],
    signed_headers: &[&str],
    scope: Scope<'_>,
    time: DateTime<Utc>,
    credentials: Credentials,
) -> Option<String> {
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    settings.signature_location = SignatureLocation::Headers;
    // The caller says which are signed.
    settings.excluded_headers = None;
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(SystemTime::from(time))
        .settings(settings)
        .build()
        .ok()?
        .into();
    let value = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let uri = format!("http://{}{}", value("host")?, parts.uri);
    // The signer adds the date itself.
    let named: Option<Vec<_>> =
        signed_headers.iter().filter(|name| **name != "x-amz-date").map(|name| Some((*name, value(name)?))).collect();
    let request =
        SignableRequest::new(parts.method.as_str(), uri, named?.into_iter(), SignableBody::Bytes(body)).ok()?;
    Some(sign(request, &parameters).ok()?.into_parts().1)
}

fn forbidden() -> ApiError {
    denied("AccessDeniedException", "Forbidden".to_owned())
}

fn invalid(message: String) -> ApiError {
    denied("InvalidSignatureException", message)
}

fn denied(exception: &'static str, message: String) -> ApiError {
    ApiError::new(exception, message).with_status(StatusCode::FORBIDDEN)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const SCOPE: Scope<'_> = Scope { service: "lambda", region: "us-east-1" };
    const BODY: &[u8] = br#"{"a":1}"#;

    /// The signature of botocore 1.43 for the key id `acme` and the secret `local`.
    const SIGNATURE: &str = "9d93471f75175beb11f412b4de0dd111c587c7e7f94c0d2e93feff97a7ddb915";

    fn now() -> DateTime<Utc> {
        "2026-11-27T12:00:00Z".parse().expect("a time")
    }

    fn authorization(signature: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=acme/20261127/us-east-1/lambda/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
        )
    }

    /// Checks a request with these headers instead of those that it should have; an empty one is missing.
    fn checked(changes: &[(&str, &str)], body: &[u8], now: DateTime<Utc>) -> Result<String, &'static str> {
        let signed = authorization(SIGNATURE);
        let mut headers = BTreeMap::from([
            ("host", "127.0.0.1:8000"),
            ("content-type", "application/cloudevents+json"),
            ("x-amz-date", "20261127T115900Z"),
            ("authorization", &signed),
        ]);
        headers.extend(changes.iter().copied());
        headers.retain(|_, value| !value.is_empty());
        let request = Request::post("/events?a=b%20c");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let secret = |key_id: &str| (key_id == "acme").then(|| "local".to_owned());
        check(&parts, body, SCOPE, now, secret).map_err(|error| error.exception)
    }

    #[test]
    fn a_signature_is_checked_as_botocore_makes_it() {
        assert_eq!(checked(&[], BODY, now()), Ok("acme".to_owned()));
        assert_eq!(checked(&[("user-agent", "another")], BODY, now()), Ok("acme".to_owned()), "not signed");
    }

    #[test]
    fn what_was_not_signed_so_is_refused() {
        for (changes, body) in [
            (&[("authorization", &*authorization(&"0".repeat(64)))][..], BODY),
            (&[("content-type", "application/json")], BODY),
            (&[("host", "127.0.0.1:8001")], BODY),
            (&[("x-amz-date", "20261127T115901Z")], BODY),
            (&[("x-amz-date", "")], BODY),
            (&[("content-type", "")], BODY),
            (&[], b"{\"a\":2}"),
            (&[], b""),
            (&[("authorization", &*authorization(SIGNATURE).replace("us-east-1", "eu-west-1"))], BODY),
            (&[("authorization", &*authorization(SIGNATURE).replace("/lambda/", "/s3/"))], BODY),
            (&[("authorization", &*authorization(SIGNATURE).replace("host;", ""))], BODY),
            (&[("authorization", &*authorization(SIGNATURE).replace("20261127/", "20261126/"))], BODY),
        ] {
            assert_eq!(checked(changes, body, now()), Err("InvalidSignatureException"), "{changes:?}");
        }
        for other in [TimeDelta::minutes(10), -TimeDelta::minutes(10)] {
            assert_eq!(checked(&[], BODY, now() + other), Err("InvalidSignatureException"), "{other}");
        }
    }

    #[test]
    fn who_does_not_sign_or_is_not_known_is_refused() {
        let unknown = authorization(SIGNATURE).replace("=acme/", "=globex/");
        assert_eq!(checked(&[("authorization", &unknown)], BODY, now()), Err("UnrecognizedClientException"));
        for header in ["", "Basic YWNtZTpsb2NhbA==", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=acme"] {
            assert_eq!(checked(&[("authorization", header)], BODY, now()), Err("AccessDeniedException"), "{header}");
        }
    }
}
