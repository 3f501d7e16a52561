//! The networks whose bits are compared: the lecture's, and what people change in it.

/// A network by name, with its configuration file or its changes of the default configuration.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// A file in `configs`.
    pub(super) config: &'static str,
    pub(super) sets: &'static [&'static str],
}

const fn default(name: &'static str, sets: &'static [&'static str]) -> Row {
    Row { name, config: "default.toml", sets }
}

pub(super) const ROWS: [Row; 14] = [
    default("lecture", &[]),
    default(
        "batch-normalization",
        &["model.units.0.normalization=batch", "model.units.1.normalization=batch"],
    ),
    default("gelu", &["model.units.0.activation=gelu", "model.units.1.activation=gelu"]),
    default("average-pooling", &["model.units.0.pool=average", "model.units.1.pool=average"]),
    default("tanh", &["model.units.0.activation=tanh", "model.units.1.activation=tanh"]),
    default("sigmoid", &["model.units.0.activation=sigmoid", "model.units.1.activation=sigmoid"]),
    default(
        "dropout",
        &[
            "model.units.0.dropout=0.25",
            "model.units.1.dropout=0.25",
            "model.dense=[256]",
            "model.dropout=0.5",
        ],
    ),
    Row { name: "one-epoch", config: "one-epoch.toml", sets: &[] },
    default(
        "three-3x3",
        &[
            "model.units=[{filters=32,kernel_size=3},{filters=64,kernel_size=3},{filters=128,kernel_size=3}]",
            "model.dense=[128]",
        ],
    ),
    Row { name: "seven-convolutions", config: "deep.toml", sets: &[] },
    default("dense", &["model.units=[]", "model.dense=[512,256]"]),
    default(
        "residual-and-groups",
        &[
            "model.units=[{filters=24,kernel_size=3,pool=\"max\"},{filters=24,kernel_size=3,groups=24,pool=\"none\"},\
             {filters=24,kernel_size=1,pool=\"none\",residual=2,normalization=\"batch\"},\
             {filters=40,kernel_size=3,stride=2,pool=\"global-average\"}]",
        ],
    ),
    default("dense-normalization", &["model.dense=[100]", "model.dense_normalization=batch"]),
    default(
        "adamw-and-smoothing",
        &[
            "train.optimizer=adamw",
            "train.weight_decay=0.01",
            "train.label_smoothing=0.1",
            "train.schedule=cosine",
        ],
    ),
];
