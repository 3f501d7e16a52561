//! Chooses the operators that compute a unit: the one that begins it, and what is left to do after that.
//!
//! The choice is made here, from the configuration alone, because the memory estimate follows it as well.

mod passes;

pub use passes::Pass;

use crate::config::{Activation, Normalization, Pool, Stage, UnitConfig};

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
    /// The convolution, this activation, and max-pooling, so that only the maxima are ever written to memory.
    PooledConvolution {
        activation: Activation,
    },
}

impl Plan {
    /// The plan for a unit of this configuration.
    pub fn new(config: &UnitConfig) -> Self {
        let stages: Vec<Stage> = config.stages().collect();
        Self::pooled(config, &stages).unwrap_or(Self { first: First::Convolution, then: stages })
    }

    /// The plan for inference of a unit whose normalization comes directly after the convolution, so that it can be a
    /// part of the filters. `None` if it cannot.
    pub fn folded(config: &UnitConfig) -> Option<Self> {
        let is_first = config.stages().next() == Some(Stage::Normalization);
        let rest = UnitConfig { normalization: Normalization::None, ..config.clone() };
        is_first.then(|| Self::new(&rest))
    }

    /// What is left to do after the first operator, in passes, where that operator gave feature maps of
    /// `[height, width]`. `config` is the one of which the plan was made.
    pub fn passes<'a>(
        &'a self,
        config: &UnitConfig,
        sizes: [usize; 2],
    ) -> impl Iterator<Item = Pass> + use<'a> {
        passes::passes(&self.then, config, sizes)
    }

    /// The plan with pooling inside the convolution, if the unit's stages allow it.
    ///
    /// The operator applies the activation before the maximum. A non-decreasing function commutes with the maximum,
    /// so that the unit may have it in either order.
    fn pooled(config: &UnitConfig, stages: &[Stage]) -> Option<Self> {
        let (activation, then) = match stages {
            [Stage::Activation, Stage::Pool, then @ ..] => (config.activation, then),
            [Stage::Pool, Stage::Activation, then @ ..] if config.activation.is_non_decreasing() => {
                (config.activation, then)
            }
            [Stage::Pool, then @ ..] => (Activation::None, then),
            _ => return None,
        };
        if config.pool != Pool::Max || config.groups > 1 {
            return None;
        }
        Some(Self { first: First::PooledConvolution { activation }, then: then.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(change: impl FnOnce(&mut UnitConfig)) -> (First, Vec<Stage>) {
        let mut config = UnitConfig::default();
        change(&mut config);
        let Plan { first, then } = Plan::new(&config);
        (first, then)
    }

    #[test]
    fn max_pooling_next_to_the_convolution_is_done_while_convolving() {
        let pooled = |activation| First::PooledConvolution { activation };
        let normalized_last = [Stage::Activation, Stage::Pool, Stage::Residual, Stage::Normalization];
        let pooled_first = [Stage::Pool, Stage::Activation, Stage::Residual, Stage::Normalization];
        assert_eq!(plan(|_| ()), (pooled(Activation::Relu), vec![]));
        for activation in [Activation::None, Activation::Tanh, Activation::Gelu] {
            assert_eq!(plan(|u| u.activation = activation), (pooled(activation), vec![]));
        }
        for order in [normalized_last, pooled_first] {
            let found = plan(|u| (u.order, u.normalization) = (order, Normalization::Batch));
            assert_eq!(found, (pooled(Activation::Relu), vec![Stage::Normalization]));
        }
        let gelu = plan(|u| (u.order, u.activation) = (pooled_first, Activation::Gelu));
        assert_eq!(gelu, (pooled(Activation::None), vec![Stage::Activation]));
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
        assert_eq!(after(|u| u.pool = Pool::Average), [act, pool]);
        assert_eq!(after(|u| u.pool = Pool::GlobalAverage), [act, pool]);
        assert_eq!(after(|u| u.pool = Pool::None), [act]);
        assert_eq!(after(|u| u.groups = 2), [act, pool]);
    }
}
