//! Standard error during a run: the progress bar, and lines above it.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;

use crate::printer;

/// Warnings of a burst that are written before the rate is limited.
const BURST: u32 = 10;
/// Time until one more warning may be written.
const PER_LINE: Duration = Duration::from_secs(1);

/// The progress bar and the messages of a run.
#[derive(Debug)]
pub struct Console {
    bar: ProgressBar,
    bucket: Mutex<TokenBucket>,
    /// No warnings are shown any more.
    closed: AtomicBool,
}

/// The token bucket of the warnings: it holds at most [`BURST`] tokens, and gains one in each [`PER_LINE`].
#[derive(Debug)]
struct TokenBucket {
    tokens: u32,
    /// The time of the last gain.
    since: Instant,
    /// Lines that found the bucket empty since the last line that was written.
    held_back: u64,
}

impl Console {
    /// Creates a bar if standard error is a terminal. It shows nothing before [`Self::begin`].
    pub fn new() -> Self {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self {
            bar: ProgressBar::with_draw_target(None, target),
            bucket: Mutex::new(TokenBucket { tokens: BURST, since: Instant::now(), held_back: 0 }),
            closed: AtomicBool::new(false),
        }
    }

    pub fn say(&self, line: &str) {
        self.bar.suspend(|| printer::talk(line));
    }

    /// Writes a line that may come often, at the rate of a token bucket: a burst, then one a second. The rest is
    /// counted.
    pub fn warn(&self, line: &str) {
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        let held_back = {
            let mut bucket = self.bucket.lock();
            let earned = u32::try_from(bucket.since.elapsed().as_millis() / PER_LINE.as_millis()).unwrap_or(BURST);
            if earned > 0 {
                bucket.since = Instant::now();
                bucket.tokens = bucket.tokens.saturating_add(earned).min(BURST);
            }
            if bucket.tokens == 0 {
                bucket.held_back += 1;
                return;
            }
            bucket.tokens -= 1;
            std::mem::take(&mut bucket.held_back)
        };
        self.say_held_back(held_back);
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

    /// Updates the bar.
    pub fn show(&self, position: u64, message: String) {
        self.bar.set_message(message);
        self.bar.set_position(position);
    }

    /// Removes the bar, and writes the number of lines that were not shown.
    pub fn end(&self) {
        self.bar.finish_and_clear();
        let held_back = std::mem::take(&mut self.bucket.lock().held_back);
        self.say_held_back(held_back);
    }

    fn say_held_back(&self, lines: u64) {
        if lines > 0 {
            self.say(&format!("… {lines} lines not shown"));
        }
    }

    /// Ends the bar, and shows no warnings from now on: what a function says about being stopped is not news.
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
