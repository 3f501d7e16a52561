//! The lines of ruled and squared paper: found as thin straight lines that cross the whole image, and erased where no
//! stroke crosses them.

use super::threshold;
use crate::sample::Plane;

/// The steepest slope of a rule: a page lies about upright.
const STEEPEST: f32 = 0.09;
/// The share of the image's width that each of several parallel rules covers.
const COVERED: f32 = 0.6;
/// The share that one rule or two cover: the bar of a 7 may be as long as the image is wide, but not to its very ends.
const COVERED_ALONE: f32 = 0.97;
/// Rules are no wider than this share of the image's shorter side.
const WIDEST: f32 = 0.03;
/// Contrast that counts for a rule, as a share of the strongest in the image: rules are paler than ink.
const PALEST: f32 = 0.15;
/// Less contrast than this, in grey levels, is no rule.
const MINIMUM_CONTRAST: f32 = 8.0;
/// So many deviations of the paper's noise are no rule.
const NOISE_DEVIATIONS: f32 = 3.0;
/// A normal distribution's deviation, by the median distance from its middle.
const MEDIAN_TO_DEVIATION: f32 = 1.4826;

/// One rule that runs along the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    /// The row at column 0, in pixels.
    pub start: f32,
    /// Rows down for one column to the right.
    pub slope: f32,
    /// In pixels.
    pub thickness: f32,
}

/// The rules of a paper.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rules {
    /// Along the rows.
    pub lying: Vec<Rule>,
    /// Along the columns: as `lying` of the transposed image.
    pub standing: Vec<Rule>,
}

impl Rules {
    /// The rules in a plane of contrast to the paper.
    pub(super) fn find(contrast: &Plane) -> Self {
        Self { lying: lying(contrast), standing: lying(&contrast.transposed()) }
    }

    /// The same rules in an image `factor` times as large.
    pub(super) fn scaled(&self, factor: f32) -> Self {
        let scale = |rules: &[Rule]| {
            let larger = |rule: &Rule| Rule {
                start: rule.start * factor,
                thickness: rule.thickness * factor,
                ..*rule
            };
            rules.iter().map(larger).collect()
        };
        Self { lying: scale(&self.lying), standing: scale(&self.standing) }
    }
}

/// The contrast from which on a pixel may belong to a rule: neither too pale beside the ink nor paper's noise.
pub(super) fn palest(contrast: &Plane) -> f32 {
    let mut sorted = contrast.values.clone();
    let at = sorted.len() - 1 - sorted.len() / 200;
    let strongest = *sorted.select_nth_unstable_by(at, f32::total_cmp).1;
    sorted.iter_mut().for_each(|value| *value = value.abs());
    let noise = MEDIAN_TO_DEVIATION * threshold::middle(&mut sorted);
    (PALEST * strongest).max(NOISE_DEVIATIONS * noise).max(MINIMUM_CONTRAST)
}

/// The rules along the rows.
fn lying(contrast: &Plane) -> Vec<Rule> {
    let widest = WIDEST * contrast.height.min(contrast.width) as f32;
    if widest < 1.0 {
        return Vec::new();
    }
    let level = palest(contrast);
    let marked = marks(contrast, level, widest.ceil() as usize);
    let width = contrast.width;
    let steps = (STEEPEST * width as f32) as i32;
    let profile = |drift: i32| profile(&marked, contrast.height, width, drift as f32 / width as f32);
    let sharpness = |profile: &[f32]| profile.iter().map(|covered| covered * covered).sum::<f32>();
    let best = (-steps..=steps)
        .map(|drift| (sharpness(&profile(drift)), drift))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.abs().cmp(&a.1.abs())));
    let Some((_, drift)) = best else { return Vec::new() };
    let profile = profile(drift);
    let slope = drift as f32 / width as f32;
    let peaks = |least: f32| peaks(&profile, least, (2.0 * widest) as usize + 1, slope, contrast);
    let several = peaks(COVERED);
    if several.len() >= 3 { several } else { peaks(COVERED_ALONE) }
}

/// What a pixel says about a rule through it.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    /// Paper: there is none.
    Paper,
    /// There may be one.
    Thin,
    /// A stroke covers it.
    Covered,
}

