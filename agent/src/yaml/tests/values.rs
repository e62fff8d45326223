//! What the values of a file are.

use super::super::Value;
use super::{document, root, values};

#[test]
fn a_configuration_has_lists_mappings_and_scalars() {
    let text = "\
- type: tcp
  host: localhost
  port: 80
- {type: tls, tags: [a, b], timeout: 1.5}
";
    let expected =
        r#"[{"type": "tcp", "host": "localhost", "port": 80}, {"type": "tls", "tags": ["a", "b"], "timeout": 1.5}]"#;
    assert_eq!(values(text), expected);
}

#[test]
fn a_quoted_scalar_is_always_text() {
    assert_eq!(values(r#"['1', "yes", '~', "", '0x1F']"#), r#"["1", "yes", "~", "", "0x1F"]"#);
}

#[test]
fn a_block_scalar_is_always_text() {
    assert_eq!(values("- |\n  12\n- >-\n  yes\n"), r#"["12\n", "yes"]"#);
}

#[test]
fn the_text_of_a_plain_number_is_kept() {
    let Value::Scalar(scalar) = root("0644").value else {
        panic!("a scalar");
    };
    assert_eq!(scalar.text, "0644");
}

#[test]
fn an_empty_value_is_null_with_an_empty_text() {
    let Value::Map(pairs) = root("a:\nb: ~\n").value else {
        panic!("a mapping");
    };
    let texts: Vec<_> = pairs
        .iter()
        .map(|(_, value)| match &value.value {
            Value::Scalar(scalar) => scalar.text.as_str(),
            _ => panic!("a scalar"),
        })
        .collect();
    assert_eq!(texts, ["", "~"]);
    assert_eq!(values("a:\nb: ~\n"), r#"{"a": null, "b": null}"#);
}

#[test]
fn escapes_and_folded_lines_are_undone() {
    assert_eq!(values("\"a\\tb\\u00e9\\x41\""), r#""a\tbéA""#);
    assert_eq!(values("'it''s\n  one\n\n  text'"), r#""it's one\ntext""#);
    assert_eq!(values("a: one\n  text\n"), r#"{"a": "one text"}"#);
    assert_eq!(values("- |\n  a\n   b\n\n- >\n  a\n  b\n"), r#"["a\n b\n", "a b\n"]"#);
}

#[test]
fn a_text_block_at_the_end_of_the_file_ends_as_the_file_does() {
    assert_eq!(values("a: |\n  x\n"), r#"{"a": "x\n"}"#);
    assert_eq!(values("a: |\n  x"), r#"{"a": "x"}"#);
    assert_eq!(values("a: >+\n  x\n\n"), r#"{"a": "x\n\n"}"#);
    assert_eq!(values("a: |\n  x\n "), r#"{"a": "x\n"}"#);
}

#[test]
fn a_file_without_a_value_has_no_root() {
    for text in ["", "\n \n", "# only a comment", "---\n", "--- # c\n...\n", "\u{feff}", "%YAML 1.1\n---\n"] {
        assert!(document(text).root.is_none(), "{text:?}");
    }
}

#[test]
fn a_document_may_have_markers_directives_and_a_byte_order_mark() {
    assert_eq!(values("%YAML 1.1\n---\na: 1\n...\n"), r#"{"a": 1}"#);
    assert_eq!(values("\u{feff}a: 1\r\nb: 2\r\n"), r#"{"a": 1, "b": 2}"#);
}

#[test]
fn an_alias_stands_for_a_copy_of_the_anchored_node() {
    let text = "a: &x [1, {b: c}]\nd: *x\ne: &y text\n*y : *y\n";
    let expected = r#"{"a": [1, {"b": "c"}], "d": [1, {"b": "c"}], "e": "text", "text": "text"}"#;
    assert_eq!(values(text), expected);
}

#[test]
fn an_anchor_that_is_given_again_counts_from_there_on() {
    assert_eq!(values("[&a 1, *a, &a 2, *a]"), "[1, 1, 2, 2]");
}

#[test]
fn an_anchor_on_nothing_stands_for_null() {
    assert_eq!(values("a: &x\nb: *x\n"), r#"{"a": null, "b": null}"#);
}

#[test]
fn keys_of_any_kind_are_kept() {
    assert_eq!(values("{1: a, ~: b, [x, y]: c, {z: 1}: d}"), r#"{1: "a", null: "b", ["x", "y"]: "c", {"z": 1}: "d"}"#);
    assert_eq!(values("? a\n: b\n? c\n"), r#"{"a": "b", "c": null}"#);
}

#[test]
fn a_tab_is_allowed_where_it_does_not_indent() {
    assert_eq!(values("a:\tb\n\t\n\t# comment\nc: 'x\ty'\n"), r#"{"a": "b", "c": "x\ty"}"#);
    assert_eq!(values("a: |\n  \tx\n  y\n"), r#"{"a": "\tx\ny\n"}"#);
    assert_eq!(values("a: 'x\n  \ty'\n"), r#"{"a": "x y"}"#);
}
