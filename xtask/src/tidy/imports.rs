//! Finds the paths of its own crate that a file of Rust uses, and the names that it binds.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{code, without_tests};

/// A path within a crate, from its root.
pub(super) type Segments = Vec<String>;

/// The paths that a file uses of its crate.
#[derive(Debug, Default)]
pub(super) struct Imports {
    /// What its `use` lines bind: a name, and the path that it stands for.
    pub(super) bound: BTreeMap<String, Segments>,
    /// Further paths: those of `use` lines that bind nothing, and those in the code.
    pub(super) paths: BTreeSet<Segments>,
}

/// Reads a file whose module is `module`, from the crate's root.
pub(super) fn imports(text: &str, module: &[String]) -> Imports {
    let code = without_tests(&code(text));
    let tokens = tokens(&code);
    let mut reader = Reader { tokens: &tokens, at: 0, module, inline: Vec::new(), found: Imports::default() };
    // A path may begin with a module or a name that is only declared further down, so these are collected
    // first.
    let declared = declared_modules(&tokens);
    for child in &declared {
        let path = module.iter().cloned().chain([child.clone()]).collect();
        reader.found.bound.insert(child.clone(), path);
    }
    reader.read(|reader| reader.use_line());
    (reader.at, reader.inline) = (0, Vec::new());
    reader.read(|reader| reader.path_in_code());
    // A file that only declares a module does not use it.
    let mut found = reader.found;
    found.bound.retain(|name, path| !declared.contains(name) || path.len() != module.len() + 1);
    found
}

/// Names, `::`, and single other characters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = if is_name(first) {
            rest.find(|c: char| !is_name(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// The names of `mod name;`.
fn declared_modules(tokens: &[&str]) -> BTreeSet<String> {
    let declared = tokens.windows(3).filter(|window| window[0] == "mod" && window[2] == ";");
    declared.map(|window| window[1].to_owned()).collect()
}

struct Reader<'a> {
    tokens: &'a [&'a str],
    at: usize,
    module: &'a [String],
    /// For each open brace, the name of the module that it belongs to, if it belongs to one.
    inline: Vec<Option<&'a str>>,
    found: Imports,
}

