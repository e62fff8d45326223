//! `conn-check trace CONFIG [PATTERN...]`: the way to the places that checks connect to.

use crate::check::with_plan;
use crate::output::print;
use crate::{CRITICAL, UNKNOWN, refuse};
use clap::Parser as _;
use conn_check::cli::{Args, trace::Trace};
use conn_check::plan;
use conn_check::report::{self, trace};
use conn_check::run::{self, Family, Options};

/// Runs the program; the exit status.
pub(crate) fn program(args: &Trace) -> u8 {
    let words = args.words.iter().map(String::as_str);
    let Ok(check) = Args::try_parse_from(["conn-check", "--"].into_iter().chain(words)) else {
        return refuse("trace: CONFIG is missing");
    };
    let check = Args { format: Some(&report::PLAIN), ..check };
    let family = match (args.ipv4, args.ipv6) {
        (true, _) => Family::V4,
        (_, true) => Family::V6,
        _ => Family::Any,
    };
    with_plan(&check, None, plan::load_without_secrets, |_, task| {
        let options = Options { family, ..Options::of_host() };
        let traced = match options.runtime() {
            Ok(runtime) => runtime.block_on(run::trace(&task.plan, &task.selection, &options)),
            Err(error) => return refuse(&format!("the run could not start: {error}")),
        };
        let well =
            traced.iter().all(|place| place.ways.as_ref().is_ok_and(|ways| ways.iter().all(|way| way.opened.is_ok())));
        match print(None, &trace::page(&task.plan, &traced)) {
            UNKNOWN => UNKNOWN,
            _ if well => 0,
            _ => CRITICAL,
        }
    })
}
