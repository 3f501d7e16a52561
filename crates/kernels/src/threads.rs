//! How work is cut into pieces for the threads.
//!
//! These pieces may depend on the number of threads, because none of them shares a sum with another. Sums
//! over a batch are cut by [`PartialSums`](crate::conv::partial_sums::PartialSums), by sizes alone.

use parallel::*;
#[cfg(not(target_family = "wasm"))]
use processors::Processors;

pub(crate) mod parallel;
#[cfg(not(target_family = "wasm"))]
mod processors;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod teams;

/// Makes the calling thread one of the threads that compute, beside as many others as make up their number, and binds
/// each of them to a processor if there are as many processors as threads.
///
/// Without this call, a thread that calls a kernel hands the work over to other threads and sleeps until they
/// are done. That takes longer than the work of a small network's layer. The calling thread should live as
/// long as the process, because work may wait for it. A call after the first kernel's has no effect.
///
/// Threads that the calling thread starts later are bound to its processor as well.
#[cfg(not(target_family = "wasm"))]
pub fn compute_on_this_thread() {
    let processors = Processors::of_this_thread();
    let others = processors.clone();
    let bind = |processors: &Processors, i| processors.bind(i, rayon::current_num_threads());
    let threads = rayon::ThreadPoolBuilder::new().use_current_thread();
    // The only error is that the threads run already, and then the kernels use those.
    if threads.start_handler(move |i| bind(&others, i)).build_global().is_ok() {
        bind(&processors, 0);
        processors.become_the_kernels();
    }
}

/// How many rows a piece has, where each of `n` images has `rows` rows of results that do not depend on each
/// other: all rows of an image if there are many images, a band of them if there are few.
pub(crate) fn band(n: usize, rows: usize) -> usize {
    // Each thread gets a few pieces, so that none waits long for the last one.
    let wanted = 2 * current_num_threads();
    let bands = wanted.div_ceil(n.max(1)).clamp(1, rows.max(1));
    rows.max(1).div_ceil(bands)
}

/// How many values of padded images stay in the second-level cache beside a block of filters.
const CACHED: usize = 1 << 16;

/// How many images a thread takes at a time, where each of `n` is padded to `len` values.
pub(crate) fn group(n: usize, len: usize) -> usize {
    let most = n / (2 * current_num_threads());
    (CACHED / len.max(1)).clamp(1, most.max(1))
}

/// Cuts `a` into pieces of `a_len` values and `b` into pieces of `b_len` values, and calls `work` with each
/// piece's number, the piece of `a` and the piece of `b`. An empty `b` gives an empty piece to each call.
pub(crate) fn pieces<A: Send, B: Send>(
    (a, a_len): (&mut [A], usize),
    (b, b_len): (&mut [B], usize),
    work: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    let pieces = a.par_chunks_mut(a_len.max(1)).enumerate();
    if b.is_empty() {
        pieces.for_each(|(i, a)| work(i, a, &mut []));
    } else {
        pieces.zip(b.par_chunks_mut(b_len.max(1))).for_each(|((i, a), b)| work(i, a, b));
    }
}
