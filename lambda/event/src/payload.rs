//! The JSON text of an event's content: `data`, or the text that `data_base64` encodes.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::envelope::{Member, RawData};
use crate::members::string;
use crate::{other_formats, text};

/// Returns the JSON text of the content. `null` in one of the two members counts as a missing member: generated code
/// that has both fields writes it.
pub(crate) fn json<'a>(raw: &RawData<'a>) -> Result<Cow<'a, str>, String> {
    let data = once("data", raw.data)?;
    let data_base64 = once("data_base64", raw.data_base64)?.filter(|json| *json != "null");
    match (data, data_base64) {
        (None | Some("null"), Some(base64)) => decoded(base64).map(Cow::Owned),
        (Some(_), Some(_)) => Err("data and data_base64: only one of them may be there".to_owned()),
        (Some(json), None) => Ok(Cow::Borrowed(json)),
        (None, None) => Err("data: is missing".to_owned()),
    }
}

fn once<'a>(name: &str, member: Member<'a>) -> Result<Option<&'a str>, String> {
    match member {
        Member::Missing => Ok(None),
        Member::Once(json) => Ok(Some(json)),
        Member::Twice => Err(format!("{name}: must not be there twice")),
    }
}

/// Decodes a JSON string of base64, which must encode JSON text by the rules for a record's text.
fn decoded(json: &str) -> Result<String, String> {
    let base64 = string(json).ok_or("data_base64: must be a string")?;
    let bytes = STANDARD.decode(base64.as_bytes()).map_err(|_error| {
        "data_base64: must be base64 (RFC 4648, section 4): + and / in its alphabet, padded, without line breaks"
    })?;
    let checked = text::check_grammar(&bytes)
        .map_err(|detail| other_formats::named(detail, other_formats::of_record(&bytes)))
        .and_then(|text| text::check_nesting_and_escapes(text).map(|()| text.to_owned()));
    checked.map_err(|detail| format!("data_base64: {detail}"))
}
