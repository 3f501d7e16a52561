//! Packed filters that are kept for the next call while the network does not change.

use std::fmt;
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

/// Holds weights: as long as it exists, their memory is neither freed nor changed.
pub trait Owner: Send + Sync {
    /// The weights.
    fn values(&self) -> &[f32];
}

impl Owner for Vec<f32> {
    fn values(&self) -> &[f32] {
        self
    }
}

/// Whether packed weights are kept for later calls with the same weights.
#[derive(Clone, Copy)]
pub enum Keep<'a> {
    /// They are not: training changes the weights in each step.
    No,
    /// A later call finds them by comparing each value.
    ByValue,
    /// A later call finds them by the address of the weights, whose owner this function gives. Where it finds none, it
    /// compares each value.
    ByOwner(&'a dyn Fn() -> Box<dyn Owner>),
}

impl fmt::Debug for Keep<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "No",
            Self::ByValue => "ByValue",
            Self::ByOwner(_) => "ByOwner",
        })
    }
}

impl Keep<'_> {
    /// Whether they are kept.
    pub(crate) fn is_wanted(self) -> bool {
        !matches!(self, Self::No)
    }

    fn owner(self, weight: &[f32]) -> Box<dyn Owner> {
        match self {
            Self::ByOwner(owner) => owner(),
            Self::ByValue | Self::No => Box::new(weight.to_vec()),
        }
    }
}

/// The filters of one layer, as they were and as they were packed.
struct Entry {
    order: FilterOrder,
    weight: Box<dyn Owner>,
    packed: Arc<Buffer>,
}

/// The entries of all layers. The oldest one stands first.
struct Kept(Vec<Entry>);

static KEPT: Mutex<Kept> = Mutex::new(Kept(Vec::new()));

impl Kept {
    /// The packed filters of an entry for the same weights.
    ///
    /// Weights at the address of an entry's are the entry's, because their owner is alive. Others are compared value
    /// by value, which takes microseconds for small layers and a tenth of a call for wide dense ones. An entry that is
    /// found so gets the new owner, whose address the next call will have.
    fn find(&mut self, order: FilterOrder, weight: &[f32], keep: Keep<'_>) -> Option<Arc<Buffer>> {
        let mut entries = self.0.iter_mut().filter(|entry| entry.order == order);
        if let Some(entry) = entries.find(|entry| std::ptr::eq(entry.weight.values(), weight)) {
            return Some(entry.packed.clone());
        }
        let mut entries = self.0.iter_mut().filter(|entry| entry.order == order);
        let entry = entries.find(|entry| scratch::bits(entry.weight.values()) == scratch::bits(weight))?;
        if let Keep::ByOwner(owner) = keep {
            entry.weight = owner();
        }
        Some(entry.packed.clone())
    }

    /// Makes room for an entry of this many bytes, which [`MOST_KEPT_BYTES`] does not exceed: the oldest
    /// entries go.
    fn make_room(&mut self, bytes: usize) {
        while self.0.len() >= MOST_KEPT || self.bytes() + bytes > MOST_KEPT_BYTES {
            self.0.remove(0);
        }
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|entry| bytes_of(entry.weight.values().len(), entry.packed.as_values().len())).sum()
    }
}

/// How many bytes an entry of so many weights and packed values takes.
fn bytes_of(weights: usize, packed: usize) -> usize {
    size_of::<f32>() * (weights + packed)
}

/// Calls `work` with the `len` values that `pack` makes of `weight`.
///
/// A program that classifies one image at a time would spend longer on packing the filters than on using them, if
/// they were not kept. Filters that are larger than [`MOST_KEPT_BYTES`] are never kept.
pub(crate) fn with_packed<R>(
    order: FilterOrder,
    weight: &[f32],
    len: usize,
    keep: Keep<'_>,
    pack: impl FnOnce(&mut [f32]),
    work: impl FnOnce(&[f32]) -> R,
) -> R {
    let bytes = bytes_of(weight.len(), len);
    if !keep.is_wanted() || bytes > MOST_KEPT_BYTES {
        return scratch::with([len], |[packed]| {
            pack(packed);
            work(packed)
        });
    }
    let found = lock().find(order, weight, keep);
    let packed = found.unwrap_or_else(|| {
        // Room is made first, so that at no time there are more bytes than the bound.
        lock().make_room(bytes);
        let mut buffer = Buffer::new(len);
        pack(buffer.values());
        let packed = Arc::new(buffer);
        let mut kept = lock();
        // Another thread may have added an entry meanwhile.
        kept.make_room(bytes);
        kept.0.push(Entry { order, weight: keep.owner(weight), packed: packed.clone() });
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
        assert_eq!(run(&[1.0, 2.0], Keep::ByValue), 1);
        assert_eq!(run(&[1.0, 2.0], Keep::ByValue), 1);
        assert_eq!(run(&[1.0, 3.0], Keep::ByValue), 2);
        assert_eq!(run(&[1.0, 2.0], Keep::ByValue), 2);
        assert_eq!(run(&[1.0, 2.0], Keep::No), 3);
    }

    /// Weights that several owners share, as tensors share their memory.
    struct Shared(Arc<Vec<f32>>);

    impl Owner for Shared {
        fn values(&self) -> &[f32] {
            &self.0
        }
    }

    #[test]
    fn weights_are_found_by_their_address_or_their_values_and_held_meanwhile() {
        let order = order(Level::Portable, false, [3, 1, 1]);
        let mut packed = 0;
        let mut run = |weight: &Arc<Vec<f32>>| {
            let pack = |target: &mut [f32]| {
                packed += 1;
                target.copy_from_slice(weight);
            };
            let keep = Keep::ByOwner(&|| Box::new(Shared(weight.clone())));
            with_packed(order, weight, 3, keep, pack, |packed| assert_eq!(packed, **weight));
            packed
        };
        let [first, equal, other] =
            [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 4.0]].map(|values| Arc::new(values.to_vec()));
        assert_eq!([run(&first), run(&first)], [1, 1]);
        assert_eq!([Arc::strong_count(&first), Arc::strong_count(&equal)], [2, 1]);
        assert_eq!([run(&equal), run(&equal)], [1, 1]);
        assert_eq!([Arc::strong_count(&first), Arc::strong_count(&equal)], [1, 2]);
        assert_eq!([run(&other), run(&equal)], [2, 2]);
    }

    #[test]
    fn only_the_last_layers_are_kept() {
        for i in 0..2 * MOST_KEPT {
            let order = order(Level::Portable, true, [i, 1, 1]);
            with_packed(
                order,
                &[i as f32],
                1,
                Keep::ByValue,
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
        with_packed(order, &weight, len, Keep::ByValue, pack, |packed| assert_eq!(packed, weight));
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
