//! Where things stand.

use super::super::{Node, Value};
use super::{root, slices};
use crate::text::Span;

/// The last value of a mapping or list.
fn last_value(text: &str) -> Node {
    match root(text).value {
        Value::Map(pairs) => pairs.into_iter().next_back().expect("a pair").1,
        Value::Seq(items) => items.into_iter().next_back().expect("an item"),
        Value::Scalar(scalar) => panic!("{scalar:?}"),
    }
}

/// Checks for each text what the spans of its nodes cover, from the given one on.
fn check(cases: &[(&str, usize, &[&str])]) {
    for (text, from, expected) in cases {
        assert_eq!(slices(text)[*from..from + expected.len()], **expected, "{text}");
    }
}

#[test]
fn a_scalar_is_covered_without_what_surrounds_it() {
    check(&[
        ("a:   some text   # comment\n", 2, &["some text"]),
        ("- x#y # z\n", 1, &["x#y"]),
        ("a: two\n  lines  \n\n# c\n", 2, &["two\n  lines"]),
        // With its quotes.
        ("'a' : \"b\\\"c\"  # d\n", 0, &["'a' : \"b\\\"c\"", "'a'", "\"b\\\"c\""]),
        // From the indicator of a block to its last character.
        (
            "- &x !!str |-  # comment\n    one\n\n    two\n\n\n- >\n  x\n",
            1,
            &["|-  # comment\n    one\n\n    two", ">\n  x"],
        ),
        ("a: |\nb: 1\n", 2, &["|"]),
        ("--- !!str |\n x\n", 0, &["|\n x"]),
        ("? |\n  x\n: y\n", 1, &["|\n  x"]),
        // Without tags and anchors.
        ("a: !!str &x 5\nb: &y !!int '6'\n", 1, &["a", "5", "b", "'6'"]),
        ("a: &x\n  b: c\n", 2, &["b: c"]),
        // Without the line ends of Windows.
        ("a: b\r\nc: |\r\n  d\r\ne:\r\n", 0, &["a: b\r\nc: |\r\n  d\r\ne:", "a", "b", "c", "|\r\n  d", "e", ""]),
    ]);
}

#[test]
fn a_collection_is_covered_to_its_end() {
    let text = "- a: 1\n  b: 2   # c\n\n- - x\n  - y\n\n# end\n";
    check(&[
        (text, 0, &["- a: 1\n  b: 2   # c\n\n- - x\n  - y", "a: 1\n  b: 2"]),
        (text, 6, &["- x\n  - y"]),
        ("- a: 1\n  b:   # c\n\n", 0, &["- a: 1\n  b:", "a: 1\n  b:"]),
        // With its brackets.
        ("a: [ 1, {b: c } ]  # d\n", 2, &["[ 1, {b: c } ]", "1", "{b: c }"]),
        ("[a, b: c , d]", 2, &["b: c"]),
        // From its first dash, also where that is not indented.
        ("a:\n- 1\n- 2\nb: 3\n", 2, &["- 1\n- 2"]),
        ("a: !!seq &x # c - d\n- - 1\n", 2, &["- - 1"]),
        ("a:\n-\n- -1\n", 2, &["-\n- -1"]),
    ]);
}

#[test]
fn an_empty_value_stands_behind_its_colon_or_dash() {
    for (text, at) in [
        ("a:\n", 2),
        ("a:    # comment\n\n", 2),
        ("a :\n", 3),
        ("'a':", 4),
        ("{a: }", 3),
        ("? a # x\n# y\n: # z\n", 13),
        // Without a colon, behind its key.
        ("{a}", 2),
        ("? a\n\n", 3),
        ("-\n", 1),
        ("-\n- # comment - x\n\n", 3),
        ("-\n- # comment - x\n\n-   \n", 20),
    ] {
        assert_eq!(last_value(text).span, Span { start: at, end: at }, "{text:?}");
    }
}

#[test]
fn an_aliased_node_stands_at_its_alias_and_its_children_at_their_own_place() {
    let text = "a: &x [1, 2]\nbb: *x\n";
    check(&[(text, 5, &["bb", "*x", "1", "2"])]);
    assert_eq!(last_value(text).span, Span { start: 17, end: 19 });
    check(&[("- &x {a: 1}\n- b: 2\n  <<: *x\n- 3\n", 4, &["b: 2\n  <<: *x", "a", "1", "b", "2"])]);
}

#[test]
fn offsets_are_bytes_where_the_text_is_not_ascii() {
    let text = "# größer ☃ 𝄞\n- é: 'ü ☃'\n  𝄞: [ä, \"ö\"]\n  ñ:\n- 日本: |\n    語\n";
    check(&[(text, 2, &["é", "'ü ☃'", "𝄞", "[ä, \"ö\"]", "ä", "\"ö\"", "ñ", ""]), (text, 11, &["日本", "|\n    語"])]);
    // A byte order mark has three.
    assert_eq!(last_value("\u{feff}a: b\n").span, Span { start: 6, end: 7 });
}
