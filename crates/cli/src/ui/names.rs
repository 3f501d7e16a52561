//! Fits the names of classes, which may be long, into lines and tables of 80 columns.

/// The text if it has at most `most` characters, or else its beginning with an ellipsis.
pub(crate) fn fitted(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", beginning.trim_end())
}

/// The width of a column for these names: that of the longest, but at least `least` and at most `most`.
pub(crate) fn column<'a>(names: impl Iterator<Item = &'a str>, least: usize, most: usize) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0).max(least).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_long_is_cut() {
        assert_eq!(
            [fitted("Bäume", 5), fitted("Bäume am See", 7), fitted("ab", 1), fitted("", 0)],
            ["Bäume", "Bäume…", "…", ""]
        );
        assert_eq!([column(["a", "Bäume"].into_iter(), 3, 9), column(["a"].into_iter(), 3, 9)], [5, 3]);
        assert_eq!(column(["a long name"].into_iter(), 3, 9), 9);
    }
}
