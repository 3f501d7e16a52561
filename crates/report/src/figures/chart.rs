//! Lines over two axes, with marks and a legend.

use std::fmt::Write;

use crate::error::ReportError;
use crate::figures::axis::{Axis, AxisScale, Tick};
use crate::figures::drawing::{Drawing, FONT, WIDTH};
use crate::number::{Px, filters};
use crate::text;

/// The points of a line; `None` is a gap, where a value was not a number.
pub(crate) type Points = Vec<Option<(f64, f64)>>;

/// One line of a chart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    /// A line with an empty name is not in the legend.
    pub(crate) name: String,
    /// Classes of the style sheet, separated by spaces.
    pub(crate) class: String,
    pub(crate) points: Points,
    pub(crate) marks: Option<Mark>,
    /// A point to draw a circle around.
    pub(crate) circled: Option<(f64, f64)>,
}

/// The shape that marks a line's points. Lines differ in it, so that nobody needs to see colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Circle,
    Square,
    Triangle,
    Diamond,
}

/// A chart, in the units of the data.
pub(crate) struct Chart {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: String,
    pub(crate) x_label: &'static str,
    pub(crate) y_label: &'static str,
    /// `None` is linear and begins at zero.
    pub(crate) y_scale: Option<AxisScale>,
    pub(crate) series: Vec<Series>,
}

/// The chart in pixels, as the template draws it.
#[derive(askama::Template)]
#[template(path = "figures/chart.svg")]
struct ChartLayout<'a> {
    chart: &'a Chart,
    frame: Frame,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    lines: Vec<Line>,
    legend: Vec<LegendEntry>,
}

/// Edges of the plot.
struct Frame {
    left: f64,
    right: f64,
    bottom: f64,
}

struct Line {
    class: String,
    path: String,
    marks: String,
    circled: Option<(Px, Px)>,
}

struct LegendEntry {
    class: String,
    name: String,
    x: Px,
    y: Px,
    marks: String,
}

/// Height of a row of the legend.
const ROW: f64 = 17.0;
/// Height of the plot.
const PLOT: f64 = 168.0;
/// More marks than these on one line run into each other.
const MOST_MARKS: usize = 40;

impl Chart {
    /// `None` if there is nothing to draw.
    pub(crate) fn draw(&self) -> Result<Option<Drawing>, ReportError> {
        let points = || self.series.iter().flat_map(|series| series.points.iter().flatten());
        if points().next().is_none() {
            return Ok(None);
        }
        let (legend, rows) = self.legend();
        let top = 20.0 + rows as f64 * ROW + 4.0;
        let bottom = top + PLOT;
        let values = points().map(|point| point.1);
        let y = match self.y_scale {
            Some(scale) => Axis::over(scale, values, bottom, top),
            None => Axis::from_zero(values, bottom, top),
        };
        let y_ticks = y.ticks(6);
        let widest = y_ticks.iter().map(|tick| text::width(&tick.text, FONT)).fold(20.0, f64::max);
        let frame = Frame { left: widest + 8.0, right: WIDTH - 8.0, bottom };
        let last = points().map(|point| point.0).fold(0.0, f64::max);
        let x = Axis::linear(0.0, last, frame.left, frame.right);
        let layout = ChartLayout {
            chart: self,
            x_ticks: x.ticks(8).into_iter().filter(|tick| !tick.text.contains('.')).collect(),
            y_ticks,
            lines: self.series.iter().map(|series| line(series, &x, &y)).collect(),
            legend,
            frame,
        };
        Ok(Some(Drawing {
            name: self.name,
            title: self.title,
            description: self.description.clone(),
            width: WIDTH,
            height: layout.frame.bottom + 36.0,
            body: askama::Template::render(&layout)?,
        }))
    }

    /// The names from left to right in as many rows as they need, and the number of these rows.
    fn legend(&self) -> (Vec<LegendEntry>, usize) {
        let (mut x, mut row) = (0.0, 0);
        let mut entries = Vec::new();
        for series in self.series.iter().filter(|series| !series.name.is_empty()) {
            let room = WIDTH - 24.0;
            let name = text::fit(&series.name, FONT, room);
            let width = 24.0 + text::width(&name, FONT) + 12.0;
            if x > 0.0 && x + width - 12.0 > WIDTH {
                (x, row) = (0.0, row + 1);
            }
            let y = 20.0 + row as f64 * ROW + 8.0;
            let mut marks = String::new();
            if let Some(mark) = series.marks {
                mark.draw(&mut marks, x + 9.0, y);
            }
            entries.push(LegendEntry { class: series.class.clone(), name, x: Px(x), y: Px(y), marks });
            x += width;
        }
        // There is one row even without names, so that charts side by side are equally high.
        (entries, row + 1)
    }
}

