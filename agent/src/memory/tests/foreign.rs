//! What somebody else wrote, or nobody, where memories are kept.

use super::*;

#[test]
fn what_is_long_gone_is_dropped_and_a_time_to_come_is_not_believed() {
    let (memory, _) = run(Memory::default(), CHECK, &usual(), false, 0);
    let month = 31 * 24 * 60;
    assert!(!memory.text(at(month - 2 * 24 * 60)).contains("\"checks\":{}"));
    assert!(memory.text(at(month)).contains("\"checks\":{}"));
    let ahead = Memory::read(memory.text(at(0)).as_bytes(), at(0) - Duration::from_secs(3600)).expect("it is one");
    assert_eq!(ahead, Memory::default());
}

#[test]
fn what_is_no_memory_says_why() {
    let now = at(0);
    for (text, why) in [
        ("", "it is broken"),
        ("{\"format\":\"conn-check-memory/2\",\"checks\":[]}", "it is broken"),
        ("{\"format\":\"conn-check-memory/2\",\"chec", "it is broken"),
        (
            "{\"format\":\"conn-check-memory/1\",\"checks\":{\"0123456789abcdef\":{\"heard\":1}}}",
            "another version of conn-check has written it",
        ),
        ("{\"format\":\"conn-check-memory/3\",\"checks\":7}", "another version of conn-check has written it"),
    ] {
        let wrong = Memory::read(text.as_bytes(), now).expect_err(text);
        assert!(wrong.starts_with(why), "{text}: {wrong}");
    }
}

/// The memory of one check that passed, as its file has it.
fn kept() -> Value {
    let (memory, _) = run(Memory::default(), CHECK, &usual(), false, 0);
    serde_json::from_str(&memory.text(at(0))).expect("JSON")
}

/// What is read of it when something of its one check is otherwise.
fn read_with(pointer: &str, value: Value) -> Memory {
    let mut kept = kept();
    let check = kept["checks"].as_object_mut().and_then(|checks| checks.values_mut().next()).expect("a check");
    match ["/heard", "/passed", "/failing", "/passes"].iter().position(|number| *number == pointer) {
        Some(number) => check[number] = value,
        None => {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            let last = check[6].pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
            last.insert(name.to_owned(), value);
        }
    }
    Memory::read(kept.to_string().as_bytes(), at(1)).expect("it is one")
}

#[test]
fn what_is_read_back_is_what_was_written() {
    assert_eq!(read_with("/name", json!("postgres shop")).checks.len(), 1);
    assert_eq!(read_with("/facts/target", json!(["gr\u{fc}n.internal:5432"])).checks.len(), 1);
}

#[test]
fn nothing_that_a_terminal_would_obey_or_not_show_comes_in_from_a_file() {
    let hostile = [
        "e\u{1b}]0;pwn\u{7}\u{1b}[31m\ntcp:db:5432 OK\r",
        "\u{1b}[2J",
        "a\nb",
        "a\tb",
        "\u{9b}31m",
        "moc\u{202e}.bd",
        "d\u{200b}b",
        "\u{e0041}",
    ];
    for text in hostile {
        for place in ["/facts/target", "/facts/address db.internal", "/facts/certificate.issuer"] {
            let (_, since) = run(read_with(place, json!(["a", text])), CHECK, &usual(), true, 5);
            assert_eq!(since, None, "{place}: {text:?}");
        }
        for (place, value) in [
            (format!("/facts/address {text}"), json!(["10.0.0.4"])),
            (format!("/facts/file.{text}"), json!(["1"])),
            ("/name".to_owned(), json!(text)),
        ] {
            assert_eq!(read_with(&place, value), Memory::default(), "{place:?}");
        }
    }
}

#[test]
fn times_and_keys_that_are_none_of_ours_leave_the_others_alone() {
    let text = kept().to_string();
    let (key, times) = (kept()["checks"].as_object().and_then(|checks| checks.keys().next()).cloned(), kept());
    let times = times["checks"].as_object().and_then(|checks| checks.values().next()).expect("a check")[5].to_string();
    let (key, read) = (key.expect("a key"), |text: &str| Memory::read(text.as_bytes(), at(1)));
    let whole = read(&text).expect("it is one");
    let with = |other: &str| read(&text.replacen(&times, other, 1));
    let listed = times.trim_matches(['[', ']']);
    for other in [format!("[{listed},1]"), format!("[{listed},99,5]")] {
        assert_eq!(with(&other).as_ref(), Ok(&whole), "{other}");
    }
    for other in ["[-1,5]", "[0,1.5]", "[0,null]", "null", "{}"] {
        assert!(with(other).is_err_and(|why| why.starts_with("it is broken")), "{other}");
    }
    let escaped = format!("\\u{:04x}{}", u32::from(key.as_bytes()[0]), &key[1..]);
    assert_eq!(read(&text.replacen(&key, &escaped, 1)).as_ref(), Ok(&whole));
    assert_eq!(read(&text.replacen(&key, "no key", 1)), Ok(Memory::default()));
}

#[test]
fn what_has_more_than_is_kept_of_a_check_is_not_read() {
    assert_eq!(read_with("/facts/target", json!(["x".repeat(5000)])), Memory::default());
    assert_eq!(read_with("/facts/address db.internal", json!(vec!["10.0.0.4"; 2000])), Memory::default());
    assert_eq!(read_with("/name", json!("x".repeat(5000))), Memory::default());
}

#[test]
fn numbers_that_nobody_counted_break_nothing() {
    for time in ["/heard", "/passed", "/failing"] {
        assert_eq!(read_with(time, json!(u64::MAX)), Memory::default(), "{time}");
        assert_eq!(read_with(time, json!(300_000_000_000_u64)), Memory::default(), "{time}: the year 11476");
    }
    let often = read_with("/passes", json!(u32::MAX));
    let (often, _) = run(often, CHECK, &usual(), false, 2);
    assert!(run(often, CHECK, &usual(), true, 3).1.is_some(), "it is still known");
    let halves = "\u{fc}".repeat(60) + "x";
    let odd = read_with("/habits", json!({"seen-as": [1, 0, halves]}));
    let (odd, _) = run(odd, CHECK, &with(&[("/seen_as", json!("192.0.2.8"))]), false, 2);
    assert!(run(odd, CHECK, &usual(), true, 3).1.is_some(), "it is still known");
}
