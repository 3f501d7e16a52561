//! Cases of everything that reads runs and data: several seeds, evaluation, drawing, pages.

use super::case::Step::{Fails, Run, Write};
use super::case::{Case, case};

pub(super) const CASES: &[Case] = &[
    case(
        "seeds",
        &[
            Run("train --seeds 2 -p five SMALL --json"),
            Run("train --resume -p five --json"),
            Run("test -p five --json"),
            Run("test -p five --corruptions"),
            Run("report -p five"),
            Run("test -p five/seed-2 --json"),
        ],
    ),
    case(
        "test",
        &[
            Run("train -p run TINY"),
            Run("test -p run"),
            Run("test -p run --json --worst 3"),
            Run("test -p run --logits logits.csv"),
            Run("MNIST_CNN_SIMD=portable test -p run --logits portable.csv"),
            Run("test -p run --worst 0"),
        ],
    ),
    case(
        "test-corruptions",
        &[Run("train -p run TINY"), Run("test -p run --corruptions --json"), Run("test -p run")],
    ),
    case(
        "test-compare",
        &[
            Run("train -p a TINY"),
            Run("train -p b TINY --set train.seed=2"),
            Run("test --compare a b --json"),
            Run("test --compare b a"),
            Run("test --compare a a --json"),
        ],
    ),
    case("summary", &[Run("summary"), Run("summary SMALL --set model.dense=[12]")]),
    case(
        "show",
        &[
            Run("show --dataset sample"),
            Run("show --dataset sample --output first.png --count 20"),
            Run("show --dataset sample --split test --label 3 --output threes.png"),
            Run("show --dataset sample --index 1,5,9 --output some.png"),
            Run("show --dataset sample --corruption fog --count 10 --output fog.png"),
            Run("show --dataset sample --mean --output mean.png"),
            Run("show --dataset sample --start 100 --count 3"),
        ],
    ),
    case(
        "show-wrong",
        &[
            Run("train -p run TINY"),
            Run("test -p run"),
            Run("show --wrong -p run"),
            Run("show --wrong -p run --output wrong.png"),
        ],
    ),
    case(
        "inspect",
        &[
            Run("train -p run SMALL"),
            Run("inspect -p run"),
            Run("inspect -p run --split test --index 7 --output inspected.png"),
            Fails("inspect -p run --index 5000"),
        ],
    ),
    case(
        "report",
        &[
            Run("train -p a TINY"),
            Run("train -p b TINY --set train.seed=2"),
            Run("test -p a"),
            Run("report -p a"),
            Run("report -p a b --output both.html --figures figures"),
        ],
    ),
    case(
        "data",
        &[
            Run("data verify --dataset sample"),
            Run("data download --dataset sample"),
            Fails("data verify --data-dir none"),
            Write { path: "d/mnist/train-images-idx3-ubyte", content: "not an image" },
            Fails("data verify --data-dir d"),
            Fails("show --data-dir d"),
            Fails("train --data-dir d -p run"),
            Write { path: "empty/readme", content: "" },
            Fails("data download --from empty --data-dir e"),
            Fails("data verify --dataset fashion-mnist --data-dir d"),
        ],
    ),
    case(
        "completions",
        &[
            Run("completions bash"),
            Run("completions elvish"),
            Run("completions fish"),
            Run("completions powershell"),
            Run("completions zsh"),
        ],
    ),
];
