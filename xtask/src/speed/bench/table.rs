//! The tables of `bench --configurations`, which fit into 80 columns, and the same figures as JSON.

use serde_json::{Value, json};

use super::measured::{Measured, QUESTIONS};
use super::rounds::{Medians, against_fastest, times_as_fast};
use crate::command::median;

/// The titles of the peers that have a column of their own.
const TITLES: [&str; 3] = ["PyTorch", "ch.last", "TensorFlow"];

/// The peers of [`TITLES`] beside a backend of ours.
fn columns(ours: &str) -> [&'static str; 3] {
    match ours {
        "wgpu" => ["pytorch-gpu", "pytorch-gpu-channels-last", "tensorflow"],
        _ => ["pytorch", "pytorch-channels-last", "tensorflow"],
    }
}

/// How many times as fast as ONNX Runtime an inference must be, and the goal.
const INFERENCE: [f64; 2] = [1.1, 1.5];
/// Bytes that a training may take.
const MEMORY: u64 = 400_000_000;

/// Three tables: training steps, inference, and memory.
pub(super) fn text(rows: &[Measured], ours: &str) -> String {
    let steps = format!(
        "Training step at batch 128, ms, and times as fast as the fastest peer\n{:19}{:>8}{:>8}{:>8}{:>11}{:>7}  {:9} reached\n",
        "configuration", ours, TITLES[0], TITLES[1], TITLES[2], "times", "must/goal"
    );
    let steps = rows.iter().fold(steps, |text, row| text + &step_line(row, ours));
    let has_onnx =
        rows.iter().flat_map(|row| &row.medians).any(|medians| medians.contains_key("onnxruntime"));
    let beside = match has_onnx {
        true => format!("ONNX Runtime (must {}, goal {})", INFERENCE[0], INFERENCE[1]),
        // It was not asked for, or this is a GPU.
        false => "the fastest peer (without ONNX Runtime)".to_owned(),
    };
    let inference = format!(
        "\nInference, ms, and times as fast as {beside}\n{:20}{:>6}{:>9}{:>9}{:>9}{:>11}{:>7}  reached\n",
        "configuration", "batch", ours, "ONNX", "ch.last", "TensorFlow", "times"
    );
    let inference = rows.iter().fold(inference, |text, row| text + &inference_lines(row, ours));
    let memory = format!(
        "\nPeak memory of a short training (must be under {} MB); parts without kernels\n{:20}{:>12}{:>9}  {:8}without kernel\n",
        MEMORY / 1_000_000,
        "configuration",
        "parameters",
        "MB",
        "reached"
    );
    let memory = rows.iter().fold(memory, |text, row| text + &memory_line(row));
    steps + &inference + &memory
}

fn step_line(row: &Measured, ours: &str) -> String {
    let Some(medians) = row.medians.first() else { return String::new() };
    let [a, b, c] = columns(ours).map(|name| time(medians, name));
    let times = against_fastest(medians, ours).map(|(_, times)| times);
    let wanted = row.row.wanted.map(|[must, goal]| format!("{must}/{goal}")).unwrap_or_default();
    format!(
        "{:19}{:>8}{a:>8}{b:>8}{c:>11}{:>7}  {wanted:9} {}\n",
        row.row.name,
        time(medians, ours),
        ratio(times),
        times.zip(row.row.wanted).map_or("", |(times, wanted)| reached(times, wanted)),
    )
}

fn inference_lines(row: &Measured, ours: &str) -> String {
    let [_, channels_last, tensorflow] = columns(ours);
    let mut lines = String::new();
    for ((question, ..), medians) in QUESTIONS.iter().zip(&row.medians).skip(1) {
        let of = |name| medians.get(name);
        let beside_onnx = of(ours).zip(of("onnxruntime")).map(|(ours, theirs)| times_as_fast(ours, theirs));
        let times = beside_onnx.or_else(|| against_fastest(medians, ours).map(|(_, times)| times));
        lines += &format!(
            "{:20}{:>6}{:>9}{:>9}{:>9}{:>11}{:>7}  {}\n",
            row.row.name,
            question.trim_start_matches("infer "),
            time(medians, ours),
            time(medians, "onnxruntime"),
            time(medians, channels_last),
            time(medians, tensorflow),
            ratio(times),
            beside_onnx.map_or("", |times| reached(times, INFERENCE)),
        );
    }
    lines
}

