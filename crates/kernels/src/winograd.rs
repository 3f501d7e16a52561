//! Winograd's minimal filtering with tiles of 6x6 pixels, for filters of 3x3 and of 5x5 taps.
//!
//! With `d` a tile of pixels, `g` a filter and `u` a tile of the outputs' gradients, the sum of `u` times the tile's
//! outputs is the sum over all points of three factors: the values at the points of `d` ([`points::pixels_at_points`]),
//! of `g` ([`points::taps_at_points`]) and of `u` ([`upstream`]). The outputs and both gradients are the derivatives of
//! that sum by one of them: the product of the other two factors, transformed by the transpose of its own transform.

pub(crate) mod backward;
pub(crate) mod filters;
pub(crate) mod forward;
pub(crate) mod images;
pub(crate) mod input_gradient;
pub(crate) mod lanes;
pub(crate) mod multiply;
pub(crate) mod points;
pub(crate) mod tiles;
pub(crate) mod upstream;
pub(crate) mod weight_gradient;
