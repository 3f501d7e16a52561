//! The page as a browser reads it: whole, safe, self-contained, and true to what it was given.
#![allow(clippy::unwrap_used)]

use report::{Run, page};
use roxmltree::{Document, Node, ParsingOptions};

mod fixture;

use fixture::{DIGITS, edges, full, test, test_file, validated};

const WRITTEN: &str = "2026-11-24T16:00:00Z";

/// Every tag of the page is closed and every attribute quoted, so an XML parser can read it too.
fn parse(page: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}"))
}

fn elements<'a>(document: &'a Document<'_>, name: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(move |node| node.has_tag_name(name))
}

fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect()
}

/// All text of the body, which leaves out the style sheet.
fn body(document: &Document<'_>) -> String {
    text(elements(document, "body").next().unwrap())
}

/// A page for each edge case, and one page with all of them.
fn pages() -> Vec<(String, String)> {
    let runs: Vec<Run> = edges().into_iter().map(|(_, run)| run).collect();
    let one_by_one = edges().into_iter().map(|(what, run)| (what.to_owned(), page(&[run], WRITTEN).unwrap()));
    let together = [("no run", page(&[], WRITTEN)), ("all", page(&runs, WRITTEN))];
    one_by_one.chain(together.map(|(what, page)| (what.to_owned(), page.unwrap()))).collect()
}

#[test]
fn every_page_is_whole_and_accessible() {
    for (what, page) in pages() {
        let document = parse(&page);
        let mut level = 0;
        for node in document.descendants().filter(Node::is_element) {
            let name = node.tag_name().name();
            if let Some(now) = name.strip_prefix('h').and_then(|level| level.parse::<usize>().ok()) {
                assert!(now <= level + 1, "{what}: a heading of level {now} after one of level {level}");
                level = now;
            }
            if name == "svg" && node.attribute("aria-hidden").is_none() {
                assert_eq!(node.attribute("role"), Some("img"), "{what}");
                assert!(node.attribute("aria-label").is_some_and(|label| label.len() > 10), "{what}");
            }
            if name == "img" {
                assert!(node.attribute("alt").is_some_and(|alt| alt.contains("taken for")), "{what}");
            }
        }
        assert_eq!(elements(&document, "h1").count(), 1, "{what}");
        assert!(elements(&document, "title").any(|title| !text(title).is_empty()), "{what}");
        let mut ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{what}: an id twice");
    }
}

#[test]
fn no_page_asks_for_anything_outside() {
    for (what, page) in pages() {
        assert!(!page.contains("url("), "{what}");
        assert!(!page.contains("@import"), "{what}");
        let document = parse(&page);
        assert_eq!(elements(&document, "script").count(), 0, "{what}");
        for node in document.descendants() {
            for attribute in node.attributes() {
                let value = attribute.value();
                let (name, is_inside) =
                    (attribute.name(), value.starts_with("data:") || value.starts_with('#'));
                assert!(!matches!(name, "src" | "href") || is_inside, "{what}: {name}={value}");
                assert!(!name.starts_with("on") && !value.contains("://"), "{what}: {name}={value}");
            }
        }
        for link in elements(&document, "a") {
            let target = link.attribute("href").unwrap().strip_prefix('#').unwrap();
            assert!(
                document.descendants().any(|node| node.attribute("id") == Some(target)),
                "{what}: {target}"
            );
        }
    }
}

#[test]
fn no_page_shows_what_is_not_a_number() {
    for (what, page) in pages() {
        let body = &page[page.find("<body>").unwrap()..];
        for wrong in ["NaN", "inf", "Infinity", "None", "Some("] {
            assert!(!body.contains(wrong), "{what}: {wrong}");
        }
    }
}

#[test]
fn what_is_undefined_is_called_so() {
    let run = edges().into_iter().find(|(what, _)| *what == "no images").unwrap().1;
    let page = page(&[run], WRITTEN).unwrap();
    let document = parse(&page);
    let headline = document.descendants().find(|node| node.attribute("class") == Some("accuracy")).unwrap();
    assert_eq!(text(headline), "undefined");
    let row = elements(&document, "tr").find(|row| text(*row).starts_with("7")).unwrap();
    assert_eq!(text(row).matches("undefined").count(), 3, "precision, recall and F1");
}

