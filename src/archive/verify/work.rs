//! The verification of a range: hour by hour and shard by shard, objects in parallel.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, Stream, StreamExt as _};

use super::fingerprint::Fingerprints;
use super::object::{Examined, Examiner};
use super::overlaps::Overlaps;
use super::rejected::Rejected;
use super::report::{Counts, Problem, ProblemKind, Problems, Summary};
use crate::archive::discarded;
use crate::archive::line::Kind;
use crate::archive::objects::{AHEAD, Object, ShardHour, ShardHours};
use crate::archive::source::{ObjectEntry, Source};
use crate::archive::time_range::TimeRange;

/// The time after which a record must be in the archive: an alarm goes off if one waits for longer.
const ARCHIVED_WITHIN: TimeDelta = TimeDelta::minutes(15);

/// Verifies all objects of the hours that the range touches. Problems are passed on as they are found.
///
/// # Errors
/// If an object cannot be had, or `report` fails. What is wrong with an object is a problem, not an error.
pub async fn verify(
    archive: &Source,
    quarantine: Option<&Source>,
    range: &TimeRange,
    now: DateTime<Utc>,
    report: impl FnMut(&Problem) -> anyhow::Result<()>,
) -> anyhow::Result<Summary> {
    let fingerprints = Fingerprints::default();
    let steps = Steps {
        archive: archive.clone(),
        quarantine: quarantine.cloned(),
        hours: Hours {
            archive: ShardHours::list(archive, Kind::Archive, range),
            quarantine: quarantine.map(|source| ShardHours::list(source, Kind::Quarantine, range)),
            ahead: [None, None],
        },
        queue: VecDeque::new(),
        settled: now - ARCHIVED_WITHIN,
        fingerprints: fingerprints.clone(),
    };
    let mut verification = Verification {
        summary: Summary { quarantine: quarantine.map(|_| Counts::default()), ..Summary::default() },
        overlaps: Overlaps::default(),
        shard: String::new(),
        rejected: Rejected::default(),
        not_archived: None,
        fingerprints,
        report,
    };
    let mut steps = std::pin::pin!(steps.examined());
    while let Some(step) = steps.next().await {
        match step? {
            Done::Foreign(object) => verification.foreign(&object)?,
            Done::Begun(hour) => {
                verification.end_hour(quarantine).await?;
                verification.begin_hour(*hour)?;
            }
            Done::Archived(object, examined) => verification.archived(&object, *examined)?,
        }
    }
    verification.end_hour(quarantine).await?;
    Ok(verification.summary)
}

/// The state of a verification.
struct Verification<R> {
    summary: Summary,
    overlaps: Overlaps,
    /// The shard that is being verified, and its rejected events of the hour.
    shard: String,
    rejected: Rejected,
    /// The records in the archiver's discarded batches, once somebody had to look.
    not_archived: Option<HashMap<String, Vec<String>>>,
    fingerprints: Fingerprints,
    report: R,
}

impl<R: FnMut(&Problem) -> anyhow::Result<()>> Verification<R> {
    fn foreign(&mut self, object: &ObjectEntry) -> anyhow::Result<()> {
        let detail = "is not a key of the archive or of the quarantine";
        let mut problems = Problems::default();
        problems.push(Problem::of_object(ProblemKind::Key, &object.key, detail));
        self.tell(problems)
    }

    fn begin_hour(&mut self, hour: RejectedHour) -> anyhow::Result<()> {
        if let Some(counts) = &mut self.summary.quarantine {
            counts.add(&hour.counts);
        }
        self.shard = hour.shard;
        self.rejected = hour.rejected;
        self.tell(hour.problems)
    }

    fn archived(&mut self, object: &Object, mut examined: Examined) -> anyhow::Result<()> {
        let mut problems = std::mem::take(&mut examined.problems);
        examined.counts.repeated = self.overlaps.add(object, &examined, &mut problems);
        for record in &examined.events {
            self.rejected.compare(record, &mut problems);
        }
        self.summary.archive.add(&examined.counts);
        self.tell(problems)
    }

    async fn end_hour(&mut self, quarantine: Option<&Source>) -> anyhow::Result<()> {
        let rejected = std::mem::take(&mut self.rejected);
        let Some(quarantine) = quarantine.filter(|_| rejected.lacks_any()) else { return Ok(()) };
        let elsewhere = match self.not_archived.take() {
            Some(elsewhere) => elsewhere,
            None => discarded::not_archived(quarantine).await?,
        };
        let of_shard = elsewhere.get(&self.shard).into_iter().flatten();
        let kept = of_shard.map(|number| self.fingerprints.of(number.as_bytes())).collect();
        self.not_archived = Some(elsewhere);
        let mut problems = Problems::default();
        self.summary.not_archived_yet += rejected.report_missing(&kept, &mut problems);
        self.tell(problems)
    }

    fn tell(&mut self, problems: Problems) -> anyhow::Result<()> {
        for problem in problems.into_vec() {
            self.summary.problems += 1;
            (self.report)(&problem)?;
        }
        Ok(())
    }
}

/// The rejected events of an hour and shard, examined.
struct RejectedHour {
    shard: String,
    rejected: Rejected,
    counts: Counts,
    problems: Problems,
}

