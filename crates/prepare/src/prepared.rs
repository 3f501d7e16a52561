//! What a preparation hands to the network.

use crate::Bounds;

/// One image as the network takes it, and where in the original image it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// `[height, width]` of the network, 0 background to 255.
    pub pixels: Vec<u8>,
    /// In pixels of the original image.
    pub bounds: Bounds,
    /// Whether dark ink on light paper became light on dark.
    pub inverted: bool,
}

/// A square `[size, size]` in the middle of `[height, width]` pixels of background.
///
/// # Panics
/// If it is larger than that.
pub fn in_the_middle(square: &[u8], size: usize, [height, width]: [usize; 2]) -> Vec<u8> {
    let mut pixels = vec![0; height * width];
    let (top, left) = ((height - size) / 2, (width - size) / 2);
    for (row, line) in square.chunks_exact(size).enumerate() {
        pixels[(top + row) * width + left..][..size].copy_from_slice(line);
    }
    pixels
}
