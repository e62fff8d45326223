//! Tags.

use super::{points, problem, values};

#[test]
fn the_tags_of_yaml_say_the_type() {
    for (text, expected) in [
        ("!!str 12", r#""12""#),
        ("!!str", r#""""#),
        ("!!int '12'", "12"),
        ("!!int \"0x1F\"", "31"),
        ("!!bool 'yEs'", "true"),
        ("!!float 1", "1.0"),
        ("!!float 1e3", "1000.0"),
        ("!!null ''", "null"),
        ("!!null", "null"),
        ("!!seq [1]", "[1]"),
        ("!!map {a: 1}", r#"{"a": 1}"#),
        ("!!timestamp 2001-01-01", r#""2001-01-01""#),
        ("! 12", "12"),
        ("! [a]", r#"["a"]"#),
    ] {
        assert_eq!(values(text), expected, "{text}");
    }
}

#[test]
fn the_verbatim_form_of_a_tag_means_the_same() {
    assert_eq!(values("!<tag:yaml.org,2002:int> '12'"), "12");
    assert_eq!(values("!<tag:yaml.org,2002:python/tuple> [1]"), "[1]");
    assert_eq!(values("%TAG !y! tag:yaml.org,2002:\n---\n!y!str 1\n"), r#""1""#);
}

#[test]
fn the_tags_that_python_tools_write_are_understood() {
    for (text, expected) in [
        ("!!python/tuple [a, b]", r#"["a", "b"]"#),
        ("!!python/tuple\n- a\n- b\n", r#"["a", "b"]"#),
        ("!!python/list [a]", r#"["a"]"#),
        ("!!python/unicode 'x'", r#""x""#),
        ("!!python/str 1", r#""1""#),
        ("!!python/dict {a: 1}", r#"{"a": 1}"#),
        ("!!python/int '7'", "7"),
        ("!!python/long '7'", "7"),
        ("!!python/bool 'True'", "true"),
        ("!!python/float '1.5'", "1.5"),
        ("!!python/none ''", "null"),
        ("!!python/bytes aGk=", r#""hi""#),
        ("!!set {a, b}", r#"["a", "b"]"#),
        ("!!set\n? a\n? b\n", r#"["a", "b"]"#),
        ("!!omap\n- a: 1\n- b: 2\n", r#"[["a", 1], ["b", 2]]"#),
        ("!!pairs [a: 1, a: 2]", r#"[["a", 1], ["a", 2]]"#),
    ] {
        assert_eq!(values(text), expected, "{text}");
    }
}

#[test]
fn binary_is_decoded_to_text() {
    assert_eq!(values("!!binary |\n  Z3LD\n  tsOfZQ==\n"), r#""größe""#);
    assert_eq!(values("!!binary ''"), r#""""#);
    assert_eq!(values("[!!binary fn5+, !!binary Pz8/]"), r#"["~~~", "???"]"#);
}

#[test]
fn binary_that_is_not_base64_or_not_text_is_a_problem() {
    for text in
        ["a: !!binary 'a'", "a: !!binary 'a==='", "a: !!binary 'a?=='", "a: !!binary 'aG=k'", "a: !!binary '/w=='"]
    {
        assert_eq!(points(text), ("bad-tag", "!!binary", 3), "{text}");
    }
}

#[test]
fn a_tag_that_does_not_fit_its_value_is_a_problem() {
    for text in [
        "!!int abc",
        "!!int 1.5",
        "!!int",
        "!!int [1]",
        "!!int 99999999999999999999",
        "!!bool 1",
        "!!float abc",
        "!!seq a",
        "!!seq {a: 1}",
        "!!map [1]",
        "!!map",
        "!!str [1]",
        "!!set [a]",
        "!!omap {a: 1}",
        "!!omap [a]",
        "!!omap [{a: 1, b: 2}]",
        "!!pairs [a]",
        "!!python/tuple x",
    ] {
        let tag = text.split(' ').next().unwrap_or_default();
        assert_eq!(points(text), ("bad-tag", tag, 0), "{text}");
    }
}

#[test]
fn an_unknown_tag_is_a_problem_at_the_tag() {
    assert_eq!(points("a: !vault x"), ("unknown-tag", "!vault", 3));
    assert_eq!(points("é: !vault\n  b: c"), ("unknown-tag", "!vault", 4));
    assert_eq!(points("- !e!x y"), ("unknown-tag", "!e!x", 2));
    assert_eq!(points("[!e!x,y]"), ("unknown-tag", "!e!x", 1));
    assert_eq!(points("- !<x:y> y"), ("unknown-tag", "!<x:y>", 2));
    assert_eq!(points("- !!none [a]"), ("unknown-tag", "!!none", 2));
}

#[test]
fn no_python_object_is_ever_built() {
    for tag in [
        "!!python/object:os.System",
        "!!python/object/apply:os.system",
        "!!python/object/new:x.Y",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/complex",
        "!<tag:yaml.org,2002:python/object/apply:os.system>",
    ] {
        let text = format!("a: {tag} [x]");
        assert_eq!(points(&text), ("unknown-tag", tag, 3));
        let help = problem(&text).help.unwrap_or_default();
        assert!(help.contains("Python"), "{help}");
    }
}
