//! A run as the page shows it: the content of its files, and what only its weights tell.

use run_files::{Evaluation, Event, MetricsLine, Mistake, RunInfo, TestFile, ValidationFile};

/// Everything that the page may show of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// What people call it, e.g. `runs/default-1`; `test -p` takes it.
    pub name: String,
    /// The text of `config.toml`.
    pub config: String,
    /// `run.json`.
    pub info: RunInfo,
    /// `metrics.jsonl`.
    pub metrics: Vec<MetricsLine>,
    /// The evaluation of the run's best model; `None` before training has ended.
    pub evaluated: Option<Evaluated>,
    /// How often `test` was run on it, with whichever model was the best one at the time.
    pub times_tested: usize,
    /// The network's layers; empty if they are not known.
    pub layers: Vec<LayerRow>,
    /// The filters of the first convolution, if there is one.
    pub filters: Option<Filters>,
}

/// The evaluation of a run's best model.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    pub file: EvaluationFile,
    /// `gallery[i]` is the image of the file's `worst[i]`; it may be shorter.
    pub gallery: Vec<Image>,
}

/// The file with the evaluation, which also says on which images the model was evaluated.
#[derive(Clone, Debug, PartialEq)]
pub enum EvaluationFile {
    /// `validation.json`: on the images that chose the best epoch.
    Validation(ValidationFile),
    /// `test.json`: on the test images.
    Test(TestFile),
}

/// A grey image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    pub height: usize,
    pub width: usize,
    /// `[height, width]`: 0 is background, 255 ink.
    pub pixels: Vec<u8>,
}

/// A row of the layer table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerRow {
    pub name: String,
    pub kind: String,
    /// The shape of the output, e.g. `32x28x28`.
    pub output: String,
    pub parameters: usize,
    /// For one image.
    pub multiply_adds: usize,
}

/// Filters of a convolution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filters {
    /// `[filters, channels, height, width]`
    pub shape: [usize; 4],
    /// The weights in this shape's order.
    pub values: Vec<f32>,
}

impl Run {
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.metrics.iter().map(|line| &line.event)
    }

    /// Seconds of training so far.
    pub(crate) fn seconds(&self) -> Option<f64> {
        let lines = self.metrics.iter().rev();
        let mut trained = lines.filter(|line| !matches!(line.event, Event::Start(_) | Event::Unknown));
        trained.find_map(|line| Some(line.seconds).filter(|seconds| seconds.is_finite()))
    }

    /// Steps in an epoch: as the start event says, or else as the first epoch took.
    pub(crate) fn steps_per_epoch(&self) -> Option<usize> {
        let steps = self.events().find_map(|event| match event {
            Event::Start(start) => Some(start.steps_per_epoch),
            Event::Epoch(epoch) => Some(epoch.step / epoch.epoch.max(1)),
            _ => None,
        });
        steps.filter(|steps| *steps > 0)
    }

    /// The network's parameters, if its layers are known.
    pub(crate) fn parameters(&self) -> Option<usize> {
        (!self.layers.is_empty()).then(|| self.layers.iter().map(|layer| layer.parameters).sum())
    }

    pub(crate) fn evaluation(&self) -> Option<&Evaluation> {
        self.evaluated.as_ref().map(|evaluated| evaluated.file.evaluation())
    }
}

impl EvaluationFile {
    pub fn evaluation(&self) -> &Evaluation {
        match self {
            Self::Validation(file) => &file.evaluation,
            Self::Test(file) => &file.evaluation,
        }
    }

    /// Wrongly classified images by falling loss.
    pub fn worst(&self) -> &[Mistake] {
        match self {
            Self::Validation(file) => &file.worst,
            Self::Test(file) => &file.worst,
        }
    }

    /// Which of the data set's images they were: `validation` or `test`.
    pub(crate) fn split(&self) -> &'static str {
        match self {
            Self::Validation(_) => "validation",
            Self::Test(_) => "test",
        }
    }

    pub(crate) fn dataset(&self) -> &str {
        match self {
            Self::Validation(file) => &file.dataset,
            Self::Test(file) => &file.dataset,
        }
    }

    /// The epoch whose weights were evaluated, from 1.
    pub(crate) fn epoch(&self) -> usize {
        match self {
            Self::Validation(file) => file.epoch,
            Self::Test(file) => file.epoch,
        }
    }

    pub(crate) fn weights_sha256(&self) -> &str {
        match self {
            Self::Validation(file) => &file.weights_sha256,
            Self::Test(file) => &file.weights_sha256,
        }
    }
}
