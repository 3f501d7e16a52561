//! The learning rate of each step, as a pure function of the configuration and the step.

use std::f64::consts::PI;

use crate::config::{Schedule, TrainConfig};
use crate::fault;

/// One-cycle (Smith and Topin 2018) rises from the peak divided by this number.
const ONE_CYCLE_START: f64 = 25.0;
/// One-cycle falls to the rate from which it rose, divided by this number.
const ONE_CYCLE_END: f64 = 1e4;
/// The share of a run's steps in which one-cycle rises, if no warm-up is configured.
const ONE_CYCLE_RISE: f64 = 0.3;

/// The learning rate of step `step` (from 0) of `total` steps.
///
/// A constant or cosine schedule begins with a linear warm-up to the peak `train.learning_rate`. Then it
/// stays there, or falls to zero along half a cosine (Loshchilov and Hutter 2017). One-cycle rises to the
/// peak in the warm-up's steps and falls in the others, both along half a cosine.
pub fn learning_rate(config: &TrainConfig, step: usize, total: usize) -> f64 {
    fault::learning_rate(scheduled(config, step, total), step)
}

fn scheduled(config: &TrainConfig, step: usize, total: usize) -> f64 {
    let peak = config.learning_rate;
    let rise = match config.schedule {
        Schedule::OneCycle if config.warmup_fraction == 0.0 => ONE_CYCLE_RISE,
        _ => config.warmup_fraction,
    };
    let warmup = (rise * total as f64).round() as usize;
    if step < warmup {
        let done = (step + 1) as f64 / warmup as f64;
        return match config.schedule {
            Schedule::OneCycle => between(peak / ONE_CYCLE_START, peak, done),
            Schedule::Constant | Schedule::Cosine => peak * done,
        };
    }
    // This is 0 at the first step after the warm-up and below 1 at the last step, so that no step has a
    // learning rate of zero.
    let done = (step - warmup) as f64 / (total.max(step + 1) - warmup) as f64;
    match config.schedule {
        Schedule::Constant => peak,
        Schedule::Cosine => between(peak, 0.0, done),
        Schedule::OneCycle => between(peak, peak / ONE_CYCLE_START / ONE_CYCLE_END, done),
    }
}

/// A value on the way from `start` to `end` along half a cosine, where `done` goes from 0 to 1.
fn between(start: f64, end: f64, done: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + libm::cos(PI * done))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: Schedule, warmup_fraction: f64) -> Vec<f64> {
        let config = TrainConfig { learning_rate: 2.0, schedule, warmup_fraction, ..TrainConfig::default() };
        (0..100).map(|step| learning_rate(&config, step, 100)).collect()
    }

    fn peak(rates: &[f64]) -> usize {
        (0..rates.len()).max_by(|&a, &b| rates[a].total_cmp(&rates[b]).then(b.cmp(&a))).unwrap()
    }

    #[test]
    fn constant_stays_and_warms_up() {
        assert!(rates(Schedule::Constant, 0.0).iter().all(|r| *r == 2.0));
        let warm = rates(Schedule::Constant, 0.1);
        assert_eq!((warm[0], warm[4], warm[9], warm[99]), (0.2, 1.0, 2.0, 2.0));
    }

    #[test]
    fn cosine_falls_from_the_peak_to_nearly_nothing() {
        let rates = rates(Schedule::Cosine, 0.0);
        assert_eq!(rates[0], 2.0);
        assert!((rates[50] - 1.0).abs() < 1e-9);
        assert!(rates[99] > 0.0 && rates[99] < 0.001);
        assert!(rates.windows(2).all(|w| w[1] < w[0]));
    }

    #[test]
    fn one_cycle_rises_then_falls() {
        let rates = rates(Schedule::OneCycle, 0.0);
        assert_eq!(peak(&rates), 29);
        assert!(rates[0] < 0.1 && rates[99] < 0.01);
        assert!(rates[..30].windows(2).all(|w| w[1] > w[0]));
        assert_eq!(peak(&self::rates(Schedule::OneCycle, 0.5)), 49);
    }

    #[test]
    fn every_rate_is_positive_even_in_one_step() {
        for schedule in [Schedule::Constant, Schedule::Cosine, Schedule::OneCycle] {
            let config = TrainConfig { schedule, ..TrainConfig::default() };
            assert!(learning_rate(&config, 0, 1) > 0.0);
        }
    }
}
