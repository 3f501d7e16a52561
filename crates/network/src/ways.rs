//! Says which parts of a network have no kernel on the CPU, so that Burn's operators compute them.
//!
//! It follows the same [`Plan`] as the unit itself. Whoever gives a part a kernel takes its line out here.

use crate::architecture::Architecture;
use crate::config::{Normalization, Stage, UnitConfig};
use crate::plan::{First, Plan};

impl Architecture {
    /// The parts that no kernel computes, such as `units.0 activation`, in forward order.
    pub fn parts_without_kernel(&self) -> Vec<String> {
        let units = self.units().enumerate().flat_map(|(i, (config, _shape))| {
            of_unit(config).into_iter().map(move |part| format!("units.{i} {part}"))
        });
        let hidden = self.dense().len() - 1;
        let dense = (0..=hidden).flat_map(|i| {
            let layer = if i == hidden { "head".to_owned() } else { format!("dense.{i}") };
            self.of_dense(i < hidden).into_iter().map(move |part| format!("{layer} {part}"))
        });
        units.chain(dense).collect()
    }

    fn of_dense(&self, is_hidden: bool) -> Vec<&'static str> {
        let config = self.config();
        let parts = [
            (config.dropout > 0.0, "dropout"),
            (is_hidden && config.dense_normalization == Normalization::Batch, "normalization"),
        ];
        parts.into_iter().filter_map(|(is_there, part)| is_there.then_some(part)).collect()
    }
}

fn of_unit(config: &UnitConfig) -> Vec<&'static str> {
    let plan = Plan::new(config);
    let first = match plan.first {
        First::Convolution if config.groups > 1 => Some("convolution"),
        First::Convolution | First::PooledConvolution { .. } => None,
    };
    let dropout = (config.dropout > 0.0).then_some("dropout");
    let left = plan.then.iter().filter(|stage| **stage != Stage::Activation).map(|stage| stage.word());
    first.into_iter().chain(left).chain(dropout).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelConfig;
    use crate::config::Activation;

    fn parts(change: impl FnOnce(&mut ModelConfig)) -> Vec<String> {
        let mut config = ModelConfig::default();
        change(&mut config);
        Architecture::new(&config, [1, 28, 28], 10).unwrap().parts_without_kernel()
    }

    #[test]
    fn the_lecture_s_network_runs_through_kernels() {
        assert_eq!(parts(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn what_the_plan_leaves_is_named_with_its_layer() {
        let gelu = parts(|config| config.units[1].activation = Activation::Gelu);
        assert_eq!(gelu, ["units.1 pool"]);
        let groups = parts(|config| (config.units[1].groups, config.units[1].dropout) = (2, 0.5));
        assert_eq!(groups, ["units.1 convolution", "units.1 pool", "units.1 dropout"]);
        let dense = parts(|config| (config.dense, config.dropout) = (vec![8], 0.5));
        assert_eq!(dense, ["dense.0 dropout", "head dropout"]);
    }
}
