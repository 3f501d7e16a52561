//! stub
use dataset::Subset;
use learner::run_dir::RunDir;
pub(crate) enum Split {
    Validation,
    Test,
}
pub(crate) fn write(
    _run: &RunDir,
    pictures: impl FnOnce(Split) -> anyhow::Result<Subset>,
) -> anyhow::Result<()> {
    pictures(Split::Test)?;
    let _ = Split::Validation;
    Ok(())
}
pub(crate) fn write_several(
    _runs: &[RunDir],
    _file: &std::path::Path,
    _p: impl Fn(&RunDir, Split) -> anyhow::Result<Subset>,
) -> anyhow::Result<std::path::PathBuf> {
    Ok("".into())
}
