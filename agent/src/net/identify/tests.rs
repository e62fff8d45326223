use super::answers::all;
use super::*;
use crate::text::escape;
use crate::text::noise::Noise;

fn service(bytes: &[u8]) -> Option<&'static Service> {
    identify(bytes).map(|peer| peer.service)
}

/// A `MongoDB` message with this operation, in answer to that request, around a BSON document.
fn mongodb(operation: u32, request: u32, fields: &[u8]) -> Vec<u8> {
    let before: &[u8] = match operation {
        2013 => &[0; 5],
        _ => b"\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0",
    };
    let document = [&le(fields.len() + 5), fields, &[0]].concat();
    let length = le(16 + before.len() + document.len());
    [&length, &le(77), &request.to_le_bytes(), &operation.to_le_bytes(), before, &document].concat()
}

fn le(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}

#[test]
fn every_recorded_answer_is_recognised() {
    for answer in all() {
        assert_eq!(identify(answer.said), Some(answer.peer), "{}", answer.server);
    }
}

#[test]
fn a_cut_answer_is_never_taken_for_another_protocol() {
    for answer in all() {
        // One byte may be PostgreSQL's answer to a request for TLS.
        for length in 2..answer.said.len() {
            let found = identify(&answer.said[..length]);
            let fits = found.as_ref().is_none_or(|found| found.may_be(answer.peer.service));
            assert!(fits, "{} cut to {length} is {found:?}", answer.server);
        }
    }
}

#[test]
fn a_hundred_bytes_tell_every_recorded_protocol() {
    for answer in all() {
        let start = &answer.said[..answer.said.len().min(100)];
        assert_eq!(service(start), Some(answer.peer.service), "{}", answer.server);
    }
}

