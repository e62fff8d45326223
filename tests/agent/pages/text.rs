//! Whether what was printed is what is shown.

/// In what they differ.
pub(super) fn mismatch(shown: &str, printed: &str) -> Option<String> {
    let [wanted, got] = [shown, printed].map(lines);
    if fits(&wanted, &got) { None } else { Some(format!("shown:\n{shown}\nprinted:\n{printed}")) }
}

fn lines(text: &str) -> Vec<String> {
    // An empty line at the end sets the next command apart.
    text.trim_end().lines().map(masked).collect()
}

/// With `...` for any number of lines.
fn fits(wanted: &[String], got: &[String]) -> bool {
    match (wanted.split_first(), got.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "..." => (0..=got.len()).any(|from| fits(rest, &got[from..])),
        (Some((first, rest)), Some((line, further))) => first == line && fits(rest, further),
        _ => false,
    }
}

/// Without what is another in every run: the numbers of durations with the blanks before them, and moments. A number of
/// whole seconds is a limit, and no duration.
fn masked(line: &str) -> String {
    let mut masked = String::new();
    let is_number = |word: &str| word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    for (place, word) in line.split(' ').enumerate() {
        let unit = word.trim_end_matches([',', ')', ';', ':']);
        let number = masked.rfind(' ').filter(|at| matches!(unit, "ms" | "s") && is_number(&masked[at + 1..]));
        if let Some(at) = number {
            masked.truncate(at);
            masked.truncate(masked.trim_end().len());
            masked += " TIME";
        }
        masked += if place > 0 { " " } else { "" };
        masked += &moments(word);
    }
    masked
}

/// Without the digits of moments, and of numbers that are exact to a thousandth: those were measured.
fn moments(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if word.starts_with("20") && word.contains('-') && digits >= 8 {
        return word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    }
    // A time of the day, to the minute.
    let (time, behind) = word.split_at(word.trim_end_matches([':', ',', ';']).len());
    let is_minute = |(at, byte): (usize, u8)| if at == 2 { byte == b':' } else { byte.is_ascii_digit() };
    if time.len() == 5 && time.bytes().enumerate().all(is_minute) {
        return format!("00:00{behind}");
    }
    let (mut masked, mut rest) = (String::new(), word);
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
        let (number, further) = number.split_at(end);
        let is_measured = number.split_once('.').is_some_and(|(_, after)| after.len() >= 3 && !after.contains('.'));
        masked += before;
        masked += if is_measured { "N" } else { number };
        rest = further;
    }
    masked + rest
}

#[test]
fn durations_and_moments_may_be_others_and_words_may_not() {
    let shown = "ok   tcp  db:1    1.0 ms\n...\n2 checks ok in 3.1 ms\n";
    assert_eq!(mismatch(shown, "ok   tcp  db:1   12.9 ms\na\nb\n2 checks ok in 1.2 ms\n"), None);
    assert!(mismatch("of 10 s\n", "of 90 s\n").is_some() && mismatch("in 1.2 ms\n", "in 1.2 s\n").is_some());
    assert!(mismatch("a  b\n", "a b\n").is_some());
    assert!(mismatch(shown, "ok   tcp  db:2   12.9 ms\n2 checks ok in 1.2 ms\n").is_some());
    assert!(mismatch(shown, "ok   tcp  db:1   12.9 ms\n").is_some());
    assert!(mismatch("  a\n", "a\n").is_some());
    assert_eq!(mismatch("2026-11-20T13:13:46Z\n", "2027-01-02T00:00:00Z\n"), None);
    assert_eq!(mismatch("'a'=0.013s;;10;0\n", "'a'=0.000412s;;10;0\n"), None);
}
