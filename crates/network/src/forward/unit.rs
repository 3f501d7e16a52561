//! A unit: a convolution, and what follows it before the next one.

use kernels::{
    ConvShape, Finish, FinishShape, LARGEST_WINDOW, Level, PoolKind, PoolShape, Pooling, Purpose, activate,
    conv2d, conv2d_max_pool2d, finish, fold_normalization,
};

use crate::config::{Activation, Normalization, Stage, UnitConfig};
use crate::forward::buffers::{Buffer, Buffers};
use crate::forward::held::Held;
use crate::forward::loops;
use crate::forward::normalization::{BatchNorm, values_of};
use crate::plan::{First, Pass, Plan};
use crate::shapes::UnitShape;
use crate::tensors::{NamedTensors, TensorsError};

/// Feature maps of one image at one place inside a unit.
pub(super) struct Step {
    /// What gave the feature maps; `None` is the convolution.
    pub(super) stage: Option<Stage>,
    /// Height, width and channels.
    pub(super) sizes: [usize; 3],
    /// `[height, width, channels]`
    pub(super) values: Vec<f32>,
}

/// A unit of the network.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    config: UnitConfig,
    conv: ConvShape,
    plan: Plan,
    /// `[filters, channels of a group, kernel, kernel]`
    weight: Held,
    bias: Vec<f32>,
    /// `None` if there is none, or if it is part of the filters.
    norm: Option<BatchNorm>,
}

impl Unit {
    /// The unit whose tensors' names begin with `name`, such as `units.0`.
    pub(super) fn new(
        name: &str,
        config: &UnitConfig,
        shape: &UnitShape,
        weights: &NamedTensors,
    ) -> Result<Self, TensorsError> {
        let mut weight = values_of(weights, format!("{name}.conv.weight"))?;
        let mut bias = values_of(weights, format!("{name}.conv.bias"))?;
        let is_normalized = config.normalization == Normalization::Batch;
        let mut norm = is_normalized.then(|| BatchNorm::new(name, weights)).transpose()?;
        let folded = Plan::folded(config);
        if folded.is_some()
            && let Some(norm) = norm.take()
        {
            fold_normalization(&norm.for_kernels(), &mut weight, &mut bias);
        }
        let plan = folded.unwrap_or_else(|| Plan::new(config));
        let conv = convolution(config, shape);
        Ok(Self { config: config.clone(), conv, plan, weight: Held::new(weight), bias, norm })
    }

    /// As [`Unit::new`], but each stage is a step of its own, as the lecture draws a unit.
    pub(super) fn in_steps(
        name: &str,
        config: &UnitConfig,
        shape: &UnitShape,
        weights: &NamedTensors,
    ) -> Result<Self, TensorsError> {
        let is_normalized = config.normalization == Normalization::Batch;
        Ok(Self {
            config: config.clone(),
            conv: convolution(config, shape),
            plan: Plan { first: First::Convolution, then: config.stages().collect() },
            weight: Held::new(values_of(weights, format!("{name}.conv.weight"))?),
            bias: values_of(weights, format!("{name}.conv.bias"))?,
            norm: is_normalized.then(|| BatchNorm::new(name, weights)).transpose()?,
        })
    }

    /// Feature maps `[height, width, channels]` of one image after the convolution and after each stage, in order.
    /// `shortcut` is as for [`Unit::forward`].
    pub(super) fn steps(&self, maps: &[f32], shortcut: &[f32]) -> Vec<Step> {
        let mut buffers = Buffers::default();
        let mut values = self.convolve(maps, &mut buffers);
        let mut sizes = [self.conv.out_height, self.conv.out_width, self.conv.filters];
        let mut steps = vec![Step { stage: None, sizes, values: values.to_vec() }];
        for &stage in &self.plan.then {
            let alone = Plan { first: First::Convolution, then: vec![stage] };
            for Pass { stages, pooling, .. } in alone.passes(&self.config, [sizes[0], sizes[1]]) {
                let [height, width, channels] = sizes;
                let shape = FinishShape { height, width, channels, stages, pooling };
                values = self.pass(shape, values, shortcut, &mut buffers);
                sizes = [shape.out_height(), shape.out_width(), channels];
            }
            steps.push(Step { stage: Some(stage), sizes, values: values.to_vec() });
        }
        steps
    }

