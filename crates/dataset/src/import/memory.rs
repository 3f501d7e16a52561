//! Keeps what an import holds in memory below what there is, before anything of that size is read.

use thiserror::Error;

/// What an import needs beside the pixels: the program, what the decoders hold for a while, the files' names.
const BESIDE: u64 = 64 << 20;
/// A label, a place and a digest.
const EACH_IMAGE: u64 = 128;

/// The images would not fit into memory.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{images} images of {height}x{width} need {} MB of memory, and {} MB are free; import fewer images or smaller ones",
    needed.div_ceil(1_000_000), free / 1_000_000
)]
pub struct TooMuch {
    pub images: u64,
    pub height: usize,
    pub width: usize,
    pub needed: u64,
    pub free: u64,
}

/// The memory that an import may have, if that is known, and how much of it the parts that were read have taken.
#[derive(Clone, Debug)]
pub struct Memory {
    free: Option<u64>,
    taken: u64,
}

impl Memory {
    /// `free` bytes, or as many as it takes.
    pub fn new(free: Option<u64>) -> Self {
        Self { free, taken: BESIDE }
    }

    /// Checks that there is room for so many further images, before they are read.
    ///
    /// # Errors
    /// If there is not.
    pub fn expect(&self, images: u64, height: usize, width: usize) -> Result<(), TooMuch> {
        let pixels = (height as u64).saturating_mul(width as u64);
        let needed = images.saturating_mul(pixels.saturating_add(EACH_IMAGE)).saturating_add(self.taken);
        match self.free {
            Some(free) if needed > free => Err(TooMuch { images, height, width, needed, free }),
            _ => Ok(()),
        }
    }

    /// Remembers that so many images were read.
    pub fn take(&mut self, images: u64, height: usize, width: usize) {
        let each = (height as u64).saturating_mul(width as u64).saturating_add(EACH_IMAGE);
        self.taken = self.taken.saturating_add(images.saturating_mul(each));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_both_numbers() {
        let mut memory = Memory::new(Some(100_000_000));
        assert_eq!(memory.expect(30_000, 28, 28), Ok(()));
        let error = memory.expect(60_000, 28, 28).unwrap_err().to_string();
        assert_eq!(
            error,
            "60000 images of 28x28 need 122 MB of memory, and 100 MB are free; import fewer images or smaller ones"
        );
        memory.take(30_000, 28, 28);
        assert!(memory.expect(30_000, 28, 28).is_err());
        assert!(memory.expect(u64::MAX, usize::MAX, usize::MAX).is_err());
        assert_eq!(Memory::new(None).expect(u64::MAX, 256, 256), Ok(()));
    }
}
