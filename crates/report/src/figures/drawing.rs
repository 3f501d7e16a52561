//! A drawing, which goes into the page or becomes a figure in a file of its own.

use crate::error::ReportError;
use crate::figures::raster;
use crate::palette::figure_style;
use crate::text::without_control_characters;

/// Width of the drawings. It is that of a phone, so that a phone need not shrink the text.
pub(crate) const WIDTH: f64 = 360.0;
/// Size of text; figure.css says the same.
pub(crate) const FONT: f64 = 12.0;

/// The content of a figure, in SVG without the `svg` element around it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawing {
    /// Name of the figure's file without its ending, e.g. `learning-rate`.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The drawing in words, for people who do not see it.
    pub(crate) description: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) body: String,
}

/// A figure for a file of its own: on light paper, with its fonts' generic names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Name for the figure's file without its ending, e.g. `learning-rate`.
    pub name: &'static str,
    pub title: &'static str,
    /// A whole SVG document.
    pub svg: String,
}

impl Figure {
    /// The figure as PNG, with `scale` pixels to each of the SVG's; 2 is right for a screen, 3 for print.
    ///
    /// # Errors
    /// If a side would have less than 1 or more than 16384 pixels.
    pub fn png(&self, scale: f32) -> Result<Vec<u8>, ReportError> {
        raster::png(&self.svg, scale)
    }
}

#[derive(askama::Template)]
#[template(path = "figures/inline.svg")]
struct InlineSvg<'a> {
    drawing: &'a Drawing,
}

#[derive(askama::Template)]
#[template(path = "figures/standalone.svg")]
struct StandaloneSvg<'a> {
    drawing: &'a Drawing,
    style: String,
    margin: f64,
}

impl Drawing {
    /// The drawing as an element of the page, whose style sheet colours it.
    pub(crate) fn inline(&self) -> Result<String, ReportError> {
        Ok(askama::Template::render(&InlineSvg { drawing: self })?)
    }

    /// The drawing as a figure, with light paper behind it and a margin around it.
    pub(crate) fn standalone(&self) -> Result<Figure, ReportError> {
        let svg = StandaloneSvg { drawing: self, style: figure_style(), margin: 12.0 };
        Ok(Figure {
            name: self.name,
            title: self.title,
            svg: without_control_characters(askama::Template::render(&svg)?),
        })
    }
}
