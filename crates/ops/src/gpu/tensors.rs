//! Tensors on a GPU as the kernels want them, and how many threads a kernel is started with.

use burn::tensor::{DType, Shape};
use burn_cubecl::cubecl::calculate_cube_count_elemwise;
use burn_cubecl::cubecl::prelude::{CubeCount, CubeDim};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::ops::{permute_nchw_to_nhwc, permute_nhwc_to_nchw};
use burn_cubecl::tensor::CubeTensor;
use kernels::Stages;

use crate::finish::FinishOptions;
use crate::gpu::plan::Plan;

/// The maps of a call, and what a stage adds to them, with the channels last.
pub(super) struct Operands {
    /// `[n, height, width, channels]`
    pub x: CubeTensor,
    /// The same, or the maps themselves where no stage adds it.
    pub shortcut: CubeTensor,
    pub plan: Plan,
    pub n: usize,
}

impl Operands {
    pub(super) fn new(maps: CubeTensor, shortcut: CubeTensor, options: &FinishOptions) -> Self {
        let x = channels_last(maps);
        let [n, height, width, channels] = x.meta.shape().dims();
        let plan = Plan::new([height, width, channels], options);
        let shortcut = if options.stages.adds() { channels_last(shortcut) } else { x.clone() };
        Self { x, shortcut, plan, n }
    }
}

/// What normalizes each channel, `[channels]` each. Where no stage normalizes, any tensors stand in.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    pub gamma: CubeTensor,
    pub beta: CubeTensor,
    pub mean: CubeTensor,
    pub variance: CubeTensor,
}

impl Norm {
    /// Of gamma, beta, mean and variance. Without a normalization `stand_in` is taken, which has its values in order
    /// already: whatever the caller gives then would be brought into order for nothing.
    pub(super) fn new(tensors: [CubeTensor; 4], stages: Stages, stand_in: &CubeTensor) -> Self {
        let [gamma, beta, mean, variance] = needed(tensors, stages, stand_in);
        Self { gamma, beta, mean, variance }
    }
}

/// Tensors `[channels]` that only a normalization needs, or the stand-in.
pub(super) fn needed<const COUNT: usize>(
    tensors: [CubeTensor; COUNT],
    stages: Stages,
    stand_in: &CubeTensor,
) -> [CubeTensor; COUNT] {
    if stages.normalizes() { tensors.map(into_contiguous) } else { tensors.map(|_| stand_in.clone()) }
}

/// The same values, one after the other in memory.
pub(super) fn contiguous(tensor: CubeTensor) -> CubeTensor {
    into_contiguous(tensor)
}

/// Maps `[n, channels, height, width]` as `[n, height, width, channels]`, one value after the other.
pub(super) fn channels_last(maps: CubeTensor) -> CubeTensor {
    into_contiguous(permute_nchw_to_nhwc(maps))
}

/// The other way, without moving a value.
pub(super) fn channels_second(maps: CubeTensor) -> CubeTensor {
    permute_nhwc_to_nchw(maps)
}

/// A new tensor on the device of another one, whose values are not written yet.
pub(super) fn unwritten<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    let (client, device) = (like.client.clone(), like.device.clone());
    empty_device_contiguous_dtype(client, device, Shape::new(shape), DType::F32)
}

/// The threads that a kernel is started with if each computes one value of so many.
pub(super) fn one_each(like: &CubeTensor, values: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(&like.client, values);
    (calculate_cube_count_elemwise(&like.client, values, dim), dim)
}
