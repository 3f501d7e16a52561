//! The order in which people expect names: 9.png before 10.png.

use std::cmp::Ordering;

/// Compares names piece by piece: numbers by their value, everything else letter by letter.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let by_number = match (number(left), number(right)) {
            (Some([x, rest_x]), Some([y, rest_y])) => {
                // Without leading zeros, the longer number is the larger one.
                let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
                [left, right] = [rest_x, rest_y];
                order
            }
            _ => {
                let (x, y) = (left.chars().next(), right.chars().next());
                let (Some(first), Some(second)) = (x, y) else {
                    // One has ended. Equal but for leading zeros: any order that is always the same.
                    return x.cmp(&y).then_with(|| a.cmp(b));
                };
                [left, right] = [&left[first.len_utf8()..], &right[second.len_utf8()..]];
                first.cmp(&second)
            }
        };
        if by_number != Ordering::Equal {
            return by_number;
        }
    }
}

/// The number at the beginning without its leading zeros, and what follows.
fn number(text: &str) -> Option<[&str; 2]> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    (end > 0).then(|| [number.trim_start_matches('0'), rest])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_ordered_by_their_value() {
        let mut names = ["img10.png", "img9.png", "a", "img010a.png", "", "9", "10", "ä2", "ä10", "img9"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["", "9", "10", "a", "img9", "img9.png", "img10.png", "img010a.png", "ä2", "ä10"]);
        assert_eq!(compare("07", "7"), Ordering::Less);
        assert_eq!(compare("7", "07"), Ordering::Greater);
        assert_eq!(compare("7", "7"), Ordering::Equal);
    }
}
