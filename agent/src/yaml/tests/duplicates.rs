//! Keys that are given more than once.

use super::{document, place, values};
use crate::diagnostic::Flaw;

/// The texts that the notes point to, and their messages.
fn notes(text: &str) -> Vec<(&str, String)> {
    let notes = document(text).notes;
    assert!(notes.iter().all(|note| note.flaw == Flaw::DuplicateKey && note.help.is_some()));
    notes.into_iter().map(|note| (&text[place(&note).start..], note.message)).collect()
}

#[test]
fn the_last_value_of_a_key_wins_with_a_note_at_every_further_key() {
    let text = "a: 1\nhost: x\n\nhost: y\nhost: z\n";
    assert_eq!(values(text), r#"{"a": 1, "host": "z"}"#);
    let message = "the key `host` was already given on line 2; the last one counts".to_owned();
    assert_eq!(notes(text), [("host: y\nhost: z\n", message.clone()), ("host: z\n", message)]);
}

#[test]
fn keys_that_python_holds_for_equal_are_duplicates() {
    for (text, expected) in [
        ("{1: a, 0x1: b}", 1),
        ("{1: a, 1.0: b}", 1),
        ("{1: a, true: b, yes: c}", 2),
        ("{~: a, null: b}", 1),
        ("{a: 1, 'a': 2}", 1),
        ("{1.5: a, 1.50: b}", 1),
        ("{1: a, '1': b, 1.5: c, false: d, ~: e}", 0),
        ("{.nan: a, .nan: b}", 0),
        ("{[a]: 1, [a]: 2}", 0),
        // What is also merged is not given again, nor is what an alias copies.
        ("- &x {k: 1}\n- {k: 2, <<: *x, <<: *x}\n", 0),
        ("- &x {k: 1, k: 2}\n- *x\n- *x\n", 1),
    ] {
        assert_eq!(document(text).notes.len(), expected, "{text}");
    }
}

#[test]
fn the_notes_are_in_the_order_of_the_file_and_among_many_keys() {
    let keys: Vec<_> = (0..100).map(|number| format!("k{number}: 1")).collect();
    for (text, expected) in [
        (keys.join("\n") + "\nk3: 2\nk99: 3\n", &["k3: 2\nk99: 3\n", "k99: 3\n"][..]),
        (
            "a: {x: 1, x: 2}\nb: 1\nb: {y: 1, y: 2}\n".to_owned(),
            &["x: 2}\nb: 1\nb: {y: 1, y: 2}\n", "b: {y: 1, y: 2}\n", "y: 2}\n"],
        ),
    ] {
        let found: Vec<_> = notes(&text).into_iter().map(|(place, _)| place).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_long_or_unprintable_key_is_shown_in_a_readable_way() {
    let long = "k".repeat(200);
    let text = format!("{long}: 1\n{long}: 2\n\"a\\e\\nb\": 1\n\"a\\e\\nb\": 2\n");
    let messages: Vec<_> = notes(&text).into_iter().map(|(_, message)| message).collect();
    let start = format!("the key `{}...` was", "k".repeat(60));
    assert!(messages[0].starts_with(&start), "{messages:?}");
    assert!(messages[1].starts_with(r"the key `a\u{1b}\nb` was"), "{messages:?}");
}

#[test]
fn a_flood_of_duplicates_gives_a_thousand_notes() {
    assert_eq!(notes(&"k: 1\n".repeat(3000)).len(), 1000);
    assert_eq!(notes(&"- {k: 1, k: 2}\n".repeat(3000)).len(), 1000);
}
