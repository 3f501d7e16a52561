//! Chooses the colours of numbers: grey for amounts, red and blue for evidence for and against.

use crate::ui::canvas::Rgb;

/// Colours from no evidence to the strongest, for and against. They are ColorBrewer's RdBu (Harrower and
/// Brewer 2003), because people who cannot tell red from green can tell this red from this blue.
const FOR: [Rgb; 5] =
    [[0xf7, 0xf7, 0xf7], [0xfd, 0xdb, 0xc7], [0xf4, 0xa5, 0x82], [0xd6, 0x60, 0x4d], [0xb2, 0x18, 0x2b]];
const AGAINST: [Rgb; 5] =
    [[0xf7, 0xf7, 0xf7], [0xd1, 0xe5, 0xf0], [0x92, 0xc5, 0xde], [0x43, 0x93, 0xc3], [0x21, 0x66, 0xac]];
/// The six levels of red, green and blue in a terminal's 256 colours.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// An amount from 0 (black) to 1 (white).
pub(crate) fn grey(level: f32) -> Rgb {
    [(255.0 * level.clamp(0.0, 1.0)).round() as u8; 3]
}

/// From -1 (blue) through 0 (white) to 1 (red); NaN is black.
pub(crate) fn diverging(level: f32) -> Rgb {
    if level.is_nan() {
        return [0; 3];
    }
    let stops = if level < 0.0 { AGAINST } else { FOR };
    let place = level.abs().min(1.0) * (stops.len() - 1) as f32;
    let lower = (place as usize).min(stops.len() - 2);
    mix(stops[lower], stops[lower + 1], place - lower as f32)
}

/// From `a` (share 0) to `b` (share 1).
pub(crate) fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    let channel = |i: usize| (f32::from(a[i]) * (1.0 - share) + f32::from(b[i]) * share).round() as u8;
    [channel(0), channel(1), channel(2)]
}

/// The nearest of a terminal's 256 colours: 16 to 231 are a cube, 232 to 255 are greys.
pub(crate) fn terminal(color: Rgb) -> u8 {
    let cube =
        color.map(|channel| (0..6u8).min_by_key(|&i| channel.abs_diff(LEVELS[usize::from(i)])).unwrap_or(0));
    let [red, green, blue] = cube;
    let mean = color.iter().map(|&channel| u32::from(channel)).sum::<u32>() / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let in_cube = (16 + 36 * red + 6 * green + blue, cube.map(|i| LEVELS[usize::from(i)]));
    let in_greys = (232 + grey, [8 + 10 * grey; 3]);
    let distance =
        |other: Rgb| -> u32 { (0..3).map(|i| u32::from(color[i].abs_diff(other[i])).pow(2)).sum() };
    if distance(in_cube.1) <= distance(in_greys.1) { in_cube.0 } else { in_greys.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_for_is_red_and_evidence_against_is_blue() {
        assert_eq!(diverging(0.0), [0xf7; 3]);
        assert_eq!((diverging(1.0), diverging(-1.0)), (FOR[4], AGAINST[4]));
        assert_eq!((diverging(9.0), diverging(-9.0)), (FOR[4], AGAINST[4]));
        assert_eq!((diverging(0.25), diverging(-0.5)), (FOR[1], AGAINST[2]));
        for i in 1..=10 {
            let [[red, _, blue], [less_red, _, more_blue]] =
                [diverging(i as f32 / 10.0), diverging(i as f32 / -10.0)];
            assert!(red > blue && more_blue > less_red, "{i}");
        }
    }

    #[test]
    fn amounts_are_grey_and_nan_is_black() {
        assert_eq!([grey(-1.0), grey(0.0), grey(0.5), grey(2.0)], [[0; 3], [0; 3], [128; 3], [255; 3]]);
        assert_eq!((grey(f32::NAN), diverging(f32::NAN)), ([0; 3], [0; 3]));
    }

    #[test]
    fn a_terminals_colours_are_the_nearest() {
        assert_eq!(terminal([0, 0, 0]), 16);
        assert_eq!(terminal([255, 255, 255]), 231);
        assert_eq!(terminal([128, 128, 128]), 244);
        assert_eq!(terminal([255, 0, 0]), 196);
        assert_eq!(terminal([0xb2, 0x18, 0x2b]), 124);
    }
}
