//! The harness checked against the real thing: independent clients, the kernel, the files.

mod certs;
mod client;
mod dns;
mod fixture;
mod forwarder;
mod juju;
mod juju_cli;
mod juju_relations;
mod mail;
mod memcached;
mod mosquitto;
mod netns;
mod nginx;
mod packages;
mod peers;
mod peers_http;
mod peers_tls;
mod ports;
mod process;
mod rabbitmq;
mod redis;
mod scratch;
mod slapd;
mod squid;
mod stunnel;
