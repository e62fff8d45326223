//! What a person sees on a terminal, however wide it is, and how many checks there are.

use harness::agent::{Agent, Ran};
use harness::peers::{Manner, Peer};
use harness::ports::{self, Port};
use std::process::Command;

/// One check that passes, some that fail, a wide and a long name.
struct World {
    well: Peer,
    shut: Port,
}

impl World {
    fn new() -> Self {
        Self { well: Peer::start(Manner::Silent), shut: ports::free() }
    }

    fn mixed(&self) -> String {
        let (well, shut) = (self.well.port(), self.shut.number());
        format!(
            "- {{type: tcp, name: データベース, host: 127.0.0.1, port: {well}}}\n\
             - {{type: tcp, name: cache, host: 127.0.0.1, port: {well}}}\n\
             - {{type: http, name: translate, url: 'http://127.0.0.1:{shut}/a/path/that/is/far/longer/than/any/screen/has/room/for/it/as/some/people/have/them'}}\n\
             - {{type: postgres, host: 127.0.0.1, port: {shut}, username: web, password: hunter2, database: shop}}\n\
             - {{type: postgres, host: 127.0.0.1, port: {shut}, username: web, password: hunter2, database: orders}}\n"
        )
    }

    /// So many checks of one cause, so many that pass.
    fn many(&self, failing: usize, passing: usize) -> String {
        let (well, shut) = (self.well.port(), self.shut.number());
        let check =
            |name, number, port| format!("- {{type: tcp, name: {name}-{number:02}, host: 127.0.0.1, port: {port}}}\n");
        let failing = (0..failing).map(|number| check("shard", number, shut));
        let passing = (0..passing).map(|number| check("good", number, well));
        failing.chain(passing).collect::<Vec<_>>().concat()
    }

    fn tidy(&self, text: &str) -> String {
        // As long as the ports are.
        let five = |port: u16| format!(":{port:<5}");
        assert!(self.well.port() > 9_999 && self.shut.number() > 9_999, "ports have five digits");
        text.replace(five(self.well.port()).trim(), ":WELL_").replace(five(self.shut.number()).trim(), ":SHUT_")
    }
}

fn at(columns: usize, yaml: &str, arguments: &[&str]) -> Ran {
    Agent::new(yaml)
        .env("COLUMNS", &columns.to_string())
        .args(["--format", "human"])
        .args(arguments.iter().copied())
        .run()
}

/// On a terminal of so many columns, as `script` gives one.
fn on_terminal(columns: usize, yaml: &str) -> String {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("script -qec \"stty cols {columns} rows 24; exec $*\" /dev/null"), "sh"]);
    Agent::through(shell, yaml).env("TERM", "xterm").run().out
}

#[test]
fn no_line_is_wider_than_the_screen_and_no_duration_is_torn() {
    let world = World::new();
    for columns in [60, 80, 120, 200] {
        let ran = at(columns, &world.mixed(), &["--explain"]);
        assert_eq!(ran.status, 2);
        insta::with_settings!({filters => vec![(r" +\d+\.\d+ ms", " [TIME]"), (r"in \d+\.\d+ ms", "in [TIME]")]}, {
            insta::assert_snapshot!(format!("screen_{columns}"), world.tidy(&ran.out));
        });
        for line in ran.out.lines() {
            assert!(width(line) <= columns, "{columns}: {line}");
        }
        // Beside those that fail is the letter of their cause, where there is room.
        let rows: Vec<_> = ran.out.lines().filter(|line| line.starts_with("ok ") && line.ends_with(" ms")).collect();
        let widths: Vec<_> = rows.iter().map(|row| width(row)).collect();
        assert!(widths.len() == 2 && widths.iter().all(|width| *width == widths[0]), "{columns}: {}", ran.out);
    }
}

/// East Asian characters of these tests take two columns.
fn width(line: &str) -> usize {
    line.chars().map(|c| 1 + usize::from(('\u{3000}'..='\u{9fff}').contains(&c))).sum()
}

