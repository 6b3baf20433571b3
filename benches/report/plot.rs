//! A benchmark's plot as SVG.
//!
//! Only text is measured by plotters itself, and roughly: without a font it counts characters.

use std::ops::Range;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;

use super::table::number;
use crate::results::{Axis, Benchmark, Chart, Line, Plot};

const WIDTH: u32 = 900;
const HEIGHT: u32 = 500;
/// The height of one of several charts.
const CHART: u32 = 320;
/// The width of the names beside a chart with lines.
const LEGEND: u32 = 210;
/// The height of a bar with the space around it.
const BAR: i32 = 34;
const FONT: (&str, u32) = ("sans-serif", 16);
const COLOURS: [RGBColor; 6] = [
    RGBColor(31, 119, 180),
    RGBColor(255, 127, 14),
    RGBColor(44, 160, 44),
    RGBColor(214, 39, 40),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(super) fn write(file: &Path, benchmark: &Benchmark) -> Result<()> {
    match &benchmark.plot {
        Plot::Bars { unit, bars } => {
            let height = HEIGHT.min(80 + u32::try_from(bars.len())? * BAR.unsigned_abs());
            draw(file, height, |area| write_bars(area, &format!("{}, {unit}", benchmark.title), bars))
        }
        Plot::Lines { x, y, lines } => draw(file, HEIGHT, |area| write_lines(area, benchmark.title, x, y, lines)),
        Plot::Charts { charts } => draw(file, CHART * u32::try_from(charts.len())?, |area| {
            let areas = area.split_evenly((charts.len(), 1));
            areas
                .iter()
                .zip(charts)
                .try_for_each(|(area, Chart { title, x, y, lines })| write_lines(area, title, x, y, lines))
        }),
    }
}

fn draw(path: &Path, height: u32, fill: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<()> {
    let area = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    fill(&area)?;
    Ok(area.present()?)
}

/// Draws horizontal bars, each with its name before and its value behind it.
fn write_bars(area: &Area<'_>, title: &str, bars: &[(String, f64)]) -> Result<()> {
    const NAMES: i32 = 330;
    const VALUES: i32 = 90;
    area.draw(&Text::new(title.to_owned(), (20, 20), ("sans-serif", 20)))?;
    let longest = bars.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let room = f64::from(i32::try_from(WIDTH)? - NAMES - VALUES);
    for ((name, value), top) in bars.iter().zip((60..).step_by(BAR.unsigned_abs() as usize)) {
        #[expect(clippy::cast_possible_truncation, reason = "a width in pixels")]
        let width = (value / longest * room).round() as i32;
        area.draw(&Text::new(name.clone(), (20, top + 6), FONT))?;
        area.draw(&Rectangle::new([(NAMES, top), (NAMES + width, top + BAR - 10)], COLOURS[0].filled()))?;
        area.draw(&Text::new(number(*value), (NAMES + width + 8, top + 6), FONT))?;
    }
    Ok(())
}

fn write_lines(area: &Area<'_>, title: &str, x: &Axis, y: &Axis, lines: &[Line]) -> Result<()> {
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let (along, up) = (range(points().map(|(x, _)| x), x), range(points().map(|(_, y)| y), y));
    let (area, legend) = area.split_horizontally(WIDTH - LEGEND);
    write_legend(&legend, lines)?;
    let mut chart = ChartBuilder::on(&area);
    chart.caption(title, ("sans-serif", 20)).margin(20).x_label_area_size(50).y_label_area_size(90);
    match (x.logarithmic, y.logarithmic) {
        (true, true) => series(chart.build_cartesian_2d(along.log_scale(), up.log_scale())?, x, y, lines),
        (true, false) => series(chart.build_cartesian_2d(along.log_scale(), up)?, x, y, lines),
        (false, true) => series(chart.build_cartesian_2d(along, up.log_scale())?, x, y, lines),
        (false, false) => series(chart.build_cartesian_2d(along, up)?, x, y, lines),
    }
}

/// Draws the names beside the chart, where they hide nothing.
fn write_legend(area: &Area<'_>, lines: &[Line]) -> Result<()> {
    for ((line, colour), y) in lines.iter().zip(COLOURS.into_iter().cycle()).zip((60..).step_by(24)) {
        area.draw(&PathElement::new([(0, y), (20, y)], colour.stroke_width(2)))?;
        area.draw(&Text::new(line.name.clone(), (28, y - 6), FONT))?;
    }
    Ok(())
}

/// Returns what an axis shows: from zero, unless it is logarithmic.
fn range(values: impl Iterator<Item = f64>, axis: &Axis) -> Range<f64> {
    let (least, most) =
        values.fold((f64::INFINITY, f64::MIN_POSITIVE), |(least, most), value| (least.min(value), most.max(value)));
    if axis.logarithmic { least / 1.2..most * 1.2 } else { 0.0..most * 1.1 }
}

fn series<'a, X, Y>(
    mut chart: ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
    x: &Axis,
    y: &Axis,
    lines: &[Line],
) -> Result<()>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let failed = |error: DrawingAreaErrorKind<_>| anyhow!("{error}");
    let label = |value: &f64| number(*value);
    let mut mesh = chart.configure_mesh();
    mesh.x_desc(x.title).y_desc(y.title).x_label_formatter(&label).y_label_formatter(&label);
    mesh.label_style(FONT).draw().map_err(failed)?;
    for (line, colour) in lines.iter().zip(COLOURS.into_iter().cycle()) {
        let drawn = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)).point_size(3);
        chart.draw_series(drawn).map_err(failed)?;
    }
    Ok(())
}
