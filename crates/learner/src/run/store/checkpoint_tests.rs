//! Tests that a checkpoint reads back as it was written, that any change of it is noticed, and that old
//! checkpoints are removed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use network::tensors::LARGEST_FILE;
use network::{Architecture, ModelConfig};
use tempfile::TempDir;

use super::layout::{MANIFEST, OPTIMIZER, STATE, entries};
use super::*;
use crate::eval::score::Score;
use crate::random::{Stream, generator};
use crate::run::store::manifest::{self, Entry};
use crate::train::state::{Best, RunningMetrics, Snapshot, TrainingState};

fn snapshot(step: usize, best: usize) -> Snapshot {
    let config = ModelConfig { units: vec![], ..ModelConfig::default() };
    let architecture = Architecture::new(&config, [1, 4, 4], 10).unwrap();
    let draw = |epoch| architecture.initial_tensors(&mut generator(step as u64, Stream::Weights, epoch, 0));
    let mut state = TrainingState { epoch: 1, step, ..TrainingState::default() };
    state.sums.loss = 0.1 + 0.2;
    state.window = RunningMetrics { losses: vec![1.0 / 3.0, 2e-300], hits: 5, images: 7 };
    state.best = Some(Best { epoch: 1, step: best, score: Score { accuracy: 1.0 / 3.0, loss: 0.7 } });
    Snapshot { state, weights: draw(0), optimizer: draw(1) }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = entries(dir).unwrap().into_iter().map(|(name, _)| name).collect();
    names.sort();
    names
}

#[test]
fn a_checkpoint_reads_back_as_written() {
    let dir = TempDir::new().unwrap();
    let path = save(dir.path(), &snapshot(5, 5)).unwrap();
    assert_eq!(load(&path).unwrap(), snapshot(5, 5));
    assert_eq!(names(dir.path()), ["step-00000005"]);
    let mut nothing_yet = snapshot(6, 0);
    nothing_yet.state.best = None;
    assert_eq!(load(&save(dir.path(), &nothing_yet).unwrap()).unwrap(), nothing_yet);
}

#[test]
fn the_last_two_and_the_best_of_each_are_kept() {
    let dir = TempDir::new().unwrap();
    for (step, best) in [(1, 1), (2, 2), (3, 2), (10, 2)] {
        save(dir.path(), &snapshot(step, best)).unwrap();
    }
    assert_eq!(names(dir.path()), ["step-00000002", "step-00000003", "step-00000010"]);
    assert_eq!(super::best(dir.path()).unwrap().unwrap().snapshot.state.step, 2);
    // The checkpoint before the newest still names step 2, so step 2 is kept in case the newest gets damaged.
    save(dir.path(), &snapshot(11, 11)).unwrap();
    assert_eq!(names(dir.path()), ["step-00000002", "step-00000010", "step-00000011"]);
    save(dir.path(), &snapshot(12, 11)).unwrap();
    assert_eq!(names(dir.path()), ["step-00000011", "step-00000012"]);
}

#[test]
fn a_damaged_newest_checkpoint_is_set_aside_and_the_one_before_it_is_used() {
    let dir = TempDir::new().unwrap();
    save(dir.path(), &snapshot(1, 1)).unwrap();
    for place in ["broken-step-00000002", "broken-2-step-00000002"] {
        let path = save(dir.path(), &snapshot(2, 2)).unwrap();
        fs::write(path.join(STATE), "epoch = 1").unwrap();
        let newest = newest(dir.path()).unwrap().unwrap();
        assert_eq!((newest.snapshot.state.step, newest.damaged.len()), (1, 1));
        assert!(newest.damaged[0].error.to_string().contains("state.toml: found 9 bytes, expected "));
        assert_eq!(set_aside(&newest.damaged[0]).unwrap(), dir.path().join(place));
    }
    fs::remove_file(dir.path().join("step-00000001").join(WEIGHTS)).unwrap();
    let error = newest(dir.path()).unwrap_err();
    assert!(matches!(error, CheckpointError::NoneGood { count: 1, .. }), "{error}");
    assert!(error.to_string().contains("weights.safetensors"), "{error}");
}

#[test]
fn folders_that_an_interrupted_save_left_behind_are_removed() {
    let dir = TempDir::new().unwrap();
    save(dir.path(), &snapshot(1, 1)).unwrap();
    for left_over in ["staging-step-00000002", "removed-step-00000000"] {
        fs::create_dir(dir.path().join(left_over)).unwrap();
        fs::write(dir.path().join(left_over).join(WEIGHTS), "half").unwrap();
    }
    assert_eq!(newest(dir.path()).unwrap().unwrap().snapshot.state.step, 1);
    sweep(dir.path()).unwrap();
    assert_eq!(names(dir.path()), ["step-00000001"]);
}