#[test]
fn what_a_file_brings_is_text_and_nothing_else() {
    let evil = r#"<script>alert("1")</script>'&amp;]]><!--"#;
    let mut run = full(evil);
    run.config = format!("# {evil} \u{1}\u{0}\n");
    run.info.dataset = evil.into();
    run.info.hardware = evil.into();
    run.info.data_sha256[0].0 = evil.into();
    run.layers[0].kind = evil.into();
    let file = test_file(&mut run);
    file.dataset = evil.into();
    file.evaluation.classes[0].name = evil.into();
    file.corruptions.as_mut().unwrap().each[0].name = evil.into();
    for runs in [vec![run.clone()], vec![run.clone(), run]] {
        let page = page(&runs, evil).unwrap();
        let document = parse(&page);
        assert_eq!(elements(&document, "script").count(), 0);
        let (body, count) = (body(&document), runs.len());
        // Name, configuration, dataset twice, hardware, file, layer, class (table and cells); and the time.
        assert!(body.matches(evil).count() > 8 * count, "{}", body.matches(evil).count());
        assert!(body.contains(&format!("# {evil} \u{fffd}\u{fffd}")), "control characters are replaced");
    }
}

#[test]
fn the_headline_says_what_was_evaluated_on_which_images() {
    let words = |run: &Run| {
        let page = page(std::slice::from_ref(run), WRITTEN).unwrap();
        body(&parse(&page)).replace('\u{a0}', " ")
    };
    let mut run = full("runs/a");
    let tested = words(&run);
    assert!(tested.contains("98.00 %") && tested.contains("980 of 1,000 test images of mnist"), "{tested}");
    assert!(tested.contains("95 % interval 97.00–99.00 %"), "{tested}");
    assert!(!tested.contains("has not been looked at") && !tested.contains("has been tested"));

    test_file(&mut run).times_tested = 4;
    assert!(words(&run).contains("has been tested 4 times"));

    run.evaluated = Some(validated(test(&DIGITS, 10)));
    let on_validation = words(&run);
    assert!(on_validation.contains("80 of 100 validation images of mnist"), "{on_validation}");
    assert!(
        on_validation.contains("The test set has not been looked at: test -p runs/a does."),
        "{on_validation}"
    );

    run.evaluated = None;
    let new = words(&run);
    assert!(new.contains("has not been evaluated yet") && new.contains("test -p runs/a evaluates"), "{new}");
}

#[test]
fn one_run_is_shown_at_once_and_several_are_compared_first() {
    let one = page(&[full("runs/a")], WRITTEN).unwrap();
    assert!(!one.contains("<details") && !one.contains("Comparison"));

    let mut second = full("runs/b");
    second.info.seed = 77;
    let several = page(&[full("runs/a"), second], WRITTEN).unwrap();
    let document = parse(&several);
    let headings: Vec<String> = elements(&document, "h2").map(text).collect();
    assert_eq!(headings, ["Comparison", "runs/a", "runs/b"]);
    assert_eq!(elements(&document, "details").count(), 2);
    let rows: Vec<String> = elements(&document, "tr").take(3).map(text).collect();
    assert!(rows[2].starts_with("runs/b") && rows[2].contains("29.9\u{a0}s77"), "{rows:?}");
    assert!(!several.contains("not comparable"));
}

#[test]
fn accuracies_on_different_images_are_not_compared_in_silence() {
    let mut other = full("runs/b");
    other.evaluated = Some(validated(test(&DIGITS, 10)));
    assert!(page(&[full("runs/a"), other], WRITTEN).unwrap().contains("not comparable"));
    let mut new = full("runs/c");
    new.evaluated = None;
    assert!(!page(&[full("runs/a"), new], WRITTEN).unwrap().contains("not comparable"));
}

#[test]
fn the_gallery_shows_each_mistake_with_its_image() {
    let page = page(&[full("runs/a")], WRITTEN).unwrap();
    let document = parse(&page);
    let images: Vec<&str> = elements(&document, "img").map(|img| img.attribute("src").unwrap()).collect();
    assert_eq!(images.len(), 10);
    assert!(images.iter().all(|image| image.starts_with("data:image/png;base64,")));
    assert!(images.windows(2).all(|pair| pair[0] != pair[1]), "each its own");
    let card = elements(&document, "li").nth(3).unwrap();
    assert!(text(card).contains("3taken for 4loss 5.00no. 1,003"), "{}", text(card));
}

#[test]
fn three_long_runs_with_fifty_mistakes_each_stay_below_two_megabytes() {
    let mut run = full("runs/long");
    run.metrics = fixture::metrics(200, 1);
    let file = test_file(&mut run);
    file.worst = vec![file.worst[0].clone(); 50];
    let gallery = &mut run.evaluated.as_mut().unwrap().gallery;
    *gallery = vec![gallery[3].clone(); 50];
    let page = page(&[run.clone(), run.clone(), run], WRITTEN).unwrap();
    assert_eq!(page.matches("<img").count(), 150);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}
