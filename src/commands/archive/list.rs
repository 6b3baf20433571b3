//! `pipegen archive list`: the objects of a time range.

use std::process::ExitCode;

use serde::Serialize;

use super::objects;
use crate::archive::line::Kind;
use crate::archive::objects::{Object, ShardHours};
use crate::cli::ArchiveListArgs;
use crate::numbers::counted;
use crate::printer::{self, Lines};

/// An object, as `--json` prints it.
#[derive(Serialize)]
struct Listed<'a> {
    hour: String,
    shard: &'a str,
    first: &'a str,
    last: &'a str,
    bytes: u64,
    key: &'a str,
}

/// Prints the objects.
pub(super) fn run(args: &ArchiveListArgs) -> anyhow::Result<ExitCode> {
    let range = objects::range(&args.range)?;
    objects::until_signal(async || {
        let archive = objects::archive(&args.objects).await?;
        let mut hours = ShardHours::list(&archive, Kind::Archive, &range);
        let mut lines = Lines::default();
        let (mut count, mut bytes) = (0_u64, 0_u64);
        'all: while let Some(hour) = hours.next().await? {
            for object in hour.objects {
                if count == 0 && !args.json {
                    lines.write(&row("HOUR", "SHARD", "BYTES", "KEY"))?;
                }
                count += 1;
                bytes += object.entry.size;
                let line = if args.json { serde_json::to_string(&listed(&object))? } else { table_row(&object) };
                if !lines.write(&line)? {
                    break 'all;
                }
            }
            for foreign in hours.take_foreign() {
                printer::talk(&format!("note: {} is none of the archive's objects", foreign.key));
            }
        }
        lines.finish()?;
        printer::talk(&match count {
            0 => objects::nothing_archived(&args.range).to_owned(),
            _ => format!("{}, {}", counted(count, "object"), counted(bytes, "byte")),
        });
        Ok(ExitCode::SUCCESS)
    })
}

fn listed(object: &Object) -> Listed<'_> {
    Listed {
        hour: hour(object),
        shard: &object.key.shard,
        first: object.key.first.as_str(),
        last: object.key.last.as_str(),
        bytes: object.entry.size,
        key: &object.entry.key,
    }
}

fn table_row(object: &Object) -> String {
    row(&hour(object), &object.key.shard, &object.entry.size.to_string(), &object.entry.key)
}

/// Lines up what is as wide as AWS makes it; a table of unknown length cannot wait for its widest cell.
fn row(hour: &str, shard: &str, bytes: &str, key: &str) -> String {
    format!("{hour:<20}  {shard:<20}  {bytes:>9}  {key}")
}

fn hour(object: &Object) -> String {
    let (date, hour) = object.key.hour.rsplit_once('/').unwrap_or_default();
    format!("{}T{hour}:00:00Z", date.replace('/', "-"))
}
