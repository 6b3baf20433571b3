//! The HTTP protocol binding of `CloudEvents` 1.0.2: a request's headers and body as events' texts. No I/O.
//!
//! - `media_type`: the content mode, which the headers name
//! - `encoding`: bodies that are compressed
//! - `binary`: the event of which each attribute is a header
//! - `header_value`: the encoding of attributes in headers
//! - `refusal`: the faults of a request as a whole
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md>

mod binary;
mod encoding;
mod header_value;
mod media_type;
mod refusal;

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};

use crate::decode::{Decoded, decode};
use crate::reason::{Reason, Rejection};
use crate::{other_formats, text};
use media_type::Mode;
pub use refusal::{Refusal, RefusalKind};

/// The largest body after unpacking, in bytes.
pub const UNPACKED_LIMIT: usize = 16 * 1024 * 1024;

/// A header's name and value, as they came.
pub type Header<'a> = (&'a str, &'a [u8]);

/// The content of a request. The events in it are not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// One event: the body as it came, or the text that was made of an event in binary mode.
    Event(Cow<'a, [u8]>),
    /// A body that must be an array of events.
    Batch(Cow<'a, [u8]>),
}

/// Reads the content of a request.
///
/// # Errors
/// If the headers or the encoding of the body are faulty or not supported, or the body has more than [`UNPACKED_LIMIT`]
/// bytes when it is unpacked.
pub fn read<'a>(headers: &[Header<'_>], body: &'a [u8]) -> Result<Content<'a>, Refusal> {
    let mode = media_type::mode(headers)?;
    let body = encoding::unpacked(headers, body)?;
    Ok(match mode {
        Mode::Batch => Content::Batch(body),
        Mode::Either if body.trim_ascii_start().starts_with(b"[") => Content::Batch(body),
        Mode::Structured | Mode::Either => Content::Event(body),
        Mode::Binary => Content::Event(Cow::Owned(binary::event(headers, &body)?.into_bytes())),
    })
}

impl Content<'_> {
    /// Decodes the events, which arrive at `arrived_at`.
    ///
    /// # Errors
    /// If the content as a whole is not what its media type says. A fault of one event is that event's rejection.
    pub fn decode(&self, arrived_at: DateTime<Utc>, horizon: TimeDelta) -> Result<Vec<Decoded<'_>>, Refusal> {
        match self {
            Self::Event(text) => {
                let json = text::check_grammar(text).map_err(|detail| {
                    let detail = other_formats::named(detail, other_formats::of_record(text));
                    Refusal::malformed(format!("body: {detail}"))
                })?;
                if text::is_array(json) {
                    return Err(Refusal::malformed(
                        "the body is an array: send several events as application/cloudevents-batch+json",
                    ));
                }
                Ok(decode(text, arrived_at, horizon))
            }
            Self::Batch(array) => decode_batch(array, arrived_at, horizon),
        }
    }
}

fn decode_batch(array: &[u8], arrived_at: DateTime<Utc>, horizon: TimeDelta) -> Result<Vec<Decoded<'_>>, Refusal> {
    if !array.trim_ascii_start().starts_with(b"[") {
        return Err(Refusal::malformed("the body of a batch must be a JSON array of events"));
    }
    let decoded = decode(array, arrived_at, horizon);
    // A fault of the array itself leaves no events.
    if let [Decoded { text, outcome: Err(Rejection { reason, detail }), .. }] = &*decoded
        && text.len() == array.len()
    {
        let detail = format!("the body is not a batch of events: {detail}");
        let kind = if *reason == Reason::TooLarge { RefusalKind::TooLarge } else { RefusalKind::Malformed };
        return Err(Refusal { kind, detail });
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests;
