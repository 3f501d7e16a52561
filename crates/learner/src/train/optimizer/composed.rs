//! Burn's optimizers on the devices that have no kernel for them, applied to each parameter by its name.
//!
//! Burn's own `ModuleOptimizer` has three faults that this one avoids. It loads its state through the
//! default device, which is a graphics adapter wherever one is compiled in. It silently leaves out state
//! that it cannot match with a parameter. And the content of its file depends on the order of a hash map.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{
    Adam, AdamConfig, AdamW, AdamWConfig, DynOptimizer, DynState, Optimizer as BurnOptimizer, Sgd, SgdConfig,
    StateSink, StateSource,
};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use model::Cnn;
use network::{NamedTensors, TensorsError};

use crate::config::{Optimizer, TrainConfig};

/// One of Burn's optimizers, with its state for each parameter.
pub(super) struct ComposedOptimizer {
    /// The rule for weights, which have two or more dimensions.
    weights: Rule,
    /// The rule for parameters of one dimension, whose weight decay may differ.
    biases: Rule,
    /// The state of each parameter under the parameter's name.
    states: BTreeMap<String, DynState>,
}

enum Rule {
    Adam(Adam),
    Adamw(AdamW),
    Sgd(Sgd),
}

impl ComposedOptimizer {
    pub(super) fn new(config: &TrainConfig) -> Self {
        let [weights, biases] = [2, 1].map(|dimensions| Rule::new(config, config.decay(dimensions) as f32));
        Self { weights, biases, states: BTreeMap::new() }
    }

    pub(super) fn step(&mut self, rate: f64, model: Cnn, gradients: Gradients, gradient_scale: f32) -> Cnn {
        model.map(&mut Step { optimizer: self, rate, gradients, gradient_scale, path: Vec::new() })
    }

    fn rule(&self, dimensions: usize) -> &Rule {
        if dimensions > 1 { &self.weights } else { &self.biases }
    }

    pub(super) fn state(&self) -> NamedTensors {
        let mut tensors = NamedTensors::default();
        for (name, state) in &self.states {
            for (name, data) in self.weights.flatten(name, state).tensors {
                let shape = data.shape().to_vec();
                tensors.insert(name, shape, data.convert::<f32>().iter::<f32>().collect());
            }
        }
        tensors
    }

    pub(super) fn restore(
        config: &TrainConfig,
        model: &Cnn,
        state: &NamedTensors,
        steps: usize,
        device: &Device,
    ) -> Result<Self, TensorsError> {
        let mut restore = Restore {
            optimizer: Self::new(config),
            state,
            steps,
            device,
            path: Vec::new(),
            used: 0,
            error: None,
        };
        model.visit(&mut restore);
        if let Some(error) = restore.error {
            return Err(error);
        }
        if restore.used < state.iter().count() {
            let known = restore.optimizer.state();
            let unexpected = state.iter().map(|(name, ..)| name).find(|name| known.get(name).is_none());
            return Err(TensorsError::Unexpected { name: unexpected.unwrap_or_default().to_owned() });
        }
        Ok(restore.optimizer)
    }
}

impl Rule {
    fn new(config: &TrainConfig, penalty: f32) -> Self {
        let decay = (penalty > 0.0).then(|| WeightDecayConfig::new(penalty));
        let [beta_1, beta_2, epsilon] = [config.beta_1, config.beta_2, config.epsilon].map(|x| x as f32);
        match config.optimizer {
            Optimizer::Adam => Self::Adam(
                AdamConfig::new()
                    .with_beta_1(beta_1)
                    .with_beta_2(beta_2)
                    .with_epsilon(epsilon)
                    .with_weight_decay(decay)
                    .build(),
            ),
            Optimizer::Adamw => Self::Adamw(
                AdamWConfig::new()
                    .with_beta_1(beta_1)
                    .with_beta_2(beta_2)
                    .with_epsilon(epsilon)
                    .with_weight_decay(penalty)
                    .build(),
            ),
            // Burn's default dampening is 0.1, but SGD with momentum usually has none.
            Optimizer::Sgd => {
                Self::Sgd(
                    SgdConfig::new()
                        .with_momentum((config.momentum > 0.0).then(|| {
                            MomentumConfig::new().with_momentum(config.momentum).with_dampening(0.0)
                        }))
                        .with_weight_decay(decay)
                        .build(),
                )
            }
        }
    }

