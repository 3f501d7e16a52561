//! Where dropout's masks come from, so that every backend drops the same values.

use burn::tensor::Tensor;
use ops::Dropout;
use rand::Rng;

/// Whether the network is in training, and then where its dropout masks come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    Infer,
    Train(Masks),
}

impl Mode {
    pub(crate) fn is_training(self) -> bool {
        matches!(self, Self::Train(_))
    }

    /// The dropout of a layer in this step, or `None` if nothing is dropped. Layers of a network have different
    /// numbers.
    pub(crate) fn dropout(self, layer: usize, probability: f64) -> Option<Dropout> {
        match self {
            Self::Train(masks) if probability > 0.0 => Some(masks.layer(layer, probability)),
            _ => None,
        }
    }
}

/// The dropout masks of all layers in one step.
///
/// A mask depends on the step's key, the layer, the number of the image in the batch and the place of the value in
/// the image. So a batch may be divided among machines, each of which says by which image its part begins.
#[derive(Clone, Copy, Debug)]
pub struct Masks {
    key: u64,
    first_image: usize,
}

impl Masks {
    /// The masks of a step, whose key `rng` draws.
    pub fn draw(rng: &mut impl Rng) -> Self {
        Self { key: rng.next_u64(), first_image: 0 }
    }

    /// The same step's masks for a part of the batch that begins with image `first`.
    #[must_use]
    pub fn from_image(self, first: usize) -> Self {
        Self { first_image: first, ..self }
    }

    fn layer(self, layer: usize, probability: f64) -> Dropout {
        // The kernels mix the bits, so keys that differ at all are as good as keys that look random.
        let key = self.key.wrapping_add((layer as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Dropout { key, probability, first_image: self.first_image }
    }
}

/// Drops some of the features `[n, features]` or of the values of feature maps `[n, channels, height, width]`, if
/// there is anything to drop.
pub(crate) fn drop_some<const D: usize>(x: Tensor<D>, dropout: Option<Dropout>) -> Tensor<D> {
    match dropout {
        Some(dropout) => ops::dropout(x, dropout),
        None => x,
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    #[test]
    fn each_step_and_layer_has_its_own_masks_and_only_training_has_any() {
        let masks = |seed| Mode::Train(Masks::draw(&mut ChaCha8Rng::seed_from_u64(seed)));
        let key = |seed, layer| masks(seed).dropout(layer, 0.5).unwrap().key;
        assert_eq!(key(1, 0), key(1, 0));
        assert_ne!(key(1, 0), key(2, 0));
        assert_ne!(key(1, 0), key(1, 1));
        assert_eq!(masks(1).dropout(0, 0.0), None);
        assert_eq!(Mode::Infer.dropout(0, 0.5), None);
        let part = Masks::draw(&mut ChaCha8Rng::seed_from_u64(1)).from_image(7);
        let dropout = Mode::Train(part).dropout(0, 0.5).unwrap();
        assert_eq!((dropout.key, dropout.first_image), (key(1, 0), 7));
    }
}
