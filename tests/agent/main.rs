//! conn-check as a user runs it, against real servers. One module per subject.

mod addresses;
mod bad_files;
mod demo;
mod dns;
mod docs;
mod http;
mod proxy;
mod tcp;
mod tls;
mod udp;
