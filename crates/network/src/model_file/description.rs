//! A model without its weights, as JSON: what a page or another program needs to know to explain it.

use serde::Serialize;

use crate::architecture::Architecture;
use crate::config::{Activation, Normalization, Stage, UnitConfig};
use crate::model_file::{ModelFile, ModelSource};
use crate::shapes::{FeatureMapShape, UnitShape};
use crate::thresholds::Thresholds;

/// A model without its weights. Shapes of feature maps are `[channels, height, width]`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Description {
    pub title: String,
    pub source: ModelSource,
    pub classes: Vec<String>,
    /// How an image becomes the network's input, such as `ink`.
    pub preparation: String,
    pub input: [usize; 3],
    /// How many numbers training has found.
    pub parameters: usize,
    pub thresholds: Option<Thresholds>,
    pub units: Vec<DescribedUnit>,
    /// Inputs and outputs of each dense layer, the output layer last.
    pub dense: Vec<[usize; 2]>,
    pub dense_activation: Activation,
    pub dense_normalization: Normalization,
}

/// A unit, with what follows from its configuration.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DescribedUnit {
    #[serde(flatten)]
    pub config: UnitConfig,
    /// The stages after the convolution that do something, in their order.
    pub stages: Vec<Stage>,
    /// Rows and columns of zeros that the convolution reads before the image.
    pub zeros: [usize; 2],
    pub input: [usize; 3],
    pub convolved: [usize; 3],
    pub output: [usize; 3],
}

impl Description {
    pub fn new(model: &ModelFile) -> Self {
        let architecture = &model.architecture;
        let config = architecture.config();
        Self {
            title: model.title.clone(),
            source: model.source.clone(),
            classes: model.classes.clone(),
            preparation: model.preparation.clone(),
            input: sizes(architecture.input()),
            parameters: parameters(architecture),
            thresholds: model.thresholds,
            units: architecture.units().map(|(config, shape)| DescribedUnit::new(config, shape)).collect(),
            dense: architecture.dense().to_vec(),
            dense_activation: config.dense_activation,
            dense_normalization: config.dense_normalization,
        }
    }
}

impl DescribedUnit {
    fn new(config: &UnitConfig, shape: &UnitShape) -> Self {
        Self {
            stages: config.stages().collect(),
            zeros: [shape.input.height, shape.input.width].map(|size| config.zeros_around(size).0),
            input: sizes(shape.input),
            convolved: sizes(shape.convolved),
            output: sizes(shape.output),
            config: config.clone(),
        }
    }
}

fn sizes(maps: FeatureMapShape) -> [usize; 3] {
    [maps.channels, maps.height, maps.width]
}

/// The statistics of a normalization are measured, not found by training.
fn parameters(architecture: &Architecture) -> usize {
    let specs = architecture.tensor_specs().into_iter();
    let trained = specs.filter(|spec| !spec.name.contains(".running_"));
    trained.map(|spec| spec.shape.iter().product::<usize>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;

    #[test]
    fn the_built_in_model_describes_itself() {
        let model = builtin::digits().unwrap();
        let json = serde_json::to_value(Description::new(&model)).unwrap();
        assert_eq!(json["parameters"], 78_074);
        assert_eq!((&json["preparation"], &json["input"]), (&"ink".into(), &serde_json::json!([1, 28, 28])));
        let unit = &json["units"][1];
        assert_eq!(unit["stages"], serde_json::json!(["normalization", "activation", "pool"]));
        assert_eq!((&unit["filters"], &unit["zeros"]), (&32.into(), &serde_json::json!([1, 1])));
        assert_eq!(unit["convolved"], serde_json::json!([32, 28, 28]));
        assert_eq!(unit["output"], serde_json::json!([32, 14, 14]));
        assert_eq!(json["dense"], serde_json::json!([[3136, 10]]));
    }
}
