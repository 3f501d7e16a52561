//! A configuration whose shapes were checked: a network is built from nothing else.

use thiserror::Error;

use crate::config::{ModelConfig, Stage, UnitConfig};
use crate::shapes::{FeatureMapShape, LARGEST_TENSOR, UnitShape, check_dropout};

/// Why a network cannot exist. The layer is named as in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{layer}: {problem}")]
pub struct ShapeError {
    pub layer: String,
    pub problem: String,
}

/// A network whose every shape is known and possible.
///
/// Its layer table is in [`crate::summary::layer_table`], its tensors are in [`crate::state_dict`].
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    input: FeatureMapShape,
    classes: usize,
    config: ModelConfig,
    units: Vec<UnitShape>,
    /// Inputs and outputs of each dense layer, the output layer last.
    dense: Vec<[usize; 2]>,
}

impl Architecture {
    /// Checks a configuration against images of `[channels, height, width]` and a number of classes.
    ///
    /// # Errors
    /// The first layer that cannot exist, with the reason.
    pub fn new(config: &ModelConfig, input: [usize; 3], classes: usize) -> Result<Self, ShapeError> {
        let [channels, height, width] = input;
        let input = FeatureMapShape { channels, height, width };
        let units = unit_shapes(input, &config.units)?;
        check_dropout(config.dropout)
            .map_err(|problem| ShapeError { layer: "model.dropout".into(), problem })?;
        let features = units.last().map_or(input, |unit| unit.output);
        let dense = dense_shapes(features.count().unwrap_or(usize::MAX), &config.dense, classes)?;
        Ok(Self { input, classes, config: config.clone(), units, dense })
    }

    /// Shape of one image.
    pub fn input(&self) -> FeatureMapShape {
        self.input
    }

    /// How many classes there are, which is the number of logits.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The configuration that was checked.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Each unit's configuration beside its shapes.
    pub fn units(&self) -> impl Iterator<Item = (&UnitConfig, &UnitShape)> {
        self.config.units.iter().zip(&self.units)
    }

    /// Inputs and outputs of each dense layer, the output layer last.
    pub fn dense(&self) -> &[[usize; 2]] {
        &self.dense
    }
}

/// The shapes inside each unit; a unit's output is the next one's input.
fn unit_shapes(input: FeatureMapShape, units: &[UnitConfig]) -> Result<Vec<UnitShape>, ShapeError> {
    let mut next = input;
    let mut shapes: Vec<UnitShape> = Vec::with_capacity(units.len());
    for (i, unit) in units.iter().enumerate() {
        let fail = |problem| ShapeError { layer: format!("model.units[{i}]"), problem };
        let shape = UnitShape::new(next, unit).map_err(fail)?;
        next = shape.output;
        shapes.push(shape);
        check_shortcut(unit, &shapes).map_err(fail)?;
    }
    Ok(shapes)
}

/// Refuses a shortcut to the last of `shapes`, a unit that is configured so, unless it begins in the network and
/// brings feature maps of the shape that it is added to.
fn check_shortcut(unit: &UnitConfig, shapes: &[UnitShape]) -> Result<(), String> {
    let (residual, count) = (unit.residual, shapes.len());
    let (Some(last), true) = (shapes.last(), residual > 0) else { return Ok(()) };
    let Some(first) = count.checked_sub(residual) else {
        return Err(format!(
            "residual = {residual}: expected a number of units up to here, this one included, so at most {count}"
        ));
    };
    let [from, to] = [shapes[first].input, last.before(Stage::Residual, unit)];
    if from == to {
        return Ok(());
    }
    let text = |maps: FeatureMapShape| format!("{}x{}x{}", maps.channels, maps.height, maps.width);
    Err(format!(
        "residual = {residual}: the shortcut brings feature maps of {}, and they are added to {}; they must be equal",
        text(from),
        text(to)
    ))
}

/// Inputs and outputs of the hidden layers and of the output layer, which has a logit for each class.
fn dense_shapes(features: usize, hidden: &[usize], classes: usize) -> Result<Vec<[usize; 2]>, ShapeError> {
    let mut inputs = features;
    let mut shapes = Vec::with_capacity(hidden.len() + 1);
    for (i, &outputs) in hidden.iter().chain([&classes]).enumerate() {
        let fail = |problem| {
            let layer = if i < hidden.len() { format!("model.dense[{i}]") } else { "output layer".into() };
            Err(ShapeError { layer, problem })
        };
        if outputs == 0 {
            return fail("a dense layer needs at least one output".into());
        }
        if inputs.checked_mul(outputs).is_none_or(|n| n > LARGEST_TENSOR) {
            return fail(format!("a weight of {inputs} x {outputs} is larger than {LARGEST_TENSOR} numbers"));
        }
        shapes.push([inputs, outputs]);
        inputs = outputs;
    }
    Ok(shapes)
}

#[cfg(test)]
mod tests;
