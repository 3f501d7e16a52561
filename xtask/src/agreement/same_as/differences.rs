//! Lists the differences between two footprints of a case, one per line.

use std::collections::BTreeMap;

use super::footprint::{Footprint, ProgramOutput};
use super::{event_file, masked, tensors};

/// Texts longer than this are cut in messages.
const LONGEST: usize = 160;

/// How the content of a file is compared.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// Byte by byte.
    Bytes,
    /// Byte by byte; the message names the tensors that differ.
    Tensors,
    /// Line by line, without times.
    Json,
    /// TensorBoard's event files, record by record, without times.
    Events,
    /// Written for people, or drawn with texts for people: only whether it is empty.
    ForPeople,
}

pub(super) fn differences(before: &Footprint, now: &Footprint) -> Vec<String> {
    let keys = &before.masked_keys;
    let mut found = Vec::new();
    for (before, now) in before.commands.iter().zip(&now.commands) {
        found.extend(of_commands(before, now, keys));
    }
    let (old, new) = (by_name(&before.files), by_name(&now.files));
    found.extend(old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("{name}: is gone")));
    found.extend(new.keys().filter(|name| !old.contains_key(*name)).map(|name| format!("{name}: is new")));
    for (name, content) in &old {
        if let Some(other) = new.get(name) {
            found.extend(of_files(name, content, other, keys).map(|what| format!("{name}: {what}")));
        }
    }
    found
}

/// Files by their names without times. Files that then have the same name are told apart by a number.
fn by_name(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, &[u8]> {
    let mut named: BTreeMap<String, &[u8]> = BTreeMap::new();
    for (path, content) in files {
        let name = event_file::name_without_time(path).unwrap_or_else(|| path.clone());
        let names = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name} ({n})") });
        if let Some(free) = names.into_iter().find(|name| !named.contains_key(name)) {
            named.insert(free, content);
        }
    }
    named
}

fn of_commands(before: &ProgramOutput, now: &ProgramOutput, keys: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    if before.code != now.code {
        let code =
            |ended: &ProgramOutput| ended.code.map_or("by a signal".to_owned(), |code| code.to_string());
        let said = now.stderr.lines().last().unwrap_or_default();
        found.push(format!(
            "«{}» ended {} before, {} now: {}",
            before.line,
            code(before),
            code(now),
            cut(said)
        ));
    }
    if is_for_programs(&before.line) {
        let texts = [&before.stdout, &now.stdout].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let what = first_line(&masked::masked(&texts[0], keys), &masked::masked(&texts[1], keys));
        found.extend(what.map(|what| format!("«{}» printed: {what}", before.line)));
    } else if before.stdout.is_empty() != now.stdout.is_empty() {
        found.push(format!(
            "«{}» printed {} bytes before, {} now",
            before.line,
            before.stdout.len(),
            now.stdout.len()
        ));
    }
    found
}

/// Whether a program reads what a command prints.
fn is_for_programs(line: &str) -> bool {
    let has = |flag: &str| line.split(' ').any(|word| word == flag);
    line == "completions bash" || has("--version") || has("--print-config") || has("--json")
}

fn kind(name: &str) -> Kind {
    let file = name.rsplit('/').next().unwrap_or(name);
    match file.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "safetensors" => Kind::Tensors,
        "json" | "jsonl" => Kind::Json,
        "html" | "svg" => Kind::ForPeople,
        "png" if file == "inspected.png" || name.starts_with("figures/") => Kind::ForPeople,
        _ if file.starts_with("events.out.tfevents.") => Kind::Events,
        _ => Kind::Bytes,
    }
}

fn of_files(name: &str, before: &[u8], now: &[u8], keys: &[&str]) -> Option<String> {
    if before == now {
        return None;
    }
    match kind(name) {
        Kind::Tensors => Some(tensors::difference(before, now)),
        Kind::ForPeople => {
            (before.is_empty() != now.is_empty()).then(|| "one of the two is empty".to_owned())
        }
        Kind::Json => {
            let [before, now] =
                [before, now].map(|bytes| masked::masked(&String::from_utf8_lossy(bytes), keys));
            first_line(&before, &now)
        }
        Kind::Events => {
            let (Some(before), Some(now)) = (event_file::records(before), event_file::records(now)) else {
                return Some("one of the two has half a record".to_owned());
            };
            let different = before.iter().zip(&now).position(|(before, now)| before != now);
            match different {
                Some(at) => Some(format!("record {at} differs")),
                None if before.len() != now.len() => {
                    Some(format!("{} records before, {} now", before.len(), now.len()))
                }
                None => None,
            }
        }
        Kind::Bytes => match (str::from_utf8(before), str::from_utf8(now)) {
            (Ok(before), Ok(now)) => first_line(before, now),
            _ => Some(format!("other bytes ({} before, {} now)", before.len(), now.len())),
        },
    }
}

