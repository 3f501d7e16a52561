//! Takes a network's tensors from a safetensors file that another program wrote.
//!
//! The tensors may have this project's names or those of PyTorch's module ([`crate::export::pytorch`]), and either
//! layout of dense weights. Which layout it is shows in the shapes. Nothing is guessed where it does not.

use std::collections::BTreeMap;
use std::fmt;

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use thiserror::Error;

use crate::architecture::Architecture;
use crate::export::pytorch::transposed;
use crate::import::numbers::Converted;
use crate::state_dict::TensorSpec;
use crate::tensors::{NamedTensors, TensorsError};

mod names;
mod numbers;

/// The order of the values in the weights of dense layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[inputs, outputs]`, as in a run's own files.
    Own,
    /// `[outputs, inputs]`.
    Pytorch,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "[inputs, outputs], as in a run's own files",
            Self::Pytorch => "[outputs, inputs], as PyTorch has them",
        })
    }
}

/// The tensors of a file, as the network has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    pub tensors: NamedTensors,
    /// The layout that the file has.
    pub layout: Layout,
    /// What was changed so that the tensors fit, in sentences.
    pub notes: Vec<String>,
}

/// Why the tensors of a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportError {
    #[error(transparent)]
    Tensors(#[from] TensorsError),
    #[error(
        "found a ZIP file, as torch.save writes it, expected safetensors; in Python: \
         safetensors.torch.save_file(model.state_dict(), \"weights.safetensors\")"
    )]
    Pickled,
    /// Every tensor that is missing, not in the network, or of another type or shape, in a sentence each.
    #[error("the tensors are not those of this network:{}", listed(problems))]
    Unfit { problems: Vec<String> },
    #[error("the layout of the dense weights cannot be told, because all of them are square: {}", names.join(", "))]
    Square { names: Vec<String> },
    #[error(
        "found the dense weights in two layouts: {own} is {}, but {pytorch} is {}",
        Layout::Own,
        Layout::Pytorch
    )]
    Mixed { own: String, pytorch: String },
    #[error("found {name} as {found}, expected {expected}, as the layout was named")]
    OtherLayout { name: String, found: Layout, expected: Layout },
}

/// As many problems are listed at most.
const MOST_LISTED: usize = 30;

fn listed(problems: &[String]) -> String {
    let mut text: String =
        problems.iter().take(MOST_LISTED).map(|problem| format!("\n  {problem}")).collect();
    if let Some(more) = problems.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
        text += &format!("\n  and {more} more");
    }
    text
}

/// How many classes the output layer of a file has; `None` if the file does not tell.
pub fn classes(bytes: &[u8]) -> Option<usize> {
    let file = SafeTensors::deserialize(bytes).ok()?;
    let is_bias = |name: &str| name == "head.bias" || name.ends_with(".head.bias");
    let (_, bias) = file.iter().find(|(name, _)| is_bias(name))?;
    if let [classes] = *bias.shape() { Some(classes) } else { None }
}

