//! Computes everything that `inspect` shows of one image in one network.

use burn::tensor::{Device, Tensor};
use dataset::Subset;
use learner::eval::logits::softmax;
use learner::eval::occlusion::{Occlusion, occlude};
use model::equivariance::{self, Equivariance};
use model::{Cnn, input};
use network::Architecture;
use network::connections::{Connections, connections};

use crate::ui::names::fitted;

/// Side of the patch that covers a part of the image, in pixels: about the width of a stroke with
/// its borders, and the size of the lecture's kernels. On a large image the patch is larger.
const PATCH: usize = 5;
/// The shift of the image with which equivariance is measured, in pixels, if positions of the first unit's
/// feature maps allow it.
pub(super) const SHIFT: usize = 2;

/// Everything that is shown of one image in one network.
pub(super) struct Inspection<'a> {
    /// Names the image: data set, split, position.
    pub(super) title: String,
    /// Names the network: run, epoch, backend.
    pub(super) model: String,
    /// `[height, width]`
    pub(super) image: &'a [u8],
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) label: usize,
    pub(super) classes: &'a [String],
    pub(super) probabilities: Vec<f64>,
    /// Classes by falling logit.
    pub(super) ranking: Vec<usize>,
    pub(super) units: Vec<FeatureMaps>,
    pub(super) occlusion: Occlusion,
    pub(super) network: Network,
}

/// The feature maps that one unit puts out.
pub(super) struct FeatureMaps {
    pub(super) name: String,
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// `[channels, height, width]`
    pub(super) values: Vec<f32>,
}

/// What convolution saves (connections and parameters), and what it preserves (equivariance).
pub(super) struct Network {
    pub(super) connections: Vec<Connections>,
    /// Pixels between two positions of the first unit's feature maps.
    pub(super) step: Option<usize>,
    /// Measured for a shift by a whole number of positions and, if positions are more than a pixel apart, for
    /// a shift by one pixel.
    pub(super) shifts: Vec<Equivariance>,
}

pub(super) fn inspect<'a>(
    model: &Cnn,
    architecture: &Architecture,
    images: &'a Subset,
    index: usize,
    device: &Device,
) -> Inspection<'a> {
    let image = images.image(index);
    let [height, width] = [images.height(), images.width()];
    let network_input = input::to_input(image, 1, height, width, device);
    let occlusion = occlude(model, image, [height, width], PATCH, device);
    let logits = occlusion.logits();
    let mut ranking: Vec<usize> = (0..logits.len()).collect();
    ranking.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    Inspection {
        title: String::new(),
        model: String::new(),
        image,
        height,
        width,
        label: usize::from(images.label(index)),
        classes: &[],
        probabilities: softmax(logits),
        ranking,
        units: model.feature_maps(network_input.clone()).into_iter().enumerate().map(feature_maps).collect(),
        occlusion,
        network: network(model, architecture, &network_input),
    }
}

/// The feature maps of one unit for a single image, `[1, channels, height, width]`.
fn feature_maps((unit, tensor): (usize, Tensor<4>)) -> FeatureMaps {
    let [_n, channels, height, width] = tensor.dims();
    let values = tensor.into_data().iter::<f32>().collect();
    FeatureMaps { name: format!("units.{unit}"), channels, height, width, values }
}

fn network(model: &Cnn, architecture: &Architecture, images: &Tensor<4>) -> Network {
    let step = equivariance::step(architecture);
    let whole = step.map(|step| if SHIFT.is_multiple_of(step) { SHIFT } else { step });
    let between = step.filter(|&step| step > 1).map(|_| 1);
    let measure = |pixels| equivariance::measure(model, architecture, images, pixels);
    Network {
        connections: connections(architecture),
        step,
        shifts: whole.into_iter().chain(between).filter_map(measure).collect(),
    }
}

impl Inspection<'_> {
    /// The heading above the images with evidence.
    pub(super) fn evidence_heading(&self) -> String {
        let side = self.occlusion.patch();
        format!("Evidence: how far a class's logit falls when the {side}x{side} pixels around are covered")
    }

    /// The image, its label and the prediction, in one line.
    pub(super) fn headline(&self) -> String {
        let predicted = self.prediction().map_or_else(String::new, |class| {
            format!(", predicted as {} with {}", fitted(&self.classes[class], 14), self.percent(class))
        });
        format!("{}: {}{predicted}", self.title, fitted(&self.classes[self.label], 14))
    }

    pub(super) fn prediction(&self) -> Option<usize> {
        self.ranking.first().copied()
    }

    pub(super) fn percent(&self, class: usize) -> String {
        format!("{:.2} %", 100.0 * self.probabilities[class])
    }

    /// The role of a class for this image: prediction, label, runner-up, or none.
    pub(super) fn role(&self, class: usize) -> &'static str {
        match (self.ranking.iter().position(|&c| c == class), class == self.label) {
            (Some(0), true) => "label, predicted",
            (Some(0), false) => "predicted",
            (Some(1), true) => "label, runner-up",
            (Some(1), false) => "runner-up",
            (_, true) => "label",
            (_, false) => "",
        }
    }
}
