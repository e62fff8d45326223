//! How real faults show themselves, as the network room notes them.

use super::Town;
use crate::concern::Part;
use crate::fault::{Cause as Why, Phase};

/// Something that goes wrong for several checks, told from others of its kind by a number; `least`: so many checks show it.
pub(super) struct Plant {
    pub(super) least: usize,
    pub(super) fail: fn(&mut Town, usize, usize),
}

/// How real faults show themselves: one of each kind that the table knows.
pub(super) const PLANTS: [Plant; 18] = [
    Plant {
        least: 1,
        fail: |town, check, n| {
            let (name, resolver) = (format!("h{check}"), format!("10.0.{n}.53"));
            town.fails(check, Phase::Resolve, Why::Timeout, &[(Part::Name, &name), (Part::Resolver, &resolver)]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            let (name, resolver) = (format!("h{check}"), format!("10.1.{n}.53"));
            town.fails(check, Phase::Resolve, Why::Refused, &[(Part::Name, &name), (Part::Resolver, &resolver)]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            town.fails(check, Phase::Resolve, Why::NxDomain, &[(Part::Name, &format!("gone{n}.internal"))]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            let (host, place) = (format!("10.2.{n}.9"), format!("10.2.{n}.9:{}", 1000 + check));
            town.fails(check, Phase::Connect, Why::Timeout, &[(Part::Service, &place), (Part::Host, &host)]);
        },
    },
    Plant {
        least: 2,
        fail: |town, check, n| {
            let (host, router) = (format!("10.3.{n}.{check}"), format!("10.30.{n}.1"));
            let place = format!("{host}:5432");
            town.fails(
                check,
                Phase::Connect,
                Why::Timeout,
                &[(Part::Service, &place), (Part::Host, &host), (Part::Router, &router)],
            );
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            let (place, router) = (format!("192.0.{n}.{check}:80"), format!("10.4.{n}.1"));
            town.fails(check, Phase::Connect, Why::NoNeighbour, &[(Part::Service, &place), (Part::Router, &router)]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            town.fails(check, Phase::Connect, Why::Refused, &[(Part::Service, &format!("10.5.0.9:{}", 6000 + n))]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            town.fails(check, Phase::Connect, Why::Timeout, &[(Part::Service, &format!("10.6.0.9:{}", 6000 + n))]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            let (place, rule) =
                (format!("10.7.{n}.{check}:80"), format!("rule {n} of table inet filter, chain output"));
            town.fails(check, Phase::Connect, Why::DeniedLocally, &[(Part::Service, &place), (Part::ThisHost, &rule)]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            let (place, router) = (format!("10.8.{n}.{check}:80"), format!("10.80.{n}.1"));
            town.fails(check, Phase::Connect, Why::Prohibited, &[(Part::Service, &place), (Part::Router, &router)]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            town.fails(check, Phase::Proxy, Why::Unreachable, &[(Part::Proxy, &format!("proxy{n}:3128"))]);
        },
    },
    Plant {
        least: 2,
        fail: |town, check, n| {
            let (proxy, place) = (format!("frozen{n}:3128"), format!("h{check}:443 through frozen{n}:3128"));
            town.fails(check, Phase::Proxy, Why::Timeout, &[(Part::Proxy, &proxy), (Part::Service, &place)]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            let (place, certificate) = (format!("10.9.{n}.{check}:443"), format!("CN=shop ({n:08x})"));
            town.fails(check, Phase::Tls, Why::Expired, &[(Part::Service, &place), (Part::Certificate, &certificate)]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            let (own, authority) = (format!("CN=h{check} (00)"), format!("CN=Internal CA ({n:08x})"));
            town.fails(check, Phase::Tls, Why::Untrusted, &[(Part::Certificate, &own), (Part::Authority, &authority)]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            let concerning = [(Part::Service, "10.10.0.9:5432"), (Part::Account, &format!("user{n}")[..])];
            town.fails(check, Phase::Auth, Why::Rejected, &concerning);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            town.fails(check, Phase::Protocol, Why::Overloaded, &[(Part::Service, &format!("10.11.0.{n}:5432"))]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            town.fails(check, Phase::Config, Why::MissingSecret, &[(Part::Reference, &format!("env PASSWORD_{n}"))]);
        },
    },
    Plant {
        least: 1,
        fail: |town, check, n| {
            town.fails(
                check,
                Phase::Connect,
                Why::LocalLimit,
                &[(Part::ThisHost, ["file descriptors", "local ports", "memory"][n % 3])],
            );
        },
    },
];
