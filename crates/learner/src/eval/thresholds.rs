//! How far a network's answers can be believed, decided by its logits for validation images.
//!
//! The images chose the best epoch as well, so the network does a little better on them than on new ones.

use network::Thresholds;
use network::thresholds::energy;

use crate::eval::calibration::calibration;
use crate::eval::logits::Logits;
use crate::eval::probabilities::{NotFinite, Probabilities};

/// The share of validation images that may be below a threshold.
const SHARE: f64 = 0.005;
/// The bounds of the least probability of a sure answer: below one half an answer is more probably wrong than right,
/// and what has nine in ten is sure enough.
const LEAST_PROBABILITY: [f64; 2] = [0.5, 0.9];
/// The bounds of the temperature. Below one it would make the network surer of everything, also of what is unlike the
/// validation images: letters would be taken for digits with more than 90 % far more often.
const TEMPERATURE: [f64; 2] = [1.0, 20.0];

/// The thresholds, with what they do to the images that decided them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decided {
    pub thresholds: Thresholds,
    /// How many images are below one of the thresholds.
    pub unsure: usize,
    /// How many of the others are classified wrongly.
    pub wrong_but_sure: usize,
    /// The expected calibration error with the temperature; `None` without images.
    pub ece: Option<f64>,
}

/// Decides the thresholds of a network by its logits for validation images.
///
/// An image in which no answer is as probable as the least probable one for a validation image shows nothing that the
/// network knows; but half of the least probability of a sure answer is always enough, because images from elsewhere are
/// harder.
///
/// The temperature is the one with the least loss (Guo et al. 2017), and at least 1. At most one image in 200 has less
/// energy than the least, and at most one in 200 an answer of less than the least probability, unless that lies outside
/// 0.5 to 0.9.
/// All numbers are rounded, so that a person can read them and no processor gives others.
///
/// # Errors
/// If a logit is infinite or not a number.
pub fn decide(logits: &Logits) -> Result<Decided, NotFinite> {
    let temperature = if logits.is_empty() { 1.0 } else { best_temperature(logits)? };
    let probabilities = with_temperature(logits, temperature)?;
    let mut energies: Vec<f64> = logits.rows().map(|(_label, row)| f64::from(energy(row))).collect();
    let mut confidences: Vec<f64> =
        probabilities.predictions().map(|prediction| prediction.confidence()).collect();
    let [low, high] = LEAST_PROBABILITY;
    let least_probability =
        quantile(&mut confidences, SHARE).map_or(low, |p| (p * 1000.0).floor() / 1000.0).clamp(low, high);
    let lowest = quantile(&mut confidences, 0.0).map_or(0.0, |p| (p * 1000.0).floor() / 1000.0);
    let thresholds = Thresholds {
        temperature: temperature as f32,
        least_energy: quantile(&mut energies, SHARE)
            .map_or(f32::MIN, |energy| (energy * 100.0).floor() as f32 / 100.0),
        least_probability: least_probability as f32,
        least_known: lowest.min(least_probability / 2.0) as f32,
    };
    let (mut unsure, mut wrong_but_sure) = (0, 0);
    for ((_label, row), prediction) in logits.rows().zip(probabilities.predictions()) {
        if !thresholds.is_sure(prediction.confidence() as f32, energy(row)) {
            unsure += 1;
        } else if !prediction.is_correct() {
            wrong_but_sure += 1;
        }
    }
    Ok(Decided { thresholds, unsure, wrong_but_sure, ece: calibration(&probabilities).ece })
}

/// The value that at most this share is below. `None` without values.
fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get((values.len() as f64 * share) as usize).copied()
}

fn with_temperature(logits: &Logits, temperature: f64) -> Result<Probabilities, NotFinite> {
    let labels = logits.rows().map(|(label, _row)| label as u8).collect();
    let divided =
        logits.rows().flat_map(|(_label, row)| row.iter().map(|&x| (f64::from(x) / temperature) as f32));
    Probabilities::new(&Logits::new(logits.classes(), labels, divided.collect()))
}

