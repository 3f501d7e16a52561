//! Reads a page as it stands: parts become digits, touching digits are cut apart, digits become lines.

use super::groups::{self, Group};
use super::item::{Item, Line, Scores};
use super::segments::{self, Digit, Graph};
use super::{lines, signs};
use crate::Ink;

/// The digits of an image in reading order: lines from top to bottom, in each the digits from left to right.
///
/// `classify` gets images of `[size, size]` pixels, prepared as MNIST's, and says what the network thinks of each, in
/// the same order. It is called at most twice: with what looks like one digit each, and with the pieces of what could
/// be several. Signs of sums, specks and frames are left out. No line is empty; without digits there is no line.
pub fn read(ink: &Ink, size: usize, classify: &mut dyn FnMut(&[Vec<u8>]) -> Vec<Scores>) -> Vec<Line> {
    let (groups, typical) = groups::groups(ink);
    let lines = lines::lines(signs::without_signs(ink, groups, typical));
    let groups: Vec<&Group> = lines.iter().flatten().collect();
    let images: Vec<Vec<u8>> = groups.iter().map(|group| crate::digit(ink, &group.whole, size)).collect();
    if images.is_empty() {
        return Vec::new();
    }
    let scores = classify(&images);
    let graphs: Vec<Option<Graph>> = groups
        .iter()
        .zip(&scores)
        .map(|(group, scores)| Graph::new(ink, group, scores, size, typical))
        .collect();
    let pieces: Vec<Vec<u8>> = graphs.iter().flatten().flat_map(Graph::images).cloned().collect();
    let mut piece_scores = if pieces.is_empty() { Vec::new() } else { classify(&pieces) }.into_iter();

    let digits = groups.iter().zip(images).zip(scores);
    let digits: Vec<Digit> =
        digits.map(|((group, pixels), scores)| Digit { part: group.whole.clone(), pixels, scores }).collect();
    let usual = segments::usual_energy(digits.iter());
    let alone = digits.len() == 1;
    let mut read = digits.into_iter().zip(graphs).map(|(digit, graph)| match graph {
        None => vec![digit],
        Some(graph) => {
            let scores = piece_scores.by_ref().take(graph.images().count()).collect();
            graph.best(digit, scores, usual, alone)
        }
    });
    let item = |digit: Digit| Item {
        bounds: ink.original(&digit.part.bounds),
        pixels: digit.pixels,
        scores: digit.scores,
    };
    lines
        .iter()
        .map(|line| Line { items: read.by_ref().take(line.len()).flatten().map(item).collect() })
        .collect()
}
