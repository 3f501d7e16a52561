//! Calibration: whether predictions that have a probability of 90 % are correct nine times out of ten.

use run_files::{Calibration, CalibrationBin};

use crate::eval::probabilities::Probabilities;

/// Number of bins, as in Guo et al. 2017, "On Calibration of Modern Neural Networks".
const BINS: usize = 15;

/// Sorts the predictions by confidence into bins, and compares each bin's confidence with its accuracy.
pub fn calibration(probabilities: &Probabilities) -> Calibration {
    // Of each bin: the number of images, the sum of their confidences, the number of correct predictions.
    let mut sums = [(0usize, 0f64, 0usize); BINS];
    for prediction in probabilities.predictions() {
        let (images, confidence, correct) = &mut sums[bin(prediction.confidence())];
        *images += 1;
        *confidence += prediction.confidence();
        *correct += usize::from(prediction.is_correct());
    }
    let n = probabilities.len() as f64;
    let error: f64 =
        sums.iter().map(|&(_, confidence, correct)| (confidence - correct as f64).abs() / n).sum();
    let bins = sums.iter().enumerate().map(|(i, &(images, confidence, correct))| {
        let mean = |sum: f64| (images > 0).then(|| sum / images as f64);
        CalibrationBin {
            low: edge(i),
            high: edge(i + 1),
            images,
            confidence: mean(confidence),
            accuracy: mean(correct as f64),
        }
    });
    Calibration { ece: (!probabilities.is_empty()).then_some(error), bins: bins.collect() }
}

/// The lower edge of bin `i`.
fn edge(i: usize) -> f64 {
    i as f64 / BINS as f64
}

/// The index of the bin that a confidence belongs to.
fn bin(confidence: f64) -> usize {
    // The confidence is compared with the edges, because the product `confidence * BINS` would be rounded,
    // and some confidences would get into a neighbouring bin.
    (0..BINS - 1).find(|&i| confidence <= edge(i + 1)).unwrap_or(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::logits::Logits;

    /// The calibration of a network with two classes. An image is given as the probability of the first
    /// class, and whether that class is the label.
    fn calibrated(images: &[(f64, bool)]) -> Calibration {
        let labels = images.iter().map(|&(_, is_first)| u8::from(!is_first)).collect();
        let logits = images.iter().flat_map(|&(p, _)| [(p / (1.0 - p)).ln() as f32, 0.0]).collect();
        calibration(&Probabilities::new(&Logits::new(2, labels, logits)).unwrap())
    }

    #[test]
    fn the_error_is_the_weighted_distance_computed_by_hand() {
        // In the bin (0.866, 0.933] the confidence is 0.9 and 1 of 2 is correct; in the bin (0.666, 0.733]
        // the confidence is 0.7 and 1 of 1 is correct.
        let calibration = calibrated(&[(0.9, true), (0.9, false), (0.7, true)]);
        let expected = 2.0 / 3.0 * 0.4 + 1.0 / 3.0 * 0.3;
        assert!((calibration.ece.unwrap() - expected).abs() < 1e-7, "{calibration:?}");
        assert_eq!(calibration.bins[13].images, 2);
        assert_eq!((calibration.bins[13].accuracy, calibration.bins[10].accuracy), (Some(0.5), Some(1.0)));
        assert_eq!((calibration.bins[0].confidence, calibration.bins[0].accuracy), (None, None));
    }

    #[test]
    fn every_confidence_has_a_bin_and_an_edge_belongs_to_the_lower_one() {
        assert_eq!([bin(0.0), bin(1e-9), bin(0.5), bin(1.0)], [0, 0, 7, BINS - 1]);
        for i in 1..=BINS {
            assert_eq!(bin(edge(i)), i - 1);
            assert_eq!(bin(edge(i).next_up()), i.min(BINS - 1));
        }
        assert_eq!(calibrated(&[]).ece, None);
    }
}
