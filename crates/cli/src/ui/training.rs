//! Shows training on standard error: a bar on a terminal, plain lines elsewhere.

use console::Term;
use learner::train::observer::Observer;

use crate::signals::Signals;
use crate::ui::training_bar::TrainingBar;
use crate::ui::training_lines::TrainingLines;

/// The observer that shows a run's progress.
pub(crate) fn display(signals: &Signals) -> Box<dyn Observer + '_> {
    if Term::stderr().is_term() {
        Box::new(TrainingBar::new(signals))
    } else {
        Box::new(TrainingLines::new(signals))
    }
}
