//! The result of a function that is called by its URL.

use std::collections::BTreeMap;
use std::io;

use pipegen_contract::payload::LARGEST_PAYLOAD;
use serde::Serialize;

/// The function's result, of which Lambda makes the HTTP response.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload>
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UrlResponse {
    pub status_code: u16,
    /// The headers by name, in lower case.
    pub headers: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Always false: the body is text.
    pub is_base64_encoded: bool,
}

impl UrlResponse {
    /// Makes a response.
    pub fn new(status_code: u16, headers: &[(&'static str, &str)], body: Option<String>) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { status_code, headers, body, is_base64_encoded: false }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// Makes the response to the same request with the method `HEAD`: it has the length of the body that it leaves out
    /// (RFC 9110, 8.6). Without a body, as in a 304, it has no length.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        if let Some(body) = self.body.take() {
            self.headers.insert("content-length", body.len().to_string());
        }
        self
    }

    /// Returns true if Lambda can send a response of this size.
    pub fn can_be_sent(&self) -> bool {
        // Whatever a body of this length is made of, it is small enough: JSON makes at most six bytes of one.
        let is_short = self.body.as_ref().is_none_or(|body| body.len() < LARGEST_PAYLOAD / 8);
        is_short || self.encoded_bytes() <= LARGEST_PAYLOAD
    }

    /// Returns the size of the response as Lambda receives it, its body a JSON string.
    pub fn encoded_bytes(&self) -> usize {
        let mut counter = ByteCounter(0);
        serde_json::to_writer(&mut counter, self).expect("text and numbers are always JSON, and counting never fails");
        counter.0
    }
}

/// A writer that counts the bytes.
struct ByteCounter(usize);

impl io::Write for ByteCounter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_limit_counts_the_encoded_response() {
        // A quote is two bytes inside the response's JSON, a control character six.
        for (filler, bytes) in [("x", 1), ("\"", 2), ("\u{1}", 6), ("é", 2)] {
            let response = |body| UrlResponse::new(200, &[("etag", "\"7\"")], Some(body));
            let around = response(String::new()).encoded_bytes();
            let fitting = (LARGEST_PAYLOAD - around) / bytes;
            let fits = response(filler.repeat(fitting));
            assert_eq!(serde_json::to_vec(&fits).unwrap().len(), fits.encoded_bytes());
            assert!(fits.can_be_sent(), "{filler:?}");
            assert!(!response(filler.repeat(fitting + 1)).can_be_sent(), "{filler:?}");
        }
    }

    #[test]
    fn lambda_reads_the_response() {
        let response = UrlResponse::new(304, &[("etag", "\"7\""), ("cache-control", "no-cache")], None).without_body();
        let encoded = serde_json::to_value(&response).unwrap();
        let headers = json!({"etag": "\"7\"", "cache-control": "no-cache"});
        assert_eq!(encoded, json!({"statusCode": 304, "headers": headers, "isBase64Encoded": false}));
    }
}