/// The temperature with the least mean loss, to three digits behind the point.
fn best_temperature(logits: &Logits) -> Result<f64, NotFinite> {
    let loss = |log: f64| -> Result<f64, NotFinite> {
        let probabilities = with_temperature(logits, libm::exp(log))?;
        Ok(probabilities.predictions().map(|prediction| prediction.loss()).sum())
    };
    // The loss has one minimum, which the golden section encloses ever more closely.
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let [mut low, mut high] = TEMPERATURE.map(libm::log);
    while high - low > 1e-4 {
        let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
        if loss(left)? <= loss(right)? {
            high = right;
        } else {
            low = left;
        }
    }
    Ok((libm::exp((low + high) / 2.0) * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits of two classes that are `certainty` times too sure: class 0 has a probability of 0.9, 0.8 and 0.7 for
    /// ten images each, and as many labels are right.
    fn overconfident(certainty: f64) -> Logits {
        let (mut labels, mut logits) = (Vec::new(), Vec::new());
        for right in [9, 8, 7] {
            let p = f64::from(right) / 10.0;
            for image in 0..10 {
                labels.push(u8::from(image >= right));
                logits.extend([(certainty * (p / (1.0 - p)).ln()) as f32, 0.0]);
            }
        }
        Logits::new(2, labels, logits)
    }

    #[test]
    fn the_temperature_undoes_what_makes_the_network_too_sure() {
        for certainty in [1.0, 1.5, 3.0] {
            let decided = decide(&overconfident(certainty)).unwrap();
            let found = f64::from(decided.thresholds.temperature);
            assert!((found - certainty).abs() < 0.002 * certainty, "{found} instead of {certainty}");
            assert!(decided.ece.unwrap() < 1e-3, "{decided:?}");
        }
        // It never makes a network surer.
        assert_eq!(decide(&overconfident(0.5)).unwrap().thresholds.temperature, 1.0);
    }

    #[test]
    fn at_most_one_image_in_two_hundred_is_below_a_threshold() {
        // 400 images whose logits fall from 14 to 6.02, all classified rightly but every hundredth.
        let labels = (0..400).map(|i| u8::from(i % 100 == 7)).collect();
        let logits = (0..400).flat_map(|i| [14.0 - i as f32 * 0.02, 0.0]).collect();
        let decided = decide(&Logits::new(2, labels, logits)).unwrap();
        // Two of 400 are below the third lowest energy of 6.06.
        assert_eq!((decided.thresholds.least_energy, decided.unsure), (6.06, 2));
        assert_eq!(decided.wrong_but_sure, 4);
        assert_eq!(decided.thresholds.least_probability, 0.9);
        assert_eq!(decided.thresholds.least_known, 0.45);
    }

    #[test]
    fn what_no_validation_image_got_is_no_answer() {
        let decided = decide(&Logits::new(5, vec![0, 1], vec![0.0; 10])).unwrap();
        assert_eq!(decided.thresholds.least_known, 0.2);
        assert!(decided.thresholds.is_known(0.2) && !decided.thresholds.is_known(0.19));
        assert_eq!(decided.thresholds.check(), Ok(()));
    }

    #[test]
    fn an_answer_that_is_more_probably_wrong_than_right_is_never_sure() {
        let decided =
            decide(&Logits::new(3, vec![0, 1, 2], vec![0.1, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.1]))
                .unwrap();
        assert!(decided.thresholds.least_probability >= 0.5);
        let guesses = Logits::new(3, vec![1, 2, 0], vec![0.1, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.1]);
        let decided = decide(&guesses).unwrap();
        assert_eq!((decided.thresholds.least_probability, decided.unsure), (0.5, 3));
        assert!(decided.thresholds.temperature > 19.9, "{decided:?}");
    }

    #[test]
    fn no_images_decide_nothing_and_infinite_logits_are_an_error() {
        let decided = decide(&Logits::new(2, vec![], vec![])).unwrap();
        assert_eq!((decided.thresholds.temperature, decided.unsure, decided.ece), (1.0, 0, None));
        assert_eq!(decided.thresholds.check(), Ok(()));
        assert!(decide(&Logits::new(2, vec![0], vec![f32::INFINITY, 0.0])).is_err());
    }
}
