//! The progress bar, where standard error is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The bar of one benchmark, which goes away at its end. Hidden where standard error is no terminal.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(name: &str, steps: usize) -> Self {
        let style = ProgressStyle::with_template("{msg}  {bar:30} {pos}/{len}  {elapsed} (about {eta} left)")
            .expect("the template is valid");
        let bar = ProgressBar::new(steps as u64).with_style(style).with_message(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(500));
        Self(bar)
    }

    /// Notes that so many steps are done.
    pub(crate) fn reach(&self, steps: u64) {
        self.0.set_position(steps);
    }

    pub(crate) fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
