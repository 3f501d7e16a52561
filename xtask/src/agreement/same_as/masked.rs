//! Removes from JSON text the values that differ from run to run.

/// Keys whose values are times, durations or sizes of memory.
pub(super) const TIMES: [&str; 5] = ["seconds", "started", "tested", "time", "peak_memory_bytes"];
/// Replaces a value.
const MASK: char = '_';

/// `text` with an underscore instead of each value of these keys, if the value is a number or a string.
///
/// The rest stays as it is: the order of the keys, and every digit of every number.
pub(super) fn masked(text: &str, keys: &[&str]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let end = start + 1 + end_of_string(&rest[start + 1..]);
        let name = rest[start + 1..end].strip_suffix('"').unwrap_or_default();
        result.push_str(&rest[..end]);
        rest = &rest[end..];
        // A string is a key if a colon follows it.
        let Some(value) = rest.trim_start().strip_prefix(':') else { continue };
        let value = value.trim_start();
        if !keys.contains(&name) {
            continue;
        }
        result.push_str(&rest[..rest.len() - value.len()]);
        rest = match value.strip_prefix('"') {
            Some(string) => {
                result.push(MASK);
                &string[end_of_string(string)..]
            }
            None if value.starts_with(['[', '{', 'n']) => value,
            None => {
                result.push(MASK);
                &value[value.find([',', '}', ']', '\n']).unwrap_or(value.len())..]
            }
        };
    }
    result + rest
}

/// The position after the quotation mark that ends a string; `text` begins after the one that begins it.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_of_the_keys_are_masked() {
        let text = r#"{"event":"step","loss":2.50,"seconds":0.31}"#;
        assert_eq!(masked(text, &["seconds"]), r#"{"event":"step","loss":2.50,"seconds":_}"#);
        let text = "{\n  \"time\": \"10:30\",\n  \"of\": \"time\"\n}\n";
        assert_eq!(masked(text, &["time"]), "{\n  \"time\": _,\n  \"of\": \"time\"\n}\n");
    }

    #[test]
    fn strings_may_hold_quotation_marks() {
        let text = r#"{"a":"x\"time\":1","time":"\\","b":[1]}"#;
        assert_eq!(masked(text, &["time"]), r#"{"a":"x\"time\":1","time":_,"b":[1]}"#);
    }

    #[test]
    fn what_is_missing_or_has_parts_is_compared() {
        for text in [r#"{"time":null}"#, r#"{"time":[1]}"#, r#"{"time":{"time":1}"#, "no JSON", "\"open"] {
            assert_eq!(masked(text, &["other"]), text);
        }
        assert_eq!(masked(r#"{"time":null}"#, &["time"]), r#"{"time":null}"#);
        assert_eq!(masked(r#"{"time":{"time":1}}"#, &["time"]), r#"{"time":{"time":_}}"#);
    }
}
