//! An event's JSON text, attribute by attribute, so that any of them can be broken.

use super::COUNTED;

/// Names and JSON texts of an event's attributes, in order.
#[derive(Clone)]
pub(super) struct Draft(Vec<(String, String)>);

impl Draft {
    /// A good count of the SKU that is called like the case; its name is its id, too.
    pub(super) fn new(name: &str) -> Self {
        let name = serde_json::to_string(name).expect("a string is JSON");
        Self(Vec::new())
            .also("specversion", "\"1.0\"")
            .also("id", &name)
            .also("source", "\"/suppliers/acme\"")
            .also("type", &format!("\"{COUNTED}\""))
            .also("subject", &name)
            .also("time", "\"2026-01-07T23:59:00Z\"")
            .also("data", r#"{"quantity":7}"#)
    }

    /// With another type and its data.
    pub(super) fn says(self, kind: &str, data: &str) -> Self {
        self.with("type", &format!("\"{kind}\"")).with("data", data)
    }

    /// With this JSON text for the attribute, where it stands if it is there.
    pub(super) fn with(mut self, name: &str, json: &str) -> Self {
        match self.0.iter_mut().find(|(other, _)| other == name) {
            Some((_, place)) => json.clone_into(place),
            None => return self.also(name, json),
        }
        self
    }

    /// With one more attribute, whether or not there is one of this name.
    pub(super) fn also(mut self, name: &str, json: &str) -> Self {
        self.0.push((name.to_owned(), json.to_owned()));
        self
    }

    /// Without the attribute.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| other != name);
        self
    }

    /// Filled up by an extension attribute to this many bytes of text.
    pub(super) fn padded_to(self, bytes: usize) -> Self {
        let unpadded = self.clone().with("padding", "\"\"").text().len();
        self.with("padding", &format!("\"{}\"", "x".repeat(bytes - unpadded)))
    }

    /// The event's text.
    pub(super) fn text(&self) -> String {
        let members: Vec<String> = self.0.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
        format!("{{{}}}", members.join(","))
    }
}

impl From<Draft> for Vec<u8> {
    fn from(draft: Draft) -> Self {
        draft.text().into_bytes()
    }
}
