//! The commands below `data`: bring and import data sets, check, list and remove them.

use crate::args::DataCommand;
use crate::paths::data_dir;

mod download;
mod import;
mod list;
mod remove;
mod verify;

pub(crate) fn run(command: &DataCommand) -> anyhow::Result<()> {
    match command {
        DataCommand::Download { dataset, from, force, data_dir: dir } => {
            download::run(*dataset, from.as_deref(), *force, &data_dir(dir))
        }
        DataCommand::Import(args) => import::run(args, &data_dir(&args.data_dir)),
        DataCommand::List { json, data_dir: dir } => list::run(*json, &data_dir(dir)),
        DataCommand::Remove { name, data_dir: dir } => remove::run(*name, &data_dir(dir)),
        DataCommand::Verify { dataset, data_dir: dir } => verify::run(*dataset, &data_dir(dir)),
    }
}
