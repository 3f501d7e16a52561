//! Prediction: runs a network over a set of images, batch by batch, and returns its logits.

use burn::tensor::Device;
use dataset::{Batch, Subset};
use model::{Cnn, input};

use crate::eval::logits::Logits;

/// Number of images in a forward pass: small enough for a laptop's memory, and large enough to be fast.
pub(crate) const BATCH_SIZE: usize = 500;

/// Runs a network over images and returns its logits. After each batch it calls `progress` with the number of
/// images that are done.
///
/// `model` must be on `device`, without autodiff (see `Module::valid`).
pub fn predict(model: &Cnn, images: &Subset, device: &Device, progress: &mut dyn FnMut(usize)) -> Logits {
    let n = images.len();
    let classes = images.classes();
    let mut labels = Vec::with_capacity(n);
    let mut logits = Vec::with_capacity(n * classes);
    let mut batch = Batch::default();
    let positions: Vec<u32> = (0..n as u32).collect();
    let batch_size = BATCH_SIZE.min(n).max(1);
    for part in positions.chunks(batch_size) {
        images.gather(part, &mut batch);
        labels.extend_from_slice(&batch.labels);
        // A GPU compiles its kernels again for each new shape. So that all batches have one shape, the last
        // one is filled up with empty images, whose logits are dropped.
        batch.pixels.resize(batch_size * batch.height * batch.width, 0);
        let input = input::to_input(&batch.pixels, batch_size, batch.height, batch.width, device);
        let batch_logits = model.forward(input).into_data();
        logits.extend(batch_logits.iter::<f32>().take(part.len() * classes));
        progress(labels.len());
    }
    Logits::new(classes, labels, logits)
}
