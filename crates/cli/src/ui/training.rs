//! Shows training on standard error: a bar on a terminal, plain lines elsewhere.

use console::Term;
use learner::train::observer::Observer;

use crate::ui::training_bar::TrainingBar;
use crate::ui::training_lines::TrainingLines;

/// The observer that shows a run's progress.
pub(crate) fn display() -> Box<dyn Observer> {
    if Term::stderr().is_term() {
        Box::new(TrainingBar::default())
    } else {
        Box::new(TrainingLines::default())
    }
}
