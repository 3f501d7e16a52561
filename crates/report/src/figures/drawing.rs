//! A figure before it is known where it goes: into the page, or into a file of its own.

use crate::palette::figure_style;
use crate::text::without_control_characters;
use crate::{Figure, ReportError};

/// Width of most drawings: a phone's, so that text keeps its size there.
pub(crate) const WIDTH: f64 = 360.0;
/// Size of text, as in figure.css.
pub(crate) const FONT: f64 = 12.0;

/// What a figure shows, in SVG without the element around it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawing {
    /// Of a file, e.g. `learning-rate`.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What one sees, in words, for those who do not.
    pub(crate) description: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) body: String,
}

#[derive(askama::Template)]
#[template(path = "inline.svg")]
struct Inline<'a> {
    drawing: &'a Drawing,
}

#[derive(askama::Template)]
#[template(path = "standalone.svg")]
struct Standalone<'a> {
    drawing: &'a Drawing,
    style: String,
    margin: f64,
}

impl Drawing {
    /// For the page, whose style sheet colours it.
    pub(crate) fn inline(&self) -> Result<String, ReportError> {
        Ok(askama::Template::render(&Inline { drawing: self })?)
    }

    /// A file of its own, with light paper behind it and a margin around it.
    pub(crate) fn standalone(&self) -> Result<Figure, ReportError> {
        let svg = Standalone { drawing: self, style: figure_style(), margin: 12.0 };
        Ok(Figure {
            name: self.name,
            title: self.title,
            svg: without_control_characters(askama::Template::render(&svg)?),
        })
    }
}
