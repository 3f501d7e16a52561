//! Tests that a run's bits depend neither on the vector instructions, as long as they fuse multiply-adds, nor on the
//! CPU backend, nor on the number of threads. `cargo xtask same-bits` does the same with MNIST and more networks.

use serde_json::Value;

use crate::program::{ProgramOutput, SMALL, Sandbox};

/// The SHA-256 of the weights that `numerics::VERSION` of the arithmetic ends in.
const EXPECTED: &str = include_str!("../fixtures/numerics-2.json");

/// With this schedule a finished run can get more epochs.
const CONSTANT: [&str; 4] = ["--set", "train.schedule=constant", "--set", "train.warmup_fraction=0"];

/// The CPU backends that are compiled in.
const BACKENDS: &[&str] = &[
    #[cfg(feature = "ndarray")]
    "ndarray",
    #[cfg(feature = "flex")]
    "flex",
];

/// A training run on one level, with one backend and so many threads.
#[derive(Clone, Debug)]
struct Place {
    level: String,
    backend: &'static str,
    threads: usize,
}

impl Place {
    /// The file `run.json` and the SHA-256 of the weights after an epoch.
    fn train(&self, sandbox: &Sandbox, sets: &[&str]) -> (Value, Value) {
        let run = format!("{}-{}-{}", self.level, self.backend, self.threads);
        let sets = SMALL.iter().chain(sets).chain(&["train.epochs=1"]).flat_map(|set| ["--set", set]);
        let begin = ["train", "--json", "-p", &run, "--backend", self.backend];
        let words: Vec<&str> = begin.into_iter().chain(sets).collect();
        let mut command = sandbox.command(&words);
        command.env("MNIST_CNN_SIMD", &self.level).env("RAYON_NUM_THREADS", self.threads.to_string());
        let ended = ProgramOutput::new(command.output().unwrap()).done();
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        (sandbox.json(&format!("{run}/run.json")), report["weights_sha256"].clone())
    }
}

/// The levels that the program has here, as the refusal of an unknown one lists them.
fn levels(sandbox: &Sandbox) -> Vec<String> {
    let words: Vec<&str> = ["train"].into_iter().chain(SMALL.iter().flat_map(|set| ["--set", set])).collect();
    let output = sandbox.command(&words).env("MNIST_CNN_SIMD", "none").output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    let list = message.split_once("expected one of ").unwrap().1.split_once(", which").unwrap().0;
    list.split(", ").map(str::to_owned).collect()
}

/// Each level on each backend; the number of threads is another each time.
fn places(sandbox: &Sandbox) -> Vec<Place> {
    let each = |level: String| BACKENDS.iter().map(move |&backend| (level.clone(), backend));
    let pairs = levels(sandbox).into_iter().flat_map(each);
    pairs
        .zip([1, 3, 2, 7, 4].into_iter().cycle())
        .map(|((level, backend), threads)| Place { level, backend, threads })
        .collect()
}

/// The SHA-256s that the places end in, the fused ones and the others.
fn ends(sets: &[&str]) -> [Vec<(Place, Value)>; 2] {
    let sandbox = Sandbox::new();
    let mut ends = [Vec::new(), Vec::new()];
    for place in places(&sandbox) {
        let (info, sha256) = place.train(&sandbox, sets);
        assert_eq!(info["numerics"]["version"], learner::numerics::VERSION);
        assert_eq!(info["numerics"]["level"], place.level.as_str());
        let is_fused = info["numerics"]["fused"].as_bool().unwrap();
        ends[usize::from(!is_fused)].push((place, sha256));
    }
    ends
}

