//! conn-check as a user runs it, against real servers. One module per subject.

mod addresses;
mod amqp;
mod bad_files;
mod command_line;
mod demo;
mod dns;
mod docs;
mod every_check;
mod generated;
mod guarantees;
mod hostile;
mod http;
mod journal;
mod leftovers;
mod mongodb;
mod mysql;
mod pace;
mod postgres;
mod proxy;
mod reports;
mod seeds;
mod services;
mod silence;
mod tcp;
mod tls;
mod udp;
