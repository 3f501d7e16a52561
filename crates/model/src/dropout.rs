//! Dropout whose masks are drawn on the host, so that every backend drops the same values.

use burn::tensor::{Tensor, TensorData};
use rand::{Rng, RngExt};

/// Whether the network is in training, and then where its dropout masks come from.
pub(crate) enum Mode<'a> {
    Infer,
    Train(&'a mut dyn Rng),
}

/// In training, sets each value to zero with probability `p` and divides the rest by `1 - p`
/// (Srivastava et al. 2014). Otherwise the values pass unchanged.
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
    // The mask has the shape of `x` and carries no gradient.
    let mask = Tensor::from_data(TensorData::new(mask, dims), &x.device());
    x * mask
}

#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;
    use crate::device::{Backend, open};

    fn ones() -> Tensor<2> {
        Tensor::ones([40, 50], &open(Some(Backend::Ndarray)).unwrap().device)
    }

    #[test]
    fn a_value_is_dropped_or_divided_by_the_probability_of_keeping_it() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let dropped = dropout(ones(), 0.75, &mut Mode::Train(&mut rng)).into_data();
        let values: Vec<f32> = dropped.iter::<f32>().collect();
        assert!(values.iter().all(|&x| x == 0.0 || x == 4.0));
        // Of 2,000 values 500 are kept, with a standard deviation of 19.
        let kept = values.iter().filter(|&&x| x == 4.0).count();
        assert!((400..600).contains(&kept), "{kept}");
    }

    #[test]
    fn without_dropout_nothing_changes_and_nothing_is_drawn() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(dropout(ones(), 0.0, &mut Mode::Train(&mut rng)).into_data(), ones().into_data());
        assert_eq!(rng, ChaCha8Rng::seed_from_u64(1));
        assert_eq!(dropout(ones(), 0.5, &mut Mode::Infer).into_data(), ones().into_data());
    }
}
