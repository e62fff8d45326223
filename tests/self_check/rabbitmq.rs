//! `RabbitMQ`, used by lapin.

use harness::certs::Authority;
use harness::rabbitmq::{QUEUE, RabbitMq, Setup, VHOST};

#[test]
fn rabbitmq_has_what_it_was_told_to_have() {
    let ca = Authority::new();
    let broker = RabbitMq::start(&Setup::tls(&ca.valid()));
    assert_ne!(broker.address(), broker.tls_address());
    let mut client = broker.client(VHOST);
    client.publish(QUEUE, 3);
    client.consume(QUEUE);
    client.declare("mine", true);
    assert!(broker.log().contains("user 'app' authenticated and granted access to vhost 'app'"), "{}", broker.log());
}
