//! Requests whose signature is not looked at. s3s takes a request without a signature if it has no keys to check one
//! with, and refuses a signed one; so the signature is removed, and so is the form that it gives to a body.

use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use bytes::Bytes;

use super::protocol::OBJECT_LIMIT;

/// The header that tells the form of the body.
const CONTENT_SHA256: &str = "x-amz-content-sha256";
/// Room for the lengths and the signatures of the chunks.
const BODY_LIMIT: usize = OBJECT_LIMIT + OBJECT_LIMIT / 8;

/// Makes a request that was never signed. Returns an error if its body cannot be read.
pub(super) async fn unsigned(request: Request<Body>) -> Result<Request<Body>, String> {
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(AUTHORIZATION);
    parts.uri = without_signature(&parts.uri);
    let form = parts.headers.remove(CONTENT_SHA256);
    if !form.is_some_and(|form| form.as_bytes().starts_with(b"STREAMING-")) {
        return Ok(Request::from_parts(parts, body));
    }
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|error| error.to_string())?;
    let content = decode(&body, &mut parts.headers).ok_or("the body is not in the form aws-chunked")?;
    for name in ["x-amz-decoded-content-length", "x-amz-trailer"] {
        parts.headers.remove(name);
    }
    if parts.headers.get(CONTENT_ENCODING).is_some_and(|value| value == "aws-chunked") {
        parts.headers.remove(CONTENT_ENCODING);
    }
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(content.len()));
    Ok(Request::from_parts(parts, Body::from(content)))
}

/// Removes the parameters of a URL that was signed beforehand.
fn without_signature(uri: &Uri) -> Uri {
    let Some(query) = uri.query().filter(|query| query.contains("X-Amz-Signature=")) else { return uri.clone() };
    let kept: Vec<_> = query.split('&').filter(|pair| !pair.starts_with("X-Amz-")).collect();
    format!("{}?{}", uri.path(), kept.join("&")).parse().unwrap_or_else(|_| uri.clone())
}

/// Decodes the form aws-chunked: chunks with their lengths in hexadecimal digits, the last one empty, and then
/// trailers, which become headers: checksums may stand in either place.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>
fn decode(mut body: &[u8], headers: &mut HeaderMap) -> Option<Bytes> {
    let mut content = Vec::with_capacity(body.len());
    loop {
        let (head, rest) = line(body)?;
        let length = head.split(|byte| *byte == b';').next()?;
        let length = usize::from_str_radix(str::from_utf8(length).ok()?, 16).ok()?;
        if length == 0 {
            body = rest;
            break;
        }
        let (chunk, rest) = rest.split_at_checked(length)?;
        content.extend_from_slice(chunk);
        body = rest.strip_prefix(b"\r\n")?;
    }
    while let Some((trailer, rest)) = line(body) {
        body = rest;
        let mut parts = trailer.splitn(2, |byte| *byte == b':');
        if let (Some(name), Some(value)) = (parts.next(), parts.next())
            && name.starts_with(b"x-amz-checksum-")
        {
            let value = HeaderValue::from_bytes(value.trim_ascii()).ok()?;
            headers.insert(HeaderName::from_bytes(name).ok()?, value);
        }
    }
    Some(content.into())
}

fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.windows(2).position(|pair| pair == b"\r\n")?;
    Some((&text[..end], &text[end + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_content_is_taken_out_of_its_chunks() {
        let body = "3;chunk-signature=00\r\nab\n\r\n1\r\nc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:0\r\n\r\n";
        let request = Request::put("/bucket/key?X-Amz-Signature=0&x-id=PutObject&X-Amz-Date=1")
            .header(CONTENT_SHA256, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=x")
            .header("content-encoding", "aws-chunked")
            .header("x-amz-decoded-content-length", "4")
            .header("content-length", body.len())
            .body(Body::from(body))
            .expect("a request");
        let request = unsigned(request).await.expect("read");
        assert_eq!(request.uri(), "/bucket/key?x-id=PutObject");
        let mut names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-length", "x-amz-checksum-crc32"]);
        assert_eq!(request.headers()["content-length"], "4");
        assert_eq!(to_bytes(request.into_body(), 10).await.expect("whole"), "ab\nc");
    }

    #[test]
    fn a_broken_body_is_an_error() {
        for body in ["", "3\r\nab\r\n0\r\n\r\n", "x\r\n", "2\r\nab0\r\n\r\n", "ffffffffffffffffff\r\n"] {
            assert_eq!(decode(body.as_bytes(), &mut HeaderMap::new()), None, "{body:?}");
        }
    }
}
