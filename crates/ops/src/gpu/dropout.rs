//! Dropout's masks, which have the bits of those of the CPU.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use kernels::Dropout;

/// A layer's dropout in one step, as a kernel gets it.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub(super) struct Mask {
    key_low: u32,
    key_high: u32,
    first_image: u32,
    /// The smallest number that keeps a value.
    keeps_from: u32,
    /// What the kept values are multiplied by.
    factor: f32,
}

/// The arguments of a kernel for this dropout. A kernel that drops nothing does not read them.
pub(super) fn launched(dropout: Option<&Dropout>) -> MaskLaunch {
    let Some(dropout) = dropout else { return MaskLaunch::new(0, 0, 0, 0, 1.0) };
    let (key_low, key_high) = (dropout.key as u32, (dropout.key >> 32) as u32);
    MaskLaunch::new(key_low, key_high, dropout.first_image as u32, dropout.keeps_from(), dropout.factor())
}

/// A number of 64 bits, which WebGPU does not have.
#[derive(CubeType, Clone, Copy)]
struct Wide {
    low: u32,
    high: u32,
}

/// What dropout makes of value `place` of image `image`, or of its gradient.
#[cube]
pub(super) fn dropped(mask: &Mask, image: u32, place: u32, value: f32) -> f32 {
    let number = mixed(Wide { low: mask.first_image + image, high: 0u32 });
    let key = mixed(Wide { low: number.low ^ mask.key_low, high: number.high ^ mask.key_high });
    let mut x = (place * 0x9e37_79b9u32) ^ key.low;
    x = (x ^ (x >> 16u32)) * 0x7feb_352du32;
    x = ((x ^ (x >> 15u32)) + key.high) * 0x846c_a68bu32;
    x = x ^ (x >> 16u32);
    // A product with zero would be -0 or not a number for some values, and the CPU writes 0.
    select(x >= mask.keeps_from, value * mask.factor, 0.0f32)
}

/// SplitMix64's next number after this state (Steele et al. 2014).
#[cube]
fn mixed(state: Wide) -> Wide {
    let low = state.low + 0x7f4a_7c15u32;
    let carry = select(low < 0x7f4a_7c15u32, 1u32, 0u32);
    let sum = Wide { low, high: state.high + 0x9e37_79b9u32 + carry };
    let first = product(folded(sum, 30u32), 0x1ce4_e5b9u32, 0xbf58_476du32);
    let second = product(folded(first, 27u32), 0x1331_11ebu32, 0x94d0_49bbu32);
    folded(second, 31u32)
}

/// The number with itself moved right by fewer than 32 bits, bit by bit.
#[cube]
fn folded(number: Wide, bits: u32) -> Wide {
    let low = (number.low >> bits) | (number.high << (32u32 - bits));
    Wide { low: number.low ^ low, high: number.high ^ (number.high >> bits) }
}

/// The lowest 64 bits of a product.
#[cube]
fn product(number: Wide, low: u32, high: u32) -> Wide {
    let carried = number.low.mul_hi(low);
    Wide { low: number.low * low, high: carried + number.low * high + number.high * low }
}
