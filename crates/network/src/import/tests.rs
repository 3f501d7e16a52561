//! Files in both layouts, under both kinds of names, and files that do not fit.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use safetensors::tensor::Dtype;

use super::*;
use crate::config::{ModelConfig, Normalization, UnitConfig};
use crate::export::pytorch::pytorch;

fn architecture(change: impl FnOnce(&mut ModelConfig)) -> Architecture {
    let unit = UnitConfig { filters: 2, normalization: Normalization::Batch, ..UnitConfig::default() };
    let mut config = ModelConfig {
        units: vec![unit],
        dense: vec![6],
        dense_normalization: Normalization::Batch,
        ..ModelConfig::default()
    };
    change(&mut config);
    Architecture::new(&config, [1, 4, 4], 3).unwrap()
}

/// A dense network whose matrices are all square.
fn square() -> Architecture {
    let config = ModelConfig { units: Vec::new(), dense: vec![3], ..ModelConfig::default() };
    Architecture::new(&config, [1, 1, 3], 3).unwrap()
}

fn weights(architecture: &Architecture) -> NamedTensors {
    architecture.initial_tensors(&mut ChaCha8Rng::seed_from_u64(1))
}

/// A tensor of a file: its name, type, shape and bytes.
type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// The same file after a change of its tensors, with this `format` in its metadata.
fn changed(file: &[u8], format: Option<&str>, change: impl FnOnce(&mut Vec<Tensor>)) -> Vec<u8> {
    with_entry(file, format.map(|format| ["format", format]), change)
}

