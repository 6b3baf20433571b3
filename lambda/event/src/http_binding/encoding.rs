//! Bodies that are compressed.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::refusal::Refusal;
use super::{Header, UNPACKED_LIMIT, header_value};
use crate::members::loggable;

/// The first bytes of gzip, which no JSON text has.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Returns the body as it was before it was compressed, if it is not larger than allowed.
pub(super) fn unpacked<'a>(headers: &[Header<'_>], body: &'a [u8]) -> Result<Cow<'a, [u8]>, Refusal> {
    let encoding = header_value::first(headers, "content-encoding").unwrap_or_default().to_ascii_lowercase();
    let body = match &*encoding {
        "gzip" | "x-gzip" => Cow::Owned(gunzip(body)?),
        "" | "identity" if body.starts_with(&GZIP) => {
            return Err(Refusal::malformed("the body is gzip, which the header Content-Encoding must say"));
        }
        "" | "identity" => Cow::Borrowed(body),
        other => {
            let detail = format!("the Content-Encoding must be gzip, or none, not {}", loggable(other));
            return Err(Refusal::unsupported(detail));
        }
    };
    if body.len() > UNPACKED_LIMIT {
        return Err(too_large());
    }
    Ok(body)
}

/// Unpacks one byte more than is allowed, at most.
fn gunzip(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut unpacked = Vec::new();
    let limit = u64::try_from(UNPACKED_LIMIT).unwrap_or(u64::MAX);
    match MultiGzDecoder::new(body).take(limit + 1).read_to_end(&mut unpacked) {
        Ok(_) => Ok(unpacked),
        Err(_) => Err(Refusal::malformed("the body is not gzip, as its Content-Encoding says, or not whole")),
    }
}

fn too_large() -> Refusal {
    Refusal::too_large(format!("a body must have at most {UNPACKED_LIMIT} bytes when it is unpacked"))
}