fn memory_line(row: &Measured) -> String {
    let megabytes = row.memory.map_or("unknown".to_owned(), |bytes| format!("{:.0}", bytes as f64 / 1e6));
    let said = row.memory.map_or("", |bytes| if bytes < MEMORY { "yes" } else { "no" });
    let left = row.network["without_kernel"].as_array().map_or(0, Vec::len);
    format!("{:20}{:>12}{megabytes:>9}  {said:8}{left}\n", row.row.name, row.parameters)
}

fn time(medians: &Medians, name: &str) -> String {
    medians.get(name).map_or_else(String::new, |ms| {
        let ms = median(ms.clone());
        if ms < 10.0 { format!("{ms:.3}") } else { format!("{ms:.1}") }
    })
}

fn ratio(times: Option<f64>) -> String {
    times.map_or_else(String::new, |times| format!("{times:.2}"))
}

fn reached(times: f64, [must, goal]: [f64; 2]) -> &'static str {
    match () {
        () if times >= goal => "goal",
        () if times >= must => "must",
        () => "no",
    }
}

/// Everything that was measured, with each round's median.
pub(super) fn json(rows: &[Measured], ours: &str) -> Value {
    let row = |row: &Measured| {
        let questions = QUESTIONS.iter().zip(&row.medians).map(|((question, ..), medians)| {
            let fastest = against_fastest(medians, ours);
            json!({
                "question": question,
                "ms": medians,
                "fastest_peer": fastest.map(|(name, _)| name),
                "times_as_fast": fastest.map(|(_, times)| times),
            })
        });
        json!({
            "name": row.row.name,
            "must_and_goal": row.row.wanted,
            "parameters": row.parameters,
            "peak_memory_bytes": row.memory,
            "network": row.network,
            "questions": questions.collect::<Vec<_>>(),
        })
    };
    json!(rows.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speed::bench::rows::ROWS;

    fn measured() -> Measured {
        let of = |ours: f64, theirs: f64| -> Medians {
            let names = ["ndarray", "pytorch", "pytorch-channels-last", "tensorflow", "onnxruntime"];
            let ms = [ours, 1234.5 * theirs, 1000.0 * theirs, 999.0 * theirs, theirs];
            names.map(str::to_owned).into_iter().zip(ms.map(|ms| vec![ms])).collect()
        };
        let mut step = of(500.0, 1.2);
        step.remove("onnxruntime");
        let medians = vec![step, of(0.1, 0.16), of(10.0, 11.2), of(100.0, 90.0)];
        Measured { row: &ROWS[0], network: json!({}), parameters: 83_466, memory: Some(1 << 29), medians }
    }

    #[test]
    fn each_line_says_what_was_reached_and_fits_80_columns() {
        let text = text(&[measured()], "ndarray");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let ends: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("lecture"))
            .filter_map(|line| line.split_whitespace().last())
            .collect();
        assert_eq!(ends, ["must", "goal", "must", "no", "0"], "{text}");
    }

    #[test]
    fn without_onnx_runtime_nothing_counts_as_reached() {
        let mut row = measured();
        for medians in &mut row.medians {
            medians.remove("onnxruntime");
        }
        let text = text(&[row], "ndarray");
        let (_, inference) = text.split_once("times as fast as the fastest peer (without ONNX").unwrap();
        assert!(!inference.contains("goal") && inference.contains(" 899.10"), "{text}");
    }

    #[test]
    fn json_names_the_fastest_peer() {
        let found = json(&[measured()], "ndarray");
        assert_eq!(found[0]["questions"][0]["fastest_peer"], "tensorflow");
        assert_eq!(found[0]["questions"][1]["fastest_peer"], "onnxruntime");
        assert_eq!(found[0]["questions"][3]["times_as_fast"], 0.9);
    }
}
