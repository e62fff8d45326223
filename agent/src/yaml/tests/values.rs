//! What the values of a file are.

use super::super::Value;
use super::{document, root, values};

#[test]
fn texts_have_the_values_that_they_have_in_pyyaml() {
    for (text, expected) in [
        (
            "- type: tcp\n  port: 80\n- {type: tls, tags: [a, b], timeout: 1.5}\n",
            r#"[{"type": "tcp", "port": 80}, {"type": "tls", "tags": ["a", "b"], "timeout": 1.5}]"#,
        ),
        // What is in quotes or a block is always text.
        (r#"['1', "yes", '~', "", '0x1F']"#, r#"["1", "yes", "~", "", "0x1F"]"#),
        ("- |\n  12\n- >-\n  yes\n", r#"["12\n", "yes"]"#),
        // Escapes and folded lines are undone.
        ("\"a\\tb\\u00e9\\x41\"", r#""a\tbéA""#),
        ("'it''s\n  one\n\n  text'", r#""it's one\ntext""#),
        ("a: one\n  text\n", r#"{"a": "one text"}"#),
        ("- |\n  a\n   b\n\n- >\n  a\n  b\n", r#"["a\n b\n", "a b\n"]"#),
        // A text block at the end of the file ends as the file does.
        ("a: |\n  x\n", r#"{"a": "x\n"}"#),
        ("a: |\n  x", r#"{"a": "x"}"#),
        ("a: >+\n  x\n\n", r#"{"a": "x\n\n"}"#),
        ("a: |\n  x\n ", r#"{"a": "x\n"}"#),
        // Markers, directives and a byte order mark.
        ("%YAML 1.1\n---\na: 1\n...\n", r#"{"a": 1}"#),
        ("\u{feff}a: 1\r\nb: 2\r\n", r#"{"a": 1, "b": 2}"#),
        // An alias stands for a copy; an anchor that is given again counts from there on.
        ("a: &x [1, {b: c}]\nd: *x\n", r#"{"a": [1, {"b": "c"}], "d": [1, {"b": "c"}]}"#),
        ("e: &y text\n*y : *y\n", r#"{"e": "text", "text": "text"}"#),
        ("[&a 1, *a, &a 2, *a]", "[1, 1, 2, 2]"),
        ("a: &x\nb: *x\n", r#"{"a": null, "b": null}"#),
        // Keys of any kind.
        ("{1: a, ~: b, [x, y]: c, {z: 1}: d}", r#"{1: "a", null: "b", ["x", "y"]: "c", {"z": 1}: "d"}"#),
        ("? a\n: b\n? c\n", r#"{"a": "b", "c": null}"#),
        // A TAB where it does not indent.
        ("a:\tb\n\t\n\t# comment\nc: 'x\ty'\n", r#"{"a": "b", "c": "x\ty"}"#),
        ("a: |\n  \tx\n  y\n", r#"{"a": "\tx\ny\n"}"#),
        ("a: 'x\n  \ty'\n", r#"{"a": "x y"}"#),
    ] {
        assert_eq!(values(text), expected, "{text}");
    }
}

#[test]
fn the_text_of_a_plain_scalar_is_kept() {
    let Value::Map(pairs) = root("a: 0644\nb: ~\nc:\n").value else {
        panic!("a mapping");
    };
    let texts: Vec<_> = pairs.iter().filter_map(|(_, value)| value.text()).collect();
    assert_eq!(texts, ["0644", "~", ""]);
}

#[test]
fn a_file_without_a_value_has_no_root() {
    for text in ["", "\n \n", "# only a comment", "---\n", "--- # c\n...\n", "\u{feff}", "%YAML 1.1\n---\n"] {
        assert!(document(text).root.is_none(), "{text:?}");
    }
}
