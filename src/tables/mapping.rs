//! The mapping of a table's columns, checked.

use chrono::{DateTime, Utc};
use encoding_rs::Encoding;
use pipegen_event::Supplier;

use super::numbers::Numbers;
use super::times::{TimeFormat, typed};
use crate::cli::MappingArgs;

/// The meaning of each column, and the form of the cells.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(super) supplier: Value,
    pub(super) sku: String,
    pub(super) quantity: Option<String>,
    pub(super) delta: Option<DeltaColumns>,
    pub(super) price: Option<PriceColumns>,
    pub(super) description: Option<DescriptionColumns>,
    pub(super) time: Time,
    pub(super) ids: Vec<String>,
    /// Columns and the texts of which a row must have one.
    pub(super) only: Vec<(String, Vec<String>)>,
    pub(super) empty: Vec<String>,
    pub(super) numbers: Numbers,
    pub(super) delimiter: u8,
    pub(super) encoding: Option<&'static Encoding>,
}

/// A text that is the same in every row, or a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Fixed(String),
    Column(String),
}

/// The time of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Fixed(DateTime<Utc>),
    /// The time of the file's last change.
    OfFile,
    Column(String, TimeFormat),
}

#[derive(Clone, Debug)]
pub(super) struct DeltaColumns {
    pub(super) delta: String,
    pub(super) negate: bool,
    pub(super) reason: Option<Value>,
}

#[derive(Clone, Debug)]
pub(super) struct PriceColumns {
    pub(super) amount: String,
    pub(super) currency: Value,
}

#[derive(Clone, Debug)]
pub(super) struct DescriptionColumns {
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) category: Option<String>,
    /// Names and columns.
    pub(super) attributes: Vec<(String, String)>,
}

impl Mapping {
    /// Checks a mapping.
    ///
    /// # Errors
    /// If something is missing, wrong, or there twice: the message names the key.
    pub fn new(args: MappingArgs) -> Result<Self, String> {
        let supplier = one("supplier", args.supplier, "supplier-column", args.supplier_column)?
            .ok_or("supplier is missing: your name, as in /suppliers/NAME (or supplier-column)")?;
        if let Value::Fixed(name) = &supplier {
            name.parse::<Supplier>().map_err(|rule| format!("supplier: `{name}` {rule}"))?;
        }
        let sku = args.sku_column.ok_or("sku-column is missing: the column that names the product")?;
        let reason = one("reason", args.reason, "reason-column", args.reason_column)?;
        let delta = match (args.delta_column, reason, args.negate) {
            (Some(delta), reason, negate) => Some(DeltaColumns { delta, negate, reason }),
            (None, None, false) => None,
            (None, ..) => {
                return Err("delta-column is missing: `reason` and `negate` are about a change of the stock".into());
            }
        };
        let currency = one("currency", args.currency, "currency-column", args.currency_column)?;
        let price = match (args.price_column, currency) {
            (Some(amount), Some(currency)) => Some(PriceColumns { amount, currency }),
            (Some(_), None) => return Err("currency is missing: a code such as `GBP` (or currency-column)".into()),
            (None, Some(_)) => return Err("price-column is missing: there is a currency, but no price".into()),
            (None, None) => None,
        };
        let attributes =
            args.attribute.iter().map(|pair| split("attribute", "NAME=COLUMN", pair)).collect::<Result<Vec<_>, _>>()?;
        let has_details = args.description_column.is_some() || args.category_column.is_some() || !attributes.is_empty();
        let description = match args.title_column {
            Some(title) => Some(DescriptionColumns {
                title,
                description: args.description_column,
                category: args.category_column,
                attributes,
            }),
            None if has_details => return Err("title-column is missing: a description has a title".into()),
            None => None,
        };
        let time = time(args.time, args.time_column, args.time_format.as_deref(), args.time_offset.as_deref())?;
        if delta.is_some() && args.quantity_column.is_some() {
            return Err(
                "quantity-column and delta-column: a row is a count of the stock or a change of it, not both".into()
            );
        }
        if delta.is_some() && time == Time::OfFile {
            let message = "time-column (or time) is missing: a copy of the file would have another time, and then each of its \
                           changes would count once more";
            return Err(message.into());
        }
        if !args.id_column.is_empty() && delta.is_none() {
            return Err("id-column is for changes of the stock (delta-column)".into());
        }
        if args.quantity_column.is_none() && delta.is_none() && price.is_none() && description.is_none() {
            return Err(
                "no column becomes an event: name quantity-column, delta-column, price-column or title-column".into()
            );
        }
        Ok(Self {
            supplier,
            sku,
            quantity: args.quantity_column,
            delta,
            price,
            description,
            time,
            ids: args.id_column,
            only: only(&args.only)?,
            empty: args.empty,
            numbers: numbers(args.decimal.as_deref(), args.thousands.as_deref(), args.strip)?,
            delimiter: delimiter(args.delimiter.as_deref())?,
            encoding: args.encoding.as_deref().map(encoding).transpose()?,
        })
    }

    /// Tells whether rows have the time at which their file was last changed.
    pub fn takes_time_of_file(&self) -> bool {
        self.time == Time::OfFile
    }
}

fn one(fixed: &str, text: Option<String>, column: &str, name: Option<String>) -> Result<Option<Value>, String> {
    match (text, name) {
        (Some(_), Some(_)) => Err(format!("{fixed} and {column}: only one of them is allowed")),
        (Some(text), None) => Ok(Some(Value::Fixed(text))),
        (None, name) => Ok(name.map(Value::Column)),
    }
}

