//! Asks contenders the same question in turn, round by round, and compares what they answered.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use super::peers::is_foreign;
use crate::command::{median, say, times_as_long};
use crate::speed::contender::Contender;

/// Ends the name of an earlier version's contender, after its backend.
pub(super) const BEFORE: &str = ", before";

/// For each contender, the median of each round's times for a question, in milliseconds.
pub(super) type Medians = BTreeMap<String, Vec<f64>>;

/// Asks each contender once a round, so that a machine that slows down slows all of them. Every other round
/// goes backwards, so that none always follows the same one.
pub(super) fn ask_in_turn(
    contenders: &mut [Contender],
    rounds: usize,
    question: impl Fn(&Contender) -> Option<String>,
) -> Result<Medians> {
    let mut medians = Medians::new();
    for _ in 0..rounds.max(1) {
        contenders.reverse();
        for contender in contenders.iter_mut() {
            if let Some(question) = question(contender) {
                // The threads of ONNX Runtime and OpenMP spin for a while after their work.
                std::thread::sleep(Duration::from_millis(300));
                let ms = contender.ask(&question)?;
                medians.entry(contender.name.clone()).or_default().push(median(ms));
            }
        }
    }
    Ok(medians)
}

/// How often each contender repeats a question in a round so that its answer takes about `ms` milliseconds.
pub(super) fn repetitions(
    contenders: &mut [Contender],
    question: &str,
    ms: f64,
) -> Result<BTreeMap<String, usize>> {
    let mut times = BTreeMap::new();
    for contender in contenders.iter_mut().filter(|contender| contender.trains || question != "step") {
        let one = median(contender.ask(&format!("{question} 3"))?);
        times.insert(contender.name.clone(), ((ms / one).round() as usize).clamp(2, 2000));
    }
    Ok(times)
}

/// How many times as fast as a contender another is: the median of the rounds' ratios.
pub(super) fn times_as_fast(ours: &[f64], theirs: &[f64]) -> f64 {
    median(theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours).collect())
}

/// The fastest peer, and how many times as fast as it the contender `ours` is.
pub(super) fn against_fastest<'a>(medians: &'a Medians, ours: &str) -> Option<(&'a str, f64)> {
    let own = medians.get(ours)?;
    let peers = medians.iter().filter(|(name, _)| is_foreign(name));
    let (name, ms) = peers.min_by(|(_, a), (_, b)| median(a.to_vec()).total_cmp(&median(b.to_vec())))?;
    Some((name, times_as_fast(own, ms)))
}

/// A line a contender: its median, and how it compares with each of ours, round by round.
pub(super) fn print(title: &str, medians: &Medians) {
    say(&format!("\n{title}"));
    for (name, ms) in medians {
        let mut line = format!("  {name:22} {:9.3} ms", median(ms.clone()));
        if let Some(backend) = name.strip_suffix(BEFORE) {
            if let Some(now) = medians.get(backend) {
                line += &format!("   now {}", times_as_long(now, ms));
            }
        } else if is_foreign(name) {
            let ours = medians.iter().filter(|(ours, _)| !is_foreign(ours) && !ours.ends_with(BEFORE));
            for (ours, own) in ours {
                line += &format!("   {ours} is {:.2} times as fast", times_as_fast(own, ms));
            }
        }
        say(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_peer_is_neither_ours_nor_an_earlier_version() {
        let medians: Medians = [
            ("ndarray", vec![2.0, 4.0, 2.0]),
            ("ndarray, before", vec![1.0, 1.0, 1.0]),
            ("pytorch", vec![9.0, 9.0, 9.0]),
            ("tensorflow", vec![3.0, 8.0, 5.0]),
        ]
        .map(|(name, ms)| (name.to_owned(), ms))
        .into();
        assert_eq!(against_fastest(&medians, "ndarray"), Some(("tensorflow", 2.0)));
        assert_eq!(against_fastest(&medians, "flex"), None);
    }
}
