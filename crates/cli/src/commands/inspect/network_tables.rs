//! Writes what convolution preserves and what it saves: equivariance, sparse connections, shared parameters.

use model::equivariance::Equivariance;

use super::field::amount;
use super::inspection::{Network, SHIFT};
use crate::ui::numbers::grouped;

/// Both tables; plain ASCII, so that the PNG's font has every character.
pub(super) fn render(network: &Network) -> String {
    match network.step {
        None => "No convolution units: every layer is dense. There are no feature maps to shift,\n\
                 no sparse connections, and no shared parameters.\n"
            .to_owned(),
        Some(step) => format!("{}\n{}", equivariance(network, step), connections(network)),
    }
}

fn equivariance(network: &Network, step: usize) -> String {
    let mut text =
        "Equivariance: shift the image, and the first unit's feature maps shift with it\n".to_owned();
    if network.shifts.is_empty() {
        return text + "The first unit's feature maps are too small to be shifted.\n";
    }
    let mut rows =
        vec![["image by", "feature maps by", "differ by", "greatest value", "compared"].map(String::from)];
    rows.extend(network.shifts.iter().map(|found| shift_row(found, step)));
    text += &table(&rows);
    if !SHIFT.is_multiple_of(step) {
        text += &format!(
            "A shift by {SHIFT} pixels is not a whole number of positions: they are {step} pixels apart.\n"
        );
    }
    text + "Shifted down and to the right; positions that the border disturbs are left out.\n"
}

fn shift_row(found: &Equivariance, step: usize) -> [String; 5] {
    let maps_by = if found.pixels.is_multiple_of(step) {
        counted(&found.positions.to_string(), "position")
    } else {
        "none fits".into()
    };
    let [height, width] = found.compared;
    [
        counted(&found.pixels.to_string(), "pixel"),
        maps_by,
        amount(found.difference),
        amount(found.greatest),
        format!("{height}x{width}"),
    ]
}

fn counted(count: &str, of: &str) -> String {
    format!("{count} {of}{}", if count == "1" { "" } else { "s" })
}

fn connections(network: &Network) -> String {
    let number = |n: u64| grouped(usize::try_from(n).unwrap_or(usize::MAX));
    let mut saved = vec![
        ["", "", "", "dense layer's", "dense layer's", "parameters'"].map(String::from),
        ["", "parameters", "connections", "parameters", "connections", "factor"].map(String::from),
    ];
    let mut how = vec![["", "an output sees", "of inputs", "a weight is used"].map(String::from)];
    for layer in &network.connections {
        saved.push([
            layer.name.clone(),
            number(layer.parameters),
            number(layer.connections),
            number(layer.dense_parameters),
            number(layer.dense_connections),
            grouped(layer.factor().round() as usize),
        ]);
        how.push([
            layer.name.clone(),
            number(layer.inputs_of_an_output),
            number(layer.inputs),
            counted(&number(layer.uses_of_a_weight), "time"),
        ]);
    }
    format!(
        "Sparse connections and shared parameters, compared with dense layers\n{}\n{}",
        table(&saved),
        table(&how)
    )
}

/// Makes each column as wide as its longest cell. The first column is aligned left, numbers are aligned
/// right.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).enumerate().map(|(i, (cell, width))| {
            if i == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") }
        });
        text += cells.collect::<String>().trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use network::connections::connections;
    use network::{Architecture, ModelConfig};

    use super::*;

    fn network(config: &ModelConfig, shifts: Vec<Equivariance>) -> Network {
        let architecture = Architecture::new(config, [1, 28, 28], 10).unwrap();
        Network {
            connections: connections(&architecture),
            step: model::equivariance::step(&architecture),
            shifts,
        }
    }

    fn found(pixels: usize, positions: usize, difference: f32) -> Equivariance {
        Equivariance { pixels, positions, compared: [12, 12], difference, greatest: 3.125 }
    }

    #[test]
    fn the_lectures_tables_fit_80_columns() {
        let text = render(&network(&ModelConfig::default(), vec![found(2, 1, 0.0), found(1, 0, 1.5)]));
        assert!(text.lines().all(|line| line.chars().count() <= 80) && text.is_ascii(), "{text}");
        for words in ["51,264", "78,688,512", "1,535", "800", "6,272", "196 times", "2 pixels"] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }

    #[test]
    fn a_shift_that_does_not_fit_the_positions_is_explained() {
        let mut config = ModelConfig::default();
        config.units[0].pool_size = 3;
        let text = render(&network(&config, vec![found(3, 1, 0.0)]));
        assert!(
            text.contains("A shift by 2 pixels is not a whole number of positions: they are 3 pixels apart"),
            "{text}"
        );
        assert!(render(&network(&config, Vec::new())).contains("too small"));
    }

    #[test]
    fn a_dense_network_says_so() {
        let config = ModelConfig { units: Vec::new(), ..ModelConfig::default() };
        let text = render(&network(&config, Vec::new()));
        assert!(text.starts_with("No convolution units"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }
}
