//! Weights that a new run begins with instead of random ones: those of another run, or of a file.

use std::path::{Path, PathBuf};

use network::import::{ImportError, Layout};
use network::{Architecture, NamedTensors, TensorsError, import};
use run_files::{WeightsSource, names};
use thiserror::Error;

use crate::config::Config;
use crate::run::error::RunDirError;
use crate::run::folder::Folder;
use crate::run::run_dir::RunDir;
use crate::train::learner::first_weights;

/// Why a run cannot begin with these weights.
#[derive(Debug, Error)]
pub enum InitialError {
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    #[error("{} cannot be what a run of this configuration begins with", from.display())]
    Unfit { from: PathBuf, source: ImportError },
}

/// The weights of a trained network whose layers are those of a new run, except perhaps for the output layer.
#[derive(Clone, Debug, PartialEq)]
pub struct InitialWeights {
    tensors: NamedTensors,
    source: WeightsSource,
    /// What was changed so that the tensors fit, in sentences.
    notes: Vec<String>,
}

impl InitialWeights {
    /// The best model of a run that a person calls `name`.
    ///
    /// # Errors
    /// If the run has no model, or a layer other than the output layer differs from the configuration's.
    pub fn of_run(run: &RunDir, name: &str, config: &Config) -> Result<Self, InitialError> {
        let unfit =
            |source: TensorsError| InitialError::Unfit { from: run.path().to_owned(), source: source.into() };
        let bytes = run.best_model()?.snapshot.weights.to_bytes().map_err(unfit)?;
        let mut initial = Self::of_bytes(run.path(), name, &bytes, config, None)?;
        let before = run.config()?.description().classes.join(", ");
        let now = config.description().classes.join(", ");
        if initial.other_classes(config).is_none() && before != now {
            initial.notes.push(format!(
                "its classes are {before}, and those of this data set {now}; its output layer is kept all the same"
            ));
        }
        Ok(initial)
    }

    /// The tensors of a safetensors file, whose content is `bytes`. `layout` is needed only if the file does not
    /// tell it.
    ///
    /// # Errors
    /// If the file cannot be used, or a layer other than the output layer differs from the configuration's.
    pub fn of_file(
        path: &Path,
        bytes: &[u8],
        config: &Config,
        layout: Option<Layout>,
    ) -> Result<Self, InitialError> {
        Self::of_bytes(path, &path.display().to_string(), bytes, config, layout)
    }

    fn of_bytes(
        from: &Path,
        name: &str,
        bytes: &[u8],
        config: &Config,
        layout: Option<Layout>,
    ) -> Result<Self, InitialError> {
        let unfit = |source| InitialError::Unfit { from: from.to_owned(), source };
        let architecture = with_classes(config.architecture(), import::classes(bytes));
        let read = import::read(bytes, &architecture, layout).map_err(unfit)?;
        let sha256 = read.tensors.sha256().map_err(|error| unfit(error.into()))?;
        let source = WeightsSource { from: name.to_owned(), sha256 };
        Ok(Self { tensors: read.tensors, source, notes: read.notes })
    }

    /// Reads the weights that the run, or the runs, in this folder begin with.
    ///
    /// # Errors
    /// If the file is missing, damaged, or not the one that the folder was begun with.
    pub fn read(folder: &Path, source: &WeightsSource) -> Result<Self, RunDirError> {
        let path = folder.join(names::INITIAL);
        let damaged = |problem: String| RunDirError::Damaged {
            path: path.clone(),
            problem: format!(
                "{problem}; a run that has no checkpoint yet begins with this file, so bring it back from a copy, \
                 or begin a new run"
            ),
        };
        let bytes = std::fs::read(&path).map_err(|error| damaged(error.to_string()))?;
        let tensors = NamedTensors::from_bytes(&bytes).map_err(|error| damaged(error.to_string()))?;
        let found = tensors.sha256().map_err(|error| damaged(error.to_string()))?;
        if found != source.sha256 {
            return Err(damaged(format!("found SHA-256 {found}, expected {}", source.sha256)));
        }
        Ok(Self { tensors, source: source.clone(), notes: Vec::new() })
    }

