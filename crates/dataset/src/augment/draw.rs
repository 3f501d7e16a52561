//! Random numbers from which the changes of an image are made.

use rand::Rng;

/// A number from -1 to below 1, each with the same chance.
pub(super) fn symmetric(rng: &mut impl Rng) -> f64 {
    f64::from(rng.next_u32() as i32) / f64::from(1_u32 << 31)
}

/// A number from 0 to below 1, each with the same chance.
pub(super) fn unit(rng: &mut impl Rng) -> f64 {
    f64::from(rng.next_u32()) / (f64::from(1_u32 << 31) * 2.0)
}
