//! The load check: what the kernel says, for each core.

use harness::agent::{Agent, code};
use harness::mounts::Mounts;
use harness::scratch::Scratch;
use serde_json::Value;

/// The load check where the kernel says so: its verdict, and its warnings.
fn check(loadavg: &str, options: &str) -> (String, Vec<String>) {
    let scratch = Scratch::new();
    let (load, stat) =
        (scratch.write("loadavg", loadavg), scratch.write("stat", "cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n"));
    let mounts = Mounts::new().bind(load, "/proc/loadavg").bind(stat, "/proc/stat");
    let report = Agent::through(mounts.command(), &format!("- {{type: load{options}}}")).report();
    let warnings = report["checks"][0]["warnings"].as_array().expect("warnings").iter();
    let told = warnings.map(|one: &Value| one["message"].as_str().expect("a text").to_owned()).collect();
    (code(&report), told)
}

#[test]
fn the_load_counts_for_each_core_over_each_time() {
    assert_eq!(check("50.00 8.00 4.00 1/100 7\n", ""), ("pass".into(), vec![]));
    let told = vec![
        "the load over 5 min is 4.01 for each of 2 cores, more than 4".to_owned(),
        "the load over 15 min is 2.50 for each of 2 cores, more than 2".to_owned(),
    ];
    assert_eq!(check("0.00 8.02 5.00 1/100 7\n", ""), ("warn".into(), told));
    assert_eq!(check("0.00 8.02 5.00 1/100 7\n", ", max_load_5: null, max_load_15: 2.5"), ("pass".into(), vec![]));
    assert_eq!(check("3.00 0.00 0.00 1/100 7\n", ", max_load_1: 1").0, "warn");
}

#[test]
fn what_is_no_load_is_this_hosts_failure() {
    assert_eq!(check("much\n", "").0, "local.failed");
}

#[test]
fn this_hosts_load_is_a_fact_with_its_cores() {
    let report = Agent::new("- {type: load, max_load_5: null, max_load_15: null}").report();
    assert_eq!(code(&report), "pass", "{report}");
    let fact = &report["checks"][0]["facts"]["load"];
    assert!(
        fact["cores"].as_u64().is_some_and(|cores| cores > 0)
            && fact["averages"].as_array().is_some_and(|all| all.len() == 3),
        "{fact}"
    );
}