    /// Feature maps `[n, height, width, channels]` to `[n, pooled height, pooled width, filters]`. `shortcut` has the
    /// shape of the feature maps that it is added to, or is empty.
    pub(super) fn forward(&self, maps: &[f32], shortcut: &[f32], buffers: &mut Buffers) -> Buffer {
        let &ConvShape { out_height, out_width, filters, .. } = &self.conv;
        let (maps, sizes) = match self.plan.first {
            First::Convolution => (self.convolve(maps, buffers), [out_height, out_width, filters]),
            First::PooledConvolution { activation } => {
                let shape = self.pool_shape(activation);
                let sizes = [shape.height(), shape.width(), filters];
                (self.convolve_and_pool(maps, &shape, buffers), sizes)
            }
        };
        self.finish(maps, sizes, shortcut, buffers)
    }

    fn convolve(&self, maps: &[f32], buffers: &mut Buffers) -> Buffer {
        let (conv, weight) = (&self.conv, self.weight.values());
        let mut out = buffers.take(maps.len() / conv.input_len() * conv.output_len());
        if loops::kernels_take(conv) {
            self.weight.kept(|keep| conv2d(Level::best(), conv, maps, weight, &self.bias, keep, &mut out));
        } else {
            loops::conv2d(conv, maps, weight, &self.bias, &mut out);
        }
        out
    }

    fn pool_shape(&self, activation: Activation) -> PoolShape {
        PoolShape { conv: self.conv, pool: self.config.pool_size, activation: activation.into() }
    }

    fn convolve_and_pool(&self, maps: &[f32], shape: &PoolShape, buffers: &mut Buffers) -> Buffer {
        let (conv, pool) = (&shape.conv, shape.pool);
        let mut out = buffers.take(maps.len() / conv.input_len() * shape.output_len());
        if !loops::kernels_take(conv) || pool * pool > LARGEST_WINDOW {
            let mut convolved = self.convolve(maps, buffers);
            activate(Level::best(), shape.activation, &mut convolved, &mut []);
            let window = Pooling { kind: PoolKind::Max, height: pool, width: pool };
            let sizes = [conv.out_height, conv.out_width, conv.filters];
            loops::max_pool(&convolved, sizes, window, &mut out);
            buffers.give(convolved);
            return out;
        }
        self.weight.kept(|keep| {
            let operands = [maps, self.weight.values(), &self.bias];
            let [maps, weight, bias] = operands;
            let purpose = Purpose::Inference(keep);
            conv2d_max_pool2d(Level::best(), shape, maps, weight, bias, &mut out, purpose);
        });
        out
    }

    /// Does the stages that the first operator has left, those up to the pooling in one pass and those behind it in
    /// another, with feature maps of `[height, width, channels]`.
    fn finish(
        &self,
        mut maps: Buffer,
        mut sizes: [usize; 3],
        shortcut: &[f32],
        buffers: &mut Buffers,
    ) -> Buffer {
        let [height, width, channels] = sizes;
        for Pass { stages, pooling, .. } in self.plan.passes(&self.config, [height, width]) {
            let shape = FinishShape { height: sizes[0], width: sizes[1], channels, stages, pooling };
            maps = self.pass(shape, maps, shortcut, buffers);
            sizes = [shape.out_height(), shape.out_width(), channels];
        }
        maps
    }

    /// One pass of stages and pooling.
    fn pass(&self, shape: FinishShape, maps: Buffer, shortcut: &[f32], buffers: &mut Buffers) -> Buffer {
        let n = maps.len() / shape.input_len();
        if let (false, Some(pooling)) = (shape.is_taken(), shape.pooling) {
            let staged = match shape.stages.is_empty() {
                true => maps,
                false => self.pass(FinishShape { pooling: None, ..shape }, maps, shortcut, buffers),
            };
            let mut out = buffers.take(n * shape.output_len());
            loops::max_pool(&staged, [shape.height, shape.width, shape.channels], pooling, &mut out);
            buffers.give(staged);
            return out;
        }
        let mut out = buffers.take(n * shape.output_len());
        let normalization =
            self.norm.as_ref().filter(|_| shape.stages.normalizes()).map(BatchNorm::for_kernels);
        let shortcut = if shape.stages.adds() { shortcut } else { &[] };
        let call = Finish { shape, shortcut, normalization, dropout: None };
        finish(Level::best(), &call, &maps, &mut out, None);
        buffers.give(maps);
        out
    }
}

/// The sizes of a unit's convolution.
fn convolution(config: &UnitConfig, shape: &UnitShape) -> ConvShape {
    let (input, convolved) = (shape.input, shape.convolved);
    let before = |size| config.zeros_around(size).0;
    ConvShape {
        channels: input.channels,
        height: input.height,
        width: input.width,
        filters: config.filters,
        kernel: config.kernel_size,
        stride: config.stride,
        top: before(input.height),
        left: before(input.width),
        out_height: convolved.height,
        out_width: convolved.width,
        groups: config.groups,
    }
}
