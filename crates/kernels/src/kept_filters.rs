//! Packed filters that are kept for the next call while the network does not change.

use std::sync::{Arc, Mutex, PoisonError};

use crate::scratch::{self, Buffer};
use crate::simd::level::Level;

/// How many layers' filters are kept: more than any network here has, and few enough to search one by one.
const MOST_KEPT: usize = 16;

/// The order in which a kernel reads its filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FilterOrder {
    pub is_winograd: bool,
    pub lanes: usize,
    /// How many filters, channels, and taps along a side.
    pub shape: [usize; 3],
}

/// The filters of one layer, as they were and as they were packed.
struct Entry {
    order: FilterOrder,
    weight: Vec<f32>,
    packed: Arc<Buffer>,
}

/// The oldest entry stands first.
static KEPT: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// Calls `work` with the `len` values that `pack` makes of `weight`.
///
/// With `keep` the packed values are kept for later calls with the same weights: a program that classifies
/// one image at a time would otherwise spend longer on packing the filters than on using them. Training
/// passes `false`, because each step changes the filters.
pub(crate) fn with_packed<R>(
    order: FilterOrder,
    weight: &[f32],
    len: usize,
    keep: bool,
    pack: impl FnOnce(&mut [f32]),
    work: impl FnOnce(&[f32]) -> R,
) -> R {
    if !keep {
        return scratch::with([len], |[packed]| {
            pack(packed);
            work(packed)
        });
    }
    // The values are compared, which takes microseconds. An address would not do: other weights may lie there
    // by now.
    let is_same =
        |entry: &Entry| entry.order == order && scratch::bits(&entry.weight) == scratch::bits(weight);
    let found = lock().iter().find(|entry| is_same(entry)).map(|entry| entry.packed.clone());
    let packed = found.unwrap_or_else(|| {
        let mut buffer = Buffer::new(len);
        pack(buffer.values());
        let packed = Arc::new(buffer);
        let mut kept = lock();
        if kept.len() == MOST_KEPT {
            kept.remove(0);
        }
        kept.push(Entry { order, weight: weight.to_vec(), packed: packed.clone() });
        packed
    });
    work(packed.as_values())
}

/// A panic cannot leave the list half changed, because no code that may panic runs between two changes of it.
/// So a poisoned lock is taken all the same.
fn lock() -> std::sync::MutexGuard<'static, Vec<Entry>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The order in which `level` reads filters of this shape: filters, channels, taps along a side.
pub(crate) fn order(level: Level, is_winograd: bool, shape: [usize; 3]) -> FilterOrder {
    FilterOrder { is_winograd, lanes: level.lanes(), shape }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_packed_again_only_when_they_change() {
        let order = order(Level::Portable, false, [1, 2, 9]);
        let mut packed = 0;
        let mut run = |weight: &[f32], keep| {
            let pack = |target: &mut [f32]| {
                packed += 1;
                target.copy_from_slice(weight);
            };
            with_packed(order, weight, 2, keep, pack, |packed| assert_eq!(packed, weight));
            packed
        };
        assert_eq!(run(&[1.0, 2.0], true), 1);
        assert_eq!(run(&[1.0, 2.0], true), 1);
        assert_eq!(run(&[1.0, 3.0], true), 2);
        assert_eq!(run(&[1.0, 2.0], true), 2);
        assert_eq!(run(&[1.0, 2.0], false), 3);
    }

    #[test]
    fn only_the_last_layers_are_kept() {
        for i in 0..2 * MOST_KEPT {
            let order = order(Level::Portable, true, [i, 1, 1]);
            with_packed(
                order,
                &[i as f32],
                1,
                true,
                |packed| packed[0] = i as f32,
                |packed| {
                    assert_eq!(packed, [i as f32]);
                },
            );
        }
        assert!(lock().len() <= MOST_KEPT);
    }
}
