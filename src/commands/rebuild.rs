//! `pipegen rebuild`: fills an empty catalog from the archive, and compares it with another one.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use serde::Serialize;

use super::{environment, objects};
use crate::cli::{EnvironmentArgs, RebuildArgs};
use crate::numbers::thousands;
use crate::printer;
use crate::rebuild::compare::{Compared, compare};
use crate::rebuild::{Filled, Rules, UnfinishedCatalog, fill, options};

/// The records after which the next message says how far it is.
const TOLD_EVERY: u64 = 100_000;

/// The result of a rebuilding.
#[derive(Serialize)]
struct Report {
    rebuilt: Filled,
    seconds: f64,
    /// Null if there was nothing to compare with.
    compared: Option<Compared>,
}

/// Rebuilds the catalog and prints the result.
pub fn run(args: &RebuildArgs) -> anyhow::Result<ExitCode> {
    let range = objects::range(&args.range)?;
    let config = EnvironmentArgs { env: args.stack.env.clone(), config: args.config.clone() };
    let rules = Rules::of(&environment::settings(&config)?);
    let target = options(&args.database_url).map_err(|error| objects::named_wrongly(&error))?;
    let other = args.compare.as_deref();
    let other_options = other.map(options).transpose().map_err(|error| objects::named_wrongly(&error))?;
    objects::until_signal(async || {
        let archive = objects::archive_in(args.folder.as_deref(), &args.stack).await?;
        if let Some(other) = &other_options {
            // A slip in the address would show only after the rebuilding.
            pipegen_store::connect(other).await.context("cannot use the database of --compare")?;
        }
        let begin = Instant::now();
        let mut catalog = UnfinishedCatalog::prepare(&target).await?;
        if catalog.begun_anew {
            printer::talk("note: an earlier rebuilding in this database has not reached its end; it is begun anew");
        }
        let mut told = 0;
        let filled = fill(&mut catalog, &archive, &range, &rules, |filled| {
            if filled.records / TOLD_EVERY > told {
                told = filled.records / TOLD_EVERY;
                let (records, events) = (thousands(filled.records), thousands(filled.events));
                printer::talk(&format!("{records} records, {events} events"));
            }
        });
        let rebuilt = filled.await?;
        catalog.finish().await?;
        let seconds = begin.elapsed().as_secs_f64();
        let compared = match other.map(str::to_owned) {
            Some(other) => {
                let rebuilt = args.database_url.clone();
                Some(tokio::task::spawn_blocking(move || compare(&rebuilt, &other)).await??)
            }
            None => None,
        };
        let differs = compared.as_ref().is_some_and(|compared| compared.differences > 0);
        let report = Report { rebuilt, seconds, compared };
        printer::data(&if args.json { serde_json::to_string(&report)? } else { text(&report)? })?;
        Ok(if differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    })
}

fn text(report: &Report) -> anyhow::Result<String> {
    let Filled { records, events, applied, stale, duplicate, rejected, probes } = &report.rebuilt;
    let mut rows = vec![
        row("records", *records),
        row("events", *events),
        row("  applied", *applied),
        row("  stale", *stale),
        row("  duplicate", *duplicate),
        row("  rejected", rejected.values().sum()),
    ];
    rows.extend(rejected.iter().map(|(reason, count)| row(&format!("    {reason}"), *count)));
    rows.push(row("  of probes, left out", *probes));
    rows.push(format!("{:<26}{:>12.2}", "seconds", report.seconds));
    if let Some(compared) = &report.compared {
        rows.push(row("products compared", compared.products));
        rows.push(row("  different", compared.differences));
        for difference in &compared.first {
            rows.push(serde_json::to_string(difference)?);
        }
        let more = compared.differences - compared.first.len() as u64;
        if more > 0 {
            rows.push(format!("… and {} more", thousands(more)));
        }
    }
    Ok(rows.join("\n"))
}

fn row(name: &str, count: u64) -> String {
    format!("{name:<26}{:>12}", thousands(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild::compare::Difference;

    #[test]
    fn differences_that_are_not_printed_are_counted() {
        let difference = Difference { sku: "1".to_owned(), rebuilt: None, living: None };
        let compared = Compared { products: 2000, differences: 1012, first: vec![difference; 10] };
        let report = Report { rebuilt: Filled::default(), seconds: 1.0, compared: Some(compared) };
        let text = text(&report).unwrap();
        assert!(text.contains("\nproducts compared                2 000\n"), "{text}");
        assert!(text.ends_with("}\n… and 1 002 more"), "{text}");
    }
}
