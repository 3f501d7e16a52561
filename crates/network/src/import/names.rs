//! Finds the tensors of a network in a file by their names, and says what is missing and what is not known.

use std::collections::{BTreeMap, BTreeSet};

use safetensors::tensor::TensorView;

use crate::export::pytorch::name_of;
use crate::state_dict::TensorSpec;

/// What was found of a network's tensors.
pub(super) struct Found<'a> {
    /// The tensors that are there, each with the name that it has in the file.
    pub(super) tensors: Vec<(&'a TensorSpec, String)>,
    /// What is missing and what is not in the network.
    pub(super) problems: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// PyTorch counts the batches that a normalization has seen. Inference does not use that number.
const BATCHES: &str = "num_batches_tracked";
/// Names are alike if their similarity, from 0 to 1, is larger than this.
const ALIKE: f64 = 0.8;

/// Finds the tensors among those of a file. Missing ones are called by PyTorch's names if PyTorch wrote the file.
pub(super) fn find<'a>(
    specs: &'a [TensorSpec],
    file: &BTreeMap<String, TensorView<'_>>,
    is_of_pytorch: bool,
) -> Found<'a> {
    let prefix = prefix(file);
    let mut left: BTreeSet<&str> = file.keys().map(String::as_str).collect();
    let mut tensors = Vec::new();
    let mut missing = Vec::new();
    for spec in specs {
        let [own, pytorch] = [spec.name.clone(), name_of(&spec.name)].map(|name| format!("{prefix}{name}"));
        let name = if file.contains_key(&own) { &own } else { &pytorch };
        if file.contains_key(name) {
            left.remove(name.as_str());
            tensors.push((spec, name.clone()));
        } else {
            missing.push(if is_of_pytorch { pytorch } else { own });
        }
    }
    left.retain(|name| !is_count(name, &tensors));
    let mut problems: Vec<String> = missing.iter().map(|name| with_nearest(name, &left)).collect();
    problems.extend(left.iter().map(|name| format!("{name} is not in this network")));
    let note = format!("the names in the file begin with `{prefix}`, which was left out");
    Found { tensors, problems, notes: (!prefix.is_empty()).then_some(note).into_iter().collect() }
}

/// What every name of a file begins with, such as `module.` or `model.`, where a network is part of another module.
fn prefix(file: &BTreeMap<String, TensorView<'_>>) -> String {
    let prefixes = file.keys().filter_map(|name| name.strip_suffix("head.weight"));
    let is_shared = |prefix: &&str| file.keys().all(|name| name.starts_with(*prefix));
    prefixes.filter(is_shared).max_by_key(|prefix| prefix.len()).unwrap_or_default().to_owned()
}

/// Whether this is the count of a normalization's batches.
fn is_count(name: &str, tensors: &[(&TensorSpec, String)]) -> bool {
    let of_norm = name.strip_suffix(BATCHES).map(|norm| format!("{norm}running_mean"));
    of_norm.is_some_and(|mean| tensors.iter().any(|(_, found)| *found == mean))
}

fn with_nearest(missing: &str, left: &BTreeSet<&str>) -> String {
    // A name behind a prefix that only some tensors have is the same name.
    let likeness =
        |name: &str| if name.ends_with(missing) { 1.0 } else { strsim::jaro_winkler(missing, name) };
    let nearest = left.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|name| likeness(name) > ALIKE) {
        Some(name) => format!("{missing} is missing; the file has {name}"),
        None => format!("{missing} is missing"),
    }
}
