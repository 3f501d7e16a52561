//! The optimizer on a CPU: what it keeps for all parameters lies in flat memory, in the order of the parameters in
//! the network, and the step of a parameter is one pass over its values.

use std::ops::Range;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use model::Cnn;
use network::{NamedTensors, TensorsError};
use ops::{MomentRates, Rule, Step, Steps};

use crate::config::{Optimizer, TrainConfig};

/// An optimizer whose step is the project's own kernel.
pub(super) struct FlatOptimizer {
    steps: Steps,
    parameters: Vec<Place>,
    /// The names of the values that the rule keeps for each value of a parameter.
    names: &'static [&'static str],
    /// These values, `names.len()` times as many as all parameters have.
    kept: [Vec<f32>; 2],
}

/// A parameter and where its values lie in the flat memory.
struct Place {
    name: String,
    shape: Vec<usize>,
    range: Range<usize>,
    decay: f32,
}

impl FlatOptimizer {
    pub(super) fn new(config: &TrainConfig, model: &Cnn) -> Self {
        let mut found = Places { config, path: Vec::new(), parameters: Vec::new() };
        model.visit(&mut found);
        let parameters = found.parameters;
        let (rule, names) = rule(config);
        let len = parameters.last().map_or(0, |place| place.range.end);
        let kept = [1, 2].map(|slices| vec![0.0; if names.len() >= slices { len } else { 0 }]);
        Self { steps: Steps::after(rule, 0), parameters, names, kept }
    }

    pub(super) fn restore(
        config: &TrainConfig,
        model: &Cnn,
        state: &NamedTensors,
        steps: usize,
    ) -> Result<Self, TensorsError> {
        let mut optimizer = Self::new(config, model);
        optimizer.steps = Steps::after(rule(config).0, steps);
        for place in &optimizer.parameters {
            for (name, kept) in optimizer.names.iter().zip(&mut optimizer.kept) {
                let name = format!("{}.{name}", place.name);
                let values = checked(state, name, &place.shape)?;
                kept[place.range.clone()].copy_from_slice(values);
            }
        }
        let known = optimizer.state();
        match state.iter().map(|(name, ..)| name).find(|name| known.get(name).is_none()) {
            Some(name) => Err(TensorsError::Unexpected { name: name.to_owned() }),
            None => Ok(optimizer),
        }
    }

    pub(super) fn step(&mut self, rate: f64, model: Cnn, gradients: Gradients, gradient_scale: f32) -> Cnn {
        let step = self.steps.next(rate, gradient_scale);
        let Self { parameters, kept: [first, second], .. } = self;
        model.map(&mut Update { step, gradients, parameters: parameters.iter(), kept: [first, second] })
    }

    pub(super) fn state(&self) -> NamedTensors {
        let mut tensors = NamedTensors::default();
        for place in &self.parameters {
            for (name, kept) in self.names.iter().zip(&self.kept) {
                let values = kept[place.range.clone()].to_vec();
                tensors.insert(format!("{}.{name}", place.name), place.shape.clone(), values);
            }
        }
        tensors
    }
}

/// The configured rule, and the names that Burn gives to the values that it keeps.
fn rule(config: &TrainConfig) -> (Rule, &'static [&'static str]) {
    const MEANS: &[&str] = &["momentum.moment_1", "momentum.moment_2"];
    let [beta_1, beta_2, epsilon] = [config.beta_1, config.beta_2, config.epsilon].map(|x| x as f32);
    let rates = MomentRates { beta_1, beta_2, epsilon };
    match config.optimizer {
        Optimizer::Adam => (Rule::Adam(rates), MEANS),
        Optimizer::Adamw => (Rule::Adamw(rates), MEANS),
        Optimizer::Sgd if config.momentum > 0.0 => {
            (Rule::Sgd { momentum: config.momentum as f32 }, &["momentum.velocity"])
        }
        Optimizer::Sgd => (Rule::Sgd { momentum: 0.0 }, &[]),
    }
}

/// The finite values of a tensor of this name and shape.
fn checked<'a>(state: &'a NamedTensors, name: String, expected: &[usize]) -> Result<&'a [f32], TensorsError> {
    let Some((shape, values)) = state.get(&name) else { return Err(TensorsError::Missing { name }) };
    if shape != expected {
        return Err(TensorsError::Shape { name, found: shape.to_vec(), expected: expected.to_vec() });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(position) => {
            Err(TensorsError::NotFinite { name, value: values[position].to_string(), position })
        }
        None => Ok(values),
    }
}

/// Visits a network and gives each parameter that learns its place in the flat memory.
struct Places<'a> {
    config: &'a TrainConfig,
    path: Vec<String>,
    parameters: Vec<Place>,
}

impl ModuleVisitor for Places<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let parameter = param.val();
        if parameter.is_require_grad() {
            let shape = parameter.dims().to_vec();
            let begin = self.parameters.last().map_or(0, |place| place.range.end);
            let range = begin..begin + shape.iter().product::<usize>();
            let (name, decay) = (self.path.join("."), self.config.decay(D) as f32);
            self.parameters.push(Place { name, shape, range, decay });
        }
    }
}

/// Visits the parameters of a network in the order of their places, and takes a step for each one that has a
/// gradient.
struct Update<'a> {
    step: Step,
    gradients: Gradients,
    parameters: std::slice::Iter<'a, Place>,
    kept: [&'a mut Vec<f32>; 2],
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, parameter, mapper) = param.consume();
        if !parameter.is_require_grad() {
            return Param::from_mapped_value(id, parameter, mapper);
        }
        let place = self.parameters.next();
        let (Some(place), Some(gradient)) = (place, parameter.grad_remove(&mut self.gradients)) else {
            return Param::from_mapped_value(id, parameter, mapper);
        };
        // What the rule does not keep is empty.
        let kept = self.kept.each_mut().map(|kept| kept.get_mut(place.range.clone()).unwrap_or_default());
        let updated = ops::update_parameter(parameter.inner(), gradient, &self.step, place.decay, kept);
        Param::from_mapped_value(id, Tensor::from_inner(updated).require_grad(), mapper)
    }
}
