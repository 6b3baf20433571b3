//! The report of a proof: each step, how long it took, what it has cost so far, and what was refused. It is written anew after every
//! step, so that a run which is killed leaves it too.

use std::fmt::{self, Display, Formatter, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// The report so far.
pub(crate) struct Report {
    title: String,
    file: PathBuf,
    /// US dollars an hour, as long as the environment stands.
    hourly: f64,
    began: Instant,
    /// When something that costs was begun to be made.
    standing_since: Option<Instant>,
    steps: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    /// US dollars since the environment stands.
    cost: f64,
    refused: Option<String>,
}

impl Report {
    /// A report that is written to this file.
    pub(crate) fn new(title: String, file: PathBuf, hourly: f64) -> Self {
        Self { title, file, hourly, began: Instant::now(), standing_since: None, steps: Vec::new() }
    }

    /// From now on the environment costs something.
    pub(crate) fn stands(&mut self) {
        self.standing_since = Some(Instant::now());
    }

    /// Does a step, and says so.
    #[expect(clippy::print_stderr, reason = "a run of some minutes says where it is")]
    pub(crate) async fn step<T>(&mut self, name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        eprintln!("-- {name}");
        let began = Instant::now();
        let result = work.await;
        let hours = self.standing_since.map_or(0.0, |since| since.elapsed().as_secs_f64() / 3600.0);
        let refused = result.as_ref().err().map(|error| format!("{error:#}"));
        let step = Step { name: name.to_owned(), took: began.elapsed(), cost: hours * self.hourly, refused };
        let all = self.began.elapsed().as_secs_f64();
        eprintln!("   {:5.1} s, {all:5.1} s in all: {name}", step.took.as_secs_f64());
        self.steps.push(step);
        fs::write(&self.file, self.to_string()).with_context(|| format!("cannot write {}", self.file.display()))?;
        result.with_context(|| format!("step `{name}`"))
    }

    /// Where it is written.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

impl Display for Report {
    /// As Markdown.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}\n", self.title)?;
        writeln!(
            f,
            "The environment costs ${:.3} an hour as long as it stands, at the prices that `pipegen cost` knows.\n",
            self.hourly
        )?;
        writeln!(f, "| step | seconds | cost so far | outcome |\n|---|---:|---:|---|")?;
        let mut refusals = String::new();
        for Step { name, took, cost, refused } in &self.steps {
            let outcome = if refused.is_some() { "refused, see below" } else { "done" };
            writeln!(f, "| {name} | {:.1} | ${cost:.3} | {outcome} |", took.as_secs_f64())?;
            if let Some(why) = refused {
                write!(refusals, "\n## Refused: {name}\n\n```text\n{}\n```\n", why.trim_end())?;
            }
        }
        let refusals = if refusals.is_empty() { "\nNothing was refused.\n" } else { &refusals };
        f.write_str(refusals)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[tokio::test]
    async fn what_was_refused_is_told_and_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("report.md");
        let mut report = Report::new("A proof".to_owned(), file.clone(), 3600.0);
        report.step("one", async { Ok(()) }).await.expect("done");
        let before = fs::read_to_string(&file).expect("written after the first step");
        assert!(before.contains("| one |") && before.contains("Nothing was refused."), "{before}");
        report.stands();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let error = report.step("two", async { bail!("AccessDenied: kms") as Result<()> }).await.expect_err("refused");
        assert!(format!("{error:#}").contains("step `two`: AccessDenied: kms"), "{error:#}");
        let after = fs::read_to_string(&file).expect("written");
        assert!(after.contains("## Refused: two\n\n```text\nAccessDenied: kms\n```"), "{after}");
        assert!(!after.contains("Nothing was refused."), "{after}");
        assert!(report.steps[1].cost >= 0.02, "a dollar a second, for 20 ms");
    }
}
