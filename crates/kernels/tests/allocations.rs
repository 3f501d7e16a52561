//! The kernels allocate nothing: results go to the caller's slices, and scratch memory is kept from call to
//! call.

#![allow(unsafe_code, reason = "a global allocator that counts is an unsafe trait")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that goes wrong")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use kernels::{
    Activation, ConvShape, DenseShape, Gradients, Keep, Level, PoolShape, PooledForward, Purpose, Winners,
    conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward, dense, dense_backward,
};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: each call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One call of every kernel, as a training step and an inference make them.
fn call_all(level: Level, conv: &ConvShape, n: usize, activation: Activation) -> impl FnMut() {
    let conv = *conv;
    let shape = PoolShape { conv, pool: 2, activation };
    let layer = DenseShape { inputs: conv.input_len(), outputs: conv.filters };
    let wave = |len: usize| (0..len).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<f32>>();
    let (images, bias) = (wave(n * conv.input_len()), wave(conv.filters));
    let (weight, layer_weight) = (wave(conv.filters * conv.filter_len()), wave(layer.inputs * layer.outputs));
    let upstream = wave(n * conv.output_len());
    let (mut out, mut layer_out) = (vec![0.0; upstream.len()], vec![0.0; n * layer.outputs]);
    let pooled_len = n * shape.output_len();
    let (mut pooled, mut argmax, mut slopes) =
        (vec![0.0; pooled_len], vec![0; pooled_len], vec![0.0; pooled_len]);
    let (mut input, mut bias_gradient) = (vec![0.0; images.len()], vec![0.0; bias.len()]);
    let (mut weight_gradient, mut layer_gradient) = (vec![0.0; weight.len()], vec![0.0; layer_weight.len()]);
    move || {
        for keep in [Keep::No, Keep::ByValue] {
            conv2d(level, &conv, &images, &weight, &bias, keep, &mut out);
            dense(level, layer, &images, &layer_weight, &bias, keep, &mut layer_out);
            let slopes = if activation == Activation::Gelu { slopes.as_mut_slice() } else { &mut [] };
            let purpose = match keep {
                Keep::No => Purpose::Training(Winners { argmax: &mut argmax, slopes }),
                _ => Purpose::Inference(keep),
            };
            conv2d_max_pool2d(level, &shape, &images, &weight, &bias, &mut pooled, purpose);
        }
        let gradients =
            Gradients { input: Some(&mut input), weight: &mut weight_gradient, bias: &mut bias_gradient };
        conv2d_backward(level, &conv, &images, &weight, &upstream, gradients);
        let gradients =
            Gradients { input: Some(&mut input), weight: &mut weight_gradient, bias: &mut bias_gradient };
        let upstream = &upstream[..pooled.len()];
        let slope_source: &[f32] = match activation {
            Activation::Gelu => &slopes,
            Activation::Tanh | Activation::Sigmoid => &pooled,
            Activation::Relu | Activation::None => &[],
        };
        let forward = PooledForward { argmax: &argmax, slope_source };
        conv2d_max_pool2d_backward(level, &shape, &images, &weight, forward, upstream, gradients);
        let gradients =
            Gradients { input: Some(&mut input), weight: &mut layer_gradient, bias: &mut bias_gradient };
        dense_backward(level, layer, &images, &layer_weight, &layer_out, gradients);
    }
}

#[test]
fn repeated_calls_allocate_nothing() {
    // With one thread every call gets the scratch memory that the call before gave back.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (channels, size, filters, kernel, stride, activation) in [
        (1, 28, 32, 5, 1, Activation::Relu),
        (16, 14, 24, 5, 1, Activation::Gelu),
        (8, 7, 40, 3, 1, Activation::Tanh),
        (3, 13, 5, 3, 2, Activation::None),
    ] {
        let before = kernel / 2;
        let out = (size + 2 * before - kernel) / stride + 1;
        let conv = ConvShape {
            channels,
            height: size,
            width: size,
            filters,
            kernel,
            stride,
            top: before,
            left: before,
            out_height: out,
            out_width: out,
            groups: 1,
        };
        for level in Level::available() {
            let mut call = call_all(level, &conv, 5, activation);
            let allocated = pool.install(|| {
                // The first calls let the scratch memory grow to what each kernel needs.
                for _ in 0..3 {
                    call();
                }
                let before = ALLOCATIONS.load(Ordering::Relaxed);
                call();
                ALLOCATIONS.load(Ordering::Relaxed) - before
            });
            assert_eq!(allocated, 0, "{conv:?} on {}", level.name());
        }
    }
}
