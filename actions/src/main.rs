//! Every action of the charm: the name is that of the link that is called.

fn main() {}
