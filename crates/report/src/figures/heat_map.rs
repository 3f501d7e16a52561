//! The confusion matrix as a heat map: how many images of each class were taken for which class.

use std::cmp::Reverse;

use run_files::Evaluation;

use crate::error::ReportError;
use crate::figures::drawing::{Drawing, FONT, WIDTH};
use crate::number::{filters, grouped};
use crate::palette::MOST_OPACITY;
use crate::text;

#[derive(askama::Template)]
#[template(path = "figures/heat_map.svg")]
struct HeatMapLayout {
    left: f64,
    top: f64,
    side: f64,
    /// Whether the names above the columns are turned upright, because they are too long.
    upright: bool,
    names: Vec<ClassName>,
    cells: Vec<Cell>,
    /// Between two cells.
    gap: f64,
    /// Whether only the cells are there in which something was counted.
    is_sparse: bool,
    font_size: f64,
}

struct ClassName {
    text: String,
    /// Distance of the middle of the class's row or column from the matrix's edge.
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
/// A matrix of more classes has no cells where nothing was counted.
const MOST_WITH_EMPTY_CELLS: usize = 40;
/// Counts that would need a smaller font are left out, because nobody could read them.
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
    let names = names().enumerate().step_by(every.max(1)).map(|(class, name)| ClassName {
        text: text::fit(name, FONT, longest + 1.0),
        middle: (class as f64 + 0.5) * cell,
    });
    let cells = Cells::new(evaluation, cell);
    let layout = HeatMapLayout {
        left,
        top,
        side: cell * classes as f64,
        upright,
        names: names.collect(),
        // A gap would leave nothing of small cells.
        gap: if cell > 4.0 { 1.0 } else { 0.0 },
        is_sparse: classes > MOST_WITH_EMPTY_CELLS,
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
    /// The largest count of a mistake, which has the strongest colour. It is taken for 10 if it is less,
    /// because a single mistake would look like many otherwise.
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
            font_size: ((size - 3.0) / widest).clamp(0.0, FONT),
        }
    }

    fn all(&self) -> Vec<Cell> {
        // Empty cells of a large matrix would make the page megabytes large.
        let is_large = self.evaluation.classes.len() > MOST_WITH_EMPTY_CELLS;
        let is_drawn = |&(label, prediction): &(usize, usize)| {
            !is_large || count(self.evaluation, label, prediction) > 0
        };
        places(self.evaluation)
            .filter(is_drawn)
            .map(|(label, prediction)| self.one(label, prediction))
            .collect()
    }

    fn one(&self, label: usize, prediction: usize) -> Cell {
        let count = count(self.evaluation, label, prediction);
        let name = |class: usize| &self.evaluation.classes[class].name;
        // The diagonal is pale, because a reader looks for mistakes. The logarithm lets a reader see one
        // mistake beside a hundred.
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

/// A count of the matrix; 0 where the matrix is smaller than the number of classes.
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
        return "No image was taken for another class.".to_owned();
    }
    let words = mistakes.iter().take(3).map(|(count, label, prediction)| {
        format!("{} taken for {} {} times", classes[*label].name, classes[*prediction].name, grouped(*count))
    });
    format!("Rows are labels, columns predictions. Most often: {}.", words.collect::<Vec<_>>().join(", "))
}
