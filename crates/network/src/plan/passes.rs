//! The stages of a unit as the kernels do them: in passes over the feature maps.

use kernels::{PoolKind, Pooling, Stages};

use crate::config::{Activation, Pool, Stage, UnitConfig};

/// What one pass over the feature maps does: its stages, then its pooling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    pub stages: Stages,
    pub pooling: Option<Pooling>,
    /// Whether no other pass of the unit follows.
    pub is_last: bool,
}

/// The passes that do these stages of a unit with feature maps of `[height, width]`: the stages up to the pooling in one,
/// those behind it in another.
pub(super) fn passes<'a>(
    stages: &'a [Stage],
    config: &UnitConfig,
    sizes: [usize; 2],
) -> impl Iterator<Item = Pass> + use<'a> {
    let (pooling, activation) = (pooling(config, sizes), config.activation);
    let mut rest = stages;
    std::iter::from_fn(move || {
        let end = rest.iter().position(|stage| *stage == Stage::Pool);
        let (now, later) = rest.split_at(end.unwrap_or(rest.len()));
        if rest.is_empty() {
            return None;
        }
        rest = later.get(1..).unwrap_or_default();
        Some(Pass {
            stages: Stages::new(now.iter().filter_map(|stage| kernel_of(*stage, activation))),
            pooling: end.and(pooling),
            is_last: rest.is_empty(),
        })
    })
}

/// The stage as the kernels name it, except for pooling.
fn kernel_of(stage: Stage, activation: Activation) -> Option<kernels::Stage> {
    match stage {
        Stage::Normalization => Some(kernels::Stage::Normalize),
        Stage::Residual => Some(kernels::Stage::Add),
        Stage::Activation => Some(kernels::Stage::Activate(activation.into())),
        Stage::Pool => None,
    }
}

/// The pooling of feature maps of `[height, width]`.
fn pooling(config: &UnitConfig, [map_height, map_width]: [usize; 2]) -> Option<Pooling> {
    let size = config.pool_size;
    let (kind, height, width) = match config.pool {
        Pool::Max => (PoolKind::Max, size, size),
        Pool::Average => (PoolKind::Average, size, size),
        Pool::GlobalAverage => (PoolKind::Average, map_height, map_width),
        Pool::None => return None,
    };
    Some(Pooling { kind, height, width })
}

/// The activation as the kernels name it.
impl From<Activation> for kernels::Activation {
    fn from(function: Activation) -> Self {
        match function {
            Activation::Relu => Self::Relu,
            Activation::Gelu => Self::Gelu,
            Activation::Tanh => Self::Tanh,
            Activation::Sigmoid => Self::Sigmoid,
            Activation::None => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(stages: &[Stage], pool: Pool) -> Vec<Pass> {
        let config = UnitConfig { pool, activation: Activation::Tanh, ..UnitConfig::default() };
        passes(stages, &config, [9, 7]).collect()
    }

    #[test]
    fn pooling_ends_a_pass() {
        let tanh = kernels::Stage::Activate(kernels::Activation::Tanh);
        let pass = |stages: &[kernels::Stage], pooling, is_last| Pass {
            stages: Stages::new(stages.iter().copied()),
            pooling,
            is_last,
        };
        let window = |kind, height, width| Some(Pooling { kind, height, width });
        let average = window(PoolKind::Average, 2, 2);
        let (act, pool, sum) = (Stage::Activation, Stage::Pool, Stage::Residual);
        assert_eq!(found(&[], Pool::Average), []);
        assert_eq!(found(&[sum, act], Pool::None), [pass(&[kernels::Stage::Add, tanh], None, true)]);
        assert_eq!(found(&[act, pool], Pool::Average), [pass(&[tanh], average, true)]);
        let both = [pass(&[], average, false), pass(&[tanh], None, true)];
        assert_eq!(found(&[pool, act], Pool::Average), both);
        let whole = window(PoolKind::Average, 9, 7);
        assert_eq!(found(&[act, pool], Pool::GlobalAverage), [pass(&[tanh], whole, true)]);
    }
}