/// Taken from the protocols' documents: no such server was at hand.
#[test]
fn documented_answers_are_recognised() {
    for (said, expected) in [
        // MySQL 8 and its X Protocol
        (&b"J\0\0\0\n8.0.36\0\x08\0\0\0aaaaaaaa\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0"[..], "MySQL 8.0.36"),
        (b"\x05\0\0\0\x0b\x08\x05\x1a\0", "MySQL X Protocol"),
        // pgbouncer sends fewer fields, and a PostgreSQL that cannot fork the old form
        (b"E\0\0\0\x2fSFATAL\0C08P01\0Mno such database: x\0\0", "PostgreSQL error 08P01: no such database: x"),
        (
            b"Ecould not fork new process for connection: no memory\n\0",
            "PostgreSQL error: could not fork new process for connection: no memory",
        ),
        (b"R\0\0\0\x0c\0\0\0\x05abcd", "PostgreSQL asking for an MD5 password"),
        (b"AMQP\x03\x01\0\0", "AMQP 1.0"),
        (b"AMQP\x01\x01\0\x0a", "AMQP header 1.0.10"),
        (b"\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0", "RDP connection answer"),
        (b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23", "Telnet options"),
        (b"Not allowed at this time\r\n", "Not allowed at this time"),
        (b"This is not an HTTP port", "This is not an HTTP port"),
        (
            b"0\x84\0\0\0\x51\x02\x01\0x\x84\0\0\0\x48\n\x01\x02\x04\0\x04\x20invalid",
            "LDAP notice of disconnection, result 2",
        ),
        // Brokers of MQTT 5 with a reason, and one that speaks it alone.
        (b"\x20\x09\0\x88\x06\x1f\0\x03bye", "MQTT 5 CONNACK, reason code 0x88"),
        (b"\x20\x03\0\x84\0", "MQTT 5 CONNACK, reason code 0x84"),
        (b"* BYE Too many connections\r\n", "* BYE Too many connections"),
        (b"* PREAUTH IMAP4rev1 server logged in as x\r\n", "* PREAUTH IMAP4rev1 server logged in as x"),
        (b"-ERR [SYS/TEMP] Try again\r\n", "-ERR [SYS/TEMP] Try again"),
        (b"554 5.7.1 You are not welcome\r\n", "554 5.7.1 You are not welcome"),
        (b"421 mail.example Too busy\r\n", "421 mail.example Too busy"),
        (b"220-FileZilla Server 1.8.0\r\n", "220-FileZilla Server 1.8.0"),
        (b"220 ftp.example ESMTP ready\r\n", "220 ftp.example ESMTP ready"),
    ] {
        let peer = identify(said).unwrap_or_else(|| panic!("{expected}"));
        assert_eq!(peer.detail, expected);
        assert!(!peer.wants_tls);
    }
}

#[test]
fn mongodb_is_told_from_a_web_server() {
    let head = "HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 85\r\n\r\n";
    let page = format!("{head}It looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n");
    assert_eq!(service(page.as_bytes()), Some(&services::MONGODB));
    assert_eq!(service(head.as_bytes()), Some(&services::HTTP));
}

#[test]
fn mongodb_replies_are_recognised_and_its_requests_are_not() {
    let ok = b"\x01ok\0\0\0\0\0\0\0\xf0\x3f";
    for operation in [2013, 1] {
        assert_eq!(identify(&mongodb(operation, 5, ok)).unwrap().detail, "MongoDB reply");
        assert_eq!(identify(&mongodb(operation, 0, ok)), None, "an echo");
        assert_eq!(identify(&mongodb(2004, 5, ok)), None, "a question");
    }
    let refusal = b"\x02errmsg\0\x41\0\0\0The server is configured to only allow SSL connections\0";
    let peer = identify(&mongodb(2013, 5, refusal)).unwrap();
    assert_eq!(peer.detail, "MongoDB error: The server is configured to only allow SSL connections");
    assert!(peer.wants_tls);
}

#[test]
fn the_lengths_inside_a_mongodb_reply_have_to_fit() {
    let reply = mongodb(2013, 5, b"\x10ok\0\x01\0\0\0");
    for (longer, expected) in [(0, Some(&services::MONGODB)), (4, Some(&services::MONGODB)), (3, None)] {
        let mut reply = reply.clone();
        // A checksum of four bytes may follow the document, nothing else.
        reply[0] += longer;
        assert_eq!(service(&reply), expected);
    }
}

#[test]
fn a_greeting_without_a_name_is_honestly_either_of_two() {
    let peer = identify(b"220 host.example ready\r\n").unwrap();
    assert_eq!(peer.service, &services::SMTP_OR_FTP);
    assert!(peer.may_be(&services::SMTP) && peer.may_be(&services::FTP) && !peer.may_be(&services::IMAP));
    let mail = identify(b"220 host.example ESMTP\r\n").unwrap();
    assert!(mail.may_be(&services::SMTP) && !mail.may_be(&services::SMTP_OR_FTP));
    assert_eq!(identify(b"220 host.example rea"), None, "the rest may name it");
}

#[test]
fn a_page_that_talks_about_tls_does_not_ask_for_it() {
    let sentence = "Client sent an HTTP request to an HTTPS server.";
    let wants = |status| identify(format!("HTTP/1.1 {status}\r\n\r\n{sentence}").as_bytes()).unwrap().wants_tls;
    assert!(wants("400 Bad Request"));
    assert!(!wants("200 OK"));
}

#[test]
fn amqp_inside_tls_is_asked_for_by_its_header() {
    assert!(identify(b"AMQP\x02\x01\0\0").unwrap().wants_tls);
    assert!(!identify(b"AMQP\0\x01\0\0").unwrap().wants_tls);
}

#[test]
fn an_echo_of_what_a_client_sends_is_nobody() {
    for sent in [
        &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"\x16\x03\x01\0\xc8\x01\0\0\xc4\x03\x03abcdefghijklmnop",
        b"PING\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"version\r\n",
        b"EHLO client.example\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"\0\0\0\x0b\0\x03\0\0user\0x\0\0",
        b"0\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0",
        b"0\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037",
        b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0",
        b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0",
    ] {
        assert_eq!(identify(sent), None, "{}", escape(sent, 60));
    }
}

#[test]
fn ordinary_text_is_nobody() {
    for text in [
        "",
        "hello\r\n",
        "ERROR",
        "ERROR: no such file\r\n",
        "ERROR\r\nsee the log\r\n",
        "VERSION control\r\n",
        "OK\r\n",
        "+OK\r\n",
        "+OK \r\n",
        "+OK then, what",
        "-ERR\r\n",
        "-ERR something else\r\n",
        "-NOAUTH",
        "* a list\r\n* OKAY then\r\n",
        "220 volts, 50 Hz\n",
        "220 host.example ready\r",
        "2200 people\r\n",
        "220\r\n",
        "421 people came\n",
        "500 miles\r\n",
        "530 people\r\n",
        "HTTP/1.1 is a protocol\r\n",
        "HTTP/1.1 2000 things\r\n",
        "HTTP/3.0 200 OK\r\n",
        "SSH is a protocol\r\n",
        "SSH-2.0",
        "RFB 003.abc\n",
        "RFB 003.0081\n",
        "AMQP is a protocol",
        "INFO {\"level\":\"info\"}\r\n",
        "INFO server started\r\n",
        "@RSYNCD: none\n",
        "EFATAL error in line 5\n",
        "Error: no such thing\n",
        "Result\0\0\0\0\0\0\0\0",
        "{\"error\": \"bad request\"}",
        "<?xml version=\"1.0\"?><a/>",
        "<html-like>",
        "Exceeded MaxStartups by far\r\n",
        "\u{feff}Grüße\r\n",
    ] {
        assert_eq!(identify(text.as_bytes()), None, "{text:?}");
    }
}

#[test]
fn bytes_that_only_begin_like_a_protocol_are_nobody() {
    for bytes in [
        &b"\x15\x03\x01\0\x03\x02\x28\0"[..],
        b"\x15\x03\x01\0\x02\x03\x28",
        b"\x15\x03\x01\0\x02\x02\xfe",
        b"\x16\x03\x05\0\x40\x02\0\0\x3c",
        b"\x16\x03\x03\xff\xff\x02\0\0\x3c",
        b"\x17\x03\x03\0\x40abcd",
        b"\0\0\x05\x04\0\0\0\0\0",
        b"\0\0\x06\x04\0\0\0\0\0\xff\0",
        b"\0\0\x06\x04\x01\0\0\0\0",
        b"J\0\0\0\nabc\0",
        b"J\0\0\0\n8.0\0\x08\0\0\0aaaaaaaa\x01",
        b"J\0\0\x05\n8.0.36\0",
        b"!\0\0\x02\xff\x84\x04#08S01Got packets out of order",
        b"220 host ESMTP\0\r\n",
        b"\x17\0\0\0\xff\x10\0Too many connections",
        b"\x17\0\0\0\xff\x10\x04Too\0many",
        b"\x05\0\0\0\n8.0\0",
        b"E\0\0\0\x20SFATAL\0Cbad\0",
        b"E\xff\0\0\x20SFATAL\0C53300\0Mx\0\0",
        b"E\0\0\0\x20Xyz\0C53300\0",
        b"R\0\0\0\x08\0\0\0\x63",
        b"SS",
        b"NO",
        b"AMQP\x09\x09\x09\x09",
        b"\x01\0\0\0\0\0\x05\0\x0a\0\x0a\0\x09",
        b"\x03\0\0\x13\x0f\xd0\0\0",
        b"\xff\xfd\x18abc",
        b"\xff\xfd\x18",
        b"0\x0c\x02\x01\x01\x61\x07\x04\0",
        b"0\x0c\x02\x04\x01",
        b"\x20\x02",
        b"\x20\x02\0",
        b"\x20\x02\0\x06",
        b"\x20\x02\x02\0",
        b"\x20\x02\0\0abc",
        b"\x20\x03\0\0",
        b"\x20\x03\0\x01\0",
        b"\x20\x09\0\0\x07\x22",
        b"*x\r\n$6\r\nserver\r\n",
        b"*2\r\n$6\r\nclient\r\n",
    ] {
        assert_eq!(identify(bytes), None, "{}", escape(bytes, 60));
    }
}

#[test]
fn noise_is_nobody() {
    let mut noise = Noise::default();
    for round in 0..50_000 {
        let length = 2 + noise.below(254);
        // All bytes, those of ASCII, and few low ones, of which headers are full.
        let bytes = noise.bytes(length, [256, 128, 12][round % 3]);
        assert_eq!(identify(&bytes), None, "{bytes:?}");
    }
}

#[test]
fn damaged_answers_give_short_and_clean_details_without_a_panic() {
    let mut noise = Noise::default();
    let all: Vec<_> = all().collect();
    let mut recognised = 0;
    for round in 0..50_000 {
        let mut bytes = all[round % all.len()].said.to_vec();
        noise.damage(&mut bytes, 4);
        bytes.truncate(1 + noise.below(bytes.len()));
        if let Some(peer) = identify(&bytes) {
            assert!(peer.detail.len() <= 120 && !peer.detail.contains(char::is_control), "{peer:?}");
            recognised += 1;
        }
    }
    assert!(recognised > 10_000, "most of them survive: {recognised}");
}
