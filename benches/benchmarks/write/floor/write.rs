//! The statements of the floor, and their execution.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::task::JoinSet;

use super::capture::{Capture, Column, Row, Table, Transaction};
use super::column::Values;

#[derive(Clone, Copy)]
enum Statement {
    Delete,
    Upsert,
}

/// A statement with its values.
struct Write {
    sql: String,
    columns: Vec<Values>,
}

/// The statements of each transaction of each shard.
pub(in super::super) struct Floor {
    shards: Vec<Arc<Vec<Vec<Write>>>>,
}

/// A connection for each shard.
pub(in super::super) struct Connected {
    lanes: Vec<(PgConnection, Arc<Vec<Vec<Write>>>)>,
}

impl Write {
    fn new(statement: Statement, table: &Table, rows: &[&Row]) -> Result<Self> {
        let is_sent = |column: &Column| column.is_key || matches!(statement, Statement::Upsert);
        let sent = || table.columns.iter().enumerate().filter(|(_, column)| is_sent(column));
        let values = sent().map(|(position, column)| {
            let texts = rows.iter().map(|row| row[position].clone()).collect();
            Values::parse(&column.kind, texts).with_context(|| column.name.clone())
        });
        let columns: Vec<&Column> = sent().map(|(_, column)| column).collect();
        let sql = match statement {
            Statement::Delete => delete(&table.name, &columns),
            Statement::Upsert => upsert(&table.name, &columns),
        };
        Ok(Self { sql, columns: values.collect::<Result<_>>()? })
    }
}

fn delete(table: &str, keys: &[&Column]) -> String {
    let same = joined(keys, " and ", |_, column| {
        format!("{table}.{name} = gone.{name}::{kind}", name = column.name, kind = column.kind)
    });
    format!("delete from {table} using unnest({}) as gone ({}) where {same}", arrays(keys), names(keys))
}

fn upsert(table: &str, columns: &[&Column]) -> String {
    let keys: Vec<&Column> = columns.iter().copied().filter(|column| column.is_key).collect();
    let others: Vec<&Column> = columns.iter().copied().filter(|column| !column.is_key).collect();
    let values = joined(columns, ", ", |_, column| format!("new.{}::{}", column.name, column.kind));
    let set = joined(&others, ", ", |_, column| format!("{name} = excluded.{name}", name = column.name));
    format!(
        "insert into {table} ({names}) overriding system value select {values} from unnest({arrays}) as new ({names}) \
         on conflict ({keys}) do {update}",
        names = names(columns),
        arrays = arrays(columns),
        keys = names(&keys),
        update = if set.is_empty() { "nothing".to_owned() } else { format!("update set {set}") },
    )
}

fn names(columns: &[&Column]) -> String {
    joined(columns, ", ", |_, column| column.name.clone())
}

fn arrays(columns: &[&Column]) -> String {
    joined(columns, ", ", |position, column| format!("${}::{}[]", position + 1, Values::sent_as(&column.kind)))
}

fn joined(columns: &[&Column], between: &str, text: impl Fn(usize, &Column) -> String) -> String {
    columns.iter().enumerate().map(|(position, column)| text(position, column)).collect::<Vec<_>>().join(between)
}

impl Floor {
    /// Works out every statement.
    pub(in super::super) fn new(capture: &Capture) -> Result<Self> {
        let writes = |transaction: &Transaction| writes(&capture.tables, transaction);
        let shard =
            |transactions: &Vec<Transaction>| transactions.iter().map(writes).collect::<Result<_>>().map(Arc::new);
        Ok(Self { shards: capture.shards.iter().map(shard).collect::<Result<_>>()? })
    }

    /// Connects once for each shard.
    pub(in super::super) async fn connect(&self, options: &PgConnectOptions) -> Result<Connected> {
        let mut lanes = Vec::new();
        for transactions in &self.shards {
            lanes.push((options.connect().await?, Arc::clone(transactions)));
        }
        Ok(Connected { lanes })
    }
}

fn writes(tables: &[Table], transaction: &Transaction) -> Result<Vec<Write>> {
    let mut writes = Vec::new();
    for (table, changes) in tables.iter().zip(transaction) {
        for (statement, is_deletion) in [(Statement::Delete, true), (Statement::Upsert, false)] {
            let changes = changes.values().filter(|change| change.is_deletion == is_deletion);
            let rows: Vec<&Row> = changes.map(|change| &change.row).collect();
            if !rows.is_empty() {
                writes.push(Write::new(statement, table, &rows).with_context(|| table.name.clone())?);
            }
        }
    }
    Ok(writes)
}

impl Connected {
    /// Writes the first transaction of each shard, so that its statements are prepared.
    pub(in super::super) async fn warm_up(&mut self) -> Result<()> {
        for (connection, transactions) in &mut self.lanes {
            if let Some(writes) = transactions.first() {
                transact(connection, writes).await?;
            }
        }
        Ok(())
    }

    /// Writes everything, shards side by side, and returns the seconds.
    pub(in super::super) async fn play(self) -> Result<f64> {
        let mut running = JoinSet::new();
        let started = Instant::now();
        for (mut connection, transactions) in self.lanes {
            running.spawn(async move {
                for writes in &*transactions {
                    transact(&mut connection, writes).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(lane) = running.join_next().await {
            lane.context("a lane panicked")??;
        }
        Ok(started.elapsed().as_secs_f64())
    }
}

async fn transact(connection: &mut PgConnection, writes: &[Write]) -> Result<()> {
    let mut transaction = connection.begin().await?;
    for write in writes {
        let query = write.columns.iter().fold(sqlx::query(&write.sql), |query, values| values.bind(query));
        query.execute(&mut *transaction).await.with_context(|| write.sql.clone())?;
    }
    Ok(transaction.commit().await?)
}
