//! The names of the files in a run's folder, and in a folder of several runs.

/// The resolved configuration, from which the run can be repeated. A folder with this file is a run.
pub const CONFIG: &str = "config.toml";
/// The circumstances of the run: version, backend, machine and data.
pub const RUN: &str = "run.json";
/// The weights that training begins with, if they are not random.
pub const INITIAL: &str = "initial.safetensors";
/// The run's events, one in each line.
pub const METRICS: &str = "metrics.jsonl";
/// The folder of the checkpoints.
pub const CHECKPOINTS: &str = "checkpoints";
/// The evaluation of the best model on the validation images.
pub const VALIDATION: &str = "validation.json";
/// How far the best model's answers can be believed, decided by the validation images.
pub const THRESHOLDS: &str = "thresholds.json";
/// The result of the newest test.
pub const TEST: &str = "test.json";
/// The log of all tests, with a line for each test.
pub const TESTS: &str = "tests.jsonl";
/// Label, prediction and probabilities of each test image.
pub const PREDICTIONS: &str = "predictions.csv";
/// The page that shows the run, or several runs side by side.
pub const PAGE: &str = "report.html";
/// The folder of TensorBoard's event files.
pub const TENSORBOARD: &str = "tensorboard";
/// The list of a folder's runs, by their seeds. A folder with this file is a folder of several runs.
pub const SEEDS: &str = "seeds.json";
/// The configuration that the runs of such a folder share.
pub const SEEDS_CONFIG: &str = "seeds.toml";

/// The name of a file with the results of a test on another data set than the run's own: for [`TEST`] and
/// `mnist` it is `test-mnist.json`.
pub fn on_other_data(name: &str, dataset: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}-{dataset}.{extension}")
}

/// The files that are replaced as a whole: each is written under another name, which ends in `.partial`, and
/// then renamed. A crash can leave such a partial file behind.
pub const REPLACED: [&str; 16] = [
    CONFIG,
    RUN,
    INITIAL,
    TEST,
    VALIDATION,
    THRESHOLDS,
    PREDICTIONS,
    PAGE,
    SEEDS,
    SEEDS_CONFIG,
    "test-mnist.json",
    "test-fashion-mnist.json",
    "test-sample.json",
    "predictions-mnist.csv",
    "predictions-fashion-mnist.csv",
    "predictions-sample.csv",
];
