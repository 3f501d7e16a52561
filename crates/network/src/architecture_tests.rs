//! A dense network is possible, and shapes that are not are refused by name.

use super::*;
use crate::config::Padding;

fn unit(change: impl FnOnce(&mut UnitConfig)) -> ModelConfig {
    let mut unit = UnitConfig::default();
    change(&mut unit);
    ModelConfig { units: vec![UnitConfig::default(), unit], ..ModelConfig::default() }
}

fn refusal(config: &ModelConfig) -> String {
    Architecture::new(config, [1, 28, 28], 10).unwrap_err().to_string()
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