/// The same file after a change of its tensors, with this entry in its metadata.
fn with_entry(file: &[u8], entry: Option<[&str; 2]>, change: impl FnOnce(&mut Vec<Tensor>)) -> Vec<u8> {
    let read = SafeTensors::deserialize(file).unwrap();
    let tensor = |(name, view): (&str, TensorView<'_>)| {
        (name.to_owned(), view.dtype(), view.shape().to_vec(), view.data().to_vec())
    };
    let mut tensors: Vec<Tensor> = read.iter().map(tensor).collect();
    change(&mut tensors);
    let views: Vec<(&str, TensorView<'_>)> = tensors
        .iter()
        .map(|(name, kind, shape, data)| {
            (name.as_str(), TensorView::new(*kind, shape.clone(), data).unwrap())
        })
        .collect();
    let metadata = entry.map(|[key, value]| [(key.to_owned(), value.to_owned())].into_iter().collect());
    safetensors::serialize(views, metadata).unwrap()
}

fn problems(file: &[u8], architecture: &Architecture) -> Vec<String> {
    match read(file, architecture, None) {
        Err(ImportError::Unfit { problems }) => problems,
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_layouts_give_the_same_tensors() {
    let architecture = architecture(|_| ());
    let weights = weights(&architecture);
    let files = [
        (weights.to_bytes().unwrap(), Layout::Own),
        (pytorch(&architecture, &weights).unwrap(), Layout::Pytorch),
    ];
    for (file, layout) in files {
        for format in [None, Some("pt"), Some("np")] {
            // The shapes decide, whatever the metadata say.
            let file = changed(&file, format, |_| ());
            let imported = read(&file, &architecture, None).unwrap();
            assert_eq!((imported.layout, imported.notes), (layout, vec![]));
            assert_eq!(imported.tensors, weights);
        }
        let other = if layout == Layout::Own { Layout::Pytorch } else { Layout::Own };
        assert!(read(&file, &architecture, Some(layout)).is_ok());
        let refused = read(&file, &architecture, Some(other));
        assert!(matches!(refused, Err(ImportError::OtherLayout { .. })), "{refused:?}");
        assert_eq!(classes(&file), Some(3));
    }
    assert_eq!(classes(b"no"), None);
}

#[test]
fn a_square_matrix_is_asked_for_unless_the_file_names_its_writer() {
    let architecture = square();
    let weights = weights(&architecture);
    let ours = weights.to_bytes().unwrap();
    let pytorchs = pytorch(&architecture, &weights).unwrap();
    assert_eq!(read(&ours, &architecture, None).unwrap().tensors, weights);
    assert_eq!(read(&pytorchs, &architecture, None).unwrap().tensors, weights);
    let whole_model = with_entry(&ours, Some(["model", "{}"]), |_| ());
    assert_eq!(read(&whole_model, &architecture, None).unwrap().tensors, weights);
    for (file, layout) in [(&ours, Layout::Own), (&pytorchs, Layout::Pytorch)] {
        for format in [None, Some("tf")] {
            let unnamed = changed(file, format, |_| ());
            let names = match read(&unnamed, &architecture, None) {
                Err(ImportError::Square { names }) => names,
                other => panic!("{other:?}"),
            };
            assert_eq!(names.len(), 2);
            assert_eq!(read(&unnamed, &architecture, Some(layout)).unwrap().tensors, weights);
        }
    }
    assert_ne!(read(&ours, &architecture, Some(Layout::Pytorch)).unwrap().tensors, weights);
}

#[test]
fn matrices_in_two_layouts_are_refused() {
    let architecture = architecture(|_| ());
    let file = changed(&weights(&architecture).to_bytes().unwrap(), None, |tensors| {
        tensors.iter_mut().filter(|tensor| tensor.0 == "head.weight").for_each(|tensor| tensor.2.reverse());
    });
    let mixed = ImportError::Mixed { own: "dense.0.weight".to_owned(), pytorch: "head.weight".to_owned() };
    assert_eq!(read(&file, &architecture, None), Err(mixed));
}

#[test]
fn everything_that_does_not_fit_is_listed_at_once() {
    let architecture = architecture(|_| ());
    let file = pytorch(&architecture, &weights(&architecture)).unwrap();
    let wrong = changed(&file, Some("pt"), |tensors| {
        tensors.retain(|tensor| tensor.0 != "head.bias");
        for tensor in tensors.iter_mut() {
            match tensor.0.as_str() {
                "units.0.norm.weight" => tensor.0 = "units.0.bn.weight".to_owned(),
                "dense.0.linear.weight" => tensor.2 = vec![4, 12],
                "units.0.conv.bias" => (tensor.1, tensor.2) = (Dtype::I32, vec![2]),
                _ => {}
            }
        }
    });
    let expected = [
        "units.0.norm.weight is missing; the file has units.0.bn.weight",
        "head.bias is missing",
        "units.0.bn.weight is not in this network",
        "units.0.conv.bias: found numbers of type I32, expected F32",
        "dense.0.linear.weight: found the shape [4, 12], expected [6, 8] as in PyTorch, or [8, 6]",
    ];
    assert_eq!(problems(&wrong, &architecture), expected);
    let many: Vec<String> = (0..MOST_LISTED + 2).map(|i| i.to_string()).collect();
    assert!(listed(&many).ends_with("\n  29\n  and 2 more"));
    assert!(listed(&many[..MOST_LISTED]).ends_with("\n  29"));
}

#[test]
fn a_prefix_and_the_counts_of_batches_are_left_out() {
    let architecture = architecture(|_| ());
    let weights = weights(&architecture);
    let file = changed(&pytorch(&architecture, &weights).unwrap(), Some("pt"), |tensors| {
        for layer in ["units.0", "dense.0"] {
            tensors.push((format!("{layer}.norm.num_batches_tracked"), Dtype::I64, vec![], vec![0; 8]));
        }
        tensors.iter_mut().for_each(|tensor| tensor.0.insert_str(0, "module."));
    });
    let imported = read(&file, &architecture, None).unwrap();
    assert_eq!(imported.tensors, weights);
    assert_eq!(imported.notes, ["the names in the file begin with `module.`, which was left out"]);
    assert_eq!(classes(&file), Some(3));
    // What only some tensors begin with is no prefix.
    let other = changed(&file, Some("pt"), |tensors| {
        tensors.push(("step".to_owned(), Dtype::F32, vec![], vec![0; 4]));
    });
    assert_eq!(
        problems(&other, &architecture)[0],
        "units.0.conv.weight is missing; the file has module.units.0.conv.weight"
    );
}

#[test]
fn other_precisions_are_converted_and_numbers_that_are_not_finite_are_refused() {
    let architecture = architecture(|_| ());
    let weights = weights(&architecture);
    let file = weights.to_bytes().unwrap();
    let doubled = changed(&file, None, |tensors| {
        for (_, kind, _, data) in tensors.iter_mut() {
            let numbers = data.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes)));
            *data = numbers.flat_map(f64::to_le_bytes).collect();
            *kind = Dtype::F64;
        }
    });
    let imported = read(&doubled, &architecture, None).unwrap();
    assert_eq!(imported.tensors, weights);
    assert_eq!(imported.notes, ["tensors were converted to F32: 14 of type F64"]);
    let infinite = changed(&file, None, |tensors| {
        tensors[0].3[..4].copy_from_slice(&f32::INFINITY.to_le_bytes());
    });
    let refused = read(&infinite, &architecture, None);
    assert!(matches!(refused, Err(ImportError::Tensors(TensorsError::NotFinite { .. }))), "{refused:?}");
    assert!(matches!(read(b"PK\x03\x04...", &architecture, None), Err(ImportError::Pickled)));
    let garbage = read(b"garbage", &architecture, None);
    assert!(matches!(garbage, Err(ImportError::Tensors(TensorsError::Format { .. }))));
}

#[test]
fn no_change_of_a_file_ends_the_program() {
    let architecture = architecture(|_| ());
    let file = pytorch(&architecture, &weights(&architecture)).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut refused = 0;
    for _ in 0..3000 {
        let mut changed = file.clone();
        // Most of what can go wrong is in the header, at the beginning.
        for _ in 0..1 + rng.random_range(0..3) {
            let place = rng.random_range(0..1200.min(changed.len()));
            changed[place] = rng.random_range(0..=255) as u8;
        }
        changed.truncate(changed.len() - rng.random_range(0..2) * rng.random_range(0..changed.len()));
        refused += usize::from(read(&changed, &architecture, None).is_err());
        let classes = classes(&changed);
        assert!(classes.is_none_or(|classes| classes < changed.len()), "{classes:?}");
    }
    assert!((1000..3000).contains(&refused), "{refused}");
}
