//! Groups that may be several digits: pieces between cuts are scored by the network, and the best sequence of pieces
//! is taken. To leave a group whole is one of the sequences.
//!
//! This is the segmentation graph of LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document
//! recognition", 1998, section VII: nodes are cuts, edges are pieces with a cost, and dynamic programming finds the
//! cheapest way from the left edge to the right one.

use super::{
    groups::{Group, Typical},
    item::Scores,
    seams::{self, Seam},
};
use crate::{Ink, Part};

/// The network is sure of a digit from this probability on.
const SURE: f32 = 0.9;
/// A digit that is narrower than this, as a share of its height, is not cut: both halves would be strokes.
const NARROWEST: f32 = 0.5;
/// A digit that the network is sure of is not cut below this width, as a share of its height.
const WIDE: f32 = 0.9;
/// Each piece has at least this share of the height of the group: the bar of a 5 or the foot of a 2 is no digit.
const SHORTEST: f32 = 0.5;
/// A part of at least this share of the typical height may be a digit of its own.
const TALL: f32 = 0.6;
/// What a cut costs, as the negative logarithm of a probability: digits that touch are rarer than odd ones.
const CUT: f32 = 0.5;
/// What it costs to cut a group that stands alone in its image, however often: it most often is one digit.
const ALONE: f32 = 1.0;
/// What each crossed stroke costs.
const CROSSED_STROKE: f32 = 0.5;
/// What a unit of energy below the usual costs: half digits have less than whole ones.
const ENERGY: f32 = 0.5;
/// What width beyond the height costs.
const WIDTH: f32 = 2.0;
/// Hardly a digit is wider than this, as a share of its height, and what width beyond that costs.
const WIDEST: f32 = 1.4;
const FAR_TOO_WIDE: f32 = 6.0;
/// What a cut through one stroke, or along one for a while, crosses at most.
const ONE_STROKE: f32 = 1.7;
/// The least height of both sides of such a cut, as a share of the group's.
const TALL_SIDE: f32 = 0.7;
/// The least probability that counts: no single piece decides alone.
const LEAST_PROBABILITY: f32 = 1e-4;

/// A part as one digit, and what the network thinks of it.
#[derive(Clone, Debug)]
pub(super) struct Digit {
    pub(super) part: Part,
    /// `[size, size]`.
    pub(super) pixels: Vec<u8>,
    pub(super) scores: Scores,
}

/// The cuts of a group, and the pieces that they make.
pub(super) struct Graph {
    seams: Vec<Seam>,
    pieces: Vec<Piece>,
}

/// What lies between two cuts. The left edge is cut 0, the right edge the last one.
struct Piece {
    from: usize,
    to: usize,
    part: Part,
    /// `[size, size]`.
    pixels: Vec<u8>,
}

impl Graph {
    /// The cuts and pieces of a group that the network has seen whole; none if it surely is one digit.
    pub(super) fn new(
        ink: &Ink,
        group: &Group,
        scores: &Scores,
        size: usize,
        typical: Typical,
    ) -> Option<Self> {
        let whole = &group.whole;
        let tall = |part: &&Part| part.bounds.height as f32 >= TALL * typical.height;
        let several_tall = group.parts.iter().filter(tall).count() > 1;
        if !several_tall && aspect(whole) < NARROWEST {
            return None;
        }
        let seams = seams::seams(ink, whole, typical.stroke);
        let sure = scores.largest() >= SURE && aspect(whole) < WIDE;
        if !several_tall && sure && !seams.iter().any(|seam| touch(whole, seam)) {
            return None;
        }
        let last = seams.len() + 1;
        let cut = |at: usize| if at == 0 { None } else { seams.get(at - 1) };
        let mut pieces = Vec::new();
        let shared = (typical.stroke / 2.0) as usize;
        for (from, to) in (0..last).flat_map(|from| (from + 1..=last).map(move |to| (from, to))) {
            let piece = |shared| seams::between(whole, cut(from), cut(to), shared);
            if to - from < last
                && piece(0).is_some_and(|part| may_be_digit(&part, whole, typical.stroke))
                && let Some(part) = piece(shared)
            {
                let pixels = crate::digit(ink, &part, size);
                pieces.push(Piece { from, to, part, pixels });
            }
        }
        (!pieces.is_empty()).then_some(Self { seams, pieces })
    }

    /// The images of all pieces.
    pub(super) fn images(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.pieces.iter().map(|piece| &piece.pixels)
    }

