use super::fixtures::{RECORDED, Recorded};
use super::*;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{DNSClass, Name, RData, Record};

/// The identifier of every recorded answer.
const ID: u16 = 0x1234;

fn query(name: &str, kind: RecordKind) -> Query {
    Query::new(name, kind, ID).unwrap()
}

fn asked(recorded: &Recorded) -> Query {
    query(recorded.name, recorded.kind)
}

fn name(text: &str) -> Name {
    name::parse(text).unwrap()
}

/// The parts of a reply in one line.
fn summary(reply: &Reply) -> String {
    let mut parts = vec![reply.rcode.to_string()];
    parts.extend(reply.truncated.then(|| "TC".to_owned()));
    parts.extend(reply.answers.iter().map(|answer| format!("[{}]", answer.text)));
    parts.extend(reply.ttl.iter().map(ToString::to_string));
    parts.join(" ")
}

/// An answer to the question for `www.example` that holds these records.
fn answer(records: Vec<Record>) -> Message {
    let mut message = Message::response(ID, OpCode::Query);
    message.add_query(op::Query::query(name("www.example"), RecordType::A));
    message.add_answers(records);
    message
}

fn read(message: &Message) -> Option<Result<Reply, Malformed>> {
    query("www.example", RecordKind::A).read(&message.to_vec().unwrap())
}

fn address(owner: &str, last: u8, ttl: u32) -> Record {
    Record::from_rdata(name(owner), ttl, RData::A(A::new(192, 0, 2, last)))
}

fn alias(owner: &str, target: &str, ttl: u32) -> Record {
    Record::from_rdata(name(owner), ttl, RData::CNAME(CNAME(name(target))))
}

/// Marsaglia's xorshift: the same numbers in every run.
fn random_numbers() -> impl FnMut(usize) -> usize {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    }
}

#[test]
fn every_recorded_answer_reads_as_dig_prints_it() {
    for recorded in RECORDED {
        let reply = asked(recorded).read(recorded.datagram).unwrap().unwrap();
        assert_eq!(summary(&reply), recorded.summary, "{} {}", recorded.server, recorded.name);
    }
}

#[test]
fn every_kind_of_record_was_recorded_from_a_server() {
    for kind in RecordKind::ALL {
        assert!(RECORDED.iter().any(|recorded| recorded.kind == *kind && recorded.summary.contains('[')), "{kind}");
    }
}

#[test]
fn address_records_give_their_address() {
    for recorded in RECORDED {
        for found in asked(recorded).read(recorded.datagram).unwrap().unwrap().answers {
            assert_eq!(found.address, found.text.parse().ok());
        }
    }
}

#[test]
fn a_question_is_these_bytes() {
    let question = query("Www.example.", RecordKind::Aaaa);
    let head = b"\x12\x34\x01\0\0\x01\0\0\0\0\0";
    let asked = b"\x03Www\x07example\0\0\x1c\0\x01";
    let edns = b"\0\0\x29\x04\xd0\0\0\0\0\0\0";
    let with = [head.as_slice(), &[1], asked, edns].concat();
    assert_eq!(question.encode().unwrap(), with);
    assert_eq!(question.encode_plain().unwrap(), [head.as_slice(), &[0], asked].concat());
}

#[test]
fn the_longest_name_is_asked_for_and_read() {
    let longest = format!("{}{}", "a23456789.".repeat(25), "abc");
    assert_eq!(longest.len(), 253);
    let question = query(&longest, RecordKind::A);
    let mut reply = question.encode().unwrap();
    reply[2] |= 0x80;
    assert_eq!(question.read(&reply).map(|reply| reply.map(|reply| summary(&reply))), Some(Ok("NOERROR".to_owned())));
}

#[test]
fn kinds_are_read_in_any_case_and_printed_in_upper_case() {
    for kind in RecordKind::ALL {
        assert_eq!(kind.to_string().to_lowercase().parse(), Ok(*kind));
        assert_eq!(kind.to_string(), kind.to_string().to_uppercase());
    }
    let refused = "ANY".parse::<RecordKind>().unwrap_err();
    assert!(refused.to_string().ends_with("A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT, CAA"));
}

#[test]
fn a_datagram_for_another_question_is_no_answer() {
    let datagram = RECORDED[0].datagram;
    let other = |name, kind, id| Query::new(name, kind, id).unwrap().read(datagram);
    assert!(other("www.example", RecordKind::A, ID).is_some());
    assert!(other("WWW.eXample", RecordKind::A, ID).is_some(), "names are compared without case");
    assert_eq!(other("www.example", RecordKind::A, 0x1235), None);
    assert_eq!(other("www.example", RecordKind::Mx, ID), None);
    assert_eq!(other("ww.example", RecordKind::A, ID), None);
    assert_eq!(query("www.example", RecordKind::A).read(b""), None);
}

#[test]
fn the_question_itself_is_no_answer() {
    let question = query("www.example", RecordKind::A);
    assert_eq!(question.read(&question.encode().unwrap()), None);
    let mut status = RECORDED[0].datagram.to_vec();
    status[2] |= 0x10;
    assert_eq!(question.read(&status), None, "another operation is no answer either");
}

#[test]
fn an_old_server_may_refuse_without_repeating_the_question() {
    for code in [ResponseCode::FormErr, ResponseCode::NotImp, ResponseCode::ServFail, ResponseCode::Refused] {
        let bare = Message::error_msg(ID, OpCode::Query, code);
        assert!(matches!(read(&bare), Some(Ok(Reply { rcode, .. })) if rcode != Rcode::NoError));
    }
    let bare = Message::response(ID, OpCode::Query);
    assert!(matches!(read(&bare), Some(Err(Malformed { .. }))));
    assert!(matches!(read(&Message::error_msg(ID, OpCode::Query, ResponseCode::NXDomain)), Some(Err(_))));
}

