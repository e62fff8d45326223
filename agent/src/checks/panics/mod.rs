//! A check that breaks: for the tests of what a bug of ours does to a run.

use crate::checks::{Check, Profile, ResultName};
use crate::probe::{Probe, Stop};
use crate::secret::Secret;
use crate::services::{self, Service};
use crate::settings::{Fields, Noted, Word};

/// Passes its first result, then panics with the given text.
#[derive(Clone, Debug)]
pub struct Panics {
    text: String,
}

impl Check for Panics {
    const TYPE: &'static str = "panics";
    const SERVICE: &'static Service = &services::TCP;
    const ABOUT: &'static str = "Never passes.";
    const TRACE: &'static str = "Nothing.";
    const EXAMPLE: &'static str = "- {type: panics, text: a bug}\n";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let text = fields.required::<Word>("text", "What the panic says.");
        fields.optional::<Secret<String>>("secret", "A secret of the check.");
        text.map(|text| Self { text: text.0 })
    }

    fn profile(&self) -> Profile {
        let results = ["panics:before", "panics:at", "panics:after"];
        let results = results.map(|name| ResultName { name: name.to_owned(), info: String::new() }).to_vec();
        Profile { target: "nothing".to_owned(), results, ..Profile::default() }
    }

    #[expect(clippy::panic, reason = "this is what it is for")]
    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.passed()?;
        panic!("{}", self.text);
    }
}
