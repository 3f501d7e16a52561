//! Edges after Canny, "A computational approach to edge detection", 1986.

use super::plane::Plane;

/// Standard deviation in pixels of the Gaussian that smooths the image first.
const SIGMA: f64 = 1.0;
/// A pixel whose gradient is at least this may continue an edge. The gradients are Sobel's sums, which
/// are not divided by 8.
const LOW: f32 = 0.1;
/// A pixel whose gradient is at least this begins an edge.
const HIGH: f32 = 0.2;

/// A gradient, in Sobel's units: eight times the change from pixel to pixel.
#[derive(Clone, Copy)]
struct Gradient {
    down: f32,
    right: f32,
    magnitude: f32,
}

/// Draws full ink along the edges of the ink, and background elsewhere and along the image's border.
///
/// The parameters are the defaults of scikit-image's `canny`. Its thresholds are so low that nearly every
/// ridge of the gradient is an edge.
pub(super) fn edges(image: &Plane) -> Plane {
    let smooth = image.gaussian(SIGMA);
    let gradients: Vec<Gradient> =
        (0..image.values.len()).map(|i| sobel(&smooth, i / image.width, i % image.width)).collect();
    let magnitudes = Plane { values: gradients.iter().map(|g| g.magnitude).collect(), ..*image };
    let ridges = image.tabulate(|row, column| {
        let inside = (1..image.height - 1).contains(&row) && (1..image.width - 1).contains(&column);
        let gradient = gradients[row * image.width + column];
        if inside && gradient.magnitude >= LOW && is_ridge(&magnitudes, row, column, gradient) {
            gradient.magnitude
        } else {
            0.0
        }
    });
    follow(&ridges)
}

/// Sobel's gradient: the weighted differences between the rows below and above, and between the columns
/// to the right and to the left.
fn sobel(plane: &Plane, row: usize, column: usize) -> Gradient {
    let at = |down: isize, right: isize| plane.get_or_nearest(row as isize + down, column as isize + right);
    let corners = [at(-1, -1), at(-1, 1), at(1, -1), at(1, 1)];
    let down = (corners[2] - corners[0]) + 2.0 * (at(1, 0) - at(-1, 0)) + (corners[3] - corners[1]);
    let right = (corners[1] - corners[0]) + 2.0 * (at(0, 1) - at(0, -1)) + (corners[3] - corners[2]);
    Gradient { down, right, magnitude: (down * down + right * right).sqrt() }
}

/// Whether the gradient is no smaller than those one step uphill and one step downhill. A step ends
/// between two pixels, and the gradient there is interpolated. The pixel must not be on the border.
fn is_ridge(magnitudes: &Plane, row: usize, column: usize, gradient: Gradient) -> bool {
    let sign = |component: f32| if component < 0.0 { -1 } else { 1 };
    let diagonal = (sign(gradient.down), sign(gradient.right));
    let (steep, flat) = (gradient.down.abs(), gradient.right.abs());
    let (straight, weight) =
        if steep >= flat { ((diagonal.0, 0), flat / steep) } else { ((0, diagonal.1), steep / flat) };
    let at = |way: isize, (down, right): (isize, isize)| {
        magnitudes.get_or_nearest(row as isize + way * down, column as isize + way * right)
    };
    [1, -1]
        .iter()
        .all(|&way| at(way, straight) * (1.0 - weight) + at(way, diagonal) * weight <= gradient.magnitude)
}