/// The marks of all pixels: those in a run of ink along their column of at most `longest` pixels are thin, and a pixel
/// above and below such a run too, because a rule may waver; those in longer runs are covered.
fn marks(contrast: &Plane, level: f32, longest: usize) -> Vec<Mark> {
    let (height, width) = (contrast.height, contrast.width);
    let mut marks = vec![Mark::Paper; height * width];
    for column in 0..width {
        let mut row = 0;
        while row < height {
            let first = row;
            while row < height && contrast.values[row * width + column] >= level {
                row += 1;
            }
            if row > first {
                let (rows, mark) = if row - first <= longest {
                    (first.saturating_sub(1)..(row + 1).min(height), Mark::Thin)
                } else {
                    (first..row, Mark::Covered)
                };
                rows.for_each(|near| marks[near * width + column] = mark);
            }
            row += 1;
        }
    }
    marks
}

/// For each row at column 0 the share of thin pixels on a line of this slope, among those that no stroke covers; 0 where
/// less than half of the line is inside the image or more than three quarters are covered.
fn profile(marks: &[Mark], height: usize, width: usize, slope: f32) -> Vec<f32> {
    let mut thin = vec![0u32; height];
    let mut seen = vec![0u32; height];
    for column in 0..width {
        let shift = (slope * column as f32).round() as isize;
        for row in 0..height {
            let at = row as isize + shift;
            if (0..height as isize).contains(&at) {
                let mark = marks[at as usize * width + column];
                thin[row] += u32::from(mark == Mark::Thin);
                seen[row] += u32::from(mark != Mark::Covered);
            }
        }
    }
    let share = |(&thin, &seen): (&u32, &u32)| {
        if 4 * seen as usize >= width { thin as f32 / seen as f32 } else { 0.0 }
    };
    thin.iter().zip(&seen).map(share).collect()
}

/// The local peaks of a profile of at least `least`, at most one within `apart` rows.
fn peaks(profile: &[f32], least: f32, apart: usize, slope: f32, contrast: &Plane) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut row = 0;
    while row < profile.len() {
        if profile[row] < least {
            row += 1;
            continue;
        }
        let first = row;
        while row < profile.len() && profile[row] >= least {
            row += 1;
        }
        // Marks are one pixel wider on both sides than what they mark.
        let thickness = ((row - first) as f32 - 2.0).max(1.0);
        if row - first <= apart + 2 && first > 0 && row < contrast.height {
            rules.push(Rule { start: (first + row - 1) as f32 / 2.0, slope, thickness });
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ink::erase::erase;

    /// A page of `[200, 160]` with rules each 20 rows, falling 4 rows over its width, and a stroke across.
    fn page(drift: f32) -> Plane {
        let mut plane = Plane { height: 200, width: 160, values: vec![0.0; 200 * 160] };
        for column in 0..160 {
            for rule in 1..9 {
                let row = (rule * 20) as f32 + drift * column as f32 / 160.0;
                plane.values[row.round() as usize * 160 + column] = 60.0;
            }
        }
        for row in 33..170 {
            plane.values[row * 160 + 70..row * 160 + 78].fill(150.0);
        }
        plane
    }

    #[test]
    fn rules_are_found_and_erased_and_the_stroke_stays() {
        let page = page(4.0);
        let rules = Rules::find(&page);
        assert_eq!((rules.lying.len(), rules.standing.len()), (8, 0));
        assert!((rules.lying[2].start - 60.0).abs() <= 1.5, "{:?}", rules.lying[2]);

        let mut erased = page.clone();
        erase(&mut erased, &rules);
        let left = |at: usize| (33..170).contains(&(at / 160)) && (70..78).contains(&(at % 160));
        let faults = (0..page.values.len()).filter(|&at| (erased.values[at] > 0.0) != left(at)).count();
        assert!(faults < 80, "{faults} of {} pixels of rules", 8 * 160);
    }

    #[test]
    fn squares_vanish_in_both_directions() {
        let lines = page(0.0);
        let mut page = lines.transposed();
        for rule in 1..7 {
            page.values[(rule * 22) * page.width..][..page.width].fill(60.0);
        }
        let rules = Rules::find(&page);
        assert_eq!((rules.lying.len(), rules.standing.len()), (6, 8));
        let before = page.values.iter().filter(|&&value| value > 0.0).count();
        erase(&mut page, &rules);
        let after = page.values.iter().filter(|&&value| value > 0.0).count();
        assert!(before > 3000 && after < 1200 && after > 1000, "{before} {after}");
    }

    #[test]
    fn the_bars_of_a_digit_are_no_rules() {
        // A 7 in a tight crop, as thin as a rule: its bar ends two pixels before the border.
        let mut seven = Plane { height: 100, width: 100, values: vec![0.0; 10_000] };
        seven.values[10 * 100 + 2..10 * 100 + 98].fill(200.0);
        (10..95).for_each(|row| seven.values[row * 100 + 97 - row / 2] = 200.0);
        assert_eq!(Rules::find(&seven), Rules::default());
    }
}