/// The steps of a verification, in their order.
struct Steps {
    archive: Source,
    quarantine: Option<Source>,
    hours: Hours,
    queue: VecDeque<Step>,
    /// The time up to which arrivals must be in the archive.
    settled: DateTime<Utc>,
    fingerprints: Fingerprints,
}

enum Step {
    Foreign(ObjectEntry),
    Begin(Box<RejectedHour>),
    Examine(Examiner, Object),
}

/// A step that has been done.
enum Done {
    Foreign(ObjectEntry),
    Begun(Box<RejectedHour>),
    Archived(Object, Box<Examined>),
}

impl Steps {
    /// Does the steps, objects ahead of their turn and by several threads.
    fn examined(self) -> impl Stream<Item = anyhow::Result<Done>> {
        let archive = self.archive.clone();
        let steps =
            stream::try_unfold(self, |mut steps| async { anyhow::Ok(steps.next().await?.map(|step| (step, steps))) });
        let done = steps.map(move |step| {
            let archive = archive.clone();
            async move {
                Ok(match step? {
                    Step::Foreign(object) => Done::Foreign(object),
                    Step::Begin(rejected) => Done::Begun(rejected),
                    Step::Examine(checks, object) => {
                        let (object, examined) = examine(&archive, checks, object).await?;
                        Done::Archived(object, Box::new(examined))
                    }
                })
            }
        });
        done.buffered(AHEAD)
    }

    async fn next(&mut self) -> anyhow::Result<Option<Step>> {
        if self.queue.is_empty() {
            let next = self.hours.next().await?;
            self.queue.extend(self.hours.take_foreign().into_iter().map(Step::Foreign));
            if let Some((archived, rejected)) = next {
                let mut hour = self.read_rejected(rejected).await?;
                if let Some(object) = archived.first() {
                    hour.shard.clone_from(&object.key.shard);
                }
                let wanted = Arc::new(hour.rejected.records());
                self.queue.push_back(Step::Begin(Box::new(hour)));
                for object in archived {
                    let checks = self.examiner(Kind::Archive, Arc::clone(&wanted));
                    self.queue.push_back(Step::Examine(checks, object));
                }
            }
        }
        Ok(self.queue.pop_front())
    }

    async fn read_rejected(&self, objects: Vec<Object>) -> anyhow::Result<RejectedHour> {
        let mut hour = RejectedHour {
            shard: objects.first().map(|object| object.key.shard.clone()).unwrap_or_default(),
            rejected: Rejected::default(),
            counts: Counts::default(),
            problems: Problems::default(),
        };
        let Some(source) = &self.quarantine else { return Ok(hour) };
        let checks = self.examiner(Kind::Quarantine, Arc::default());
        let examined = stream::iter(objects).map(|object| examine(source, checks.clone(), object)).buffered(AHEAD);
        let mut examined = std::pin::pin!(examined);
        let mut overlaps = Overlaps::default();
        while let Some(next) = examined.next().await {
            let (object, mut examined) = next?;
            let mut problems = std::mem::take(&mut examined.problems);
            examined.counts.repeated = overlaps.add(&object, &examined, &mut problems);
            hour.rejected.add(&object, &examined, self.settled);
            hour.counts.add(&examined.counts);
            for problem in problems.into_vec() {
                hour.problems.push(problem);
            }
        }
        Ok(hour)
    }

    fn examiner(&self, kind: Kind, wanted: Arc<HashSet<u128>>) -> Examiner {
        Examiner { kind, fingerprints: self.fingerprints.clone(), wanted }
    }
}

async fn examine(source: &Source, checks: Examiner, object: Object) -> anyhow::Result<(Object, Examined)> {
    let body = source.get(&object.entry).await?;
    let examined = tokio::task::spawn_blocking(move || {
        let examined = checks.examine(&object, &body);
        (object, examined)
    });
    Ok(examined.await?)
}

/// The hours and shards of the archive and of the quarantine side by side.
struct Hours {
    archive: ShardHours,
    quarantine: Option<ShardHours>,
    ahead: [Option<ShardHour>; 2],
}

impl Hours {
    /// Returns the objects of the next hour and shard: archived ones, and those with rejected events.
    async fn next(&mut self) -> anyhow::Result<Option<(Vec<Object>, Vec<Object>)>> {
        let [archived, rejected] = &mut self.ahead;
        if archived.is_none() {
            *archived = self.archive.next().await?;
        }
        if rejected.is_none()
            && let Some(quarantine) = &mut self.quarantine
        {
            *rejected = quarantine.next().await?;
        }
        let place = |hour: &Option<ShardHour>| hour.as_ref().map(ShardHour::place);
        let (of_archive, of_quarantine) = (place(archived), place(rejected));
        let Some(next) = [&of_archive, &of_quarantine].into_iter().flatten().min() else { return Ok(None) };
        let take = |hour: &mut Option<ShardHour>| hour.take().map(|hour| hour.objects).unwrap_or_default();
        let archived = if of_archive.as_ref() == Some(next) { take(archived) } else { Vec::new() };
        let rejected = if of_quarantine.as_ref() == Some(next) { take(rejected) } else { Vec::new() };
        Ok(Some((archived, rejected)))
    }

    fn take_foreign(&mut self) -> Vec<ObjectEntry> {
        let mut foreign = self.archive.take_foreign();
        foreign.extend(self.quarantine.iter_mut().flat_map(ShardHours::take_foreign));
        foreign
    }
}
