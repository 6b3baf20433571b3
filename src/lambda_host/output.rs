//! The functions' output: kept in a log file, warnings shown, batch lines passed on to be counted.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use pipegen_contract::batch_line;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::session::console::Console;
use crate::session::process::{LineHandler, OutputStream};

/// The fields of a batch line.
pub type BatchLine = Map<String, Value>;

/// The output of one function.
#[derive(Debug)]
pub(super) struct Output {
    function: String,
    console: Arc<Console>,
    file: Option<Mutex<File>>,
}

impl Output {
    /// Opens the output. With a folder, everything is appended to `{function}.log` in it.
    pub(super) fn new(function: &str, console: Arc<Console>, folder: Option<&Path>) -> io::Result<Self> {
        let open = |folder: &Path| {
            let path = folder.join(format!("{function}.log"));
            File::options().create(true).append(true).open(path).map(Mutex::new)
        };
        let file = folder.map(open).transpose()?;
        Ok(Self { function: function.to_owned(), console, file })
    }

    /// Returns a consumer for the lines of one execution environment, whose batch lines come out of the receiver.
    pub(super) fn lines(self: &Arc<Self>) -> (LineHandler, mpsc::UnboundedReceiver<BatchLine>) {
        let (batches, received) = mpsc::unbounded_channel();
        let output = Arc::clone(self);
        let lines = move |stream: OutputStream, line: &str| {
            output.log(line);
            match classify(stream, line) {
                Class::Batch(fields) => {
                    batches.send(fields).ok();
                }
                Class::Warning => output.show(line),
                Class::Other => {}
            }
        };
        (Arc::new(lines), received)
    }

    fn log(&self, line: &str) {
        if let Some(file) = &self.file {
            let mut file = file.lock();
            // A full disk must not stop the run; PostgreSQL will report it.
            writeln!(file, "{line}").ok();
        }
    }

    fn show(&self, line: &str) {
        self.console.warn(&format!("{}: {line}", self.function));
    }
}

enum Class {
    Batch(BatchLine),
    Warning,
    Other,
}

/// The fields by which a line is classified. The others are passed over: most lines are of metrics, with many fields.
#[derive(Deserialize)]
struct LogLine<'a> {
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    level: Option<&'a RawValue>,
}

/// Classifies a line. A function logs JSON to standard output; other text on standard error (a panic at the start, say)
/// is shown.
fn classify(stream: OutputStream, line: &str) -> Class {
    let Ok(fields) = serde_json::from_str::<LogLine<'_>>(line) else {
        return if stream == OutputStream::Stderr { Class::Warning } else { Class::Other };
    };
    if text(fields.message) == batch_line::MESSAGE
        && let Ok(fields) = serde_json::from_str(line)
    {
        return Class::Batch(fields);
    }
    let level = text(fields.level);
    let severe = ["WARN", "ERROR", "FATAL"].iter().any(|severe| level.eq_ignore_ascii_case(severe));
    if severe { Class::Warning } else { Class::Other }
}

fn text(field: Option<&RawValue>) -> &str {
    field.map(|field| field.get().trim_matches('"')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_classified_by_their_form() {
        let batch = |class| matches!(class, Class::Batch(_));
        let warning = |class| matches!(class, Class::Warning);
        assert!(batch(classify(OutputStream::Stdout, r#"{"message":"batch","level":"INFO","records":1}"#)));
        assert!(warning(classify(OutputStream::Stdout, r#"{"message":"no","level":"WARN"}"#)));
        assert!(warning(classify(OutputStream::Stdout, r#"{"message":"no","level":"error"}"#)));
        assert!(warning(classify(OutputStream::Stderr, "thread 'main' panicked")));
        for other in [r#"{"message":"hello","level":"INFO"}"#, "START", "[]", r#"{"message":["batch"]}"#] {
            assert!(matches!(classify(OutputStream::Stdout, other), Class::Other), "{other}");
        }
    }
}
