//! The layer table: what each layer does, the shape that it gives, and what it costs.

use crate::architecture::Architecture;
use crate::config::{Activation, Normalization, Pool, Stage, UnitConfig};
use crate::shapes::{FeatureMapShape, UnitShape};

/// One row of the layer table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerRow {
    /// As in the names of the layer's tensors: `units.0.conv`.
    pub name: String,
    /// What the layer does, in words.
    pub kind: String,
    /// Output shape for one image: `[channels, height, width]`, or `[outputs]` of a dense layer.
    pub output: Vec<usize>,
    /// How many numbers of the layer training changes.
    pub parameters: usize,
    /// Multiply-adds for one image, forward.
    pub multiply_adds: usize,
}

impl Architecture {
    /// The layer table, in forward order.
    pub fn layers(&self) -> Vec<LayerRow> {
        let units = self.units().enumerate();
        let rows = units.flat_map(|(i, (config, shape))| unit(i, config, shape));
        rows.chain((0..self.dense().len()).map(|i| dense(self, i))).collect()
    }
}

/// The rows of a unit: its convolution and, if it pools, its pooling. The other stages stand in the row of the
/// one that they follow.
fn unit(i: usize, config: &UnitConfig, shape: &UnitShape) -> Vec<LayerRow> {
    let mut rows = vec![convolution(i, config, shape)];
    for stage in config.stages() {
        let (words, parameters) = match stage {
            Stage::Pool => {
                rows.push(pooling(i, config, shape));
                continue;
            }
            Stage::Normalization => normalizing(config.normalization, config.filters),
            Stage::Residual => (format!(", + input of units.{}", i + 1 - config.residual), 0),
            Stage::Activation => (then(config.activation).to_owned(), 0),
        };
        append(&mut rows, &words, parameters);
    }
    if config.dropout > 0.0 {
        append(&mut rows, &format!(", dropout {}", config.dropout), 0);
    }
    rows
}

/// Adds what follows to the last row.
fn append(rows: &mut [LayerRow], words: &str, parameters: usize) {
    if let Some(row) = rows.last_mut() {
        row.kind += words;
        row.parameters += parameters;
    }
}

fn convolution(i: usize, config: &UnitConfig, shape: &UnitShape) -> LayerRow {
    let [k, filters, channels] = [config.kernel_size, config.filters, shape.input.channels];
    let weights = filters * (channels / config.groups) * k * k;
    let stride = if config.stride == 1 { String::new() } else { format!(", stride {}", config.stride) };
    let groups = match config.groups {
        1 => String::new(),
        groups if groups == channels => ", depthwise".to_owned(),
        groups => format!(", {groups} groups"),
    };
    LayerRow {
        name: format!("units.{i}.conv"),
        kind: format!("convolution {k}x{k}{stride}{groups}"),
        output: dims(shape.convolved),
        parameters: weights + filters,
        multiply_adds: weights * shape.convolved.height * shape.convolved.width,
    }
}

fn pooling(i: usize, config: &UnitConfig, shape: &UnitShape) -> LayerRow {
    let size = config.pool_size;
    let kind = match config.pool {
        Pool::Max => format!("max-pool {size}x{size}"),
        Pool::Average => format!("average-pool {size}x{size}"),
        Pool::GlobalAverage => "global average-pool".to_owned(),
        Pool::None => String::new(),
    };
    let name = format!("units.{i}.pool");
    LayerRow { name, kind, output: dims(shape.output), parameters: 0, multiply_adds: 0 }
}

/// The row of a dense layer, the last of which gives the logits.
fn dense(net: &Architecture, i: usize) -> LayerRow {
    let [inputs, outputs] = net.dense()[i];
    let p = net.config().dropout;
    let dropout = if p > 0.0 { format!("dropout {p}, ") } else { String::new() };
    let (name, kind, norm_parameters) = if i + 1 == net.dense().len() {
        ("head".to_owned(), format!("{dropout}dense, softmax"), 0)
    } else {
        let (norm, parameters) = normalizing(net.config().dense_normalization, outputs);
        (
            format!("dense.{i}"),
            format!("{dropout}dense{norm}{}", then(net.config().dense_activation)),
            parameters,
        )
    };
    LayerRow {
        name,
        kind,
        output: vec![outputs],
        parameters: inputs * outputs + outputs + norm_parameters,
        multiply_adds: inputs * outputs,
    }
}

fn dims(shape: FeatureMapShape) -> Vec<usize> {
    vec![shape.channels, shape.height, shape.width]
}

/// The words for a normalization that follows a layer, and its number of parameters.
fn normalizing(normalization: Normalization, channels: usize) -> (String, usize) {
    match normalization {
        // A scale and an offset for each channel.
        Normalization::Batch => (", batch norm".to_owned(), 2 * channels),
        Normalization::None => (String::new(), 0),
    }
}

