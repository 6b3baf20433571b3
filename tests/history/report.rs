//! The report of some histories: figures as JSON, and a page with a picture of each.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::history::Figures;
use crate::picture::draw;
use crate::plan::Plan;

/// A history and its verdict.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) plan: Plan,
    pub(crate) figures: Figures,
    pub(crate) took: Duration,
    pub(crate) error: Option<String>,
    /// A plan with fewer faults that fails as well.
    pub(crate) shrunk: Option<Plan>,
}

/// The histories so far.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Judged>);

impl Report {
    pub(crate) fn add(&mut self, judged: Judged) {
        self.0.push(judged);
    }

    /// Returns what is known of each history that failed.
    pub(crate) fn failed(&self) -> Vec<String> {
        self.0.iter().filter(|judged| judged.error.is_some()).map(ToString::to_string).collect()
    }

    /// Writes `report.json` and `report.html`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let first = self.0.first().map_or(0, |judged| judged.plan.seed);
        fs::write(folder.join(format!("report-{first}.json")), serde_json::to_string_pretty(&self.json())?)?;
        fs::write(folder.join(format!("report-{first}.html")), self.page()?)?;
        Ok(())
    }

    fn json(&self) -> Value {
        let mut faults = BTreeMap::<&str, u64>::new();
        for (kind, hits) in self.0.iter().flat_map(|judged| &judged.figures.faults) {
            *faults.entry(kind).or_default() += hits;
        }
        let sum = |count: fn(&Figures) -> u64| self.0.iter().map(|judged| count(&judged.figures)).sum::<u64>();
        json!({
            "histories": self.0.len(),
            "failed": self.failed().len(),
            "faults": faults,
            "events": sum(|figures| figures.events),
            "records": sum(|figures| figures.records),
            "reads": sum(|figures| figures.reads),
            "failed_reads": sum(|figures| figures.failures),
            "excused_reads": sum(|figures| figures.excused),
            "pages_of_changes": sum(|figures| figures.pages),
            "crossings": self.0.iter().map(|judged| judged.figures.crossings).sum::<i64>(),
            "longest_recovery_seconds": self.0.iter().map(|judged| seconds(judged.figures.recovery)).fold(0.0, f64::max),
            "seeds": self.0.iter().map(Judged::json).collect::<Vec<_>>(),
        })
    }

    /// A page with a picture of each history.
    fn page(&self) -> Result<String> {
        let mut page = String::from(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Histories</title>\
             <style>body{font:14px sans-serif;margin:2em}text{font-size:12px}.failed{color:#b00}.fault{fill:#c60}\
             .recovery{fill:#08a}.waiting{fill:#777}.read{fill:#9c9}.excused{fill:#fb3}.failure{fill:#c00}</style>\
             <h1>Histories</h1>\n",
        );
        for judged in &self.0 {
            let class = if judged.error.is_some() { "failed" } else { "explained" };
            let text = judged.to_string().replace('&', "&amp;").replace('<', "&lt;");
            write!(page, "<h2 class=\"{class}\">Seed {}</h2><pre>{text}</pre>", judged.plan.seed)?;
            draw(&mut page, &judged.plan, &judged.figures)?;
        }
        Ok(page)
    }
}

impl Judged {
    fn json(&self) -> Value {
        let Figures {
            faults,
            events,
            records,
            reads,
            failures,
            excused,
            pages,
            crossings,
            rests,
            recovery,
            samples: _,
        } = &self.figures;
        json!({
            "seed": self.plan.seed,
            "rotates": self.plan.rotates,
            "plan": self.plan.to_string(),
            "faults": faults,
            "events": events,
            "records": records,
            "reads": reads,
            "failed_reads": failures,
            "excused_reads": excused,
            "pages_of_changes": pages,
            "crossings": crossings,
            "moments_of_rest": rests,
            "recovery_seconds": seconds(*recovery),
            "seconds": seconds(self.took),
            "error": self.error,
            "shrunk": self.shrunk.as_ref().map(ToString::to_string),
        })
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { events, reads, failures, excused, pages, crossings, rests, recovery, .. } = &self.figures;
        write!(
            f,
            "{}\n  {events} events, {reads} reads ({failures} failed, {excused} excused), {pages} pages of changes, {crossings} \
             crossings, {rests} moments of rest, drained {recovery:.1?} after the last fault; took {:.1?}",
            self.plan, self.took
        )?;
        if let Some(error) = &self.error {
            write!(f, "\n  NOT EXPLAINED: {error}")?;
        }
        if let Some(shrunk) = &self.shrunk {
            write!(f, "\n  fails with fewer faults as well: {shrunk}")?;
        }
        Ok(())
    }
}

/// Returns the seconds with one decimal.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}
