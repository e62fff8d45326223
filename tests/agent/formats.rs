//! One run of checks, told in every format.

use conn_check::report::FORMATS;
use harness::agent::{Agent, Ran};
use std::fs;

/// What one run said.
pub(crate) struct Told {
    pub(crate) ran: Ran,
    /// What standard output, the files of `--also` and of `--record` have of it, each with its name: every format and
    /// the record.
    pub(crate) texts: Vec<(&'static str, String)>,
}

/// The exit status in a format of what has this one in the others: `health` knows good and bad alone.
pub(crate) fn status_in(format: &str, status: i32) -> i32 {
    match (format, status) {
        ("health", 1 | 2) => status - 1,
        _ => status,
    }
}

/// Runs it with the first format on standard output, the others beside it, and a record.
pub(crate) fn in_every_format(agent: Agent) -> Told {
    let (first, others) = FORMATS.split_first().expect("a format");
    let mut agent = agent.args(["--format", first.name, "--record", "record.json"]);
    for format in others {
        agent = agent.args(["--also".to_owned(), format!("{0}=output.{0}", format.name)]);
    }
    let ran = agent.run();
    let written = |file: &str| {
        let text = fs::read_to_string(agent.scratch().path().join(file)).unwrap_or_default();
        assert!(!text.is_empty(), "nothing in {file}: {ran:?}");
        text
    };
    let own = (first.name, ran.out.clone());
    let beside = others.iter().map(|format| (format.name, written(&format!("output.{}", format.name))));
    let texts = std::iter::once(own).chain(beside).chain([("the record", written("record.json"))]).collect();
    Told { ran, texts }
}
