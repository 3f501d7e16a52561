//! Defines a case: the command lines that both programs get, in one folder.

use super::masked::TIMES;

/// Command lines that are typed one after the other in one empty folder.
pub(super) struct Case {
    /// Also the folder's name.
    pub(super) name: &'static str,
    pub(super) steps: &'static [Step],
    /// Keys of JSON whose values may differ in this case.
    pub(super) varying: &'static [&'static str],
}

/// Something that is done in the folder.
pub(super) enum Step {
    /// Runs the program with these words, which spaces divide. `NAME=VALUE` before the first word sets a
    /// variable of the environment; `SMALL` stands for [`SMALL`], and `TINY` for [`TINY`].
    ///
    /// It must succeed in the program before. Otherwise the case would compare two failures.
    Run(&'static str),
    /// The same as `Run`, but the program before must fail.
    Fails(&'static str),
    /// The same as `Run`; the signal is sent as soon as a checkpoint of this run is there.
    Interrupt { words: &'static str, signal: &'static str, run: &'static str },
    /// Writes a file, with the folders around it.
    Write { path: &'static str, content: &'static str },
    /// Changes the last byte of each file of this name below a folder.
    Damage { below: &'static str, name: &'static str },
}

/// A network that is trained in a second, and wrong often enough that each metric has something to count.
pub(super) const SMALL: &str = "--set data.dataset=sample --set model.units=[{filters=4,kernel_size=3},{filters=8,kernel_size=3}] --set train.epochs=2 --set train.batch_size=32 --set train.learning_rate=0.01";

/// The default network's units with few filters, trained on few images for one epoch.
pub(super) const TINY: &str = "--set data.dataset=sample --set model.units.0.filters=4 --set model.units.1.filters=8 --set train.epochs=1 --set train.batch_size=64 --set data.train_limit=320";

/// A case in which nothing but times may differ.
pub(super) const fn case(name: &'static str, steps: &'static [Step]) -> Case {
    Case { name, steps, varying: &[] }
}

impl Case {
    /// Keys of JSON whose values are not compared.
    pub(super) fn masked_keys(&self) -> Vec<&'static str> {
        TIMES.iter().chain(self.varying).copied().collect()
    }
}
