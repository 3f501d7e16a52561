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
