//! Burn's optimizers, built from `[train]`.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig};

use crate::config::{Optimizer, TrainConfig};

/// The optimizer that the configuration names, without state.
pub fn build(config: &TrainConfig) -> ModuleOptimizer {
    let decay = (config.weight_decay > 0.0).then(|| WeightDecayConfig::new(config.weight_decay as f32));
    let [beta_1, beta_2, epsilon] = [config.beta_1, config.beta_2, config.epsilon].map(|x| x as f32);
    match config.optimizer {
        Optimizer::Adam => AdamConfig::new()
            .with_beta_1(beta_1)
            .with_beta_2(beta_2)
            .with_epsilon(epsilon)
            .with_weight_decay(decay)
            .init(),
        Optimizer::Adamw => AdamWConfig::new()
            .with_beta_1(beta_1)
            .with_beta_2(beta_2)
            .with_epsilon(epsilon)
            .with_weight_decay(config.weight_decay as f32)
            .init(),
        // Burn's default dampening is 0.1; the field's is none.
        Optimizer::Sgd => SgdConfig::new()
            .with_momentum(
                (config.momentum > 0.0)
                    .then(|| MomentumConfig::new().with_momentum(config.momentum).with_dampening(0.0)),
            )
            .with_weight_decay(decay)
            .init(),
    }
}
