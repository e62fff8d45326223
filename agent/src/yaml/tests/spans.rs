//! Where things stand.

use super::super::{Node, Value};
use super::{root, slices};
use crate::text::Span;

/// The value of the only key of a mapping.
fn only_value(text: &str) -> Node {
    match root(text).value {
        Value::Map(mut pairs) if pairs.len() == 1 => pairs.remove(0).1,
        other => panic!("{other:?}"),
    }
}

fn empty_at(at: usize) -> Span {
    Span { start: at, end: at }
}

#[test]
fn a_plain_scalar_is_covered_without_what_surrounds_it() {
    assert_eq!(slices("a:   some text   # comment\n")[2], "some text");
    assert_eq!(slices("- x#y # z\n")[1], "x#y");
    assert_eq!(slices("a: two\n  lines  \n\n# c\n")[2], "two\n  lines");
}

#[test]
fn a_quoted_scalar_is_covered_with_its_quotes() {
    assert_eq!(slices("'a' : \"b\\\"c\"  # d\n"), ["'a' : \"b\\\"c\"", "'a'", "\"b\\\"c\""]);
}

#[test]
fn a_block_scalar_is_covered_from_its_indicator_to_its_last_character() {
    let text = "- &x !!str |-  # comment\n    one\n\n    two\n\n\n- >\n  x\n";
    assert_eq!(slices(text)[1..], ["|-  # comment\n    one\n\n    two", ">\n  x"]);
    assert_eq!(slices("a: |\nb: 1\n")[2], "|");
    assert_eq!(slices("--- !!str |\n x\n"), ["|\n x"]);
    assert_eq!(slices("? |\n  x\n: y\n")[1], "|\n  x");
}

#[test]
fn a_block_collection_is_covered_to_the_end_of_its_last_child() {
    let text = "- a: 1\n  b: 2   # c\n\n- - x\n  - y\n\n# end\n";
    let all = slices(text);
    assert_eq!(all[0], "- a: 1\n  b: 2   # c\n\n- - x\n  - y");
    assert_eq!(all[1], "a: 1\n  b: 2");
    assert_eq!(all[6], "- x\n  - y");
}

#[test]
fn a_flow_collection_is_covered_with_its_brackets() {
    let text = "a: [ 1, {b: c } ]  # d\n";
    assert_eq!(slices(text)[2..5], ["[ 1, {b: c } ]", "1", "{b: c }"]);
    assert_eq!(slices("[a, b: c , d]")[2], "b: c");
}

#[test]
fn a_list_that_is_not_indented_begins_with_its_first_dash() {
    assert_eq!(slices("a:\n- 1\n- 2\nb: 3\n")[2], "- 1\n- 2");
    assert_eq!(slices("a: !!seq &x # c - d\n- - 1\n")[2], "- - 1");
    assert_eq!(slices("a:\n-\n- -1\n")[2], "-\n- -1");
}

#[test]
fn an_empty_value_stands_behind_its_colon() {
    for (text, at) in [
        ("a:\n", 2),
        ("a:    # comment\n\n", 2),
        ("a :\n", 3),
        ("'a':", 4),
        ("{a: }", 3),
        ("? a # x\n# y\n: # z\n", 13),
    ] {
        assert_eq!(only_value(text).span, empty_at(at), "{text:?}");
    }
}

#[test]
fn an_empty_value_without_a_colon_stands_behind_its_key() {
    assert_eq!(only_value("{a}").span, empty_at(2));
    assert_eq!(only_value("? a\n\n").span, empty_at(3));
}

#[test]
fn an_empty_list_entry_stands_behind_its_dash() {
    let text = "-\n- # comment - x\n\n-   \n- a\n";
    let Value::Seq(items) = root(text).value else {
        panic!("a list");
    };
    let spans: Vec<_> = items.iter().map(|item| item.span).collect();
    let last = Span { start: 26, end: 27 };
    assert_eq!(spans, [empty_at(1), empty_at(3), empty_at(20), last]);
}

#[test]
fn the_end_of_an_empty_last_value_is_the_end_of_its_mapping() {
    assert_eq!(slices("- a: 1\n  b:   # c\n\n")[..2], ["- a: 1\n  b:", "a: 1\n  b:"]);
}

#[test]
fn tags_and_anchors_do_not_belong_to_the_span_of_a_value() {
    assert_eq!(slices("a: !!str &x 5\nb: &y !!int '6'\n")[1..], ["a", "5", "b", "'6'"]);
    assert_eq!(slices("a: &x\n  b: c\n")[2], "b: c");
}

#[test]
fn an_aliased_node_stands_at_its_alias_and_its_children_at_their_own_place() {
    let text = "a: &x [1, 2]\nbb: *x\n";
    assert_eq!(slices(text)[5..], ["bb", "*x", "1", "2"]);
    let Value::Map(pairs) = root(text).value else {
        panic!("a mapping");
    };
    assert_eq!(pairs[1].1.span, Span { start: 17, end: 19 });
}

#[test]
fn a_merged_pair_keeps_its_own_place_and_the_mapping_too() {
    let text = "- &x {a: 1}\n- b: 2\n  <<: *x\n- 3\n";
    let all = slices(text);
    assert_eq!(all[4..9], ["b: 2\n  <<: *x", "a", "1", "b", "2"]);
}

#[test]
fn offsets_are_bytes_where_the_text_is_not_ascii() {
    let text = "# größer ☃ 𝄞\n- é: 'ü ☃'\n  𝄞: [ä, \"ö\"]\n  ñ:\n- 日本: |\n    語\n- *é\n".replace("- *é\n", "");
    let expected = ["é", "'ü ☃'", "𝄞", "[ä, \"ö\"]", "ä", "\"ö\"", "ñ", ""];
    assert_eq!(slices(&text)[2..10], expected);
    assert_eq!(slices(&text)[11..], ["日本", "|\n    語"]);
}

#[test]
fn a_byte_order_mark_counts_as_three_bytes() {
    assert_eq!(only_value("\u{feff}a: b\n").span, Span { start: 6, end: 7 });
}

#[test]
fn windows_line_ends_are_not_part_of_any_value() {
    assert_eq!(
        slices("a: b\r\nc: |\r\n  d\r\ne:\r\n"),
        ["a: b\r\nc: |\r\n  d\r\ne:", "a", "b", "c", "|\r\n  d", "e", ""]
    );
}
