//! The content mode, which the headers name.

use super::refusal::Refusal;
use super::{Header, header_value};
use crate::members::loggable;

/// The content modes, and one that is either of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The body is one event.
    Structured,
    /// The body is an array of events.
    Batch,
    /// One of the former, as the body's first character tells.
    Either,
    /// The body is the event's data, the headers are its attributes.
    Binary,
}

/// The attributes of which one is enough to know an event in binary mode. (`specversion` alone would be by the
/// specification; who forgets it is told so.)
const ATTRIBUTES: [&str; 4] = ["ce-specversion", "ce-id", "ce-source", "ce-type"];

/// The media types that are taken.
const TAKEN: &str = "the Content-Type must be application/cloudevents+json for one event, \
                     application/cloudevents-batch+json for an array of events, or application/json for either or for \
                     the data of an event whose attributes are headers (ce-specversion, ce-id, …)";

/// Reads the content mode.
pub(super) fn mode(headers: &[Header<'_>]) -> Result<Mode, Refusal> {
    let media_type = header_value::first(headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    let mut parts = media_type.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let charset = parts.find_map(|parameter| parameter.strip_prefix("charset=")).map(|name| name.replace('"', ""));
    if let Some(charset) = charset.filter(|charset| charset != "utf-8") {
        return Err(Refusal::unsupported(format!("the body must be UTF-8, not {}", loggable(&charset))));
    }
    let is_binary = || headers.iter().any(|(name, _)| ATTRIBUTES.iter().any(|known| known.eq_ignore_ascii_case(name)));
    match name {
        "application/cloudevents+json" => Ok(Mode::Structured),
        "application/cloudevents-batch+json" => Ok(Mode::Batch),
        // Another event format.
        _ if name.starts_with("application/cloudevents") => Err(Refusal::unsupported(TAKEN)),
        _ if is_binary() => Ok(Mode::Binary),
        "application/json" => Ok(Mode::Either),
        _ => Err(Refusal::unsupported(TAKEN)),
    }
}
