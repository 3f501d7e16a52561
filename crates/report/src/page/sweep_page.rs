//! The page of a sweep: a figure for each key, and the table of the trials.

use crate::error::ReportError;
use crate::figures::drawing::Drawing;
use crate::figures::scatter;
use crate::number::filters;
use crate::palette::page_style;
use crate::sweep::{SweepTrial, SweepView};
use crate::text;

#[derive(askama::Template)]
#[template(path = "page/sweep.html")]
struct SweepPage<'a> {
    title: &'a str,
    sweep: &'a SweepView,
    style: String,
    written: &'a str,
    drawings: Vec<Drawing>,
    finished: Vec<&'a SweepTrial>,
    failed: Vec<&'a SweepTrial>,
}

/// The page that shows a sweep. `written` is the time, RFC 3339.
///
/// # Errors
/// If a template cannot be filled in; no input is known that does this.
pub fn sweep_page(sweep: &SweepView, written: &str) -> Result<String, ReportError> {
    let drawings = (0..sweep.keys.len()).map(|key| scatter::draw(sweep, key));
    let page = SweepPage {
        title: &sweep.name,
        sweep,
        style: page_style(),
        written,
        drawings: drawings.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(),
        finished: sweep.trials.iter().filter(|trial| trial.accuracy.is_some()).collect(),
        failed: sweep.trials.iter().filter(|trial| trial.failure.is_some()).collect(),
    };
    Ok(text::without_control_characters(askama::Template::render(&page)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{KeyScale, SweepKey};

    #[test]
    fn names_and_reasons_are_text_and_not_markup() {
        let failed = SweepTrial { number: 1, failure: Some("a < b".into()), ..Default::default() };
        let finished = SweepTrial {
            number: 2,
            texts: vec!["<i>".into()],
            positions: vec![None],
            accuracy: Some(0.5),
            loss: Some(1.0),
            epoch: Some(3),
            ..Default::default()
        };
        let keys = vec![SweepKey { name: "<b>".into(), scale: KeyScale::Choices }];
        let sweep = SweepView { name: "<script>".into(), keys, trials: vec![finished, failed] };
        let page = sweep_page(&sweep, "now").unwrap();
        assert!(!page.contains("<script>") && !page.contains("<b>") && !page.contains("<i>"), "{page}");
        assert!(page.contains("1 of 2 trials are finished") && page.contains("a &#60; b"), "{page}");
        assert!(sweep_page(&SweepView::default(), "now").unwrap().contains("0 of 0 trials"));
    }
}
