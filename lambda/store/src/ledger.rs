//! The statements on the ledger in a batch's transaction.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::postgres::PgConnection;

use crate::adjustments::{Adjustment, Adjustments, Count, LedgerEntry};
use crate::error::{During, Error};
use crate::load::positions;
use crate::working_set::WorkingSet;

/// The maximum number of superseded rows that a batch removes.
const SUPERSEDED_AT_A_TIME: i64 = 50_000;

/// The adjustments that are looked up, because they may be in the ledger already. Looking up costs as much as entering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeated {
    /// Those that are not later than the latest one of their offer. If another one is there all the same, it was sent
    /// before with an earlier time: the statement fails, as [`Error::is_repeated`] tells.
    WithTheirTime,
    /// All.
    AtAnyTime,
}

/// By an offer's position: the sum of the rows that are later than its new count.
pub(crate) type Sums = HashMap<usize, i64>;

/// Enters the new adjustments, replaces those that are later than their row, and removes what new counts supersede.
/// Returns what these counts must add of the rows that were there before, and sets those of the adjustments.
pub(crate) async fn update(
    connection: &mut PgConnection,
    working_set: &WorkingSet<'_>,
    adjustments: &mut Adjustments<'_>,
    repeated: Repeated,
) -> Result<Sums, Error> {
    let counts: Vec<Count> = Count::all(working_set);
    let mut sums = Sums::new();
    for row in enter(connection, working_set, &adjustments.list, &counts, repeated).await? {
        let Ok(position) = usize::try_from(row.position) else { continue };
        if row.is_sum {
            sums.insert(counts[position].offer, row.delta);
        } else {
            adjustments.list[position].stored = Some(LedgerEntry { time: row.occurred_at, delta: row.delta });
        }
    }
    let replaced: Vec<&Adjustment<'_>> = adjustments.list.iter().filter(|adjustment| adjustment.replaces()).collect();
    replace(connection, working_set, &replaced).await?;
    Ok(sums)
}

async fn enter(
    connection: &mut PgConnection,
    working_set: &WorkingSet<'_>,
    adjustments: &[Adjustment<'_>],
    counts: &[Count],
    repeated: Repeated,
) -> Result<Vec<LedgerRow>, Error> {
    if adjustments.is_empty() && counts.is_empty() {
        return Ok(Vec::new());
    }
    let may_be_stored =
        |adjustment: &Adjustment<'_>| repeated == Repeated::AtAnyTime || adjustment.is_early(working_set);
    sqlx::query_as(include_str!("queries/update_ledger.sql"))
        .bind(positions(adjustments.len()))
        .bind(adjustments.iter().map(|adjustment| working_set.sku(adjustment.offer)).collect::<Vec<_>>())
        .bind(adjustments.iter().map(|adjustment| working_set.offers[adjustment.offer].supplier).collect::<Vec<_>>())
        .bind(adjustments.iter().map(|adjustment| adjustment.id).collect::<Vec<_>>())
        .bind(adjustments.iter().map(|adjustment| adjustment.entry.time).collect::<Vec<_>>())
        .bind(adjustments.iter().map(|adjustment| adjustment.entry.delta).collect::<Vec<_>>())
        .bind(adjustments.iter().map(may_be_stored).collect::<Vec<_>>())
        .bind(positions(counts.len()))
        .bind(counts.iter().map(|count| working_set.sku(count.offer)).collect::<Vec<_>>())
        .bind(counts.iter().map(|count| working_set.offers[count.offer].supplier).collect::<Vec<_>>())
        .bind(counts.iter().map(|count| count.time).collect::<Vec<_>>())
        .bind(counts.iter().map(|count| count.is_late).collect::<Vec<_>>())
        .bind(SUPERSEDED_AT_A_TIME)
        .fetch_all(connection)
        .await
        .during("update the ledger")
}

async fn replace(
    connection: &mut PgConnection,
    working_set: &WorkingSet<'_>,
    adjustments: &[&Adjustment<'_>],
) -> Result<(), Error> {
    if adjustments.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("queries/replace_in_ledger.sql"))
        .bind(adjustments.iter().map(|adjustment| working_set.sku(adjustment.offer)).collect::<Vec<_>>())
        .bind(adjustments.iter().map(|adjustment| working_set.offers[adjustment.offer].supplier).collect::<Vec<_>>())
        .bind(adjustments.iter().map(|adjustment| adjustment.id).collect::<Vec<_>>())
        .bind(adjustments.iter().map(|adjustment| adjustment.entry.time).collect::<Vec<_>>())
        .bind(adjustments.iter().map(|adjustment| adjustment.entry.delta).collect::<Vec<_>>())
        .execute(connection)
        .await
        .during("replace adjustments")?;
    Ok(())
}

/// A row that the ledger had of an adjustment, or the sum of those that are later than a new count.
#[derive(FromRow)]
struct LedgerRow {
    is_sum: bool,
    /// The position among the adjustments or among the counts.
    position: i32,
    /// The row's time, or the count's.
    occurred_at: DateTime<Utc>,
    delta: i64,
}
