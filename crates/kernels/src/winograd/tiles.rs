//! How the feature maps of a convolution are cut into tiles, and where the values of tiles lie.

use std::ops::Range;

use crate::conv::shape::ConvShape;
use crate::winograd::points::{POINTS, SIDE};

/// How many tiles are computed at a time. With more of them the filters are read less often from beyond the first
/// caches, with fewer of them the values at the points stay in nearer ones. The number is a multiple of the height
/// of every register tile.
pub(crate) const TILES: usize = 48;

/// From how many channels and filters on the products outweigh the transforms.
const FEWEST_CHANNELS: usize = 8;
/// From how many tiles on it pays to transform filters that are used once.
const FEWEST_TILES: usize = 64;

/// Whether a convolution of `n` images by Winograd's filtering is faster than a direct one. `keeps_filters` says that
/// transformed filters are used again.
pub(crate) fn pays(conv: &ConvShape, n: usize, keeps_filters: bool) -> bool {
    if !matches!(conv.kernel, 3 | 5) || conv.stride != 1 || conv.channels.min(conv.filters) < FEWEST_CHANNELS
    {
        return false;
    }
    let tiles = Tiles::new(conv).per_image();
    // Of the products of a direct convolution the tiles take at most 6 in 10, those at the borders included.
    let direct = conv.kernel * conv.kernel * conv.out_height * conv.out_width;
    10 * POINTS * tiles <= 6 * direct && (keeps_filters || n * tiles >= FEWEST_TILES)
}

/// The tiles of a convolution with stride 1: squares of outputs that do not overlap, each with the 6x6 pixels that
/// they are computed from. The last tiles of a row or column may reach beyond the outputs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiles {
    pub conv: ConvShape,
    /// Outputs along the side of a tile.
    side: usize,
    rows: usize,
    columns: usize,
}

impl Tiles {
    pub(crate) fn new(conv: &ConvShape) -> Self {
        let side = SIDE + 1 - conv.kernel;
        let [rows, columns] = [conv.out_height, conv.out_width].map(|size| size.div_ceil(side));
        Self { conv: *conv, side, rows, columns }
    }

    pub(crate) fn per_image(&self) -> usize {
        self.rows * self.columns
    }

    /// How many rows of tiles an image has, and how many rows of outputs each of them but the last.
    pub(crate) fn rows(&self) -> [usize; 2] {
        [self.rows, self.side]
    }

    /// The tiles of `rows` rows of outputs.
    pub(crate) fn of_rows(&self, rows: usize) -> usize {
        rows.div_ceil(self.side) * self.columns
    }

    /// The image of a tile, and the row and column of its first output.
    #[inline(always)]
    pub(crate) fn place(&self, tile: usize) -> (usize, [usize; 2]) {
        let in_image = tile % self.per_image();
        (tile / self.per_image(), [in_image / self.columns, in_image % self.columns].map(|i| i * self.side))
    }

    /// The image of a tile, and the row and column of its first pixel, which may lie before the image.
    #[inline(always)]
    pub(crate) fn pixel_place(&self, tile: usize) -> (usize, [isize; 2]) {
        let (image, [y, x]) = self.place(tile);
        (image, [y as isize - self.conv.top as isize, x as isize - self.conv.left as isize])
    }

    /// The images.
    pub(crate) fn images(&self) -> Maps {
        Maps { height: self.conv.height, width: self.conv.width, channels: self.conv.channels }
    }

    /// The outputs.
    pub(crate) fn outputs(&self) -> Maps {
        Maps { height: self.conv.out_height, width: self.conv.out_width, channels: self.conv.filters }
    }
}

/// The sizes of images or feature maps `[height, width, channels]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maps {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl Maps {
    pub(crate) fn len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// The channels of a square of pixels whose first one is at `place`. Pixels outside the map have those of
    /// `outside`.
    #[inline(always)]
    pub(crate) fn square<'a, const N: usize>(
        &self,
        map: &'a [f32],
        place: [isize; 2],
        outside: &'a [f32],
    ) -> [[&'a [f32]; N]; N] {
        let mut square = [[&outside[..self.channels]; N]; N];
        let [rows, columns] = self.inside(place, N);
        for y in rows {
            for x in columns.clone() {
                let pixel = (place[0] + y as isize) as usize * self.width + (place[1] + x as isize) as usize;
                square[y][x] = &map[pixel * self.channels..][..self.channels];
            }
        }
        square
    }

    /// Which rows and columns of a square of `side` pixels, whose first one is at `place`, lie in the map.
    #[inline(always)]
    pub(crate) fn inside(&self, place: [isize; 2], side: usize) -> [Range<usize>; 2] {
        let inside = |place: isize, size: usize| {
            let end = (size as isize - place).clamp(0, side as isize);
            (-place).clamp(0, end) as usize..end as usize
        };
        [inside(place[0], self.height), inside(place[1], self.width)]
    }
}

/// Where the values of tiles at the points lie: `[point, tile, channel]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PointRows {
    /// Channels, filled up to whole blocks.
    pub channels: usize,
    /// Values from one tile to the next.
    pub row: usize,
    /// Values from one point to the next.
    pub point: usize,
}

impl PointRows {
    /// The rows of `tiles` tiles, whose channels are filled up to a multiple of `block`.
    pub(crate) fn new(tiles: usize, channels: usize, block: usize) -> Self {
        let channels = channels.next_multiple_of(block);
        // One more cache line keeps the values of a channel at all tiles out of the same few sets of the cache, and
        // another one the values of a tile at all points.
        let row = if channels.is_multiple_of(128) { channels + 16 } else { channels };
        Self { channels, row, point: tiles * row + 16 }
    }

    pub(crate) fn len(&self) -> usize {
        POINTS * self.point
    }
}
