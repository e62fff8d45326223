//! The packed charm, and its real programs against the double of Juju. One module per subject.

mod actions;
mod endpoint;
mod examples;
mod files;
mod kills;
mod life;
mod nrpe;
mod orders;
mod others;
mod package;
mod page;
#[path = "../agent/canaries/planted.rs"]
mod planted;
mod proof;
mod random;
mod secrets;
mod site;
mod tutorial;
mod upgrade;
