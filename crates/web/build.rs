//! Joins the page's modules into one script.
//!
//! One classic script can be the page's and its worker's, and says a word even when the page is opened as a file, where
//! browsers refuse modules. The modules keep to a small part of the language's, so that joining them takes a few lines:
//! imports are `import { a, b } from "./c.js";`, exports are words before a declaration, and names are unique.

use std::collections::HashSet;
use std::error::Error;
use std::path::{Component, Path, PathBuf};
use std::{env, fs};

/// The module that imports all others.
const ENTRY: &str = "page/script/main.js";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=page");
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        return Ok(());
    }
    let mut joined = Joined::default();
    joined.add(Path::new(ENTRY))?;
    let script = format!("(() => {{\n\"use strict\";\n{}}})();\n", joined.text);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("script.js"), script)?;
    Ok(())
}

/// Modules one behind the other, each behind those that it imports.
#[derive(Default)]
struct Joined {
    seen: HashSet<PathBuf>,
    /// What the modules declare at their outermost level, in whose joined script each name stands once.
    names: HashSet<String>,
    text: String,
}

impl Joined {
    /// Adds a module, unless it is there.
    fn add(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let source = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut own = String::new();
        for (number, line) in source.lines().enumerate() {
            let at = || format!("{}:{}", path.display(), number + 1);
            if line.starts_with("import ") {
                let module = imported(line).ok_or_else(|| format!("{}: {EXPECTED}", at()))?;
                self.add(&beside(path, module))?;
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            if line.starts_with("default ") || line.starts_with("{") || line.starts_with("* ") {
                return Err(format!("{}: expected `export` before a declaration", at()).into());
            }
            if let Some(name) = declared(line)
                && !self.names.insert(name.to_owned())
            {
                return Err(format!("{}: another module declares {name}, too", at()).into());
            }
            own.push_str(line);
            own.push('\n');
        }
        let name = path.strip_prefix("page/script").unwrap_or(path);
        self.text.push_str(&format!("\n// {}\n{own}", name.display()));
        Ok(())
    }
}

const EXPECTED: &str = "expected an import in one line: import { a, b } from \"./c.js\";";

/// The module that a line imports names from.
fn imported(line: &str) -> Option<&str> {
    let (names, module) = line.strip_prefix("import {")?.strip_suffix("\";")?.split_once("} from \"")?;
    let are_plain = !names.contains(" as ") && !names.contains('}');
    (are_plain && module.starts_with('.') && module.ends_with(".js")).then_some(module)
}

/// The name that a line declares at a module's outermost level, which is not indented.
fn declared(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("async ").unwrap_or(line);
    let rest = ["const ", "let ", "class ", "function "].iter().find_map(|word| rest.strip_prefix(word))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')?;
    rest.get(..end).filter(|name| !name.is_empty())
}

/// A module's path, as another module names it.
fn beside(path: &Path, module: &str) -> PathBuf {
    let mut found = path.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(module).components() {
        match part {
            Component::ParentDir => drop(found.pop()),
            Component::Normal(name) => found.push(name),
            _ => {}
        }
    }
    found
}
