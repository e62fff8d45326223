//! The merge key.

use super::{points, values};

#[test]
fn a_merge_key_brings_in_the_pairs_of_an_alias() {
    let text = "a: &x {k: 1, l: 2}\nb:\n  m: 3\n  <<: *x\n";
    assert_eq!(values(text), r#"{"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 2, "m": 3}}"#);
}

#[test]
fn a_key_of_the_mapping_itself_wins_wherever_it_stands() {
    let expected = r#"[{"k": 1, "l": 2}, {"l": 2, "k": 9}]"#;
    assert_eq!(values("- &x {k: 1, l: 2}\n- k: 9\n  <<: *x\n"), expected);
    assert_eq!(values("- &x {k: 1, l: 2}\n- <<: *x\n  k: 9\n"), expected);
}

#[test]
fn the_earlier_mapping_of_a_list_wins() {
    let text = "- &x {k: 1, l: 1}\n- &y {k: 2, m: 2}\n- <<: [*x, *y]\n";
    assert_eq!(values(text), r#"[{"k": 1, "l": 1}, {"k": 2, "m": 2}, {"m": 2, "k": 1, "l": 1}]"#);
}

#[test]
fn the_later_of_two_merge_keys_wins() {
    let text = "- &x {k: 1}\n- &y {k: 2}\n- <<: *x\n  <<: *y\n";
    assert_eq!(values(text), r#"[{"k": 1}, {"k": 2}, {"k": 2}]"#);
}

#[test]
fn what_is_merged_may_have_been_merged_itself() {
    let text = "- &x {k: 1}\n- &y {<<: *x, l: 2}\n- {<<: *y, k: 3}\n";
    assert_eq!(values(text), r#"[{"k": 1}, {"k": 1, "l": 2}, {"l": 2, "k": 3}]"#);
}

#[test]
fn a_mapping_can_be_merged_without_an_alias() {
    assert_eq!(values("{<<: {a: 1}, b: 2}"), r#"{"a": 1, "b": 2}"#);
    assert_eq!(values("{<<: [], b: 2}"), r#"{"b": 2}"#);
}

#[test]
fn many_keys_are_merged_like_few() {
    let keys: Vec<_> = (0..40).map(|number| format!("k{number}: {number}")).collect();
    let text = format!("- &x {{{}}}\n- {{<<: *x, k7: x}}\n", keys.join(", "));
    let all = values(&text);
    assert!(all.ends_with(r#", "k39": 39, "k7": "x"}]"#), "{all}");
    assert_eq!(all.matches("\"k7\"").count(), 2);
}

#[test]
fn a_quoted_merge_key_is_a_key_like_any_other() {
    assert_eq!(values("{'<<': 1}"), r#"{"<<": 1}"#);
    assert_eq!(values("[<<, {a: <<}]"), r#"["<<", {"a": "<<"}]"#);
}

#[test]
fn the_tag_merge_makes_a_merge_key() {
    assert_eq!(values("{!!merge x: {a: 1}}"), r#"{"a": 1}"#);
}

#[test]
fn only_mappings_can_be_merged() {
    assert_eq!(points("a: 1\n<<: text\n"), ("bad-merge", "text", 9));
    assert_eq!(points("<<:\n"), ("bad-merge", "", 3));
    assert_eq!(points("- &x [1]\n- <<: *x\n"), ("bad-merge", "1", 6));
    assert_eq!(points("- &x 1\n- <<: *x\n"), ("bad-merge", "*x", 13));
    assert_eq!(points("<<: [{a: 1}, b]\n"), ("bad-merge", "b", 13));
    assert_eq!(points("<<: [{a: 1}, [{b: 1}]]\n"), ("bad-merge", "[{b: 1}]", 13));
}
