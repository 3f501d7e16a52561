//! Packed filters, kept for the next call where the network does not change.

use std::sync::{Arc, Mutex, PoisonError};

use crate::scratch::{self, Buffer};
use crate::simd::Level;

/// Layers whose filters are kept: more than any network here has, few enough to look through.
const KEPT: usize = 16;

/// In which order a kernel wants its filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub is_winograd: bool,
    pub lanes: usize,
    /// Filters, channels, taps along a side.
    pub shape: [usize; 3],
}

struct Entry {
    order: Order,
    weight: Vec<f32>,
    packed: Arc<Buffer>,
}

static LAST: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// Calls `work` with `len` values that `pack` made of `weight`.
///
/// With `keep` they are looked for among the filters packed last, and kept for the next call:
/// whoever answers one picture at a time would otherwise spend longer on packing than on the
/// answer. While training, each step has filters of its own.
pub(crate) fn with_packed<R>(
    order: Order,
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
    // To compare the weights is as safe as to compare addresses is not, and takes microseconds.
    let is_same =
        |entry: &Entry| entry.order == order && scratch::bits(&entry.weight) == scratch::bits(weight);
    let found = lock().iter().find(|entry| is_same(entry)).map(|entry| entry.packed.clone());
    let packed = found.unwrap_or_else(|| {
        let mut buffer = Buffer::new(len);
        pack(buffer.values());
        let packed = Arc::new(buffer);
        let mut last = lock();
        if last.len() == KEPT {
            last.remove(0);
        }
        last.push(Entry { order, weight: weight.to_vec(), packed: packed.clone() });
        packed
    });
    work(packed.as_values())
}

/// Nothing between two changes of the list can fail, so what a panic left behind is whole.
fn lock() -> std::sync::MutexGuard<'static, Vec<Entry>> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The order that `level` wants for filters of this shape.
pub(crate) fn order(level: Level, is_winograd: bool, shape: [usize; 3]) -> Order {
    Order { is_winograd, lanes: level.lanes(), shape }
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
    fn no_more_than_the_last_are_kept() {
        for i in 0..2 * KEPT {
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
        assert!(lock().len() <= KEPT);
    }
}
