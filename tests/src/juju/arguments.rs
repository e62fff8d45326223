//! The command lines of the hook tools: flags as Juju's own parser takes them, and nothing else.

use std::collections::BTreeMap;

/// A tool that was called wrongly, or could not do what it was asked for.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: i32,
    pub(super) text: String,
}

impl Refusal {
    /// The command line is wrong: exit status 2.
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self { code: 2, text: text.into() }
    }

    /// It is well formed, and could not be done: exit status 1.
    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self { code: 1, text: text.into() }
    }
}

/// What a tool takes.
pub(super) struct Form {
    /// Flags with a value, each with all its names.
    pub(super) values: &'static [&'static [&'static str]],
    /// Flags without one.
    pub(super) switches: &'static [&'static [&'static str]],
    /// How many arguments there have to be at least, and may be at most.
    pub(super) positional: (usize, usize),
}

/// The arguments of one call.
#[derive(Debug, Default)]
pub(super) struct Given {
    flags: BTreeMap<&'static str, String>,
    pub(super) rest: Vec<String>,
}

impl Given {
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.flags.get(name).map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.flags.get(name).is_some_and(|value| value != "false")
    }

    pub(super) fn at(&self, index: usize) -> Option<&str> {
        self.rest.get(index).map(String::as_str)
    }
}

impl Form {
    /// Reads a command line; flags may stand anywhere before `--`.
    pub(super) fn read(&self, arguments: &[String]) -> Result<Given, Refusal> {
        let mut given = Given::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument == "--" {
                given.rest.extend(arguments.by_ref().cloned());
            } else if argument.len() > 1 && argument.starts_with('-') {
                self.flag(argument, &mut arguments, &mut given)?;
            } else {
                given.rest.push(argument.clone());
            }
        }
        self.count(&given)?;
        Ok(given)
    }

    fn flag<'a>(
        &self,
        argument: &str,
        rest: &mut impl Iterator<Item = &'a String>,
        given: &mut Given,
    ) -> Result<(), Refusal> {
        let bare = argument.trim_start_matches('-');
        let (name, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value.to_owned())));
        let dashes = argument.len() - bare.len();
        // gnuflag: one letter behind one dash, a word behind two.
        let well_dashed = dashes == if name.chars().count() == 1 { 1 } else { 2 };
        let known = |flags: &'static [&'static [&'static str]]| {
            flags.iter().find(|names| well_dashed && names.contains(&name)).map(|names| names[0])
        };
        let missing = || Refusal::usage(format!("option needs an argument: {argument}"));
        if let Some(flag) = known(self.values) {
            let value = value.or_else(|| rest.next().cloned()).ok_or_else(missing)?;
            given.flags.insert(flag, value);
        } else if let Some(flag) = known(self.switches) {
            given.flags.insert(flag, value.unwrap_or_else(|| "true".to_owned()));
        } else {
            return Err(Refusal::usage(format!("option provided but not defined: {argument}")));
        }
        Ok(())
    }

    fn count(&self, given: &Given) -> Result<(), Refusal> {
        let (least, most) = self.positional;
        if given.rest.len() < least {
            return Err(Refusal::usage("arguments are missing"));
        }
        match given.rest.get(most) {
            Some(_) => Err(Refusal::usage(format!("unrecognized args: {:?}", &given.rest[most..]))),
            None => Ok(()),
        }
    }
}
