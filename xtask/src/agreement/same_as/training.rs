//! Training: each case reaches other code on the way to the weights.

use super::case::Step::{Interrupt, Run, Write};
use super::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case("train-default", &[Run("train -p run TINY --json"), Run("test -p run --json")]),
    case("train-small", &[Run("train -p run SMALL --json")]),
    case("train-portable", &[Run("MNIST_CNN_SIMD=portable train -p run SMALL")]),
    case("train-one-thread", &[Run("RAYON_NUM_THREADS=1 train -p run SMALL")]),
    case(
        "train-batch-norm",
        &[Run("train -p run SMALL --set model.units.0.normalization=batch"), Run("test -p run")],
    ),
    case(
        "train-dropout",
        &[Run("train -p run SMALL --set model.units.0.dropout=0.2 --set model.dropout=0.3")],
    ),
    case("train-gelu", &[Run("train -p run SMALL --set model.units.0.activation=gelu"), Run("test -p run")]),
    case(
        "train-tanh-sigmoid",
        &[Run(
            "train -p run SMALL --set model.units.0.activation=tanh --set model.units.1.activation=sigmoid",
        )],
    ),
    case(
        "train-average-pool",
        &[Run("train -p run SMALL --set model.units.1.pool=average"), Run("test -p run")],
    ),
    case(
        "train-no-pool",
        &[Run(
            "train -p run SMALL --set model.units.0.pool=none --set model.units.0.stride=2 --set model.units.1.pool=none",
        )],
    ),
    case(
        "train-valid-padding",
        &[Run("train -p run SMALL --set model.units.0.padding=valid --set model.units.1.pool_size=3")],
    ),
    case(
        "train-large-kernel",
        &[Run("train -p run TINY --set model.units.0.kernel_size=7 --set model.units.1.kernel_size=1")],
    ),
    case(
        "train-dense",
        &[
            Run(
                "train -p run SMALL --set model.units=[] --set model.dense=[30,20] --set model.dense_activation=gelu",
            ),
            Run("test -p run"),
        ],
    ),
    case(
        "train-depthwise",
        &[
            Run(
                "train -p run SMALL --set model.units.1.groups=4 --set model.units.1.pool=global-average --set model.units.1.kernel_size=4",
            ),
            Run("test -p run"),
        ],
    ),
    case(
        "train-residual",
        &[
            Run(
                "train -p run SMALL --set model.units.1.filters=4 --set model.units.1.residual=1 --set model.units.1.normalization=batch --set model.units.1.order=[activation,normalization,residual,pool]",
            ),
            Run("test -p run"),
        ],
    ),
    case(
        "train-dense-batch-norm",
        &[
            Run("train -p run SMALL --set model.dense=[30] --set model.dense_normalization=batch"),
            Run("test -p run"),
        ],
    ),
    case(
        "train-sgd",
        &[Run(
            "train -p run SMALL --set train.optimizer=sgd --set train.momentum=0.8 --set train.weight_decay=0.001",
        )],
    ),
    case(
        "train-adamw",
        &[Run(
            "train -p run SMALL --set train.optimizer=adamw --set train.weight_decay=0.05 --set train.schedule=cosine --set train.warmup_fraction=0.1",
        )],
    ),
    case(
        "train-label-smoothing",
        &[Run("train -p run SMALL --set train.label_smoothing=0.1 --set train.schedule=constant")],
    ),
    case(
        "train-patience",
        &[Run(
            "train -p run SMALL --set train.patience=1 --set train.epochs=12 --set train.learning_rate=0.05",
        )],
    ),
    case(
        "train-checkpoints",
        &[Run("train -p run SMALL --set train.checkpoint_every_steps=9 --set train.log_every_steps=5")],
    ),
    case(
        "train-seed-and-split",
        &[Run(
            "train -p run SMALL --set train.seed=7 --set data.split_seed=3 --set data.validation_fraction=0.2",
        )],
    ),
    case(
        "train-numbered",
        &[
            Write {
                path: "my.toml",
                content: "[data]\ndataset = \"sample\"\ntrain_limit = 64\n[train]\nepochs = 1\nbatch_size = 32\n[[model.units]]\nfilters = 2\n",
            },
            Run("train --config my.toml"),
            Run("train --config my.toml --set train.seed=2"),
            Run("test"),
            Run("report"),
        ],
    ),
    case(
        "train-print-config",
        &[Run("train --print-config"), Run("train --print-config SMALL --set train.seed=9")],
    ),
    case(
        "train-tensorboard",
        &[
            Run("train -p run SMALL --tensorboard --set train.schedule=constant"),
            Run("train --resume -p run --set train.epochs=3"),
        ],
    ),
    Case {
        name: "interrupted-and-resumed",
        steps: &[
            Interrupt {
                words: "train -p run SMALL --set train.epochs=30 --set train.checkpoint_every_steps=9",
                signal: "INT",
                run: "run",
            },
            Interrupt { words: "train --resume -p run", signal: "TERM", run: "run" },
            Run("train --resume -p run"),
        ],
        // Where the signals met it.
        varying: &["step"],
    },
];