    /// The best sequence of digits, from left to right. `scores` has those of [`images`](Self::images) in their order;
    /// `usual` is the energy of digits that the network is sure of, if it saw some; `alone` says that the image has no
    /// other group.
    pub(super) fn best(
        self,
        whole: Digit,
        scores: Vec<Scores>,
        usual: Option<f32>,
        alone: bool,
    ) -> Vec<Digit> {
        let largest = scores.iter().map(|scores| scores.energy).fold(whole.scores.energy, f32::max);
        let usual = usual.unwrap_or(largest);
        let area = whole.part.area() as f32;
        let last = self.seams.len() + 1;
        let digits: Vec<(usize, usize, Digit)> = self
            .pieces
            .into_iter()
            .zip(scores)
            .map(|(Piece { from, to, part, pixels }, scores)| (from, to, Digit { part, pixels, scores }))
            .collect();
        // For each cut: the cost of the cheapest way to it, and the last piece of that way.
        let mut ways: Vec<Option<(f32, Option<usize>)>> = vec![None; last + 1];
        ways[0] = Some((0.0, None));
        for to in 1..=last {
            let crossed = self.seams.get(to - 1).map_or(0.0, |seam| CUT + CROSSED_STROKE * seam.ink);
            for (at, (from, end, digit)) in digits.iter().enumerate() {
                if let Some((before, _)) = ways[*from]
                    && *end == to
                {
                    let sum = before + crossed + cost(digit, usual, digit.part.area() as f32 / area);
                    if ways[to].is_none_or(|(least, _)| sum < least) {
                        ways[to] = Some((sum, Some(at)));
                    }
                }
            }
        }
        let alone = if alone { ALONE } else { 0.0 };
        match ways[last] {
            Some((least, _)) if least + alone < cost(&whole, usual, 1.0) => along(digits, &ways),
            _ => vec![whole],
        }
    }
}

/// Whether a piece of a group has the shape that a digit can have.
fn may_be_digit(piece: &Part, whole: &Part, stroke: f32) -> bool {
    piece.bounds.height as f32 >= SHORTEST * whole.bounds.height as f32
        && aspect(piece) <= WIDEST
        && seams::is_thick(piece, stroke)
}

/// The digits along the cheapest way.
fn along(digits: Vec<(usize, usize, Digit)>, ways: &[Option<(f32, Option<usize>)>]) -> Vec<Digit> {
    let mut chosen = Vec::new();
    let mut cut = ways.len() - 1;
    while let Some((_, Some(at))) = ways[cut] {
        chosen.push(at);
        cut = digits[at].0;
    }
    let mut digits: Vec<Option<Digit>> = digits.into_iter().map(|(_, _, digit)| Some(digit)).collect();
    chosen.into_iter().rev().filter_map(|at| digits[at].take()).collect()
}

/// Whether a cut looks like one between two digits that touch: it crosses a single stroke and leaves something tall on
/// both sides. Within a digit such a cut is rare, because it crosses two strokes of a loop or cuts off a bar.
fn touch(whole: &Part, seam: &Seam) -> bool {
    let tall = |part: Option<Part>| {
        part.is_some_and(|part| part.bounds.height as f32 >= TALL_SIDE * whole.bounds.height as f32)
    };
    seam.ink <= ONE_STROKE
        && tall(seams::between(whole, None, Some(seam), 0))
        && tall(seams::between(whole, Some(seam), None, 0))
}

/// What it costs to take a part for a digit. The energy counts by the part's share of the group's ink, so that whole
/// and pieces can be compared.
fn cost(digit: &Digit, usual: f32, share: f32) -> f32 {
    let surprise = -digit.scores.largest().max(LEAST_PROBABILITY).ln();
    let energy = ENERGY * share * (usual - digit.scores.energy).max(0.0);
    let aspect = aspect(&digit.part);
    surprise + energy + WIDTH * (aspect - 1.0).max(0.0) + FAR_TOO_WIDE * (aspect - WIDEST).max(0.0)
}

/// Width over height.
fn aspect(part: &Part) -> f32 {
    part.bounds.width as f32 / part.bounds.height as f32
}

