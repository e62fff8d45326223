//! The machine, as far as it explains numbers.

use std::fs;
use std::thread;

/// Cores, load and kernel, in a line.
pub(crate) fn description() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kernel = line("/proc/sys/kernel/osrelease");
    let load = line("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!("{cores} cores, Linux {kernel}, load {load} (what else runs here disturbs the times, less so the ratios)")
}

fn line(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}
