//! Chooses the operators that compute a unit: the one that begins it, and what is left to do after that.
//!
//! The choice is made here, from the configuration alone, because the memory estimate follows it as well.

use crate::config::{Activation, Pool, Stage, UnitConfig};

/// How a unit is computed. Every plan of a unit gives the same result, and the chosen one is the fastest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub first: First,
    /// The stages that the first operator does not do, in their order.
    pub then: Vec<Stage>,
}

/// The operator that begins a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Convolution,
    /// The convolution and its max-pooling, so that only the maxima are ever written to memory.
    PooledConvolution {
        relu: bool,
    },
}

impl Plan {
    /// The plan for a unit of this configuration.
    pub fn new(config: &UnitConfig) -> Self {
        let stages: Vec<Stage> = config.stages().collect();
        Self::pooled(config, &stages).unwrap_or(Self { first: First::Convolution, then: stages })
    }

    /// The plan with pooling inside the convolution, if the unit's stages allow it.
    ///
    /// A non-decreasing function commutes with the maximum. So it may follow the pooling, which gives the same
    /// result and gradient for a quarter of the work, and the operator applies ReLU itself.
    fn pooled(config: &UnitConfig, stages: &[Stage]) -> Option<Self> {
        let (is_activated, then) = match stages {
            [Stage::Activation, Stage::Pool, then @ ..] if config.activation.is_non_decreasing() => {
                (true, then)
            }
            [Stage::Pool, Stage::Activation, then @ ..] => (true, then),
            [Stage::Pool, then @ ..] => (false, then),
            _ => return None,
        };
        if config.pool != Pool::Max || config.groups > 1 {
            return None;
        }
        let relu = is_activated && config.activation == Activation::Relu;
        let left = (is_activated && !relu).then_some(Stage::Activation);
        let then = left.into_iter().chain(then.iter().copied()).collect();
        Some(Self { first: First::PooledConvolution { relu }, then })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Normalization;

    fn plan(change: impl FnOnce(&mut UnitConfig)) -> (First, Vec<Stage>) {
        let mut config = UnitConfig::default();
        change(&mut config);
        let Plan { first, then } = Plan::new(&config);
        (first, then)
    }

    #[test]
    fn max_pooling_next_to_the_convolution_is_done_while_convolving() {
        let pooled = |relu| First::PooledConvolution { relu };
        let normalized_last = [Stage::Activation, Stage::Pool, Stage::Residual, Stage::Normalization];
        let pooled_first = [Stage::Pool, Stage::Activation, Stage::Residual, Stage::Normalization];
        assert_eq!(plan(|_| ()), (pooled(true), vec![]));
        assert_eq!(plan(|u| u.activation = Activation::None), (pooled(false), vec![]));
        assert_eq!(plan(|u| u.activation = Activation::Tanh), (pooled(false), vec![Stage::Activation]));
        for order in [normalized_last, pooled_first] {
            let found = plan(|u| (u.order, u.normalization) = (order, Normalization::Batch));
            assert_eq!(found, (pooled(true), vec![Stage::Normalization]));
        }
        let gelu = plan(|u| (u.order, u.activation) = (pooled_first, Activation::Gelu));
        assert_eq!(gelu, (pooled(false), vec![Stage::Activation]));
    }

    #[test]
    fn everything_else_follows_the_convolution_in_its_order() {
        let (normal, sum, act, pool) =
            (Stage::Normalization, Stage::Residual, Stage::Activation, Stage::Pool);
        let after = |change: fn(&mut UnitConfig)| {
            let (first, then) = plan(change);
            assert_eq!(first, First::Convolution);
            then
        };
        assert_eq!(after(|u| u.normalization = Normalization::Batch), [normal, act, pool]);
        assert_eq!(after(|u| u.residual = 1), [sum, act, pool]);
        assert_eq!(after(|u| u.activation = Activation::Gelu), [act, pool]);
        assert_eq!(after(|u| u.pool = Pool::Average), [act, pool]);
        assert_eq!(after(|u| u.pool = Pool::GlobalAverage), [act, pool]);
        assert_eq!(after(|u| u.pool = Pool::None), [act]);
        assert_eq!(after(|u| u.groups = 2), [act, pool]);
    }
}
