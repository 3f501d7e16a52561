//! Tests of the folder of several runs.

use tempfile::TempDir;

use super::*;
use crate::config;
use crate::run::find::{RunOrSeeds, latest};
use crate::run::lock::RunLock;

fn config(assignments: &[&str]) -> Config {
    let assignments: Vec<String> = assignments.iter().map(ToString::to_string).collect();
    config::parse("test", "", &assignments).unwrap()
}

fn folder(path: &Path, count: u64) -> SeedsDir {
    let config = config(&["train.seed=7"]);
    let info = plan_seeds(&config, count, "ndarray").unwrap();
    RunLock::new_run(path).unwrap().begin_seeds(&config, info, None).unwrap()
}

/// Makes a folder that `RunDir` opens as a run, which was begun at this time.
fn run(path: &Path, started: &str) {
    fs::create_dir_all(path).unwrap();
    fs::write(path.join(names::CONFIG), "").unwrap();
    let info = format!(
        r#"{{"version":"0","backend":"ndarray","hardware":"","platform":"","threads":1,"dataset":"sample",
        "data_sha256":[],"seed":1,"started":"{started}"}}"#
    );
    fs::write(path.join("run.json"), info).unwrap();
}

#[test]
fn a_folder_lists_its_seeds_and_the_runs_that_exist() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("tmp");
    let made = folder(&path, 3);
    let seeds = SeedsDir::open(&path).unwrap();
    assert_eq!(seeds, made);
    assert_eq!(seeds.seeds(), [7, 8, 9]);
    assert_eq!(seeds.config().unwrap(), config(&["train.seed=7"]));
    assert_eq!(seeds.runs(), []);
    run(&path.join("seed-9"), "");
    run(&path.join("seed-8"), "");
    run(&path.join("seed-1"), "");
    let names: Vec<PathBuf> = seeds.runs().iter().map(|run| run.path().to_owned()).collect();
    assert_eq!(names, [path.join("seed-8"), path.join("seed-9")]);
    assert_eq!(RunOrSeeds::open(&path).unwrap(), RunOrSeeds::Seeds(seeds));
    assert!(matches!(RunOrSeeds::open(&path.join("seed-8")), Ok(RunOrSeeds::Run(_))));
    assert!(matches!(RunOrSeeds::open(dir.path()), Err(RunDirError::NoRun(_))));
}

#[test]
fn a_configuration_of_other_data_than_the_runs_were_begun_on_is_refused() {
    let dir = TempDir::new().unwrap();
    let seeds = folder(dir.path(), 2);
    assert!(seeds.config().is_ok());
    // This run was begun on the sample, and the shared configuration names MNIST.
    run(&dir.path().join("seed-8"), "");
    let message = seeds.config().unwrap_err().to_string();
    for words in ["seeds.toml says mnist, but ", "seed-8/run.json says that the run was trained on sample"] {
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_folder_of_several_is_refused_where_one_run_is_wanted() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("tmp");
    folder(&path, 2);
    let says = |words: &str| {
        let message = RunOrSeeds::open(&path).unwrap().one_run().unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    };
    says("tmp is a folder of several runs and holds none yet");
    run(&path.join("seed-8"), "");
    says("tmp is a folder of several runs and holds 1 run; name the run itself");
    run(&path.join("seed-7"), "");
    says("tmp holds 2 runs; name one of them");
    let error = RunOrSeeds::open(&path).unwrap().one_run().unwrap_err();
    let RunDirError::Several { first: Some(first), .. } = error else { panic!("{error:?}") };
    assert_eq!(first, path.join("seed-7"));
}

#[test]
fn a_folder_is_not_made_twice_and_a_damaged_one_is_refused() {
    let dir = TempDir::new().unwrap();
    folder(dir.path(), 1);
    assert!(matches!(RunLock::new_run(dir.path()), Err(RunDirError::Exists { is_run: true, .. })));
    for text in [
        "",
        "{",
        r#"{"version":"1","seeds":[],"started":""}"#,
        r#"{"version":"1","seeds":[-1],"started":""}"#,
    ] {
        fs::write(dir.path().join(names::SEEDS), text).unwrap();
        for error in [SeedsDir::open(dir.path()).map(drop), RunOrSeeds::open(dir.path()).map(drop)] {
            let message = error.unwrap_err().to_string();
            assert!(
                message.contains("seeds.json: ") && message.contains("; expected the seeds"),
                "{message}"
            );
        }
    }
}

#[test]
fn seeds_above_the_largest_are_refused() {
    let largest = config(&["train.seed=9223372036854775806"]);
    assert_eq!(plan_seeds(&largest, 2, "ndarray").unwrap().seeds, [LARGEST_WHOLE - 1, LARGEST_WHOLE]);
    let refused = plan_seeds(&largest, 3, "ndarray").unwrap_err().to_string();
    assert!(refused.contains("9223372036854775807"), "{refused}");
    // A run with the largest seed can be resumed, and there is none with a larger seed.
    let last = largest.with_seed(LARGEST_WHOLE).unwrap();
    assert_eq!(crate::config::resume::check(&last, &last), Ok(()));
    let refused = largest.with_seed(LARGEST_WHOLE + 1).unwrap_err().to_string();
    assert!(refused.starts_with("train.seed = 9223372036854775808: expected"), "{refused}");
}

#[test]
fn the_latest_of_both_kinds_is_found() {
    let dir = TempDir::new().unwrap();
    let runs = dir.path().join("runs");
    assert_eq!(latest(&runs, false).unwrap(), None);
    run(&runs.join("old"), "2020-01-01T00:00:00.000Z");
    folder(&runs.join("now"), 2);
    fs::create_dir(runs.join("neither")).unwrap();
    let name = |with_model| {
        let found = latest(&runs, with_model).unwrap();
        found.map(|found| found.path().file_name().unwrap().to_string_lossy().into_owned())
    };
    assert_eq!(name(false).as_deref(), Some("now"));
    run(&runs.join("future"), "2999-01-01T00:00:00.000Z");
    assert_eq!(name(false).as_deref(), Some("future"));
    assert_eq!(name(true), None);
    run(&runs.join("now/seed-8"), "");
    let checkpoint = runs.join("now/seed-8/checkpoints/step-00000004");
    fs::create_dir_all(&checkpoint).unwrap();
    let state = "epoch = 1\nstep = 4\n[sums]\nloss = 1.0\nsteps = 4\nhits = 1\npictures = 4\n[window]\nlosses = []\nhits = 0\npictures = 0\n[best]\nepoch = 1\nstep = 4\n[best.score]\naccuracy = 0.5\nloss = 1.0\n";
    fs::write(checkpoint.join("state.toml"), state).unwrap();
    assert_eq!(name(true).as_deref(), Some("now"));
}
