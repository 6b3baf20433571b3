//! The meaning of a table's columns: flags of `send`, and the keys of its mapping file.

use clap::Args;
use serde::Deserialize;

/// The meaning of each column. Every flag is also a key of the mapping file, without `--`; a flag wins over the file.
#[derive(Clone, Debug, Default, Args, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[command(next_help_heading = "Tables")]
pub struct MappingArgs {
    /// Name of the supplier, as in `/suppliers/NAME`.
    #[arg(long, value_name = "NAME")]
    pub supplier: Option<String>,
    /// Column of the supplier's name, in place of `--supplier`.
    #[arg(long, value_name = "COLUMN")]
    pub supplier_column: Option<String>,
    /// Column of the SKU.
    #[arg(long, value_name = "COLUMN")]
    pub sku_column: Option<String>,
    /// Column of the units on hand: each row is a count.
    #[arg(long, value_name = "COLUMN")]
    pub quantity_column: Option<String>,
    /// Column of the units that came or went: each row is a change of the stock.
    #[arg(long, value_name = "COLUMN")]
    pub delta_column: Option<String>,
    /// Turns the sign of the delta around, for sales.
    #[arg(long)]
    pub negate: bool,
    /// Reason of every change, such as `sale`.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Column of the change's reason.
    #[arg(long, value_name = "COLUMN")]
    pub reason_column: Option<String>,
    /// Column of the price of one unit.
    #[arg(long, value_name = "COLUMN")]
    pub price_column: Option<String>,
    /// Currency of every price, such as `GBP`.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// Column of the price's currency.
    #[arg(long, value_name = "COLUMN")]
    pub currency_column: Option<String>,
    /// Column of the product's title: each row is a description.
    #[arg(long, value_name = "COLUMN")]
    pub title_column: Option<String>,
    /// Column of the product's description.
    #[arg(long, value_name = "COLUMN")]
    pub description_column: Option<String>,
    /// Column of the product's category.
    #[arg(long, value_name = "COLUMN")]
    pub category_column: Option<String>,
    /// Attribute of the product, and its column; may be given more than once.
    #[arg(long, value_name = "NAME=COLUMN")]
    pub attribute: Vec<String>,
    /// Time of every row, RFC 3339 with an offset [default: when the file was last changed].
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
    /// Column of the row's time.
    #[arg(long, value_name = "COLUMN")]
    pub time_column: Option<String>,
    /// Form of the times in the column, as `strftime` writes it [default: RFC 3339].
    #[arg(long, value_name = "FORMAT")]
    pub time_format: Option<String>,
    /// Offset from UTC of times that do not say theirs, such as `+01:00`.
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    pub time_offset: Option<String>,
    /// Column that tells changes of one SKU apart, such as the invoice's number; may be given more than once.
    #[arg(long, value_name = "COLUMN")]
    pub id_column: Vec<String>,
    /// Takes only rows with this text in this column; may be given more than once, for one column any of the texts.
    #[arg(long = "where", value_name = "COLUMN=TEXT")]
    #[serde(rename = "where")]
    pub only: Vec<String>,
    /// Text that means the same as an empty cell, such as `not stocked`; may be given more than once.
    #[arg(long, value_name = "TEXT")]
    pub empty: Vec<String>,
    /// Text that is removed from quantities and prices, such as `£`; may be given more than once.
    #[arg(long, value_name = "TEXT")]
    pub strip: Vec<String>,
    /// Decimal mark: `.` or `,` [default: `.`].
    #[arg(long, value_name = "MARK")]
    pub decimal: Option<String>,
    /// Mark between thousands, such as `,` [default: there is none].
    #[arg(long, value_name = "MARK")]
    pub thousands: Option<String>,
    /// Delimiter of the cells: one character, or `tab` [default: `,`].
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<String>,
    /// Encoding, such as `windows-1252` [default: UTF-8, or UTF-16 with a byte order mark].
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
}

impl MappingArgs {
    /// Takes from the file what no flag says.
    #[must_use]
    pub fn over(self, file: Self) -> Self {
        let list = |own: Vec<String>, other| if own.is_empty() { other } else { own };
        Self {
            // One of a pair in a flag replaces the other one in the file.
            supplier: self.supplier.clone().or(file.supplier.filter(|_| self.supplier_column.is_none())),
            supplier_column: self.supplier_column.or(file.supplier_column.filter(|_| self.supplier.is_none())),
            sku_column: self.sku_column.or(file.sku_column),
            quantity_column: self.quantity_column.or(file.quantity_column),
            delta_column: self.delta_column.or(file.delta_column),
            negate: self.negate || file.negate,
            reason: self.reason.clone().or(file.reason.filter(|_| self.reason_column.is_none())),
            reason_column: self.reason_column.or(file.reason_column.filter(|_| self.reason.is_none())),
            price_column: self.price_column.or(file.price_column),
            currency: self.currency.clone().or(file.currency.filter(|_| self.currency_column.is_none())),
            currency_column: self.currency_column.or(file.currency_column.filter(|_| self.currency.is_none())),
            title_column: self.title_column.or(file.title_column),
            description_column: self.description_column.or(file.description_column),
            category_column: self.category_column.or(file.category_column),
            attribute: list(self.attribute, file.attribute),
            time: self.time.clone().or(file.time.filter(|_| self.time_column.is_none())),
            time_format: self.time_format.or(file.time_format.filter(|_| self.time.is_none())),
            time_offset: self.time_offset.or(file.time_offset.filter(|_| self.time.is_none())),
            time_column: self.time_column.or(file.time_column.filter(|_| self.time.is_none())),
            id_column: list(self.id_column, file.id_column),
            only: list(self.only, file.only),
            empty: list(self.empty, file.empty),
            strip: list(self.strip, file.strip),
            decimal: self.decimal.or(file.decimal),
            thousands: self.thousands.or(file.thousands),
            delimiter: self.delimiter.or(file.delimiter),
            encoding: self.encoding.or(file.encoding),
        }
    }
}
