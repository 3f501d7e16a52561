//! A dense network is possible, and shapes that are not are refused by name.

use super::*;
use crate::config::{Padding, Pool, Stage};

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

#[test]
fn groups_divide_channels_and_filters() {
    for (groups, filters) in [(1, 5), (2, 6), (32, 64), (32, 32)] {
        let config = unit(|u| (u.groups, u.filters) = (groups, filters));
        assert!(Architecture::new(&config, [1, 28, 28], 10).is_ok(), "{groups} {filters}");
    }
    let words = "model.units[1]: groups = 3: expected a number that divides the 32 channels that enter and the 33 filters";
    assert_eq!(refusal(&unit(|u| (u.groups, u.filters) = (3, 33))), words);
    assert!(
        refusal(&unit(|u| (u.groups, u.filters) = (16, 8)))
            .ends_with("32 channels that enter and the 8 filters")
    );
    assert!(
        refusal(&unit(|u| u.groups = 0)).starts_with("model.units[1]: groups = 0: expected a number from 1")
    );
    let mut first = unit(|_| ());
    first.units[0].groups = 2;
    assert!(refusal(&first).ends_with("divides the channel that enters and the 32 filters"));
}

#[test]
fn an_order_has_each_stage_once() {
    let [normalization, residual, activation, pool] = Stage::ALL;
    for order in [Stage::ALL, [pool, activation, residual, normalization]] {
        assert!(Architecture::new(&unit(|u| u.order = order), [1, 28, 28], 10).is_ok());
    }
    let twice = unit(|u| u.order = [normalization, activation, activation, pool]);
    assert_eq!(
        refusal(&twice),
        "model.units[1]: order = [\"normalization\", \"activation\", \"activation\", \"pool\"]: expected each stage once, \
         such as [\"normalization\", \"residual\", \"activation\", \"pool\"]"
    );
    assert!(refusal(&unit(|u| u.order = [residual; 4])).contains("expected each stage once"));
}

#[test]
fn a_shortcut_begins_in_the_network_and_brings_maps_of_the_same_shape() {
    let shortcut = |residual, change: fn(&mut UnitConfig)| {
        unit(|u| {
            u.residual = residual;
            change(u);
        })
    };
    // The second unit's convolution keeps 32 maps of 14x14, and its pooling comes behind the sum.
    assert!(Architecture::new(&shortcut(1, |_| ()), [1, 28, 28], 10).is_ok());
    let pooled = |u: &mut UnitConfig| {
        u.order = [Stage::Pool, Stage::Residual, Stage::Activation, Stage::Normalization];
    };
    for (config, end) in [
        (
            shortcut(1, pooled),
            "residual = 1: the shortcut brings feature maps of 32x14x14, and they are added to 32x7x7; they must be equal",
        ),
        (
            shortcut(2, |_| ()),
            "residual = 2: the shortcut brings feature maps of 1x28x28, and they are added to 32x14x14; they must be equal",
        ),
        (shortcut(1, |u| u.filters = 33), "they are added to 33x14x14; they must be equal"),
        (shortcut(1, |u| u.stride = 2), "they are added to 32x7x7; they must be equal"),
        (
            shortcut(3, |_| ()),
            "residual = 3: expected a number of units up to here, this one included, so at most 2",
        ),
        (shortcut(usize::MAX, |_| ()), "so at most 2"),
    ] {
        let message = refusal(&config);
        assert!(message.starts_with("model.units[1]: residual = ") && message.ends_with(end), "{message}");
    }
}

#[test]
fn a_global_average_leaves_one_pixel_whatever_the_window() {
    let config = unit(|u| (u.pool, u.pool_size) = (Pool::GlobalAverage, 99));
    let net = Architecture::new(&config, [1, 28, 28], 10).unwrap();
    assert_eq!(net.dense(), [[32, 10]]);
}
