//! Random orders.

use rand::{Rng, RngExt};

/// The positions `0..n` in a random order.
pub fn shuffled(n: usize, rng: &mut impl Rng) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    shuffle(&mut order, rng);
    order
}

/// Fisher and Yates' shuffle (Durstenfeld 1964), which makes every order equally likely.
pub(super) fn shuffle(values: &mut [u32], rng: &mut impl Rng) {
    for last in (1..values.len()).rev() {
        // The order must not depend on the size of a pointer, so 32 bits are drawn on every platform.
        let other = rng.random_range(0..=last as u32) as usize;
        values.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    #[test]
    fn a_shuffle_moves_and_keeps_every_value() {
        let mut values = shuffled(1000, &mut ChaCha8Rng::seed_from_u64(1));
        let stayed = values.iter().enumerate().filter(|(i, v)| *i == **v as usize).count();
        assert!(stayed < 10, "{stayed}");
        values.sort_unstable();
        assert_eq!(values, (0..1000).collect::<Vec<u32>>());
    }
}
