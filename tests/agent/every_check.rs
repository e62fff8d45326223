//! Every check with a TCP connection against peers that misbehave in one exact way: each gives
//! exactly one code, and in time. A new check is covered by being listed in the agent.

use conn_check::checks::{Described, Spec};
use conn_check::services::{self, Service, Speaker, TlsStart, Transport};
use harness::agent::Agent;
use harness::peers::{Manner, Peer};
use harness::ports;
use std::time::Duration;

/// What every check below may take, seconds.
const TIMEOUT: f64 = 0.6;

/// A check and whether it uses TLS.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    pub(crate) service: &'static Service,
    pub(crate) tls: bool,
    options: Vec<String>,
}

impl Case {
    /// Every check, plain and with TLS where it has both. Those over datagrams have tests of their own.
    pub(crate) fn all() -> Vec<Self> {
        let described = Spec::describe().into_iter().filter(|check| check.service.transport == Transport::Stream);
        described.flat_map(|check| [false, true].map(|tls| Self::of(&check, tls))).flatten().collect()
    }

    fn of(check: &Described, tls: bool) -> Option<Self> {
        let has = |key: &str| check.options.iter().any(|option| option.key == key);
        let by_url = check.options.iter().any(|option| option.required && option.shape.short == "URL");
        let needed = check.options.iter().filter(|option| option.required);
        let mut options: Vec<_> = needed
            .filter_map(|option| match (option.key, option.shape.short) {
                ("host", _) => Some("host: 127.0.0.1".to_owned()),
                ("port", _) => None,
                (key @ ("url" | "endpoint"), _) => {
                    Some(format!("{key}: '{}://127.0.0.1:PORT/'", if tls { "https" } else { "http" }))
                }
                (key, "broker URL" | "result URL") => {
                    Some(format!("{key}: '{}://127.0.0.1:PORT/'", if tls { "rediss" } else { "redis" }))
                }
                (key, "mail address") => Some(format!("{key}: a@b.example")),
                (key, _) => Some(format!("{key}: some-{key}")),
            })
            .collect();
        if has("port") {
            options.push("port: PORT".to_owned());
        }
        // Of S3 an object that everybody may get.
        if has("access_key") {
            options.push("object: x".to_owned());
        }
        if has("send") {
            options.push("send: false".to_owned());
        }
        match has("use_tls") {
            true => options.push(format!("use_tls: {tls}")),
            false if !by_url && !has("broker") && tls != (check.kind == "tls") => return None,
            false => {}
        }
        // The workers of Celery are behind a broker, which is what it connects to.
        let service = if has("broker") { &services::REDIS } else { check.service };
        Some(Self { kind: check.kind, service, tls, options })
    }

    pub(crate) fn yaml(&self, port: u16) -> String {
        self.at("127.0.0.1", port, TIMEOUT)
    }

    /// The check of this place, with its timeout in seconds.
    pub(crate) fn at(&self, host: &str, port: u16, timeout: f64) -> String {
        let options = self.options.join(", ").replace("127.0.0.1", host).replace("PORT", &port.to_string());
        format!("- {{type: {}, timeout: {timeout}, {options}}}\n", self.kind)
    }

    /// Whether the peer hears TLS first.
    fn opens_with_tls(&self) -> bool {
        self.tls && self.service.tls != TlsStart::Upgrade
    }

    /// Whether it waits for the peer's first word.
    fn is_greeted(&self) -> bool {
        self.service.speaks_first == Speaker::Server && !self.opens_with_tls()
    }
}

