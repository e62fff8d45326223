//! `--format health` on the command line.

use super::{peer, refused, tcp};
use harness::agent::Agent;

#[test]
fn the_format_health_has_a_line_for_each_check_and_the_status_0_or_1() {
    let peer = peer();
    let (db, slow) = (tcp("DatabaseHealthCheck", peer.port(), ""), tcp("slow", peer.port(), ", warn_after: 0.000001"));
    let ran = Agent::new(&(db.clone() + &slow)).args(["--format", "health"]).run();
    let expected = "DatabaseHealthCheck      ... working\nslow                     ... working\n";
    assert_eq!((ran.out.as_str(), ran.status), (expected, 0), "{ran:?}");
    let ran = Agent::new(&(db.clone() + &refused("cache", ""))).args(["--format=health"]).run();
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(
        ran.out.contains("\ncache                    ... unavailable: 127.0.0.1:1 refused the connection ["),
        "{}",
        ran.out
    );
    let ran = Agent::new(&(db + &refused("cache", ", critical: false"))).args(["--format=health"]).run();
    assert_eq!(ran.status, 0, "what is not critical is told, and no more: {ran:?}");
    assert!(ran.out.contains("unavailable"), "{}", ran.out);
    let ran = Agent::new(&slow).args(["--format=health", "--warnings-as-errors=true"]).run();
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.out.starts_with("slow                     ... warning: took "), "{}", ran.out);
}

#[test]
fn the_help_names_the_files_before_the_patterns_and_only_what_means_something() {
    for program in ["conn-check-serve", "conn-check-export-fw"] {
        let ran = Agent::called(program, "").arg("--help").run();
        let at = |word: &str| ran.out.find(word).unwrap_or_else(|| panic!("{word}: {}", ran.out));
        assert!(at("\nArguments:\n  ") < at("\n  [CONFIG]") && at("\n  [CONFIG]") < at("\n  [PATTERN]"), "{}", ran.out);
        assert!(ran.out.contains("--exclude-tags") && !ran.out.contains("--journal"), "{}", ran.out);
        assert!(ran.out.contains("--help") && ran.out.contains("--version"), "{}", ran.out);
    }
    assert!(Agent::called("conn-check-serve", "").arg("--help").run().out.contains("--poll-all"));
}