/// Keeps the ridges that begin an edge, and those that are connected with them, also across corners.
fn follow(ridges: &Plane) -> Plane {
    let mut edges = ridges.map(|_| 0.0);
    let mut open: Vec<usize> = (0..ridges.values.len()).filter(|&i| ridges.values[i] >= HIGH).collect();
    while let Some(i) = open.pop() {
        if edges.values[i] == 0.0 {
            edges.values[i] = 1.0;
            let (row, column) = (i / ridges.width, i % ridges.width);
            for near in row.saturating_sub(1)..(row + 2).min(ridges.height) {
                for beside in column.saturating_sub(1)..(column + 2).min(ridges.width) {
                    if ridges.get(near, beside) > 0.0 {
                        open.push(near * ridges.width + beside);
                    }
                }
            }
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 28x28 pixels with the ink that a test asks for.
    fn drawn(ink: impl Fn(usize, usize) -> f32) -> Plane {
        Plane::from_pixels(&[0; 784], 28, 28).tabulate(ink)
    }

    #[test]
    fn a_square_gives_its_outline() {
        let square =
            drawn(|row, column| f32::from(u8::from((8..20).contains(&row) && (8..20).contains(&column))));
        let edges = edges(&square);
        assert!(edges.values.iter().all(|ink| *ink == 0.0 || *ink == 1.0));
        for row in 0..28 {
            for column in 0..28 {
                // Edges are at most one and a half pixels away from the outline.
                let off = |place: usize| (place as f64 - 13.5).abs() - 6.0;
                let distance = off(row).max(off(column));
                if edges.get(row, column) > 0.0 {
                    assert!(distance.abs() < 1.6, "row {row}, column {column}");
                }
            }
        }
        for along in 10..18 {
            let above: Vec<f32> = (5..11).map(|row| edges.get(row, along)).collect();
            let beside: Vec<f32> = (17..23).map(|column| edges.get(along, column)).collect();
            // The steepest place is between two pixels, so one of them is the edge, or both are.
            for across in [above, beside] {
                assert!(across[2] + across[3] > 0.0, "{across:?}");
                assert_eq!([across[0], across[1], across[4], across[5]], [0.0; 4]);
            }
        }
    }

    #[test]
    fn edges_end_one_pixel_before_the_images_border() {
        let upright = edges(&drawn(|_, column| f32::from(u8::from((10..18).contains(&column)))));
        let level = edges(&drawn(|row, _| f32::from(u8::from((10..18).contains(&row)))));
        for place in 0..28 {
            let ends = [level.get(place, 0), level.get(place, 27)];
            assert_eq!([ends[0], ends[1], upright.get(0, place), upright.get(27, place)], [0.0; 4]);
        }
        assert!(upright.row(1).contains(&1.0) && upright.row(26).contains(&1.0));
        assert!(level.values.chunks(28).any(|row| row[1] == 1.0));
    }

    #[test]
    fn an_even_image_has_no_edges() {
        for level in [0.0, 0.5, 1.0] {
            assert!(edges(&drawn(|_, _| level)).values.iter().all(|ink| *ink == 0.0));
        }
    }

    #[test]
    fn sobels_gradient_is_eight_times_the_slope() {
        let slope = drawn(|row, column| 0.01 * row as f32 + 0.02 * column as f32);
        let gradient = sobel(&slope, 10, 10);
        assert!((gradient.down - 0.08).abs() < 1e-5 && (gradient.right - 0.16).abs() < 1e-5);
        assert!((gradient.magnitude - 0.08 * 5.0_f32.sqrt()).abs() < 1e-5);
    }

    #[test]
    fn a_ridge_is_as_high_as_what_lies_uphill_and_downhill_between_two_pixels() {
        // The slope is twice as steep downwards as to the left, so the step ends halfway between the pixel
        // straight below and the one diagonally below.
        let gradient = Gradient { down: 0.8, right: -0.4, magnitude: 0.8 };
        let ridge_with = |below: f32, diagonal: f32| {
            [1, -1].map(|way: isize| {
                let at = |down: isize, right: isize| ((5 + way * down) as usize, (5 + way * right) as usize);
                let magnitudes = drawn(|row, column| match (row, column) {
                    place if place == at(1, 0) => below,
                    place if place == at(1, -1) => diagonal,
                    // These pixels are beside the line and must not count.
                    place if place == at(0, 1) || place == at(1, 1) => 1.0,
                    _ => 0.0,
                });
                is_ridge(&magnitudes, 5, 5, gradient)
            })
        };
        assert_eq!(ridge_with(0.6, 0.9), [true, true], "0.75 on the line");
        assert_eq!(ridge_with(0.9, 0.6), [true, true], "0.75 on the line");
        assert_eq!(ridge_with(0.8, 0.9), [false, false], "0.85 on the line");
    }

    #[test]
    fn weak_ridges_go_on_where_a_strong_one_begins_and_vanish_by_themselves() {
        let ridges = drawn(|row, column| match (row, column) {
            (5, 5) => 0.25,
            (6, 6) | (6, 7) | (20, 20) | (20, 21) => 0.15,
            _ => 0.0,
        });
        let edges = follow(&ridges);
        let found: Vec<usize> = (0..784).filter(|&i| edges.values[i] == 1.0).collect();
        assert_eq!(found, [5 * 28 + 5, 6 * 28 + 6, 6 * 28 + 7]);
    }
}
