//! Why a convolution is cheap: how many connections and parameters it saves against a dense layer.

use crate::architecture::Architecture;
use crate::shapes::FeatureMapShape;

/// A convolution, before pooling, beside a dense layer between the same feature maps (Goodfellow, Bengio
/// and Courville 2016, chapter 9.2: sparse interactions, parameter sharing).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    /// The convolution's name in the layer table: `units.0.conv`.
    pub name: String,
    /// Weights and biases of the convolution.
    pub parameters: u64,
    /// Weights and biases of the dense layer.
    pub dense_parameters: u64,
    /// Multiply-adds of the convolution for one image. As in the layer table, those with the zeros of
    /// SAME padding count too.
    pub connections: u64,
    /// Multiply-adds of the dense layer, where each output is connected to each input.
    pub dense_connections: u64,
    /// How many numbers the input feature maps hold.
    pub inputs: u64,
    /// How many of the inputs one output is connected to: `channels / groups * kernel * kernel`.
    pub inputs_of_an_output: u64,
    /// At how many positions each weight is used: `height * width` of the output.
    pub uses_of_a_weight: u64,
}

impl Connections {
    /// How many times as many parameters the dense layer has.
    pub fn factor(&self) -> f64 {
        self.dense_parameters as f64 / self.parameters as f64
    }
}

/// Each convolution of a network, in forward order. A dense network has none.
pub fn connections(architecture: &Architecture) -> Vec<Connections> {
    let each = architecture.units().enumerate();
    each.map(|(i, (config, shape))| {
        let [input, output] = [shape.input, shape.convolved];
        let [inputs, outputs] = [input, output].map(count);
        let channels = wide(input.channels / config.groups);
        let inputs_of_an_output = channels * wide(config.kernel_size) * wide(config.kernel_size);
        let filters = wide(config.filters);
        Connections {
            name: format!("units.{i}.conv"),
            parameters: filters * inputs_of_an_output + filters,
            dense_parameters: inputs * outputs + outputs,
            connections: outputs * inputs_of_an_output,
            dense_connections: inputs * outputs,
            inputs,
            inputs_of_an_output,
            uses_of_a_weight: wide(output.height) * wide(output.width),
        }
    })
    .collect()
}

/// How many numbers feature maps hold. An architecture allows at most 2^30, so the product of two such
/// counts fits into 64 bits.
fn count(shape: FeatureMapShape) -> u64 {
    wide(shape.channels) * wide(shape.height) * wide(shape.width)
}

fn wide(size: usize) -> u64 {
    size as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelConfig, Padding, Pool, UnitConfig};

    fn of(units: Vec<UnitConfig>) -> Vec<Connections> {
        let config = ModelConfig { units, ..ModelConfig::default() };
        connections(&Architecture::new(&config, [1, 28, 28], 10).unwrap())
    }

    #[test]
    fn the_lectures_network_in_numbers() {
        let [first, second] = of(ModelConfig::default().units).try_into().unwrap();
        assert_eq!((first.parameters, first.connections), (832, 627_200));
        assert_eq!(first.dense_parameters, 784 * 25_088 + 25_088);
        assert_eq!((second.parameters, second.connections), (51_264, 10_035_200));
        assert_eq!((second.dense_parameters, second.dense_connections), (78_688_512, 78_675_968));
        assert_eq!((second.inputs_of_an_output, second.uses_of_a_weight), (800, 196));
        assert!((second.factor() - 1534.966).abs() < 1e-3, "{}", second.factor());
    }

    #[test]
    fn parameters_and_connections_are_the_layer_tables() {
        let unit = UnitConfig { filters: 7, stride: 2, ..UnitConfig::default() };
        let narrow = UnitConfig { padding: Padding::Valid, kernel_size: 3, ..UnitConfig::default() };
        let depthwise = UnitConfig { groups: 32, pool: Pool::GlobalAverage, ..UnitConfig::default() };
        let units = vec![unit, narrow, depthwise];
        let config = ModelConfig { units, ..ModelConfig::default() };
        let architecture = Architecture::new(&config, [3, 20, 30], 10).unwrap();
        let layers = architecture.layers();
        for found in connections(&architecture) {
            let layer = layers.iter().find(|layer| layer.name == found.name).unwrap();
            assert_eq!(found.parameters, layer.parameters as u64);
            assert_eq!(found.connections, layer.multiply_adds as u64);
        }
        // An output of a depthwise convolution sees one channel.
        assert_eq!(connections(&architecture)[2].inputs_of_an_output, 25);
    }

    #[test]
    fn a_convolution_as_large_as_its_image_is_a_dense_layer() {
        let unit = UnitConfig {
            kernel_size: 28,
            padding: Padding::Valid,
            pool: Pool::None,
            ..UnitConfig::default()
        };
        let [only] = of(vec![unit]).try_into().unwrap();
        assert_eq!((only.parameters, only.connections), (only.dense_parameters, only.dense_connections));
        assert_eq!((only.factor(), only.uses_of_a_weight), (1.0, 1));
    }

    #[test]
    fn a_dense_network_has_no_convolutions() {
        assert_eq!(of(Vec::new()), []);
    }
}