fn time(
    fixed: Option<String>,
    column: Option<String>,
    format: Option<&str>,
    offset: Option<&str>,
) -> Result<Time, String> {
    match (one("time", fixed, "time-column", column)?, format.or(offset)) {
        (Some(Value::Column(column)), _) => Ok(Time::Column(column, TimeFormat::new(format, offset)?)),
        (_, Some(_)) => Err("time-column is missing: `time-format` and `time-offset` are about it".into()),
        (Some(Value::Fixed(text)), None) => Ok(Time::Fixed(typed(&text)?)),
        (None, None) => Ok(Time::OfFile),
    }
}

fn split(key: &str, form: &str, pair: &str) -> Result<(String, String), String> {
    let (left, right) = pair.split_once('=').ok_or_else(|| format!("{key}: `{pair}` is not of the form {form}"))?;
    Ok((left.trim().to_owned(), right.trim().to_owned()))
}

fn only(pairs: &[String]) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut only: Vec<(String, Vec<String>)> = Vec::new();
    for pair in pairs {
        let (column, text) = split("where", "COLUMN=TEXT", pair)?;
        match only.iter_mut().find(|(known, _)| *known == column) {
            Some((_, texts)) => texts.push(text),
            None => only.push((column, vec![text])),
        }
    }
    Ok(only)
}

fn numbers(decimal: Option<&str>, thousands: Option<&str>, strip: Vec<String>) -> Result<Numbers, String> {
    let decimal = match decimal {
        None | Some(".") => '.',
        Some(",") => ',',
        Some(other) => return Err(format!("decimal: `{other}` must be `.` or `,`")),
    };
    let thousands = match thousands.map(|text| (text, text.chars().next(), text.chars().count())) {
        None => None,
        Some((_, Some(mark), 1)) if !mark.is_alphanumeric() && !"+-".contains(mark) => Some(mark),
        Some((text, ..)) => return Err(format!("thousands: `{text}` must be one mark, such as `,`")),
    };
    if thousands == Some(decimal) {
        return Err(format!("thousands and decimal: both are `{decimal}`"));
    }
    if strip.iter().any(|text| text.is_empty() || text.contains(|c: char| c.is_ascii_digit())) {
        return Err("strip: must be a text without digits".into());
    }
    Ok(Numbers { decimal, thousands, strip })
}

fn delimiter(text: Option<&str>) -> Result<u8, String> {
    match text.map(str::as_bytes) {
        None => Ok(b','),
        Some(b"tab" | b"\\t") => Ok(b'\t'),
        Some([byte]) if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(byte) => Ok(*byte),
        Some(_) => {
            Err(format!("delimiter: `{}` must be one character, such as `;`, or `tab`", text.unwrap_or_default()))
        }
    }
}

fn encoding(name: &str) -> Result<&'static Encoding, String> {
    let name = if name.eq_ignore_ascii_case("latin-1") { "latin1" } else { name };
    Encoding::for_label(name.as_bytes()).ok_or_else(|| {
        format!("encoding: `{name}` is not known: `utf-8`, `windows-1252`, `latin1`, `utf-16le` and others are")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(toml: &str) -> MappingArgs {
        toml::from_str(toml).unwrap()
    }

    const LEAST: &str = "supplier = \"acme\"\nsku-column = \"SKU\"\n";

    #[test]
    fn what_is_missing_or_contradictory_is_named() {
        for (toml, part) in [
            ("", "supplier is missing"),
            ("supplier = \"Acme Ltd\"", "supplier: `Acme Ltd` must match"),
            ("supplier = \"acme\"", "sku-column is missing"),
            (LEAST, "no column becomes an event"),
        ] {
            let error = Mapping::new(args(toml)).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        for (toml, part) in [
            ("supplier-column = \"S\"", "supplier and supplier-column"),
            ("price-column = \"P\"", "currency is missing"),
            ("currency = \"GBP\"", "price-column is missing"),
            ("category-column = \"C\"", "title-column is missing"),
            ("quantity-column = \"Q\"\ndelta-column = \"D\"\ntime-column = \"T\"", "not both"),
            ("delta-column = \"D\"", "time-column (or time) is missing"),
            ("negate = true", "delta-column is missing"),
            ("quantity-column = \"Q\"\nid-column = [\"I\"]", "id-column is for changes"),
            ("quantity-column = \"Q\"\ntime-format = \"%s\"", "time-column is missing"),
            ("quantity-column = \"Q\"\ntime = \"today\"", "time: `today`"),
            ("quantity-column = \"Q\"\nwhere = [\"Location\"]", "where: `Location` is not of the form COLUMN=TEXT"),
            ("quantity-column = \"Q\"\ndecimal = \";\"", "decimal: `;`"),
            ("quantity-column = \"Q\"\nthousands = \".\"", "both are `.`"),
            ("quantity-column = \"Q\"\nthousands = \"abc\"", "thousands: `abc`"),
            ("quantity-column = \"Q\"\nstrip = [\"5\"]", "strip: "),
            ("quantity-column = \"Q\"\ndelimiter = \"ab\"", "delimiter: `ab`"),
            ("quantity-column = \"Q\"\nencoding = \"klingon\"", "encoding: `klingon`"),
        ] {
            let error = Mapping::new(args(&format!("{LEAST}{toml}"))).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let file = args(
            "supplier = \"acme\"\nsku-column = \"SKU\"\ntime-column = \"T\"\ntime-format = \"%s\"\nstrip = [\"£\"]",
        );
        let flags = MappingArgs {
            supplier_column: Some("S".into()),
            time: Some("2026-11-27T05:00:00Z".into()),
            ..MappingArgs::default()
        };
        let both = flags.over(file);
        assert_eq!((both.supplier, both.supplier_column.as_deref()), (None, Some("S")));
        assert_eq!((both.time_column, both.time_format), (None, None));
        assert_eq!((both.sku_column.as_deref(), both.strip.len()), (Some("SKU"), 1));
    }
}
