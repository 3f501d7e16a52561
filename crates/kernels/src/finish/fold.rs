//! Normalization with known statistics as part of the convolution in front of it.

use crate::finish::forward::Normalization;

/// Changes `weight` `[filters, ...]` and `bias` `[filters]` so that the convolution's output is normalized
/// already: each filter is multiplied by its channel's scale.
///
/// # Panics
/// If the lengths do not fit each other.
pub fn fold_normalization(normalization: &Normalization<'_>, weight: &mut [f32], bias: &mut [f32]) {
    let Normalization { mean, variance, gamma, beta, epsilon, .. } = normalization;
    let filters = bias.len();
    assert_eq!(
        [mean.len(), variance.len(), gamma.len(), beta.len()],
        [filters; 4],
        "a value for each filter"
    );
    let len = weight.len() / filters.max(1);
    assert_eq!(weight.len(), filters * len, "whole filters");
    for (filter, bias) in bias.iter_mut().enumerate() {
        let value = |values: &[f32]| f64::from(values[filter]);
        let scale = value(gamma) / (value(variance) + epsilon).sqrt();
        *bias = ((f64::from(*bias) - value(mean)) * scale + value(beta)) as f32;
        for weight in &mut weight[filter * len..][..len] {
            *weight = (f64::from(*weight) * scale) as f32;
        }
    }
}
