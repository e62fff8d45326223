//! Files that are not YAML: what is said, and where it points.

use super::{parse, points, problem};

/// Checks for each text: what the problem points to, where that begins, and a part of the
/// message.
fn check(cases: &[(&str, &str, usize, &str)]) {
    for &(text, shown, at, part) in cases {
        assert_eq!(points(text), ("yaml-syntax", shown, at), "{text:?}");
        let message = problem(text).message;
        assert!(message.contains(part), "{text:?}: {message}");
    }
}

#[test]
fn a_missing_closing_quote_points_to_where_the_quote_was_opened() {
    let missing = "not closed";
    check(&[
        ("- 'b", "'", 2, missing),
        ("a: \"abc\nb: 1\n", "\"", 3, missing),
        ("a: 'abc\n  def\nb: 1\n", "'", 3, missing),
        ("- a\n- \"b\n- c: d\n", "\"", 6, missing),
        ("é: [a, 'b, c]\nd: 1\n", "'", 8, missing),
        ("- x: don't # it's\n  y: \"z\n- a\n", "\"", 23, missing),
        ("- x: 'a \\'\n  y: 'b''c\n- a\n", "'", 16, missing),
        ("- &a !!str \"x\n- y\n", "\"", 11, missing),
        ("a: \"x\n---\ny\"\n", "\"", 3, missing),
    ]);
}

#[test]
fn a_missing_bracket_points_to_where_the_bracket_was_opened() {
    let open = "not closed";
    check(&[
        ("[a", "[", 0, open),
        ("a: {b: [c, d}", "[", 7, "closed by '}'"),
        ("a: [1, 2\nb: 3\n", "[", 3, open),
        ("- a: {x: 1\n- b: 3\n", "{", 5, open),
        ("- a: [b,\n- c\n- d\n", "[", 5, open),
        ("é: {a: {b: 1}\nc: d\n", "{", 4, open),
    ]);
    let help = problem("a: [1, 2\nb: 3\n").help.unwrap_or_default();
    assert!(help.contains("line 2") && help.contains("`]` or `,`"), "{help}");
}

#[test]
fn a_colon_in_a_plain_text_is_explained() {
    let message = "mapping values are not allowed here";
    check(&[
        ("a: b: c\n", ":", 4, message),
        ("url: é: c\n", ":", 7, message),
        ("a: 'b': c\n", ":", 6, message),
        ("- host: x\n   port: 1\n", "port:", 13, message),
        ("key\nb: c\n", "b:", 4, message),
    ]);
}

#[test]
fn bad_indentation_points_to_the_line_and_says_what_belongs_there() {
    let (key, entry) = ("next key", "next `- `");
    check(&[
        ("a:\n    b: 1\n  c: 2\n", "c", 14, key),
        ("- a: 1\n b: 2\n", "b", 8, entry),
        ("a:\n  - b\n - c\n", "-", 10, key),
        ("a: 1\n- b\n", "b", 7, key),
        ("- a\nb: c\n", "b", 4, entry),
        (" a: 1\nb: 2\n", "b", 6, "not part of what stands above"),
        ("a: \"x\"\n  b: 1\n", "b", 9, key),
        ("a: |\n  x\n y\n", "y", 10, key),
        ("a: one\n# c\n  two\n", "t", 13, key),
        ("? a\n- b\n", "b", 6, key),
    ]);
    assert!(problem("- a: 1\n b: 2\n").help.is_some_and(|help| help.contains("align")));
}

#[test]
fn a_tab_in_indentation_is_a_problem_with_advice() {
    let tab = "TAB";
    check(&[
        ("a:\n\tb: 2\n", "\t", 3, tab),
        ("a: 1\n\tb: 2\n", "\t", 5, tab),
        ("a:\n  \t- b\n", "\t", 5, tab),
        ("\ta: 1\n", "\t", 0, tab),
        ("- a: 1\n\tb: 2\n", "\t", 7, tab),
        ("-\ta: 1\n", "\t", 1, tab),
        ("[a,\n\tb]\n", "\t", 4, tab),
        ("a: |\n\tx\n", "\t", 5, tab),
        ("a: one\n\ttwo\n", "\t", 7, tab),
        ("é: 'x\n  \ty'\n\tb: 1\n", "\t", 13, tab),
    ]);
    assert!(problem("a:\n\tb: 2\n").help.is_some_and(|help| help.contains("spaces")));
}

#[test]
fn a_forbidden_character_is_named() {
    check(&[
        ("a: b\0c\n", "\0", 4, "U+0000"),
        ("# é\u{7}\n", "\u{7}", 4, "U+0007"),
        ("a: 'x\u{7f}'\n", "\u{7f}", 5, "U+007F"),
        ("a: \u{90}\n", "\u{90}", 3, "U+0090"),
        ("a: \u{fffe}\n", "\u{fffe}", 3, "U+FFFE"),
        ("a: b\n\u{1b}[31m\n", "\u{1b}", 5, "U+001B"),
    ]);
    for allowed in ["\u{85}", "\u{a0}", "\u{fffd}", "\u{ff21}", "\u{1f600}", "\u{2028}"] {
        assert!(parse(&format!("a: 'x{allowed}'\n")).is_ok(), "{allowed:?}");
    }
}