/// What each case says of a peer, as `TYPE CODE` (or the verdict), `TYPE+tls CODE` with TLS.
fn told(manner: Option<&Manner>) -> Vec<(Case, String)> {
    let free = ports::free();
    let peer = manner.map(|manner| Peer::start(manner.clone()));
    let port = peer.as_ref().map_or_else(|| free.number(), Peer::port);
    let cases = Case::all();
    let yaml: String = cases.iter().map(|case| case.yaml(port)).collect();
    let ran = Agent::new(&yaml).args(["--format", "json"]).run();
    assert!(ran.elapsed < Duration::from_secs_f64(TIMEOUT + 1.0), "{:?}", ran.elapsed);
    let report = ran.json();
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("no checks: {report}"));
    assert_eq!(checks.len(), cases.len());
    let code = |check: &serde_json::Value| {
        let failed = check["results"].as_array().expect("results").iter().filter(|one| one["verdict"] == "fail");
        let failed = failed.count();
        assert_eq!(failed, usize::from(check["failure"].is_object()), "one failure, one failed result: {check}");
        let code = check["failure"]["code"].as_str().or_else(|| check["verdict"].as_str());
        code.expect("a verdict").to_owned()
    };
    cases.into_iter().zip(checks.iter().map(code)).collect()
}

/// Sees that each case gives the code that `wanted` says, `tcp` aside: it only connects.
fn each_gives(manner: Option<&Manner>, wanted: impl Fn(&Case) -> &'static [&'static str]) {
    let told = told(manner);
    assert!(told.len() >= 4, "only {} cases", told.len());
    let wrong: Vec<_> = told
        .into_iter()
        .filter(|(case, code)| case.kind != "tcp" && !wanted(case).contains(&code.as_str()))
        .map(|(case, code)| format!("{} (TLS: {}): {code}, wanted {:?}", case.kind, case.tls, wanted(&case)))
        .collect();
    assert!(wrong.is_empty(), "{manner:?}:\n{}", wrong.join("\n"));
}

#[test]
fn a_port_where_nothing_listens_is_refused() {
    each_gives(None, |_| &["connect.refused"]);
}

#[test]
fn a_silent_peer_is_silent() {
    each_gives(
        Some(&Manner::Silent),
        |case| if case.opens_with_tls() { &["tls.timeout"] } else { &["protocol.silent"] },
    );
}

#[test]
fn a_peer_that_closes_at_once_has_closed() {
    each_gives(
        Some(&Manner::Closes),
        |case| if case.opens_with_tls() { &["tls.closed"] } else { &["protocol.closed"] },
    );
}

#[test]
fn a_peer_that_closes_after_the_first_bytes_has_closed() {
    each_gives(Some(&Manner::ClosesAfterFirstBytes), |case| match case {
        _ if case.opens_with_tls() => &["tls.closed"],
        _ if case.is_greeted() => &["protocol.silent"],
        _ => &["protocol.closed"],
    });
}

#[test]
fn a_peer_that_resets_has_reset() {
    // The reset may overtake the end of the connecting.
    each_gives(Some(&Manner::Resets), |case| {
        if case.opens_with_tls() { &["tls.closed", "connect.reset"] } else { &["protocol.reset", "connect.reset"] }
    });
}

#[test]
fn a_peer_that_resets_after_the_first_bytes_has_reset() {
    each_gives(Some(&Manner::ResetsAfterFirstBytes), |case| match case {
        _ if case.opens_with_tls() => &["tls.closed"],
        _ if case.is_greeted() => &["protocol.silent"],
        _ => &["protocol.reset"],
    });
}

#[test]
fn noise_is_malformed() {
    each_gives(
        Some(&Manner::Garbage),
        |case| {
            if case.opens_with_tls() { &["tls.not-tls"] } else { &["protocol.malformed"] }
        },
    );
}

#[test]
fn an_endless_word_is_malformed_or_too_large() {
    // By whether the first letters can begin an answer of the protocol.
    each_gives(Some(&Manner::Endless), |case| {
        if case.opens_with_tls() { &["tls.not-tls"] } else { &["protocol.malformed", "protocol.too-large"] }
    });
}

#[test]
fn another_service_is_named() {
    for greeting in [&b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"[..], b"+OK Dovecot ready.\r\n", b"RFB 003.008\n"] {
        each_gives(Some(&Manner::Banner(greeting.to_vec())), |case| {
            if case.opens_with_tls() { &["tls.not-tls"] } else { &["protocol.wrong-service"] }
        });
    }
}
