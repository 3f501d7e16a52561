//! The colours, for light and for dark paper, and the style sheets that are made of them.

/// A colour of the style sheets, which differs between light and dark paper.
struct Colour {
    name: &'static str,
    light: &'static str,
    dark: &'static str,
}

const fn colour(name: &'static str, light: &'static str, dark: &'static str) -> Colour {
    Colour { name, light, dark }
}

/// People with any kind of colour vision can tell `series-0` and the others apart. They are the colours of
/// Okabe and Ito (2008), made darker on light paper.
const COLOURS: [Colour; 15] = [
    colour("paper", "#fdfdfb", "#15171a"),
    colour("panel", "#f4f4f0", "#1d2024"),
    colour("ink", "#1b1c1e", "#e7e7e3"),
    colour("muted", "#5b5e64", "#a3a8b0"),
    colour("rule", "#d4d4ce", "#3b4048"),
    colour("grid", "#e7e7e1", "#2a2e34"),
    colour("right", "#1d63a6", "#74b0ec"),
    colour("wrong", "#c1440e", "#f2894f"),
    colour("windows", "#80848b", "#767c86"),
    colour("series-0", "#0067a8", "#5cb3f0"),
    colour("series-1", "#cf5200", "#f0824a"),
    colour("series-2", "#007f5f", "#35c79c"),
    colour("series-3", "#ad4a86", "#e394c2"),
    colour("series-4", "#8a6a00", "#e0b545"),
    colour("series-5", "#3d4147", "#c9ccd1"),
];

/// Opacity of the heat map's strongest colour. A stronger one would make the counts on it hard to read.
pub(crate) const MOST_OPACITY: f64 = 0.55;

/// How many runs have a colour of their own.
pub(crate) const SERIES: usize = 6;

const FIGURE_STYLE: &str = include_str!("../templates/figures/figure.css");
const PAGE_STYLE: &str = include_str!("../templates/page/page.css");

/// The page's style sheet. Colours are variables, whose values follow the reader's preference for light or
/// dark.
pub(crate) fn page_style() -> String {
    let variables = |of: fn(&Colour) -> &'static str| {
        let variables = COLOURS.iter().map(|colour| format!("--{}:{};", colour.name, of(colour)));
        format!(":root{{{}}}", variables.collect::<String>())
    };
    format!(
        "{}\n@media (prefers-color-scheme: dark) {{ {} }}\n{PAGE_STYLE}\n{FIGURE_STYLE}",
        variables(|colour| colour.light),
        variables(|colour| colour.dark),
    )
}

/// The style sheet of a figure in a file of its own. It is for light paper, and has no variables, because not
/// every program that shows SVG knows them.
pub(crate) fn figure_style() -> String {
    COLOURS.iter().fold(FIGURE_STYLE.to_owned(), |style, colour| {
        style.replace(&format!("var(--{})", colour.name), colour.light)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast as WCAG 2.2 defines them.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_and_curves_stand_out_from_the_paper() {
        let of = |name: &str| COLOURS.iter().find(|colour| colour.name == name).unwrap();
        for paper in ["paper", "panel"].map(of) {
            for colour in &COLOURS {
                let least = match colour.name {
                    "ink" | "muted" | "right" | "wrong" => 4.5,
                    name if name == "windows" || name.starts_with("series") => 3.0,
                    _ => continue,
                };
                assert!(
                    contrast(colour.light, paper.light) >= least,
                    "{} on light {}",
                    colour.name,
                    paper.name
                );
                assert!(contrast(colour.dark, paper.dark) >= least, "{} on dark {}", colour.name, paper.name);
            }
        }
    }

    /// A colour laid over paper, as far as it is opaque.
    fn over(colour: &str, paper: &str, opacity: f64) -> String {
        let channel = |text: &str, at: usize| f64::from(u8::from_str_radix(&text[at..at + 2], 16).unwrap());
        let mixed = [1, 3, 5].map(|at| channel(colour, at) * opacity + channel(paper, at) * (1.0 - opacity));
        mixed.iter().fold("#".to_owned(), |text, channel| text + &format!("{:02x}", channel.round() as u8))
    }

    #[test]
    fn counts_can_be_read_on_the_strongest_colour_of_the_heat_map() {
        let of = |name: &str| COLOURS.iter().find(|colour| colour.name == name).unwrap();
        let (ink, paper, wrong) = (of("ink"), of("paper"), of("wrong"));
        for (ink, paper, wrong) in [(ink.light, paper.light, wrong.light), (ink.dark, paper.dark, wrong.dark)]
        {
            let cell = over(wrong, paper, MOST_OPACITY);
            assert!(contrast(ink, &cell) >= 4.5, "{ink} on {cell}: {}", contrast(ink, &cell));
        }
    }

    #[test]
    fn the_style_of_a_file_has_no_variables_and_each_series_has_a_colour() {
        let style = figure_style();
        assert!(!style.contains("var(") && style.contains("#fdfdfb"), "{style}");
        for series in 0..SERIES {
            assert!(style.contains(&format!(".s{series}")), "{style}");
        }
    }

    #[test]
    fn every_variable_of_the_page_is_defined() {
        let style = page_style();
        for used in style.split("var(--").skip(1) {
            let name = used.split(')').next().unwrap();
            assert!(COLOURS.iter().any(|colour| colour.name == name), "{name}");
        }
    }
}
