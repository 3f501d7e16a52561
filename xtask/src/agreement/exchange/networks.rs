//! Networks that together have every word of a configuration, and some that are drawn by a seed.

/// A network by its configuration.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) name: String,
    /// The units as TOML; `None` for the default ones, which are the lecture's.
    units: Option<Vec<String>>,
    /// Assignments to other keys.
    more: Vec<String>,
}

impl Network {
    fn new(name: &str, units: &[&str], more: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self { name: name.to_owned(), units: Some(owned(units)), more: owned(more) }
    }

    /// The assignments that make this network.
    pub(crate) fn sets(&self) -> impl Iterator<Item = String> {
        let units = self.units.iter().map(|units| format!("model.units=[{}]", units.join(", ")));
        units.chain(self.more.iter().cloned())
    }
}

/// Every network of the comparison.
pub(crate) fn all() -> Vec<Network> {
    let mut networks = listed();
    let mut rng = fastrand::Rng::with_seed(1);
    networks.extend((0..DRAWN).map(|i| drawn(&format!("drawn-{i:02}"), &mut rng)));
    networks
}

/// How many networks are drawn.
const DRAWN: usize = 8;

fn listed() -> Vec<Network> {
    let new = Network::new;
    let normal = ["model.dense=[12, 9]", "model.dense_normalization=batch"];
    vec![
        // The lecture's network, whose loading is written out in docs/export.md.
        Network { name: "default".to_owned(), units: None, more: Vec::new() },
        new("linear", &[], &[]),
        new("dense-relu", &[], &["model.dense=[17]", "model.dropout=0.2"]),
        new("dense-gelu", &[], &[normal[0], normal[1], "model.dense_activation=gelu"]),
        new("dense-tanh", &[], &[normal[0], normal[1], "model.dense_activation=tanh"]),
        new("dense-sigmoid", &[], &["model.dense=[10, 10]", "model.dense_activation=sigmoid"]),
        new("dense-none", &[], &["model.dense=[8]", "model.dense_activation=none"]),
        new(
            "uneven-windows",
            &[
                "{filters=6, kernel_size=4, stride=2, activation=\"gelu\", pool=\"max\", pool_size=3}",
                "{filters=8, kernel_size=2, activation=\"tanh\", pool=\"average\", pool_size=3}",
            ],
            &[],
        ),
        new(
            "valid",
            &[
                "{filters=6, kernel_size=5, stride=3, padding=\"valid\", activation=\"sigmoid\", pool=\"none\"}",
                "{filters=7, kernel_size=3, padding=\"same\", activation=\"none\", pool=\"average\", pool_size=2}",
            ],
            &["model.dense=[11]"],
        ),
        new(
            "groups",
            &[
                "{filters=8, kernel_size=3, normalization=\"batch\", dropout=0.1}",
                "{filters=8, kernel_size=3, groups=8, pool=\"none\"}",
                "{filters=12, kernel_size=1, groups=4, stride=2, pool=\"global-average\"}",
            ],
            &[],
        ),
        new(
            "shortcuts",
            &[
                "{filters=6, kernel_size=3, pool_size=4}",
                "{filters=6, kernel_size=3, normalization=\"batch\", residual=1, pool=\"none\"}",
                "{filters=6, kernel_size=2, normalization=\"batch\", residual=2, activation=\"gelu\", pool=\"none\"}",
            ],
            &[],
        ),
    ]
}

fn drawn(name: &str, rng: &mut fastrand::Rng) -> Network {
    let mut one_of = |words: &[&str]| words[rng.usize(..words.len())].to_owned();
    let filters = one_of(&["4", "6", "8"]);
    let units = (0..3)
        .map(|i| {
            let mut stages = vec!["normalization", "residual", "activation", "pool"];
            let mut order = Vec::new();
            while !stages.is_empty() {
                let stage = one_of(&stages);
                stages.retain(|other| *other != stage);
                order.push(format!("\"{stage}\""));
            }
            // A shortcut can only be added to maps of its own size. Without pooling the second unit has them.
            let pool = match i {
                1 => "none".to_owned(),
                _ => one_of(&["max", "average", "none"]),
            };
            format!(
                "{{filters={filters}, kernel_size={}, stride={}, activation=\"{}\", normalization=\"{}\", \
                 residual={}, groups={}, pool=\"{pool}\", pool_size={}, order=[{}]}}",
                one_of(&["1", "2", "3", "4", "5"]),
                if i == 0 { one_of(&["1", "2", "3"]) } else { "1".to_owned() },
                one_of(&["relu", "gelu", "tanh", "sigmoid", "none"]),
                one_of(&["none", "batch"]),
                if i == 1 { one_of(&["0", "1"]) } else { "0".to_owned() },
                if i == 0 { "1".to_owned() } else { one_of(&["1", "2"]) },
                one_of(&["2", "3"]),
                order.join(", "),
            )
        })
        .collect();
    let more = vec![
        format!("model.dense=[{}]", one_of(&["", "9", "9, 7"])),
        format!("model.dense_normalization={}", one_of(&["none", "batch"])),
        format!("model.dense_activation={}", one_of(&["relu", "gelu", "tanh", "sigmoid", "none"])),
    ];
    Network { name: name.to_owned(), units: Some(units), more }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each word that a network may have. A new one belongs here and into the list.
    const WORDS: [&str; 27] = [
        "activation=\"gelu\"",
        "activation=\"tanh\"",
        "activation=\"sigmoid\"",
        "activation=\"none\"",
        "padding=\"same\"",
        "padding=\"valid\"",
        "pool=\"max\"",
        "pool=\"average\"",
        "pool=\"global-average\"",
        "pool=\"none\"",
        "normalization=\"batch\"",
        "residual=1",
        "residual=2",
        "groups=8",
        "groups=4",
        "stride=2",
        "stride=3",
        "kernel_size=1",
        "kernel_size=4",
        "pool_size=3",
        "dropout=0.1",
        "model.dropout",
        "dense_normalization=batch",
        "dense_activation=gelu",
        "dense_activation=tanh",
        "dense_activation=sigmoid",
        "dense_activation=none",
    ];

    #[test]
    fn the_list_has_every_word_and_each_network_its_own_name() {
        let text: Vec<String> = listed().iter().flat_map(Network::sets).collect();
        for word in WORDS {
            assert!(text.iter().any(|set| set.contains(word)), "{word}");
        }
        let mut names: Vec<String> = all().into_iter().map(|network| network.name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!((names.len(), count), (count, listed().len() + DRAWN));
    }
}