#[test]
fn many_checks_that_are_well_take_one_line() {
    let world = World::new();
    let ran = at(80, &world.many(3, 197), &[]);
    let lines: Vec<_> = ran.out.lines().collect();
    assert!(lines.len() < 15, "{}", ran.out);
    assert!(lines.contains(&"ok   197 tcp checks"), "{}", ran.out);
    assert!(ran.out.contains("3 of 200 checks failed, 197 ok in "), "{}", ran.out);
    assert!(ran.out.contains("\nfix: service 3\n"), "{}", ran.out);
    // Each of them on demand.
    assert!(at(80, &world.many(3, 197), &["-v"]).out.lines().filter(|line| line.starts_with("ok ")).count() == 197);
}

/// Sentences that differ in nothing but the check's own address or database are one.
#[test]
fn one_cause_is_told_once_though_each_sentence_names_another_place() {
    let (free, yaml): (Vec<_>, Vec<_>) = (0..6)
        .map(|_| {
            let port = ports::free();
            let check = format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", port.number());
            (port, check)
        })
        .unzip();
    let ran = at(80, &yaml.concat(), &[]);
    assert_eq!(ran.out.matches("refused the connection").count(), 1, "{}", ran.out);
    assert!(
        ran.out.starts_with("FAIL 6 tcp checks\n       … refused the connection [connect.refused]\n"),
        "{}",
        ran.out
    );
    assert!(free.iter().all(|port| ran.out.contains(&port.address().to_string())), "each is named: {}", ran.out);
    // Of several types, each name says of which.
    let other = ports::free();
    let http = yaml[0].replace(&free[0].number().to_string(), &other.number().to_string());
    let http = http.replace("tcp, host: ", "http, url: 'http://").replace(", port: ", ":").replace('}', "/'}");
    let ran = at(80, &(yaml.concat() + &http), &[]);
    assert!(
        ran.out.contains("FAIL 7 checks: 6 tcp, 1 http\n") && ran.out.contains("http http://127.0.0.1"),
        "{}",
        ran.out
    );
}

#[test]
fn one_cause_is_told_once_with_all_names() {
    let world = World::new();
    let ran = at(80, &world.many(50, 0), &[]);
    assert_eq!(ran.out.matches("refused the connection").count(), 1, "{}", ran.out);
    assert!(ran.out.starts_with("A  127.0.0.1:") && ran.out.contains(": 50 checks cannot connect"), "{}", ran.out);
    assert!(ran.out.contains("50 checks failed in "), "{}", ran.out);
    for number in 0..50 {
        let is_its = |line: &&str| line.contains(&format!("shard-{number:02}")) && line.ends_with("  cause A");
        assert!(ran.out.lines().any(|line| is_its(&line)), "{number}: {}", ran.out);
    }
}

#[test]
fn quiet_says_nothing_when_all_is_well_and_brief_fits_into_a_chat() {
    let world = World::new();
    assert_eq!(at(80, &world.many(0, 20), &["--quiet"]).out, "");
    let quiet = at(80, &world.many(2, 20), &["-q"]).out;
    assert!(quiet.starts_with("A  127.0.0.1:") && !quiet.contains("\nok "), "{quiet}");
    assert!(quiet.contains("2 of 22 checks failed, 20 ok in "), "{quiet}");
    let brief = Agent::new(&world.mixed()).arg("--brief").run().out;
    assert_eq!(brief.lines().count(), 2, "{brief}");
    assert!(brief.contains(": 3 of 5 checks failed, 2 ok (fix: service 3)\n- 127.0.0.1:"), "{brief}");
    assert!(
        brief.contains(" refused the connection: 3 checks cannot connect [connect.refused, service]: trans"),
        "{brief}"
    );
    let ports: Vec<_> = (0..30).map(|_| ports::free()).collect();
    let check = |port: &Port| format!("- {{type: tcp, host: 127.0.0.1, port: {}}}\n", port.number());
    let yaml = ports.iter().map(check).collect::<Vec<_>>().concat();
    let brief = Agent::new(&yaml).arg("--brief").run().out;
    assert_eq!(brief.lines().count(), 10, "{brief}");
    assert!(brief.ends_with("... and 22 more\n"), "{brief}");
    assert!(Agent::new(&world.many(0, 20)).arg("--brief").run().out.ends_with(": 20 checks ok\n"));
}

