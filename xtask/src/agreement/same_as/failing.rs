//! Cases that fail or meet damaged files: exit codes, and what is left of a run.

use super::case::Step::{Damage, Fails, Run, Write};
use super::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "fails-usage",
        &[
            Fails(""),
            Fails("trian"),
            Fails("train --backend abacus"),
            Fails("train --seeds 0"),
            Fails("train --seeds 2 --resume"),
            Fails("test --worst 1001"),
            Fails("show --label 11 --dataset sample"),
            Fails("show --index 99999 --dataset sample"),
            Fails("show --count 0"),
            Fails("show --corruption rain"),
            Fails("test --compare a"),
            Fails("completions tcsh"),
            Run("--version"),
        ],
    ),
    case(
        "fails-configuration",
        &[
            Write { path: "my.toml", content: "[train]\nseed = 2\nlearning_rat = 0.1\n" },
            Fails("train --config my.toml"),
            Fails("train --config none.toml"),
            Fails("train --set train.epoch=1"),
            Fails("train --set train.epochs=0"),
            Fails("train --set train.epochs=many"),
            Fails("summary --set model.units.0.pool_size=99"),
            Fails("train --set data.dataset=cifar"),
            Fails("summary --set model.units.9.filters=1"),
        ],
    ),
    case(
        "fails-no-run",
        &[
            Fails("test"),
            Fails("test -p none"),
            Fails("train --resume"),
            Fails("train --resume -p none"),
            Fails("report"),
            Fails("report -p none"),
            Fails("inspect"),
            Fails("show --wrong"),
            Fails("test --compare a b"),
        ],
    ),
    case(
        "fails-there-already",
        &[
            Run("train -p run TINY"),
            Fails("train -p run TINY"),
            Fails("train --seeds 2 -p run TINY"),
            Fails("train --resume -p run --set train.seed=2"),
            Fails("show --wrong -p run"),
            Fails("test -p run --logits no/where.csv"),
            Write { path: "mine/thesis.txt", content: "years of work" },
            Fails("train -p mine TINY"),
        ],
    ),
    case(
        "fails-diverging",
        &[Fails("train -p run SMALL --set train.optimizer=sgd --set train.learning_rate=1e30")],
    ),
    case(
        "damaged-weights",
        &[
            Run("train -p run TINY"),
            Damage { below: "run", name: "weights.safetensors" },
            Fails("test -p run"),
            Fails("train --resume -p run"),
            Fails("report -p run"),
        ],
    ),
    case(
        "damaged-manifest",
        &[
            Run("train -p run SMALL"),
            Damage { below: "run/checkpoints/step-00000056", name: "MANIFEST" },
            Run("test -p run"),
            Run("train --resume -p run"),
        ],
    ),
];
