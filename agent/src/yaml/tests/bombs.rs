//! Files that are meant to cost time, memory or stack.

use super::super::parse;
use super::points;
use crate::diagnostic::Diagnostic;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

/// How much of a processor any of these files may take; a build without optimisation is given more.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });

/// The code of the problem that a file ends with, in time.
fn code(text: &str) -> &'static str {
    let start = worked();
    let code = match parse(text) {
        Ok(_) => "fine",
        Err(Diagnostic { flaw, .. }) => flaw.code(),
    };
    let took = worked().saturating_sub(start);
    assert!(took < LIMIT, "{took:?}");
    code
}

/// What this thread has had of a processor (`sched-stats` of the kernel's documentation): other tests
/// run beside this one.
fn worked() -> Duration {
    let counters = fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel counts");
    let nanoseconds = counters.split(' ').next().expect("a first number");
    Duration::from_nanos(nanoseconds.parse().expect("nanoseconds"))
}

/// Anchors of which each stands for a list of aliases to the one before it.
fn laughs(width: usize, levels: usize) -> String {
    let mut text = String::from("a0: &a0 lol\n");
    for level in 1..=levels {
        let aliases = vec![format!("*a{}", level - 1); width].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    text
}

/// Mappings of which each merges the one before it many times.
fn merging(width: usize, levels: usize) -> String {
    let mut text = String::from("a0: &a0 {k: v}\n");
    for level in 1..=levels {
        let aliases = vec![format!("*a{}", level - 1); width].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} {{<<: [{aliases}], k{level}: v}}");
    }
    text
}

#[test]
fn a_bomb_of_aliases_is_too_large() {
    assert_eq!(code(&laughs(9, 9)), "too-large");
    assert_eq!(code(&laughs(2, 60)), "too-large");
    assert_eq!(code(&laughs(1000, 3)), "too-large");
}

#[test]
fn a_bomb_of_merge_keys_ends_in_time() {
    assert_eq!(code(&merging(9, 9)), "fine");
    assert_eq!(code(&merging(20_000, 9)), "too-large");
    assert_eq!(code(&merging(1, 3000)), "too-large");
    let empty = format!("a: &a {{}}\nb: {{<<: [{}]}}", vec!["*a"; 200_000].join(","));
    assert_eq!(code(&empty), "too-large");
}

#[test]
fn aliases_may_stand_for_a_hundred_thousand_values_and_no_more() {
    let text = |aliases| format!("- &a x\n{}", "- *a\n".repeat(aliases));
    assert_eq!(code(&text(100_000)), "fine");
    assert_eq!(code(&text(100_001)), "too-large");
}

#[test]
fn few_aliases_of_a_long_text_are_too_large() {
    let long = "x".repeat(64 * 1024);
    let text = format!("a: &a {long}\nb: [{}]", vec!["*a"; 1000].join(","));
    assert_eq!(code(&text), "too-large");
}

#[test]
fn a_long_chain_of_anchored_lists_is_too_deep() {
    assert_eq!(code(&laughs(1, 62)), "fine");
    assert_eq!(code(&laughs(1, 64)), "too-deep");
}

#[test]
fn sixty_four_levels_are_allowed_and_one_more_is_not() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        let text = |levels| format!("{}x{}", open.repeat(levels), close.repeat(levels));
        assert_eq!(code(&text(64)), "fine", "{open}");
        assert_eq!(code(&text(65)), "too-deep", "{open}");
    }
    let mixed = |levels| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!("{}{open}x{close}", "- ".repeat(40))
    };
    assert_eq!(code(&mixed(24)), "fine");
    assert_eq!(points(&mixed(25)), ("too-deep", "[", 104));
}

#[test]
fn endless_openings_are_too_deep() {
    for opening in ["[", "{", "{a: ", "- ", "? ", "[{a: ", ": "] {
        assert_eq!(code(&opening.repeat(200_000)), "too-deep", "{opening}");
    }
    let closed = "[".repeat(200_000) + &"]".repeat(200_000);
    assert_eq!(code(&closed), "too-deep");
    let steps: String = (0..3000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    assert_eq!(code(&steps), "too-deep");
}

#[test]
fn a_million_values_are_too_many() {
    assert_eq!(code(&"-\n".repeat(999_999)), "fine");
    assert_eq!(code(&"-\n".repeat(1_000_000)), "too-large");
}

#[test]
fn floods_of_one_thing_end_in_time() {
    for flood in [
        "# x\n",
        " ",
        "\n",
        "a\n",
        "a ",
        "%a\n",
        "---\n",
        "&a ",
        "!a ",
        "*a ",
        ":",
        "? a\n",
        "- |\n  x\n",
        "- \"a\n",
        "\t\n",
        "'' ",
        ", ",
    ] {
        let _ = code(&flood.repeat(100_000));
    }
    let _ = code(&format!("[{}", ",".repeat(100_000)));
    let _ = code(&format!("a: \"{}", "\n x".repeat(100_000)));
    let _ = code(&format!("a: \"{}\"", "\n \tx".repeat(100_000)));
    let _ = code(&format!("a:\n{}", " # x\n".repeat(100_000)));
}
