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

/// Anchors of which each stands for aliases to the one before it, as `next` has them on its level.
fn chain(first: &str, width: usize, levels: usize, next: impl Fn(&str, usize) -> String) -> String {
    let mut text = format!("a0: &a0 {first}\n");
    for level in 1..=levels {
        let aliases = vec![format!("*a{}", level - 1); width].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} {}", next(&aliases, level));
    }
    text
}

#[test]
fn a_bomb_ends_in_time() {
    let laughs = |width, levels| chain("lol", width, levels, |aliases, _| format!("[{aliases}]"));
    let merging =
        |width, levels| chain("{k: v}", width, levels, |aliases, level| format!("{{<<: [{aliases}], k{level}: v}}"));
    for (text, expected) in [
        (laughs(9, 9), "too-large"),
        (laughs(2, 60), "too-large"),
        (laughs(1000, 3), "too-large"),
        (laughs(1, 62), "fine"),
        (laughs(1, 64), "too-deep"),
        (merging(9, 9), "fine"),
        (merging(20_000, 9), "too-large"),
        (merging(1, 3000), "too-large"),
        (format!("a: &a {{}}\nb: {{<<: [{}]}}", vec!["*a"; 200_000].join(",")), "too-large"),
        // Aliases may stand for a hundred thousand values and no more.
        (format!("- &a x\n{}", "- *a\n".repeat(100_000)), "fine"),
        (format!("- &a x\n{}", "- *a\n".repeat(100_001)), "too-large"),
        // Few of them, of a long text.
        (format!("a: &a {}\nb: [{}]", "x".repeat(64 * 1024), vec!["*a"; 1000].join(",")), "too-large"),
        // A million values are too many.
        ("-\n".repeat(999_999), "fine"),
        ("-\n".repeat(1_000_000), "too-large"),
    ] {
        assert_eq!(code(&text), expected, "{} ...", &text[..40]);
    }
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
fn floods_of_one_thing_end_in_time() {
    for flood in [
        "# x\n", " ", "\n", "a\n", "a ", "%a\n", "---\n", "&a ", "!a ", "*a ", ":", "? a\n", "- \"a\n", "\t\n", "'' ",
        ", ",
    ] {
        let _ = code(&flood.repeat(100_000));
    }
    for (start, flood) in [("", "- |\n  x\n"), ("[", ","), ("a: \"", "\n x"), ("a:\n", " # x\n")] {
        let _ = code(&(start.to_owned() + &flood.repeat(100_000)));
    }
    let _ = code(&format!("a: \"{}\"", "\n \tx".repeat(100_000)));
}