/// The median energy of the digits that the network is sure of; none if there are none.
pub(super) fn usual_energy<'a>(digits: impl Iterator<Item = &'a Digit>) -> Option<f32> {
    let mut energies: Vec<f32> = digits
        .filter(|digit| digit.scores.largest() >= SURE && aspect(&digit.part) < WIDE)
        .map(|digit| digit.scores.energy)
        .collect();
    energies.sort_by(f32::total_cmp);
    energies.get(energies.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::super::{drawing::Drawing, groups::groups};
    use super::*;

    fn scores(largest: f32, energy: f32) -> Scores {
        Scores { probabilities: vec![largest, 1.0 - largest], energy }
    }

    /// The graph of two rings that touch, and their group as one digit.
    fn touching(whole: Scores) -> (Graph, Digit) {
        let ink =
            Drawing::new(140, 260).ring((70.0, 60.0), (30.0, 20.0)).ring((70.0, 100.0), (30.0, 20.0)).ink();
        let (groups, typical) = groups(&ink);
        let graph = Graph::new(&ink, &groups[0], &whole, 28, typical).unwrap();
        (graph, Digit { part: groups[0].whole.clone(), pixels: vec![0; 784], scores: whole })
    }

    /// How many digits are read, and whether they stand from left to right.
    fn read(whole: Scores, piece: impl Fn(&Part) -> Scores, alone: bool) -> usize {
        let (graph, digit) = touching(whole);
        let scores = graph.pieces.iter().map(|each| piece(&each.part)).collect();
        let digits = graph.best(digit, scores, Some(10.0), alone);
        assert!(digits.windows(2).all(|pair| pair[0].part.bounds.left < pair[1].part.bounds.left));
        digits.len()
    }

    /// Sure of what is as wide as one ring, and of nothing else.
    fn sure_of_rings(part: &Part) -> Scores {
        if (38..=54).contains(&part.bounds.width) { scores(0.99, 10.0) } else { scores(0.5, 3.0) }
    }

    #[test]
    fn the_cheapest_sequence_of_pieces_is_read() {
        assert_eq!(read(scores(0.6, 4.0), sure_of_rings, false), 2);
        assert_eq!(read(scores(0.99, 10.0), |_| scores(0.6, 4.0), false), 1);
        // As sure of the whole as of the pieces: a cut must bring something.
        assert_eq!(read(scores(0.99, 10.0), |_| scores(0.99, 10.0), true), 1);
    }

    #[test]
    fn a_group_that_stands_alone_is_cut_less_readily() {
        let doubtful = || scores(0.5, 9.5);
        assert_eq!((read(doubtful(), sure_of_rings, false), read(doubtful(), sure_of_rings, true)), (2, 1));
    }

    #[test]
    fn pieces_are_tall_and_not_too_wide() {
        // Three digits that touch, and a dash that touches the last one.
        let three = (0..3).fold(Drawing::new(140, 340), |drawing, at| {
            drawing.ring((70.0, 60.0 + 40.0 * at as f32), (30.0, 20.0))
        });
        let ink = three.stroke((70.0, 160.0), (70.0, 230.0)).ink();
        let (groups, typical) = groups(&ink);
        assert_eq!(groups.len(), 1);
        let graph = Graph::new(&ink, &groups[0], &scores(0.6, 4.0), 28, typical).unwrap();
        let pieces = &graph.pieces;
        assert!(graph.seams.len() >= 3 && pieces.len() >= 3, "{} {}", graph.seams.len(), pieces.len());
        let whole = &groups[0].whole;
        for Piece { from, to, part, .. } in pieces {
            let b = part.bounds;
            // Both pieces beside a cut keep some of the stroke that it crosses.
            let widest = WIDEST * b.height as f32 + typical.stroke;
            assert!(2 * b.height >= whole.bounds.height && b.width as f32 <= widest, "{from} {to}: {b:?}");
        }
        assert_eq!(graph.images().count(), pieces.len());
        let may = |height: usize, width: usize| {
            let bounds = crate::Bounds { top: 40, left: 40, height, width };
            may_be_digit(&Part { bounds, mask: vec![true; height * width] }, whole, typical.stroke)
        };
        let height = whole.bounds.height;
        assert!(may(height, 40) && may(height / 2 + 1, 40));
        assert!(!may(height / 2 - 1, 40) && !may(height, 3 * height / 2) && !may(height, 1));
    }

    #[test]
    fn what_surely_is_one_digit_has_no_graph() {
        let ink = Drawing::new(140, 260)
            .ring((70.0, 60.0), (30.0, 20.0))
            .stroke((40.0, 120.0), (100.0, 118.0))
            .ink();
        let (groups, typical) = groups(&ink);
        for group in &groups {
            assert!(Graph::new(&ink, group, &scores(0.99, 10.0), 28, typical).is_none());
        }
    }
}
