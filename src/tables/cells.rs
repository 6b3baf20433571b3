//! The cells of one row, and what is wrong with them.

use csv::ByteRecord;

use super::header::{Cell, Column};

/// The reason for which a row, or one column of it, became no event.
#[derive(Debug, PartialEq, Eq)]
pub struct RowFault {
    pub column: Option<String>,
    pub detail: String,
}

impl RowFault {
    pub(super) fn at(column: &Column, detail: impl Into<String>) -> Self {
        Self { column: Some(column.name.clone()), detail: detail.into() }
    }
}

/// The fault of a text in another encoding.
pub(super) const NOT_UTF8: &str =
    "is not UTF-8: say what it is with `encoding` (`windows-1252` is what Excel writes in much of the world)";

/// The cells of a row.
pub(super) struct Cells<'a> {
    pub(super) record: &'a ByteRecord,
    /// Texts that mean an empty cell.
    pub(super) empty: &'a [String],
}

impl<'a> Cells<'a> {
    pub(super) fn text(&self, column: &Column) -> Result<&'a str, RowFault> {
        let text = str::from_utf8(self.record.get(column.index).unwrap_or_default());
        let text = text.map_err(|_| RowFault::at(column, NOT_UTF8))?;
        Ok(if self.empty.iter().any(|empty| empty.eq_ignore_ascii_case(text)) { "" } else { text })
    }

    /// Returns the column and its text, if there is one.
    pub(super) fn filled<'b>(&self, column: Option<&'b Column>) -> Result<Option<(&'b Column, &'a str)>, RowFault> {
        let Some(column) = column else { return Ok(None) };
        let text = self.text(column)?;
        Ok((!text.is_empty()).then_some((column, text)))
    }

    pub(super) fn required(&self, cell: &'a Cell) -> Result<&'a str, RowFault> {
        match cell {
            Cell::Fixed(text) => Ok(text),
            Cell::Column(column) => {
                let text = self.text(column)?;
                if text.is_empty() { Err(RowFault::at(column, "is empty")) } else { Ok(text) }
            }
        }
    }
}
