//! Packed filters that are kept for the next call while the network does not change.

use std::sync::{Arc, Mutex, PoisonError};

use crate::memory::scratch::{self, Buffer};
use crate::simd::level::Level;

/// How many layers' filters are kept: more than any network here has, and few enough to search one by one.
const MOST_KEPT: usize = 16;
/// How many bytes the kept filters take at most, as they were and as they were packed. All layers of the default
/// network together take 1 MB, so this is room for networks that are much larger. A network with wider dense
/// layers packs those again for each call: that takes some of the time of a call with hundreds of images, where
/// the entries of each validation would take hundreds of megabytes for the rest of the process.
const MOST_KEPT_BYTES: usize = 64 << 20;

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

/// The entries of all layers. The oldest one stands first.
struct Kept(Vec<Entry>);

static KEPT: Mutex<Kept> = Mutex::new(Kept(Vec::new()));

impl Kept {
    /// The packed filters of an entry for the same weights.
    ///
    /// The values are compared, which takes microseconds for small layers. An address would not do: other
    /// weights may lie there by now.
    fn find(&self, order: FilterOrder, weight: &[f32]) -> Option<Arc<Buffer>> {
        let is_same =
            |entry: &&Entry| entry.order == order && scratch::bits(&entry.weight) == scratch::bits(weight);
        self.0.iter().find(is_same).map(|entry| entry.packed.clone())
    }

    /// Makes room for an entry of this many bytes, which [`MOST_KEPT_BYTES`] does not exceed: the oldest
    /// entries go.
    fn make_room(&mut self, bytes: usize) {
        while self.0.len() >= MOST_KEPT || self.bytes() + bytes > MOST_KEPT_BYTES {
            self.0.remove(0);
        }
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|entry| bytes_of(entry.weight.len(), entry.packed.as_values().len())).sum()
    }
}

/// How many bytes an entry of so many weights and packed values takes.
fn bytes_of(weights: usize, packed: usize) -> usize {
    size_of::<f32>() * (weights + packed)
}

/// Calls `work` with the `len` values that `pack` makes of `weight`.
///
/// With `keep` the packed values are kept for later calls with the same weights: a program that classifies
/// one image at a time would otherwise spend longer on packing the filters than on using them. Training
/// passes `false`, because each step changes the filters. Filters that are larger than [`MOST_KEPT_BYTES`] are
/// never kept.
pub(crate) fn with_packed<R>(
    order: FilterOrder,
    weight: &[f32],
    len: usize,
    keep: bool,
    pack: impl FnOnce(&mut [f32]),
    work: impl FnOnce(&[f32]) -> R,
) -> R {
    let bytes = bytes_of(weight.len(), len);
    if !keep || bytes > MOST_KEPT_BYTES {
        return scratch::with([len], |[packed]| {
            pack(packed);
            work(packed)
        });
    }
    let found = lock().find(order, weight);
    let packed = found.unwrap_or_else(|| {
        // Room is made first, so that at no time there are more bytes than the bound.
        lock().make_room(bytes);
        let mut buffer = Buffer::new(len);
        pack(buffer.values());
        let packed = Arc::new(buffer);
        let mut kept = lock();
        // Another thread may have added an entry meanwhile.
        kept.make_room(bytes);
        kept.0.push(Entry { order, weight: weight.to_vec(), packed: packed.clone() });
        packed
    });
    work(packed.as_values())
}

/// A panic cannot leave the list half changed, because no code that may panic runs between two changes of it.
/// So a poisoned lock is taken all the same.
fn lock() -> std::sync::MutexGuard<'static, Kept> {
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
        assert!(lock().0.len() <= MOST_KEPT);
    }

    /// Keeps filters of `len` values, and returns how many bytes are kept then.
    fn bytes_after_keeping(len: usize, i: usize) -> usize {
        let weight = vec![i as f32; len];
        let pack = |packed: &mut [f32]| packed.copy_from_slice(&weight);
        let order = order(Level::Portable, false, [i, 2, 9]);
        with_packed(order, &weight, len, true, pack, |packed| assert_eq!(packed, weight));
        lock().bytes()
    }

    #[test]
    fn kept_filters_take_a_bounded_number_of_bytes() {
        let third = MOST_KEPT_BYTES / 3 / bytes_of(1, 1);
        for i in 0..5 {
            let bytes = bytes_after_keeping(third, i);
            assert!(bytes <= MOST_KEPT_BYTES, "{bytes} bytes");
        }
        let bytes = bytes_after_keeping(4 * third, 5);
        assert!(bytes <= MOST_KEPT_BYTES, "{bytes} bytes after filters that are larger than the bound");
    }
}
