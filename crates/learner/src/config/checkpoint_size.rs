//! The sizes of the files that a run's checkpoints will have, which are known before the first step.

use network::tensors::LARGEST_FILE;
use network::{Architecture, NamedTensors};

use crate::config::error::ConfigError;
use crate::config::tables::{Optimizer, TrainConfig};

/// What the names of the weights that training goes on with end with. A run that averages its weights keeps them
/// beside the optimizer's state, because the weights of its checkpoints are the averages.
pub const TRAINED: &str = ".trained";

/// Names of the tensors that an optimizer keeps for each parameter, after the parameter's own name.
fn moments(train: &TrainConfig) -> &'static [&'static str] {
    match train.optimizer {
        Optimizer::Adam | Optimizer::Adamw => &["momentum.moment_1", "momentum.moment_2"],
        Optimizer::Sgd if train.momentum > 0.0 => &["momentum.velocity"],
        Optimizer::Sgd => &[],
    }
}

/// Refuses a network whose weights or whose optimizer's state would not fit into a file of a checkpoint. Such
/// a run would be lost at its first checkpoint.
///
/// # Errors
/// Says which file would be too large, and how large it would be.
pub(super) fn check(architecture: &Architecture, train: &TrainConfig) -> Result<(), ConfigError> {
    let parameters = architecture.layers().iter().map(|layer| layer.parameters).sum();
    let sizes = ["the weights", "the optimizer's state"].into_iter().zip(lengths(architecture, train));
    match sizes.into_iter().find(|(_, bytes)| *bytes > LARGEST_FILE) {
        Some((what, bytes)) => Err(ConfigError::TooLarge { parameters, what, bytes, largest: LARGEST_FILE }),
        None => Ok(()),
    }
}

/// Lengths in bytes of the files of the weights and of the optimizer's state.
pub fn lengths(architecture: &Architecture, train: &TrainConfig) -> [u64; 2] {
    let specs = architecture.tensor_specs();
    let weights = specs.iter().map(|spec| (spec.name.as_str(), spec.shape.as_slice()));
    // Batch statistics are counted and not learnt, so the optimizer keeps nothing for them.
    let learnt = weights.clone().filter(|(name, _shape)| !name.contains(".norm.running_"));
    let trained = weights.clone().filter(|_| train.ema_decay > 0.0);
    let trained = trained.map(|(name, shape)| (format!("{name}{TRAINED}"), shape));
    let state: Vec<(String, &[usize])> = learnt
        .flat_map(|(name, shape)| {
            moments(train).iter().map(move |moment| (format!("{name}.{moment}"), shape))
        })
        .chain(trained)
        .collect();
    let state = state.iter().map(|(name, shape)| (name.as_str(), *shape));
    [NamedTensors::file_length(weights), NamedTensors::file_length(state)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::text::parse;

    fn parsed(assignments: &[&str]) -> Result<crate::Config, ConfigError> {
        parse("test", "", &assignments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn a_network_whose_checkpoint_would_be_too_large_is_refused_with_its_sizes() {
        let message = parsed(&["model.dense=[45000]"]).unwrap_err().to_string();
        for words in ["141667", "the optimizer's state", "bytes, expected 1073741824 at most"] {
            assert!(message.contains(words), "{words}: {message}");
        }
        let sgd = ["train.optimizer=sgd", "train.momentum=0", "model.dense=[45000]"];
        assert!(parsed(&sgd).is_ok());
        let message = parsed(&[sgd[0], sgd[1], "model.dense=[90000]"]).unwrap_err().to_string();
        assert!(message.contains("the weights"), "{message}");
    }
}
