//! The file `predictions.csv`: label, prediction and probabilities of each image, for spreadsheets and other
//! programs.

use std::fmt::Write;

use dataset::Subset;
use run_files::Mistake;
use thiserror::Error;

use crate::eval::probabilities::Probabilities;

const HEADER: &str = "index,label,prediction";

/// A line that [`render`] cannot have written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: found {found:?}, expected {expected}")]
pub struct LineError {
    pub line: usize,
    pub found: String,
    pub expected: String,
}

/// The text of the file. Each image has a line with its index in the data set's file, its label, its
/// prediction, and the probability of each class.
///
/// The probabilities are written with so many digits that they read back to the same bits.
pub fn render(probabilities: &Probabilities, images: &Subset) -> String {
    let mut csv = HEADER.to_owned();
    // The results of `write!` are ignored, because writing to a string cannot fail.
    for class in 0..probabilities.classes() {
        let _ = write!(csv, ",probability_{class}");
    }
    csv.push('\n');
    for (i, prediction) in probabilities.predictions().enumerate() {
        let _ = write!(csv, "{},{},{}", images.index(i), prediction.label, prediction.class());
        for &p in prediction.probabilities {
            // A small probability is written with an exponent, because it would begin with many zeros.
            let _ = if p == 0.0 || p >= 1e-4 { write!(csv, ",{p}") } else { write!(csv, ",{p:e}") };
        }
        csv.push('\n');
    }
    csv
}

/// The number of images in the text of a file, and those that were classified wrongly, by falling loss.
/// Images of equal loss keep their order.
///
/// # Errors
/// If a line cannot have been written by [`render`].
pub fn wrong(csv: &str) -> Result<(usize, Vec<Mistake>), LineError> {
    let mut lines = csv.lines();
    let header = lines.next().unwrap_or_default();
    let error = |line: usize, found: &str, expected: String| LineError {
        line,
        found: found.chars().take(80).collect(),
        expected,
    };
    if !header.starts_with(HEADER) {
        return Err(error(1, header, format!("{HEADER},probability_0,...")));
    }
    let columns = header.split(',').count();
    let (mut rows, mut wrong) = (0, Vec::new());
    for (i, line) in lines.enumerate() {
        let read = row(line, columns);
        let row = read.ok_or_else(|| {
            error(i + 2, line, format!("{columns} numbers, with label and prediction below {}", columns - 3))
        })?;
        rows += 1;
        wrong.extend(Some(row).filter(|row| row.label != row.prediction));
    }
    // The loss of a label whose probability is rounded to zero is not in the file. It is larger than all others.
    let loss = |mistake: &Mistake| mistake.loss.unwrap_or(f64::INFINITY);
    wrong.sort_by(|a, b| loss(b).total_cmp(&loss(a)));
    Ok((rows, wrong))
}

/// The image of a line, whether or not it was classified wrongly; `None` if the line is not valid.
fn row(line: &str, columns: usize) -> Option<Mistake> {
    let fields: Vec<&str> = line.split(',').collect();
    let [index, label, prediction, rest @ ..] = fields.as_slice() else { return None };
    let probabilities: Vec<f64> = rest.iter().map(|field| field.parse().ok()).collect::<Option<_>>()?;
    let class = |field: &str| field.parse().ok().filter(|class| *class < probabilities.len());
    let label: usize = class(label)?;
    let loss = -libm::log(*probabilities.get(label)?);
    (fields.len() == columns && probabilities.iter().all(|p| (0.0..=1.0).contains(p))).then_some(Mistake {
        index: index.parse().ok()?,
        label,
        prediction: class(prediction)?,
        loss: Some(loss).filter(|loss| loss.is_finite()),
        probabilities,
    })
}

#[cfg(test)]
mod tests {
    use dataset::TestSet;
    use dataset::idx::{Images, Labels};

    use super::*;
    use crate::eval::logits::Logits;
    use crate::eval::mistakes::worst;

    fn example() -> (Probabilities, TestSet) {
        let labels = vec![0, 2, 1, 2];
        let logits = vec![3.0, 0.1, -40.0, 1.0, 0.0, 0.5, 0.0, 0.3, 9.0, 900.0, 0.0, -700.0];
        let images = Images::new(4, 1, 1, vec![0; 4]).unwrap();
        let set = TestSet::from_images(images, Labels::new(labels.clone(), 3).unwrap(), 3).unwrap();
        (Probabilities::new(&Logits::new(3, labels, logits)).unwrap(), set)
    }

    #[test]
    fn what_is_written_reads_back_to_the_same_bits() {
        let (probabilities, set) = example();
        let csv = render(&probabilities, set.subset());
        assert!(
            csv.starts_with("index,label,prediction,probability_0,probability_1,probability_2\n0,0,0,"),
            "{csv}"
        );
        assert!(csv.lines().all(|line| line.len() < 80), "{csv}");
        let (rows, mistakes) = wrong(&csv).unwrap();
        assert_eq!(rows, 4);
        // The file has only probabilities, and one that is rounded to zero does not tell the loss.
        let mut expected = worst(&probabilities, set.subset(), 10);
        assert_eq!(expected[0].loss.take(), Some(1600.0));
        assert_eq!(mistakes, expected);
        assert_eq!(mistakes.iter().map(|mistake| mistake.index).collect::<Vec<_>>(), [3, 2, 1]);
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let (probabilities, set) = example();
        let csv = render(&probabilities, set.subset());
        assert_eq!(wrong("").unwrap_err().line, 1);
        for (from, to) in
            [("\n1,2,", "\n1,3,"), ("\n1,2,", "\n1,x,"), ("\n1,2,", "\n1,"), ("\n1,2,0,", "\n1,2,0,7")]
        {
            assert_eq!(wrong(&csv.replace(from, to)).unwrap_err().line, 3, "{to:?}");
        }
    }
}
