//! The flags of the command that reads images of one's own.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use prepare::Preparation;

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Reads PNG, JPEG, GIF, BMP, WebP, TIFF and PNM; the format is told by content. In folders, hidden files and what is no image are passed over. The exit code is 0 if all images could be opened, else 3."
)]
pub(crate) struct PredictArgs {
    /// Images, folders of images, or - for an image on standard input.
    #[arg(required = true, value_name = "IMAGE")]
    pub(crate) images: Vec<PathBuf>,
    /// Directory of the run whose model reads, `latest`, or a model file [default: the model that comes with the program].
    #[arg(short = 'p', long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// Take each image as one digit, whatever its parts are.
    #[arg(long)]
    pub(crate) single: bool,
    /// Give the N likeliest classes of each digit.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) top: u16,
    /// Draw in the terminal what the network saw of each digit.
    #[arg(long, conflicts_with = "json")]
    pub(crate) show: bool,
    /// Draw the images with a box and the answer at each digit into a PNG file.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print a line of JSON for each image.
    #[arg(long)]
    pub(crate) json: bool,
    /// How images are made fit for the network: ink finds handwriting, resize takes the image as a whole
    /// [default: as the model was trained].
    #[arg(long, value_name = "WAY", value_parser = preparation())]
    pub(crate) prepare: Option<Preparation>,
    /// Make dark light and light dark first. Handwriting is found on any paper without it.
    #[arg(long)]
    pub(crate) invert: bool,
}

/// Parses the word for a preparation. The help text and errors list both.
fn preparation() -> impl TypedValueParser<Value = Preparation> {
    PossibleValuesParser::new(["ink", "resize"]).try_map(|word| word.parse::<Preparation>())
}
