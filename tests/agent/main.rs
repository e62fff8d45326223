//! conn-check as a user runs it, against real servers. One module per subject.

mod addresses;
mod bad_files;
mod command_line;
mod demo;
mod dns;
mod docs;
mod generated;
mod guarantees;
mod hostile;
mod http;
mod memcache;
mod pace;
mod proxy;
mod redis;
mod reports;
mod seeds;
mod tcp;
mod tls;
mod udp;
