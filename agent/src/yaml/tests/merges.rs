//! The merge key.

use super::{points, values};

#[test]
fn a_merge_key_brings_in_the_pairs_of_mappings() {
    for (text, expected) in [
        ("a: &x {k: 1}\nb:\n  m: 3\n  <<: *x\n", r#"{"a": {"k": 1}, "b": {"k": 1, "m": 3}}"#),
        // A key of the mapping itself wins, wherever it stands.
        ("- &x {k: 1, l: 2}\n- k: 9\n  <<: *x\n", r#"[{"k": 1, "l": 2}, {"l": 2, "k": 9}]"#),
        ("- &x {k: 1, l: 2}\n- <<: *x\n  k: 9\n", r#"[{"k": 1, "l": 2}, {"l": 2, "k": 9}]"#),
        // The earlier mapping of a list wins, and the later of two merge keys.
        (
            "- &x {k: 1, l: 1}\n- &y {k: 2, m: 2}\n- <<: [*x, *y]\n",
            r#"[{"k": 1, "l": 1}, {"k": 2, "m": 2}, {"m": 2, "k": 1, "l": 1}]"#,
        ),
        ("- &x {k: 1}\n- &y {k: 2}\n- <<: *x\n  <<: *y\n", r#"[{"k": 1}, {"k": 2}, {"k": 2}]"#),
        // What is merged may have been merged itself, or stand there without an alias.
        ("- &x {k: 1}\n- &y {<<: *x, l: 2}\n- {<<: *y, k: 3}\n", r#"[{"k": 1}, {"k": 1, "l": 2}, {"l": 2, "k": 3}]"#),
        ("{<<: {a: 1}, b: 2}", r#"{"a": 1, "b": 2}"#),
        ("{<<: [], b: 2}", r#"{"b": 2}"#),
        // In quotes it is a key like any other; a tag makes one.
        ("{'<<': 1}", r#"{"<<": 1}"#),
        ("[<<, {a: <<}]", r#"["<<", {"a": "<<"}]"#),
        ("{!!merge x: {a: 1}}", r#"{"a": 1}"#),
    ] {
        assert_eq!(values(text), expected, "{text}");
    }
}

#[test]
fn many_keys_are_merged_like_few() {
    let keys: Vec<_> = (0..40).map(|number| format!("k{number}: {number}")).collect();
    let all = values(&format!("- &x {{{}}}\n- {{<<: *x, k7: x}}\n", keys.join(", ")));
    assert!(all.ends_with(r#", "k39": 39, "k7": "x"}]"#), "{all}");
    assert_eq!(all.matches("\"k7\"").count(), 2);
}

#[test]
fn only_mappings_can_be_merged() {
    for (text, shown, at) in [
        ("a: 1\n<<: text\n", "text", 9),
        ("<<:\n", "", 3),
        ("- &x [1]\n- <<: *x\n", "1", 6),
        ("- &x 1\n- <<: *x\n", "*x", 13),
        ("<<: [{a: 1}, b]\n", "b", 13),
        ("<<: [{a: 1}, [{b: 1}]]\n", "[{b: 1}]", 13),
    ] {
        assert_eq!(points(text), ("bad-merge", shown, at), "{text}");
    }
}
