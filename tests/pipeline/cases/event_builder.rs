//! A builder of an event's JSON text, in which any attribute can be broken.

use super::COUNTED;

/// The names and JSON texts of an event's attributes, in order.
#[derive(Clone)]
pub(super) struct EventBuilder(Vec<(String, String)>);

impl EventBuilder {
    /// A valid count. The name of the case is the SKU and the id.
    pub(super) fn new(name: &str) -> Self {
        let name = serde_json::to_string(name).expect("a string is JSON");
        Self(Vec::new())
            .append("specversion", "\"1.0\"")
            .append("id", &name)
            .append("source", "\"/suppliers/acme\"")
            .append("type", &format!("\"{COUNTED}\""))
            .append("subject", &name)
            .append("time", "\"2026-01-07T23:59:00Z\"")
            .append("data", r#"{"quantity":7}"#)
    }

    /// Sets the type and its data.
    pub(super) fn of_type(self, event_type: &str, data: &str) -> Self {
        self.with("type", &format!("\"{event_type}\"")).with("data", data)
    }

    /// Sets the JSON text of an attribute, in its place if it exists.
    pub(super) fn with(mut self, name: &str, json: &str) -> Self {
        match self.0.iter_mut().find(|(other, _)| other == name) {
            Some((_, place)) => json.clone_into(place),
            None => return self.append(name, json),
        }
        self
    }

    /// Appends an attribute, even if there is one with this name.
    pub(super) fn append(mut self, name: &str, json: &str) -> Self {
        self.0.push((name.to_owned(), json.to_owned()));
        self
    }

    /// Removes an attribute.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| other != name);
        self
    }

    /// Pads the text to this number of bytes with an extension attribute.
    pub(super) fn padded_to(self, bytes: usize) -> Self {
        let unpadded = self.clone().with("padding", "\"\"").text().len();
        self.with("padding", &format!("\"{}\"", "x".repeat(bytes - unpadded)))
    }

    /// Returns the event's text.
    pub(super) fn text(&self) -> String {
        let members: Vec<String> = self.0.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
        format!("{{{}}}", members.join(","))
    }
}

impl From<EventBuilder> for Vec<u8> {
    fn from(event_builder: EventBuilder) -> Self {
        event_builder.text().into_bytes()
    }
}
