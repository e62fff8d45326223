//! conn-check as a user runs it, against real servers. One module per subject.

mod bad_files;
mod demo;
mod docs;
mod pace;
