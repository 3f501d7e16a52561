//! Bilinear resampling: each new pixel is mixed of the four pixels around its place in the original.
//!
//! Places are rounded to 256ths of a pixel, and everything after that is done in whole numbers.

use crate::augment::elastic::Elastic;
use crate::augment::map::Map;

/// Added to a number of 256ths, it leaves the nearest whole number in the lowest bits of an `f32`.
const ROUNDING: f32 = 12_582_912.0;

/// Resamples images of one size.
#[derive(Clone, Debug)]
pub(super) struct Resampling {
    height: usize,
    width: usize,
    /// The pixel at each place and those to its right, below, and right below, a byte each, from the lowest one up:
    /// `[height + 2, width + 2]`. There is background around the image.
    fours: Vec<u32>,
    /// 0, 1, 2 and so on: the columns of a row.
    columns: Vec<f32>,
    /// For each pixel of a row the place of its four pixels.
    places: Vec<u32>,
    /// For each pixel of a row the 256ths of a pixel right of and below the first of the four, in the lower and
    /// the upper 16 bits.
    fractions: Vec<u32>,
}

impl Resampling {
    pub(super) fn new(height: usize, width: usize) -> Self {
        Self {
            height,
            width,
            fours: vec![0; (height + 2) * (width + 2)],
            columns: (0..width).map(|column| column as f32).collect(),
            places: vec![0; width],
            fractions: vec![0; width],
        }
    }

    /// Takes each pixel of `resampled` from where the map and the deformation say.
    pub(super) fn apply(
        &mut self,
        pixels: &[u8],
        map: &Map,
        mut elastic: Option<&mut Elastic>,
        resampled: &mut [u8],
    ) {
        self.fill(pixels);
        let still = vec![0.0; self.width];
        for (y, resampled) in resampled.chunks_exact_mut(self.width).enumerate() {
            let [along_x, along_y] = elastic.as_mut().map_or([&*still, &*still], |elastic| elastic.row(y));
            self.find(map, y as f32, along_x, along_y);
            for ((new, place), fraction) in resampled.iter_mut().zip(&self.places).zip(&self.fractions) {
                *new = mixed(self.fours[*place as usize], *fraction);
            }
        }
    }

    /// Puts each pixel beside its three neighbours.
    fn fill(&mut self, pixels: &[u8]) {
        let stride = self.width + 2;
        let blank = vec![0; self.width];
        let row = |y: usize| pixels.get(y * self.width..(y + 1) * self.width).unwrap_or(&blank);
        for y in 0..=self.height {
            let upper = if y == 0 { &blank } else { row(y - 1) };
            let lower = row(y);
            let fours = &mut self.fours[y * stride..(y + 1) * stride];
            let column = |x: usize| u32::from(upper[x]) | u32::from(lower[x]) << 16;
            fours[0] = column(0) << 8;
            let pairs = upper.windows(2).zip(lower.windows(2));
            for (four, (upper, lower)) in fours[1..].iter_mut().zip(pairs) {
                *four = u32::from_le_bytes([upper[0], upper[1], lower[0], lower[1]]);
            }
            fours[self.width] = column(self.width - 1);
        }
    }

    /// Finds where the pixels of row `y` come from.
    fn find(&mut self, map: &Map, y: f32, along_x: &[f32], along_y: &[f32]) {
        let [[xx, xy], [yx, yy]] = map.matrix;
        let [x0, y0] = [xy * y + map.offset[0], yy * y + map.offset[1]];
        let (right, bottom) = (self.width as f32, self.height as f32);
        let stride = self.width as u32 + 2;
        let columns = self.columns.iter().zip(along_x).zip(along_y);
        let results = self.places.iter_mut().zip(&mut self.fractions);
        for ((place, fraction), ((x, dx), dy)) in results.zip(columns) {
            let x_fixed = fixed((xx * x + x0) + dx, right);
            let y_fixed = fixed((yx * x + y0) + dy, bottom);
            *place = (y_fixed >> 8) * stride + (x_fixed >> 8);
            *fraction = x_fixed & 255 | (y_fixed & 255) << 16;
        }
    }
}

/// A place in 256ths of a pixel, counted from one pixel outside of the image. Farther outside there is nothing
/// else, so the place is at most a pixel off the image of this size.
fn fixed(place: f32, size: f32) -> u32 {
    let within = place.max(-1.0).min(size);
    ((within * 256.0 + 256.0) + ROUNDING).to_bits() - ROUNDING.to_bits()
}

/// Mixes four pixels.
fn mixed(four: u32, fraction: u32) -> u8 {
    let (x, y) = (fraction & 0xffff, fraction >> 16);
    let [a, b, c, d] = [four & 255, four >> 8 & 255, four >> 16 & 255, four >> 24];
    let upper = a * (256 - x) + b * x;
    let lower = c * (256 - x) + d * x;
    ((upper * (256 - y) + lower * y + (1 << 15)) >> 16) as u8
}
