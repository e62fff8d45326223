//! Two sides, in turn, against the same kind of server.

use crate::Outcome;
use crate::scales::Weight;
use crate::series::{Series, median, median_ratio};
use crate::server::Ring;
use harness::postgres;
use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// The plugin that a Nagios administrator would use instead.
pub(crate) const CHECK_TCP: &str = "/usr/lib/nagios/plugins/check_tcp";

/// Its sister for `PostgreSQL`.
const CHECK_PGSQL: &str = "/usr/lib/nagios/plugins/check_pgsql";

/// What a side is started with.
type Command = fn(&Ring) -> Vec<OsString>;

/// What conn-check should not exceed.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Times of the other side's time.
    pub(crate) ratio: f64,
    /// Times of its processor time, where that has a target.
    pub(crate) processor: Option<f64>,
    /// Most memory at once, where that has a target.
    pub(crate) megabytes: Option<f64>,
}

/// A row of the benchmark.
pub(crate) struct Contest {
    title: &'static str,
    rival: &'static str,
    pairs: usize,
    limits: Limits,
    ours: Command,
    other: Command,
    server: Start,
}

/// How the server of a run is started.
type Start = fn() -> Result<Ring, Box<dyn Error>>;

impl Contest {
    /// A contest of so many pairs.
    pub(crate) fn new(title: &'static str, rival: &'static str, pairs: usize, limits: Limits) -> Self {
        Self { title, rival, pairs, limits, ours: |_| Vec::new(), other: |_| Vec::new(), server: Ring::start }
    }

    /// Against another server than the benchmark's own.
    pub(crate) fn against(self, server: Start) -> Self {
        Self { server, ..self }
    }

    /// The arguments of conn-check, and the command of the other side.
    pub(crate) fn of(self, ours: Command, other: Command) -> Self {
        Self { ours, other, ..self }
    }

    /// Holds it: both sides once to warm up, then in turn; prints what came of it.
    pub(crate) fn hold(&self, program: &Path, pairs: Option<usize>) -> Outcome {
        let (mut ours, mut theirs, mut server) = (Vec::new(), Vec::new(), Vec::new());
        let pairs = pairs.unwrap_or(self.pairs);
        for pair in 0..=pairs {
            let own = |ring: &Ring| [vec![program.into()], (self.ours)(ring)].concat();
            let (our, our_server) = bout(self.server, own)?;
            let (their, _) = bout(self.server, self.other)?;
            if pair > 0 {
                ours.push(our);
                theirs.push(their);
                server.push(our_server.as_secs_f64() / our.elapsed.as_secs_f64() * 100.0);
            }
        }
        self.print(pairs, &Series(ours), &Series(theirs), median(server));
        Ok(())
    }

    fn print(&self, pairs: usize, ours: &Series, theirs: &Series, server: f64) {
        let ratio = median(ours.elapsed()) / median(theirs.elapsed());
        println!("{}, beside {}, {pairs} pairs", self.title, self.rival);
        println!("{:14}{:>9} {:>9} {:>9} {:>14} {:>11}", "  ms", "min", "median", "max", "processor", "peak MB");
        println!("  {:12}{ours}\n  {:12}{theirs}", "conn-check", self.rival);
        println!(
            "  ratio of medians {ratio:.2}, median of ratios {:.2}, of processor time {:.2}; server busy {server:.0} %",
            median_ratio(&ours.elapsed(), &theirs.elapsed()),
            median_ratio(&ours.processor(), &theirs.processor()),
        );
        println!("  target: at most {} times: {}", self.limits.ratio, verdict(ratio <= self.limits.ratio));
        if let Some(most) = self.limits.processor {
            let share = median_ratio(&ours.processor(), &theirs.processor());
            println!("  target: at most {most} times the processor time: {}", verdict(share <= most));
        }
        if let Some(most) = self.limits.megabytes {
            println!("  target: at most {most} MB: {}", verdict(ours.megabytes() <= most));
        }
        println!();
    }
}

const fn verdict(kept: bool) -> &'static str {
    if kept { "kept" } else { "MISSED" }
}

/// One run against a server of its own, and the server's processor time.
fn bout(server: Start, command: impl Fn(&Ring) -> Vec<OsString>) -> Result<(Weight, Duration), Box<dyn Error>> {
    let ring = server()?;
    let weight = Weight::of(&command(&ring))?;
    Ok((weight, ring.end()?))
}

/// One check of the plugin.
pub(crate) fn check_tcp(ring: &Ring) -> Vec<OsString> {
    let (host, port) = (ring.address.ip().to_string(), ring.address.port().to_string());
    [CHECK_TCP, "-H", &host, "-p", &port].map(OsString::from).into()
}

/// So many runs of the plugin for `PostgreSQL`, 32 at a time, as a cron job of plugins would have them.
pub(crate) fn check_pgsql(count: usize, ring: &Ring) -> Vec<OsString> {
    let (host, port) = (ring.address.ip().to_string(), ring.address.port().to_string());
    let lines = ring.lines(count);
    let plugin = [
        CHECK_PGSQL,
        "-H",
        &host,
        "-P",
        &port,
        "-l",
        postgres::USER,
        "-p",
        postgres::PASSWORD,
        "-d",
        postgres::DATABASE,
    ];
    let xargs = ["xargs", "-P", "32", "-I", "{}", "-a"].map(OsString::from);
    [&xargs[..], &[lines], &plugin.map(OsString::from)].concat()
}

/// The floor, in a process of its own.
pub(crate) fn floor(manner: &str, count: usize, ring: &Ring) -> Vec<OsString> {
    let own = env::current_exe().unwrap_or_default();
    let (count, address) = (count.to_string(), ring.address.to_string());
    [vec![own.into()], ["floor", manner, &count, &address].map(OsString::from).into()].concat()
}
