//! What is said on standard error while a run goes on: the progress bar, and lines above it.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::printer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How many lines a burst may have before lines are held back.
const BURST: u32 = 10;
/// How long it takes until one more line may be written.
const PER_LINE: Duration = Duration::from_secs(1);

/// Standard error during a run.
#[derive(Debug)]
pub struct Console {
    bar: ProgressBar,
    allowance: Mutex<Allowance>,
    /// Whether no warnings are shown any more.
    closed: AtomicBool,
}

#[derive(Debug)]
struct Allowance {
    lines: u32,
    since: Instant,
    held_back: u64,
}

impl Console {
    /// A bar, if standard error is a terminal. It shows nothing before [`Self::begin`].
    pub fn new() -> Self {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self {
            bar: ProgressBar::with_draw_target(None, target),
            allowance: Mutex::new(Allowance { lines: BURST, since: Instant::now(), held_back: 0 }),
            closed: AtomicBool::new(false),
        }
    }

    /// Writes a line.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| printer::talk(line));
    }

    /// Writes a line that may come often: a burst of them is written, then one a second; the rest is counted.
    pub fn warn(&self, line: &str) {
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        let held_back = {
            let mut allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
            let earned = u32::try_from(allowance.since.elapsed().as_millis() / PER_LINE.as_millis()).unwrap_or(BURST);
            if earned > 0 {
                allowance.since = Instant::now();
                allowance.lines = allowance.lines.saturating_add(earned).min(BURST);
            }
            if allowance.lines == 0 {
                allowance.held_back += 1;
                return;
            }
            allowance.lines -= 1;
            std::mem::take(&mut allowance.held_back)
        };
        if held_back > 0 {
            self.say(&format!("… {held_back} lines not shown"));
        }
        self.say(line);
    }

    /// Shows the bar. Without a length it only counts.
    pub fn begin(&self, length: Option<u64>) {
        let template = if length.is_some() {
            "{bar:40} {percent:>3} %  {msg}  {elapsed} (about {eta} left)"
        } else {
            "{spinner} {msg}  {elapsed}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        if let Some(length) = length {
            self.bar.set_length(length);
        }
        self.bar.reset();
    }

    /// Moves the bar.
    pub fn show(&self, position: u64, message: String) {
        self.bar.set_message(message);
        self.bar.set_position(position);
    }

    /// Removes the bar, and says how many lines were held back.
    pub fn end(&self) {
        self.bar.finish_and_clear();
        let held_back = std::mem::take(&mut self.allowance.lock().unwrap_or_else(PoisonError::into_inner).held_back);
        if held_back > 0 {
            self.say(&format!("… {held_back} lines not shown"));
        }
    }
}

impl Console {
    /// Ends the bar, and shows no warnings from now on: what a function says about being stopped is no news.
    pub fn close(&self) {
        self.end();
        self.closed.store(true, Ordering::Relaxed);
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}
