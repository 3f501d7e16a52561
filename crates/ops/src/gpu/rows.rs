//! What the threads of a cube add up together. They stand in rows of lanes, and each lane is a sum of its own.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;

/// Threads of a cube.
const THREADS: usize = 256;

/// Channels of a cube at most: as many values lie side by side.
const WIDEST: usize = 32;

/// Into how many parts a sum is cut at most.
const MOST_PARTS: usize = 64;

/// How many values of a channel a thread adds up at least, unless there are too few.
const LEAST: usize = 8;

/// How a sum over `items` pixels or windows is divided.
pub(super) struct Division {
    /// Channels and rows of threads in a cube; both are powers of two.
    pub lanes: usize,
    pub rows: usize,
    /// Cubes side by side, and parts.
    cubes: usize,
    pub parts: usize,
}

impl Division {
    pub(super) fn new(items: usize, channels: usize) -> Self {
        let lanes = channels.next_power_of_two().min(WIDEST);
        let rows = THREADS / lanes;
        Self {
            lanes,
            rows,
            cubes: channels.div_ceil(lanes),
            parts: (items / (rows * LEAST)).clamp(1, MOST_PARTS),
        }
    }

    /// The threads of the first kernel.
    pub(super) fn for_values(&self) -> (CubeCount, CubeDim) {
        self.launched(self.parts)
    }

    /// The threads of the second kernel.
    pub(super) fn for_parts(&self) -> (CubeCount, CubeDim) {
        self.launched(1)
    }

    fn launched(&self, parts: usize) -> (CubeCount, CubeDim) {
        let count = CubeCount::Static(self.cubes as u32, parts as u32, 1);
        (count, CubeDim::new_2d(self.lanes as u32, self.rows as u32))
    }
}

/// How many values there are, their mean, and the sum of their squared distances from it.
#[derive(CubeType, Clone, Copy)]
pub(super) struct Moments {
    pub count: f32,
    pub mean: f32,
    pub squares: f32,
}

/// Of no values.
#[cube]
pub(super) fn no_moments() -> Moments {
    Moments { count: 0.0f32.runtime(), mean: 0.0f32.runtime(), squares: 0.0f32.runtime() }
}

/// The moments of two sets of values together (Chan et al. 1983).
#[cube]
pub(super) fn together(a: &Moments, b: &Moments) -> Moments {
    let count = a.count + b.count;
    let share = select(count > 0.0f32, b.count / max(count, 1.0f32), 0.0f32);
    let distance = b.mean - a.mean;
    Moments {
        count,
        mean: a.mean + distance * share,
        squares: a.squares + b.squares + distance * distance * a.count * share,
    }
}

/// The sum over the rows of each lane's values, for the threads of the first row. Rows are added in pairs, so the order
/// does not depend on the device. All threads of the cube have to come here.
#[cube]
pub(super) fn sum_of_rows(
    value: f32,
    row: usize,
    lane: usize,
    #[comptime] lanes: usize,
    #[comptime] rows: usize,
) -> f32 {
    let mut values = Shared::new_slice(comptime!(lanes * rows));
    values[row * lanes + lane] = value;
    sync_cube();
    let mut half = comptime!(rows / 2).runtime();
    while half > 0 {
        if row < half {
            let other = values[(row + half) * lanes + lane];
            values[row * lanes + lane] += other;
        }
        sync_cube();
        half /= 2;
    }
    values[lane]
}

/// The same for moments.
#[cube]
pub(super) fn moments_of_rows(
    own: Moments,
    row: usize,
    lane: usize,
    #[comptime] lanes: usize,
    #[comptime] rows: usize,
) -> Moments {
    let mut counts = Shared::new_slice(comptime!(lanes * rows));
    let mut means = Shared::new_slice(comptime!(lanes * rows));
    let mut squares = Shared::new_slice(comptime!(lanes * rows));
    let place = row * lanes + lane;
    counts[place] = own.count;
    means[place] = own.mean;
    squares[place] = own.squares;
    sync_cube();
    let mut half = comptime!(rows / 2).runtime();
    while half > 0 {
        if row < half {
            let other = place + half * lanes;
            let sum = together(
                &Moments { count: counts[place], mean: means[place], squares: squares[place] },
                &Moments { count: counts[other], mean: means[other], squares: squares[other] },
            );
            counts[place] = sum.count;
            means[place] = sum.mean;
            squares[place] = sum.squares;
        }
        sync_cube();
        half /= 2;
    }
    Moments { count: counts[lane], mean: means[lane], squares: squares[lane] }
}