#[test]
fn a_run_goes_on_with_other_bits_only_if_they_are_accepted() {
    let sandbox = Sandbox::new();
    let Some(fused) = levels(&sandbox).into_iter().find(|level| level != "portable") else { return };
    let train = |level: &str, more: &[&str]| {
        let words = [&["train", "-p", "run", "--backend", BACKENDS[0]], more].concat();
        ProgramOutput::new(sandbox.command(&words).env("MNIST_CNN_SIMD", level).output().unwrap())
    };
    let sets: Vec<&str> = SMALL.iter().flat_map(|set| ["--set", set]).collect();
    train("portable", &[&sets[..], &CONSTANT, &["--set", "train.epochs=1"]].concat()).done();
    let info = sandbox.json("run/run.json");
    // A finished run gets no more steps, and so keeps its arithmetic.
    train(&fused, &["--resume"]).done();
    let longer = ["--resume", "--set", "train.epochs=2"];
    train(&fused, &longer).fails(
        2,
        &[
            "run/run.json says that the run was computed with numerics version 2 on portable (no fused multiply-add)",
            &format!("it would go on with numerics version 2 on {fused} (fused multiply-add)"),
            "name other vector instructions with MNIST_CNN_SIMD, or go on all the same with:",
        ],
    );
    train(&fused, &[&longer[..], &["--accept-numerics"]].concat()).done();
    // From now on the run is one of the other level.
    train(&fused, &["--resume", "--set", "train.epochs=3"]).done();
    let resumed: Vec<Value> = sandbox.json("run/run.json")["resumed"].as_array().unwrap().clone();
    let levels: Vec<&Value> = resumed.iter().map(|resumed| &resumed["numerics"]["level"]).collect();
    assert_eq!(levels, ["portable", fused.as_str(), fused.as_str()]);
    assert_eq!(sandbox.json("run/run.json")["numerics"], info["numerics"]);
    let page = std::fs::read_to_string(sandbox.path().join("run/report.html")).unwrap();
    assert!(page.contains(&format!("numerics version 2 on {fused} (fused multiply-add)")), "{page}");
    let inspected = ProgramOutput::new(sandbox.command(&["inspect", "-p", "run"]).output().unwrap()).done();
    assert!(
        inspected.stdout.contains(&format!("trained with numerics version 2 on {fused}")),
        "{}",
        inspected.stdout
    );
}

/// Checks that runs with these assignments end in the bits that are recorded under this name.
fn check(name: &str, sets: &[&str]) {
    let expected: Value = serde_json::from_str(EXPECTED).unwrap();
    let others: Vec<_> = ["fused", "not fused"]
        .into_iter()
        .zip(ends(sets))
        .flat_map(|(key, ends)| ends.into_iter().map(move |(place, sha256)| (key, place, sha256)))
        .filter(|(key, _, sha256)| *sha256 != expected[name][key])
        .collect();
    // If the arithmetic was meant to change: raise `numerics::VERSION`, and name a file of that version above.
    assert!(
        others.is_empty(),
        "other bits than those of version {}: {others:#?}",
        learner::numerics::VERSION
    );
}

#[test]
fn a_run_ends_in_the_bits_of_its_numerics_version() {
    check("plain", &["model.dense=[20]", "model.dropout=0.2"]);
}

#[test]
fn an_augmented_run_ends_in_the_bits_of_its_numerics_version() {
    check(
        "augmented",
        &[
            "augment.rotation=15",
            "augment.shift=0.07",
            "augment.zoom=0.15",
            "augment.shear=0.2",
            "augment.elastic=0.04",
            "augment.stroke_width=0.02",
            "augment.erase=0.05",
            "augment.flip=true",
        ],
    );
}

/// Filters that are wide enough for Winograd's filtering, and what it leaves; activations whose slopes are kept.
#[test]
fn a_run_of_wide_filters_ends_in_the_bits_of_its_numerics_version() {
    check(
        "wide filters",
        &[
            "model.units=[{filters=16,kernel_size=5,activation=\"gelu\"},{filters=32,kernel_size=5,activation=\"tanh\"},\
             {filters=24,kernel_size=3}]",
            "train.optimizer=sgd",
            "train.label_smoothing=0.1",
        ],
    );
}

/// Every stage behind a convolution, groups, strides, and the optimizer's options.
#[test]
fn a_run_of_all_stages_ends_in_the_bits_of_its_numerics_version() {
    check(
        "all stages",
        &[
            "model.units=[{filters=16,kernel_size=3,normalization=\"batch\",pool=\"average\",dropout=0.1},\
             {filters=16,kernel_size=3,groups=16,pool=\"none\"},\
             {filters=16,kernel_size=1,residual=2,normalization=\"batch\",activation=\"sigmoid\",pool=\"none\"},\
             {filters=16,kernel_size=5,normalization=\"batch\",activation=\"gelu\"},\
             {filters=32,kernel_size=3,stride=2,pool=\"global-average\"}]",
            "model.dense=[24]",
            "model.dense_normalization=batch",
            "train.optimizer=adamw",
            "train.weight_decay=0.01",
            "train.clip_norm=1.0",
            "train.ema_decay=0.9",
            "train.schedule=cosine",
        ],
    );
}
