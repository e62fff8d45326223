use super::fixtures::RECORDED;
use super::*;
use crate::text::noise::Noise;
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{DNSClass, Name, RData, Record};

/// The identifier of every recorded answer.
const ID: u16 = 0x1234;

fn query(name: &str, kind: RecordType) -> Query {
    Query::new(name, kind, ID).unwrap()
}

/// The question that a recorded answer is to.
fn asked(question: &str) -> Query {
    let (name, kind) = question.split_once(' ').unwrap();
    query(name, record_type(kind).unwrap())
}

fn name(text: &str) -> Name {
    name::parse(text).unwrap()
}

/// The parts of a reply in one line.
fn summary(reply: &Reply) -> String {
    let mut parts = vec![code(reply.rcode)];
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
    query("www.example", RecordType::A).read(&message.to_vec().unwrap())
}

fn address(owner: &str, last: u8, ttl: u32) -> Record {
    Record::from_rdata(name(owner), ttl, RData::A(A::new(192, 0, 2, last)))
}

fn alias(owner: &str, target: &str, ttl: u32) -> Record {
    Record::from_rdata(name(owner), ttl, RData::CNAME(CNAME(name(target))))
}

#[test]
fn every_recorded_answer_reads_as_dig_prints_it() {
    for (question, datagram, expected) in RECORDED {
        let reply = asked(question).read(datagram).unwrap().unwrap();
        assert_eq!(summary(&reply), *expected, "{question}");
        assert!(reply.answers.iter().all(|found| found.address == found.text.parse().ok()), "{question}");
    }
    for kind in TYPES {
        let of_kind = |question: &str| question.ends_with(&format!(" {kind}"));
        assert!(RECORDED.iter().any(|(question, _, said)| of_kind(question) && said.contains('[')), "{kind}");
    }
}

#[test]
fn a_question_is_these_bytes() {
    let question = query("Www.example.", RecordType::AAAA);
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
    let question = query(&longest, RecordType::A);
    let mut reply = question.encode().unwrap();
    reply[2] |= 0x80;
    assert_eq!(question.read(&reply).map(|reply| reply.map(|reply| summary(&reply))), Some(Ok("NOERROR".to_owned())));
}

#[test]
fn types_are_read_in_any_case() {
    for kind in TYPES {
        assert_eq!(record_type(&kind.to_string().to_lowercase()), Some(kind));
    }
    assert_eq!(record_type("ANY"), None);
}

#[test]
fn a_datagram_for_another_question_is_no_answer() {
    let datagram = RECORDED[0].1;
    let other = |name, kind, id| Query::new(name, kind, id).unwrap().read(datagram);
    assert!(other("www.example", RecordType::A, ID).is_some());
    assert!(other("WWW.eXample", RecordType::A, ID).is_some(), "names are compared without case");
    assert_eq!(other("www.example", RecordType::A, 0x1235), None);
    assert_eq!(other("www.example", RecordType::MX, ID), None);
    assert_eq!(other("ww.example", RecordType::A, ID), None);
    assert_eq!(query("www.example", RecordType::A).read(b""), None);
}

#[test]
fn the_question_itself_is_no_answer() {
    let question = query("www.example", RecordType::A);
    assert_eq!(question.read(&question.encode().unwrap()), None);
    let mut status = RECORDED[0].1.to_vec();
    status[2] |= 0x10;
    assert_eq!(question.read(&status), None, "another operation is no answer either");
}

#[test]
fn an_old_server_may_refuse_without_repeating_the_question() {
    for code in [ResponseCode::FormErr, ResponseCode::NotImp, ResponseCode::ServFail, ResponseCode::Refused] {
        let bare = Message::error_msg(ID, OpCode::Query, code);
        assert!(matches!(read(&bare), Some(Ok(Reply { rcode, .. })) if rcode != ResponseCode::NoError));
    }
    let bare = Message::response(ID, OpCode::Query);
    assert!(matches!(read(&bare), Some(Err(_))));
    assert!(matches!(read(&Message::error_msg(ID, OpCode::Query, ResponseCode::NXDomain)), Some(Err(_))));
}

#[test]
fn two_questions_in_one_reply_are_malformed() {
    let mut message = answer(vec![]);
    message.add_query(message.queries[0].clone());
    let error = read(&message).unwrap().unwrap_err();
    assert_eq!(error.0, "it repeats 2 questions instead of one");
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
    assert_eq!(read(&answer(records)).unwrap().unwrap_err().0, "an empty A record");
}

#[test]
fn a_cut_reply_never_loses_records_unnoticed() {
    for (question, datagram, _) in RECORDED {
        let query = asked(question);
        let whole = query.read(datagram).unwrap().unwrap();
        for length in 0..datagram.len() {
            match query.read(&datagram[..length]) {
                Some(Ok(reply)) => assert_eq!(reply.answers, whole.answers, "{question} {length}"),
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
    let reply = query("www.example", RecordType::A).read(&bytes[..bytes.len() - 3]);
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
        assert!(query("www.example", RecordType::A).read(&datagram).unwrap().is_err(), "{pointer}");
    }
    // The target of an alias points at itself.
    let target = end + 12;
    let record = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, target];
    let datagram = [head.as_slice(), &record].concat();
    assert!(query("www.example", RecordType::A).read(&datagram).unwrap().is_err());
}

#[test]
fn damaged_replies_are_read_without_a_panic() {
    let mut noise = Noise::default();
    let mut malformed = 0;
    for round in 0..60_000 {
        let (question, datagram, _) = RECORDED[round % RECORDED.len()];
        let mut datagram = datagram.to_vec();
        // The identifier stays, so that the rest is looked at.
        noise.damage(&mut datagram[2..], 6);
        datagram.truncate(datagram.len() - noise.below(4) * noise.below(20).min(datagram.len() / 4));
        if let Some(Err(reason)) = asked(question).read(&datagram) {
            assert!(!reason.0.is_empty());
            malformed += 1;
        }
    }
    assert!(malformed > 10_000, "the damage is noticed often: {malformed}");
}

#[test]
fn random_datagrams_are_read_without_a_panic() {
    let mut noise = Noise::default();
    let question = query("www.example", RecordType::A);
    for _ in 0..60_000 {
        let length = noise.below(120);
        let datagram = [ID.to_be_bytes().to_vec(), noise.bytes(length, 256)].concat();
        if let Some(Ok(reply)) = question.read(&datagram) {
            assert!(reply.answers.is_empty(), "{datagram:?}");
        }
    }
}
