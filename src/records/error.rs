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
