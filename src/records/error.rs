//! The errors of reading records.

/// The error of a line that is not a record.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", field.map(|field| format!("`{field}` ")).unwrap_or_default())]
pub struct LineError {
    /// The field at fault; none if it is the line as a whole.
    pub field: Option<&'static str>,
    pub detail: String,
}

impl LineError {
    pub(super) fn of_line(detail: impl Into<String>) -> Self {
        Self { field: None, detail: detail.into() }
    }

    pub(super) fn of_field(field: &'static str, detail: impl Into<String>) -> Self {
        Self { field: Some(field), detail: detail.into() }
    }
}

/// The most characters of a parser's message.
const MESSAGE_LIMIT: usize = 200;

/// Returns a JSON parser's message without its place, whose "line 1" is not the file's line. It may hold a name out of
/// the file, so it is made one line that is not too long, and nothing that a terminal obeys.
pub(crate) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let mut shown = String::new();
    for character in message.chars().take(MESSAGE_LIMIT) {
        if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    if message.chars().nth(MESSAGE_LIMIT).is_some() {
        shown.push('…');
    }
    shown
}

/// An error that stops reading early.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be opened or read.
    #[error("cannot read {name}")]
    Read { name: String, source: std::io::Error },
    /// A line is not a record. Lines are counted from 1.
    #[error("{name}, line {line}")]
    Line { name: String, line: u64, source: LineError },
}
