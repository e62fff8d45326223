//! Whose fault is it that a packet does not arrive? Each test is a world of its own with one fault in it; conn-check runs
//! there as an unprivileged user, and has to name the owner, the code and the thing.
//!
//! `cargo xtask worlds` runs them once more, one after the other and each beside ten thousand unrelated packets a second.

mod beyond;
mod frozen;
mod local;
mod mtu;
mod often;
mod once;
mod paths;

use harness::worlds::World;
use serde_json::Value;
use std::env;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The port of most checks, at which nobody listens unless a test says so.
const PORT: u16 = 5432;

/// What a run may take beside its check's timeout, for a busy machine.
const MARGIN: Duration = Duration::from_secs(6);

/// What a check may take beside its timeout, seconds.
const TIMEOUT_MARGIN: f64 = 0.3;

/// Packets that a check may send to find out where its own die, its own among them.
const MOST_REQUESTS: u64 = 40;

/// A test for each version of IP: `name_of_the_world(family) { ... }`.
macro_rules! over_both {
    ($($name:ident($family:ident) $test:block)*) => {
        $(
            fn $name($family: harness::worlds::Family) $test

            mod $name {
                use harness::worlds::Family;

                #[test]
                fn over_ipv4() {
                    super::$name(Family::V4);
                }

                #[test]
                fn over_ipv6() {
                    super::$name(Family::V6);
                }
            }
        )*
    };
}
pub(crate) use over_both;

/// What has to be said of a failure.
#[derive(Clone, Debug)]
struct Verdict {
    code: &'static str,
    owner: &'static str,
    /// Texts of which each has to stand somewhere in the failure.
    says: Vec<String>,
    /// Addresses that have to be named, and those that must not be.
    named: Vec<IpAddr>,
    unnamed: Vec<IpAddr>,
}

impl Verdict {
    fn new(code: &'static str, owner: &'static str) -> Self {
        Self { code, owner, says: Vec::new(), named: Vec::new(), unnamed: Vec::new() }
    }

    /// This host drops or rejects; where it is seen.
    fn denied_here(says: &str) -> Self {
        Self::new("connect.denied-locally", "host").says(says)
    }

    /// A route or a link of this host; where it is seen.
    fn no_route(says: &str) -> Self {
        Self::new("connect.no-route", "host").says(says)
    }

    /// Nobody answers, and it is not for this host.
    fn timeout() -> Self {
        Self::new("connect.timeout", "network")
    }

    fn says(mut self, text: &str) -> Self {
        self.says.push(text.to_owned());
        self
    }

    fn names(mut self, address: IpAddr) -> Self {
        self.named.push(address);
        self
    }

    fn does_not_name(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.unnamed.extend(addresses);
        self
    }

    /// Holds it against a check of a report.
    fn of(&self, check: &Value) {
        let failure = &check["failure"];
        let found = (failure["code"].as_str().unwrap_or("none"), failure["owner"].as_str().unwrap_or("nobody"));
        assert_eq!(found, (self.code, self.owner), "{check:#}");
        let text = text(failure);
        for wanted in &self.says {
            assert!(text.contains(wanted), "{wanted:?} is not said: {check:#}");
        }
        let addresses = addresses(&text);
        for address in &self.named {
            assert!(addresses.contains(address), "{address} is not named: {check:#}");
        }
        for address in &self.unnamed {
            assert!(!addresses.contains(address), "{address} is named: {check:#}");
        }
    }
}

/// All that a failure says to people.
fn text(failure: &Value) -> String {
    ["message", "evidence", "next_step"].map(|part| failure[part].as_str().unwrap_or_default()).join("\n")
}

/// The addresses in a text, with a port or without.
fn addresses(text: &str) -> Vec<IpAddr> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != ':' && c != '.');
    let address = |word: &str| {
        let word = word.trim_end_matches('.');
        let alone = word.parse().or_else(|_| word.trim_end_matches(':').parse());
        alone.or_else(|_| word.parse::<SocketAddr>().map(|with_port| with_port.ip())).ok()
    };
    words.filter_map(address).collect()
}

/// A TCP check.
fn tcp(target: SocketAddr) -> String {
    tcp_within(target, 3.0)
}

fn tcp_within(target: SocketAddr, timeout: f64) -> String {
    format!("- {{type: tcp, host: '{}', port: {}, timeout: {timeout}}}\n", target.ip(), target.port())
}

/// Runs a check in a world, with noise where that was asked for, and returns its result: in time.
fn checked(world: &World, yaml: &str) -> Value {
    let _noise = is_long().then(|| world.noise());
    quietly_checked(world, yaml)
}

fn quietly_checked(world: &World, yaml: &str) -> Value {
    let ran = world.agent(yaml).args(["--format", "json"]).run();
    let check = ran.json()["checks"][0].clone();
    let timeout = timeout_of(yaml);
    assert!(ran.elapsed < Duration::from_secs_f64(timeout) + MARGIN, "it took {:?}: {check:#}", ran.elapsed);
    let elapsed = check["elapsed_seconds"].as_f64().expect("a time");
    assert!(elapsed < timeout + TIMEOUT_MARGIN, "{elapsed} s: {check:#}");
    check
}

/// The timeout that stands in a check.
fn timeout_of(yaml: &str) -> f64 {
    let rest = yaml.split("timeout: ").nth(1).expect("a timeout");
    rest.split([',', '}']).next().and_then(|number| number.trim().parse().ok()).expect("seconds")
}

/// Whether this is the long form.
fn is_long() -> bool {
    env::var_os("CONN_CHECK_WORLDS").is_some()
}

/// How many runs the long form was asked for, or so many.
fn runs(usual: usize) -> usize {
    let asked = env::var("CONN_CHECK_WORLDS").ok().map(|runs| runs.parse().expect("CONN_CHECK_WORLDS is a number"));
    asked.unwrap_or(usual)
}
