//! Opens a run's page in headless Chromium, offline, as wide as on a phone and on a desktop, and checks it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::command::say;

/// The largest size of a page, in bytes.
const LARGEST: u64 = 2_000_000;
/// Pixels that a reader without glasses reads at arm's length.
const SMALLEST_TEXT: f64 = 9.0;
/// Widths of a phone's and a desktop's window, in CSS pixels.
const WIDTHS: [u32; 2] = [390, 1280];

/// The script of a second page that holds the run's page in a frame, since the run's page has no script.
const LOOK: &str = r#"
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  let smallest = Infinity, texts = 0;
  const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    if (!walker.currentNode.data.trim() || box.width === 0) continue;
    // Text inside a figure shrinks with the figure.
    const figure = element.closest("svg");
    const scale = figure ? figure.getScreenCTM().a : 1;
    smallest = Math.min(smallest, scale * parseFloat(page.defaultView.getComputedStyle(element).fontSize));
    texts += 1;
  }
  const broken = [...page.images].filter(image => image.naturalWidth === 0).length;
  const width = page.documentElement.scrollWidth;
  document.body.textContent = "@" + JSON.stringify({width, smallest, texts, broken}) + "@";
});
"#;

pub(crate) fn run(root: &Path, page: &Path, browser: &str) -> Result<()> {
    let page = fs::canonicalize(page).with_context(|| page.display().to_string())?;
    let bytes = fs::metadata(&page)?.len();
    say(&format!("{}: {bytes} bytes", page.display()));
    ensure!(bytes < LARGEST, "more than {LARGEST} bytes");
    let folder = root.join("target/page");
    fs::create_dir_all(&folder)?;
    for width in WIDTHS {
        let (seen, console) = look(&page, width, browser, &folder)?;
        let [scroll, smallest, texts, broken] =
            ["width", "smallest", "texts", "broken"].map(|key| seen[key].as_f64().unwrap_or(f64::NAN));
        say(&format!(
            "{width} pixels wide: {scroll} pixels of content, {texts} texts of {smallest:.1} pixels or more, {broken} broken images, {} messages on the console",
            console.len()
        ));
        ensure!(scroll <= f64::from(width), "the page scrolls sideways");
        ensure!(smallest >= SMALLEST_TEXT, "text of {smallest:.1} pixels, expected {SMALLEST_TEXT} or more");
        ensure!(texts > 50.0 && broken == 0.0, "texts or images are missing");
        ensure!(console.is_empty(), "{}", console.join("\n"));
    }
    Ok(())
}

/// What the browser measured, and the messages on its console.
fn look(page: &Path, width: u32, browser: &str, folder: &Path) -> Result<(Value, Vec<String>)> {
    let frame: PathBuf = folder.join(format!("{width}.html"));
    let html = format!(
        "<!doctype html><body style=\"margin:0\"><iframe src=\"file://{}\" style=\"border:0;width:{width}px;height:1000px\"></iframe><script>{LOOK}</script>",
        page.display()
    );
    fs::write(&frame, html)?;
    let profile = format!("--user-data-dir={}", folder.join(format!("profile-{width}")).display());
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        // The page can reach nothing on the network, and the outer page may read the inner one.
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--allow-file-access-from-files"])
        .args(["--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000", &profile])
        .args(["--dump-dom".to_owned(), format!("file://{}", frame.display())])
        .output()
        .with_context(|| {
            format!("{browser} could not be started; on Debian it is in the package chromium, or name another: --browser")
        })?;
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let Some(seen) = dom.split('@').nth(1) else { bail!("the browser saw nothing: {dom}\n{log}") };
    let console = log.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    Ok((serde_json::from_str(seen).with_context(|| seen.to_owned())?, console))
}
