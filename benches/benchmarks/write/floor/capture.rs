//! The rows that each batch has written, as triggers have noted them.

use std::collections::BTreeMap;

use anyhow::Result;
use pipegen::lambda_host::FunctionPool;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row as _};

use super::super::batches::Shards;
use super::super::catalog::{self, Tables};
use super::super::deployed::Deployed;
use super::super::lanes;

/// A table of the catalog.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

#[derive(FromRow)]
pub(super) struct Column {
    pub(super) name: String,
    #[sqlx(rename = "type")]
    pub(super) kind: String,
    pub(super) is_key: bool,
}

impl Column {
    /// Returns the expression of its text, as PostgreSQL reads it, in a noted row.
    fn text(&self) -> String {
        let Self { name, kind, .. } = self;
        if kind.ends_with("[]") {
            format!("(select array_agg(element)::text from jsonb_array_elements_text(content -> '{name}') as element)")
        } else {
            format!("content ->> '{name}'")
        }
    }
}

/// A row, or its key, as the texts of its columns.
pub(super) type Row = Vec<Option<String>>;

/// The changes of a batch in one table, by the rows' keys: every transaction locks in one order.
pub(super) type Changes = BTreeMap<Row, Change>;

/// The change of a row in a batch.
pub(super) struct Change {
    /// The batch has created it.
    is_new: bool,
    pub(super) is_deletion: bool,
    pub(super) row: Row,
}

/// A batch's transaction: the changes in each of the tables.
pub(super) type Transaction = Vec<Changes>;

/// The rows that the processor has written.
pub(in super::super) struct Capture {
    pub(super) tables: Vec<Table>,
    /// The transactions of each shard, in order.
    pub(super) shards: Vec<Vec<Transaction>>,
    /// The tables afterwards.
    pub(in super::super) left: Tables,
}

/// Invokes the processor with every batch, one at a time, the shards in turn, and notes what each has written.
pub(in super::super) async fn capture(deployed: &Deployed, pool: &FunctionPool, shards: &Shards) -> Result<Capture> {
    let mut connection = deployed.administrator().await?;
    deployed.empty().await?;
    sqlx::raw_sql(include_str!("capture.sql")).execute(&mut connection).await?;
    let tables = tables(&mut connection).await?;
    let mut captured: Vec<Vec<Transaction>> = shards.iter().map(|_| Vec::new()).collect();
    let longest = shards.iter().map(Vec::len).max().unwrap_or_default();
    for position in 0..longest {
        for (batches, transactions) in shards.iter().zip(&mut captured) {
            if let Some(batch) = batches.get(position) {
                lanes::invoke(pool, batch.clone()).await?;
                transactions.push(take_transaction(&mut connection, &tables).await?);
            }
        }
    }
    sqlx::raw_sql("drop schema capture cascade").execute(&mut connection).await?;
    let left = Tables::read(&mut connection).await?;
    let mut capture = Capture { tables, shards: captured, left };
    capture.settle_shared_rows();
    Ok(capture)
}

/// Returns the tables, first the products: every batch begins with them.
async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for name in catalog::names(connection).await? {
        let columns = sqlx::query_as(include_str!("columns.sql")).bind(&name).fetch_all(&mut *connection).await?;
        tables.push(Table { name, columns });
    }
    tables.sort_by_key(|table| table.name != "product");
    Ok(tables)
}

async fn take_transaction(connection: &mut PgConnection, tables: &[Table]) -> Result<Transaction> {
    let mut transaction = Vec::new();
    for table in tables {
        transaction.push(take_changes(connection, table).await?);
    }
    sqlx::raw_sql("truncate capture.change").execute(connection).await?;
    Ok(transaction)
}

async fn take_changes(connection: &mut PgConnection, table: &Table) -> Result<Changes> {
    let columns = table.columns.iter().map(Column::text).collect::<Vec<_>>().join(", ");
    let ask = format!("select operation, {columns} from capture.change where relation = $1 order by number");
    let mut changes = Changes::new();
    for found in sqlx::query(&ask).bind(&table.name).fetch_all(connection).await? {
        let (operation, row): (String, _) = (found.try_get(0)?, texts(&found)?);
        let key = key(table, &row);
        let is_new = changes.get(&key).map_or(operation == "INSERT", |earlier| earlier.is_new);
        changes.insert(key, Change { is_new, is_deletion: operation == "DELETE", row });
    }
    // What a batch creates and deletes again is nothing.
    changes.retain(|_, change| !(change.is_new && change.is_deletion));
    Ok(changes)
}

fn texts(row: &PgRow) -> Result<Row> {
    (1..row.len()).map(|column| Ok(row.try_get(column)?)).collect()
}

fn key(table: &Table, row: &Row) -> Row {
    table.columns.iter().zip(row).filter(|(column, _)| column.is_key).map(|(_, value)| value.clone()).collect()
}

impl Capture {
    /// Lets each shard write of a shared row what is left of it in the end: shards overtake each other.
    fn settle_shared_rows(&mut self) {
        for table in 0..self.tables.len() {
            let mut ends = self.shared_rows(table);
            for changes in self.shards.iter_mut().flatten().map(|transaction| &mut transaction[table]) {
                changes.retain(|key, change| match ends.get_mut(key) {
                    Some(Some(row)) => {
                        change.is_deletion = false;
                        change.row.clone_from(row);
                        true
                    }
                    Some(None) => change.is_deletion,
                    None => true,
                });
            }
        }
    }

    /// Returns the rows that more than one shard has changed, as they are in the end; none is a row that is gone.
    fn shared_rows(&self, table: usize) -> BTreeMap<Row, Option<Row>> {
        /// The shard that has changed it, whether another has too, and its last state.
        struct End<'a>(usize, bool, &'a Change);
        let mut ends: BTreeMap<&Row, End<'_>> = BTreeMap::new();
        let longest = self.shards.iter().map(Vec::len).max().unwrap_or_default();
        // In the order in which the batches came.
        for position in 0..longest {
            for (shard, transactions) in self.shards.iter().enumerate() {
                for (key, change) in transactions.get(position).into_iter().flat_map(|tables| &tables[table]) {
                    let end = ends.entry(key).or_insert(End(shard, false, change));
                    *end = End(end.0, end.1 || end.0 != shard, change);
                }
            }
        }
        let shared = ends.into_iter().filter(|(_, end)| end.1);
        shared.map(|(key, end)| (key.clone(), (!end.2.is_deletion).then(|| end.2.row.clone()))).collect()
    }
}