impl<'a> Reader<'a> {
    /// Goes through all tokens. `take` reads what begins at the current one, or returns false.
    fn read(&mut self, mut take: impl FnMut(&mut Self) -> bool) {
        while self.at < self.tokens.len() {
            match self.tokens[self.at..] {
                ["mod", name, "{", ..] => {
                    self.inline.push(Some(name));
                    self.at += 3;
                    continue;
                }
                ["{", ..] => self.inline.push(None),
                ["}", ..] => drop(self.inline.pop()),
                _ if take(self) => continue,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn token(&self) -> &'a str {
        self.tokens.get(self.at).copied().unwrap_or_default()
    }

    fn before(&self) -> &'a str {
        self.at.checked_sub(1).map_or("", |at| self.tokens[at])
    }

    /// `use a::{b, c as d};`
    fn use_line(&mut self) -> bool {
        // `use<'a>` stands in types.
        if self.token() != "use" || self.tokens.get(self.at + 1) == Some(&"<") {
            return false;
        }
        self.at += 1;
        self.use_tree(&[]);
        true
    }

    fn use_tree(&mut self, before: &[&'a str]) {
        let mut path = before.to_vec();
        loop {
            match self.token() {
                "" | ";" | "," | "}" => break,
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.token(), "}" | "") {
                        self.use_tree(&path);
                        if self.token() == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "as" => {
                    let name = self.tokens.get(self.at + 1).copied().unwrap_or_default();
                    self.at += 2;
                    self.bind(name, &path);
                    return;
                }
                "self" if !path.is_empty() => self.at += 1,
                segment => {
                    path.push(segment);
                    self.at += 1;
                }
            }
        }
        if let Some(&name) = path.last() {
            self.bind(name, &path);
        }
    }

    fn bind(&mut self, name: &str, path: &[&str]) {
        let Some(path) = self.absolute(path) else { return };
        if matches!(name, "_" | "*" | "self" | "super" | "crate") {
            self.found.paths.insert(path);
        } else {
            self.found.bound.insert(name.to_owned(), path);
        }
    }

    /// `crate::a::b`, `super::b`, or `a::b` where `a` is bound, anywhere in the code.
    fn path_in_code(&mut self) -> bool {
        if self.token() == "use" && self.tokens.get(self.at + 1) != Some(&"<") {
            while !matches!(self.token(), ";" | "") {
                self.at += 1;
            }
            return true;
        }
        let is_start = !matches!(self.before(), "::" | "." | "mod");
        if !is_start || self.tokens.get(self.at + 1) != Some(&"::") {
            return false;
        }
        let mut path = vec![self.token()];
        self.at += 1;
        while self.token() == "::" {
            let next = self.tokens.get(self.at + 1).copied().unwrap_or_default();
            if !next.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                break;
            }
            path.push(next);
            self.at += 2;
        }
        if let Some(path) = self.absolute(&path) {
            self.found.paths.insert(path);
        }
        true
    }

    /// The path from the crate's root, or `None` if it leads out of the crate.
    fn absolute(&self, path: &[&str]) -> Option<Segments> {
        let here = || {
            let inline = self.inline.iter().filter_map(|name| name.map(str::to_owned));
            self.module.iter().cloned().chain(inline).collect::<Vec<_>>()
        };
        let (first, mut rest) = path.split_first()?;
        let mut start = match *first {
            "crate" => Vec::new(),
            "self" => here(),
            "super" => {
                let mut start = here();
                start.pop();
                while let Some(("super", further)) = rest.split_first().map(|(first, rest)| (*first, rest)) {
                    start.pop();
                    rest = further;
                }
                start
            }
            name => self.found.bound.get(name)?.clone(),
        };
        start.extend(rest.iter().map(|&segment| segment.to_owned()));
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let module = ["a", "b"].map(str::to_owned);
        let found = imports(text, &module);
        let bound = found.bound.iter().map(|(name, path)| format!("{name} = {}", path.join("::")));
        (bound.collect(), found.paths.iter().map(|path| path.join("::")).collect())
    }

    #[test]
    fn use_lines_bind_names() {
        let (bound, paths) = read(
            "use std::fmt; use crate::c::{self, D, e::{F, G as H}, *}; pub(crate) use super::x::Y; use self::z::W;",
        );
        assert_eq!(
            bound,
            ["D = c::D", "F = c::e::F", "H = c::e::G", "W = a::b::z::W", "Y = a::x::Y", "c = c"]
        );
        assert_eq!(paths, ["c::*"]);
    }

    #[test]
    fn paths_in_code_are_found_and_those_of_others_are_not() {
        let (_, paths) = read("fn f() -> crate::c::D { super::g::<u8>(std::mem::take(x.self_::y)) }");
        assert_eq!(paths, ["a::g", "c::D"]);
        let (bound, paths) =
            read("use crate::c; mod child; fn f() { c::g(child::h()) } pub(crate) fn k() {}");
        assert_eq!(bound, ["c = c"]);
        assert_eq!(paths, ["a::b::child::h", "c::g"]);
    }

    #[test]
    fn a_module_in_the_file_is_one_step_deeper() {
        let (bound, paths) = read("mod tag { use super::D; fn f() { super::super::e() } } use super::F;");
        assert_eq!(bound, ["D = a::b::D", "F = a::F"]);
        assert_eq!(paths, ["a::e"]);
    }

    #[test]
    fn a_path_may_begin_with_a_name_that_is_bound_further_down() {
        let (_, paths) = read("fn f() { c::g() } use crate::c;");
        assert_eq!(paths, ["c::g"]);
    }

    #[test]
    fn comments_strings_and_tests_do_not_count() {
        let text =
            "// crate::c::D\nconst A: &str = \"crate::c::D\"; #[cfg(test)] mod tests { use crate::c::D; }";
        assert_eq!(read(text), (vec![], vec![]));
    }
}
