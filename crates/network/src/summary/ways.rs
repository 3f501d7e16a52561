//! Says which parts of a network have no kernel, so that Burn's operators compute them.
//!
//! On the CPU it follows the same [`Plan`] as the unit itself. Whoever gives a part a kernel takes its line out here.

use crate::architecture::Architecture;
use crate::config::{Pool, Stage, UnitConfig};
use crate::plan::{First, Plan};

/// The size of the largest window of max-pooling in which each place fits into a byte.
const LARGEST_POOL: usize = 16;
/// The same where the convolution pools, which needs one more value for what ReLU made zero.
const LARGEST_POOL_OF_CONVOLUTION: usize = 15;

impl Architecture {
    /// The parts that no kernel computes on the CPU, such as `units.0 pool`, in forward order.
    pub fn parts_without_kernel(&self) -> Vec<String> {
        let units = self.units().enumerate();
        let parts = |(i, config)| of_unit(config).map(|part| format!("units.{i} {part}"));
        units.map(|(i, (config, _shape))| (i, config)).filter_map(parts).collect()
    }

    /// The parts that no kernel computes on a GPU: convolutions of groups, and dense layers.
    pub fn parts_without_kernel_on_gpu(&self) -> Vec<String> {
        let groups = self.units().enumerate().filter(|(_, (config, _shape))| config.groups > 1);
        let dense = (0..self.config().dense.len()).map(|i| format!("dense.{i}"));
        let head = std::iter::once("head".to_owned());
        groups.map(|(i, _)| format!("units.{i} convolution")).chain(dense).chain(head).collect()
    }
}

fn of_unit(config: &UnitConfig) -> Option<&'static str> {
    of_plan(config, Plan::new(config)).or_else(|| {
        let part = Plan::folded(config).and_then(|plan| of_plan(config, plan));
        part.map(|_| "convolution and pool, in inference")
    })
}

fn of_plan(config: &UnitConfig, Plan { first, then }: Plan) -> Option<&'static str> {
    let pools_max = config.pool == Pool::Max;
    match first {
        First::PooledConvolution { .. } => {
            (config.pool_size > LARGEST_POOL_OF_CONVOLUTION).then_some("convolution and pool")
        }
        First::Convolution => {
            let left = then.contains(&Stage::Pool) && pools_max && config.pool_size > LARGEST_POOL;
            left.then_some("pool")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelConfig;
    use crate::config::Normalization;

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
        let large = parts(|config| {
            config.units.truncate(1);
            (config.units[0].pool_size, config.units[0].normalization) = (17, Normalization::Batch);
        });
        assert_eq!(large, ["units.0 pool"]);
        let pooled = parts(|config| {
            config.units.truncate(1);
            config.units[0].pool_size = 16;
        });
        assert_eq!(pooled, ["units.0 convolution and pool"]);
        let folded = parts(|config| {
            config.units.truncate(1);
            (config.units[0].pool_size, config.units[0].normalization) = (16, Normalization::Batch);
        });
        assert_eq!(folded, ["units.0 convolution and pool, in inference"]);
        let groups = parts(|config| (config.units[1].groups, config.units[1].dropout) = (2, 0.5));
        assert_eq!(groups, Vec::<String>::new());
        assert_eq!(parts(|config| (config.dense, config.dropout) = (vec![8], 0.5)), Vec::<String>::new());
    }

    #[test]
    fn a_gpu_leaves_groups_and_dense_layers() {
        let mut config = ModelConfig { dense: vec![8], ..ModelConfig::default() };
        config.units[1].groups = 2;
        let net = Architecture::new(&config, [1, 28, 28], 10).unwrap();
        assert_eq!(net.parts_without_kernel_on_gpu(), ["units.1 convolution", "dense.0", "head"]);
    }
}
