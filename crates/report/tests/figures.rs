//! Each figure as a file of its own is well-formed, true to its numbers, and a PNG with the same content.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use report::{Figure, ReportError, comparison_figures, figures};
use run_files::Event;

mod fixture;

use fixture::{edges, full, test_file};

fn figure(name: &str) -> Figure {
    figures(&full("runs/a")).unwrap().into_iter().find(|figure| figure.name == name).unwrap()
}

fn texts(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| Some(node.text()?.replace('\u{a0}', " "))).collect()
}

/// Width and height of a PNG, and the number of its colours.
fn decode(png: &[u8]) -> (u32, u32, usize) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let colours: HashSet<&[u8]> = pixels.chunks_exact(4).collect();
    (reader.info().width, reader.info().height, colours.len())
}

#[test]
fn a_full_run_has_every_figure_and_a_new_one_none() {
    let names =
        |run: &report::Run| figures(run).unwrap().iter().map(|figure| figure.name).collect::<Vec<_>>();
    assert_eq!(
        names(&full("runs/a")),
        ["loss", "accuracy", "learning-rate", "confusion-matrix", "reliability", "corruptions", "filters"]
    );
    assert_eq!(names(&report::Run::default()), [""; 0]);
    let compared: Vec<&str> = comparison_figures(&[full("runs/a"), full("runs/b")])
        .unwrap()
        .iter()
        .map(|figure| figure.name)
        .collect();
    assert_eq!(compared, ["comparison-intervals", "comparison-loss", "comparison-accuracy"]);
    assert_eq!(comparison_figures(&[report::Run::default()]).unwrap(), []);
}

#[test]
fn figures_at_the_edges_are_whole_and_have_no_length_that_is_no_number() {
    let runs: Vec<report::Run> = edges().into_iter().map(|(_, run)| run).collect();
    let mut all = vec![("all", comparison_figures(&runs).unwrap())];
    all.extend(edges().into_iter().map(|(what, run)| (what, figures(&run).unwrap())));
    for (what, figure) in
        all.iter().flat_map(|(what, figures)| figures.iter().map(move |figure| (what, figure)))
    {
        let svg = &figure.svg;
        let document = roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{what}: {error}"));
        for wrong in ["NaN", "inf", "None", "var(", "url("] {
            assert!(!svg.contains(wrong), "{what}, {}: {wrong}", figure.name);
        }
        let root = document.root_element();
        let child = |name| root.children().find(|node| node.has_tag_name(name)).unwrap().text().unwrap();
        assert_eq!(child("title"), figure.title);
        assert!(child("desc").len() > 5, "{what}, {}", figure.name);
        for rect in root.descendants().filter(|node| node.has_tag_name("rect")) {
            for length in ["width", "height"] {
                let length: f64 = rect.attribute(length).unwrap().parse().unwrap();
                assert!(length >= 0.0, "{what}, {}", figure.name);
            }
        }
        assert!(svg.len() < 400_000, "{what}, {}: {} bytes", figure.name, svg.len());
    }
}

#[test]
fn a_png_is_as_large_as_asked_for_and_not_blank() {
    let run = full("runs/a");
    for figure in
        figures(&run).unwrap().iter().chain(&comparison_figures(&[run.clone(), run.clone()]).unwrap())
    {
        let document = roxmltree::Document::parse(&figure.svg).unwrap();
        let side = |name| document.root_element().attribute(name).unwrap().parse::<f32>().unwrap();
        let (width, height, colours) = decode(&figure.png(2.0).unwrap());
        assert_eq!(
            (width, height),
            ((side("width") * 2.0).ceil() as u32, (side("height") * 2.0).ceil() as u32)
        );
        assert!(colours > 20, "{}: {colours} colours", figure.name);
    }
}

#[test]
fn a_png_has_its_texts_and_its_colours() {
    for name in ["loss", "confusion-matrix"] {
        let figure = figure(name);
        let without = |what: &str, by: &str| {
            let svg = figure.svg.replace(what, by);
            assert_ne!(svg, figure.svg);
            Figure { svg, ..figure.clone() }.png(1.0).unwrap()
        };
        let whole = figure.png(1.0).unwrap();
        assert_ne!(whole, without("<text", "<text display=\"none\""), "{name}: the font is found");
        assert_ne!(whole, without("currentColor", "#888888"), "{name}: the style sheet is read");
    }
}

#[test]
fn names_of_classes_are_text_in_a_figure_too() {
    let mut run = full("runs/a");
    let name = "<b>&\"\u{1}";
    test_file(&mut run).evaluation.classes[0].name = name.into();
    let svg = &figures(&run).unwrap()[3];
    assert_eq!(texts(&svg.svg).iter().filter(|text| *text == "<b>&\"\u{fffd}").count(), 2, "{}", svg.svg);
    assert!(svg.png(1.0).is_ok());
}

#[test]
fn a_scale_that_makes_no_image_is_refused() {
    let figure = figure("loss");
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e6] {
        let error = figure.png(scale).unwrap_err();
        assert!(matches!(error, ReportError::Scale { .. }), "{error}");
    }
    // 384 x 410: of the two sides only the height is too much.
    assert!(matches!(self::figure("reliability").png(41.0).unwrap_err(), ReportError::Scale { .. }));
    let broken = Figure { svg: "<svg".into(), ..figure };
    assert!(matches!(broken.png(1.0).unwrap_err(), ReportError::Raster(_)));
}

