//! `inspect`: what convolution does, made visible at one picture.

use std::path::Path;

use anyhow::Context;
use burn::tensor::{Device, Tensor};
use dataset::{Split, Subset};
use learner::evaluate::softmax;
use learner::occlusion::{Occlusion, occlude};
use model::connections::{Connections, connections};
use model::equivariance::{self, Equivariance};
use model::{Architecture, Cnn, device, preprocess};

use crate::args::InspectArgs;
use crate::data;
use crate::exit::{note, print, usage};
use crate::paths::{data_dir, short};
use crate::screen::Screen;
use crate::test::find_run;

mod canvas;
mod color;
mod field;
mod network;
mod sheet;
mod text;

/// Side of the patch that covers a part of the picture, in pixels: about the width of a stroke with
/// its borders, and the size of the lecture's kernels.
const PATCH: usize = 5;
/// The shift that a network is asked for, in pixels.
const SHIFT: usize = 2;

/// All that is known of one picture in one network.
struct Inspection<'a> {
    /// Which picture: data set, part, position.
    title: String,
    /// Which network: run and epoch.
    model: String,
    /// `[height, width]`
    picture: &'a [u8],
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
    let run = find_run(args.run_dir.as_deref(), "looking into")?;
    let config = run.config()?;
    let (best, checkpoint) = run.best_model()?;
    let opened = device::open(args.backend.wish())?;
    if let Some(notice) = &opened.notice {
        note(&format!("note: {notice}"));
    }
    let model = Cnn::new(config.architecture(), &best.weights, &opened.device)
        .with_context(|| format!("the model in {} cannot be used", short(&checkpoint)))?;
    let name = config.data().dataset;
    let pictures = data::whole_file(name, args.split, &data_dir(&args.data_dir))?;
    check_index(args.index, &pictures)?;
    let part = if args.split == Split::Test { "test" } else { "training" };
    let title = format!("{}, {part} picture #{}", name.title(), args.index);
    let epoch = best.position.epoch;
    let inspection = Inspection {
        title,
        model: format!("{}, epoch {epoch}, {}", short(run.path()), opened.backend.name()),
        classes: name.classes(),
        ..inspect(&model, config.architecture(), &pictures, args.index, &opened.device)
    };
    show(&inspection, args.output.as_deref())
}

fn check_index(index: usize, pictures: &Subset) -> anyhow::Result<()> {
    if index >= pictures.len() {
        let found = pictures.len();
        return Err(usage(format!(
            "--index {index}: there are {found} pictures, from 0 to {}",
            found.saturating_sub(1)
        )));
    }
    Ok(())
}

fn inspect<'a>(
    model: &Cnn,
    architecture: &Architecture,
    pictures: &'a Subset,
    index: usize,
    device: &Device,
) -> Inspection<'a> {
    let picture = pictures.image(index);
    let [height, width] = [pictures.height(), pictures.width()];
    let images = preprocess::to_input(picture, 1, height, width, device);
    let occlusion = occlude(model, picture, [height, width], PATCH, device);
    let logits = occlusion.logits();
    let mut ranking: Vec<usize> = (0..logits.len()).collect();
    ranking.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    Inspection {
        title: String::new(),
        model: String::new(),
        picture,
        height,
        width,
        label: usize::from(pictures.label(index)),
        classes: &[],
        probabilities: softmax(logits),
        ranking,
        units: model.maps(images.clone()).into_iter().enumerate().map(maps).collect(),
        occlusion,
        network: network(model, architecture, &images),
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

/// Over the pictures with evidence.
fn evidence_heading() -> String {
    format!("Evidence: how far a class's logit falls when the {PATCH}x{PATCH} pixels around are covered")
}

impl Inspection<'_> {
    /// The picture and what the network takes it for, in one line.
    fn headline(&self) -> String {
        let answer = self.prediction().map_or_else(String::new, |class| {
            format!(", taken for {} with {}", self.classes[class], self.percent(class))
        });
        format!("{}: {}{answer}", self.title, self.classes[self.label])
    }

    fn prediction(&self) -> Option<usize> {
        self.ranking.first().copied()
    }

    fn percent(&self, class: usize) -> String {
        format!("{:.2} %", 100.0 * self.probabilities[class])
    }

    /// What a class is for this picture: the network's answer, the truth, the second choice.
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
