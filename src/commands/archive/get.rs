//! `pipegen archive get`: records, or the events in them.

use std::borrow::Cow;
use std::process::ExitCode;

use super::objects;
use crate::archive::event_filter::{EventFilter, events};
use crate::archive::line::{Kind, Line};
use crate::archive::merged::each_line;
use crate::cli::ArchiveGetArgs;
use crate::numbers::counted;
use crate::printer::{self, Lines};

/// Prints what matches.
pub(super) fn run(args: &ArchiveGetArgs) -> anyhow::Result<ExitCode> {
    let (range, filter) = (objects::range(&args.range)?, objects::filter(&args.events)?);
    objects::until_signal(async || {
        let archive = objects::archive(&args.objects).await?;
        let mut lines = Lines::default();
        let wanted = filter.clone();
        let keep = move |line: &Line<'_>| wanted.matches_record(&line.data);
        let (mut not_json, mut is_empty) = (0_u64, true);
        each_line(&archive, Kind::Archive, &range, keep, async |_, line| {
            is_empty = false;
            if args.events_only {
                write_events(line, &filter, &mut lines, &mut not_json)
            } else {
                Ok(lines.write(line)?)
            }
        })
        .await?;
        lines.finish()?;
        if is_empty {
            printer::talk(objects::nothing_archived(&args.range));
        }
        if not_json > 0 {
            let what = "without JSON, so without an event either: without --events they are printed";
            printer::talk(&format!("note: {} {what}", counted(not_json, "record")));
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Writes the events of a record that match. Returns false if nobody reads them.
fn write_events(line: &str, filter: &EventFilter, lines: &mut Lines, not_json: &mut u64) -> anyhow::Result<bool> {
    let line = Line::parse(Kind::Archive, line).map_err(anyhow::Error::msg)?;
    for event in events(&line.data).iter().filter(|event| filter.matches(event)) {
        match one_line(event.text) {
            Some(text) => {
                if !lines.write(&text)? {
                    return Ok(false);
                }
            }
            None => *not_json += 1,
        }
    }
    Ok(true)
}

/// Returns JSON on one line. Line ends are white space in it, since those in a string are escaped.
fn one_line(json: &[u8]) -> Option<Cow<'_, str>> {
    let text = str::from_utf8(json).ok()?.trim_ascii();
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    Some(if text.contains(['\n', '\r']) { text.replace(['\n', '\r'], " ").into() } else { text.into() })
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn an_event_is_on_one_line() {
        assert_eq!(one_line(b"{\"a\": 1}").as_deref(), Some("{\"a\": 1}"));
        assert_eq!(one_line(b"\n{\r\n\"a\": \"\\n\"}\n").as_deref(), Some("{  \"a\": \"\\n\"}"));
        for text in [&b"{"[..], b"", b"\xff", b"{\"a\": \"\n\"}"] {
            assert_eq!(one_line(text), None);
        }
    }
}