/// The first line in which two texts differ.
fn first_line(before: &str, now: &str) -> Option<String> {
    if before == now {
        return None;
    }
    let different = before.lines().zip(now.lines()).enumerate().find(|(_, (before, now))| before != now);
    Some(match different {
        Some((at, (before, now))) => {
            let start = start_of_difference(before, now);
            format!("line {}: {} -> {}", at + 1, cut(&before[start..]), cut(&now[start..]))
        }
        None => format!("{} bytes before, {} now, the same at first", before.len(), now.len()),
    })
}

/// Where two lines are shown from: a little before the first byte in which they differ.
fn start_of_difference(before: &str, now: &str) -> usize {
    let same = before.bytes().zip(now.bytes()).take_while(|(before, now)| before == now).count();
    let start = same.saturating_sub(LONGEST / 2);
    // The place must be between two characters. Up to there both lines are equal.
    (0..=start).rev().find(|&at| before.is_char_boundary(at)).unwrap_or(0)
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footprint(files: &[(&str, &[u8])], code: i32, stdout: &str) -> Footprint {
        let ended = |line: &str| ProgramOutput {
            line: line.to_owned(),
            code: Some(code),
            stdout: stdout.as_bytes().to_vec(),
            stderr: "why".to_owned(),
        };
        Footprint {
            commands: vec![ended("test -p run --json"), ended("test -p run")],
            files: files.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect(),
            masked_keys: vec!["seconds"],
        }
    }

    #[test]
    fn a_footprint_is_like_itself() {
        let files: [(&str, &[u8]); 2] = [("run/config.toml", b"a = 1\n"), ("run/checkpoints/", b"")];
        let [before, now] = [0, 1].map(|_| footprint(&files, 0, "{\"seconds\":1}"));
        assert_eq!(differences(&before, &now), Vec::<String>::new());
    }

    #[test]
    fn codes_and_json_on_standard_output_count_and_tables_do_not() {
        let before = footprint(&[], 0, "{\"a\":1,\"seconds\":1}");
        assert_eq!(differences(&before, &footprint(&[], 0, "{\"a\":1,\"seconds\":2}")).len(), 0);
        let found = differences(&before, &footprint(&[], 0, "{\"b\":1,\"seconds\":1}"));
        assert_eq!(found.len(), 1, "{found:?}");
        // Both commands end with another exit code.
        assert_eq!(differences(&before, &footprint(&[], 2, "{\"a\":1,\"seconds\":1}")).len(), 2);
        // Printing nothing at all is more than another wording.
        assert_eq!(differences(&before, &footprint(&[], 0, "")).len(), 2);
    }

    #[test]
    fn each_kind_of_file_can_differ() {
        let compare = |name: &str, a: &[u8], b: &[u8]| {
            differences(&footprint(&[(name, a)], 0, ""), &footprint(&[(name, b)], 0, "")).len()
        };
        assert_eq!(compare("run/metrics.jsonl", b"{\"seconds\":1}\n", b"{\"seconds\":2}\n"), 0);
        assert_eq!(compare("run/metrics.jsonl", b"{\"loss\":1.0}\n", b"{\"loss\":1.1}\n"), 1);
        assert_eq!(compare("run/test.json", b"{\"pictures\":1}", b"{\"images\":1}"), 1);
        assert_eq!(compare("run/report.html", b"pictures", b"images"), 0);
        assert_eq!(compare("run/report.html", b"pictures", b""), 1);
        assert_eq!(compare("run/predictions.csv", b"1\n2\n", b"1\n3\n"), 1);
        assert_eq!(compare("first.png", &[255, 1], &[255, 2]), 1);
        assert_eq!(compare("run/c/weights.safetensors", &[0; 9], &[1; 9]), 1);
        assert_eq!(compare("run/tensorboard/events.out.tfevents.1.x", &[0; 16], &[0; 32]), 1);
    }

    #[test]
    fn a_long_line_is_shown_where_it_differs() {
        let (before, now) = ["1", "2"].map(|end| "ä".repeat(300) + end).into();
        let said = first_line(&before, &now).unwrap();
        assert!(said.contains("ä1 -> ä") && said.ends_with("ä2"), "{said}");
        assert!(said.chars().count() < 2 * LONGEST, "{said}");
        assert_eq!(first_line("a\n", "a\nb\n").unwrap(), "2 bytes before, 4 now, the same at first");
    }

    #[test]
    fn missing_and_further_files_are_named() {
        let before = footprint(&[("run/test.json", b""), ("run/lock", b"")], 0, "");
        let now = footprint(&[("run/tests.json", b""), ("run/lock", b"")], 0, "");
        assert_eq!(differences(&before, &now), ["run/test.json: is gone", "run/tests.json: is new"]);
    }

    #[test]
    fn event_files_are_matched_in_the_order_of_their_times() {
        let before: [(&str, &[u8]); 2] = [("events.out.tfevents.1.x", b""), ("events.out.tfevents.2.x", b"")];
        let now: [(&str, &[u8]); 2] = [("events.out.tfevents.8.x", b""), ("events.out.tfevents.9.x", b"")];
        assert_eq!(differences(&footprint(&before, 0, ""), &footprint(&now, 0, "")).len(), 0);
        assert_eq!(differences(&footprint(&before, 0, ""), &footprint(&now[..1], 0, "")).len(), 1);
    }
}