#[test]
fn mistakes_point_to_their_place() {
    check(&[
        // Inside brackets.
        ("a: ]", "]", 3, "misplaced bracket"),
        ("a: {b: c}}", "}", 9, "misplaced bracket"),
        ("[a, , b]", ",", 4, "value is missing"),
        ("{a: b: c}", ":", 5, "',' or '}'"),
        ("[a, 'b' c]", "c", 8, "after the closing quote"),
        ("[a, - b]", "-", 4, "\"-\""),
        // Behind a value.
        ("a: \"x\" y\n", "y", 7, "after the closing quote"),
        ("a: 'it's\n", "s", 7, "after the closing quote"),
        ("'a\nb': 1\n", ":", 5, "after the closing quote"),
        ("[a, b] c\n", "c", 7, "not part of what stands above"),
        ("\"a\":b\n", ":", 3, "not part of what stands above"),
        ("a: &x *y\n", "*", 6, "next key"),
        // Others.
        ("a: 1\nb\nc: 2\n", "b", 5, "`:` is missing"),
        ("a: - b\n", "-", 3, "not allowed"),
        ("a: @x\n", "@", 3, "cannot begin"),
        ("a: %x\n", "%", 3, "cannot begin"),
        ("a: *\n", "*", 3, "alias"),
        ("a: &$x y\n", "&$x", 3, "name of an anchor"),
        ("a: !<x y\n", "!", 3, "tag"),
        ("a: >x\n  y\n", ">", 3, "block scalar"),
        ("a: \"x\\d\"\n", "\"", 3, "unknown escape"),
        ("%FOO\na: b\n", "a", 5, "not part of what stands above"),
        ("%YAML 2.0\n---\na\n", "%", 0, "version"),
        ("a: 'b'#c\n", "#", 6, "separated"),
        ("a: ,b\n", ",", 3, "value is missing"),
        ("%YAML\n---\na\n", "%", 0, "directive"),
        ("a: b\n\u{feff}c: d\n", "\u{feff}", 5, "BOM"),
        ("a: (\"x\")\nb: \"x\")\n", ")", 15, "closing quote"),
        ("a: b\n... c\n", "c", 9, "after document end"),
    ]);
}

#[test]
fn what_needs_quotes_or_an_escape_is_said_to_need_it() {
    for (text, part) in [
        ("a: @x\n", "quotes"),
        ("a: *\n", "quotes"),
        ("a: >x\n  y\n", "quotes"),
        ("a: b: c\n", "quotes"),
        ("a: \"\\d\"\n", "single quotes"),
        ("a: 'it's\n", "write ''"),
        ("a: \"x\" y\n", "write \\\""),
        ("a: - b\n", "[a, b]"),
    ] {
        let help = problem(text).help.unwrap_or_default();
        assert!(help.contains(part), "{text:?}: {help}");
    }
}

#[test]
fn an_alias_needs_an_anchor_and_a_file_is_one_document() {
    for (text, code, shown, at) in [
        ("a: *nope\nb: 1\n", "unknown-alias", "*nope", 3),
        ("*nope : 1\n", "unknown-alias", "*nope", 0),
        ("a: *x\nb: &x 1\n", "unknown-alias", "*x", 3),
        // Inside its own anchor.
        ("a: &x [1, *x]\n", "unknown-alias", "*x", 10),
        ("&x {a: *x}\n", "unknown-alias", "*x", 7),
        ("- &x 1\n- &x [*x]\n", "unknown-alias", "*x", 13),
        ("a: 1\n---\nb: 2\n", "several-documents", "---", 5),
        ("--- a\n---\n", "several-documents", "---", 6),
        ("a: 1\n...\nbcd\n", "several-documents", "b", 9),
    ] {
        assert_eq!(points(text), (code, shown, at), "{text:?}");
    }
    assert!(problem("a: &x [1, *x]\n").message.contains("inside"));
}

#[test]
fn no_problem_repeats_a_value() {
    for text in [
        "password: s3cret: x\n",
        "password: 's3cret\nb: 1\n",
        "password: \"s3cret\" s3cret\n",
        "password: \"\\s3cret\"\n",
        "password: [s3cret\nb: 1\n",
        "password: s3cret\n  s3cret: x\n",
        "password: !!int s3cret\n",
        "password: !!binary s3cret\n",
        "<<: s3cret\n",
        "password: s3cret\0\n",
        "password: @s3cret\n",
        "password: s3cret\n s3cret\n\ts3cret\n",
        "password: s3cret\ns3cret\n",
        "password: &a s3cret\nb: *s\n",
        "password: *s3cret\n",
    ] {
        let problem = problem(text);
        let said = format!("{} {:?}", problem.message, problem.help);
        assert!(!said.contains("s3cret"), "{text:?}: {said}");
    }
}
