//! A secret or a certificate that is not there fails its own check, and no other one.

use harness::agent::{Agent, Ran};
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;

/// A check that passes, and one with what is not there.
fn beside(well: &Peer, other: &str) -> String {
    format!("- {{type: tcp, name: well, host: 127.0.0.1, port: {}}}\n- {{{other}}}\n", well.port())
}

/// One failed with the code and these words, the other passed; nobody was connected to by the first.
fn fails(yaml: &str, peer: &Peer, code: &str, words: &str) {
    let Ran { out, status, err, .. } = Agent::new(yaml).run();
    assert_eq!((status, err.as_str()), (2, ""), "{yaml}: {out}");
    assert!(out.contains(&format!("{words} [{code}, config]")), "{yaml}: {out}");
    assert!(out.contains(" OK (well)\n"), "{out}");
    assert_eq!(peer.connections(), 0, "nothing is sent without it");
    for strict in ["--strict", "--validate"] {
        let Ran { out, status, err, .. } = Agent::new(yaml).arg(strict).run();
        assert_eq!((status, out.as_str()), (3, ""), "{strict}: {err}");
        assert!(err.contains(words), "{strict}: {err}");
    }
}

#[test]
fn a_missing_secret_fails_its_own_check() {
    let (well, peer, scratch) = (Peer::start(Manner::Silent), Peer::start(Manner::Silent), Scratch::new());
    let (absent, empty) = (scratch.path().join("absent"), scratch.write("empty", "\n"));
    let (absent, empty) = (absent.display(), empty.display());
    let login = |kind: &str, password: &str| {
        let more = match kind {
            "postgres" => ", database: d",
            "amqp" => ", use_tls: false",
            _ => "",
        };
        let port = peer.port();
        let check = format!("type: {kind}, host: 127.0.0.1, port: {port}, username: u, password: {password}{more}");
        beside(&well, &check)
    };
    for kind in ["postgres", "mysql", "redis", "amqp", "mongodb", "ldap", "mqtt"] {
        fails(
            &login(kind, "{env: NO_SUCH_VARIABLE}"),
            &peer,
            "config.missing-secret",
            "the environment variable `NO_SUCH_VARIABLE` is not set",
        );
    }
    let file = login("postgres", &format!("{{file: {absent}}}"));
    fails(
        &file,
        &peer,
        "config.missing-secret",
        &format!("cannot read the file `{absent}`: No such file or directory (os error 2)"),
    );
    let file = login("postgres", &format!("{{file: {empty}}}"));
    fails(&file, &peer, "config.missing-secret", &format!("the file `{empty}` is empty"));
}

/// The result is called by the reference: nobody has heard of what is read in its place.
#[test]
fn a_missing_host_url_or_name_fails_its_own_check_under_the_name_of_the_reference() {
    let (well, peer) = (Peer::start(Manner::Silent), Peer::start(Manner::Silent));
    let port = peer.port();
    for (check, names) in [
        (
            format!("type: tcp, host: {{env: NO_SUCH}}, port: {port}"),
            &[format!("tcp:{{env: NO_SUCH}}:{port} FAILED")][..],
        ),
        (
            "type: tcp, host: 127.0.0.1, port: {env: NO_SUCH}".to_owned(),
            &["tcp:127.0.0.1:{env: NO_SUCH} FAILED".to_owned()],
        ),
        (
            "type: http, url: {env: NO_SUCH}".to_owned(),
            &["http:{env: NO_SUCH}:tcp:{env: NO_SUCH} FAILED".to_owned(), "SKIPPED: http:{env: NO_SUCH}:".to_owned()],
        ),
        (
            format!("type: http, url: 'http://127.0.0.1:{port}/', proxy_url: {{env: NO_SUCH}}"),
            &[format!("http:http://127.0.0.1:{port}/:tcp:{{env: NO_SUCH}} FAILED")],
        ),
        (
            format!("type: postgres, host: 127.0.0.1, port: {port}, username: {{env: NO_SUCH}}, database: d"),
            &[format!("tcp:127.0.0.1:{port} FAILED")],
        ),
        (
            format!("type: tls, host: 127.0.0.1, port: {port}, server_name: {{env: NO_SUCH}}"),
            &[format!("tls:127.0.0.1:{port} FAILED")],
        ),
        (
            "type: dns, name: {env: NO_SUCH}, server: 127.0.0.1".to_owned(),
            &["dns:{env: NO_SUCH}@127.0.0.1 FAILED".to_owned()],
        ),
        (
            format!("type: mongodb, host: 127.0.0.1, port: {port}, database: {{env: NO_SUCH}}"),
            &[format!("mongodb:127.0.0.1:{port}:tcp:127.0.0.1:{port} FAILED")],
        ),
        (
            format!("type: smtp, host: 127.0.0.1, port: {port}, from_address: {{env: NO_SUCH}}, send: false"),
            &[format!("tcp:127.0.0.1:{port} FAILED")],
        ),
    ] {
        let yaml = beside(&well, &check);
        fails(&yaml, &peer, "config.missing-secret", "the environment variable `NO_SUCH` is not set");
        for format in ["plain", "human", "nagios", "json", "prometheus", "junit"] {
            let Ran { out, .. } = Agent::new(&yaml).args(["--format", format]).run();
            assert!(!out.contains("absent") && !out.contains("65535"), "{format}: {out}");
            assert!(format != "plain" || names.iter().all(|name| out.contains(name.as_str())), "{out}");
        }
    }
    // A number or a truth has nothing to stand in its place.
    let ran = Agent::new(&beside(&well, "type: redis, host: 127.0.0.1, use_tls: {env: NO_SUCH}")).run();
    assert_eq!(ran.status, 3, "{ran:?}");
}

#[test]
fn an_unusable_certificate_fails_its_own_check() {
    let (well, peer, scratch) = (Peer::start(Manner::Silent), Peer::start(Manner::Silent), Scratch::new());
    let absent = scratch.path().join("absent");
    for option in ["ca_file", "client_cert"] {
        let yaml = beside(
            &well,
            &format!("type: tls, host: 127.0.0.1, port: {}, {option}: '{}'", peer.port(), absent.display()),
        );
        fails(&yaml, &peer, "config.unusable-file", "the file cannot be used: No such file or directory (os error 2)");
    }
}

#[test]
fn an_empty_variable_is_no_password_where_clients_take_it_so() {
    let peer = Peer::start(Manner::Silent);
    let yaml =
        format!("- {{type: redis, host: 127.0.0.1, port: {}, password: {{env: EMPTY}}, timeout: 0.3}}\n", peer.port());
    let ran = Agent::new(&yaml).env("EMPTY", "").run();
    assert!(ran.out.contains("[protocol.silent, service]"), "{}", ran.out);
    let yaml = format!(
        "- {{type: postgres, host: 127.0.0.1, port: {}, username: u, password: {{env: EMPTY}}, database: d}}\n",
        peer.port()
    );
    let ran = Agent::new(&yaml).env("EMPTY", "").run();
    assert!(
        ran.out.contains("the environment variable `EMPTY` is empty [config.missing-secret, config]"),
        "{}",
        ran.out
    );
}
