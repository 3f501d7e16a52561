//! The names of the files in a run's folder, and in a folder of several runs.

/// The resolved configuration, from which the run can be repeated. A folder with this file is a run.
pub const CONFIG: &str = "config.toml";
/// The description of the data set: classes, size, files. A run of an earlier version has none.
pub const DATASET: &str = "dataset.toml";
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
/// The circumstances of a sweep. A folder with this file is a sweep, and holds a run for each trial.
pub const SWEEP: &str = "sweep.json";
/// The keys of a sweep with their ranges, and the number of its trials.
pub const SWEEP_SPACE: &str = "sweep.toml";
/// The configuration that the trials of a sweep share.
pub const SWEEP_CONFIG: &str = "base.toml";
/// Why a trial of a sweep cannot be trained to its end, in the folder of its run.
pub const FAILURE: &str = "failure.json";

/// The folder of the weights after each epoch, if they are kept.
pub const EPOCHS: &str = "epochs";

/// The name of a file with the results of a test on another data set than the run's own: for [`TEST`] and
/// `mnist` it is `test-mnist.json`.
pub fn on_other_data(name: &str, dataset: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}-{dataset}.{extension}")
}

/// The files that are replaced as a whole: each is written under another name, which ends in `.partial`, and
/// then renamed. A crash can leave such a partial file behind. The results on another data set belong to them as well;
/// [`is_replaced`] knows their names.
const REPLACED: [&str; 15] = [
    CONFIG,
    DATASET,
    RUN,
    INITIAL,
    TEST,
    VALIDATION,
    THRESHOLDS,
    PREDICTIONS,
    PAGE,
    SEEDS,
    SEEDS_CONFIG,
    SWEEP,
    SWEEP_SPACE,
    SWEEP_CONFIG,
    FAILURE,
];

/// Whether a file of this name is replaced as a whole, so that a crash can leave a partial file of it behind.
pub fn is_replaced(name: &str) -> bool {
    let is_on_other_data = |file: &str| {
        let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
        let middle = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(extension)?.strip_suffix('.'));
        let dataset = middle.and_then(|middle| middle.strip_prefix('-')).unwrap_or_default();
        !dataset.is_empty()
            && dataset.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
    };
    REPLACED.contains(&name) || [TEST, PREDICTIONS].into_iter().any(is_on_other_data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_on_every_data_set_are_among_the_files_that_are_replaced() {
        for dataset in ["mnist", "fashion-mnist", "mine_2"] {
            for file in [TEST, PREDICTIONS] {
                assert!(is_replaced(&on_other_data(file, dataset)), "{file} {dataset}");
            }
        }
        assert!(is_replaced("config.toml") && is_replaced("dataset.toml"));
        for other in [
            "test-.json",
            "test-A.json",
            "tests.jsonl",
            "test-a.b.json",
            "test-mine.csv",
            "film",
            "metrics.jsonl",
        ] {
            assert!(!is_replaced(other), "{other}");
        }
    }
}
