//! `RabbitMQ`, used by lapin.

use harness::certs::Authority;
use harness::rabbitmq::{QUEUE, RabbitMq, Setup, VHOST};
use harness::wait;

#[test]
fn rabbitmq_has_what_it_was_told_to_have() {
    let ca = Authority::new();
    let broker = RabbitMq::start(&Setup::tls(&ca.valid()));
    assert_ne!(broker.address(), broker.tls_address());
    let mut client = broker.client(VHOST);
    client.publish(QUEUE, 3);
    client.consume(QUEUE);
    client.declare("mine", true);
    let note = "user 'app' authenticated and granted access to vhost 'app'";
    wait::until("the broker to note the login", || broker.log().contains(note));
}
