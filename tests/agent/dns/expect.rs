//! What records are compared with: values, patterns, whole sets, and what must not be there.

use super::{check, dns};
use harness::agent::{Agent, code};
use harness::dns::{Dns, Records};

fn server() -> Dns {
    let lines = [
        "h.test. A 10.0.0.7",
        "h.test. A 10.0.0.8",
        "h.test. AAAA 2001:db8::1",
        "h.test. MX 10 Mail.test.",
        "alias.test. CNAME xn--bcher-kva.test.",
        "_ldap._tcp.test. SRV 1 2 389 h.test.",
        "dkim.test. TXT \"v=DKIM1; k=rsa; p=MIGfMA0\" \"GCSqGSIb3\"",
        "quotes.test. TXT \"a=\\\"b\\\"\"",
        "spf.test. TXT \"v=spf1 include:_spf.test -all\"",
        "h.test. CAA 0 issue \"ca.test; account=1\"",
    ];
    Dns::start(&lines.iter().fold(Records::new(), |records, line| records.record(line)))
}

#[test]
fn records_are_compared_by_value_and_type() {
    let server = server();
    for (name, record, expect, wanted) in [
        ("h.test", "AAAA", "'2001:0db8:0:0:0:0:0:1'", "pass"),
        ("h.test", "AAAA", "'2001:DB8::0.0.0.1'", "pass"),
        ("h.test", "MX", "10 MAIL.test", "pass"),
        ("h.test", "MX", "20 mail.test", "request.unexpected-reply"),
        ("_ldap._tcp.test", "SRV", "1  2 389 H.TEST.", "pass"),
        ("alias.test", "CNAME", "bücher.test", "pass"),
        ("alias.test", "CNAME", "XN--BCHER-KVA.test.", "pass"),
        ("alias.test", "CNAME", "bucher.test", "request.unexpected-reply"),
        // The strings of a text belong together, and its letters are what they are.
        ("dkim.test", "TXT", "'v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3'", "pass"),
        ("dkim.test", "TXT", "'\"v=DKIM1; k=rsa; p=MIGfMA0\" \"GCSqGSIb3\"'", "pass"),
        ("dkim.test", "TXT", "'v=dkim1; k=rsa; p=MIGfMA0GCSqGSIb3'", "request.unexpected-reply"),
        ("quotes.test", "TXT", "'a=\"b\"'", "pass"),
        ("h.test", "CAA", "'0 ISSUE ca.test; account=1'", "pass"),
        ("h.test", "CAA", "'0 issue \"CA.test; account=1\"'", "request.unexpected-reply"),
        ("spf.test", "TXT", "'/^v=spf1 .*-all$/'", "pass"),
        ("spf.test", "TXT", "/^V=SPF1/", "request.unexpected-reply"),
        ("alias.test", "CNAME", "'/^XN--[a-z-]+\\.test$/'", "pass"),
        ("h.test", "A", "'/^10\\.0\\.0\\.[78]$/'", "pass"),
        ("h.test", "A", "'/^10\\.1\\./'", "request.unexpected-reply"),
    ] {
        let (verdict, check) = check(server.address(), name, &format!(", record: {record}, expect: {expect}"));
        assert_eq!(verdict, wanted, "{name} {record} {expect}: {check}");
    }
}

#[test]
fn a_text_is_shown_as_it_is_compared() {
    let server = server();
    let (_, found) = check(server.address(), "quotes.test", ", record: TXT");
    assert_eq!(found["facts"]["answers"][0], "a=\"b\"");
    let (_, found) = check(server.address(), "dkim.test", ", record: TXT, expect: other");
    assert_eq!(found["failure"]["evidence"], "got v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3, missing other");
}

#[test]
fn another_record_is_for_those_who_keep_the_zone() {
    let server = server();
    let (verdict, found) = check(server.address(), "h.test", ", expect: 10.9.9.9");
    assert_eq!(verdict, "request.unexpected-reply");
    assert_eq!(found["failure"]["owner"], "dns", "{found}");
    assert_eq!(found["failure"]["next_step"], "correct the record in the zone, or what this check expects of it");
}

#[test]
fn the_whole_set_may_be_expected() {
    let server = server();
    for (expect, wanted) in [
        ("[10.0.0.8, 10.0.0.7]", None),
        ("'/^10\\.0\\.0\\./'", None),
        ("10.0.0.7", Some("got 10.0.0.7, 10.0.0.8, not wanted 10.0.0.8")),
        ("[10.0.0.7, 10.0.0.8, 10.0.0.9]", Some("got 10.0.0.7, 10.0.0.8, missing 10.0.0.9")),
    ] {
        let (_, found) = check(server.address(), "h.test", &format!(", expect_all: {expect}"));
        // unbound turns the addresses round from answer to answer.
        let evidence =
            found["failure"]["evidence"].as_str().map(|told| told.replace("10.0.0.8, 10.0.0.7", "10.0.0.7, 10.0.0.8"));
        assert_eq!(evidence.as_deref(), wanted, "{expect}: {found}");
    }
}

#[test]
fn what_must_not_be_there_may_be_named() {
    let server = server();
    for (name, more, wanted) in [
        ("h.test", "expect_none: 10.0.0.9", "pass"),
        ("h.test", "expect_none: [10.0.0.9, 10.0.0.8]", "request.unexpected-reply"),
        ("h.test", "expect_none: '/./'", "request.unexpected-reply"),
        // A name that must be absent, or without such a record.
        ("none.test", "expect_none: '/./'", "pass"),
        ("spf.test", "expect_none: '/./'", "pass"),
        ("none.test", "expect_none: 10.0.0.9, expect: 10.0.0.7", "resolve.nxdomain"),
    ] {
        let (verdict, found) = check(server.address(), name, &format!(", {more}"));
        assert_eq!(verdict, wanted, "{name} {more}: {found}");
    }
}

#[test]
fn what_no_record_can_be_is_refused_in_the_file() {
    let nowhere = "127.0.0.1:1".parse().expect("an address");
    for (more, told) in [
        (", expect: fd00::7", "an A record has an IPv4 address"),
        (", record: AAAA, expect_all: 10.0.0.7", "an AAAA record has an IPv6 address"),
        (", expect_none: '/(/'", "no regular expression"),
        (", record: MX, expect: mail.test", "an MX record has a number and a name"),
        (", record: MX, expect_none: mail.test", "an MX record has a number and a name"),
        (", record: SRV, expect: '389 h.test'", "an SRV record has priority, weight, port and name"),
        (", record: SOA, expect: ns.test", "an SOA record has two names and five numbers"),
        (", record: CAA, expect: ca.test", "a CAA record has flags, tag and value"),
        (", record: CNAME, expect: ''", "a record of type CNAME has one name"),
    ] {
        let report = Agent::new(&dns(nowhere, "h.test", more)).args(["--format", "json"]).run().json();
        assert_eq!(report["verdict"], "unknown", "{report}");
        assert!(report["diagnostics"][0]["message"].to_string().contains(told), "{report}");
    }
    assert_eq!(code(&Agent::new(&dns(nowhere, "h.test", ", expect: 10.0.0.7")).report()), "connect.refused");
}
