//! `conn-check-export-fw CONFIG [PATTERN...]`: prints what firewalls must let through.

use crate::check::with_plan;
use crate::output::print;
use crate::{complain, say};
use conn_check::cli::{self, export_fw::Args};
use conn_check::firewall::export::Egress;
use conn_check::host;
use conn_check::plan;
use conn_check::report;

/// Runs the program; the exit status.
pub(crate) fn program(args: &Args) -> u8 {
    // What is wrong goes to standard error: a file of rules holds rules, or is left as it is.
    let check = cli::Args {
        output: None,
        also: Vec::new(),
        record: None,
        journal: false,
        format: Some(&report::PLAIN),
        ..args.check.clone()
    };
    with_plan(&check, None, plan::load_without_secrets, |_, task| {
        let mut egress = Egress::of(&task.plan, &task.selection);
        if args.with_dns {
            egress.add_resolvers();
        }
        if egress.is_empty() {
            say("note: nothing leaves this host, there are no rules");
        }
        egress.unnamed().for_each(|line| say(&format!("note: {line}")));
        egress
            .to_yaml(&host::name())
            .map_or_else(|error| complain(&error.to_string()), |text| print(args.check.output.as_deref(), &text))
    })
}