    fn step<const D: usize>(
        &self,
        rate: f64,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<DynState>,
    ) -> (Tensor<D>, Option<DynState>) {
        match self {
            Self::Adam(rule) => step_with(rule, rate, parameter, gradient, state),
            Self::Adamw(rule) => step_with(rule, rate, parameter, gradient, state),
            Self::Sgd(rule) => step_with(rule, rate, parameter, gradient, state),
        }
    }

    fn of_any_rank(&self) -> &dyn DynOptimizer {
        match self {
            Self::Adam(rule) => rule,
            Self::Adamw(rule) => rule,
            Self::Sgd(rule) => rule,
        }
    }

    fn flatten(&self, name: &str, state: &DynState) -> StateSink {
        let mut sink = StateSink::default();
        self.of_any_rank().state_flatten(name, state, &mut sink);
        sink
    }
}

fn step_with<O: BurnOptimizer, const D: usize>(
    rule: &O,
    rate: f64,
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    state: Option<DynState>,
) -> (Tensor<D>, Option<DynState>) {
    let (parameter, state) = rule.step(rate, parameter, gradient, state.map(DynState::downcast));
    (parameter, state.map(|state| DynState::create::<O::State<D>>(state, D)))
}

/// Visits the parameters of a model and takes a step for each one that has a gradient.
struct Step<'a> {
    optimizer: &'a mut ComposedOptimizer,
    rate: f64,
    gradients: Gradients,
    gradient_scale: f32,
    path: Vec<String>,
}

impl ModuleMapper for Step<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, parameter, mapper) = param.consume();
        let gradient =
            if parameter.is_require_grad() { parameter.grad_remove(&mut self.gradients) } else { None };
        let Some(gradient) = gradient else { return Param::from_mapped_value(id, parameter, mapper) };
        let scaled =
            if self.gradient_scale == 1.0 { gradient } else { gradient.mul_scalar(self.gradient_scale) };
        let name = self.path.join(".");
        let state = self.optimizer.states.remove(&name);
        let rule = self.optimizer.rule(D);
        let (parameter, state) = rule.step(self.rate, parameter.inner(), scaled, state);
        self.optimizer.states.extend(state.map(|state| (name, state)));
        Param::from_mapped_value(id, Tensor::from_inner(parameter).require_grad(), mapper)
    }
}

/// Visits the parameters of a model and restores the optimizer's state for each one that learns. A step
/// with a gradient of zeros gives a state that has the right names and shapes, and its values are replaced.
struct Restore<'a> {
    optimizer: ComposedOptimizer,
    state: &'a NamedTensors,
    steps: usize,
    device: &'a Device,
    path: Vec<String>,
    /// Number of tensors of `state` that were restored.
    used: usize,
    error: Option<TensorsError>,
}

impl ModuleVisitor for Restore<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let parameter = param.val();
        if !parameter.is_require_grad() || self.error.is_some() {
            return;
        }
        let name = self.path.join(".");
        let zeros = || Tensor::<D>::zeros(parameter.shape(), self.device);
        let (_, pattern) = self.optimizer.rule(D).step(0.0, zeros(), zeros(), None);
        let Some(pattern) = pattern else { return };
        match self.filled::<D>(&name, &pattern) {
            Ok(state) => drop(self.optimizer.states.insert(name, state)),
            Err(error) => self.error = Some(error),
        }
    }
}

impl Restore<'_> {
    fn filled<const D: usize>(&mut self, name: &str, pattern: &DynState) -> Result<DynState, TensorsError> {
        let pattern = self.optimizer.rule(D).flatten(name, pattern);
        let steps = pattern.scalars.into_iter().map(|(name, _one)| (name, self.steps.into()));
        let mut source = StateSource::new(steps.collect());
        for (name, expected) in pattern.tensors {
            let Some((shape, values)) = self.state.get(&name) else {
                return Err(TensorsError::Missing { name });
            };
            let expected = expected.shape().to_vec();
            if shape != expected {
                return Err(TensorsError::Shape { name, found: shape.to_vec(), expected });
            }
            if let Some(position) = values.iter().position(|value| !value.is_finite()) {
                return Err(TensorsError::NotFinite { name, value: values[position].to_string(), position });
            }
            source.insert_tensor(name, TensorData::new(values.to_vec(), shape.to_vec()));
            self.used += 1;
        }
        let rule = self.optimizer.rule(D).of_any_rank();
        rule.state_unflatten(D, name, &mut source, self.device)
            .ok_or_else(|| TensorsError::Missing { name: name.to_owned() })
    }
}
