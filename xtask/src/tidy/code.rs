//! Blanks out the parts of Rust text that rules must not see: comments, the content of literals, and tests.

/// `text` with spaces instead of comments and instead of the content of strings and characters. Lines keep
/// their numbers.
pub(super) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (kept, end) = match &bytes[at..] {
            [b'/', b'/', ..] => (0, end_of_line(bytes, at)),
            [b'/', b'*', ..] => (0, end_of_comment(bytes, at)),
            [b'"', ..] => (1, end_of_string(bytes, at)),
            [b'r', b'"' | b'#', ..] if !follows_a_name(bytes, at) => match end_of_raw_string(bytes, at + 1) {
                Some(end) => (1, end),
                // A raw identifier, as in `r#type`.
                None => (1, at + 1),
            },
            [b'\'', ..] => match end_of_character(bytes, at) {
                Some(end) => (1, end),
                // A lifetime.
                None => (1, at + 1),
            },
            _ => (1, at + 1),
        };
        code.extend_from_slice(&bytes[at..at + kept]);
        code.extend(bytes[at + kept..end].iter().map(|&byte| if byte == b'\n' { b'\n' } else { b' ' }));
        at = end;
    }
    String::from_utf8_lossy(&code).into_owned()
}

fn follows_a_name(bytes: &[u8], at: usize) -> bool {
    // `br"..."` and `cr"..."` are raw strings too; their first letter has been read already.
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match bytes[..at] {
        [] => false,
        [b'b' | b'c'] => false,
        [.., before, b'b' | b'c'] if !is_name(before) => false,
        [.., before] => is_name(before),
    }
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |length| at + length)
}

/// The end of a block comment, which may contain others.
fn end_of_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a raw string, or `None` if it is a raw identifier. `at` is the position after the `r`.
fn end_of_raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at..].iter().take_while(|&&byte| byte == b'#').count();
    if bytes.get(at + hashes) != Some(&b'"') {
        return None;
    }
    let end = [&b"\""[..], &b"#".repeat(hashes)].concat();
    let content = at + hashes + 1;
    let length = bytes[content..].windows(end.len()).position(|window| window == end);
    Some(length.map_or(bytes.len(), |length| content + length + end.len()))
}

fn end_of_character(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start + 1)? {
        b'\\' => {
            let end = bytes[start + 3..].iter().position(|&byte| byte == b'\'')?;
            Some(start + 3 + end + 1)
        }
        _ => {
            // A lifetime has no quotation mark after its first character.
            let text = std::str::from_utf8(&bytes[start + 1..]).ok()?;
            let length = text.chars().next()?.len_utf8();
            (bytes.get(start + 1 + length) == Some(&b'\'')).then_some(start + 2 + length)
        }
    }
}

/// `code` without the items, variants and arms that stand behind `#[cfg(test)]`.
pub(super) fn without_tests(code: &str) -> String {
    let mut result = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        result.push_str(&rest[..at]);
        let behind = &rest[at + "#[cfg(test)]".len()..];
        let item = without_attributes(behind);
        rest = &item[end_of_item(item)..];
    }
    result + rest
}

fn without_attributes(code: &str) -> &str {
    let code = code.trim_start();
    match code.strip_prefix("#[").and_then(|attribute| attribute.split_once(']')) {
        Some((_, rest)) => without_attributes(rest),
        None => code,
    }
}

/// The position behind an item: behind its braces, its semicolon, or the comma of a variant or an arm.
fn end_of_item(code: &str) -> usize {
    const ITEMS: [&str; 13] = [
        "async", "const", "enum", "extern", "fn", "impl", "mod", "pub", "static", "struct", "trait", "type",
        "unsafe",
    ];
    let first = code.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let is_import = first == "use";
    let has_commas = is_import || ITEMS.contains(&first);
    let mut depth = 0i32;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth -= 1;
                if depth < 0 {
                    return at;
                }
                if depth == 0 && c == '}' && !is_import {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            ',' if depth == 0 && !has_commas => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank() {
        for (text, expected) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ */ d", "a                 d"),
            (r#"f("a \" b", c)"#, r#"f("       , c)"#),
            ("f(r#\"a\" b\"#)", "f(r        )"),
            ("f(br\"a\\\")", "f(br    )"),
            ("r#type x", "r#type x"),
            ("'a' '\\'' 'ä' <'a> b", "'   '    '    <'a> b"),
            ("\"open", "\"    "),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_only_compiled_for_tests_is_left_out() {
        for (text, expected) in [
            ("a; #[cfg(test)]\n#[path = \"b\"]\nmod tests; c", "a;  c"),
            ("#[cfg(test)] mod tests { use x::{y}; fn f() {} } c", " c"),
            ("#[cfg(test)] use x::{y, z}; c", " c"),
            ("enum A { #[cfg(test)] B, C }", "enum A {  C }"),
            ("match a { #[cfg(test)] B => f(1, 2), C => 3 }", "match a {  C => 3 }"),
            ("match a { C => 3, #[cfg(test)] B => 2 }", "match a { C => 3, }"),
            ("#[cfg(test)] fn f<A, B>() {} fn g() {}", " fn g() {}"),
            ("#[cfg(not(test))] fn f() {}", "#[cfg(not(test))] fn f() {}"),
        ] {
            assert_eq!(without_tests(text), expected, "{text}");
        }
    }
}
