//! Memory for feature maps, which one image after another uses again.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use kernels::unwritten;

/// The most memory that is kept for the next images, in numbers.
const MOST_KEPT: usize = (64 << 20) / size_of::<f32>();

/// Feature maps, in memory that may be larger than they are.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    memory: Vec<f32>,
    len: usize,
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[..self.len]
    }
}

/// Memory that is free. There are never more pieces of it than were in use at once.
#[derive(Debug, Default)]
pub(super) struct Buffers(Vec<Vec<f32>>);

impl Buffers {
    /// Room for `len` numbers, which are whatever the memory holds.
    pub(super) fn take(&mut self, len: usize) -> Buffer {
        let by_len = |i: &usize| self.0[*i].len();
        let fitting = (0..self.0.len()).filter(|i| by_len(i) >= len).min_by_key(by_len);
        // The largest of those that are too small makes place for the new one.
        let place = fitting.or_else(|| (0..self.0.len()).max_by_key(by_len));
        let old = place.map(|i| self.0.swap_remove(i)).unwrap_or_default();
        let memory = if fitting.is_some() {
            old
        } else {
            drop(old);
            unwritten(len)
        };
        Buffer { memory, len }
    }

    pub(super) fn copy_of(&mut self, values: &[f32]) -> Buffer {
        let mut buffer = self.take(values.len());
        buffer.copy_from_slice(values);
        buffer
    }

    /// Takes back what is needed no more.
    pub(super) fn give(&mut self, buffer: Buffer) {
        self.0.push(buffer.memory);
    }

    fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

/// What one call of a network needs while it computes.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) buffers: Buffers,
    /// What entered each unit, for as long as a shortcut needs it.
    pub(super) entered: Vec<Option<Buffer>>,
}

/// Workspaces of calls that ended: as many as ever computed at once. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Workspaces(Arc<Mutex<Vec<Workspace>>>);

impl Workspaces {
    /// Calls `work` with a workspace that no other thread uses meanwhile.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Workspace) -> R) -> R {
        let spare = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = spare().pop().unwrap_or_default();
        let result = work(&mut workspace);
        if workspace.buffers.len() <= MOST_KEPT {
            spare().push(workspace);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_grows_where_it_is_too_small() {
        let mut buffers = Buffers::default();
        let (small, large) = (buffers.take(10), buffers.take(100));
        let addresses = [small.as_ptr(), large.as_ptr()];
        buffers.give(large);
        buffers.give(small);
        let [mut again, larger] = [buffers.take(7), buffers.take(50)];
        assert_eq!([again.as_ptr(), larger.as_ptr()], addresses);
        assert_eq!([again.len(), larger.len()], [7, 50]);
        again.fill(3.0);
        buffers.give(larger);
        let over = buffers.take(101);
        assert_eq!((over.len(), buffers.len()), (101, 0), "the smaller piece is gone");
        assert_eq!(*again, [3.0; 7]);
        assert_eq!(*buffers.copy_of(&[1.0, 2.0]), [1.0, 2.0]);
    }

    #[test]
    fn too_much_memory_is_not_kept() {
        let workspaces = Workspaces::default();
        let kept = |len| {
            workspaces.with(|workspace| {
                let buffer = workspace.buffers.take(len);
                workspace.buffers.give(buffer);
            });
            workspaces.with(|workspace| workspace.buffers.len())
        };
        assert_eq!(kept(1000), 1000);
        assert_eq!(kept(MOST_KEPT + 1), 0);
    }
}
