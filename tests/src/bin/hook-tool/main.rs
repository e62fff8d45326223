//! Every hook tool of Juju, and `systemctl` and `service`, by the name it is called by.

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::juju::tool_main()
}
