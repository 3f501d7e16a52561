//! Looking at pictures and networks: `show`, `summary`, completions.

use std::fs;

use crate::program::Desk;

#[test]
fn pictures_are_drawn_with_their_labels() {
    let shown = Desk::new().run(&["show", "--dataset", "sample", "--count", "3"]).done().stdout;
    for caption in ["#0: 0", "#1: 1", "#2: 2"] {
        assert!(shown.contains(caption), "{shown}");
    }
    // Two rows of pictures at 80 columns, each of a caption and 14 lines.
    assert_eq!(shown.lines().count(), 30, "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert!(shown.contains('█') && shown.contains('▀') && shown.contains('▄'), "{shown}");
}

#[test]
fn a_grid_is_a_png_file() {
    let desk = Desk::new();
    desk.run(&["show", "--dataset", "sample", "--split", "test", "--output", "grid.png"]).done();
    let decoder =
        png::Decoder::new(std::io::BufReader::new(fs::File::open(desk.path().join("grid.png")).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (10 * 118 + 6, 10 * 132 + 6));
    assert!(pixels.contains(&255) && pixels.contains(&0));
    desk.run(&["show", "--dataset", "sample", "-o", "no/such/folder.png"]).fails(1, &["no/such/folder.png"]);
    desk.run(&["show", "--dataset", "sample", "--start", "1000"])
        .fails(1, &["there are 1000 pictures, from 0 to 999"]);
}

#[test]
fn the_summary_is_the_lectures_table() {
    let table = Desk::new().run(&["summary"]).done().stdout;
    for number in ["832", "51,264", "31,370", "83,466", "10,693,760", "64x7x7"] {
        assert!(table.contains(number), "{table}");
    }
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Desk::new().run(&["completions", shell]).done().stdout;
        assert!(script.contains("summary") && script.contains("mnist-cnn"), "{shell}");
    }
}
