//! The columns of one file.

use anyhow::{bail, ensure};

use super::mapping::{DescriptionColumns, Mapping, Time, Value};

/// The names of a file's columns.
#[derive(Debug)]
pub(super) struct Header {
    names: Vec<String>,
}

/// A column of one file.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) name: String,
}

impl Header {
    /// Takes the names from a file's first row.
    pub(super) fn new(file: &str, names: Vec<String>, delimiter: u8) -> anyhow::Result<Self> {
        ensure!(!names.is_empty(), "{file} is empty: its first row must name the columns");
        if let [whole] = names.as_slice() {
            let other = [";", "\t", "|", ","]
                .into_iter()
                .find(|other| other.as_bytes() != [delimiter] && whole.contains(other));
            if let Some(other) = other {
                let name = if other == "\t" { "tab" } else { other };
                bail!("{file} has only one column, `{}`: set `delimiter` to `{name}`", whole.replace('\t', "\\t"));
            }
        }
        Ok(Self { names })
    }

    /// Finds a column by its name.
    pub(super) fn find(&self, file: &str, name: &str) -> anyhow::Result<Column> {
        let mut found = self.names.iter().enumerate().filter(|(_, known)| *known == name).map(|(index, _)| index);
        match (found.next(), found.next()) {
            (Some(index), None) => Ok(Column { index, name: name.to_owned() }),
            (Some(one), Some(two)) => {
                bail!(
                    "{file}: two columns are called `{name}` (numbers {} and {}): rename one of them",
                    one + 1,
                    two + 1
                )
            }
            (None, _) => bail!("{file} has no column `{name}`{}: its columns are {}", self.nearest(name), self.list()),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    fn nearest(&self, name: &str) -> String {
        let lower = name.to_lowercase();
        let distance = |known: &&String| strsim::damerau_levenshtein(&known.to_lowercase(), &lower);
        let nearest = self.names.iter().min_by_key(distance).filter(|known| distance(known) <= 2);
        nearest.map(|known| format!(" (did you mean `{known}`?)")).unwrap_or_default()
    }

    fn list(&self) -> String {
        self.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }
}

/// A text that is the same in every row, or a column of one file.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Fixed(String),
    Column(Column),
}

/// The mapping's columns in one file.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) supplier: Cell,
    pub(super) sku: Column,
    pub(super) time: Option<Column>,
    pub(super) quantity: Option<Column>,
    pub(super) delta: Option<Column>,
    pub(super) reason: Option<Cell>,
    pub(super) ids: Vec<Column>,
    pub(super) price: Option<(Column, Cell)>,
    pub(super) title: Option<Column>,
    pub(super) description: Option<Column>,
    pub(super) category: Option<Column>,
    pub(super) attributes: Vec<(String, Column)>,
    pub(super) only: Vec<(Column, Vec<String>)>,
}

impl Resolved {
    /// Finds every column of the mapping.
    pub(super) fn new(file: &str, header: &Header, mapping: &Mapping) -> anyhow::Result<Self> {
        let find = |name: &str| header.find(file, name);
        let optional = |name: Option<&String>| name.map(|name| find(name)).transpose();
        let cell = |value: &Value| match value {
            Value::Fixed(text) => anyhow::Ok(Cell::Fixed(text.clone())),
            Value::Column(name) => find(name).map(Cell::Column),
        };
        let description = mapping.description.as_ref();
        let attributes = description.map_or(&[][..], |DescriptionColumns { attributes, .. }| attributes);
        let time = match &mapping.time {
            Time::Column(name, _) => Some(find(name)?),
            Time::Fixed(_) | Time::OfFile => None,
        };
        Ok(Self {
            supplier: cell(&mapping.supplier)?,
            sku: find(&mapping.sku)?,
            time,
            quantity: optional(mapping.quantity.as_ref())?,
            delta: optional(mapping.delta.as_ref().map(|delta| &delta.delta))?,
            reason: mapping.delta.as_ref().and_then(|delta| delta.reason.as_ref()).map(cell).transpose()?,
            ids: mapping.ids.iter().map(|name| find(name)).collect::<Result<_, _>>()?,
            price: mapping
                .price
                .as_ref()
                .map(|price| anyhow::Ok((find(&price.amount)?, cell(&price.currency)?)))
                .transpose()?,
            title: optional(description.map(|description| &description.title))?,
            description: optional(description.and_then(|description| description.description.as_ref()))?,
            category: optional(description.and_then(|description| description.category.as_ref()))?,
            attributes: attributes
                .iter()
                .map(|(name, column)| Ok((name.clone(), find(column)?)))
                .collect::<anyhow::Result<_>>()?,
            only: mapping
                .only
                .iter()
                .map(|(name, texts)| Ok((find(name)?, texts.clone())))
                .collect::<anyhow::Result<_>>()?,
        })
    }
}
