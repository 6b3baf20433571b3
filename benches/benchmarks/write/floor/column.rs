//! A column's values as PostgreSQL takes them in an array: binary for the usual types, else as text that it casts.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

/// The values of one column.
pub(super) enum Values {
    Text(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Boolean(Vec<Option<bool>>),
    Small(Vec<Option<i16>>),
    Integer(Vec<Option<i32>>),
    Big(Vec<Option<i64>>),
    Numeric(Vec<Option<Decimal>>),
    Time(Vec<Option<DateTime<Utc>>>),
}

impl Values {
    /// Reads values from their texts in JSON.
    pub(super) fn parse(kind: &str, texts: Vec<Option<String>>) -> Result<Self> {
        Ok(match kind {
            "bytea" => Self::Bytes(each(&texts, bytes)?),
            "boolean" => Self::Boolean(each(&texts, |text| Ok(text.parse()?))?),
            "smallint" => Self::Small(each(&texts, |text| Ok(text.parse()?))?),
            "integer" => Self::Integer(each(&texts, |text| Ok(text.parse()?))?),
            "bigint" => Self::Big(each(&texts, |text| Ok(text.parse()?))?),
            "numeric" => Self::Numeric(each(&texts, |text| Ok(text.parse()?))?),
            "timestamp with time zone" => Self::Time(each(&texts, |text| Ok(text.parse()?))?),
            _ => Self::Text(texts),
        })
    }

    /// Returns the type of the elements that are sent for a column of this type.
    pub(super) fn sent_as(kind: &str) -> &str {
        match kind {
            "bytea" | "boolean" | "smallint" | "integer" | "bigint" | "numeric" | "timestamp with time zone" => kind,
            _ => "text",
        }
    }

    pub(super) fn bind<'q>(&'q self, query: Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments> {
        match self {
            Self::Text(values) => query.bind(values),
            Self::Bytes(values) => query.bind(values),
            Self::Boolean(values) => query.bind(values),
            Self::Small(values) => query.bind(values),
            Self::Integer(values) => query.bind(values),
            Self::Big(values) => query.bind(values),
            Self::Numeric(values) => query.bind(values),
            Self::Time(values) => query.bind(values),
        }
    }
}

fn each<T>(texts: &[Option<String>], parse: impl Fn(&str) -> Result<T>) -> Result<Vec<Option<T>>> {
    texts.iter().map(|text| text.as_deref().map(&parse).transpose()).collect()
}

/// Reads `\x…`.
fn bytes(text: &str) -> Result<Vec<u8>> {
    let digits = text.strip_prefix("\\x").context("bytea without \\x")?.as_bytes();
    digits.chunks(2).map(|pair| Ok(u8::from_str_radix(str::from_utf8(pair)?, 16)?)).collect()
}
