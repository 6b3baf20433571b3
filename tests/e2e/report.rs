//! The report of a proof: each step with its duration, the cost so far and its error. It is rewritten after every step,
//! so that a run which is killed leaves one too.

use std::fmt::{self, Display, Formatter, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// The report so far.
pub(crate) struct Report {
    title: String,
    file: PathBuf,
    /// US dollars an hour, as long as the environment exists.
    hourly: f64,
    began: Instant,
    /// Time at which the environment began to cost something.
    billed_since: Option<Instant>,
    steps: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    /// US dollars so far.
    cost: f64,
    error: Option<String>,
}

impl Report {
    /// Creates a report that is written to this file.
    pub(crate) fn new(title: String, file: PathBuf, hourly: f64) -> Self {
        Self { title, file, hourly, began: Instant::now(), billed_since: None, steps: Vec::new() }
    }

    /// Counts the cost from now on.
    pub(crate) fn start_billing(&mut self) {
        self.billed_since = Some(Instant::now());
    }

    /// Runs a step, and prints its name and duration.
    #[expect(clippy::print_stderr, reason = "a run of some minutes shows its progress")]
    pub(crate) async fn step<T>(&mut self, name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        eprintln!("-- {name}");
        let began = Instant::now();
        let result = work.await;
        let hours = self.billed_since.map_or(0.0, |since| since.elapsed().as_secs_f64() / 3600.0);
        let error = result.as_ref().err().map(|error| format!("{error:#}"));
        let step = Step { name: name.to_owned(), took: began.elapsed(), cost: hours * self.hourly, error };
        let all = self.began.elapsed().as_secs_f64();
        eprintln!("   {:5.1} s, {all:5.1} s in all: {name}", step.took.as_secs_f64());
        self.steps.push(step);
        fs::write(&self.file, self.to_string()).with_context(|| format!("cannot write {}", self.file.display()))?;
        result.with_context(|| format!("step `{name}`"))
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

impl Display for Report {
    /// Writes the report as Markdown.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}\n", self.title)?;
        writeln!(
            f,
            "The environment costs ${:.3} an hour as long as it exists, at the prices that `pipegen cost` knows.\n",
            self.hourly
        )?;
        writeln!(f, "| step | seconds | cost so far | outcome |\n|---|---:|---:|---|")?;
        let mut errors = String::new();
        for Step { name, took, cost, error } in &self.steps {
            let outcome = if error.is_some() { "failed, see below" } else { "done" };
            writeln!(f, "| {name} | {:.1} | ${cost:.3} | {outcome} |", took.as_secs_f64())?;
            if let Some(error) = error {
                write!(errors, "\n## Failed: {name}\n\n```text\n{}\n```\n", error.trim_end())?;
            }
        }
        let errors = if errors.is_empty() { "\nNo step failed.\n" } else { &errors };
        f.write_str(errors)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[tokio::test]
    async fn a_failed_step_is_reported_and_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("report.md");
        let mut report = Report::new("A proof".to_owned(), file.clone(), 3600.0);
        report.step("one", async { Ok(()) }).await.expect("done");
        let before = fs::read_to_string(&file).expect("written after the first step");
        assert!(before.contains("| one |") && before.contains("No step failed."), "{before}");
        report.start_billing();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let error = report.step("two", async { bail!("AccessDenied: kms") as Result<()> }).await.expect_err("failed");
        assert!(format!("{error:#}").contains("step `two`: AccessDenied: kms"), "{error:#}");
        let after = fs::read_to_string(&file).expect("written");
        assert!(after.contains("## Failed: two\n\n```text\nAccessDenied: kms\n```"), "{after}");
        assert!(!after.contains("No step failed."), "{after}");
        assert!(report.steps[1].cost >= 0.02, "a dollar a second, for 20 ms");
    }
}