#[test]
fn the_confusion_matrix_has_each_count_and_says_which_mistake_it_was() {
    let svg = figure("confusion-matrix").svg;
    let texts = texts(&svg);
    assert_eq!(texts.iter().filter(|text| *text == "98").count(), 10, "the diagonal");
    // The name of class 2, twice, and the ten mistakes.
    assert_eq!(texts.iter().filter(|text| *text == "2").count(), 12);
    assert!(
        svg.contains("<title>3 taken for 4: 2</title>") && svg.contains("<title>4 taken for 3: 0</title>")
    );
    let document = roxmltree::Document::parse(&svg).unwrap();
    let title = document.descendants().find(|node| node.text() == Some("3 taken for 4: 2")).unwrap();
    let cell = title.parent().unwrap().children().find(|node| node.has_tag_name("rect")).unwrap();
    let at = |side| cell.attribute(side).unwrap().parse::<f64>().unwrap();
    assert!((at("x") / at("y") - 4.0 / 3.0).abs() < 0.01, "labels are rows, predictions columns");
    assert!(svg.contains("Most often: 0 taken for 1 2 times"), "{svg}");
}

#[test]
fn the_reliability_diagram_has_a_bar_for_each_bin_and_a_dot_for_each_full_one() {
    let svg = figure("reliability").svg;
    assert_eq!(svg.matches("<circle").count(), 1);
    assert_eq!(svg.matches("class=\"bar windows\"").count(), 15);
    let texts = texts(&svg);
    assert!(texts.contains(&"ECE 0.0030".to_owned()) && texts.contains(&"1,000".to_owned()), "{texts:?}");
}

#[test]
fn corruptions_stand_beside_clean_images_the_best_first() {
    let texts = texts(&figure("corruptions").svg);
    let names: Vec<&String> = texts.iter().filter(|text| text.chars().any(char::is_alphabetic)).collect();
    assert_eq!(names, ["clean", "mean, corrupted", "shot-noise", "fog", "stripe", "accuracy, %"]);
    assert!(texts.contains(&"40.00 %".to_owned()), "{texts:?}");
}

#[test]
fn filters_have_a_square_for_each_weight_that_is_seen() {
    let mut run = full("runs/a");
    let weights = |values: Vec<f32>| report::Filters { shape: [values.len() / 4, 1, 2, 2], values };
    run.filters = Some(weights(vec![1.0, -0.5, 0.01, f32::NAN]));
    let filters = |run: &report::Run| figures(run).unwrap().pop().unwrap().svg;
    let svg = filters(&run);
    assert!(
        svg.contains("class=\"cell right\" fill-opacity=\"1\"")
            && svg.contains("class=\"cell wrong\" fill-opacity=\"0.5\"")
    );
    assert_eq!(
        svg.matches("fill-opacity=\"").count(),
        2,
        "what is nearly nothing, or no number, is not drawn: {svg}"
    );
    assert!(texts(&svg).contains(&"−1".to_owned()), "{:?}", texts(&svg));

    run.filters = Some(weights(vec![1.0; 400]));
    let svg = filters(&run);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let paths = document.descendants().filter_map(|node| node.attribute("d"));
    assert_eq!(
        paths.map(|path| path.matches('M').count()).sum::<usize>(),
        64 * (1 + 4),
        "a tile and four weights"
    );
    assert!(svg.contains("100 filters of 2 by 2 weights; the first 64 are shown."), "{svg}");
}

#[test]
fn curves_have_the_best_epoch_circled_and_epochs_below() {
    let svg = figure("loss").svg;
    assert_eq!(svg.matches("class=\"ring s0\"").count(), 1);
    let texts = texts(&svg);
    for expected in ["windows", "training", "validation", "epoch", "0", "1", "2", "3"] {
        assert!(texts.iter().any(|text| text == expected), "{expected}: {texts:?}");
    }
    let mut steps = full("runs/a");
    steps.metrics.retain(|line| matches!(line.event, Event::Step(_)));
    let svg = &figures(&steps).unwrap()[0].svg;
    assert!(svg.contains(">step<") && !svg.contains(">epoch<"), "without epochs the steps are counted");
}

#[test]
fn compared_runs_differ_in_colour_and_in_shape() {
    let runs: Vec<report::Run> = (0..8).map(|index| full(&format!("runs/{index}"))).collect();
    let svg = &comparison_figures(&runs).unwrap()[1].svg;
    let texts = texts(svg);
    assert!(runs.iter().all(|run| texts.contains(&run.name)), "{texts:?}");
    let document = roxmltree::Document::parse(svg).unwrap();
    let marks = document
        .descendants()
        .filter(|node| node.attribute("class").is_some_and(|class| class.starts_with("mark ")));
    // The legend's marks come first: one of each run. A mark's shape is the letters of its path.
    let kinds: HashSet<(&str, String)> = marks
        .take(8)
        .map(|mark| {
            let shape = mark.attribute("d").unwrap().chars().filter(|part| part.is_alphabetic()).collect();
            (mark.attribute("class").unwrap(), shape)
        })
        .collect();
    assert_eq!(kinds.len(), 8, "{kinds:?}");
}
