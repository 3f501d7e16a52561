//! Texts in drawings: how much room they take, and which characters they may not have.
//!
//! The room is an estimate, because each reader's system draws the text in a font of its own.

/// Width of a text in pixels, at a font size in pixels.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

/// Width of a character as a share of the font size, in the widest of the usual sans-serif fonts (DejaVu
/// Sans).
fn em(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | ' ' | '\u{a0}' => 0.32,
        'f' | 'r' | 't' | '(' | ')' | '-' | '/' => 0.41,
        'm' | 'w' | 'M' | 'W' | '%' => 0.95,
        'A'..='Z' => 0.72,
        '\u{0}'..='\u{2fff}' => 0.63,
        _ => 1.0,
    }
}

/// The text, if it fits into `room` pixels; else as much of its beginning as fits, and an ellipsis.
pub(crate) fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut left = room - size;
    let mut short: String = text
        .chars()
        .take_while(|character| {
            left -= em(*character) * size;
            left >= 0.0
        })
        .collect();
    short.push('…');
    short
}

/// Replaces by U+FFFD the characters that XML and HTML do not allow, not even escaped.
pub(crate) fn without_control_characters(text: String) -> String {
    let is_refused = |character: char| {
        (character.is_control() && !matches!(character, '\n' | '\t'))
            || matches!(character, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(is_refused) { text.replace(is_refused, "\u{fffd}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_and_what_does_not_is_cut() {
        assert_eq!(fit("T-shirt/top", 10.0, 100.0), "T-shirt/top");
        let cut = fit("T-shirt/top", 10.0, 40.0);
        assert!(cut.starts_with("T-s") && cut.ends_with('…'), "{cut}");
        assert!(width(&cut, 10.0) <= 41.0, "{cut}");
        assert_eq!(fit("long", 10.0, 0.0), "…");
        assert_eq!(fit("", 10.0, 0.0), "");
        assert_eq!(fit("お", 10.0, 9.0), "…");
    }

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(
            without_control_characters("a\u{1}\n\tb\u{7f}\r".into()),
            "a\u{fffd}\n\tb\u{fffd}\u{fffd}"
        );
    }
}
