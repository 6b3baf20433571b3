//! The ledger at a full horizon: its size, batches, pruning and gauges.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chrono::{TimeDelta, Utc};
use sqlx::ConnectOptions as _;
use tokio::runtime::Builder;

use super::POSTGRESQL;
use super::filled::{FullLedger, bytes, fill_ledger};
use super::writer::{Speed, Writer, groups};
use crate::inputs::Inputs;
use crate::progress::Bar;
use crate::results::{Benchmark, Group, Target};
use crate::rounds::interleaved;
use crate::throwaway::Throwaway;
use crate::traffic::Mix;

pub(in super::super) const NAME: &str = "ledger";
pub(in super::super) const TITLE: &str = "the ledger at a full horizon";
const MEANING: &str = "`maintain` keeps an adjustment for 7 days, the stream's retention (24 hours) and an hour. \
    PostgreSQL fills the ledger with that much of evenly spread adjustments, none superseded by a count: with --full \
    1000 a minute (11.6 million rows, about 3 GB of disk), else 100 a minute. What 10 000 a minute take is the size \
    of the filled rows times their number, not measured. Batches of adjustments are applied in turn to this catalog \
    and to one whose ledger was empty. Pruning and gauges are the statements of `maintain`: 5000 rows a transaction; \
    CPU and checks as in `products`.";

/// 7 days, the stream's 24 hours, and `maintain`'s margin.
const MINUTES: u64 = (7 * 24 + 24 + 1) * 60;
const PRODUCTS: u64 = 100_000;
/// Rows of one transaction of `maintain`, and transactions of a round.
const PRUNED: u32 = 5000;
const PRUNINGS: u32 = 20;
const GAUGES: u32 = 20;

const EMPTY: &str = "an empty ledger";
const FULL: &str = "a full ledger";

/// The figures of a round.
struct Round {
    speed: Speed,
    /// Of a full ledger.
    upkeep: Option<Upkeep>,
}

struct Upkeep {
    pruned_per_second: f64,
    gauges_ms: f64,
}

pub(in super::super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let ledger = FullLedger {
        products: inputs.size(PRODUCTS, 1000),
        a_minute: if inputs.full { 1000 } else { inputs.size(100, 10) },
        minutes: MINUTES,
        end: Utc::now(),
    };
    let throwaway = Throwaway::start(&POSTGRESQL)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let writer = |(name, database): (&str, &str)| {
        let size = (ledger.products, 1);
        Ok(RefCell::new(Writer::filled(&throwaway, name.to_owned(), database, size, Mix::AdjustmentsOnly)?))
    };
    let writers: Vec<RefCell<Writer>> =
        [(EMPTY, "ledger_empty"), (FULL, "ledger_full")].into_iter().map(writer).collect::<Result<_>>()?;
    let bar = Bar::new("rows of the ledger", usize::try_from(ledger.rows())?);
    let options = throwaway.options(&writers[1].borrow().database)?;
    let (table, indexes) = throwaway.runtime.block_on(async {
        let mut admin = options.connect().await?;
        fill_ledger(&mut admin, ledger, |done| bar.reach(done)).await?;
        bytes(&mut admin, "ledger").await
    })?;
    drop(bar);

    let mut pruned = 0;
    let rounds = interleaved(inputs.rounds, &writers, NAME, |writer| {
        let mut writer = writer.borrow_mut();
        let speed = writer.round(&throwaway, &runtime, inputs)?;
        let is_full = writer.name == FULL;
        let upkeep = is_full.then(|| runtime.block_on(keep_up(&writer, ledger, &mut pruned))).transpose()?;
        Ok(Round { speed, upkeep })
    })?;

    let upkeep =
        |value: fn(&Upkeep) -> f64| rounds[1].iter().filter_map(|round| round.upkeep.as_ref().map(value)).collect();
    let mut groups_after = vec![
        Group::new("pruning, as `maintain` does", "rows/s").with(FULL, upkeep(|upkeep| upkeep.pruned_per_second)),
        Group::new("gauges, as `maintain` reads them", "ms").with(FULL, upkeep(|upkeep| upkeep.gauges_ms)),
    ];
    groups_after.extend(sizes(ledger, table, indexes));
    let speeds: Vec<Vec<Speed>> =
        rounds.into_iter().map(|rounds| rounds.into_iter().map(|round| round.speed).collect()).collect();
    let mut groups = groups(&[EMPTY.to_owned(), FULL.to_owned()], &speeds, EMPTY);
    groups.extend(groups_after);
    let plot = groups[0].bars();
    let targets: Vec<Target> = Vec::new();
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets, plot })
}

/// Prunes the oldest rows and reads the gauges.
async fn keep_up(writer: &Writer, ledger: FullLedger, pruned: &mut u64) -> Result<Upkeep> {
    let wanted = u64::from(PRUNED * PRUNINGS);
    *pruned += wanted;
    // Old enough are those that were to be pruned so far, and some more.
    let minutes = ledger.minutes - (*pruned / ledger.a_minute + 10).min(ledger.minutes);
    let age = TimeDelta::minutes(i64::try_from(minutes)?);
    let started = Instant::now();
    for _ in 0..PRUNINGS {
        let count = writer.store.prune_ledger(age, i64::from(PRUNED)).await?;
        ensure!(count == u64::from(PRUNED), "{count} rows were pruned instead of {PRUNED}");
    }
    let pruned_per_second = f64::from(PRUNED * PRUNINGS) / started.elapsed().as_secs_f64();
    let mut reading = Duration::ZERO;
    for _ in 0..GAUGES {
        let started = Instant::now();
        let gauges = writer.store.gauges().await?;
        reading += started.elapsed();
        ensure!(gauges.ledger_rows > 0, "the ledger is full, but {gauges:?}");
    }
    Ok(Upkeep { pruned_per_second, gauges_ms: reading.as_secs_f64() * 1e3 / f64::from(GAUGES) })
}

/// Makes the groups of sizes: a row's, and what follows for a full horizon.
#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn sizes(ledger: FullLedger, table: u64, indexes: u64) -> [Group; 2] {
    let (of_table, of_indexes) = (table as f64 / ledger.rows() as f64, indexes as f64 / ledger.rows() as f64);
    let row = Group::new(format!("a row, of {} that were filled", ledger.rows()), "bytes")
        .with("table", vec![of_table])
        .with("indexes", vec![of_indexes]);
    let mut whole = Group::new("table and indexes at a full horizon, from the size of a row", "GB");
    for a_minute in [1000, 10_000] {
        let rows = (a_minute * MINUTES) as f64;
        let name = format!("{a_minute} adjustments a minute");
        whole = whole.with(name, vec![rows * (of_table + of_indexes) / 1e9]);
    }
    [row, whole]
}
