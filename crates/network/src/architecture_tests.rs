//! Shapes that exist are right, and shapes that do not are refused by name.

use super::*;

fn unit(change: impl FnOnce(&mut UnitConfig)) -> ModelConfig {
    let mut unit = UnitConfig::default();
    change(&mut unit);
    ModelConfig { units: vec![UnitConfig::default(), unit], ..ModelConfig::default() }
}

fn refusal(config: &ModelConfig) -> String {
    Architecture::new(config, [1, 28, 28], 10).unwrap_err().to_string()
}

#[test]
fn the_lectures_network_has_the_lectures_numbers() {
    let net = Architecture::new(&ModelConfig::default(), [1, 28, 28], 10).unwrap();
    let parameters: Vec<usize> = net.layers().iter().map(|l| l.parameters).collect();
    assert_eq!(parameters, [832, 0, 51_264, 0, 31_370]);
    assert_eq!(net.layers()[2].multiply_adds, 64 * 32 * 25 * 14 * 14);
    assert_eq!(net.dense(), [[3136, 10]]);
}

#[test]
fn the_layer_table_and_the_tensors_agree() {
    let mut config = unit(|u| u.normalization = Normalization::Batch);
    config.dense = vec![40];
    let net = Architecture::new(&config, [1, 28, 28], 10).unwrap();
    let in_table: usize = net.layers().iter().map(|l| l.parameters).sum();
    let trained = net.tensors().into_iter().filter(|t| !t.name.contains("running"));
    assert_eq!(in_table, trained.map(|t| t.shape.iter().product::<usize>()).sum::<usize>());
}

#[test]
fn stride_padding_and_pooling_give_known_shapes() {
    let shape = |change: fn(&mut UnitConfig)| {
        let mut config = UnitConfig::default();
        change(&mut config);
        let out = unit_shape(MapShape { channels: 3, height: 28, width: 27 }, &config).unwrap();
        [out.convolved.height, out.convolved.width, out.output.height, out.output.width]
    };
    assert_eq!(shape(|_| ()), [28, 27, 14, 13]);
    assert_eq!(shape(|u| u.stride = 2), [14, 14, 7, 7]);
    assert_eq!(shape(|u| u.padding = Padding::Valid), [24, 23, 12, 11]);
    assert_eq!(shape(|u| (u.padding, u.stride) = (Padding::Valid, 2)), [12, 12, 6, 6]);
    assert_eq!(shape(|u| (u.pool, u.pool_size) = (Pool::Average, 3)), [28, 27, 9, 9]);
    assert_eq!(shape(|u| u.pool = Pool::None), [28, 27, 28, 27]);
}

#[test]
fn a_network_without_units_is_dense() {
    let config = ModelConfig { units: vec![], dense: vec![100], ..ModelConfig::default() };
    let net = Architecture::new(&config, [1, 28, 28], 10).unwrap();
    assert_eq!(net.dense(), [[784, 100], [100, 10]]);
}

#[test]
fn impossible_shapes_name_their_layer() {
    assert!(
        refusal(&unit(|u| u.pool_size = 15))
            .starts_with("model.units[1]: a 15x15 pooling window does not fit into 14x14")
    );
    assert!(refusal(&unit(|u| u.filters = 0)).starts_with("model.units[1]: filters = 0"));
    let narrow = unit(|u| (u.padding, u.kernel_size) = (Padding::Valid, 15));
    assert!(refusal(&narrow).starts_with("model.units[1]: a 15x15 kernel does not fit into 14x14"));
    assert!(refusal(&unit(|u| u.filters = usize::MAX)).starts_with("model.units[1]: "));
    assert!(refusal(&unit(|u| u.dropout = 1.0)).contains("dropout = 1"));
    assert!(
        refusal(&ModelConfig { dense: vec![5, 0], ..ModelConfig::default() }).starts_with("model.dense[1]: ")
    );
    assert!(
        refusal(&ModelConfig { dense: vec![usize::MAX], ..ModelConfig::default() })
            .starts_with("model.dense[0]: ")
    );
    assert!(
        refusal(&ModelConfig { dropout: f64::NAN, ..ModelConfig::default() }).starts_with("model.dropout: ")
    );
}
