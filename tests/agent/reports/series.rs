//! Checks that look alike are told apart wherever their results become time series.

use super::parsers::{exposition, well_formed};
use conn_check::report::FORMATS;
use harness::agent::Agent;
use harness::nginx::{Nginx, Site};
use harness::ports;
use std::collections::HashSet;

/// The lines of a family, without its comments.
fn family<'a>(out: &'a str, name: &str) -> Vec<&'a str> {
    out.lines().filter(|line| line.starts_with(&format!("{name}{{"))).collect()
}

/// The report of a file in a format.
fn report(yaml: &str, format: &str) -> String {
    assert!(FORMATS.iter().any(|known| known.name == format));
    Agent::new(yaml).args(["--format", format]).run().out
}

/// What the lines have in front of the time that a check took.
fn labels(nagios: &str) -> HashSet<&str> {
    let (_, long) = nagios.rsplit_once('|').expect("performance data");
    long.lines().map(|line| line.split_once("'=").expect("a label").0).collect()
}

/// The names of the test cases.
fn cases(junit: &str) -> HashSet<&str> {
    junit
        .lines()
        .filter_map(|line| line.split_once("<testcase ")?.1.split_once(" time="))
        .map(|(case, _)| case)
        .collect()
}

#[test]
fn a_check_that_fails_is_not_hidden_by_one_of_the_same_url_that_passes() {
    let nginx = Nginx::start([Site::http("web").page("/", "hello")]);
    let url = format!("http://127.0.0.1:{}/", nginx.port("web"));
    let passing = format!("- {{type: http, url: '{url}'}}\n");
    for (option, mark) in
        [("expected_code: 404", "expected_code:404"), ("expected_headers: {x: y}", "expected_headers:x")]
    {
        let failing = format!("- {{type: http, url: '{url}', {option}}}\n");
        for (yaml, failing_is_second) in [(passing.clone() + &failing, true), (failing.clone() + &passing, false)] {
            let out = report(&yaml, "prometheus");
            exposition(&out);
            let success = family(&out, "conn_check_success");
            let values: Vec<_> = success.iter().map(|line| line.rsplit_once(' ').expect("a value").1).collect();
            assert_eq!(values, if failing_is_second { ["1", "0"] } else { ["0", "1"] }, "{out}");
            let failure = family(&out, "conn_check_failure");
            assert_eq!(failure.len(), 1, "{out}");
            // Whatever the order in the file.
            assert!(failure[0].contains(mark) && !out.contains("#2"), "{out}");
        }
    }
}

#[test]
fn two_databases_of_one_server_are_two_series_in_every_format() {
    let refusing = ports::free();
    let check = |database: &str| {
        format!(
            "- {{type: postgres, host: 127.0.0.1, port: {}, username: web, database: {database}}}\n",
            refusing.number()
        )
    };
    let yaml = check("orders") + &check("stock") + &check("stock");
    let names = |yaml: &str| {
        let (prometheus, nagios, junit) = (report(yaml, "prometheus"), report(yaml, "nagios"), report(yaml, "junit"));
        exposition(&prometheus);
        well_formed(&junit);
        let success = family(&prometheus, "conn_check_success").len();
        (success, labels(&nagios).len(), cases(&junit).len())
    };
    // A check has two results.
    assert_eq!(names(&yaml), (3, 3, 6));
    let nagios = report(&yaml, "nagios");
    for database in ["orders", "stock", "stock#2"] {
        let label = format!("postgres:127.0.0.1:{} username:web database:{database}'=", refusing.number());
        assert!(nagios.contains(&label), "{label}: {nagios}");
    }
}

#[test]
fn what_is_selected_renames_nothing() {
    let yaml = "- {type: tcp, name: one, host: 127.0.0.1, port: 1, tags: [a]}\n\
                - {type: tcp, host: 127.0.0.1, port: 1, tags: [b]}\n\
                - {type: tcp, host: 127.0.0.1, port: 1, tags: [c]}\n";
    for (tag, series) in [("a", "one"), ("b", "tcp:127.0.0.1:1 tags:b"), ("c", "tcp:127.0.0.1:1 tags:c")] {
        let out = Agent::new(yaml).args(["--format=prometheus", "--include-tags", tag]).run().out;
        let success = family(&out, "conn_check_success");
        assert!(success.len() == 1 && success[0].contains(&format!("series=\"{series}\"")), "{out}");
    }
}
