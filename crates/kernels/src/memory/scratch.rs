//! Scratch memory that the kernels reuse from call to call.

use std::cell::RefCell;

/// A cache line. A vector at a whole number of vectors from a line's start never straddles two lines.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Values whose first one starts a cache line.
pub(crate) struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// A buffer of `len` zeros.
    pub(crate) fn new(len: usize) -> Self {
        Self { lines: vec![Line([0.0; 16]); len.div_ceil(16)], len }
    }

    pub(crate) fn values(&mut self) -> &mut [f32] {
        &mut as_values(&mut self.lines)[..self.len]
    }

    pub(crate) fn as_values(&self) -> &[f32] {
        let (start, length) = (self.lines.as_ptr().cast::<f32>(), self.len);
        // SAFETY: a line is 16 values without padding, and there are enough lines for `len`.
        unsafe { std::slice::from_raw_parts(start, length) }
    }
}

thread_local! {
    // It is a stack, because a thread that waits for others may run a piece of another kernel meanwhile.
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Lends `work` as many buffers as there are lengths, each of that length and aligned to 64 bytes. They hold
/// whatever values their last user left there.
pub(crate) fn with<const N: usize, R>(lengths: [usize; N], work: impl FnOnce([&mut [f32]; N]) -> R) -> R {
    let total: usize = lengths.iter().map(|length| length.div_ceil(16)).sum();
    let mut lines = FREE.with_borrow_mut(|free| free.pop()).unwrap_or_default();
    if lines.len() < total {
        // The old values are not needed. Without `drop` both would take memory at the same time, and growing a
        // vector may take twice the memory that is asked for.
        drop(lines);
        lines = vec![Line([0.0; 16]); total];
    }
    let mut rest = lines.as_mut_slice();
    let buffers = lengths.map(|length| {
        let (lines, others) = std::mem::take(&mut rest).split_at_mut(length.div_ceil(16));
        rest = others;
        &mut as_values(lines)[..length]
    });
    let result = work(buffers);
    FREE.with_borrow_mut(|free| free.push(lines));
    result
}

fn as_values(lines: &mut [Line]) -> &mut [f32] {
    let (start, length) = (lines.as_mut_ptr().cast::<f32>(), lines.len() * 16);
    // SAFETY: a line is 16 values without padding, and the borrow of the lines goes on.
    unsafe { std::slice::from_raw_parts_mut(start, length) }
}

/// The bits of the values. Comparing bits is faster than comparing floats, and equal NaNs are equal.
pub(crate) fn bits(values: &[f32]) -> &[u32] {
    // SAFETY: both types have four bytes and the same alignment, and any bits are a value of either.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast::<u32>(), values.len()) }
}

/// The same memory as `u32` indices.
pub(crate) fn as_indices(values: &mut [f32]) -> &mut [u32] {
    let (start, length) = (values.as_mut_ptr().cast::<u32>(), values.len());
    // SAFETY: both types have four bytes and the same alignment, and any bits are a value of either.
    unsafe { std::slice::from_raw_parts_mut(start, length) }
}

/// The same memory as half as many `f64` values.
pub(crate) fn as_doubles(values: &mut [f32]) -> &mut [f64] {
    let (start, length) = (values.as_mut_ptr(), values.len() / 2);
    assert_eq!(start.align_offset(align_of::<f64>()), 0, "buffers begin with a cache line");
    // SAFETY: the alignment was checked, the memory is as long as two `f32` for each `f64`, and any bits are a
    // value of either type.
    unsafe { std::slice::from_raw_parts_mut(start.cast::<f64>(), length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_apart_and_aligned_and_have_the_lengths_asked_for() {
        with([5, 0, 33], |[a, b, c]| {
            assert_eq!([a.len(), b.len(), c.len()], [5, 0, 33]);
            a.fill(1.0);
            c.fill(2.0);
            assert_eq!(a, [1.0; 5]);
            assert_eq!([a.as_ptr().align_offset(64), c.as_ptr().align_offset(64)], [0, 0]);
        });
    }

    #[test]
    fn memory_is_reused_and_a_borrow_inside_a_borrow_gets_its_own() {
        let first = with([100], |[a]| a.as_ptr());
        with([100], |[a]| {
            assert_eq!(a.as_ptr(), first);
            with([100], |[b]| assert_ne!(a.as_ptr(), b.as_ptr()));
        });
    }
}
