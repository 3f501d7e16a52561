//! Iterators over pieces of slices, with the names that rayon gives them.
//!
//! A browser's module has one thread, and rayon would be a third of its file: there the pieces are taken in turn.

#[cfg(not(target_family = "wasm"))]
pub(crate) use rayon::{current_num_threads, prelude::*};

#[cfg(target_family = "wasm")]
pub(crate) use one_thread::*;

#[cfg(target_family = "wasm")]
mod one_thread {
    use std::slice::{Chunks, ChunksExact, ChunksExactMut, ChunksMut};

    pub(crate) fn current_num_threads() -> usize {
        1
    }

    pub(crate) trait ParallelSlice<T> {
        fn par_chunks(&self, len: usize) -> Chunks<'_, T>;
        fn par_chunks_exact(&self, len: usize) -> ChunksExact<'_, T>;
    }

    impl<T> ParallelSlice<T> for [T] {
        fn par_chunks(&self, len: usize) -> Chunks<'_, T> {
            self.chunks(len)
        }

        fn par_chunks_exact(&self, len: usize) -> ChunksExact<'_, T> {
            self.chunks_exact(len)
        }
    }

    pub(crate) trait ParallelSliceMut<T> {
        fn par_chunks_mut(&mut self, len: usize) -> ChunksMut<'_, T>;
        fn par_chunks_exact_mut(&mut self, len: usize) -> ChunksExactMut<'_, T>;
    }

    impl<T> ParallelSliceMut<T> for [T] {
        fn par_chunks_mut(&mut self, len: usize) -> ChunksMut<'_, T> {
            self.chunks_mut(len)
        }

        fn par_chunks_exact_mut(&mut self, len: usize) -> ChunksExactMut<'_, T> {
            self.chunks_exact_mut(len)
        }
    }

    pub(crate) trait IndexedParallelIterator: Iterator + Sized {
        /// There is nothing to divide.
        fn with_min_len(self, _least: usize) -> Self {
            self
        }
    }

    impl<I: Iterator> IndexedParallelIterator for I {}
}
