//! What turns logits into probabilities that can be believed, and says when an answer had better not be given.

use serde::{Deserialize, Serialize};

/// Numbers that the validation images decide once, after training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Thresholds {
    /// Divides the logits before they become probabilities, so that answers of 90 % are right nine times in ten (Guo
    /// et al. 2017, "On Calibration of Modern Neural Networks"). It is positive.
    pub temperature: f32,
    /// An image of less energy is unlike the training images (Liu et al. 2020, "Energy-based Out-of-distribution
    /// Detection"). The energy is the logarithm of the sum of the logits' exponentials, without the temperature.
    pub least_energy: f32,
    /// An answer of less probability is not sure.
    pub least_probability: f32,
    /// An image in which no answer has this probability shows nothing that the network knows.
    #[serde(default)]
    pub least_known: f32,
}

impl Default for Thresholds {
    /// What changes no probability and lets every answer pass.
    fn default() -> Self {
        Self { temperature: 1.0, least_energy: f32::MIN, least_probability: 0.0, least_known: 0.0 }
    }
}

impl Thresholds {
    /// The probabilities `[classes]` of one image's logits `[classes]`, and its energy.
    pub fn scores(&self, logits: &[f32]) -> (Vec<f32>, f32) {
        let temperature = f64::from(self.temperature);
        let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let terms = logits.iter().map(|&logit| libm::exp((f64::from(logit) - largest) / temperature));
        let terms: Vec<f64> = terms.collect();
        let sum: f64 = terms.iter().sum();
        (terms.iter().map(|term| (term / sum) as f32).collect(), energy(logits))
    }

    /// Whether an answer with this probability, for an image of this energy, is given without reserve.
    pub fn is_sure(&self, probability: f32, energy: f32) -> bool {
        probability >= self.least_probability && energy >= self.least_energy
    }

    /// Whether an answer with this probability is better than none.
    pub fn is_known(&self, probability: f32) -> bool {
        probability >= self.least_known
    }

    /// Says what is wrong with the numbers, if anything is.
    ///
    /// # Errors
    /// The first number that no validation images can have decided.
    pub fn check(&self) -> Result<(), String> {
        let Self { temperature, least_energy, least_probability, least_known } = *self;
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(format!("temperature = {temperature}: expected a positive number"));
        }
        if !least_energy.is_finite() {
            return Err(format!("least_energy = {least_energy}: expected a number"));
        }
        if !(0.0..=1.0).contains(&least_probability) {
            return Err(format!("least_probability = {least_probability}: expected a number from 0 to 1"));
        }
        if !(0.0..=least_probability).contains(&least_known) {
            return Err(format!(
                "least_known = {least_known}: expected a number from 0 to least_probability, {least_probability}"
            ));
        }
        Ok(())
    }
}

/// The logarithm of the sum of the exponentials of one image's logits.
pub fn energy(logits: &[f32]) -> f32 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&logit| libm::exp(f64::from(logit) - largest)).sum();
    (largest + libm::log(sum)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_of_one_gives_softmax_and_a_higher_one_less_certainty() {
        let (plain, energy) = Thresholds::default().scores(&[0.0, 3f32.ln()]);
        assert!((plain[1] - 0.75).abs() < 1e-6 && (plain[0] - 0.25).abs() < 1e-6);
        assert!((energy - 4f32.ln()).abs() < 1e-6);
        let warm = Thresholds { temperature: 2.0, ..Thresholds::default() };
        let (softer, same) = warm.scores(&[0.0, 9f32.ln()]);
        assert!((softer[1] - 0.75).abs() < 1e-6, "{softer:?}");
        assert!((same - 10f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let (probabilities, energy) = Thresholds::default().scores(&[3e38, -3e38, 0.0]);
        assert_eq!(probabilities, [1.0, 0.0, 0.0]);
        assert_eq!(energy, 3e38);
    }

    #[test]
    fn an_answer_is_sure_if_both_numbers_reach_their_thresholds() {
        let thresholds = Thresholds { least_energy: 4.0, least_probability: 0.5, ..Thresholds::default() };
        assert!(thresholds.is_sure(0.5, 4.0));
        assert!(!thresholds.is_sure(0.49, 4.0) && !thresholds.is_sure(0.5, 3.9));
        assert!(Thresholds::default().is_sure(0.0, -1e30));
    }

    #[test]
    fn numbers_that_make_no_sense_are_named() {
        let named = |change: fn(&mut Thresholds)| {
            let mut thresholds = Thresholds::default();
            change(&mut thresholds);
            thresholds.check().unwrap_err()
        };
        assert_eq!(Thresholds::default().check(), Ok(()));
        assert!(named(|t| t.temperature = 0.0).starts_with("temperature = 0: "));
        assert!(named(|t| t.temperature = f32::NAN).starts_with("temperature = NaN"));
        assert!(named(|t| t.least_energy = f32::INFINITY).starts_with("least_energy = inf"));
        assert!(named(|t| t.least_known = 0.1).starts_with("least_known = 0.1: expected a number from 0 to"));
        assert!(named(|t| t.least_probability = 1.5).starts_with("least_probability = 1.5"));
    }
}
