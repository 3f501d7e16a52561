//! `inspect`: what convolution does, made visible at one image.

use std::path::Path;

use ::network::Architecture;
use ::network::connections::{Connections, connections};
use anyhow::Context;
use burn::tensor::{Device, Tensor};
use dataset::{Split, Subset};
use learner::eval::logits::softmax;
use learner::eval::occlusion::{Occlusion, occlude};
use learner::run::data;
use learner::run::evaluating::load_model;
use model::equivariance::{self, Equivariance};
use model::{Cnn, device, input};

use crate::args::InspectArgs;
use crate::commands::find;
use crate::exit::{note, print, usage};
use crate::paths::{data_dir, short};
use crate::ui::download_bar;
use crate::ui::screen::Screen;

mod canvas;
mod color;
mod field;
mod network;
mod sheet;
mod text;

/// Side of the patch that covers a part of the image, in pixels: about the width of a stroke with
/// its borders, and the size of the lecture's kernels.
const PATCH: usize = 5;
/// The shift that a network is asked for, in pixels.
const SHIFT: usize = 2;

/// All that is known of one image in one network.
struct Inspection<'a> {
    /// Which image: data set, part, position.
    title: String,
    /// Which network: run and epoch.
    model: String,
    /// `[height, width]`
    image: &'a [u8],
    height: usize,
    width: usize,
    label: usize,
    classes: &'static [&'static str],
    probabilities: Vec<f64>,
    /// Classes by falling logit.
    ranking: Vec<usize>,
    units: Vec<Maps>,
    occlusion: Occlusion,
    network: Network,
}

/// The maps after one unit.
struct Maps {
    name: String,
    channels: usize,
    height: usize,
    width: usize,
    /// `[channels, height, width]`
    values: Vec<f32>,
}

/// What convolution saves, and what it keeps.
struct Network {
    connections: Vec<Connections>,
    /// Pixels between two positions of the first unit's maps.
    step: Option<usize>,
    /// By a whole number of positions, and by one pixel where that is none.
    shifts: Vec<Equivariance>,
}

pub(crate) fn run(args: &InspectArgs) -> anyhow::Result<()> {
    let run = find::one_run(args.run_dir.as_deref(), "looking into")?;
    let config = run.config()?;
    let best = run.best_model()?;
    let opened = device::open(args.backend.wish())?;
    if let Some(notice) = &opened.notice {
        note(&format!("note: {notice}"));
    }
    let model = load_model(&config, &best, &opened)?;
    let name = config.data().dataset;
    let dir = data_dir(&args.data_dir);
    let images = data::whole_file(name, args.split, &dir, &mut download_bar::listener())?;
    check_index(args.index, &images)?;
    let split = if args.split == Split::Test { "test" } else { "training" };
    let inspection = Inspection {
        title: format!("{}, {split} image #{}", name.title(), args.index),
        model: format!("{}, epoch {}, {}", short(run.path()), best.epoch(), opened.backend.name()),
        classes: name.classes(),
        ..inspect(&model, config.architecture(), &images, args.index, &opened.device)
    };
    show(&inspection, args.output.as_deref())
}

fn check_index(index: usize, images: &Subset) -> anyhow::Result<()> {
    if index >= images.len() {
        let found = images.len();
        return Err(usage(format!(
            "--index {index}: there are {found} images, from 0 to {}",
            found.saturating_sub(1)
        )));
    }
    Ok(())
}

fn inspect<'a>(
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
        units: model.feature_maps(network_input.clone()).into_iter().enumerate().map(maps).collect(),
        occlusion,
        network: network(model, architecture, &network_input),
    }
}

fn maps((unit, tensor): (usize, Tensor<4>)) -> Maps {
    let [_n, channels, height, width] = tensor.dims();
    let values = tensor.into_data().iter::<f32>().collect();
    Maps { name: format!("units.{unit}"), channels, height, width, values }
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

fn show(inspection: &Inspection<'_>, output: Option<&Path>) -> anyhow::Result<()> {
    let network = network::render(&inspection.network);
    match output {
        None => print(&format!("{}\n{network}", text::render(inspection, &Screen::of_stdout()))),
        Some(path) => {
            sheet::draw(inspection)
                .write(path)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            print(&format!("{} in {}\n\n{network}", inspection.headline(), path.display()))
        }
    }
}

/// Over the images with evidence.
fn evidence_heading() -> String {
    format!("Evidence: how far a class's logit falls when the {PATCH}x{PATCH} pixels around are covered")
}

impl Inspection<'_> {
    /// The image and what the network takes it for, in one line.
    fn headline(&self) -> String {
        let predicted = self.prediction().map_or_else(String::new, |class| {
            format!(", taken for {} with {}", self.classes[class], self.percent(class))
        });
        format!("{}: {}{predicted}", self.title, self.classes[self.label])
    }

    fn prediction(&self) -> Option<usize> {
        self.ranking.first().copied()
    }

    fn percent(&self, class: usize) -> String {
        format!("{:.2} %", 100.0 * self.probabilities[class])
    }

    /// What a class is for this image: the network's prediction, the label, the runner-up.
    fn role(&self, class: usize) -> &'static str {
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
