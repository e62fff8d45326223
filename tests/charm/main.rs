//! The packed charm, and its real programs against the double of Juju. One module per subject.

mod package;
mod proof;
