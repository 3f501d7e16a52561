//! Softmax, cross-entropy and the gradient of the logits in one kernel.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use crate::gpu::rows::sum_of_rows;
use crate::gpu::tensors::unwritten;

/// The threads of the one cube that computes the loss, a power of two. A batch has few logits.
const THREADS: usize = 256;

/// Each thread takes every 256th image. The sums of the threads are added in pairs, so their order is fixed.
#[cube(launch)]
fn cross_entropy_kernel(
    logits: &[f32],
    labels: &[i32],
    loss: &mut [f32],
    gradient: &mut [f32],
    smoothing: f32,
    #[comptime] classes: usize,
) {
    let thread = UNIT_POS as usize;
    let n = labels.len();
    let share = 1.0f32 / f32::cast_from(n as u32);
    let of_each = smoothing / f32::cast_from(classes as u32);
    let mut sum = 0.0f32;
    let mut image = thread;
    while image < n {
        let row = image * classes;
        let label = labels[image] as usize;
        let mut largest = logits[row];
        for class in 1..classes {
            largest = max(largest, logits[row + class]);
        }
        let mut total = 0.0f32;
        let mut shifted = 0.0f32;
        for class in 0..classes {
            let logit = logits[row + class] - largest;
            total += logit.exp();
            shifted += logit;
        }
        let of_label = logits[row + label] - largest;
        // The targets of an image add up to one.
        sum += total.ln() - (1.0f32 - smoothing) * of_label;
        // A logit of minus infinity makes this infinite, so the share has to be more than zero.
        if of_each > 0.0f32 {
            sum -= of_each * shifted;
        }
        for class in 0..classes {
            let probability = (logits[row + class] - largest).exp() / total;
            let mut target = of_each;
            if class == label {
                target += 1.0f32 - smoothing;
            }
            gradient[row + class] = (probability - target) * share;
        }
        image += THREADS;
    }
    let total = sum_of_rows(sum, thread, 0usize, 1usize, THREADS);
    if thread == 0 {
        loss[0] = total * share;
    }
}

/// The mean cross-entropy `[1]` of logits `[n, classes]` with labels `[n]`, and its gradient `[n, classes]`.
pub(super) fn cross_entropy(
    logits: CubeTensor,
    labels: CubeTensor,
    smoothing: f32,
) -> (CubeTensor, CubeTensor) {
    let [logits, labels] = [logits, labels].map(into_contiguous);
    let [n, classes] = logits.meta.shape().dims();
    let (loss, gradient) = (unwritten(&logits, [1]), unwritten(&logits, [n, classes]));
    let client = logits.client.clone();
    cross_entropy_kernel::launch(
        &client,
        CubeCount::new_single(),
        CubeDim::new_1d(THREADS as u32),
        logits.into_buffer_arg(),
        labels.into_buffer_arg(),
        loss.clone().into_buffer_arg(),
        gradient.clone().into_buffer_arg(),
        smoothing,
        classes,
    );
    (loss, gradient)
}
