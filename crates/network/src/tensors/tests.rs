//! The tensors' file is canonical, and a damaged file is refused.

use super::*;

fn tensors(first: f32) -> NamedTensors {
    let mut tensors = NamedTensors::default();
    tensors.insert("units.0.conv.bias".into(), vec![3], vec![first, -0.5, f32::MIN_POSITIVE]);
    tensors.insert("head.weight".into(), vec![2, 40], (0..80u8).map(f32::from).collect());
    tensors
}

#[test]
fn a_file_gives_back_the_same_tensors_and_the_same_bytes() {
    let bytes = tensors(1.0).to_bytes().unwrap();
    let read = NamedTensors::from_bytes(&bytes).unwrap();
    assert_eq!(read, tensors(1.0));
    assert_eq!(read.to_bytes().unwrap(), bytes);
}

/// Every byte, because SHA-256s of earlier runs are compared with those of later ones.
#[test]
fn the_file_is_laid_out_as_it_always_was() {
    let header = concat!(
        r#"{"__metadata__":{"format":"mnist-cnn weights 1"},"#,
        r#""head.weight":{"dtype":"F32","shape":[2,40],"data_offsets":[0,320]},"#,
        r#""units.0.conv.bias":{"dtype":"F32","shape":[3],"data_offsets":[320,332]}}"#,
    );
    let padded = format!("{header:<width$}", width = header.len().next_multiple_of(8));
    let mut expected = (padded.len() as u64).to_le_bytes().to_vec();
    expected.extend(padded.as_bytes());
    let values = (0..80u8).map(f32::from).chain([1.0, -0.5, f32::MIN_POSITIVE]);
    expected.extend(values.flat_map(f32::to_le_bytes));
    assert_eq!(tensors(1.0).to_bytes().unwrap(), expected);
}

#[cfg(feature = "sha256")]
#[test]
fn the_sha256_is_that_of_the_file() {
    // By sha256sum, of the bytes in the test above.
    let known = "e5ab16673e02a168040287f9919e6c05530d41db8d13e15a32ad4aca60425f4b";
    assert_eq!(tensors(1.0).sha256().unwrap(), known);
    assert_ne!(tensors(2.0).sha256().unwrap(), known);
}

#[test]
fn the_length_of_a_file_is_known_without_its_tensors() {
    let mut all = tensors(1.0);
    for length in 0..20 {
        // Names and shapes of several lengths, so that the header ends at every distance from a multiple of 8.
        let name = "n".repeat(length);
        assert_eq!(all.to_bytes().unwrap().len() as u64, length_of(&all));
        all.insert(name, vec![length, 3, 1], vec![0.5; 3 * length]);
    }
    assert_eq!(length_of(&NamedTensors::default()), NamedTensors::default().to_bytes().unwrap().len() as u64);
    assert_eq!(NamedTensors::file_length([("a", &[usize::MAX, usize::MAX][..])]), u64::MAX);
}

fn length_of(tensors: &NamedTensors) -> u64 {
    NamedTensors::file_length(tensors.iter().map(|(name, shape, _values)| (name, shape)))
}

#[test]
fn damaged_files_are_refused() {
    let bytes = tensors(1.0).to_bytes().unwrap();
    for length in [0, 7, 8, 100, bytes.len() - 1] {
        assert!(
            matches!(NamedTensors::from_bytes(&bytes[..length]), Err(TensorsError::Format { .. })),
            "{length}"
        );
    }
    let mut long = bytes;
    long.push(0);
    assert!(matches!(NamedTensors::from_bytes(&long), Err(TensorsError::Format { .. })));
}

#[test]
fn numbers_of_another_type_are_named() {
    let text = String::from_utf8_lossy(&tensors(1.0).to_bytes().unwrap()).into_owned();
    assert_eq!(text.matches(r#""F32""#).count(), 2);
    let mut bytes = tensors(1.0).to_bytes().unwrap();
    let at = bytes.windows(5).position(|part| part == br#""F32""#).unwrap();
    bytes[at + 1] = b'I';
    let error = NamedTensors::from_bytes(&bytes).unwrap_err().to_string();
    assert_eq!(error, "tensor head.weight holds I32, expected F32");
}

#[test]
fn the_first_number_that_is_not_finite_is_found() {
    assert_eq!(tensors(1.0).first_not_finite(), None);
    assert_eq!(tensors(f32::INFINITY).first_not_finite(), Some(("units.0.conv.bias", 0, f32::INFINITY)));
}

#[test]
fn many_weights_become_multiples_of_a_power_of_two_and_everything_else_stays() {
    // The root mean square of these is between 0.5 and 1, so the step is 1/256.
    let weights: Vec<f32> = (0..1000).map(|i| ((i * 377 % 1000) as f32 - 499.5) * 0.002).collect();
    let mut tensors = NamedTensors::default();
    tensors.insert("weight".into(), vec![10, 100], weights.clone());
    tensors.insert("few".into(), vec![3], vec![0.1, 0.2, 0.3]);
    tensors.insert("zeros".into(), vec![1000], vec![0.0; 1000]);
    tensors.insert("large".into(), vec![1000], vec![f32::MAX; 1000]);
    let rounded = tensors.rounded();
    for name in ["few", "zeros", "large"] {
        assert_eq!(rounded.get(name), tensors.get(name));
    }
    for (before, after) in weights.iter().zip(rounded.get("weight").unwrap().1) {
        assert_eq!((after * 256.0).fract(), 0.0, "{after}");
        assert!((before - after).abs() <= 0.5 / 256.0, "{before} {after}");
        assert!(*after != 0.0 || after.is_sign_positive());
    }
    assert_eq!(rounded.rounded(), rounded);
}