/// The bits of all files of a checkpoint are too many to flip each. The test flips every bit of the manifest,
/// about 2,000 bits spread evenly over all files (`MNIST_CNN_BIT_FLIPS` sets another number), and it
/// truncates each file to every shorter length.
#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    let flips: usize = std::env::var("MNIST_CNN_BIT_FLIPS").map_or(2000, |n| n.parse().unwrap());
    let dir = TempDir::new().unwrap();
    let path = save(dir.path(), &snapshot(1, 1)).unwrap();
    let files: Vec<(PathBuf, Vec<u8>)> = [MANIFEST, STATE, WEIGHTS, OPTIMIZER]
        .map(|name| path.join(name))
        .map(|p| (p.clone(), fs::read(p).unwrap()))
        .into();
    let bits: usize = files.iter().map(|(_, content)| 8 * content.len()).sum();
    let is_manifest = |bit: usize| bit < 8 * files[0].1.len();
    let spacing = (bits / flips).max(1);
    let mut refused = 0;
    for bit in (0..bits).filter(|bit| is_manifest(*bit) || bit % spacing == 0) {
        let mut rest = bit;
        let (file, content) = files
            .iter()
            .find(|(_, content)| {
                let is_here = rest < 8 * content.len();
                rest -= if is_here { 0 } else { 8 * content.len() };
                is_here
            })
            .unwrap();
        let mut changed = content.clone();
        changed[rest / 8] ^= 1 << (rest % 8);
        fs::write(file, &changed).unwrap();
        assert!(load(&path).is_err(), "bit {rest} of {}", file.display());
        fs::write(file, content).unwrap();
        refused += 1;
    }
    assert!(refused >= flips.min(bits), "{refused}");
    for (file, content) in &files {
        for length in 0..content.len() {
            fs::write(file, &content[..length]).unwrap();
            assert!(load(&path).is_err(), "{length} bytes of {}", file.display());
        }
        fs::remove_file(file).unwrap();
        assert!(load(&path).is_err(), "without {}", file.display());
        fs::write(file, content).unwrap();
    }
    assert_eq!(load(&path).unwrap(), snapshot(1, 1));
}

