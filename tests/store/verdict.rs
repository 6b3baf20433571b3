//! The verdict on a history, whenever everything is at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};

use anyhow::{Result, bail, ensure};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::catalog::{Catalog, LOW};
use crate::export::Export;
use crate::follower::Follower;
use crate::journal::Journal;
use crate::model;
use crate::planner::HOT;

/// Products that are not as their offers say, or that nobody has told of.
const INCONSISTENT: &str = "
    select sku from product
    where version = 0 or available_version is distinct from version
        or available <> (select coalesce(sum(greatest(on_hand, 0)), 0) from offer where offer.sku = product.sku)
        or offers <> (select count(*) from offer where offer.sku = product.sku)";

/// The state at the beginning of a round.
pub(crate) struct Before {
    pub(crate) floor: Option<DateTime<Utc>>,
}

/// Judges what was told and seen, and what is there.
pub(crate) async fn judge(
    catalog: &Catalog,
    admin: &mut PgConnection,
    journal: &Journal,
    before: &Before,
) -> Result<()> {
    seen_is(journal)?;
    floor_is(catalog, admin, journal, before).await?;
    catalog_is(catalog, journal).await?;
    let versions = versions(admin).await?;
    let acknowledged = journal.told.lock().acknowledged.clone();
    if let Some(other) = versions.iter().find(|(sku, version)| acknowledged.get(*sku) != Some(version)) {
        bail!("{other:?} is not the last version that was acknowledged: {:?}", acknowledged.get(other.0));
    }
    let inconsistent: Vec<String> = sqlx::query_scalar(INCONSISTENT).fetch_all(&mut *admin).await?;
    ensure!(inconsistent.is_empty(), "these products do not agree with their offers: {inconsistent:?}");
    feed_is(admin, journal).await?;
    pending_is(admin, journal).await?;
    crossings_are(admin, journal).await
}

/// Checks that nothing was seen that must not be.
pub(crate) fn seen_is(journal: &Journal) -> Result<()> {
    let told = journal.told.lock();
    ensure!(told.violations.is_empty(), "{} violations: {}", told.violations.len(), told.violations[0]);
    Ok(())
}

/// Returns each product's version.
pub(crate) async fn versions(admin: &mut PgConnection) -> Result<BTreeMap<String, i64>> {
    let versions: Vec<(String, i64)> = sqlx::query_as("select sku, version from product").fetch_all(admin).await?;
    Ok(versions.into_iter().collect())
}

/// Checks that every follower comes to know every product as it is.
pub(crate) async fn followers_know(
    admin: &mut PgConnection,
    followers: &mut [(Follower, pipegen_store::Store)],
    journal: &Journal,
) -> Result<()> {
    let versions = versions(admin).await?;
    for (follower, store) in followers {
        follower.catch_up(store, &versions, journal).await?;
    }
    Ok(())
}

/// Checks that what was not later than the ledger's floor was rejected, and nothing else.
async fn floor_is(catalog: &Catalog, admin: &mut PgConnection, journal: &Journal, before: &Before) -> Result<()> {
    let after = catalog.floor(admin).await?;
    ensure!(after >= before.floor, "the ledger's floor went back from {:?} to {after:?}", before.floor);
    for (time, is_rejected) in &journal.told.lock().judged {
        let (time, text) = (Some(*time), if *is_rejected { "was rejected" } else { "was accepted" });
        let is_right = if *is_rejected { time <= after } else { time > before.floor };
        ensure!(is_right, "an event of {time:?} {text}, with a floor of {:?}, then {after:?}", before.floor);
    }
    Ok(())
}

/// Checks that the catalog is what the model makes of the accepted events.
async fn catalog_is(catalog: &Catalog, journal: &Journal) -> Result<()> {
    let file = tempfile::NamedTempFile::new()?;
    let mut writer = BufWriter::new(File::create(file.path())?);
    pipegen_store::export(&catalog.url, &mut |line| writeln!(writer, "{line}")).await?;
    writer.flush()?;
    let expected = model::catalog::Catalog::of(journal.told.lock().accepted.values().cloned());
    Export::read(file.path())?.check(&expected)
}

/// Checks that who read the feed from one place to another was told of every change between them.
async fn feed_is(admin: &mut PgConnection, journal: &Journal) -> Result<()> {
    let changes: Vec<(i64, DateTime<Utc>, Vec<String>)> =
        sqlx::query_as("select transaction, changed_at, skus from change order by 1, 2").fetch_all(admin).await?;
    for part in &journal.told.lock().pages {
        let place = |place: &pipegen_store::FeedPlace| (place.transaction, place.changed_at);
        let (from, to) = (place(&part.from), place(&part.to));
        for (transaction, changed_at, skus) in &changes {
            let row = (*transaction, *changed_at);
            let first = if row == from { usize::try_from(part.from.before)? } else { 0 };
            let end = if row == to { usize::try_from(part.to.before)? } else { skus.len() };
            if row < from || row > to {
                continue;
            }
            let missed: BTreeSet<&String> = skus[first..end].iter().filter(|sku| !part.skus.contains(*sku)).collect();
            ensure!(missed.is_empty(), "the feed from {from:?} to {to:?} left {missed:?} of {row:?} out");
        }
    }
    Ok(())
}

/// Checks that a version that the cache could not be told is pending until it, or a later one, is told.
async fn pending_is(admin: &mut PgConnection, journal: &Journal) -> Result<()> {
    let pending: Vec<(String, i64)> =
        sqlx::query_as("select sku, version from pending_refresh").fetch_all(admin).await?;
    let pending: BTreeMap<String, i64> = pending.into_iter().collect();
    let told = journal.told.lock();
    for (sku, added) in &told.added {
        let settled = told.settled.get(sku).copied().unwrap_or_default();
        let pending = pending.get(sku).copied();
        ensure!(
            settled >= *added || pending == Some(*added),
            "of {sku:?} the version {added} is pending, the cache was told {settled}, and the row has {pending:?}"
        );
    }
    Ok(())
}

/// Checks that each crossing of a hot product was recorded once: the states follow from one another, and the last one is
/// the product's.
async fn crossings_are(admin: &mut PgConnection, journal: &Journal) -> Result<()> {
    let left: Vec<(String, i64, i32, bool)> =
        sqlx::query_as("select sku, version, crossings, is_low from crossing").fetch_all(&mut *admin).await?;
    let available: Vec<(String, i64)> = sqlx::query_as("select sku, available from product").fetch_all(admin).await?;
    let available: BTreeMap<String, i64> = available.into_iter().collect();
    let told = &mut *journal.told.lock();
    let mut crossings = told.crossings.clone();
    crossings.extend(left.into_iter().map(|(sku, version, number, is_low)| ((sku, version), (number, is_low))));
    for sku in HOT {
        let mut is_low = false;
        for ((_, version), (number, state)) in crossings.iter().filter(|((other, _), _)| other == sku) {
            is_low ^= number % 2 == 1;
            ensure!(*state == is_low, "{sku:?}: a crossing is missing or there twice before that of {version}");
        }
        if let Some(available) = available.get(sku) {
            ensure!(is_low == (*available <= LOW), "{sku:?}: {available} is available, and it was told to be {is_low}");
        }
    }
    told.figures.crossings = crossings.values().map(|(number, _)| u64::from(number.unsigned_abs())).sum();
    Ok(())
}