    /// Keeps the weights in the folder of a run, or of several, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), RunDirError> {
        let path = folder.join(names::INITIAL);
        let bytes = self.tensors.to_bytes();
        let bytes = bytes.map_err(|error| RunDirError::Damaged { path, problem: error.to_string() })?;
        Folder::new(folder).write(names::INITIAL, &bytes)
    }

    /// Where the weights come from.
    pub fn source(&self) -> &WeightsSource {
        &self.source
    }

    /// What was changed so that the tensors fit, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The number of classes of these weights, if it is another than the configuration's. The run's output layer then
    /// begins with random weights.
    pub fn other_classes(&self, config: &Config) -> Option<usize> {
        let (shape, _) = self.tensors.get("head.bias")?;
        shape.first().copied().filter(|&classes| classes != config.architecture().classes())
    }

    /// The weights with which a run of this configuration begins. What these weights do not give is drawn by the run's
    /// seed, as in a run that begins with nothing.
    pub(crate) fn start(&self, config: &Config) -> NamedTensors {
        let mut weights = first_weights(config.architecture(), config.train().seed);
        for (name, shape, values) in self.tensors.iter() {
            if weights.get(name).is_some_and(|(drawn, _)| drawn == shape) {
                weights.insert(name.to_owned(), shape.to_vec(), values.to_vec());
            }
        }
        weights
    }
}

/// The same network with an output layer of so many classes.
fn with_classes(architecture: &Architecture, classes: Option<usize>) -> Architecture {
    let input = architecture.input();
    let input = [input.channels, input.height, input.width];
    let other = classes.and_then(|classes| Architecture::new(architecture.config(), input, classes).ok());
    other.unwrap_or_else(|| architecture.clone())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::config::parse;

    fn config(more: &[&str]) -> Config {
        let small = ["data.dataset=sample", "model.units=[{filters=2, kernel_size=3}]", "model.dense=[4]"];
        let sets: Vec<String> = small.iter().chain(more).map(ToString::to_string).collect();
        parse("test", "", &sets).unwrap()
    }

    /// A file with the weights of a network of this configuration and so many classes.
    fn file(config: &Config, classes: usize) -> (NamedTensors, Vec<u8>) {
        let weights = first_weights(&with_classes(config.architecture(), Some(classes)), 7);
        let bytes = weights.to_bytes().unwrap();
        (weights, bytes)
    }

    #[test]
    fn a_run_begins_with_all_weights_or_with_all_but_the_output_layer() {
        let config = config(&["train.seed=3"]);
        let drawn = first_weights(config.architecture(), 3);
        let (weights, bytes) = file(&config, 10);
        let initial = InitialWeights::of_file(Path::new("w"), &bytes, &config, None).unwrap();
        assert_eq!((initial.start(&config), initial.other_classes(&config)), (weights, None));
        let (weights, bytes) = file(&config, 4);
        let initial = InitialWeights::of_file(Path::new("w"), &bytes, &config, None).unwrap();
        assert_eq!(initial.other_classes(&config), Some(4));
        let start = initial.start(&config);
        assert!(config.architecture().check(&start).is_ok());
        for (name, _, values) in start.iter() {
            let expected = if name.starts_with("head.") { &drawn } else { &weights };
            assert_eq!(values, expected.get(name).unwrap().1, "{name}");
        }
        let (_, bytes) = file(&config, 10);
        let other = self::config(&["model.dense=[5]"]);
        let refused = InitialWeights::of_file(Path::new("w"), &bytes, &other, None).unwrap_err();
        let InitialError::Unfit { source: ImportError::Unfit { problems }, .. } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(problems.len(), 3, "{problems:?}");
    }

    #[test]
    fn what_a_folder_keeps_is_compared_with_what_it_was_begun_with() {
        let dir = TempDir::new().unwrap();
        let config = config(&[]);
        let (_, bytes) = file(&config, 4);
        let initial = InitialWeights::of_file(Path::new("w"), &bytes, &config, None).unwrap();
        initial.write(dir.path()).unwrap();
        assert_eq!(InitialWeights::read(dir.path(), initial.source()).unwrap(), initial);
        let path = dir.path().join(names::INITIAL);
        let refuses = |words: &str| {
            let error = InitialWeights::read(dir.path(), initial.source()).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("initial.safetensors"), "{error}");
        };
        std::fs::write(&path, file(&config, 5).1).unwrap();
        refuses("expected ");
        std::fs::write(&path, "garbage").unwrap();
        refuses("not a safetensors file");
        std::fs::remove_file(&path).unwrap();
        refuses("begin a new run");
    }
}
