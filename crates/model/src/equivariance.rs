//! Measures whether the feature maps of a network's first convolution unit shift when the image does.

use burn::tensor::Tensor;
use network::Architecture;
use network::config::{Pool, UnitConfig};

use crate::cnn::Cnn;

/// How much the first unit's feature maps change if the image is shifted, apart from being shifted too.
///
/// A function is equivariant to a shift if shifting its argument shifts its value in the same way
/// (Goodfellow, Bengio and Courville 2016, chapter 9.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivariance {
    /// How far the image was shifted, down and to the right.
    pub pixels: usize,
    /// How far the feature maps were shifted, down and to the right.
    pub positions: usize,
    /// Height and width of the part of the feature maps that was compared. The shift pushes pixels over the
    /// image's border, so windows that reach over the border cannot give the same and are left out.
    pub compared: [usize; 2],
    /// The greatest absolute difference in that part.
    pub difference: f32,
    /// The greatest absolute value in that part, as a scale for the difference.
    pub greatest: f32,
}

/// How many pixels of the image lie between neighbouring positions of the first unit's feature maps;
/// `None` if the network has no unit.
pub fn step(architecture: &Architecture) -> Option<usize> {
    architecture.units().next().map(|(unit, shape)| unit.stride * window(unit, shape.convolved.height))
}

/// Shifts images `[n, 1, height, width]` by `pixels` and compares the first unit's feature maps.
///
/// If [`step`] does not divide `pixels`, no shift of the feature maps can match. Then the better of the
/// two nearest shifts is returned. The result is `None` if there is no unit, or if the shift is so large
/// that it leaves nothing to compare.
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
    let first = |images| cnn.feature_maps(images).into_iter().next();
    let [maps, shifted] = [first(images.clone())?, first(shift(images.clone(), pixels))?];
    let candidates = [pixels / step, pixels.div_ceil(step)];
    let compare = |positions: usize| {
        let compared = inside(architecture, positions)?;
        let [difference, greatest] = compare(&maps, &shifted, positions, compared);
        Some(Equivariance { pixels, positions, compared, difference, greatest })
    };
    candidates.into_iter().filter_map(compare).min_by(|a, b| a.difference.total_cmp(&b.difference))
}

/// Moves images `[n, channels, height, width]` down and to the right, and fills the rest with zeros.
///
/// # Panics
/// If `pixels` is not less than their height and width.
pub fn shift(images: Tensor<4>, pixels: usize) -> Tensor<4> {
    let [n, channels, height, width] = images.dims();
    let kept = images.clone().slice([0..n, 0..channels, 0..height - pixels, 0..width - pixels]);
    images.zeros_like().slice_assign([0..n, 0..channels, pixels..height, pixels..width], kept)
}

/// Compares feature maps `[n, channels, height, width]` with those of the shifted images, moved back by
/// `positions`, in the first `compared` rows and columns.
///
/// The result is the greatest absolute difference and the greatest absolute value of `maps`.
///
/// # Panics
/// If `compared` and `positions` together are larger than the feature maps.
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

/// How many rows and columns of the first unit's feature maps have windows that end inside the image
/// after the shift.
///
/// The shift brings zeros in above and to the left, and SAME padding has zeros there already, so
/// nothing is disturbed on those sides.
fn inside(architecture: &Architecture, positions: usize) -> Option<[usize; 2]> {
    let (unit, shape) = architecture.units().next()?;
    let of = |size: usize, convolved: usize, maps: usize| {
        let window = window(unit, convolved);
        let (before, _after) = unit.zeros_around(size);
        // Position 0 has a window of this many pixels; that of each further position ends a step later.
        let end = (window - 1) * unit.stride + unit.kernel_size;
        let fitting = (size + before).checked_sub(end)? / (unit.stride * window) + 1;
        maps.min(fitting).checked_sub(positions).filter(|&count| count > 0)
    };
    Some([
        of(shape.input.height, shape.convolved.height, shape.output.height)?,
        of(shape.input.width, shape.convolved.width, shape.output.width)?,
    ])
}

/// Height or width of the pooling window, if the feature maps before it have the given one.
fn window(unit: &UnitConfig, convolved: usize) -> usize {
    match unit.pool {
        Pool::Max | Pool::Average => unit.pool_size,
        Pool::GlobalAverage => convolved,
        Pool::None => 1,
    }
}
