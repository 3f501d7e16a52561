//! Tests that a valid configuration reads back as it was written, and that the error of a wrong one names
//! the place of the mistake.

use dataset::Name;

use super::*;

fn read(text: &str, assignments: &[&str]) -> Result<Config, ConfigError> {
    parse("a.toml", text, &assignments.iter().map(|&a| a.to_owned()).collect::<Vec<_>>())
}

fn refusal(text: &str, assignments: &[&str]) -> String {
    read(text, assignments).unwrap_err().to_string()
}

#[test]
fn an_empty_file_is_the_lectures_network() {
    let config = read("", &[]).unwrap();
    assert_eq!(config.architecture().dense(), [[3136, 10]]);
    assert_eq!(config.data().dataset, Name::MNIST);
}

#[test]
fn what_is_printed_reads_back_as_the_same() {
    let config = read(
        "[data]\ntrain_limit = 500\n[train]\nschedule = \"cosine\"\n[[model.units]]\nfilters = 3",
        &["train.seed=7"],
    )
    .unwrap();
    assert_eq!(read(&to_toml(&config).unwrap(), &[]).unwrap(), config);
}

#[test]
fn a_misspelt_key_has_line_column_and_the_nearest_key() {
    let message = refusal("[train]\nseed = 1\n epoch = 3\n", &[]);
    assert!(message.starts_with("a.toml:3:2: unknown key `epoch`"), "{message}");
    assert!(message.ends_with("did you mean `epochs`?"), "{message}");
    let message = refusal("[[model.units]]\nfilters = 8\nkernelsize = 3\n", &[]);
    assert!(
        message.starts_with("a.toml:3:1:") && message.ends_with("did you mean `kernel_size`?"),
        "{message}"
    );
    let message = refusal("[modle]\n", &[]);
    assert!(message.starts_with("a.toml:1:2:") && message.ends_with("did you mean `model`?"), "{message}");
}

#[test]
fn a_mistyped_value_has_line_and_column() {
    let message = refusal("[train]\nepochs = \"three\"\n", &[]);
    assert!(message.starts_with("a.toml:2:10: "), "{message}");
    assert!(refusal("[train]\nepochs = 0\n", &[]).starts_with("a.toml:2:10: "));
    let message = refusal("[data]\ndataset = \"mnits\"\n", &[]);
    assert!(message.starts_with("a.toml:2:11: ") && message.ends_with("did you mean `mnist`?"), "{message}");
    assert!(refusal("[train\n", &[]).starts_with("a.toml:1:"));
}

#[test]
fn values_out_of_range_and_impossible_networks_are_refused() {
    assert!(refusal("[train]\nlearning_rate = -1.0", &[]).starts_with("train.learning_rate = -1: expected"));
    assert!(refusal("[train]\nlearning_rate = nan", &[]).starts_with("train.learning_rate = NaN: expected"));
    for (key, value) in [
        ("epsilon", "1e-50"),
        ("epsilon", "1e39"),
        ("beta_1", "0.999999999"),
        ("beta_2", "0.99999999"),
        ("momentum", "0.99999999"),
        ("label_smoothing", "0.99999999"),
        ("weight_decay", "1e-60"),
        ("ema_decay", "0.99999999"),
        ("learning_rate", "1e-50"),
        ("learning_rate", "1e39"),
    ] {
        let message = refusal(&format!("[train]\n{key} = {value}"), &[]);
        assert!(message.starts_with(&format!("train.{key} = {value}: expected ")), "{message}");
        assert!(message.contains("single precision"), "{message}");
    }
    for value in ["-1", "1e-50", "1e39", "NaN"] {
        let message = refusal(&format!("[train]\nclip_norm = {}", value.to_lowercase()), &[]);
        assert!(
            message.starts_with(&format!("train.clip_norm = {value}: expected 0, or a number from")),
            "{message}"
        );
    }
    assert!(refusal("[train]\nema_decay = 1.0", &[]).starts_with("train.ema_decay = 1: expected"));
    assert!(refusal("[train]\ndecay_biases = 1", &[]).ends_with("expected true or false; write true"));
    assert!(refusal("", &["train.decay_biases=False"]).ends_with("expected true or false; write false"));
    for place in ["model.dropout", "model.units.1.dropout"] {
        assert!(refusal("", &[&format!("{place}=0.99999999")]).contains("dropout = 0.99999999: expected"));
    }
    assert!(
        refusal("[data]\nvalidation_fraction = 0.0", &[])
            .starts_with("data.validation_fraction = 0: expected")
    );
    assert!(refusal("[[model.units]]\npool_size = 29", &[]).starts_with("model.units[0]: "));
}

#[test]
fn augmentation_is_off_and_not_printed_unless_it_is_configured() {
    let printed = to_toml(&read("", &[]).unwrap()).unwrap();
    assert!(!printed.contains("augment"), "{printed}");
    let config = read("[augment]\nrotation = 10", &["augment.flip=true", "augment.zoom=0.1"]).unwrap();
    assert_eq!((config.augment().rotation, config.augment().zoom, config.augment().flip), (10.0, 0.1, true));
    let printed = to_toml(&config).unwrap();
    assert!(printed.contains("[augment]\nrotation = 10.0\nshift = 0.0\nzoom = 0.1\n"), "{printed}");
    assert_eq!(read(&printed, &[]).unwrap(), config);
}

