//! The network that `bench` lets predict.

use burn::tensor::Device;
use learner::random::{Stream, generator};
use model::device::{Backend, Opened};
use model::{Cnn, input};
use network::Architecture;
use network::forward::Predictor;

/// A network with random weights that predicts as `predict` and `serve` let it.
pub(super) enum Inference {
    /// On a CPU: without Burn.
    Slices(Predictor),
    /// On a GPU.
    Burn { model: Box<Cnn>, sizes: [usize; 2], device: Device },
}

impl Inference {
    pub(super) fn new(architecture: &Architecture, opened: &Opened) -> anyhow::Result<Self> {
        let weights = architecture.initial_tensors(&mut generator(1, Stream::Weights, 0, 0));
        let input = architecture.input();
        Ok(match opened.backend {
            Backend::Ndarray | Backend::Flex => Self::Slices(Predictor::new(architecture.clone(), &weights)?),
            Backend::Wgpu => Self::Burn {
                model: Box::new(Cnn::new(architecture, &weights, &opened.device)?),
                sizes: [input.height, input.width],
                device: opened.device.clone(),
            },
        })
    }

    /// Logits `[n, classes]` of images `[n, height, width]`, on the host.
    pub(super) fn logits(&self, pixels: &[u8], n: usize) -> Vec<f32> {
        match self {
            Self::Slices(predictor) => predictor.logits(pixels, n),
            Self::Burn { model, sizes: [height, width], device } => {
                let images = input::to_input(pixels, n, *height, *width, device);
                model.forward(images).into_data().iter::<f32>().collect()
            }
        }
    }
}
