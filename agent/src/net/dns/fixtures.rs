//! Datagrams that real servers sent, under the identifier 0x1234.

use super::RecordKind;

/// One recorded answer.
pub(super) struct Recorded {
    /// The server, and how it was asked unless as usual.
    pub(super) server: &'static str,
    /// The name asked for.
    pub(super) name: &'static str,
    /// The kind asked for.
    pub(super) kind: RecordKind,
    /// What came back.
    pub(super) datagram: &'static [u8],
    /// What it says: code, flags, aliases, records as `dig` prints them, time to live.
    pub(super) summary: &'static str,
}

/// Every recorded answer.
pub(super) const RECORDED: &[Recorded] = &[
    Recorded {
        server: "unbound 1.17.1",
        name: "www.example",
        kind: RecordKind::A,
        datagram: b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x03www\x07example\0\0\x01\0\x01\xc0\x0c\
            \0\x01\0\x01\0\0\x01,\0\x04\xc0\0\x02\x01\xc0\x0c\0\x01\0\x01\0\0\x01,\0\x04\
            \xc0\0\x02\x02\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR [192.0.2.1] [192.0.2.2] 300",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "www.example",
        kind: RecordKind::Aaaa,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x03www\x07example\0\0\x1c\0\x01\xc0\x0c\
            \0\x1c\0\x01\0\0\x01,\0\x10 \x01\r\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0)\x04\
            \xd0\0\0\0\0\0\0",
        summary: "NOERROR [2001:db8::1] 300",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "alias.example",
        kind: RecordKind::Cname,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x05alias\x07example\0\0\x05\0\x01\xc0\
            \x0c\0\x05\0\x01\0\0\0\xc8\0\x06\x03www\xc0\x12\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR [www.example.] 200",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "alias.example",
        kind: RecordKind::A,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x05alias\x07example\0\0\x01\0\x01\xc0\
            \x0c\0\x05\0\x01\0\0\0\xc8\0\x06\x03www\xc0\x12\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR 200",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "example",
        kind: RecordKind::Mx,
        datagram: b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x07example\0\0\x0f\0\x01\xc0\x0c\0\x0f\0\
            \x01\0\0\x02X\0\t\0\n\x04mail\xc0\x0c\xc0\x0c\0\x0f\0\x01\0\0\x02X\0\n\0\x14\
            \x05mail2\xc0\x0c\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR [10 mail.example.] [20 mail2.example.] 600",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "example",
        kind: RecordKind::Ns,
        datagram: b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x07example\0\0\x02\0\x01\xc0\x0c\0\x02\0\
            \x01\0\0\x0e\x10\0\x06\x03ns1\xc0\x0c\xc0\x0c\0\x02\0\x01\0\0\x0e\x10\0\x06\
            \x03ns2\xc0\x0c\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR [ns1.example.] [ns2.example.] 3600",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "192.0.2.1",
        kind: RecordKind::Ptr,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x011\x012\x010\x03192\x07in-addr\x04arpa\
            \0\0\x0c\0\x01\xc0\x0c\0\x0c\0\x01\0\0\x01,\0\r\x03www\x07example\0\0\0)\x04\
            \xd0\0\0\0\0\0\0",
        summary: "NOERROR [www.example.] 300",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "2001:db8::1",
        kind: RecordKind::Ptr,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x011\x010\x010\x010\x010\x010\x010\x010\
            \x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\x010\
            \x010\x018\x01b\x01d\x010\x011\x010\x010\x012\x03ip6\x04arpa\0\0\x0c\0\x01\
            \xc0\x0c\0\x0c\0\x01\0\0\x01,\0\r\x03www\x07example\0\0\0)\x04\xd0\0\0\0\0\0\
            \0",
        summary: "NOERROR [www.example.] 300",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "example",
        kind: RecordKind::Soa,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x07example\0\0\x06\0\x01\xc0\x0c\0\x06\0\
            \x01\0\0\x0e\x10\0(\x03ns1\xc0\x0c\x0bhost.master\xc0\x0cx\xc4\x04e\0\0\x1c \
            \0\0\x03\x84\0\x12u\0\0\0\x0e\x10\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: r"NOERROR [ns1.example. host\.master.example. 2026112101 7200 900 1209600 3600] 3600",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "_sip._tcp.example",
        kind: RecordKind::Srv,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04_sip\x04_tcp\x07example\0\0!\0\x01\
            \xc0\x0c\0!\0\x01\0\0\0<\0\x13\0\x01\0\x05\x13\xc4\x03sip\x07example\0\0\0)\
            \x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR [1 5 5060 sip.example.] 60",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "example",
        kind: RecordKind::Txt,
        datagram: b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x07example\0\0\x10\0\x01\xc0\x0c\0\x10\0\
            \x01\0\0\x02X\0\x0c\x0bv=spf1 -all\xc0\x0c\0\x10\0\x01\0\0\x02X\0\x1b\x03two\
            \x16strings; with \"quotes\"\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: r#"NOERROR ["v=spf1 -all"] ["two" "strings; with \"quotes\""] 600"#,
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "example",
        kind: RecordKind::Caa,
        datagram: b"\x124\x85\x80\0\x01\0\x02\0\0\0\x01\x07example\0\x01\x01\0\x01\xc0\x0c\x01\
            \x01\0\x01\0\0\x02X\0\x1c\0\x05issueca.example; account=1\xc0\x0c\x01\x01\0\
            \x01\0\0\x02X\0\x19\x80\x05iodefmailto:sec@example\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: r#"NOERROR [0 issue "ca.example; account=1"] [128 iodef "mailto:sec@example"] 600"#,
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "absent.example",
        kind: RecordKind::A,
        datagram: b"\x124\x85\x83\0\x01\0\0\0\x01\0\x01\x06absent\x07example\0\0\x01\0\x01\xc0\
            \x13\0\x06\0\x01\0\0\x0e\x10\0(\x03ns1\xc0\x13\x0bhost.master\xc0\x13x\xc4\
            \x04e\0\0\x1c \0\0\x03\x84\0\x12u\0\0\0\x0e\x10\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NXDOMAIN",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "www.example",
        kind: RecordKind::Mx,
        datagram: b"\x124\x85\x80\0\x01\0\0\0\x01\0\x01\x03www\x07example\0\0\x0f\0\x01\xc0\x10\
            \0\x06\0\x01\0\0\x0e\x10\0(\x03ns1\xc0\x10\x0bhost.master\xc0\x10x\xc4\x04e\
            \0\0\x1c \0\0\x03\x84\0\x12u\0\0\0\x0e\x10\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "x.refused",
        kind: RecordKind::A,
        datagram: b"\x124\x85\x85\0\x01\0\0\0\0\0\x01\x01x\x07refused\0\0\x01\0\x01\0\0)\x04\xd0\
            \0\0\0\0\0\0",
        summary: "REFUSED",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "x.dead",
        kind: RecordKind::A,
        datagram: b"\x124\x81\x82\0\x01\0\0\0\0\0\x01\x01x\x04dead\0\0\x01\0\x01\0\0)\x04\xd0\0\
            \0\0\0\0\0",
        summary: "SERVFAIL",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "big.example",
        kind: RecordKind::A,
        datagram: b"\x124\x87\x80\0\x01\0\0\0\0\0\x01\x03big\x07example\0\0\x01\0\x01\0\0)\x04\
            \xd0\0\0\0\0\0\0",
        summary: "NOERROR TC",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "host.masq",
        kind: RecordKind::A,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04host\x04masq\0\0\x01\0\x01\xc0\x0c\0\
            \x01\0\x01\0\0\0M\0\x04\xc0\0\x02\x07\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR [192.0.2.7] 77",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "host.masq",
        kind: RecordKind::Aaaa,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04host\x04masq\0\0\x1c\0\x01\xc0\x0c\0\
            \x1c\0\x01\0\0\0M\0\x10 \x01\r\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\0\0)\x04\xd0\0\
            \0\0\0\0\0",
        summary: "NOERROR [2001:db8::7] 77",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "web.masq",
        kind: RecordKind::A,
        datagram: b"\x124\x85\x80\0\x01\0\x03\0\0\0\x01\x03web\x04masq\0\0\x01\0\x01\xc0\x0c\0\
            \x05\0\x01\0\0\0\0\0\n\x03www\x04masq\0\xc0&\0\x05\0\x01\0\0\0B\0\x0b\x04hos\
            t\x04masq\0\xc0<\0\x01\0\x01\0\0\0M\0\x04\xc0\0\x02\x07\0\0)\x04\xd0\0\0\0\0\
            \0\0",
        summary: "NOERROR [192.0.2.7] 0",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "www.masq",
        kind: RecordKind::Cname,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x03www\x04masq\0\0\x05\0\x01\xc0\x0c\0\
            \x05\0\x01\0\0\0B\0\x0b\x04host\x04masq\0\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR [host.masq.] 66",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "masq",
        kind: RecordKind::Mx,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04masq\0\0\x0f\0\x01\xc0\x0c\0\x0f\0\
            \x01\0\0\0\0\0\r\0\x05\x04mail\x04masq\0\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR [5 mail.masq.] 0",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "masq",
        kind: RecordKind::Txt,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04masq\0\0\x10\0\x01\xc0\x0c\0\x10\0\
            \x01\0\0\0\0\0\x0c\x0bhello world\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: r#"NOERROR ["hello world"] 0"#,
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "_http._tcp.masq",
        kind: RecordKind::Srv,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x03\x05_http\x04_tcp\x04masq\0\0!\0\x01\xc0\
            \x0c\0!\0\x01\0\0\0\0\0\x11\0\x01\0\x02\0P\x04host\x04masq\0\xc03\0\x01\0\
            \x01\0\0\0M\0\x04\xc0\0\x02\x07\xc03\0\x1c\0\x01\0\0\0M\0\x10 \x01\r\xb8\0\0\
            \0\0\0\0\0\0\0\0\0\x07\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: "NOERROR [1 2 80 host.masq.] 0",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "192.0.2.7",
        kind: RecordKind::Ptr,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x017\x012\x010\x03192\x07in-addr\x04arpa\
            \0\0\x0c\0\x01\xc0\x0c\0\x0c\0\x01\0\0\0\0\0\x0b\x04host\x04masq\0\0\0)\x04\
            \xd0\0\0\0\0\0\0",
        summary: "NOERROR [host.masq.] 0",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "masq",
        kind: RecordKind::Caa,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04masq\0\x01\x01\0\x01\xc0\x0c\x01\x01\
            \0\x01\0\0\0\0\0\x0e\0\x05issueca.masq\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: r#"NOERROR [0 issue "ca.masq"] 0"#,
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "absent.masq",
        kind: RecordKind::A,
        datagram: b"\x124\x81\x83\0\x01\0\0\0\0\0\x01\x06absent\x04masq\0\0\x01\0\x01\0\0)\x04\
            \xd0\0\0\0\0\0\0",
        summary: "NXDOMAIN",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "host.masq",
        kind: RecordKind::Mx,
        datagram: b"\x124\x81\x80\0\x01\0\0\0\0\0\x01\x04host\x04masq\0\0\x0f\0\x01\0\0)\x04\xd0\
            \0\0\0\0\0\0",
        summary: "NOERROR",
    },
    Recorded {
        server: "dnsmasq 2.90",
        name: "other.example",
        kind: RecordKind::A,
        datagram: b"\x124\x81\x85\0\x01\0\0\0\0\0\x01\x05other\x07example\0\0\x01\0\x01\0\0)\x04\
            \xd0\0\0\0\0\0\x06\0\x0f\0\x02\0\x0e",
        summary: "REFUSED",
    },
    Recorded {
        server: "unbound 1.17.1, asked without EDNS",
        name: "big.example",
        kind: RecordKind::A,
        datagram: b"\x124\x87\x80\0\x01\0\0\0\0\0\0\x03big\x07example\0\0\x01\0\x01",
        summary: "NOERROR TC",
    },
    Recorded {
        server: "unbound 1.17.1, asked with EDNS version 9",
        name: "www.example",
        kind: RecordKind::A,
        datagram: b"\x124\x81\x80\0\x01\0\0\0\0\0\x01\x03www\x07example\0\0\x01\0\x01\0\0)\x04\
            \xd0\x01\0\0\0\0\0",
        summary: "RCODE16",
    },
    Recorded {
        server: "unbound 1.17.1, asked half a question",
        name: "www.example",
        kind: RecordKind::A,
        datagram: b"\x124\x81\x01\0\x01\0\0\0\0\0\x01\x03www\x07example",
        summary: "FORMERR",
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "odd.example",
        kind: RecordKind::Txt,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x03odd\x07example\0\0\x10\0\x01\xc0\x0c\
            \0\x10\0\x01\0\0\0<\0\t\x07a\x01b;c\xc2\x80\0\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: r#"NOERROR ["a\001b;c\194\128" ""] 60"#,
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "odd.example",
        kind: RecordKind::Caa,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x03odd\x07example\0\x01\x01\0\x01\xc0\
            \x0c\x01\x01\0\x01\0\0\0<\0\x08\x01\x05issue;\0\0)\x04\xd0\0\0\0\0\0\0",
        summary: r#"NOERROR [1 issue ";"] 60"#,
    },
    Recorded {
        server: "unbound 1.17.1",
        name: "odd2.example",
        kind: RecordKind::Cname,
        datagram: b"\x124\x85\x80\0\x01\0\x01\0\0\0\x01\x04odd2\x07example\0\0\x05\0\x01\xc0\x0c\
            \0\x05\0\x01\0\0\0<\0\x10\rw\x1ax@y$z;q(\xc2\x80\"\xc0\x11\0\0)\x04\xd0\0\0\
            \0\0\0\0",
        summary: r#"NOERROR [w\026x\@y\$z\;q\(\194\128\".example.] 60"#,
    },
];
