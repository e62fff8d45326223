//! unbound, asked by dig.

use std::net::SocketAddr;
use std::process::Command;

use harness::dns::{Dns, Records};

/// What dig prints for one question, tried once.
fn dig(server: SocketAddr, arguments: &[&str]) -> String {
    let (host, port) = (format!("@{}", server.ip()), server.port().to_string());
    let mut command = Command::new("dig");
    command.args(["-r", &host, "-p", &port, "+tries=1", "+time=2"]).args(arguments);
    String::from_utf8(command.output().expect("dig runs").stdout).expect("text")
}

/// The data of all answers, one a line.
fn short(server: SocketAddr, name: &str, kind: &str) -> Vec<String> {
    dig(server, &["+short", name, kind]).lines().map(str::to_owned).collect()
}

#[test]
fn every_kind_of_record_is_answered() {
    let lines = [
        "db.test. A 10.0.0.7",
        "db.test. A 10.0.0.8",
        "db.test. AAAA fd00::7",
        "alias.example.com. CNAME other.test.",
        "other.test. CNAME db.test.",
        "test. MX 10 mail.test.",
        "t.test. TXT \"two words\"",
        "_x._tcp.test. SRV 1 2 389 db.test.",
        "7.0.0.10.in-addr.arpa. 5 PTR db.test.",
    ];
    let dns = Dns::start(&lines.into_iter().fold(Records::new(), Records::record));
    let server = dns.address();
    let mut addresses = short(server, "db.test", "A");
    addresses.sort();
    assert_eq!(addresses, ["10.0.0.7", "10.0.0.8"]);
    assert_eq!(short(server, "db.test", "AAAA"), ["fd00::7"]);
    assert_eq!(short(server, "alias.example.com", "AAAA"), ["other.test.", "db.test.", "fd00::7"]);
    assert_eq!(short(server, "test", "MX"), ["10 mail.test."]);
    assert_eq!(short(server, "t.test", "TXT"), ["\"two words\""]);
    assert_eq!(short(server, "_x._tcp.test", "SRV"), ["1 2 389 db.test."]);
    assert_eq!(short(server, "7.0.0.10.in-addr.arpa", "PTR"), ["db.test."]);
    assert!(dig(server, &["+tcp", "db.test", "AAAA"]).contains("fd00::7"));
}

#[test]
fn every_kind_of_failure_is_answered() {
    let records = Records::new().record("db.test. A 10.0.0.7").record("loose.test. CNAME nowhere.test.");
    let dns = Dns::start(&records.refused("closed.test").servfail("broken.test").silent("quiet.test"));
    let status = |name: &str, kind: &str| {
        let text = dig(dns.address(), &[name, kind]);
        let status = text.split_once("status: ").and_then(|(_, rest)| rest.split_once(','));
        status.map_or(text.clone(), |(status, _)| status.to_owned())
    };
    assert_eq!(status("nowhere.test", "A"), "NXDOMAIN");
    assert_eq!(status("example.com", "A"), "NXDOMAIN");
    assert_eq!(status("loose.test", "A"), "NXDOMAIN");
    assert_eq!(status("db.test", "MX"), "NOERROR");
    assert_eq!(short(dns.address(), "db.test", "MX"), Vec::<String>::new());
    assert_eq!(status("www.closed.test", "A"), "REFUSED");
    assert_eq!(status("www.broken.test", "A"), "SERVFAIL");
    assert!(status("www.quiet.test", "A").contains("timed out"));
}

#[test]
fn an_answer_too_long_for_udp_comes_by_tcp() {
    let lines = (0..200).map(|number| format!("many.test. A 10.1.0.{number}"));
    let dns = Dns::start(&lines.fold(Records::new(), |records, line| records.record(&line)));
    assert!(dig(dns.address(), &["+ignore", "+noedns", "many.test", "A"]).contains("flags: qr tc"));
    assert_eq!(short(dns.address(), "many.test", "A").len(), 200);
}
