//! Finds out what standard output can show: its width and whether it has colours.

use console::Term;

use crate::ui::tiles::GAP;

/// The size and the abilities of a terminal, or of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) columns: usize,
    /// Whether colours and greys can be shown.
    pub(crate) colors: bool,
}

impl Screen {
    /// The terminal behind standard output. A file counts as 80 columns without colours.
    pub(crate) fn of_stdout() -> Self {
        let term = Term::stdout();
        let columns = if term.is_term() { usize::from(term.size().1) } else { 80 };
        Self { columns, colors: term.is_term() && console::colors_enabled() }
    }

    /// Number of tiles of this width that fit side by side; at least one.
    pub(crate) fn tiles_in_a_row(self, width: usize) -> usize {
        ((self.columns + GAP) / (width + GAP)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_tiles_as_fit_and_at_least_one() {
        let in_a_row = |columns| Screen { columns, colors: false }.tiles_in_a_row(28);
        assert_eq!([in_a_row(80), in_a_row(120), in_a_row(9)], [2, 4, 1]);
    }
}
