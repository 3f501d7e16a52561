//! The configurations that are timed: the lecture's network, and others that change it in one way or another.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// A configuration, and how fast a training step of it has to be.
pub(in crate::speed) struct Row {
    pub name: &'static str,
    source: Source,
    /// Height and width to which the images are scaled, if they are.
    pub image_size: Option<usize>,
    /// How many times as fast as the fastest peer a training step must be, and the goal.
    pub wanted: Option<[f64; 2]>,
    /// Training steps of each peer before the first that is timed. Our program always takes 200: the gradients become
    /// sparser in these, and our kernels, unlike the peers', are faster where they are.
    pub warm_up: usize,
}

enum Source {
    /// A file below the workspace.
    File(&'static str),
    /// What `[model]` says.
    Model(&'static str),
}

/// Each network trains in the same way, whatever its file says: the peers do it like this.
const TRAINING: [&str; 9] = [
    "train.batch_size=128",
    "train.optimizer=\"adam\"",
    "train.learning_rate=0.001",
    "train.schedule=\"constant\"",
    "train.warmup_fraction=0.0",
    "train.beta_1=0.9",
    "train.beta_2=0.999",
    "train.weight_decay=0.0",
    "train.label_smoothing=0.0",
];

const LECTURE: &str = "[[model.units]]\nfilters = 32\n[[model.units]]\nfilters = 64\n";
const BATCH_NORMALIZATION: &str = "[[model.units]]\nfilters = 32\nnormalization = \"batch\"
[[model.units]]\nfilters = 64\nnormalization = \"batch\"\n";
const GELU: &str = "[[model.units]]\nfilters = 32\nactivation = \"gelu\"
[[model.units]]\nfilters = 64\nactivation = \"gelu\"\n";
const AVERAGE: &str = "[[model.units]]\nfilters = 32\npool = \"average\"
[[model.units]]\nfilters = 64\npool = \"average\"\n";
const TANH: &str = "[[model.units]]\nfilters = 32\nactivation = \"tanh\"
[[model.units]]\nfilters = 64\nactivation = \"tanh\"\n";
const DROPOUT: &str = "[model]\ndense = [256]\ndropout = 0.5
[[model.units]]\nfilters = 32\ndropout = 0.25\n[[model.units]]\nfilters = 64\ndropout = 0.25\n";
const THREE: &str = "[model]\ndense = [128]
[[model.units]]\nfilters = 32\nkernel_size = 3\n[[model.units]]\nfilters = 64\nkernel_size = 3
[[model.units]]\nfilters = 128\nkernel_size = 3\n";
const DENSE: &str = "[model]\ndense = [512, 256]\nunits = []\n";

pub(in crate::speed) const ROWS: [Row; 12] = [
    row("lecture", Source::Model(LECTURE), [2.2, 3.0]),
    row("batch-normalization", Source::Model(BATCH_NORMALIZATION), [1.3, 1.8]),
    row("gelu", Source::Model(GELU), [1.3, 1.6]),
    row("average-pooling", Source::Model(AVERAGE), [1.0, 1.3]),
    row("tanh", Source::Model(TANH), [1.15, 1.5]),
    row("dropout", Source::Model(DROPOUT), [1.4, 2.0]),
    row("one-epoch", Source::File("configs/one-epoch.toml"), [1.5, 2.0]),
    row("three-3x3", Source::Model(THREE), [1.8, 2.5]),
    Row { warm_up: 60, ..row("seven-convolutions", Source::File("configs/deep.toml"), [1.3, 1.6]) },
    row("dense", Source::Model(DENSE), [1.2, 1.5]),
    large("lecture-64x64", LECTURE),
    large("three-3x3-64x64", THREE),
];

const fn row(name: &'static str, source: Source, wanted: [f64; 2]) -> Row {
    Row { name, source, image_size: None, wanted: Some(wanted), warm_up: 200 }
}

const fn large(name: &'static str, model: &'static str) -> Row {
    Row { name, source: Source::Model(model), image_size: Some(64), wanted: None, warm_up: 40 }
}

impl Row {
    /// Whether this is the default network.
    pub(in crate::speed) fn is_lecture(&self) -> bool {
        self.name == "lecture"
    }

    /// The flags that name this configuration to `train` and `bench`. Its file is written below `target`.
    pub(in crate::speed) fn flags(&self, root: &Path) -> Result<Vec<String>> {
        let file = match self.source {
            Source::File(file) => root.join(file),
            Source::Model(text) => {
                let folder = root.join("target/bench/rows");
                fs::create_dir_all(&folder)?;
                let file = folder.join(format!("{}.toml", self.name));
                fs::write(&file, text)?;
                file
            }
        };
        let flags = ["--config".to_owned(), file.display().to_string()];
        let sets = TRAINING.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]);
        Ok(flags.into_iter().chain(sets).collect())
    }
}
