//! Turns an SVG into a PNG. The program brings its own font, so that a figure looks the same on every system.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use crate::error::ReportError;

/// Pixels along a side. This is enough for a poster, and a mistyped scale does not fill the memory.
const LARGEST_SIDE: f32 = 16_384.0;

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    let family = fonts.faces().find_map(|face| Some(face.families.first()?.0.clone()));
    if let Some(family) = family {
        fonts.set_sans_serif_family(family);
    }
    Arc::new(fonts)
});

/// The figure as PNG, with `scale` pixels to a unit of its drawing.
///
/// # Errors
/// If the SVG is not valid, or a side would have less than 1 or more than [`LARGEST_SIDE`] pixels.
pub(crate) fn png(svg: &str, scale: f32) -> Result<Vec<u8>, ReportError> {
    let options = Options { fontdb: Arc::clone(&FONTS), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| ReportError::Raster(error.to_string()))?;
    let size = tree.size();
    let (width, height) = ((size.width() * scale).ceil(), (size.height() * scale).ceil());
    let is_possible = (1.0..=LARGEST_SIDE).contains(&width) && (1.0..=LARGEST_SIDE).contains(&height);
    let pixmap = if is_possible { Pixmap::new(width as u32, height as u32) } else { None };
    let mut pixmap = pixmap.ok_or(ReportError::Scale { scale, width, height })?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| ReportError::Raster(error.to_string()))
}