#[test]
fn two_questions_in_one_reply_are_malformed() {
    let mut message = answer(vec![]);
    message.add_query(message.queries[0].clone());
    let error = read(&message).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "malformed DNS reply: it repeats 2 questions instead of one");
}

#[test]
fn aliases_are_followed_in_any_order_and_the_shortest_time_holds() {
    let records = vec![
        address("b.example", 1, 50),
        alias("A.example", "b.example", 40),
        alias("www.example", "a.EXAMPLE", 60),
        address("b.example", 2, 50),
    ];
    let reply = read(&answer(records)).unwrap().unwrap();
    assert_eq!(summary(&reply), "NOERROR [192.0.2.1] [192.0.2.2] 40");
}

#[test]
fn records_that_nobody_asked_for_are_left_out() {
    let mut chaos = address("www.example", 3, 1);
    chaos.dns_class = DNSClass::CH;
    let records = vec![address("evil.example", 66, 1), chaos, address("www.example", 1, 9)];
    assert_eq!(summary(&read(&answer(records)).unwrap().unwrap()), "NOERROR [192.0.2.1] 9");
}

#[test]
fn a_loop_of_aliases_ends() {
    let records = vec![alias("www.example", "a.example", 5), alias("a.example", "www.example", 5)];
    assert_eq!(summary(&read(&answer(records)).unwrap().unwrap()), "NOERROR 5");
    let records = vec![alias("www.example", "www.example", 5)];
    assert_eq!(summary(&read(&answer(records)).unwrap().unwrap()), "NOERROR");
}

#[test]
fn no_more_than_sixteen_aliases_are_followed() {
    let mut records = vec![alias("www.example", "a0.example", 5)];
    records.extend((0..30).map(|n| alias(&format!("a{n}.example"), &format!("a{}.example", n + 1), 5)));
    for (last, found) in [("a15.example", 1), ("a16.example", 0)] {
        let with_address = [records.clone(), vec![address(last, 1, 5)]].concat();
        assert_eq!(read(&answer(with_address)).unwrap().unwrap().answers.len(), found, "{last}");
    }
}

#[test]
fn a_record_without_data_is_malformed() {
    let records = vec![Record::update0(name("www.example"), 5, RecordType::A)];
    assert_eq!(read(&answer(records)).unwrap().unwrap_err().reason, "an empty A record");
}

#[test]
fn a_cut_reply_never_loses_records_unnoticed() {
    for recorded in RECORDED {
        let question = asked(recorded);
        let whole = question.read(recorded.datagram).unwrap().unwrap();
        for length in 0..recorded.datagram.len() {
            match question.read(&recorded.datagram[..length]) {
                Some(Ok(reply)) => {
                    assert_eq!(reply.answers, whole.answers, "{} {length}", recorded.name);
                }
                Some(Err(_)) => {}
                None => assert!(length < 2),
            }
        }
    }
}

#[test]
fn a_truncated_reply_that_ends_inside_a_record_keeps_the_records_before_it() {
    let mut message = answer(vec![address("www.example", 1, 9), address("www.example", 2, 9)]);
    message.metadata.truncation = true;
    let bytes = message.to_vec().unwrap();
    let reply = query("www.example", RecordKind::A).read(&bytes[..bytes.len() - 3]);
    assert_eq!(summary(&reply.unwrap().unwrap()), "NOERROR TC [192.0.2.1] 9");
}

#[test]
fn compression_that_loops_is_malformed() {
    let head = b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x03www\x07example\0\0\x01\0\x01";
    let end = u8::try_from(head.len()).unwrap();
    // The owner points at itself, before itself into the header, and behind itself.
    for pointer in [end, end + 2, 0xff] {
        let record = [0xc0, pointer, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1];
        let datagram = [head.as_slice(), &record].concat();
        assert!(query("www.example", RecordKind::A).read(&datagram).unwrap().is_err(), "{pointer}");
    }
    // The target of an alias points at itself.
    let target = end + 12;
    let record = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, target];
    let datagram = [head.as_slice(), &record].concat();
    assert!(query("www.example", RecordKind::A).read(&datagram).unwrap().is_err());
}

#[test]
fn damaged_replies_are_read_without_a_panic() {
    let mut below = random_numbers();
    let mut malformed = 0;
    for round in 0..60_000 {
        let recorded = &RECORDED[round % RECORDED.len()];
        let mut datagram = recorded.datagram.to_vec();
        for _ in 0..=below(6) {
            // The identifier stays, so that the rest is looked at.
            let at = 2 + below(datagram.len() - 2);
            datagram[at] = u8::try_from(below(256)).unwrap();
        }
        datagram.truncate(datagram.len() - below(4) * below(20).min(datagram.len() / 4));
        if let Some(Err(error)) = asked(recorded).read(&datagram) {
            assert!(!error.reason.is_empty());
            malformed += 1;
        }
    }
    assert!(malformed > 10_000, "the damage is noticed often: {malformed}");
}

#[test]
fn random_datagrams_are_read_without_a_panic() {
    let mut below = random_numbers();
    let question = query("www.example", RecordKind::A);
    for _ in 0..60_000 {
        let mut datagram: Vec<u8> = (0..2 + below(120)).map(|_| u8::try_from(below(256)).unwrap()).collect();
        datagram[..2].copy_from_slice(&ID.to_be_bytes());
        if let Some(Ok(reply)) = question.read(&datagram) {
            assert!(reply.answers.is_empty(), "{datagram:?}");
        }
    }
}
