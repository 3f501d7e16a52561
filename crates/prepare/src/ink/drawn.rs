//! Ink that a program has drawn itself, so that nothing has to be told from paper.

use super::Ink;
use super::components::HALF;
use super::find::STROKE;
use super::strokes;
use crate::{GreyImage, sample};

/// The ink of a drawing, an image of 0 where nothing was drawn to 255 in full ink; none if nothing was.
///
/// It is what [`find_ink`](super::find_ink) finds in a picture of the drawing, in a fraction of the time: there is no
/// paper with shadows and rules, no table beside it, and ink at the border is ink.
pub fn drawn_ink(image: &GreyImage) -> Option<Ink> {
    let (height, width) = (image.height(), image.width());
    let stroke = strokes::width(image.pixels(), height, width, |level| level >= HALF);
    let factor = (stroke / STROKE).max(1.0);
    let plane = sample::reduce(image, factor);
    let pixels: Vec<u8> = plane.values.iter().map(|value| value.round() as u8).collect();
    pixels.iter().any(|&level| level >= HALF).then(|| Ink {
        height: plane.height,
        width: plane.width,
        pixels,
        factor: height.max(width) as f32 / plane.height.max(plane.width) as f32,
        original: [height, width],
        is_light: true,
        quarter_turns: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find_ink;

    /// A bar of 12 by 60 pixels in a drawing of 100x140.
    fn bar(left: usize) -> GreyImage {
        let is_ink = |at: usize| (20..80).contains(&(at / 140)) && (left..left + 12).contains(&(at % 140));
        GreyImage::new(100, 140, (0..14_000).map(|at| if is_ink(at) { 255 } else { 0 }).collect()).unwrap()
    }

    #[test]
    fn the_ink_of_a_drawing_is_where_a_picture_of_it_has_it() {
        let [drawn, found] = [drawn_ink(&bar(60)), find_ink(&bar(60))].map(Option::unwrap);
        let place = |ink: &Ink| ink.original(&ink.whole().unwrap().bounds);
        let [drawn, found] = [place(&drawn), place(&found)];
        for (a, b) in [(drawn.top, found.top), (drawn.left, found.left), (drawn.bottom(), found.bottom())] {
            assert!(a.abs_diff(b) <= 2, "{drawn:?} {found:?}");
        }
    }

    #[test]
    fn ink_at_the_border_stays_and_an_empty_drawing_has_none() {
        let at_border = drawn_ink(&bar(0)).unwrap();
        assert_eq!(at_border.original(&at_border.whole().unwrap().bounds).left, 0);
        assert_eq!(drawn_ink(&GreyImage::new(3, 4, vec![0; 12]).unwrap()), None);
    }
}
