//! The catalog's content, to compare runs by.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

/// The number of product views, and a hash of them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Views {
    pub(super) count: u64,
    hash: String,
}

/// A hash of each table of the catalog, as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tables(BTreeMap<String, String>);

impl Views {
    /// Reads every view. `version` and `updated_at` are left out, because they depend on the batches.
    pub(super) async fn read(database_url: &str) -> Result<Self> {
        let mut hash = Sha256::new();
        let count = pipegen_store::export(database_url, &mut |view| {
            let mut view: Value = serde_json::from_str(view)?;
            for member in ["version", "updated_at"] {
                view.as_object_mut().and_then(|view| view.remove(member));
            }
            hash.update(view.to_string());
            Ok(())
        })
        .await?;
        let hash = hash.finalize().iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a text takes everything");
            text
        });
        Ok(Self { count, hash })
    }
}

impl Tables {
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self> {
        let mut hashes = BTreeMap::new();
        for table in names(connection).await? {
            let ask = format!(
                "select count(*) || ' rows, ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') \
                 from public.{table} as t"
            );
            let hash: String = sqlx::query_scalar(&ask).fetch_one(&mut *connection).await?;
            hashes.insert(table, hash);
        }
        Ok(Self(hashes))
    }

    /// Checks that another run has left the same rows.
    pub(super) fn compare(&self, other: &Self) -> Result<()> {
        ensure!(self == other, "the tables differ: {self:?} and {other:?}");
        Ok(())
    }
}

/// Returns the catalog's tables, quoted.
pub(super) async fn names(connection: &mut PgConnection) -> Result<Vec<String>> {
    let ask =
        "select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename <> '_sqlx_migrations'
               order by 1";
    Ok(sqlx::query_scalar(ask).fetch_all(connection).await?)
}