/// Reads the tensors of this architecture from the bytes of a safetensors file. `layout` is that of the dense
/// weights if it is known; it is needed only if all of them are square and the file's metadata does not say who wrote
/// it.
///
/// # Errors
/// If the file is not safetensors, a tensor does not fit, or the layout cannot be told.
pub fn read(
    bytes: &[u8],
    architecture: &Architecture,
    layout: Option<Layout>,
) -> Result<Imported, ImportError> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(ImportError::Pickled);
    }
    let format = |error: safetensors::SafeTensorError| TensorsError::Format { reason: error.to_string() };
    let file = SafeTensors::deserialize(bytes).map_err(format)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(format)?;
    let of_writer = metadata.metadata().as_ref().and_then(|metadata| match metadata.get("format") {
        Some(format) => layout_of(format),
        // A whole model in one file, as this program writes it.
        None => metadata.contains_key("model").then_some(Layout::Own),
    });
    let views: BTreeMap<String, TensorView<'_>> =
        file.iter().map(|(name, view)| (name.to_owned(), view)).collect();
    let specs = architecture.tensor_specs();
    let found = names::find(&specs, &views, of_writer == Some(Layout::Pytorch));
    let (mut problems, mut notes) = (found.problems, found.notes);
    let mut converted = Converted::default();
    let mut values = Vec::new();
    for (spec, name) in found.tensors {
        let Some(view) = views.get(&name) else { continue };
        match misfit(spec, view.shape()) {
            Some(expected) => {
                problems.push(format!("{name}: found the shape {:?}, expected {expected}", view.shape()));
            }
            None => match converted.convert(view) {
                Some(numbers) => values.push((spec, name, view.shape(), numbers)),
                None => {
                    problems.push(format!("{name}: found numbers of type {:?}, expected F32", view.dtype()));
                }
            },
        }
    }
    if !problems.is_empty() {
        return Err(ImportError::Unfit { problems });
    }
    notes.extend(converted.note());
    let dense =
        values.iter().filter_map(|(spec, name, shape, _)| Some((name.as_str(), vote(&spec.shape, shape)?)));
    let layout = decide(&dense.collect::<Vec<_>>(), layout, of_writer)?;
    let mut tensors = NamedTensors::default();
    for (spec, _, _, numbers) in values {
        let numbers = match *spec.shape {
            [inputs, outputs] if layout == Layout::Pytorch => transposed([outputs, inputs], &numbers),
            _ => numbers,
        };
        tensors.insert(spec.name.clone(), spec.shape.clone(), numbers);
    }
    architecture.check(&tensors)?;
    Ok(Imported { tensors, layout, notes })
}

/// The layout of a file whose metadata say this about its writer.
fn layout_of(format: &str) -> Option<Layout> {
    match format {
        "pt" => Some(Layout::Pytorch),
        format if format.starts_with("mnist-cnn") => Some(Layout::Own),
        _ => None,
    }
}

/// What was expected of a tensor if its shape does not fit.
fn misfit(spec: &TensorSpec, found: &[usize]) -> Option<String> {
    match *spec.shape {
        _ if found == spec.shape => None,
        [inputs, outputs] if found == [outputs, inputs] => None,
        [inputs, outputs] if inputs != outputs => {
            Some(format!("[{outputs}, {inputs}] as in PyTorch, or [{inputs}, {outputs}]"))
        }
        _ => Some(format!("{:?}", spec.shape)),
    }
}

/// What the shape of a tensor, which fits, tells of the layout: nothing if it is square, and `None` if it is no dense
/// layer's weights.
fn vote(expected: &[usize], found: &[usize]) -> Option<Option<Layout>> {
    match *expected {
        [inputs, outputs] if inputs == outputs => Some(None),
        [_, _] if found == expected => Some(Some(Layout::Own)),
        [_, _] => Some(Some(Layout::Pytorch)),
        _ => None,
    }
}

/// The layout of the dense weights. Their shapes tell it if not all of them are square. Otherwise it is what the user
/// says, or else what the file says about its writer.
fn decide(
    dense: &[(&str, Option<Layout>)],
    asked: Option<Layout>,
    of_writer: Option<Layout>,
) -> Result<Layout, ImportError> {
    let first =
        |layout| dense.iter().find(|(_, vote)| *vote == Some(layout)).map(|(name, _)| (*name).to_owned());
    let (name, found) = match (first(Layout::Own), first(Layout::Pytorch)) {
        (Some(own), Some(pytorch)) => return Err(ImportError::Mixed { own, pytorch }),
        (Some(name), None) => (name, Layout::Own),
        (None, Some(name)) => (name, Layout::Pytorch),
        (None, None) => {
            let names = || dense.iter().map(|(name, _)| (*name).to_owned()).collect();
            return asked.or(of_writer).ok_or_else(|| ImportError::Square { names: names() });
        }
    };
    match asked {
        Some(expected) if expected != found => Err(ImportError::OtherLayout { name, found, expected }),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests;
