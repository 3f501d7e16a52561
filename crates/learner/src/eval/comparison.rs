//! A comparison of two networks on the same images, with a test of whether they differ by more than chance.

use serde::Serialize;
use thiserror::Error;

use crate::eval::probabilities::Probabilities;

/// The networks were tested on different images, so they cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the two networks were tested on different images or labels: A on {a} images, B on {b}")]
pub struct DifferentImages {
    /// Number of A's images.
    pub a: usize,
    /// Number of B's images.
    pub b: usize,
}

/// A comparison of two networks, A and B, on the same images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    #[serde(rename = "pictures")]
    pub images: usize,
    pub both_right: usize,
    pub only_a_right: usize,
    pub only_b_right: usize,
    pub both_wrong: usize,
    /// The p-value of McNemar's exact test (McNemar 1947). It is the probability that two equally good
    /// networks differ at least as much as these, among the images that only one of them classifies
    /// correctly.
    pub p_value: f64,
    /// The images for which the predictions differ, in the order of the images.
    pub disagreements: Vec<Disagreement>,
}

/// An image for which the two networks predict different classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The image's index in the test file.
    pub index: usize,
    pub label: usize,
    /// A's prediction.
    pub a: usize,
    /// B's prediction.
    pub b: usize,
}

impl Comparison {
    /// Compares the predictions of two networks.
    ///
    /// # Errors
    /// If the two networks were tested on different images.
    pub fn new(a: &Probabilities, b: &Probabilities) -> Result<Self, DifferentImages> {
        if a.labels() != b.labels() || a.classes() != b.classes() {
            return Err(DifferentImages { a: a.len(), b: b.len() });
        }
        // counts[A is correct][B is correct]
        let mut counts = [[0; 2]; 2];
        let mut disagreements = Vec::new();
        for (index, (of_a, of_b)) in a.predictions().zip(b.predictions()).enumerate() {
            counts[usize::from(of_a.is_correct())][usize::from(of_b.is_correct())] += 1;
            let [a, b] = [of_a.class(), of_b.class()];
            if a != b {
                disagreements.push(Disagreement { index, label: of_a.label, a, b });
            }
        }
        let [[both_wrong, only_b_right], [only_a_right, both_right]] = counts;
        let p_value = mcnemar(only_a_right, only_b_right);
        Ok(Self {
            images: a.len(),
            both_right,
            only_a_right,
            only_b_right,
            both_wrong,
            p_value,
            disagreements,
        })
    }
}

/// The p-value of McNemar's exact test, where `b` images are classified correctly by A alone and `c` by B
/// alone.
///
/// It is the two-sided probability of a division of `b + c` images that is at least as uneven, if each image
/// is equally likely on either side. The result is exact except for rounding, and 1 if `b + c` is 0.
pub fn mcnemar(b: usize, c: usize) -> f64 {
    let (n, smaller) = (b + c, b.min(c));
    // `term` is the logarithm of (n over k) / 2^n, because 2^n leaves the range of f64 at n = 1024.
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for k in 0..=smaller {
        tail += libm::exp(term);
        term += libm::log((n - k) as f64 / (k + 1) as f64);
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::logits::Logits;

    /// Probabilities of three classes, of which those in `predictions` are the largest.
    fn predicting(labels: &[u8], predictions: &[usize]) -> Probabilities {
        let logits = predictions
            .iter()
            .flat_map(|&prediction| (0..3).map(move |c| if c == prediction { 3.0 } else { 0.0 }));
        Probabilities::new(&Logits::new(3, labels.to_vec(), logits.collect())).unwrap()
    }

    #[test]
    fn images_are_counted_by_which_network_is_correct() {
        let labels = [0, 0, 1, 1, 2, 2];
        let a = predicting(&labels, &[0, 0, 1, 0, 0, 1]);
        let b = predicting(&labels, &[0, 1, 2, 1, 0, 0]);
        let comparison = Comparison::new(&a, &b).unwrap();
        let counts =
            [comparison.both_right, comparison.only_a_right, comparison.only_b_right, comparison.both_wrong];
        assert_eq!(counts, [1, 2, 1, 2]);
        // Both networks are wrong about the last two images, and about the last one in different ways.
        let indices: Vec<usize> = comparison.disagreements.iter().map(|d| d.index).collect();
        assert_eq!(indices, [1, 2, 3, 5]);
        assert_eq!(comparison.disagreements[3], Disagreement { index: 5, label: 2, a: 1, b: 0 });
        assert!(Comparison::new(&predicting(&[0], &[0]), &predicting(&[1], &[0])).is_err());
    }

    #[test]
    fn the_test_is_the_exact_binomial_one() {
        // scipy.stats.binomtest(b, b + c).pvalue
        for (b, c, expected) in [
            (0, 0, 1.0),
            (1, 0, 1.0),
            (5, 5, 1.0),
            (2, 10, 0.038_574_218_75),
            (0, 6, 0.03125),
            (27, 35, 0.374_151_712_404_794_83),
            (480, 600, 0.000_289_572_902_935_824_7),
            (4000, 4200, 0.027_972_423_571_324_654),
        ] {
            for p in [mcnemar(b, c), mcnemar(c, b)] {
                assert!((p - expected).abs() < 1e-12, "{b} {c}: {p}");
            }
        }
    }
}
