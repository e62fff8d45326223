//! Real servers, certificates, faults and networks for the integration tests and for the tools (`tools/`).
//!
//! | module | what it gives |
//! |---|---|
//! | [`agent`] | conn-check itself, as a user runs it, and the other programs of this build |
//! | [`django`] | Django projects, and their settings turned into checks |
//! | [`ports`] | port numbers nobody else gets |
//! | [`process`] | a daemon in its own directory, with its log, stopped on drop |
//! | [`scratch`] | that directory |
//! | [`certs`] | a certificate authority and leaves with every fault a certificate can have |
//! | [`nginx`], [`squid`], [`stunnel`], [`dns`], [`rabbitmq`] | real servers, described in a line or two |
//! | [`lighttpd`], [`haproxy`], [`nghttpd`] | web servers: with Digest, with one's own front end, of HTTP/2 alone |
//! | [`jdk`] | TLS servers of a JDK, with its own alerts |
//! | [`tinyproxy`], [`socks`] | proxies beside squid |
//! | [`memcached`], [`redis`] | real data stores, in the states that a check tells apart |
//! | [`twemproxy`] | the proxy before either that knows a part of their commands |
//! | [`amqp10`] | a peer that speaks AMQP 1.0 and nothing else |
//! | [`postgres`], [`pgbouncer`], [`pgpool`] | a database with a role for every way in and out, and its poolers |
//! | [`mariadb`], [`mysql8`] | a real database, and a double of what only `MySQL` 8 says |
//! | [`mongodb`], [`ferretdb`] | a double with the server's side of SCRAM, and a real server where it could be built |
//! | [`slapd`] | a real directory, with a user for every answer to a login and a search |
//! | [`chrony`] | a real NTP server
//! | [`s3`] | an S3 server that checks signatures, over a folder, where it could be built |
//! | [`mosquitto`] | a real MQTT broker, with a user and a topic for every answer |
//! | [`mail`], [`exim`], [`postfix`] | mail servers: one that keeps what it is given, a strict one, and one that refuses late |
//! | [`peers`] | servers on a thread of this process that misbehave in one exact way, or take notes |
//! | [`serve`] | conn-check-serve, and who asks it |
//! | [`forwarder`] | counts bytes and turns between a client and a server, and can add a delay |
//! | [`mounts`] | mounts that one program sees: full, read-only, dead
//! | [`netns`] | two hosts joined by a cable: network namespaces with firewalls |
//! | [`worlds`] | a client, routers and a server in a row, and what can be wrong with each of them |
//! | [`juju`] | Juju for one machine: its hook tools, the order of its hooks, actions |
//! | [`packed`] | the packed charm, and the one after it |
//! | [`random`], [`fuzz`] | numbers that a seed repeats, and texts that they change |
//! | [`packages`] | which Debian packages all of this needs |
//! | [`wait`] | waiting for a condition with a deadline |
//!
//! Everything is on loopback or in a namespace of its own, on ports that are free, so that any number
//! of tests can run side by side. Whatever is started ends when its handle is dropped; what is left
//! when the process ends, however it ends, is cleaned up by a watcher (see [`process`]).
//!
//! # Panics
//!
//! Nothing here returns an error: a test that cannot have its server has failed. Every function
//! panics with what it was about to do, the reason, and the server's log where there is one.

mod advice;
pub mod agent;
pub mod amqp10;
pub mod celery;
pub mod certs;
pub mod chrony;
pub mod django;
pub mod dns;
pub mod dovecot;
pub mod downloads;
pub mod exim;
pub mod ferretdb;
pub mod forwarder;
pub mod fuzz;
pub mod haproxy;
mod hex;
pub mod jdk;
pub mod juju;
pub mod lighttpd;
pub mod mail;
pub mod mariadb;
mod md5;
pub mod memcached;
pub mod mongodb;
pub mod mosquitto;
pub mod mounts;
pub mod mysql8;
pub mod netns;
pub mod nghttpd;
pub mod nginx;
mod or_panic;
pub mod packages;
pub mod packed;
pub mod peers;
pub mod pgbouncer;
pub mod pgpool;
pub mod ports;
pub mod postfix;
pub mod postgres;
pub mod process;
pub mod rabbitmq;
pub mod random;
mod reaper;
pub mod redis;
pub mod s3;
pub mod scratch;
pub mod serve;
pub mod slapd;
pub mod socks;
pub mod squid;
pub mod stunnel;
pub mod systemd;
pub mod tinyproxy;
pub mod twemproxy;
mod user;
pub mod vsftpd;
pub mod wait;
pub mod worlds;
