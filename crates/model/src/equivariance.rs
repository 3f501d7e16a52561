//! Shift the picture, and the maps of a convolution unit shift with it: measured on a network.

use burn::tensor::Tensor;

use crate::architecture::Architecture;
use crate::cnn::Cnn;
use crate::config::{Padding, Pool, UnitConfig};
use crate::conv_unit::same_padding;

/// How far the first unit's maps of a shifted picture are from its maps, shifted.
///
/// A function is equivariant to a shift if to shift its argument is to shift its value
/// (Goodfellow, Bengio and Courville 2016, chapter 9.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivariance {
    /// The picture's shift, down and to the right.
    pub pixels: usize,
    /// The maps' shift, down and to the right.
    pub positions: usize,
    /// Height and width of the part of the maps that was compared: what the shift pushes over
    /// the picture's border cannot come out the same, so windows that see the border are left out.
    pub compared: [usize; 2],
    /// The greatest absolute difference.
    pub difference: f32,
    /// The greatest absolute value, to which the difference compares.
    pub greatest: f32,
}

/// Pixels of the picture between two neighbouring positions of the first unit's maps; `None`
/// without units.
pub fn step(architecture: &Architecture) -> Option<usize> {
    architecture.units().next().map(|(unit, _)| unit.stride * pool_size(unit))
}

/// Shifts pictures `[n, 1, height, width]` by `pixels` and compares the first unit's maps.
///
/// Where [`step`] does not divide `pixels` there is no shift of the maps that could fit; then of
/// the two nearest the better one is told. `None` if there is no unit, or if so large a shift
/// leaves nothing to compare.
pub fn measure(
    cnn: &Cnn,
    architecture: &Architecture,
    images: &Tensor<4>,
    pixels: usize,
) -> Option<Equivariance> {
    let step = step(architecture)?;
    let [_n, _channels, height, width] = images.dims();
    if pixels >= height || pixels >= width {
        return None;
    }
    let first = |images| cnn.maps(images).into_iter().next();
    let [maps, shifted] = [first(images.clone())?, first(shift(images.clone(), pixels))?];
    let candidates = [pixels / step, pixels.div_ceil(step)];
    let compare = |positions: usize| {
        let compared = inside(architecture, positions)?;
        let [difference, greatest] = compare(&maps, &shifted, positions, compared);
        Some(Equivariance { pixels, positions, compared, difference, greatest })
    };
    candidates.into_iter().filter_map(compare).min_by(|a, b| a.difference.total_cmp(&b.difference))
}

/// Moves pictures `[n, channels, height, width]` down and to the right; zeros come in.
///
/// # Panics
/// If `pixels` is not below their height and width.
pub fn shift(images: Tensor<4>, pixels: usize) -> Tensor<4> {
    let [n, channels, height, width] = images.dims();
    let kept = images.clone().slice([0..n, 0..channels, 0..height - pixels, 0..width - pixels]);
    images.zeros_like().slice_assign([0..n, 0..channels, pixels..height, pixels..width], kept)
}

/// The greatest absolute difference between maps `[n, channels, height, width]` and those of the
/// shifted pictures, moved back by `positions`, and the greatest absolute value of the former; both
/// within the first `compared` rows and columns.
///
/// # Panics
/// If `compared` and `positions` together are larger than the maps.
pub fn compare(maps: &Tensor<4>, shifted: &Tensor<4>, positions: usize, compared: [usize; 2]) -> [f32; 2] {
    let [n, channels, _height, _width] = maps.dims();
    let part = |maps: &Tensor<4>, from: usize| {
        let [rows, columns] = compared.map(|size| from..from + size);
        maps.clone().slice([0..n, 0..channels, rows, columns])
    };
    let before = part(maps, 0);
    let difference = part(shifted, positions) - before.clone();
    [difference, before].map(|x| x.abs().max().into_data().iter::<f32>().next().unwrap_or(f32::NAN))
}

/// Rows and columns of the first unit's maps whose windows, after the shift, end inside the picture.
///
/// Above and to the left nothing is disturbed: zeros come in, and zeros are what SAME padding has
/// there already.
fn inside(architecture: &Architecture, positions: usize) -> Option<[usize; 2]> {
    let (unit, shape) = architecture.units().next()?;
    let of = |size: usize, maps: usize| {
        let before = match unit.padding {
            Padding::Same => same_padding(size, unit.kernel_size, unit.stride).0,
            Padding::Valid => 0,
        };
        // The window of position 0 ends with this pixel, that of each further one a step later.
        let end = (pool_size(unit) - 1) * unit.stride + unit.kernel_size;
        let fitting = (size + before).checked_sub(end)? / (unit.stride * pool_size(unit)) + 1;
        maps.min(fitting).checked_sub(positions).filter(|&count| count > 0)
    };
    Some([of(shape.input.height, shape.output.height)?, of(shape.input.width, shape.output.width)?])
}

fn pool_size(unit: &UnitConfig) -> usize {
    if unit.pool == Pool::None { 1 } else { unit.pool_size }
}
