//! The products at the points, which are a matrix product for each point.

use crate::simd::store::StoreRows;
use crate::simd::tile::{self, WIDE, Walk};
use crate::simd::vector::{Kernel, Vector};
use crate::winograd::filters::FilterOrder;
use crate::winograd::points::POINTS;
use crate::winograd::tiles::PointRows;

/// Multiplies the tiles with the filters at each point.
pub(crate) struct Multiply<'a> {
    pub order: &'a FilterOrder,
    pub filters: &'a [f32],
    /// How many tiles there are.
    pub tiles: usize,
    pub rows: PointRows,
    /// `[point, tile, inner]`, see `rows`
    pub values: &'a [f32],
    pub out_rows: PointRows,
    /// `[point, tile, output]`, see `out_rows`; the outputs are filled up to whole blocks
    pub out: &'a mut [f32],
}

impl Kernel for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let block = WIDE * S::LANES;
        let walk = Walk {
            repeats: 1,
            segments: 1,
            steps: self.order.inner,
            a_step: 1,
            b_step: block,
            ..Walk::default()
        };
        // A point's values stay in the first cache while all blocks of filters are read.
        for point in 0..POINTS {
            let values = &self.values[point * self.rows.point..];
            for i in 0..self.order.outputs.div_ceil(block) {
                let filters = self.order.at(self.filters, i, point);
                let out = &mut self.out[point * self.out_rows.point + i * block..];
                let place = |tile| tile * self.out_rows.row;
                let mut store = StoreRows { out, place, used: block, bias: None };
                let start = |tile| tile * self.rows.row;
                tile::sum_rows(simd, self.tiles, start, &walk, [values, filters], &mut store);
            }
        }
    }
}
