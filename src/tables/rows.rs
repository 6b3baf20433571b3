//! The rows of one file as events.

use std::io::Read;

use anyhow::Context as _;
use chrono::{DateTime, SubsecRound as _, Utc};
use csv::{ByteRecord, ReaderBuilder, Trim};
use encoding_rs_io::DecodeReaderBytesBuilder;
use pipegen_contract::event_type;
use serde_json::{Map, Value, json};

use super::cells::{Cells, NOT_UTF8, RowFault};
use super::event::Subject;
use super::header::{Cell, Column, Header, Resolved};
use super::mapping::{Mapping, Time};
use super::repeats::Repeats;
use super::row_limit::{RowBegin, RowLimit};

/// A row, and what became of it.
#[derive(Debug, Default)]
pub struct Row {
    /// Its first line, counted from 1.
    pub line: u64,
    pub events: Vec<MappedEvent>,
    pub faults: Vec<RowFault>,
}

/// An event that was made of a row, as JSON. It is not checked.
#[derive(Debug)]
pub struct MappedEvent {
    pub json: Vec<u8>,
    pub columns: Columns,
}

/// The columns that an event was made of, to be named where it is refused.
#[derive(Clone, Debug)]
pub struct Columns {
    pub sku: String,
    /// None if the time is not from the file.
    pub time: Option<String>,
    /// The column of the quantity, delta, price or title.
    pub value: String,
}

/// The rows of a file.
pub struct Rows {
    name: String,
    reader: csv::Reader<Box<dyn Read + Send>>,
    begin: RowBegin,
    record: ByteRecord,
    mapping: Mapping,
    columns: Resolved,
    width: usize,
    /// The time of rows without a column of it.
    time: Option<DateTime<Utc>>,
    repeats: Repeats,
}

