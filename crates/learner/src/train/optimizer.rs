//! The optimizer of a network: its step, and its state, which can be saved and restored.
//!
//! On a CPU the project's own kernel takes the step, on other devices Burn's optimizers do. Both follow the same
//! formulas and keep the same state under the same names, so a run may be resumed on another backend.

mod composed;
mod flat;

use burn::tensor::{Device, Gradients};
use composed::ComposedOptimizer;
use flat::FlatOptimizer;
use model::Cnn;
use network::{NamedTensors, TensorsError};

use crate::config::TrainConfig;

/// An optimizer with its state for each parameter of a network.
pub struct ModelOptimizer(Kind);

enum Kind {
    Flat(FlatOptimizer),
    Composed(ComposedOptimizer),
}

impl ModelOptimizer {
    /// The optimizer that the configuration names, before its first step for `model` on this device.
    pub fn new(config: &TrainConfig, model: &Cnn, device: &Device) -> Self {
        Self(if ops::is_cpu(device) {
            Kind::Flat(FlatOptimizer::new(config, model))
        } else {
            Kind::Composed(ComposedOptimizer::new(config))
        })
    }

    /// The optimizer whose [`Self::state`] was `state` after `steps` steps of `model`; `steps` is at least 1.
    ///
    /// # Errors
    /// If a tensor is missing or unexpected, has another shape than its parameter, or is not finite.
    pub fn restore(
        config: &TrainConfig,
        model: &Cnn,
        state: &NamedTensors,
        steps: usize,
        device: &Device,
    ) -> Result<Self, TensorsError> {
        Ok(Self(if ops::is_cpu(device) {
            Kind::Flat(FlatOptimizer::restore(config, model, state, steps)?)
        } else {
            Kind::Composed(ComposedOptimizer::restore(config, model, state, steps, device)?)
        }))
    }

    /// Takes one step: changes each parameter of the model by its gradient, at this learning rate. The gradients
    /// are multiplied by `gradient_scale` first.
    pub fn step(&mut self, rate: f64, model: Cnn, gradients: Gradients, gradient_scale: f32) -> Cnn {
        match &mut self.0 {
            Kind::Flat(optimizer) => optimizer.step(rate, model, gradients, gradient_scale),
            Kind::Composed(optimizer) => optimizer.step(rate, model, gradients, gradient_scale),
        }
    }

    /// The optimizer's state as tensors with names such as `units.0.conv.weight.momentum.moment_1`.
    ///
    /// The number of steps is not among the tensors, because every step changes every parameter, so it is the
    /// number of the run's steps.
    pub fn state(&self) -> NamedTensors {
        match &self.0 {
            Kind::Flat(optimizer) => optimizer.state(),
            Kind::Composed(optimizer) => optimizer.state(),
        }
    }
}

#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests {
    use burn::module::{Module, ModuleVisitor, Param};
    use burn::tensor::Tensor;
    use model::device::{Backend, open};
    use network::Architecture;
    use network::config::{ModelConfig, UnitConfig};
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;
    use crate::config::Optimizer;

    /// Sums each parameter times numbers that depend on the step, so that these numbers are the gradients.
    struct Loss(usize, Option<Tensor<1>>);

    impl ModuleVisitor for Loss {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let parameter = param.val();
            let count = parameter.shape().num_elements();
            let numbers = (0..count).map(|i| ((i * 31 + self.0 * 17) % 101) as f32 / 50.0 - 1.0).collect();
            let flat = ops::from_values::<1>(numbers, [count], &parameter.device());
            let product = (parameter.reshape([count]) * flat).sum();
            self.1 = Some(self.1.take().map_or(product.clone(), |sum| sum + product));
        }
    }

    fn gradients(model: &Cnn, step: usize) -> Gradients {
        let mut loss = Loss(step, None);
        model.visit(&mut loss);
        loss.1.unwrap().backward()
    }

    /// The largest distance between values of the same name.
    fn distance(a: &NamedTensors, b: &NamedTensors) -> f32 {
        let names =
            |tensors: &NamedTensors| tensors.iter().map(|(name, ..)| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(names(a), names(b));
        let pairs = a.iter().zip(b.iter()).flat_map(|((_, _, a), (_, _, b))| a.iter().zip(b));
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    /// Both optimizers keep the same state to the bit. Adam's parameters differ a little, because Burn computes
    /// the powers of its decay rates in single precision.
    #[test]
    fn the_kernels_follow_burns_optimizers() {
        let device = open(Some(Backend::Ndarray)).unwrap().device;
        let unit = UnitConfig { filters: 3, kernel_size: 3, ..UnitConfig::default() };
        let config = ModelConfig { units: vec![unit], ..ModelConfig::default() };
        let architecture = Architecture::new(&config, [1, 8, 8], 4).unwrap();
        let weights = architecture.initial_tensors(&mut ChaCha8Rng::seed_from_u64(1));
        let network = || Cnn::new(&architecture, &weights, &device.clone().autodiff()).unwrap();
        for (optimizer, weight_decay, furthest) in [
            (Optimizer::Adam, 0.0, 2e-7),
            (Optimizer::Adam, 0.1, 2e-6),
            (Optimizer::Adamw, 0.0, 2e-7),
            (Optimizer::Adamw, 0.1, 2e-7),
            (Optimizer::Sgd, 0.0, 0.0),
            (Optimizer::Sgd, 0.1, 0.0),
        ] {
            let config = TrainConfig { optimizer, weight_decay, ..TrainConfig::default() };
            let (mut flat, mut composed) =
                (FlatOptimizer::new(&config, &network()), ComposedOptimizer::new(&config));
            let [mut ours, mut burns] = [network(), network()];
            for step in 0..6 {
                let rate = 0.002 * (step + 1) as f64;
                let gradients_of_ours = gradients(&ours, step);
                ours = flat.step(rate, ours, gradients_of_ours, 0.5);
                let gradients_of_burns = gradients(&burns, step);
                burns = composed.step(rate, burns, gradients_of_burns, 0.5);
            }
            let found = distance(&ours.weights(), &burns.weights());
            assert!(found <= furthest, "{optimizer:?} {weight_decay}: {found}");
            assert!(distance(&ours.weights(), &weights) > 0.01);
            let state = distance(&flat.state(), &composed.state());
            assert!(state <= if optimizer == Optimizer::Adam { weight_decay as f32 * furthest } else { 0.0 });
            // Either optimizer goes on from the state of the other.
            let restored = FlatOptimizer::restore(&config, &ours, &composed.state(), 6).unwrap();
            assert_eq!(restored.state(), composed.state());
            let restored = ComposedOptimizer::restore(&config, &ours, &flat.state(), 6, &device).unwrap();
            assert_eq!(restored.state(), flat.state());
        }
    }
}
