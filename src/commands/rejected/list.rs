//! `pipegen rejected list`: what was rejected, by reason and detail.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::{NOTHING, objects, quarantine, selection};
use crate::archive::rejections::{Rejection, each_rejection};
use crate::cli::RejectedListArgs;
use crate::printer::{self, Lines};

/// The most groups that are kept apart: a detail may name an unknown field, of which there may be any number.
const GROUPS: usize = 10_000;
/// The detail of what came after so many groups.
const OTHER: &str = "(other details)";

/// Rejections with one reason and detail.
#[derive(Serialize)]
struct Group {
    reason: String,
    detail: String,
    events: u64,
    #[serde(serialize_with = "time")]
    first: DateTime<Utc>,
    #[serde(serialize_with = "time")]
    last: DateTime<Utc>,
    /// The key of an object with one of them.
    example: String,
}

/// Prints the groups, the largest one first.
pub(super) fn run(args: &RejectedListArgs) -> anyhow::Result<ExitCode> {
    let selection = selection(&args.selection)?;
    objects::until_signal(async || {
        let mut groups = BTreeMap::new();
        each_rejection(&quarantine(&args.objects).await?, &selection, async |rejection| {
            add(&mut groups, rejection);
            Ok(true)
        })
        .await?;
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.sort_by_key(|group| Reverse(group.events));
        let mut lines = Lines::default();
        if args.json {
            for group in &groups {
                lines.write(&serde_json::to_string(group)?)?;
            }
        } else if !groups.is_empty() {
            for row in table(&groups) {
                lines.write(&row)?;
            }
        }
        lines.finish()?;
        if groups.is_empty() {
            printer::talk(NOTHING);
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn add(groups: &mut BTreeMap<(String, String), Group>, rejection: Rejection) {
    let mut place = (rejection.reason, rejection.detail);
    if groups.len() >= GROUPS && !groups.contains_key(&place) {
        OTHER.clone_into(&mut place.1);
    }
    let arrived_at = rejection.arrived_at;
    let group = groups.entry(place).or_insert_with_key(|(reason, detail)| Group {
        reason: reason.clone(),
        detail: detail.clone(),
        events: 0,
        first: arrived_at,
        last: arrived_at,
        example: rejection.key,
    });
    group.events += 1;
    group.first = group.first.min(arrived_at);
    group.last = group.last.max(arrived_at);
}

/// Returns the rows, with their heads.
fn table(groups: &[Group]) -> Vec<String> {
    let head = ["REASON", "EVENTS", "FIRST", "LAST", "DETAIL", "EXAMPLE"].map(str::to_owned);
    let rows = groups.iter().map(|group| {
        let Group { reason, detail, events, first, last, example } = group;
        [reason.clone(), events.to_string(), text(*first), text(*last), detail.clone(), example.clone()]
    });
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let [reasons, events, first, last, details] = [0, 1, 2, 3, 4].map(width);
    rows.iter()
        .map(|[reason, count, begin, end, detail, example]| {
            format!(
                "{reason:<reasons$}  {count:>events$}  {begin:<first$}  {end:<last$}  {detail:<details$}  {example}"
            )
        })
        .collect()
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn time<S: serde::Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_without_end_are_one_group_after_many() {
        let mut groups = BTreeMap::new();
        for number in 0..GROUPS + 5 {
            let rejection = Rejection {
                key: String::new(),
                reason: "invalid_data".to_owned(),
                detail: format!("`field{number}` is unknown"),
                shard: String::new(),
                sequence_number: String::new(),
                index: 0,
                arrived_at: DateTime::UNIX_EPOCH,
                partition_key: None,
                data: Vec::new(),
            };
            add(&mut groups, rejection.clone());
            add(&mut groups, rejection);
        }
        assert_eq!(groups.len(), GROUPS + 1);
        assert_eq!(groups[&("invalid_data".to_owned(), OTHER.to_owned())].events, 10);
    }
}
