//! Datagrams that real servers sent, under the identifier 0x1234.

/// The name and type asked for, what came back, and what it says: code, flags, records as `dig` prints
/// them, time to live.
pub(super) const RECORDED: &[(&str, &[u8], &str)] = &[
    // unbound 1.17.1
    (
        "www.example A",
        b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x03www\x07example\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\x01,\0\x04\xc0\
        \0\x02\x01\xc0\x0c\0\x01\0\x01\0\0\x01,\0\x04\xc0\0\x02\x02\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [192.0.2.1] [192.0.2.2] 300",
    ),
    (
        "www.example AAAA",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x03www\x07example\0\0\x1c\0\x01\xc0\x0c\0\x1c\0\x01\0\0\x01,\0\x10 \
        \x01\r\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [2001:db8::1] 300",
    ),
    (
        "alias.example CNAME",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x05alias\x07example\0\0\x05\0\x01\xc0\x0c\0\x05\0\x01\0\0\0\xc8\0\x06\
        \x03www\xc0\x12\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [www.example.] 200",
    ),
    (
        "alias.example A",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x05alias\x07example\0\0\x01\0\x01\xc0\x0c\0\x05\0\x01\0\0\0\xc8\0\x06\
        \x03www\xc0\x12\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR 200",
    ),
    (
        "example MX",
        b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x07example\0\0\x0f\0\x01\xc0\x0c\0\x0f\0\x01\0\0\x02X\0\t\0\n\
        \x04mail\xc0\x0c\xc0\x0c\0\x0f\0\x01\0\0\x02X\0\n\0\x14\x05mail2\xc0\x0c\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [10 mail.example.] [20 mail2.example.] 600",
    ),
    (
        "example NS",
        b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x07example\0\0\x02\0\x01\xc0\x0c\0\x02\0\x01\0\0\x0e\x10\0\x06\x03ns1\
        \xc0\x0c\xc0\x0c\0\x02\0\x01\0\0\x0e\x10\0\x06\x03ns2\xc0\x0c\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [ns1.example.] [ns2.example.] 3600",
    ),
    (
        "192.0.2.1 PTR",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x011\x012\x010\x03192\x07in-addr\x04arpa\0\0\x0c\0\x01\xc0\x0c\0\x0c\0\
        \x01\0\0\x01,\0\r\x03www\x07example\0\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [www.example.] 300",
    ),
    (
        "2001:db8::1 PTR",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x011\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\
        \x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x018\x01b\x01d\x010\x011\x010\x010\x012\x03ip6\x04arpa\0\0\
        \x0c\0\x01\xc0\x0c\0\x0c\0\x01\0\0\x01,\0\r\x03www\x07example\0\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [www.example.] 300",
    ),
    (
        "example SOA",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x07example\0\0\x06\0\x01\xc0\x0c\0\x06\0\x01\0\0\x0e\x10\0(\x03ns1\xc0\
        \x0c\x0bhost.master\xc0\x0cx\xc4\x04e\0\0\x1c \0\0\x03\x84\0\x12u\0\0\0\x0e\x10\0\0)\x04\xd0\0\0\0\0\0\0",
        r"NOERROR [ns1.example. host\.master.example. 2026112101 7200 900 1209600 3600] 3600",
    ),
    (
        "_sip._tcp.example SRV",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04_sip\x04_tcp\x07example\0\0!\0\x01\xc0\x0c\0!\0\x01\0\0\0<\0\x13\0\
        \x01\0\x05\x13\xc4\x03sip\x07example\0\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [1 5 5060 sip.example.] 60",
    ),
    (
        "example TXT",
        b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x07example\0\0\x10\0\x01\xc0\x0c\0\x10\0\x01\0\0\x02X\0\x0c\x0bv=spf1 \
        -all\xc0\x0c\0\x10\0\x01\0\0\x02X\0\x1b\x03two\x16strings; with \"quotes\"\0\0)\x04\xd0\0\0\0\0\0\0",
        r#"NOERROR ["v=spf1 -all"] ["two" "strings; with \"quotes\""] 600"#,
    ),
    (
        "example CAA",
        b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x07example\0\x01\x01\0\x01\xc0\x0c\x01\x01\0\x01\0\0\x02X\0\x1c\0\x05is\
        sueca.example; account=1\xc0\x0c\x01\x01\0\x01\0\0\x02X\0\x19\x80\x05iodefmailto:sec@example\0\0)\x04\xd0\0\0\
        \0\0\0\0",
        r#"NOERROR [0 issue "ca.example; account=1"] [128 iodef "mailto:sec@example"] 600"#,
    ),
    (
        "absent.example A",
        b"\x124\x85\x83\0\x01\0\0\0\x01\0\x01\x06absent\x07example\0\0\x01\0\x01\xc0\x13\0\x06\0\x01\0\0\x0e\x10\0(\
        \x03ns1\xc0\x13\x0bhost.master\xc0\x13x\xc4\x04e\0\0\x1c \
        \0\0\x03\x84\0\x12u\0\0\0\x0e\x10\0\0)\x04\xd0\0\0\0\0\0\0",
        "NXDOMAIN",
    ),
    (
        "www.example MX",
        b"\x124\x85\x80\0\x01\0\0\0\x01\0\x01\x03www\x07example\0\0\x0f\0\x01\xc0\x10\0\x06\0\x01\0\0\x0e\x10\0(\x03n\
        s1\xc0\x10\x0bhost.master\xc0\x10x\xc4\x04e\0\0\x1c \0\0\x03\x84\0\x12u\0\0\0\x0e\x10\0\0)\x04\xd0\0\0\0\0\0\
        \0",
        "NOERROR",
    ),
    (
        "x.refused A",
        b"\x124\x85\x85\0\x01\0\0\0\0\0\x01\x01x\x07refused\0\0\x01\0\x01\0\0)\x04\xd0\0\0\0\0\0\0",
        "REFUSED",
    ),
    ("x.dead A", b"\x124\x81\x82\0\x01\0\0\0\0\0\x01\x01x\x04dead\0\0\x01\0\x01\0\0)\x04\xd0\0\0\0\0\0\0", "SERVFAIL"),
    (
        "big.example A",
        b"\x124\x87\x80\0\x01\0\0\0\0\0\x01\x03big\x07example\0\0\x01\0\x01\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR TC",
    ),
    // dnsmasq 2.90
    (
        "host.masq A",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04host\x04masq\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0M\0\x04\xc0\0\
        \x02\x07\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [192.0.2.7] 77",
    ),
    (
        "host.masq AAAA",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04host\x04masq\0\0\x1c\0\x01\xc0\x0c\0\x1c\0\x01\0\0\0M\0\x10 \
        \x01\r\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [2001:db8::7] 77",
    ),
    (
        "web.masq A",
        b"\x124\x85\x80\0\x01\0\x03\0\0\0\x01\x03web\x04masq\0\0\x01\0\x01\xc0\x0c\0\x05\0\x01\0\0\0\0\0\n\x03www\x04\
        masq\0\xc0&\0\x05\0\x01\0\0\0B\0\x0b\x04host\x04masq\0\xc0<\0\x01\0\x01\0\0\0M\0\x04\xc0\0\x02\x07\0\0)\x04\
        \xd0\0\0\0\0\0\0",
        "NOERROR [192.0.2.7] 0",
    ),
    (
        "www.masq CNAME",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x03www\x04masq\0\0\x05\0\x01\xc0\x0c\0\x05\0\x01\0\0\0B\0\x0b\x04host\
        \x04masq\0\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [host.masq.] 66",
    ),
    (
        "masq MX",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04masq\0\0\x0f\0\x01\xc0\x0c\0\x0f\0\x01\0\0\0\0\0\r\0\x05\x04mail\x04\
        masq\0\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [5 mail.masq.] 0",
    ),
    (
        "masq TXT",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04masq\0\0\x10\0\x01\xc0\x0c\0\x10\0\x01\0\0\0\0\0\x0c\x0bhello \
        world\0\0)\x04\xd0\0\0\0\0\0\0",
        r#"NOERROR ["hello world"] 0"#,
    ),
    (
        "_http._tcp.masq SRV",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x03\x05_http\x04_tcp\x04masq\0\0!\0\x01\xc0\x0c\0!\0\x01\0\0\0\0\0\x11\0\
        \x01\0\x02\0P\x04host\x04masq\0\xc03\0\x01\0\x01\0\0\0M\0\x04\xc0\0\x02\x07\xc03\0\x1c\0\x01\0\0\0M\0\x10 \
        \x01\r\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [1 2 80 host.masq.] 0",
    ),
    (
        "192.0.2.7 PTR",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x017\x012\x010\x03192\x07in-addr\x04arpa\0\0\x0c\0\x01\xc0\x0c\0\x0c\0\
        \x01\0\0\0\0\0\x0b\x04host\x04masq\0\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR [host.masq.] 0",
    ),
    (
        "masq CAA",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04masq\0\x01\x01\0\x01\xc0\x0c\x01\x01\0\x01\0\0\0\0\0\x0e\0\x05issuec\
        a.masq\0\0)\x04\xd0\0\0\0\0\0\0",
        r#"NOERROR [0 issue "ca.masq"] 0"#,
    ),
    (
        "absent.masq A",
        b"\x124\x81\x83\0\x01\0\0\0\0\0\x01\x06absent\x04masq\0\0\x01\0\x01\0\0)\x04\xd0\0\0\0\0\0\0",
        "NXDOMAIN",
    ),
    (
        "host.masq MX",
        b"\x124\x81\x80\0\x01\0\0\0\0\0\x01\x04host\x04masq\0\0\x0f\0\x01\0\0)\x04\xd0\0\0\0\0\0\0",
        "NOERROR",
    ),
    (
        "other.example A",
        b"\x124\x81\x85\0\x01\0\0\0\0\0\x01\x05other\x07example\0\0\x01\0\x01\0\0)\x04\xd0\0\0\0\0\0\x06\0\x0f\0\x02\
        \0\x0e",
        "REFUSED",
    ),
    // unbound 1.17.1, asked without EDNS
    ("big.example A", b"\x124\x87\x80\0\x01\0\0\0\0\0\0\x03big\x07example\0\0\x01\0\x01", "NOERROR TC"),
    // unbound 1.17.1, asked with EDNS version 9
    (
        "www.example A",
        b"\x124\x81\x80\0\x01\0\0\0\0\0\x01\x03www\x07example\0\0\x01\0\x01\0\0)\x04\xd0\x01\0\0\0\0\0",
        "RCODE16",
    ),
    // unbound 1.17.1, asked half a question
    ("www.example A", b"\x124\x81\x01\0\x01\0\0\0\0\0\x01\x03www\x07example", "FORMERR"),
    // unbound 1.17.1
    (
        "odd.example TXT",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x03odd\x07example\0\0\x10\0\x01\xc0\x0c\0\x10\0\x01\0\0\0<\0\t\x07a\x01\
        b;c\xc2\x80\0\0\0)\x04\xd0\0\0\0\0\0\0",
        r#"NOERROR ["a\001b;c\194\128" ""] 60"#,
    ),
    (
        "odd.example CAA",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x03odd\x07example\0\x01\x01\0\x01\xc0\x0c\x01\x01\0\x01\0\0\0<\0\x08\
        \x01\x05issue;\0\0)\x04\xd0\0\0\0\0\0\0",
        r#"NOERROR [1 issue ";"] 60"#,
    ),
    (
        "odd2.example CNAME",
        b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04odd2\x07example\0\0\x05\0\x01\xc0\x0c\0\x05\0\x01\0\0\0<\0\x10\rw\
        \x1ax@y$z;q(\xc2\x80\"\xc0\x11\0\0)\x04\xd0\0\0\0\0\0\0",
        r#"NOERROR [w\026x\@y\$z\;q\(\194\128\".example.] 60"#,
    ),
];