#[test]
fn the_progress_moves_while_nothing_happens_and_fits_the_screen() {
    let silent = Peer::start(Manner::Silent);
    let yaml = format!("- {{type: redis, name: sessions, host: 127.0.0.1, port: {}, timeout: 1}}\n", silent.port());
    for columns in [40, 80] {
        let out = on_terminal(columns, &yaml);
        let drawn: Vec<_> = out.split("\r\u{1b}[K").filter(|line| line.contains("0 of 1 checks")).collect();
        // Ten a second; a machine under load draws fewer.
        assert!(drawn.len() >= 3, "{out:?}");
        assert!(drawn.iter().all(|line| width(line) < columns), "{drawn:?}");
        let seconds: Vec<_> =
            drawn.iter().filter_map(|line| line.split_once("sessions (")?.1.split_once(" s of 1 s")).collect();
        assert!(columns == 40 || seconds.windows(2).all(|pair| pair[0].0 < pair[1].0), "{drawn:?}");
        assert!(!out.rsplit("\r\u{1b}[K").next().is_some_and(|rest| rest.contains("0 of 1")), "it is taken away");
    }
}

#[test]
fn unbuffered_the_format_for_people_streams() {
    let world = World::new();
    let silent = Peer::start(Manner::Silent);
    let yaml = format!("{}- {{type: redis, host: 127.0.0.1, port: {}, timeout: 1}}\n", world.many(1, 1), silent.port());
    let mut shell = Command::new("sh");
    // The clock of each line, in nanoseconds.
    shell.args(["-c", "\"$@\" | while read -r line; do echo \"$(date +%s%N) $line\"; done", "sh"]);
    let out = Agent::through(shell, &yaml).args(["--format=human", "-U"]).run().out;
    let when = |text: &str| {
        let line = out.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}: {out}"));
        line.split(' ').next().and_then(|clock| clock.parse::<u64>().ok()).expect("a clock")
    };
    assert!(when("FAIL redis") > when("ok   tcp") + 300_000_000, "{out}");
    assert!(when("2 of 3 checks failed") >= when("FAIL redis"), "{out}");
}

#[test]
fn the_environment_says_whether_there_are_colours() {
    let world = World::new();
    let colored = |name: &str, value: &str| {
        Agent::new(&world.many(1, 0)).env(name, value).args(["--format", "human"]).run().out.contains('\u{1b}')
    };
    assert!(colored("CLICOLOR_FORCE", "1") && colored("FORCE_COLOR", "1"));
    assert!(!colored("CLICOLOR_FORCE", "0") && !colored("TERM", "xterm"));
    // A pager shows them: colours are for people.
    let paged = Agent::new(&world.many(1, 0)).arg("--color=always").run().out;
    assert!(paged.starts_with("\u{1b}[31mFAIL"), "{paged}");
}

#[test]
fn a_dry_run_is_a_plan_and_nothing_was_skipped() {
    let world = World::new();
    let ran = at(80, &world.mixed(), &["--dry-run"]);
    assert!(ran.out.starts_with("plan tcp       データベース (") && !ran.out.contains("skip"), "{}", ran.out);
    assert!(ran.out.contains("5 checks not run: this is a dry run"), "{}", ran.out);
    let ran = at(80, &world.mixed(), &["--dry-run", "--format", "nagios"]);
    assert!(ran.out.starts_with("CONN-CHECK OK: nothing was run: this is a dry run|"), "as its status 0: {}", ran.out);
}
