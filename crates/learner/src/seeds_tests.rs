//! Tests of the folder of several runs.

use tempfile::TempDir;

use super::*;
use crate::claim::Claim;

fn config(assignments: &[&str]) -> Config {
    let assignments: Vec<String> = assignments.iter().map(ToString::to_string).collect();
    config_text::parse("test", "", &assignments).unwrap()
}

fn folder(path: &Path, count: u64) -> SeedsDir {
    let config = config(&["train.seed=7"]);
    Claim::new_run(path).unwrap().begin_seeds(&config, plan(&config, count).unwrap()).unwrap()
}

/// A run as far as `RunDir` looks, begun at this time.
fn run(path: &Path, started: &str) {
    fs::create_dir_all(path).unwrap();
    fs::write(path.join(CONFIG), "").unwrap();
    let info = format!(
        r#"{{"version":"0","backend":"ndarray","hardware":"","platform":"","threads":1,"dataset":"sample",
        "data_sha256":[],"seed":1,"started":"{started}"}}"#
    );
    fs::write(path.join("run.json"), info).unwrap();
}

#[test]
fn a_folder_says_what_belongs_to_it() {
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
    assert_eq!(Found::open(&path).unwrap(), Found::Seeds(seeds));
    assert!(matches!(Found::open(&path.join("seed-8")), Ok(Found::Run(_))));
    assert!(matches!(Found::open(dir.path()), Err(RunDirError::NoRun(_))));
}

#[test]
fn who_wants_one_run_is_told_to_name_it() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("tmp");
    folder(&path, 2);
    let says = |words: &str| {
        let message = RunDir::open(&path).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    };
    says("tmp holds no run yet; begin them: train --resume -p ");
    run(&path.join("seed-8"), "");
    says("tmp holds 1 run; name it: -p ");
    run(&path.join("seed-7"), "");
    says("tmp holds 2 runs; name one of them: -p ");
    says("tmp/seed-7");
}

#[test]
fn a_folder_is_not_made_twice_and_a_damaged_one_is_refused() {
    let dir = TempDir::new().unwrap();
    folder(dir.path(), 1);
    assert!(matches!(Claim::new_run(dir.path()), Err(RunDirError::Exists { is_run: true, .. })));
    for text in [
        "",
        "{",
        r#"{"version":"1","seeds":[],"started":""}"#,
        r#"{"version":"1","seeds":[-1],"started":""}"#,
    ] {
        fs::write(dir.path().join(SEEDS), text).unwrap();
        for error in [SeedsDir::open(dir.path()).map(drop), RunDir::open(dir.path()).map(drop)] {
            let message = error.unwrap_err().to_string();
            assert!(
                message.contains("seeds.json: ") && message.contains("; expected the seeds"),
                "{message}"
            );
        }
    }
}

#[test]
fn seeds_that_do_not_exist_are_refused() {
    let largest = config(&["train.seed=9223372036854775806"]);
    assert_eq!(plan(&largest, 2).unwrap().seeds, [LARGEST_SEED - 1, LARGEST_SEED]);
    let refused = plan(&largest, 3).unwrap_err().to_string();
    assert!(refused.contains("9223372036854775807"), "{refused}");
    let beyond = config(&[]).with_seed(u64::MAX);
    assert!(plan(&beyond, 2).is_err());
    // A run with the largest can be gone on with, and one beyond it could not.
    let goes_on = |seed| crate::resume::check(&largest.with_seed(seed), &largest.with_seed(seed)).is_ok();
    assert_eq!([LARGEST_SEED, LARGEST_SEED + 1].map(goes_on), [true, false]);
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
