//! Finds circles of imports between the files of a crate, because none of these files can be understood
//! alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::imports::{Imports, Segments, imports};

/// A name may be re-exported at most this many times; more means that `use` lines form a circle.
const MOST_STEPS: usize = 8;

/// The names that each file uses of each other file, by the positions of the files.
type Edges = BTreeMap<usize, BTreeMap<usize, BTreeSet<String>>>;

/// A line for each group of files that use each other in a circle. `files` are paths and texts of
/// one crate, `src` is its folder.
pub(super) fn circles(src: &Path, files: &[(PathBuf, String)]) -> Vec<String> {
    let crate_of_files = Crate::new(src, files);
    let edges = crate_of_files.edges();
    groups(&edges).iter().map(|group| crate_of_files.describe(&edges, group)).collect()
}

struct Crate<'a> {
    files: Vec<(&'a Path, Imports)>,
    by_module: BTreeMap<Segments, usize>,
}

impl<'a> Crate<'a> {
    fn new(src: &Path, files: &'a [(PathBuf, String)]) -> Self {
        let mut known = Self { files: Vec::new(), by_module: BTreeMap::new() };
        for (path, text) in files {
            if let Some(module) = module(src, path) {
                known.by_module.insert(module.clone(), known.files.len());
                known.files.push((path, imports(text, &module)));
            }
        }
        known
    }

    fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for (from, (_, imports)) in self.files.iter().enumerate() {
            for path in imports.bound.values().chain(&imports.paths) {
                // The name of a module alone does not say what is used of it.
                if let Some((to, Some(name))) = self.resolve(path, 0)
                    && to != from
                {
                    edges.entry(from).or_default().entry(to).or_default().insert(name);
                }
            }
        }
        edges
    }

    /// The file that defines what a path names, and the name, if the path is not that of a module.
    fn resolve(&self, path: &[String], steps: usize) -> Option<(usize, Option<String>)> {
        let (length, &file) =
            (0..=path.len()).rev().find_map(|n| Some((n, self.by_module.get(&path[..n])?)))?;
        let Some((name, rest)) = path[length..].split_first() else { return Some((file, None)) };
        let reexported = self.files[file].1.bound.get(name).filter(|_| steps < MOST_STEPS);
        if let Some(definition) = reexported {
            let definition: Segments = definition.iter().chain(rest).cloned().collect();
            if let Some(found) = self.resolve(&definition, steps + 1) {
                return Some(found);
            }
        }
        Some((file, Some(name.clone())))
    }

    /// Describes the shortest circle of a group, and names the files that it leaves out.
    fn describe(&self, edges: &Edges, group: &[usize]) -> String {
        let chains = group.iter().filter_map(|&start| shortest_circle(edges, start));
        let Some(chain) = chains.min_by_key(Vec::len) else { return String::new() };
        let mut text = String::from("circle of imports: ");
        for pair in chain.windows(2) {
            let names = edges.get(&pair[0]).and_then(|to| to.get(&pair[1]));
            let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
            text += &format!("{} -({})-> ", self.files[pair[0]].0.display(), names.join(", "));
        }
        if let Some(&last) = chain.last() {
            text += &self.files[last].0.display().to_string();
        }
        let others = group.iter().filter(|file| !chain.contains(file));
        let others: Vec<String> = others.map(|&file| self.files[file].0.display().to_string()).collect();
        if others.is_empty() { text } else { format!("{text}; in it also {}", others.join(", ")) }
    }
}

/// The module of a file, from the crate's root; `None` for a file of tests, or of another program.
fn module(src: &Path, path: &Path) -> Option<Segments> {
    let path = path.strip_prefix(src).ok()?.with_extension("");
    let mut module: Segments = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let last = module.last()?.clone();
    if last == "tests" || last.ends_with("_tests") || module[0] == "bin" {
        return None;
    }
    if last == "mod" || module.len() == 1 && ["lib", "main"].contains(&last.as_str()) {
        module.pop();
    }
    Some(module)
}

/// The groups of files that reach each other.
fn groups(edges: &Edges) -> Vec<Vec<usize>> {
    let reached: BTreeMap<usize, BTreeSet<usize>> =
        edges.keys().map(|&from| (from, predecessors(edges, from).into_keys().collect())).collect();
    let mut groups: BTreeSet<Vec<usize>> = BTreeSet::new();
    for (from, all) in reached.iter().filter(|(from, all)| all.contains(from)) {
        let reaches_back = |to: &&usize| reached.get(to).is_some_and(|reached| reached.contains(from));
        groups.insert(all.iter().filter(reaches_back).copied().collect());
    }
    groups.into_iter().collect()
}

