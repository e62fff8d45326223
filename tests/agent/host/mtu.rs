//! A part of the way that takes no large packets and cannot say so: told from a service that hangs, with the size and the
//! direction. Where ICMP arrives all is well, and a service that hangs stays one.

mod service;

use super::{Verdict, checked};
use harness::worlds::{Direction, Family, World};
use serde_json::Value;
use service::Service;
use std::ops::RangeInclusive;

/// What the narrow part takes, bytes of a packet.
const SIZE: u16 = 1400;

/// What may be said of it: a few connections do not find the very byte.
const SIZES: RangeInclusive<u32> = 1280..=1400;

/// The tests of each service; `$hangs` are the codes of one that hangs from the start, and on what is large.
macro_rules! services {
    ($($name:ident: $service:expr, $hangs:expr;)*) => {
        $(mod $name {
            use super::{Direction, Family, Service, hangs, lost, told};

            #[test]
            fn large_answers_are_lost_over_ipv4() {
                lost($service, Direction::Inbound, Family::V4);
            }

            #[test]
            fn large_answers_are_lost_over_ipv6() {
                lost($service, Direction::Inbound, Family::V6);
            }

            #[test]
            fn large_requests_are_lost_over_ipv4() {
                lost($service, Direction::Outbound, Family::V4);
            }

            #[test]
            fn large_requests_are_lost_over_ipv6() {
                lost($service, Direction::Outbound, Family::V6);
            }

            #[test]
            fn large_answers_pass_where_icmp_tells_of_the_size() {
                told($service, Direction::Inbound);
            }

            #[test]
            fn large_requests_pass_where_icmp_tells_of_the_size() {
                told($service, Direction::Outbound);
            }

            #[test]
            fn a_service_that_hangs_is_the_services_fault() {
                hangs($service, Direction::Inbound, $hangs[0]);
            }

            #[test]
            fn a_service_that_hangs_on_a_large_request_is_the_services_fault() {
                hangs($service, Direction::Outbound, $hangs[1]);
            }
        })*
    };
}

services! {
    tls: Service::Tls, ["tls.timeout", "tls.timeout"];
    http: Service::Http, ["protocol.silent", "protocol.silent"];
    postgres: Service::Postgres, ["request.timeout", "request.timeout"];
    amqp: Service::Amqp, ["protocol.silent", "auth.timeout"];
}

/// What is larger than the narrow part is lost without a word.
fn lost(service: Service, much: Direction, family: Family) {
    let world = World::new(2);
    let running = service.start(&world, family, much);
    passes(&checked(&world, &running.check));
    world.narrow(much, SIZE, false);
    let check = checked(&world, &running.check);
    let way = match much {
        Direction::Outbound => "towards",
        Direction::Inbound => "from",
    };
    Verdict::new("connect.mtu", "network").names(running.target.ip()).of(&check);
    let message = check["failure"]["message"].as_str().expect("a message");
    assert!(message.contains(way), "{check:#}");
    let numbers = message.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
    assert!(numbers.into_iter().any(|number| SIZES.contains(&number)), "{check:#}");
}

/// What is larger comes in smaller pieces after a moment.
fn told(service: Service, much: Direction) {
    for family in Family::BOTH {
        let world = World::new(2);
        let running = service.start(&world, family, much);
        world.narrow(much, SIZE, true);
        passes(&checked(&world, &running.check));
    }
}

/// Nothing is lost, and nobody answers.
fn hangs(service: Service, much: Direction, code: &'static str) {
    let world = World::new(2);
    let running = service.hang(&world, Family::V4, much);
    let check = checked(&world, &running.check.replace("timeout: 4", "timeout: 2.5"));
    Verdict::new(code, "service").of(&check);
}

fn passes(check: &Value) {
    assert_eq!(check["verdict"], "pass", "{check:#}");
}
