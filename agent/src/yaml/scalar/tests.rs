//! Every notation of `PyYAML`, compared with what `PyYAML` itself made of it.

mod table;

use super::{Resolved, resolve, tagged_bool, tagged_float};

/// Equality by bits, so that not-a-number is equal to itself and the sign of zero counts.
fn same(left: Resolved, right: Resolved) -> bool {
    match (left, right) {
        (Resolved::Float(left), Resolved::Float(right)) => {
            left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan())
        }
        _ => left == right,
    }
}

#[test]
fn plain_scalars_mean_what_they_mean_to_pyyaml() {
    let wrong: Vec<_> = table::TABLE
        .iter()
        .filter(|&&(text, expected)| !same(resolve(text), expected))
        .map(|&(text, expected)| (text, expected, resolve(text)))
        .collect();
    assert!(table::TABLE.len() > 150);
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn the_tag_float_takes_what_pythons_float_takes() {
    let cases = [
        ("1", Some(1.0)),
        ("1e3", Some(1000.0)),
        ("1_000", Some(1000.0)),
        ("1:30.5", Some(90.5)),
        ("-.5", Some(-0.5)),
        ("inf", Some(f64::INFINITY)),
        ("", None),
        ("abc", None),
        ("0x10", None),
    ];
    for (text, expected) in cases {
        assert_eq!(tagged_float(text), expected, "{text}");
    }
}

#[test]
fn the_tag_bool_takes_the_words_in_any_casing() {
    let cases = [("yEs", Some(true)), ("oFF", Some(false)), ("TRUE", Some(true)), ("y", None), ("1", None), ("", None)];
    for (text, expected) in cases {
        assert_eq!(tagged_bool(text), expected, "{text}");
    }
}
