//! `roundtrip`: a message through a queue of the connection's own.

use super::{amqp, failed_with, inside, passed, plain, shared, text};
use harness::agent::verdict_of;
use harness::rabbitmq::{PASSWORD, QUEUE, READER, RabbitMq, SMALL, Setup, USER, VHOST};

#[test]
fn a_message_goes_through_a_queue_that_is_gone_behind_it() {
    passed(&inside(", roundtrip: true"));
    passed(&inside(&format!(", queue: {QUEUE}, roundtrip: true")));
    // Whoever asks for more than is there is told so before.
    failed_with(&inside(", queue: none-of-these, roundtrip: true"), "request.no-such-queue");
    // Of a virtual host that takes one queue, none is left behind.
    let small = format!(", vhost: {SMALL}, roundtrip: true");
    (0..3).for_each(|_| passed(&plain(USER, PASSWORD, &small)));
    shared().broker.client(SMALL).declare("the-only-one", false);
    failed_with(&plain(USER, PASSWORD, &small), "request.full");
}

#[test]
fn a_user_without_rights_is_told_which_they_are() {
    let denied = plain(READER, PASSWORD, &format!(", vhost: {VHOST}, roundtrip: true"));
    let failure = failed_with(&denied, "request.permission-denied");
    assert!(text(failure, "next_step").contains("amq\\.gen"), "{failure}");
}

#[test]
fn a_broker_whose_memory_is_used_up_takes_no_message() {
    let broker = RabbitMq::start(&Setup::plain().option("vm_memory_high_watermark.absolute = 1"));
    let more = format!(", use_tls: false, vhost: {VHOST}, roundtrip: true");
    assert_eq!(verdict_of(&amqp(broker.address(), USER, PASSWORD, &more)), "request.full");
}