fn line(series: &Series, x: &Axis, y: &Axis) -> Line {
    let place = |point: &(f64, f64)| Some((x.at(point.0)?, y.at(point.1)?));
    let placed: Points = series.points.iter().map(|point| point.as_ref().and_then(place)).collect();
    let mut marks = String::new();
    if let Some(mark) = series.marks.filter(|_| placed.len() <= MOST_MARKS) {
        for (x, y) in placed.iter().flatten() {
            mark.draw(&mut marks, *x, *y);
        }
    }
    let circled = series.circled.as_ref().and_then(place).map(|(x, y)| (Px(x), Px(y)));
    Line { class: series.class.clone(), path: path(&thinned(placed)), marks, circled }
}

/// Keeps of all points in one pixel's column the lowest and the highest. The curve looks the same, and that
/// of a long run takes no more room on the page than that of a short one.
fn thinned(points: Points) -> Points {
    let mut thinned: Points = Vec::new();
    let mut column: Vec<(f64, f64)> = Vec::new();
    let flush = |column: &mut Vec<(f64, f64)>, thinned: &mut Points| {
        let by_y = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let ends = (column.iter().min_by(by_y).copied(), column.iter().max_by(by_y).copied());
        if column.len() <= 2 {
            thinned.extend(column.iter().copied().map(Some));
        } else if let (Some(low), Some(high)) = ends {
            let (first, second) = if low.0 <= high.0 { (low, high) } else { (high, low) };
            thinned.extend([Some(first), Some(second)]);
        }
        column.clear();
    };
    for point in points {
        match point {
            Some(point) => {
                if column.first().is_some_and(|first| first.0.floor() != point.0.floor()) {
                    flush(&mut column, &mut thinned);
                }
                column.push(point);
            }
            None => {
                flush(&mut column, &mut thinned);
                thinned.push(None);
            }
        }
    }
    flush(&mut column, &mut thinned);
    thinned
}

fn path(points: &Points) -> String {
    let mut path = String::new();
    let mut is_drawing = false;
    for point in points {
        if let Some((x, y)) = point {
            // A line of no length has round ends, so a lone point can be seen. Writing to a string cannot
            // fail.
            let _ = match is_drawing {
                true => write!(path, "L{} {}", Px(*x), Px(*y)),
                false => write!(path, "M{} {}h0", Px(*x), Px(*y)),
            };
        }
        is_drawing = point.is_some();
    }
    path
}

impl Mark {
    /// The mark of the series with this number, from 0.
    pub(crate) fn of(series: usize) -> Self {
        [Self::Circle, Self::Square, Self::Triangle, Self::Diamond][series % 4]
    }

    /// Adds the mark to a path.
    pub(crate) fn draw(self, path: &mut String, x: f64, y: f64) {
        let at = |dx: f64, dy: f64| format!("{} {}", Px(x + dx), Px(y + dy));
        let drawn = match self {
            Self::Circle => format!("M{}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", at(-3.5, 0.0)),
            Self::Square => format!("M{}h6.4v6.4h-6.4z", at(-3.2, -3.2)),
            Self::Triangle => format!("M{}L{}L{}z", at(0.0, -4.2), at(4.0, 3.0), at(-4.0, 3.0)),
            Self::Diamond => {
                format!("M{}L{}L{}L{}z", at(0.0, -4.5), at(4.5, 0.0), at(0.0, 4.5), at(-4.5, 0.0))
            }
        };
        path.push_str(&drawn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_breaks_the_line_and_a_lone_point_is_seen() {
        let points = [Some((0.0, 1.0)), Some((1.0, 2.0)), None, Some((3.0, 4.0))];
        assert_eq!(path(&points.to_vec()), "M0 1h0L1 2M3 4h0");
    }

    #[test]
    fn thinning_keeps_each_columns_ends_and_the_gaps() {
        let many: Points = (0..100_000).map(|i| Some((f64::from(i) / 1000.0, f64::from(i % 7)))).collect();
        let few = thinned(many);
        assert_eq!(few.len(), 200);
        assert!(
            few.iter().flatten().any(|point| point.1 == 0.0)
                && few.iter().flatten().any(|point| point.1 == 6.0)
        );
        let gap = vec![Some((0.0, 1.0)), None, Some((0.2, 1.0))];
        assert_eq!(thinned(gap.clone()), gap);
        assert_eq!(thinned(vec![]), vec![]);
    }

    #[test]
    fn a_long_legend_takes_more_rows_and_stays_inside() {
        let series = |name: &str| Series { name: name.into(), ..Default::default() };
        let chart = Chart {
            name: "n",
            title: "t",
            description: String::new(),
            x_label: "x",
            y_label: "y",
            y_scale: None,
            series: vec![series("short"), series(""), series(&"long/".repeat(50)), series("third")],
        };
        let (entries, rows) = chart.legend();
        assert_eq!((entries.len(), rows), (3, 3));
        assert!(entries.iter().all(|entry| entry.x.0 + 24.0 + text::width(&entry.name, FONT) <= WIDTH));
    }
}
