//! Says which parts of a network have no kernel on the CPU, so that Burn's operators compute them.
//!
//! It follows the same [`Plan`] as the unit itself. Whoever gives a part a kernel takes its line out here.

use crate::architecture::Architecture;
use crate::config::{Pool, Stage, UnitConfig};
use crate::plan::{First, Plan};

/// The size of the largest window of max-pooling in which each place fits into a byte.
const LARGEST_POOL: usize = 16;

impl Architecture {
    /// The parts that no kernel computes, such as `units.0 activation`, in forward order.
    pub fn parts_without_kernel(&self) -> Vec<String> {
        let units = self.units().enumerate();
        let parts = |(i, config)| of_unit(config).into_iter().map(move |part| format!("units.{i} {part}"));
        units.map(|(i, (config, _shape))| (i, config)).flat_map(parts).collect()
    }
}

fn of_unit(config: &UnitConfig) -> Vec<&'static str> {
    let plan = Plan::new(config);
    let first = match plan.first {
        First::Convolution if config.groups > 1 => Some("convolution"),
        First::Convolution | First::PooledConvolution { .. } => None,
    };
    let is_large = config.pool == Pool::Max && config.pool_size > LARGEST_POOL;
    let left = plan.then.contains(&Stage::Pool) && is_large;
    first.into_iter().chain(left.then_some("pool")).collect()
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
        let groups = parts(|config| (config.units[1].groups, config.units[1].dropout) = (2, 0.5));
        assert_eq!(groups, ["units.1 convolution"]);
        assert_eq!(parts(|config| (config.dense, config.dropout) = (vec![8], 0.5)), Vec::<String>::new());
    }
}
