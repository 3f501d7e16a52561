//! The page's files, as `build.rs` made them from `page`.

/// The page. It computes in the browser; see [`asking_a_server`].
pub const INDEX: &str = include_str!("../page/index.html");
/// The style sheet.
pub const STYLE: &str = include_str!("../page/style.css");
/// The script, in which all modules of `page/script` are one. The page's worker runs it as well.
pub const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/script.js"));

/// The word in the page that says who computes.
const IN_BROWSER: &str = "data-engine=\"browser\"";

/// The same page, which lets the server that it came from compute.
pub fn asking_a_server() -> String {
    INDEX.replacen(IN_BROWSER, "data-engine=\"api\"", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_who_computes() {
        assert_eq!(INDEX.matches(IN_BROWSER).count(), 1);
        assert!(asking_a_server().contains("data-engine=\"api\"") && !asking_a_server().contains(IN_BROWSER));
    }

    #[test]
    fn the_script_has_each_module_once_and_no_import_is_left() {
        assert!(SCRIPT.starts_with("(() => {") && SCRIPT.trim_end().ends_with("})();"));
        let is_module_word = |line: &&str| line.starts_with("import ") || line.starts_with("export ");
        assert_eq!(SCRIPT.lines().find(is_module_word), None);
        for module in ["main.js", "engine/wasm.js"] {
            assert_eq!(SCRIPT.lines().filter(|line| *line == format!("// {module}")).count(), 1, "{module}");
        }
    }

    /// A folder on any host below any path, and no request to anywhere else.
    #[test]
    fn addresses_are_relative() {
        for (name, text) in [("index.html", INDEX), ("style.css", STYLE)] {
            for mark in [
                "src=\"/",
                "href=\"/",
                "src=\"http",
                "href=\"http",
                "url(/",
                "url(\"/",
                "url(http",
                "@import",
            ] {
                assert!(!text.contains(mark), "{name} contains {mark}");
            }
        }
    }
}
