//! The confusion matrix as a heat map: how many pictures of each class were taken for which.

use std::cmp::Reverse;

use crate::ReportError;
use crate::drawing::{Drawing, FONT, WIDTH};
use crate::input::Evaluation;
use crate::number::{filters, grouped};
use crate::text;

#[derive(askama::Template)]
#[template(path = "heat_map.svg")]
struct Layout {
    left: f64,
    top: f64,
    side: f64,
    /// Names above the columns stand upright where they are too long to lie.
    upright: bool,
    names: Vec<Name>,
    cells: Vec<Cell>,
    font_size: f64,
}

struct Name {
    text: String,
    /// The middle of the class's row or column, from the matrix's edge.
    middle: f64,
}

struct Cell {
    x: f64,
    y: f64,
    size: f64,
    class: &'static str,
    opacity: String,
    title: String,
    /// Empty where it would not fit.
    count: String,
}

const TITLE: f64 = 16.0;
const LARGEST_CELL: f64 = 56.0;
/// Counts can be read on the strongest colour.
pub(crate) const MOST_OPACITY: f64 = 0.55;
/// A smaller font is not read.
const SMALLEST_FONT: f64 = 7.0;

/// `None` without classes.
pub(crate) fn draw(evaluation: &Evaluation) -> Result<Option<Drawing>, ReportError> {
    let classes = evaluation.classes.len();
    if classes == 0 {
        return Ok(None);
    }
    let names = || evaluation.classes.iter().map(|class| class.name.as_str());
    let longest = names().map(|name| text::width(name, FONT)).fold(0.0, f64::max).min(90.0);
    let left = TITLE + longest + 6.0;
    let cell = ((WIDTH - left) / classes as f64).min(LARGEST_CELL);
    let upright = longest > cell - 2.0;
    let top = TITLE + if upright { longest + 6.0 } else { FONT + 5.0 };
    let every = (FONT / cell).ceil() as usize;
    let names = names().enumerate().step_by(every.max(1)).map(|(class, name)| Name {
        text: text::fit(name, FONT, longest + 1.0),
        middle: (class as f64 + 0.5) * cell,
    });
    let cells = Cells::new(evaluation, cell);
    let layout = Layout {
        left,
        top,
        side: cell * classes as f64,
        upright,
        names: names.collect(),
        font_size: cells.font_size,
        cells: cells.all(),
    };
    Ok(Some(Drawing {
        name: "confusion-matrix",
        title: "Confusion matrix",
        description: description(evaluation),
        width: WIDTH,
        height: (top + layout.side + 2.0).ceil(),
        body: askama::Template::render(&layout)?,
    }))
}

struct Cells<'a> {
    evaluation: &'a Evaluation,
    size: f64,
    /// Of the mistakes; no fewer than 10, or the first one would look like many.
    most_mistakes: f64,
    font_size: f64,
}

impl<'a> Cells<'a> {
    fn new(evaluation: &'a Evaluation, size: f64) -> Self {
        let largest = evaluation.confusion.iter().flatten().copied().max().unwrap_or(0);
        let widest = text::width(&largest.to_string(), 1.0);
        let mistakes = places(evaluation).filter(|(label, prediction)| label != prediction);
        let most =
            mistakes.map(|(label, prediction)| count(evaluation, label, prediction)).max().unwrap_or(0);
        Self {
            evaluation,
            size,
            most_mistakes: most.max(10) as f64,
            font_size: ((size - 3.0) / widest).min(FONT),
        }
    }

    fn all(&self) -> Vec<Cell> {
        places(self.evaluation).map(|(label, prediction)| self.one(label, prediction)).collect()
    }

    fn one(&self, label: usize, prediction: usize) -> Cell {
        let count = count(self.evaluation, label, prediction);
        let name = |class: usize| &self.evaluation.classes[class].name;
        // The diagonal is pale: it is not what one looks for. The logarithm lets one mistake be seen beside a hundred.
        let (class, opacity) = match label == prediction {
            true => ("right", 0.28),
            false => ("wrong", MOST_OPACITY * (1.0 + count as f64).ln() / (1.0 + self.most_mistakes).ln()),
        };
        Cell {
            x: prediction as f64 * self.size,
            y: label as f64 * self.size,
            size: self.size,
            class: if count == 0 { "tile" } else { class },
            opacity: if count == 0 { "1".to_owned() } else { format!("{opacity:.2}") },
            title: format!("{} taken for {}: {}", name(label), name(prediction), grouped(count)),
            count: if count > 0 && self.font_size >= SMALLEST_FONT {
                count.to_string()
            } else {
                String::new()
            },
        }
    }
}

/// Every label with every prediction, row by row.
fn places(evaluation: &Evaluation) -> impl Iterator<Item = (usize, usize)> {
    let classes = evaluation.classes.len();
    (0..classes).flat_map(move |label| (0..classes).map(move |prediction| (label, prediction)))
}

/// Of a matrix that is smaller than it should be, the rest is 0.
fn count(evaluation: &Evaluation, label: usize, prediction: usize) -> usize {
    evaluation.confusion.get(label).and_then(|row| row.get(prediction)).copied().unwrap_or(0)
}

/// The mistakes made most often, in words.
fn description(evaluation: &Evaluation) -> String {
    let classes = &evaluation.classes;
    let places =
        (0..classes.len()).flat_map(|label| (0..classes.len()).map(move |prediction| (label, prediction)));
    let mut mistakes: Vec<(usize, usize, usize)> = places
        .filter(|(label, prediction)| label != prediction)
        .map(|(label, prediction)| (count(evaluation, label, prediction), label, prediction))
        .filter(|mistake| mistake.0 > 0)
        .collect();
    mistakes.sort_by_key(|mistake| Reverse(mistake.0));
    if mistakes.is_empty() {
        return "No picture was taken for another class.".to_owned();
    }
    let words = mistakes.iter().take(3).map(|(count, label, prediction)| {
        format!("{} taken for {} {} times", classes[*label].name, classes[*prediction].name, grouped(*count))
    });
    format!("Rows are labels, columns predictions. Most often: {}.", words.collect::<Vec<_>>().join(", "))
}
