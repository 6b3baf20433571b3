//! The picture of a history: its faults, its recovery, and over the same time what waited and how reads went.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::history::Figures;
use crate::plan::{Fault, LOAD, Plan};
use crate::timeline::{EVERY, Sample};

const PIXELS_A_SECOND: f64 = 30.0;

/// The height of a fault's line.
const LINE: usize = 18;

/// The height of a curve.
const CURVE: f64 = 40.0;

/// The space for a text on the right.
const TEXT: f64 = 420.0;

/// Draws a history as SVG.
pub(crate) fn draw(page: &mut String, plan: &Plan, figures: &Figures) -> fmt::Result {
    let healed = plan.faults.iter().map(|fault| fault.at + fault.lasts).fold(LOAD, Duration::max);
    let end = figures.samples.last().map_or(Duration::ZERO, |sample| sample.at).max(healed + figures.recovery);
    let curves = (plan.faults.len() + 2) * LINE;
    write!(
        page,
        "<svg width=\"{:.0}\" height=\"{:.0}\" role=\"img\" aria-label=\"the history over time\">",
        x(end) + TEXT,
        px(curves) + 2.0 * (CURVE + px(LINE))
    )?;
    for (number, Fault { at, strike, lasts }) in plan.faults.iter().enumerate() {
        bar(page, "fault", number, (*at, *lasts), &strike.kind())?;
    }
    bar(page, "recovery", plan.faults.len(), (healed, figures.recovery), "recovery")?;
    let (waiting, reads) = (px(curves), px(curves + LINE) + CURVE);
    let most = |count: fn(&Sample) -> u64| figures.samples.iter().map(count).max().unwrap_or(0);
    let most_waiting = most(|sample| sample.waiting);
    columns(page, "waiting", waiting, most_waiting, &figures.samples, |sample| sample.waiting)?;
    label(page, end, waiting, &format!("records not processed, {most_waiting} at most"))?;
    let most_reads = most(|sample| sample.reads + sample.failed);
    columns(page, "read", reads, most_reads, &figures.samples, |sample| sample.reads + sample.failed)?;
    columns(page, "excused", reads, most_reads, &figures.samples, |sample| sample.excused + sample.failed)?;
    columns(page, "failure", reads, most_reads, &figures.samples, |sample| sample.failed)?;
    label(page, end, reads, &format!("reads in {EVERY:?} (stale and excused, failed), {most_reads} at most"))?;
    writeln!(page, "</svg>")
}

/// Draws a bar on a line of its own, with its text.
fn bar(page: &mut String, class: &str, line: usize, (from, lasts): (Duration, Duration), text: &str) -> fmt::Result {
    let (left, top, wide) = (x(from), line * LINE, x(lasts).max(3.0));
    write!(page, "<rect class=\"{class}\" x=\"{left:.0}\" y=\"{top}\" width=\"{wide:.0}\" height=\"12\"/>")?;
    write!(page, "<text x=\"{:.0}\" y=\"{}\">{text}</text>", left + wide + 4.0, top + 11)
}

/// Draws a column for each sample, of at most the height of a curve.
fn columns(
    page: &mut String,
    class: &str,
    top: f64,
    most: u64,
    samples: &[Sample],
    count: impl Fn(&Sample) -> u64,
) -> fmt::Result {
    for sample in samples {
        let share = Duration::from_secs(count(sample)).as_secs_f64() / Duration::from_secs(most.max(1)).as_secs_f64();
        let high = share * CURVE;
        if high > 0.0 {
            let (left, wide) = (x(sample.at.saturating_sub(EVERY)), x(EVERY));
            let y = top + CURVE - high;
            write!(
                page,
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\"/>"
            )?;
        }
    }
    Ok(())
}

/// Writes a curve's text on its right.
fn label(page: &mut String, end: Duration, top: f64, text: &str) -> fmt::Result {
    write!(page, "<text x=\"{:.0}\" y=\"{:.0}\">{text}</text>", x(end) + 4.0, top + CURVE)
}

fn x(time: Duration) -> f64 {
    time.as_secs_f64() * PIXELS_A_SECOND
}

/// Returns a number of pixels.
fn px(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
