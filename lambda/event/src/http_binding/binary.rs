//! An event in binary mode: its attributes are headers, its data is the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::refusal::Refusal;
use super::{Header, header_value};
use crate::members::loggable;
use crate::text;

/// The prefix of the headers that are attributes.
const PREFIX: &str = "ce-";

/// Makes the event's text in structured mode. The body becomes `data` as it is if it is JSON, else `data_base64`.
pub(super) fn event(headers: &[Header<'_>], body: &[u8]) -> Result<String, Refusal> {
    let mut members = Vec::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if let Some(attribute) = name.strip_prefix(PREFIX) {
            if !is_name(attribute) {
                let header = loggable(&name);
                return Err(Refusal::malformed(format!(
                    "{header}: the name of an attribute has letters and digits only"
                )));
            }
            let value = header_value::decoded(value)
                .map_err(|rule| Refusal::malformed(format!("{}: {rule}", loggable(&name))))?;
            members.push(member(attribute, &Value::from(value).to_string()));
        }
    }
    if let Some(media_type) = header_value::first(headers, "content-type").filter(|value| !value.is_empty()) {
        members.push(member("datacontenttype", &Value::from(media_type).to_string()));
    }
    if !body.is_empty() {
        members.push(match text::check_grammar(body) {
            Ok(json) => member("data", json.trim_ascii()),
            Err(_) => member("data_base64", &Value::from(STANDARD.encode(body)).to_string()),
        });
    }
    Ok(format!("{{{}}}", members.join(",")))
}

/// Tells whether an attribute may have this name (in lower case). `data` is none, and a name has no underscore, so no
/// header is taken for the event's data.
fn is_name(attribute: &str) -> bool {
    let is_letter_or_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !attribute.is_empty() && attribute != "data" && attribute.bytes().all(is_letter_or_digit)
}

fn member(name: &str, json: &str) -> String {
    format!("\"{name}\":{json}")
}
