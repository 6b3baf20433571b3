//! The request's body, as it was sent (pure).

use base64_simd::STANDARD;
use pipegen_event::http_binding::{Header, Refusal, RefusalKind};

/// Returns the bytes of a body. Lambda passes it on as text where the `Content-Type` is one of text (`text/*` and
/// `application/json`, `…/javascript`, `…/xml`), else in base64.
///
/// # Errors
/// If the body was compressed and passed on as text: that destroys it.
pub fn decoded(body: Option<String>, is_base64: bool, headers: &[Header<'_>]) -> Result<Vec<u8>, Refusal> {
    let mut body = body.unwrap_or_default().into_bytes();
    if is_base64 {
        let length = STANDARD.decode_inplace(&mut body).map_err(|_| Refusal {
            kind: RefusalKind::Malformed,
            detail: "the body is not the base64 that the event says".to_owned(),
        });
        let length = length?.len();
        body.truncate(length);
    } else if headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-encoding") && is_gzip(value)) {
        return Err(Refusal {
            kind: RefusalKind::UnsupportedMediaType,
            detail: "with this Content-Type Lambda takes the body for text, which a compressed one does not survive: \
                     send it as application/cloudevents+json or application/cloudevents-batch+json"
                .to_owned(),
        });
    }
    Ok(body)
}

fn is_gzip(encoding: &[u8]) -> bool {
    [&b"gzip"[..], b"x-gzip"].iter().any(|name| encoding.trim_ascii().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_text_or_base64() {
        assert_eq!(decoded(Some("é".to_owned()), false, &[]).unwrap(), "é".as_bytes());
        assert_eq!(decoded(Some("/w==".to_owned()), true, &[]).unwrap(), b"\xff");
        assert_eq!(decoded(None, false, &[]).unwrap(), b"");
        assert_eq!(decoded(Some("*".to_owned()), true, &[]).unwrap_err().kind, RefusalKind::Malformed);
    }

    #[test]
    fn a_compressed_body_that_came_as_text_is_refused() {
        let gzip = [("Content-Encoding", &b"GZip"[..])];
        assert_eq!(decoded(Some("H4s=".to_owned()), true, &gzip).unwrap(), b"\x1f\x8b");
        let refusal = decoded(Some("\u{1f}\u{fffd}".to_owned()), false, &gzip).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::UnsupportedMediaType);
    }
}
