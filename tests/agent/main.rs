//! conn-check as a user runs it, against real servers. One module per subject.

mod bad_files;
mod command_line;
mod generated;
mod guarantees;
mod hostile;
mod reports;
mod seeds;