/// The words for an activation that follows a layer.
fn then(activation: Activation) -> &'static str {
    match activation {
        Activation::Relu => ", ReLU",
        Activation::Gelu => ", GELU",
        Activation::Tanh => ", tanh",
        Activation::Sigmoid => ", sigmoid",
        Activation::None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ModelConfig;

    #[test]
    fn the_lectures_network_has_the_lectures_numbers() {
        let net = Architecture::new(&ModelConfig::default(), [1, 28, 28], 10).unwrap();
        let parameters: Vec<usize> = net.layers().iter().map(|row| row.parameters).collect();
        assert_eq!(parameters, [832, 0, 51_264, 0, 31_370]);
        assert_eq!(net.layers()[2].multiply_adds, 64 * 32 * 25 * 14 * 14);
        assert_eq!(net.dense(), [[3136, 10]]);
    }

    #[test]
    fn the_layer_table_and_the_tensors_agree() {
        let grouped = UnitConfig { groups: 4, filters: 8, ..UnitConfig::default() };
        let normalized = UnitConfig { normalization: Normalization::Batch, residual: 1, ..grouped };
        let config = ModelConfig {
            units: vec![UnitConfig::default(), grouped, normalized],
            dense: vec![40, 30],
            dense_normalization: Normalization::Batch,
            ..ModelConfig::default()
        };
        let net = Architecture::new(&config, [1, 28, 28], 10).unwrap();
        let in_table: usize = net.layers().iter().map(|row| row.parameters).sum();
        let trained = net.tensor_specs().into_iter().filter(|spec| !spec.name.contains("running"));
        assert_eq!(in_table, trained.map(|spec| spec.shape.iter().product::<usize>()).sum::<usize>());
    }

    #[test]
    fn each_row_says_what_its_layer_does() {
        let first = UnitConfig { stride: 2, pool: Pool::None, ..UnitConfig::default() };
        let second = UnitConfig {
            normalization: Normalization::Batch,
            activation: Activation::Gelu,
            pool: Pool::Average,
            ..UnitConfig::default()
        };
        let config = ModelConfig { units: vec![first, second], dense: vec![40], ..ModelConfig::default() };
        let net = Architecture::new(&config, [1, 28, 28], 10).unwrap();
        let rows: Vec<_> = net
            .layers()
            .into_iter()
            .map(|row| format!("{}: {} {:?}", row.name, row.kind, row.output))
            .collect();
        let expected = [
            "units.0.conv: convolution 5x5, stride 2, ReLU [32, 14, 14]",
            "units.1.conv: convolution 5x5, batch norm, GELU [32, 14, 14]",
            "units.1.pool: average-pool 2x2 [32, 7, 7]",
            "dense.0: dense, ReLU [40]",
            "head: dense, softmax [10]",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn stages_stand_in_the_row_of_the_layer_that_they_follow() {
        let [normalization, residual, activation, pool] = Stage::ALL;
        let unit = UnitConfig { filters: 8, normalization: Normalization::Batch, ..UnitConfig::default() };
        let units = vec![
            UnitConfig { order: [pool, activation, residual, normalization], ..unit.clone() },
            UnitConfig {
                order: [activation, normalization, residual, pool],
                groups: 8,
                dropout: 0.25,
                residual: 1,
                pool: Pool::None,
                ..unit.clone()
            },
            UnitConfig { groups: 2, residual: 2, pool: Pool::GlobalAverage, ..unit },
        ];
        let config = ModelConfig {
            units,
            dense: vec![40],
            dense_normalization: Normalization::Batch,
            dropout: 0.5,
            ..ModelConfig::default()
        };
        let net = Architecture::new(&config, [1, 28, 28], 10).unwrap();
        let rows: Vec<_> = net
            .layers()
            .into_iter()
            .map(|row| format!("{}: {} {:?} {}", row.name, row.kind, row.output, row.parameters))
            .collect();
        let expected = [
            "units.0.conv: convolution 5x5 [8, 28, 28] 208",
            "units.0.pool: max-pool 2x2, ReLU, batch norm [8, 14, 14] 16",
            "units.1.conv: convolution 5x5, depthwise, ReLU, batch norm, + input of units.1, dropout 0.25 [8, 14, 14] 224",
            "units.2.conv: convolution 5x5, 2 groups, batch norm, + input of units.1, ReLU [8, 14, 14] 824",
            "units.2.pool: global average-pool [8, 1, 1] 0",
            "dense.0: dropout 0.5, dense, batch norm, ReLU [40] 440",
            "head: dropout 0.5, dense, softmax [10] 410",
        ];
        assert_eq!(rows, expected);
        assert_eq!(net.layers()[2].multiply_adds, 8 * 25 * 14 * 14);
    }
}
