//! Calibration: whether a network that is 90 % sure is right nine times out of ten.

use run_files::{Calibration, CalibrationBin};

use crate::eval::probabilities::Probabilities;

/// Number of bins, as in Guo et al. 2017, "On Calibration of Modern Neural Networks".
const BINS: usize = 15;

/// Sorts the predictions by confidence into bins, and compares each bin's confidence with its accuracy.
pub fn calibration(probabilities: &Probabilities) -> Calibration {
    let mut sums = [(0usize, 0f64, 0usize); BINS];
    for prediction in probabilities.predictions() {
        let (images, confidence, right) = &mut sums[bin(prediction.confidence())];
        *images += 1;
        *confidence += prediction.confidence();
        *right += usize::from(prediction.is_right());
    }
    let n = probabilities.len() as f64;
    let error: f64 = sums.iter().map(|&(_, confidence, right)| (confidence - right as f64).abs() / n).sum();
    let bins = sums.iter().enumerate().map(|(i, &(images, confidence, right))| {
        let mean = |sum: f64| (images > 0).then(|| sum / images as f64);
        CalibrationBin {
            low: edge(i),
            high: edge(i + 1),
            images,
            confidence: mean(confidence),
            accuracy: mean(right as f64),
        }
    });
    Calibration { ece: (!probabilities.is_empty()).then_some(error), bins: bins.collect() }
}

fn edge(i: usize) -> f64 {
    i as f64 / BINS as f64
}

fn bin(confidence: f64) -> usize {
    // The edges themselves are compared, because the product `confidence * BINS` would round some into the next bin.
    (0..BINS - 1).find(|&i| confidence <= edge(i + 1)).unwrap_or(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::logits::Logits;

    /// Calibration of two classes: each image has the first class's probability, and whether that class is right.
    fn calibrated(images: &[(f64, bool)]) -> Calibration {
        let labels = images.iter().map(|&(_, is_right)| u8::from(!is_right)).collect();
        let logits = images.iter().flat_map(|&(p, _)| [(p / (1.0 - p)).ln() as f32, 0.0]).collect();
        calibration(&Probabilities::new(&Logits::new(2, labels, logits)).unwrap())
    }

    #[test]
    fn the_error_is_the_weighted_distance_worked_by_hand() {
        // Bin (0.866, 0.933]: confidence 0.9, 1 of 2 right; bin (0.666, 0.733]: 0.7, 1 of 1.
        let calibration = calibrated(&[(0.9, true), (0.9, false), (0.7, true)]);
        let expected = 2.0 / 3.0 * 0.4 + 1.0 / 3.0 * 0.3;
        assert!((calibration.ece.unwrap() - expected).abs() < 1e-7, "{calibration:?}");
        assert_eq!(calibration.bins[13].images, 2);
        assert_eq!((calibration.bins[13].accuracy, calibration.bins[10].accuracy), (Some(0.5), Some(1.0)));
        assert_eq!((calibration.bins[0].confidence, calibration.bins[0].accuracy), (None, None));
    }

    #[test]
    fn every_confidence_has_a_bin_and_edges_belong_below() {
        assert_eq!([bin(0.0), bin(1e-9), bin(0.5), bin(1.0)], [0, 0, 7, BINS - 1]);
        for i in 1..=BINS {
            assert_eq!(bin(edge(i)), i - 1);
            assert_eq!(bin(edge(i).next_up()), i.min(BINS - 1));
        }
        assert_eq!(calibrated(&[]).ece, None);
    }
}
