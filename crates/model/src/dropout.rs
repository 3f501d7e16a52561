//! Dropout whose masks are drawn on the host, so that every backend drops the same values.

use burn::tensor::{Tensor, TensorData};
use rand::{Rng, RngExt};

/// Whether the network is learning, and then where its dropout masks come from.
pub(crate) enum Mode<'a> {
    Infer,
    Train(&'a mut dyn Rng),
}

/// While training, sets each value to zero with probability `p` and divides the rest by `1 - p`
/// (Srivastava et al. 2014); otherwise the identity.
pub(crate) fn dropout<const D: usize>(x: Tensor<D>, p: f64, mode: &mut Mode<'_>) -> Tensor<D> {
    let Mode::Train(rng) = mode else { return x };
    if p == 0.0 {
        return x;
    }
    let kept = (1.0 / (1.0 - p)) as f32;
    let dims = x.dims();
    let count = dims.iter().product();
    let mask: Vec<f32> =
        (0..count).map(|_| if f64::from(rng.random::<f32>()) < p { 0.0 } else { kept }).collect();
    // The mask carries no gradient: it has the shape of x.
    let mask = Tensor::from_data(TensorData::new(mask, dims), &x.device());
    x * mask
}
