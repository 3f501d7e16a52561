//! Checkpoints read back as written, are verified, and are tidied up.

use model::{Architecture, ModelConfig};
use tempfile::TempDir;

use super::*;
use crate::random::{Stream, generator};

fn snapshot(step: usize, is_best: bool) -> Snapshot {
    let config = ModelConfig { units: vec![], ..ModelConfig::default() };
    let architecture = Architecture::new(&config, [1, 4, 4], 10).unwrap();
    let weights = Weights::initial(&architecture, &mut generator(step as u64, Stream::Weights, 0, 0));
    let mut position = Position { step, ..Position::default() };
    position.sums.add(&EpochSums { loss: 0.1 + 0.2, steps: 3, hits: 5, pictures: 7 });
    position.best = Some(Best { epoch: 1, score: Score { accuracy: 1.0 / 3.0, loss: 0.7 } });
    Snapshot { position, weights, optimizer: vec![1, 2, 3], is_best }
}

#[test]
fn a_checkpoint_reads_back_as_written() {
    let dir = TempDir::new().unwrap();
    let path = save(dir.path(), &snapshot(5, true)).unwrap();
    for folder in [path, best(dir.path())] {
        let (weights, position) = load(&folder).unwrap();
        assert_eq!((weights, position), (snapshot(5, true).weights, snapshot(5, true).position));
    }
}

#[test]
fn the_last_two_and_the_best_are_kept() {
    let dir = TempDir::new().unwrap();
    for (step, is_best) in [(1, false), (2, true), (3, false), (10, false)] {
        save(dir.path(), &snapshot(step, is_best)).unwrap();
    }
    let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["best", "step-00000003", "step-00000010"]);
    assert_eq!(load(&best(dir.path())).unwrap().1.step, 2);
}

#[test]
fn any_changed_file_is_refused_by_name() {
    for file in [WEIGHTS, STATE, MANIFEST] {
        let dir = TempDir::new().unwrap();
        let path = save(dir.path(), &snapshot(1, false)).unwrap();
        let mut bytes = fs::read(path.join(file)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path.join(file), &bytes).unwrap();
        let message = load(&path).unwrap_err().to_string();
        assert!(message.contains(if file == STATE { STATE } else { "" }), "{message}");
        fs::remove_file(path.join(file)).unwrap();
        assert!(load(&path).unwrap_err().to_string().contains(file));
    }
}