impl Rows {
    /// Reads the header and finds the mapping's columns.
    ///
    /// # Errors
    /// If a column is not there, or the file's time is needed and not known.
    pub fn open(
        mapping: Mapping,
        name: &str,
        modified: Option<DateTime<Utc>>,
        bytes: impl Read + Send + 'static,
    ) -> anyhow::Result<Self> {
        let time = match &mapping.time {
            Time::Fixed(time) => Some(*time),
            Time::OfFile => {
                Some(modified.with_context(|| format!("{name} has no time of its own: say `time` or `time-column`"))?)
            }
            Time::Column(..) => None,
        };
        // UTF-8 passes through as it is, so that what is not UTF-8 can be named; a UTF-16 file says by its mark that it is.
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding(mapping.encoding.filter(|encoding| *encoding != encoding_rs::UTF_8))
            .utf8_passthru(true)
            .strip_bom(true)
            .build(bytes);
        let (decoded, begin) = RowLimit::new(decoded);
        let decoded: Box<dyn Read + Send> = Box::new(decoded);
        let mut reader = ReaderBuilder::new();
        reader.has_headers(false).flexible(true).trim(Trim::All).delimiter(mapping.delimiter);
        let mut reader = reader.from_reader(decoded);
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).with_context(|| format!("cannot read {name}"))?;
        let names = record.iter().map(|name| str::from_utf8(name).map(str::to_owned)).collect::<Result<Vec<_>, _>>();
        let names = names.with_context(|| format!("{name}, first row: {NOT_UTF8}"))?;
        let header = Header::new(name, names, mapping.delimiter)?;
        let columns = Resolved::new(name, &header, &mapping)?;
        let time = time.map(|time| time.trunc_subsecs(6));
        Ok(Self {
            name: name.to_owned(),
            reader,
            begin,
            record,
            mapping,
            columns,
            width: header.len(),
            time,
            repeats: Repeats::default(),
        })
    }

    /// Returns the next row that is not blank, or none at the end.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn next_row(&mut self) -> anyhow::Result<Option<Row>> {
        loop {
            let mut record = std::mem::take(&mut self.record);
            self.begin.next();
            let line = self.reader.position().line();
            let read = self.reader.read_byte_record(&mut record);
            let read = read.with_context(|| format!("cannot read {}, line {line}", self.name));
            self.record = record;
            if !read? {
                return Ok(None);
            }
            if self.record.iter().any(|cell| !cell.is_empty()) {
                return Ok(Some(self.row()));
            }
        }
    }

    /// Returns the cells of the last row.
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.record.iter()
    }

    fn row(&mut self) -> Row {
        let line = self.record.position().map_or(0, csv::Position::line);
        let record = std::mem::take(&mut self.record);
        let mut repeats = std::mem::take(&mut self.repeats);
        let row = match self.events(&record, line, &mut repeats) {
            Ok((events, faults)) => Row { line, events, faults },
            Err(fault) => Row { line, events: Vec::new(), faults: vec![fault] },
        };
        (self.record, self.repeats) = (record, repeats);
        row
    }

    /// Returns the row's events and the faults of single columns, or the fault of the row as a whole.
    fn events(
        &self,
        record: &ByteRecord,
        line: u64,
        repeats: &mut Repeats,
    ) -> Result<(Vec<MappedEvent>, Vec<RowFault>), RowFault> {
        if record.len() != self.width {
            let detail = format!(
                "the row has {} cells and the header {}: a cell that holds the delimiter must be in quotation marks",
                record.len(),
                self.width
            );
            return Err(RowFault { column: None, detail });
        }
        let cells = Cells { record, empty: &self.mapping.empty };
        for (column, texts) in &self.columns.only {
            let cell = cells.text(column)?;
            if !texts.iter().any(|text| *text == cell) {
                return Ok((Vec::new(), Vec::new()));
            }
        }
        let subject = self.subject(&cells)?;
        let (mut drafts, mut faults) = (Vec::new(), Vec::new());
        for draft in [self.count(&cells), self.price(&cells), self.description(&cells)] {
            match draft {
                Ok(draft) => drafts.extend(draft),
                Err(fault) => faults.push(fault),
            }
        }
        let mut events = Vec::new();
        for draft in drafts {
            let id = subject.hash(&[draft.event_type, &draft.data.to_string()]);
            match repeats.contradiction(subject.hash(&[draft.event_type]), line, id) {
                Some(earlier) => {
                    let detail =
                        format!("line {earlier} has another value for the same SKU and time: only one can be true");
                    faults.push(RowFault::at(draft.column, detail));
                }
                None => events.push(self.mapped(&subject, &draft, id)),
            }
        }
        match self.change(&cells) {
            Ok(Some((draft, distinction))) => {
                let data = draft.data.to_string();
                let parts: Vec<_> =
                    [draft.event_type, &data].into_iter().chain(distinction.iter().map(String::as_str)).collect();
                let earlier = repeats.earlier(subject.hash(&parts)).to_string();
                let id = subject.hash(&[&parts[..], &[&earlier]].concat());
                events.push(self.mapped(&subject, &draft, id));
            }
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
        Ok((events, faults))
    }

    fn subject<'a>(&'a self, cells: &Cells<'a>) -> Result<Subject<'a>, RowFault> {
        let supplier = cells.required(&self.columns.supplier)?;
        let sku = cells.text(&self.columns.sku)?;
        if sku.is_empty() {
            return Err(RowFault::at(&self.columns.sku, "is empty: a row needs a SKU"));
        }
        let time = match (&self.mapping.time, &self.columns.time, self.time) {
            (Time::Column(_, format), Some(column), _) => {
                format.read(cells.text(column)?).map_err(|problem| RowFault::at(column, problem))?
            }
            (_, _, time) => time.unwrap_or_default(),
        };
        Ok(Subject { supplier, sku, time })
    }

    fn count<'a>(&'a self, cells: &Cells<'a>) -> Result<Option<Draft<'a>>, RowFault> {
        let Some((column, cell)) = cells.filled(self.columns.quantity.as_ref())? else { return Ok(None) };
        let quantity = self.mapping.numbers.whole(cell).map_err(|problem| RowFault::at(column, problem))?;
        Ok(Some(Draft { event_type: event_type::STOCK_COUNTED, data: json!({ "quantity": quantity }), column }))
    }

    fn price<'a>(&'a self, cells: &Cells<'a>) -> Result<Option<Draft<'a>>, RowFault> {
        let Some((amount, currency)) = &self.columns.price else { return Ok(None) };
        let Some((column, cell)) = cells.filled(Some(amount))? else { return Ok(None) };
        let amount = self.mapping.numbers.decimal(cell).map_err(|problem| RowFault::at(column, problem))?;
        let data = json!({ "amount": amount.to_string(), "currency": cells.required(currency)? });
        Ok(Some(Draft { event_type: event_type::PRICE_CHANGED, data, column }))
    }

    fn description<'a>(&'a self, cells: &Cells<'a>) -> Result<Option<Draft<'a>>, RowFault> {
        let Some((column, title)) = cells.filled(self.columns.title.as_ref())? else { return Ok(None) };
        let mut data = Map::from_iter([("title".to_owned(), json!(title))]);
        for (name, from) in [("description", &self.columns.description), ("category", &self.columns.category)] {
            if let Some((_, text)) = cells.filled(from.as_ref())? {
                data.insert(name.to_owned(), json!(text));
            }
        }
        let mut attributes = Map::new();
        for (name, from) in &self.columns.attributes {
            if let Some((_, text)) = cells.filled(Some(from))? {
                attributes.insert(name.clone(), json!(text));
            }
        }
        if !attributes.is_empty() {
            data.insert("attributes".to_owned(), Value::Object(attributes));
        }
        Ok(Some(Draft { event_type: event_type::PRODUCT_DESCRIBED, data: Value::Object(data), column }))
    }

    /// Returns a change of the stock, and the texts that tell it from others. One of nothing is none.
    fn change<'a>(&'a self, cells: &Cells<'a>) -> Result<Option<(Draft<'a>, Vec<String>)>, RowFault> {
        let Some(change) = &self.mapping.delta else { return Ok(None) };
        let Some((column, cell)) = cells.filled(self.columns.delta.as_ref())? else { return Ok(None) };
        let delta = self.mapping.numbers.whole(cell).map_err(|problem| RowFault::at(column, problem))?;
        if delta == 0 {
            return Ok(None);
        }
        let mut data = json!({ "delta": if change.negate { -delta } else { delta } });
        let reason = match &self.columns.reason {
            Some(Cell::Column(column)) => cells.filled(Some(column))?.map(|(_, text)| text),
            Some(Cell::Fixed(text)) => Some(text.as_str()),
            None => None,
        };
        if let Some(reason) = reason {
            data["reason"] = json!(reason);
        }
        let distinction = self.columns.ids.iter().map(|column| cells.text(column).map(str::to_owned));
        let distinction = distinction.collect::<Result<_, _>>()?;
        Ok(Some((Draft { event_type: event_type::STOCK_ADJUSTED, data, column }, distinction)))
    }

    fn mapped(&self, subject: &Subject<'_>, draft: &Draft<'_>, id: super::event::Hash) -> MappedEvent {
        let columns = Columns {
            sku: self.columns.sku.name.clone(),
            time: self.columns.time.as_ref().map(|column| column.name.clone()),
            value: draft.column.name.clone(),
        };
        MappedEvent { json: subject.event(draft.event_type, &draft.data, id), columns }
    }
}

/// An event without its subject.
struct Draft<'a> {
    event_type: &'static str,
    data: Value,
    /// The column that it was made of.
    column: &'a Column,
}
