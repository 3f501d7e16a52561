//! The rules that a file or a folder can break by itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::code::code;

const LONGEST_FILE: usize = 350;
const LARGEST_FOLDER: usize = 14;
/// Where results and progress are written; libraries send events instead.
const PRINTING: [&str; 3] = ["crates/cli", "xtask", "crates/web/build.rs"];
/// Where `unsafe` code may live.
const UNSAFE: [&str; 2] = ["crates/kernels", "crates/web/src/exports.rs"];
const NEVER: [&str; 4] = ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"];
const PRINTS: [&str; 4] = ["println!(", "eprintln!(", "print!(", "eprint!("];
/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 5] = ["utils", "util", "common", "helpers", "manager"];

pub(super) fn of_file(file: &Path, text: &str) -> Vec<String> {
    let name = file.display();
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        problems.push(format!("{name}: {lines} lines, at most {LONGEST_FILE} are read with ease"));
    }
    let names = file.iter().map(|part| Path::new(part).with_extension(""));
    if names.into_iter().any(|name| EMPTY_NAMES.iter().any(|empty| name == Path::new(empty))) {
        problems.push(format!("{name}: a name that does not say what is inside"));
    }
    if !text.starts_with("//!") {
        problems.push(format!("{name}: no sentence at the top (//!) that says what the file is for"));
    }
    let may_print = PRINTING.iter().any(|crate_name| file.starts_with(crate_name));
    let prints: &[&str] = if may_print { &[] } else { &PRINTS };
    for (number, line) in code(text).lines().enumerate() {
        for word in NEVER.iter().chain(prints).filter(|word| contains_word(line, word)) {
            problems.push(format!("{name}:{}: {word}...", number + 1));
        }
        if is_unsafe(line) && !UNSAFE.iter().any(|place| file.starts_with(place)) {
            problems.push(format!(
                "{name}:{}: unsafe code lives in {} alone",
                number + 1,
                UNSAFE.join(" and ")
            ));
        }
    }
    problems
}

/// Folders of a crate's sources in which nobody finds anything any more.
pub(super) fn of_folders(files: &[PathBuf]) -> Vec<String> {
    let mut counts: BTreeMap<&Path, usize> = BTreeMap::new();
    for file in files {
        if let Some(folder) = file.parent()
            && folder.iter().any(|part| part == "src")
        {
            *counts.entry(folder).or_default() += 1;
        }
    }
    let large = counts.into_iter().filter(|(_, count)| *count > LARGEST_FOLDER);
    large
        .map(|(folder, count)| {
            format!("{}: {count} files, expected at most {LARGEST_FOLDER}", folder.display())
        })
        .collect()
}

/// Whether `word` stands in `code` and not as the end of a longer name.
fn contains_word(code: &str, word: &str) -> bool {
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

/// Whether the keyword stands in the code, or the attribute that lets it stand there.
fn is_unsafe(code: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices("unsafe").any(|(at, word)| {
        let after = &code[at + word.len()..];
        let after = after.strip_prefix("_code").unwrap_or(after);
        !code[..at].ends_with(is_name) && !after.starts_with(is_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(file: &str, text: &str) -> usize {
        of_file(Path::new(file), text).len()
    }

    #[test]
    fn each_rule_for_a_file_can_be_broken() {
        assert_eq!(problems("crates/model/src/a.rs", "//! A.\nfn a() {}\n"), 0);
        assert_eq!(problems("crates/model/src/a.rs", "fn a() {}\n"), 1);
        assert_eq!(problems("crates/model/src/utils.rs", "//! A.\n"), 1);
        assert_eq!(problems("crates/model/src/common/a.rs", "//! A.\n"), 1);
        assert_eq!(problems("crates/model/src/a.rs", &format!("//! A.\n{}", "\n".repeat(350))), 1);
        assert_eq!(problems("crates/model/src/a.rs", "//! A.\nfn a() { println!(); }\n"), 1);
        assert_eq!(problems("crates/cli/src/a.rs", "//! A.\nfn a() { println!(); }\n"), 0);
        assert_eq!(problems("crates/cli/src/a.rs", "//! A.\nfn a() { todo!() }\n"), 1);
        assert_eq!(problems("crates/cli/src/a.rs", "//! A.\n#[ignore]\nfn a() {}\n"), 1);
    }

    #[test]
    fn unsafe_code_lives_in_one_crate() {
        for text in ["unsafe fn a() {}", "fn a() { unsafe { b() } }", "#![allow(unsafe_code)]"] {
            assert_eq!(problems("crates/kernels/src/a.rs", &format!("//! A.\n{text}\n")), 0, "{text}");
            for krate in ["crates/ops", "crates/model", "xtask", "fuzz"] {
                assert_eq!(
                    problems(&format!("{krate}/src/a.rs"), &format!("//! A.\n{text}\n")),
                    1,
                    "{krate} {text}"
                );
            }
        }
        assert_eq!(problems("crates/ops/src/a.rs", "//! No unsafe.\nfn is_unsafe() {} // unsafe\n"), 0);
    }

    #[test]
    fn words_in_comments_and_strings_do_not_count() {
        assert_eq!(problems("crates/model/src/a.rs", "//! A println!() B.\nconst A: &str = \"dbg!(\";\n"), 0);
    }

    #[test]
    fn a_folder_of_sources_can_be_too_large() {
        let files = |folder: &str, count: usize| -> Vec<PathBuf> {
            (0..count).map(|i| Path::new(folder).join(format!("{i}.rs"))).collect()
        };
        assert_eq!(of_folders(&files("crates/model/src", 14)).len(), 0);
        assert_eq!(of_folders(&files("crates/model/src", 15)).len(), 1);
        assert_eq!(of_folders(&files("crates/model/src/deep/er", 15)).len(), 1);
        assert_eq!(of_folders(&files("crates/model/tests/all", 15)).len(), 0);
    }
}
