//! What is said while the test runs: each step, and how long it took.

use std::time::Instant;

/// The steps so far.
pub(crate) struct Steps {
    began: Instant,
    step: Option<(String, Instant)>,
}

impl Steps {
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), step: None }
    }

    /// Ends a step and begins the next.
    #[expect(clippy::print_stderr, reason = "a run of some minutes says where it is")]
    pub(crate) fn next(&mut self, name: &str) {
        self.end();
        eprintln!("-- {name}");
        self.step = Some((name.to_owned(), Instant::now()));
    }

    /// Ends the last step.
    #[expect(clippy::print_stderr, reason = "a run of some minutes says where it is")]
    pub(crate) fn end(&mut self) {
        if let Some((name, since)) = self.step.take() {
            let [took, all] = [since, self.began].map(|instant| instant.elapsed().as_secs_f64());
            eprintln!("   {took:5.1} s, {all:5.1} s in all: {name}");
        }
    }
}
