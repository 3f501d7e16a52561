//! A model's file gives the model back, has always the same bytes, and never panics at a hostile one.

use super::*;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::config::UnitConfig;

fn model() -> ModelFile {
    let unit = UnitConfig { filters: 2, kernel_size: 3, ..UnitConfig::default() };
    let config = ModelConfig { units: vec![unit], ..ModelConfig::default() };
    let architecture = Architecture::new(&config, [1, 6, 5], 3).unwrap();
    let weights = architecture.initial_tensors(&mut ChaCha8Rng::seed_from_u64(1));
    ModelFile {
        title: "Kleider \"klein\"".into(),
        architecture,
        classes: ["coat", "bag", "\u{30b7}\u{30e3}\u{30c4}"].map(String::from).to_vec(),
        preparation: "resize".into(),
        thresholds: Some(Thresholds {
            temperature: 1.1,
            least_energy: 4.25,
            least_probability: 0.5,
            least_known: 0.25,
        }),
        source: ModelSource {
            run: "clothes-1".into(),
            version: "0.1.0".into(),
            dataset: "mine".into(),
            weights_sha256: "00ff".into(),
        },
        weights,
    }
}

fn refusal(change: impl FnOnce(&mut ModelFile)) -> String {
    let mut model = model();
    change(&mut model);
    model.to_bytes().unwrap_err().to_string()
}

#[test]
fn a_file_gives_back_the_same_model_and_the_same_bytes() {
    for thresholds in [model().thresholds, None] {
        let model = ModelFile { thresholds, ..model() };
        let bytes = model.to_bytes().unwrap();
        let read = ModelFile::from_bytes(&bytes).unwrap();
        assert_eq!(read, model);
        assert_eq!(read.to_bytes().unwrap(), bytes);
        assert_eq!(NamedTensors::from_bytes(&bytes).unwrap(), model.weights);
    }
}

/// The keys, because files that were written must stay readable.
#[test]
fn the_metadata_is_what_it_always_was() {
    let bytes = model().to_bytes().unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let entries = metadata.metadata().as_ref().unwrap();
    assert_eq!(entries.len(), 1);
    let json = concat!(
        r#"{"version":1,"title":"Kleider \"klein\"","model":{"dense":[],"dense_normalization":"none","#,
        r#""dense_activation":"relu","dropout":0.0,"units":[{"filters":2,"kernel_size":3,"stride":1,"#,
        r#""padding":"same","groups":1,"normalization":"none","residual":0,"activation":"relu","pool":"max","#,
        r#""pool_size":2,"order":["normalization","residual","activation","pool"],"dropout":0.0}]},"#,
        r#""input":[1,6,5],"classes":["coat","bag","シャツ"],"preparation":"resize","thresholds":"#,
        r#"{"temperature":1.1,"least_energy":4.25,"least_probability":0.5,"least_known":0.25},"source":{"run":"clothes-1","#,
        r#""version":"0.1.0","dataset":"mine","weights_sha256":"00ff"}}"#,
    );
    assert_eq!(entries["model"], json);
}

#[test]
fn parts_that_do_not_fit_each_other_are_named() {
    assert!(refusal(|m| drop(m.classes.pop())).contains("2 classes have names, expected 3"));
    assert!(refusal(|m| m.classes[1] = "coat".into()).contains("class \"coat\""));
    assert!(refusal(|m| m.classes[1] = "a\u{1b}[2J".into()).contains("control characters"));
    assert!(refusal(|m| m.title = "t".repeat(1001)).contains("title of 1001 bytes"));
    let cold = Some(Thresholds { temperature: -1.0, ..Thresholds::default() });
    assert!(refusal(|m| m.thresholds = cold).contains("temperature = -1"));
    assert!(refusal(|m| m.weights.insert("tail".into(), vec![1], vec![0.0])).contains("tensor tail"));
}

#[test]
fn weights_alone_and_files_of_newer_programs_are_told_from_models() {
    let weights = model().weights.to_bytes().unwrap();
    assert!(matches!(ModelFile::from_bytes(&weights), Err(ModelFileError::NotAModel)));
    let newer = model().weights.to_bytes_with((ENTRY, r#"{"version":2,"new":{}}"#)).unwrap();
    assert!(matches!(ModelFile::from_bytes(&newer), Err(ModelFileError::Version { found: 2 })));
    assert!(ModelFile::from_bytes(b"PK").unwrap_err().to_string().starts_with("not a safetensors file"));
}

/// A small file whose network would fill the memory as soon as it predicts.
#[test]
fn a_network_that_takes_too_much_memory_is_refused() {
    let unit = UnitConfig { filters: 4000, kernel_size: 1, pool_size: 1, ..UnitConfig::default() };
    let units =
        vec![unit, UnitConfig { filters: 1, pool_size: 250, kernel_size: 1, ..UnitConfig::default() }];
    let config = ModelConfig { units, ..ModelConfig::default() };
    let architecture = Architecture::new(&config, [1, 256, 256], 3).unwrap();
    let weights = architecture.initial_tensors(&mut ChaCha8Rng::seed_from_u64(1));
    let text = refusal(|model| (model.architecture, model.weights) = (architecture, weights));
    assert!(text.contains("bytes of memory"), "{text}");
}

/// Mutated files are refused, or are a model whose bytes are those of the file apart from the order in the header.
#[test]
fn mutated_files_never_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let file = model().to_bytes().unwrap();
    let header = file.len() - 4 * (2 * 9 + 2 + 12 * 3 + 3);
    for _ in 0..20_000 {
        let mut bytes = file.clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..header.min(bytes.len()));
            match rng.random_range(0..4) {
                0 => bytes[at] = rng.random(),
                1 => bytes[at] ^= 1 << rng.random_range(0..8),
                2 => drop(bytes.drain(at..(at + rng.random_range(1..9)).min(bytes.len()))),
                _ => {
                    let digits = b"99999999999"[..rng.random_range(1..11)].to_vec();
                    drop(bytes.splice(at..at, digits));
                }
            }
        }
        if let Ok(model) = ModelFile::from_bytes(&bytes) {
            let again = model.to_bytes().unwrap();
            assert_eq!(ModelFile::from_bytes(&again).unwrap(), model);
        }
    }
}
