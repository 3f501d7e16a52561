//! Prediction: runs a network over a set of images, batch by batch, and returns its logits.

use std::ops::Range;

use burn::tensor::Device;
use dataset::Subset;
use model::{Cnn, input};
use network::NetworkMemory;

use crate::eval::logits::Logits;
use crate::exchange::Placement;

/// Number of images in a forward pass, unless these would take more than [`MOST_BYTES`]. It is large enough to be
/// fast.
const BATCH_SIZE: usize = 500;
/// The most memory that a forward pass takes, by estimate, unless a single image takes more: little enough for a
/// laptop. The default network takes 30 MB for 500 images.
const MOST_BYTES: u64 = 512 << 20;

/// Number of images in a forward pass over `n` images. It depends on nothing but the network and `n`.
pub(crate) fn batch_size(memory: &NetworkMemory, n: usize) -> usize {
    let most = MOST_BYTES / memory.prediction_image.max(1);
    usize::try_from(most).unwrap_or(usize::MAX).min(BATCH_SIZE).min(n).max(1)
}

/// Runs a network over images and returns its logits. After each batch it calls `progress` with the number of
/// images that are done.
///
/// `model` must be on `device`, without autodiff (see `Module::valid`).
pub fn predict(model: &Cnn, images: &Subset, device: &Device, progress: &mut dyn FnMut(usize)) -> Logits {
    let logits = of_part(model, images, 0..images.len(), device, progress);
    with_labels(images, logits)
}

/// As [`predict`], shared by all processes that train the network.
pub(crate) fn predict_together(model: &Cnn, images: &Subset, placement: Placement<'_>) -> Logits {
    let Placement { device, exchange } = placement;
    let n = images.len();
    // Whole batches, so that the images are computed in the same company as by one process.
    let batch_size = batch_size(&model.memory(), n);
    let share = n.div_ceil(batch_size).div_ceil(exchange.size()) * batch_size;
    let first = (exchange.rank() * share).min(n);
    let mut own = of_part(model, images, first..n.min(first + share), device, &mut |_| ());
    // Each process brings as much; what is too much is at the end.
    own.resize(share * images.classes(), 0.0);
    let mut logits = exchange.all_gather(&own);
    logits.truncate(n * images.classes());
    with_labels(images, logits)
}

fn with_labels(images: &Subset, logits: Vec<f32>) -> Logits {
    let labels = (0..images.len()).map(|position| images.label(position)).collect();
    Logits::new(images.classes(), labels, logits)
}

/// Logits `[positions, classes]` of the images at these positions, which begin with a batch.
fn of_part(
    model: &Cnn,
    images: &Subset,
    positions: Range<usize>,
    device: &Device,
    progress: &mut dyn FnMut(usize),
) -> Vec<f32> {
    let classes = images.classes();
    let mut logits = Vec::with_capacity(positions.len() * classes);
    let batch_size = batch_size(&model.memory(), images.len());
    let (height, width) = (images.height(), images.width());
    let empty = vec![0; height * width];
    for first in positions.clone().step_by(batch_size) {
        let part = first..positions.end.min(first + batch_size);
        // A GPU compiles its kernels again for each new shape. So that all batches have one shape, the last
        // one is filled up with empty images, whose logits are dropped.
        let pixels = part.clone().map(|position| images.image(position));
        let filled: Vec<&[u8]> = pixels.chain(std::iter::repeat(empty.as_slice())).take(batch_size).collect();
        let input = input::to_inputs(&filled, batch_size, height, width, device);
        let batch_logits = model.forward(input).into_data();
        logits.extend(batch_logits.iter::<f32>().take(part.len() * classes));
        progress(part.end - positions.start);
    }
    logits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    #[test]
    fn a_forward_pass_takes_fewer_images_of_a_large_network() {
        let size = |units: &str, n| {
            let config = parse("test", "", &[format!("model.units={units}")]).unwrap();
            batch_size(&config.architecture().memory(), n)
        };
        let default = "[{filters=32}, {filters=64}]";
        assert_eq!([size(default, 10_000), size(default, 7), size(default, 0)], [500, 7, 1]);
        // Feature maps of 6.4 MB an image, several times.
        let large = size("[{filters=2048, kernel_size=1, pool=\"none\"}]", 10_000);
        assert!((10..50).contains(&large), "{large}");
    }
}