#[test]
fn augmentation_beyond_its_range_is_refused() {
    let share = "expected a share of the image's size from 0 to 0.5";
    for (key, value, expected) in [
        ("rotation", "181", "expected degrees from 0 to 180"),
        ("rotation", "-1", "expected degrees from 0 to 180"),
        ("shift", "2", share),
        ("zoom", "1", "expected a share of the image's size from 0 to 0.9"),
        ("shear", "3", "expected pixels sideways for each pixel upwards, from 0 to 2"),
        ("elastic", "34", share),
        ("elastic_smoothness", "0", "expected a share of the image's size from 0.05 to 1"),
        ("stroke_width", "NaN", "expected a share of the image's size from 0 to 0.25"),
        ("erase", "1.5", "expected a share of the image's area from 0 to 1"),
        ("outliers", "0.6", "expected a share of the batch's images from 0 to 0.5"),
        ("continental", "1.5", "expected a share of the ones and sevens from 0 to 1"),
    ] {
        let message = refusal(&format!("[augment]\n{key} = {}", value.to_lowercase()), &[]);
        assert_eq!(message, format!("augment.{key} = {value}: {expected}"));
    }
    let clothes = refusal("[data]\ndataset = 'fashion-mnist'\n[augment]\ncontinental = 0.5", &[]);
    assert!(
        clothes.ends_with(
            "class 1 of data set fashion-mnist is Trouser: only the digits 1 and 7 are written that way"
        ),
        "{clothes}"
    );
    assert!(refusal("[augment]\nrotatoin = 1", &[]).ends_with("did you mean `rotation`?"));
}

#[test]
fn a_file_of_windows_is_read() {
    let text = "[train]\r\nepochs = 7\r\n";
    let marked = format!("\u{feff}{text}");
    let powershell: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), marked.as_bytes(), &powershell] {
        assert_eq!(parse_bytes("a.toml", bytes, &[]).unwrap().train().epochs.get(), 7);
    }
    let message = parse_bytes("a.png", b"\x89PNG", &[]).unwrap_err().to_string();
    assert_eq!(message, "a.png: found the byte 0x89 at position 0, expected a text in UTF-8 or UTF-16");
}

/// A configuration with any one character put in anywhere is read or refused, and the reader never stops.
#[test]
fn every_text_is_read_or_refused() {
    let text =
        "# größe\n[train]\nlearning_rate = .5 # \u{3000}\nseed = [1.,\u{a0}.5]\n[[model.units]]\nx=\"é\"\n";
    for (at, _) in text.char_indices() {
        for put_in in [
            "",
            "\u{3000}",
            "\u{a0}.5",
            "\u{a0}[.5,\u{a0}.",
            "é",
            "\"",
            "'",
            ".",
            "=",
            "[",
            "]",
            "\n",
            "\0",
            "#",
        ] {
            let (before, after) = text.split_at(at);
            drop(read(&format!("{before}{put_in}{after}"), &[]));
            drop(read(&format!("{before}{put_in}"), &[]));
            drop(read("", &[&format!("train.{put_in}{after}")]));
            drop(read("", &[&format!("train.seed={put_in}{after}")]));
        }
    }
}

#[test]
fn assignments_override_any_key() {
    let config =
        read("[train]\nepochs = 9", &["train.epochs=2", "data.dataset=sample", "model.units.1.filters=7"])
            .unwrap();
    assert_eq!(config.train().epochs.get(), 2);
    assert_eq!(config.data().dataset, Name::SAMPLE);
    assert_eq!(config.architecture().config().units[1].filters, 7);
    let dense = read("", &["model.units=[]", "model.dense=[8, 4]"]).unwrap();
    assert_eq!(dense.architecture().dense(), [[784, 8], [8, 4], [4, 10]]);
}

/// A shell takes the quotes away, so an order is also taken without them.
#[test]
fn an_order_is_assigned_with_quotes_and_without() {
    use network::config::Stage::{Activation, Normalization, Pool, Residual};
    for order in [
        "[pool, activation, residual,normalization]",
        r#"["pool", 'activation', "residual", "normalization"]"#,
    ] {
        let config = read("", &[&format!("model.units.0.order={order}")]).unwrap();
        let units = &config.architecture().config().units;
        assert_eq!(units[0].order, [Pool, Activation, Residual, Normalization]);
        assert_eq!(units[1].order, network::config::Stage::ALL);
        assert_eq!(read(&to_toml(&config).unwrap(), &[]).unwrap(), config);
    }
}

#[test]
fn a_wrong_assignment_is_named() {
    assert!(refusal("", &["train.epoch=2"]).ends_with("did you mean `epochs`?"));
    assert!(refusal("", &["train.epochs"]).contains("expected key=value"));
    assert!(refusal("", &["train.epochs=-2"]).starts_with("the assignment train.epochs=-2: expected"));
    assert!(refusal("", &["trian.epochs=2"]).ends_with("unknown key `trian`; did you mean `train`?"));
    assert!(refusal("", &["model.units.2.filters=2"]).contains("there is no `2`"));
    assert!(refusal("", &["=2"]).ends_with("expected key=value, as in train.epochs=3"));
}