#[test]
fn checkpoints_are_listed_in_the_order_of_their_steps_without_other_folders() {
    let dir = TempDir::new().unwrap();
    for name in ["step-100000000", "step-99999999", "step-00000168.bak", "step-1", "step-"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    let expected = ["step-99999999", "step-100000000"].map(|name| dir.path().join(name));
    assert_eq!(list(dir.path()).unwrap(), expected);
}

#[test]
fn a_folder_and_a_file_that_is_too_large_are_not_read() {
    let dir = TempDir::new().unwrap();
    let path = save(dir.path(), &snapshot(1, 1)).unwrap();
    let mut entries = manifest::parse(&fs::read(path.join(MANIFEST)).unwrap()).unwrap();
    let length = LARGEST_FILE + 1;
    File::options().write(true).open(path.join(WEIGHTS)).unwrap().set_len(length).unwrap();
    entries[0].length = length;
    fs::write(path.join(MANIFEST), manifest::print(&entries)).unwrap();
    let message = load(&path).unwrap_err().to_string();
    assert!(message.contains("expected 1073741824 at most"), "{message}");
    fs::remove_file(path.join(MANIFEST)).unwrap();
    fs::create_dir(path.join(MANIFEST)).unwrap();
    let message = load(&path).unwrap_err().to_string();
    assert!(message.contains("MANIFEST: found something else, expected a file"), "{message}");
}

#[test]
fn files_of_two_checkpoints_do_not_mix() {
    let dir = TempDir::new().unwrap();
    let [one, two] = [1, 2].map(|step| save(dir.path(), &snapshot(step, 1)).unwrap());
    for name in [WEIGHTS, OPTIMIZER, STATE, MANIFEST] {
        let before = fs::read(two.join(name)).unwrap();
        fs::copy(one.join(name), two.join(name)).unwrap();
        assert!(load(&two).is_err(), "{name}");
        fs::write(two.join(name), before).unwrap();
    }
}

/// Puts a link to itself in the place of a file, which not even the superuser can read.
#[cfg(unix)]
fn make_unreadable(file: &Path) {
    fs::rename(file, file.with_extension("kept")).unwrap();
    std::os::unix::fs::symlink(file.file_name().unwrap(), file).unwrap();
}

#[cfg(unix)]
fn make_readable(file: &Path) {
    fs::rename(file.with_extension("kept"), file).unwrap();
}

#[cfg(unix)]
#[test]
fn an_unreadable_checkpoint_is_an_error_and_no_older_one_takes_its_place() {
    for name in [MANIFEST, STATE, WEIGHTS, OPTIMIZER] {
        let dir = TempDir::new().unwrap();
        let [_, two] = [1, 2].map(|step| save(dir.path(), &snapshot(step, 1)).unwrap());
        make_unreadable(&two.join(name));
        for error in [newest(dir.path()).map(drop), best(dir.path()).map(drop)] {
            let error = error.unwrap_err();
            assert!(error.is_unreadable(), "{error}");
            let text = error.to_string();
            assert!(text.contains(name) && text.contains("may still be good"), "{text}");
        }
        assert!(may_have_best(dir.path()));
        make_readable(&two.join(name));
        assert_eq!(newest(dir.path()).unwrap().unwrap().path, two);
    }
    // The same holds for the folder of all checkpoints, but there need not be one.
    let dir = TempDir::new().unwrap();
    let all = dir.path().join("checkpoints");
    assert!(newest(&all).unwrap().is_none() && !may_have_best(&all));
    std::os::unix::fs::symlink("checkpoints", &all).unwrap();
    assert!(newest(&all).unwrap_err().is_unreadable() && may_have_best(&all));
}

#[cfg(unix)]
#[test]
fn nothing_is_removed_that_no_readable_checkpoint_has_superseded() {
    let dir = TempDir::new().unwrap();
    // Each checkpoint names itself as the best, so that none is kept as the best of another.
    let [one, two, three] = [1, 2, 3].map(|step| {
        let path = save(dir.path(), &snapshot(step, step)).unwrap();
        // `save` would remove the first checkpoint when the third is written.
        fs::rename(&path, dir.path().join(step.to_string())).unwrap();
        path
    });
    for (step, path) in [(1, &one), (2, &two), (3, &three)] {
        fs::rename(dir.path().join(step.to_string()), path).unwrap();
    }
    make_unreadable(&two.join(WEIGHTS));
    make_unreadable(&three.join(MANIFEST));
    prune(dir.path()).unwrap();
    assert_eq!(list(dir.path()).unwrap(), [&one, &two, &three].map(Clone::clone));
    // Two newer ones that can be read supersede the first one. Those that cannot be read stay.
    let [four, five] = [4, 5].map(|step| save(dir.path(), &snapshot(step, step)).unwrap());
    assert_eq!(list(dir.path()).unwrap(), [&two, &three, &four, &five].map(Clone::clone));
    make_readable(&two.join(WEIGHTS));
    prune(dir.path()).unwrap();
    assert_eq!(list(dir.path()).unwrap(), [&three, &four, &five].map(Clone::clone));
}

#[test]
fn a_damaged_checkpoint_does_not_count_as_kept() {
    let dir = TempDir::new().unwrap();
    let [one, two] = [1, 2].map(|step| save(dir.path(), &snapshot(step, step)).unwrap());
    fs::write(two.join(WEIGHTS), "short").unwrap();
    let three = save(dir.path(), &snapshot(3, 3)).unwrap();
    assert_eq!(list(dir.path()).unwrap(), [one, two, three.clone()]);
    let four = save(dir.path(), &snapshot(4, 4)).unwrap();
    assert_eq!(list(dir.path()).unwrap(), [three, four]);
}

#[test]
fn a_checkpoint_that_the_events_do_not_reach_is_passed_over_and_set_aside_by_another_name() {
    let dir = TempDir::new().unwrap();
    for step in [1, 2] {
        save(dir.path(), &snapshot(step, 1)).unwrap();
    }
    let lacks =
        |state: &TrainingState| Ok::<_, CheckpointError>((state.step > 1).then(|| "an epoch".to_owned()));
    let newest = newest_reached(dir.path(), lacks).unwrap().unwrap();
    assert_eq!((newest.snapshot.state.step, newest.damaged.len()), (1, 1));
    let text = newest.damaged[0].error.to_string();
    assert!(text.contains("step-00000002: metrics.jsonl lacks an epoch"), "{text}");
    assert_eq!(set_aside(&newest.damaged[0]).unwrap(), dir.path().join("ahead-step-00000002"));
    let none = newest_reached(dir.path(), |_| Ok::<_, CheckpointError>(Some("all".to_owned()))).unwrap_err();
    assert!(matches!(none, CheckpointError::NoneGood { count: 1, .. }), "{none}");
}

#[test]
fn a_whole_checkpoint_of_another_version_is_not_taken_for_a_damaged_one() {
    let dir = TempDir::new().unwrap();
    save(dir.path(), &snapshot(1, 1)).unwrap();
    let two = save(dir.path(), &snapshot(2, 1)).unwrap();
    let entries = manifest::parse(&fs::read(two.join(MANIFEST)).unwrap()).unwrap();
    let refused = |entries: &[Entry], words: &str| {
        fs::write(two.join(MANIFEST), manifest::print(entries)).unwrap();
        let error = newest(dir.path()).unwrap_err();
        assert!(matches!(error, CheckpointError::OtherVersion { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    let state = "coffee = 2\n".to_owned() + &fs::read_to_string(two.join(STATE)).unwrap();
    fs::write(two.join(STATE), &state).unwrap();
    let mut with_state = entries;
    with_state[2] = Entry::new(STATE, state.as_bytes());
    refused(&with_state, "state.toml: unknown field `coffee`");
    let with_more = [with_state, vec![Entry::new("schedule.toml", b"")]].concat();
    refused(&with_more, "state.toml, schedule.toml, expected");
}
