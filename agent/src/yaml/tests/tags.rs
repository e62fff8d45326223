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
        // The verbatim form of a tag means the same.
        ("!<tag:yaml.org,2002:int> '12'", "12"),
        ("!<tag:yaml.org,2002:python/tuple> [1]", "[1]"),
        ("%TAG !y! tag:yaml.org,2002:\n---\n!y!str 1\n", r#""1""#),
        // What Python's tools write.
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
        ("!!binary |\n  Z3LD\n  tsOfZQ==\n", r#""größe""#),
        ("!!binary ''", r#""""#),
        ("[!!binary fn5+, !!binary Pz8/]", r#"["~~~", "???"]"#),
    ] {
        assert_eq!(values(text), expected, "{text}");
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
        "!!binary a",
        "!!binary a===",
        "!!binary a?==",
        "!!binary aG=k",
        // Not UTF-8.
        "!!binary /w==",
    ] {
        let tag = text.split(' ').next().unwrap_or_default();
        assert_eq!(points(text), ("bad-tag", tag, 0), "{text}");
    }
}

#[test]
fn an_unknown_tag_is_a_problem_at_the_tag() {
    for (text, tag, at) in [
        ("a: !vault x", "!vault", 3),
        ("é: !vault\n  b: c", "!vault", 4),
        ("- !e!x y", "!e!x", 2),
        ("[!e!x,y]", "!e!x", 1),
        ("- !<x:y> y", "!<x:y>", 2),
        ("- !!none [a]", "!!none", 2),
    ] {
        assert_eq!(points(text), ("unknown-tag", tag, at), "{text}");
    }
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
