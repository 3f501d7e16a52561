//! Thicker and thinner strokes, by grey-scale dilation and erosion.

/// Weight of a whole pass in 256ths.
const WHOLE: u16 = 256;

/// Changes the width of strokes, with memory for one image at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Stroke {
    changed: Vec<u8>,
    next: Vec<u8>,
}

impl Stroke {
    /// Moves the edges of the strokes of an image outwards by so many pixels, or inwards if `growth` is negative.
    ///
    /// A pass replaces each pixel by the largest (or smallest) of itself and its neighbours, which moves edges
    /// by a pixel. The last pass is mixed with the image before it, which moves them by a part of one. A pass that
    /// would leave less than half of the darkest ink is not made, because strokes would disappear.
    pub(super) fn grow<'a>(&'a mut self, pixels: &'a [u8], width: usize, growth: f64) -> &'a [u8] {
        // After as many passes as there are columns nothing changes any more.
        let steps = (growth.abs().min(width as f64) * f64::from(WHOLE)).round() as usize;
        if steps == 0 {
            return pixels;
        }
        self.changed.clear();
        self.changed.extend_from_slice(pixels);
        self.next.resize(pixels.len(), 0);
        let ink = most(pixels);
        for pass in 0..steps.div_ceil(usize::from(WHOLE)) {
            let weight = (steps - pass * usize::from(WHOLE)).min(usize::from(WHOLE)) as u16;
            // The four nearest neighbours and all eight take turns, so that a dot grows to an octagon.
            let is_square = pass % 2 == 1;
            if growth > 0.0 {
                neighbours(&self.changed, width, is_square, u8::max, &mut self.next);
            } else {
                neighbours(&self.changed, width, is_square, u8::min, &mut self.next);
                if most(&self.next) < ink / 2 {
                    break;
                }
            }
            for (changed, next) in self.changed.iter_mut().zip(&self.next) {
                let sum = u16::from(*changed) * (WHOLE - weight) + u16::from(*next) * weight;
                *changed = ((sum + WHOLE / 2) / WHOLE) as u8;
            }
        }
        self.darken(ink);
        &self.changed
    }

    /// Makes the darkest ink as dark as it was. A thin stroke fades while it gets thinner, which a pen does not do.
    fn darken(&mut self, ink: u8) {
        let left = most(&self.changed);
        if left == 0 || left >= ink {
            return;
        }
        let gain = u32::from(ink) * 256 / u32::from(left);
        for pixel in &mut self.changed {
            *pixel = (u32::from(*pixel) * gain / 256) as u8;
        }
    }
}

/// The darkest ink.
fn most(pixels: &[u8]) -> u8 {
    pixels.iter().copied().max().unwrap_or(0)
}

/// Replaces each pixel by what `choose` takes of itself and its neighbours.
fn neighbours(
    pixels: &[u8],
    width: usize,
    is_square: bool,
    choose: impl Fn(u8, u8) -> u8 + Copy,
    chosen: &mut [u8],
) {
    let rows = pixels.len() / width.max(1);
    let row = |y: usize| &pixels[y * width..(y + 1) * width];
    // A square is chosen along the rows first, so that the columns after it see the neighbours' neighbours.
    for y in 0..rows {
        let (upper, here, lower) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(rows - 1)));
        let chosen = &mut chosen[y * width..(y + 1) * width];
        for (((chosen, upper), here), lower) in chosen.iter_mut().zip(upper).zip(here).zip(lower) {
            *chosen = choose(choose(*upper, *here), *lower);
        }
        if is_square {
            let column = chosen.to_vec();
            across(&column, choose, chosen);
        } else {
            across(here, choose, chosen);
        }
    }
}

/// Chooses between each value of `chosen` and the values of `line` to the left and to the right of its place.
fn across(line: &[u8], choose: impl Fn(u8, u8) -> u8, chosen: &mut [u8]) {
    for (chosen, right) in chosen.iter_mut().zip(&line[1..]) {
        *chosen = choose(*chosen, *right);
    }
    for (chosen, left) in chosen[1..].iter_mut().zip(line) {
        *chosen = choose(*chosen, *left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bar of full ink, so many pixels wide, in an image of 9x9.
    fn bar(wide: usize) -> Vec<u8> {
        let first = (9 - wide) / 2;
        (0..81).map(|i| if (first..first + wide).contains(&(i % 9)) { 255 } else { 0 }).collect()
    }

    /// The ink in the middle row, as a number of pixels.
    fn ink(pixels: &[u8]) -> f64 {
        pixels[36..45].iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / 255.0
    }

    #[test]
    fn both_edges_of_a_stroke_move_by_the_growth() {
        for growth in [-1.5, -1.0, -0.25, 0.0, 0.25, 0.5, 1.0, 1.75] {
            let mut stroke = Stroke::default();
            let found = ink(stroke.grow(&bar(5), 9, growth));
            assert!((found - (5.0 + 2.0 * growth)).abs() < 0.01, "{growth}: {found}");
        }
    }

    #[test]
    fn a_stroke_never_disappears() {
        for (growth, left) in [(-0.5, 2.0), (-1.0, 1.0), (-20.0, 1.0)] {
            assert_eq!(Stroke::default().grow(&bar(1), 9, growth), bar(1), "{growth}");
            let found = ink(Stroke::default().grow(&bar(3), 9, growth));
            assert!((found - left).abs() < 0.01, "{growth}: {found}");
        }
    }

    #[test]
    fn ink_stays_as_dark_as_it_was() {
        // In the middle of a slope there is no place whose neighbours are as dark as itself.
        let slope: Vec<u8> = (0..81).map(|i| [0, 0, 60, 150, 200, 150, 60, 0, 0][i % 9]).collect();
        let mut stroke = Stroke::default();
        let thinner = stroke.grow(&slope, 9, -0.5);
        assert_eq!(most(thinner), 199);
        assert!(ink(thinner) < ink(&slope));
    }

    #[test]
    fn a_dot_grows_to_a_cross_and_then_to_an_octagon() {
        let mut dot = vec![0; 81];
        dot[40] = 255;
        let mut stroke = Stroke::default();
        let mut count = |growth| stroke.grow(&dot, 9, growth).iter().filter(|pixel| **pixel == 255).count();
        assert_eq!([count(1.0), count(2.0)], [5, 21]);
    }
}