/// Each file that `from` reaches, with the file before it on a shortest path.
fn predecessors(edges: &Edges, from: usize) -> BTreeMap<usize, usize> {
    let mut before = BTreeMap::new();
    let mut next = VecDeque::from([from]);
    while let Some(file) = next.pop_front() {
        for &to in edges.get(&file).into_iter().flat_map(BTreeMap::keys) {
            if let std::collections::btree_map::Entry::Vacant(entry) = before.entry(to) {
                entry.insert(file);
                next.push_back(to);
            }
        }
    }
    before
}

/// The shortest circle from a file through others back to itself.
fn shortest_circle(edges: &Edges, start: usize) -> Option<Vec<usize>> {
    let before = predecessors(edges, start);
    let mut chain = vec![start];
    let mut file = *before.get(&start)?;
    while file != start {
        chain.push(file);
        file = *before.get(&file)?;
    }
    chain.push(start);
    chain.reverse();
    Some(chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(PathBuf, String)> = files
            .iter()
            .map(|(path, text)| (Path::new("crates/x/src").join(path), (*text).to_owned()))
            .collect();
        circles(Path::new("crates/x/src"), &files)
    }

    fn assert_circle(files: &[(&str, &str)], says: &[&str]) {
        let found = found(files);
        assert_eq!(found.len(), 1, "{found:?}");
        for words in says {
            assert!(found[0].contains(words), "{words}: {}", found[0]);
        }
    }

    #[test]
    fn two_files_that_use_each_other_are_a_circle() {
        assert_circle(
            &[("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "fn f() { crate::a::A }")],
            &["crates/x/src/a.rs -(B)-> crates/x/src/b.rs -(A)-> crates/x/src/a.rs"],
        );
        assert_eq!(found(&[("a.rs", "use crate::b::B;"), ("b.rs", "")]), Vec::<String>::new());
    }

    #[test]
    fn a_circle_can_be_long_and_have_others_in_it() {
        assert_circle(
            &[
                ("a.rs", "use crate::b::B; use crate::d::D;"),
                ("b.rs", "use crate::c; type C = c::C;"),
                ("c.rs", "use super::a::A;"),
                ("d.rs", "use crate::c::C;"),
                ("e.rs", "use crate::a::A;"),
            ],
            &["a.rs -(B)-> crates/x/src/b.rs -(C)-> crates/x/src/c.rs", "; in it also crates/x/src/d.rs"],
        );
    }

    #[test]
    fn a_child_that_uses_its_parent_is_in_a_circle_if_the_parent_uses_it() {
        let child = ("a/b.rs", "use super::A; pub struct B;");
        assert_circle(&[("a.rs", "mod b; use b::B; struct A;"), child], &["a.rs -(B)->", "a/b.rs -(A)->"]);
        assert_circle(&[("a/mod.rs", "mod b; fn f() { b::B }"), child], &["a/mod.rs -(B)->"]);
        assert_eq!(found(&[("a.rs", "mod b; struct A;"), child]), Vec::<String>::new());
    }

    #[test]
    fn a_reexported_name_belongs_to_the_file_that_defines_it() {
        let lib = ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B as C;");
        assert_eq!(found(&[lib, ("a.rs", "use crate::C;"), ("b.rs", "")]), Vec::<String>::new());
        assert_circle(
            &[lib, ("a.rs", "use crate::C;"), ("b.rs", "use crate::A;")],
            &["a.rs -(B)-> crates/x/src/b.rs -(A)-> crates/x/src/a.rs"],
        );
        // A name that the root defines belongs to the root.
        assert_circle(&[lib, ("a.rs", "use crate::D;"), ("b.rs", "")], &["a.rs -(D)-> crates/x/src/lib.rs"]);
    }

    #[test]
    fn tests_do_not_count() {
        let b = ("b.rs", "use crate::a::A;");
        assert_eq!(found(&[("a.rs", "#[cfg(test)] use crate::b::B;"), b]), Vec::<String>::new());
        assert_eq!(found(&[("a_tests.rs", "use crate::b::B;"), ("b.rs", "use crate::a_tests::A;")]).len(), 0);
    }

    #[test]
    fn use_lines_that_lead_nowhere_end() {
        let files = [("a.rs", "pub use crate::b::X; pub struct Y;"), ("b.rs", "pub use crate::a::X;")];
        assert!(found(&files).len() <= 1);
    }
}
