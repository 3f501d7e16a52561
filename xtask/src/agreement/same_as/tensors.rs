//! Says whether two files of named tensors differ in names, shapes, or numbers.

use serde_json::Value;

/// Says how two `.safetensors` files with different bytes differ.
pub(super) fn difference(before: &[u8], now: &[u8]) -> String {
    let (Some(before), Some(now)) = (header(before), header(now)) else {
        return "one of them is no safetensors file".to_owned();
    };
    let names = |header: &Value| -> Vec<String> {
        header.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let (old, new) = (names(&before), names(&now));
    if old != new {
        let lost: Vec<_> = old.iter().filter(|name| !new.contains(name)).collect();
        let added: Vec<_> = new.iter().filter(|name| !old.contains(name)).collect();
        return format!("tensor names: {lost:?} are gone, {added:?} are new");
    }
    let changed: Vec<_> = old.iter().filter(|name| before[name] != now[name]).collect();
    if changed.is_empty() {
        "same names and shapes, other numbers".to_owned()
    } else {
        format!("other shapes, types or places of {changed:?}")
    }
}

/// The JSON before the numbers.
fn header(bytes: &[u8]) -> Option<Value> {
    let length = usize::try_from(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?)).ok()?;
    serde_json::from_slice(bytes.get(8..length.checked_add(8)?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, numbers: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), numbers].concat()
    }

    #[test]
    fn names_shapes_and_numbers_are_told_apart() {
        let a = file(r#"{"a":{"shape":[1]},"b":{}}"#, &[1]);
        let says = |other: &[u8], words: &str| {
            let said = difference(&a, other);
            assert!(said.contains(words), "{said}");
        };
        says(&file(r#"{"a":{"shape":[1]},"b":{}}"#, &[2]), "other numbers");
        says(&file(r#"{"a":{"shape":[2]},"b":{}}"#, &[1]), "places of [\"a\"]");
        says(&file(r#"{"a":{"shape":[1]},"c":{}}"#, &[1]), "[\"b\"] are gone, [\"c\"] are new");
        says(&[1, 2], "no safetensors");
    }
}
