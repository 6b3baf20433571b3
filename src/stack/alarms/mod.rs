//! The alarms (`aws_cloudwatch_metric_alarm`), from three tables, which the dashboard shows as well.
//!
//! - `alarm`: an alarm and its parts
//! - `events`: events arrive, are understood, and are stored
//! - `functions`: functions run and answer
//! - `stores`: database and cache keep up
//!
//! An alarm costs by the metrics that it watches ($0.10 a month each), so watching several together saves nothing. Each
//! is there because none of the others would tell; its description says what it means and what to do first.
//!
//! An alarm on a resource that nothing watches yet needs the resource in [`Watched`]; a new row of the dashboard is a
//! new [`Part`].

mod alarm;
mod events;
mod functions;
mod stores;

use super::build::Build;
use super::topic::Topic;
use crate::terraform::{Block, Expression};
pub(super) use alarm::{Alarm, Measure, Part, Threshold, Watched};

/// Returns the alarms of all three tables.
pub(super) fn table(build: &Build<'_>, watched: &Watched<'_>) -> Vec<Alarm> {
    [events::table(build, watched), functions::table(build, watched), stores::table(build, watched)].concat()
}

/// Declares the alarms, and returns their ARNs.
pub(super) fn declare(build: &mut Build<'_>, topic: &Topic, alarms: &[Alarm]) -> Vec<Expression> {
    let mut declared = Vec::new();
    for alarm in alarms {
        let label = alarm.name.purpose.replace('-', "_");
        let body = alarm.body(build, topic);
        let block = Block::new("aws_cloudwatch_metric_alarm", label, body).after([&topic.policy]);
        declared.push(build.document.resource(block).attribute("arn"));
    }
    declared
}
