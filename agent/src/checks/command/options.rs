//! The options of a program: its arguments, and the variables of its environment.

use super::words;
use crate::diagnostic::Flaw;
use crate::file::{Distrust, Trust};
use crate::secret::{Secret, is_secret_name, url_secrets};
use crate::settings::shape::Shape;
use crate::settings::{Field, Fields, Misfit, Noted, Pairs, Setting};
use crate::text::escaped;
use serde_json::json;
use std::path::Path;

/// Options by which many programs are told a password.
const SHORT: [&str; 2] = ["-p", "-a"];

/// Nothing shorter behind them is taken for one, in bytes.
const SHORTEST: usize = 4;

/// A program and its arguments.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) program: String,
    pub(super) further: Vec<Secret<String>>,
    /// The arguments, as far as they are certainly no secrets.
    pub(super) shown: String,
}

impl Setting for Arguments {
    const SHAPE: Shape = Shape::secret(
        "a list: the program, then each of its arguments",
        "[program, argument, ...]",
        || json!({"type": "array", "minItems": 1, "items": {"anyOf": [{"type": ["string", "number", "boolean"]}, {"$ref": "#/$defs/reference"}]}}),
    )
    .like("[check_disk, -w, 10%, -c, 5%, -p, /]");

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let Some(items) = field.items() else {
            // Elsewhere, in a variable say, there is no list.
            let wrong = field.wrong(&Self::SHAPE);
            return Err(
                wrong.help("there is no shell that would take a line apart: write `command: [PROGRAM, ARGUMENT, ...]`")
            );
        };
        let words = items.map(|item| Ok((word(&item)?, item.is_reference()))).collect::<Result<Vec<_>, _>>()?;
        let (words, is_elsewhere): (Vec<_>, Vec<_>) = words.into_iter().unzip();
        let mut words = words.into_iter();
        let program = words.next().filter(|program| !program.is_empty());
        let program = program.ok_or_else(|| {
            field.with_span(
                Misfit::new("the list has no program").help("begin it with one: `command: [check_disk, -p, /]`"),
            )
        })?;
        if program.contains('/') && !program.starts_with('/') {
            let misfit =
                Misfit::new("the program has a path that depends on the directory that conn-check is called in");
            return Err(field.with_span(misfit.help("write the whole path, from `/` on; or a name alone")));
        }
        field.show(&program);
        let arguments: Vec<_> = words.collect();
        keep_secrets(field, &arguments);
        let shown = words::shown(arguments.iter().map(String::as_str).zip(is_elsewhere.into_iter().skip(1)));
        Ok(Self { program, further: arguments.into_iter().map(Secret::new).collect(), shown })
    }
}

/// One word of the list, as it is written.
fn word(item: &Field<'_>) -> Result<String, Misfit> {
    if let Some(misfit) = item.file_named().filter(|_| !item.connects_to_nothing()).and_then(untrusted) {
        return Err(item.with_span(misfit));
    }
    let text = item.text(&String::SHAPE)?;
    if text.contains('\0') {
        return Err(item.with_span(Misfit::new("an argument has no zero byte")));
    }
    Ok(text)
}

/// Why a file is no place for a part of what is started: who can write it decides what that is.
fn untrusted(file: &str) -> Option<Misfit> {
    match Trust::of_value(Path::new(file)) {
        Trust::Full => None,
        Trust::Withheld(Distrust { why, remedy }) => Some(
            Misfit::new(format!("what is started stands in a file, and {}", escaped(&why)))
                .flaw(Flaw::Untrusted)
                .help(escaped(&remedy)),
        ),
    }
}

/// What programs are told in their arguments they say again, their passwords too: `--password=X`, `--password X`, `-p X`,
/// `Authorization: X`, and those of URLs.
fn keep_secrets(field: &Field<'_>, arguments: &[String]) {
    let name = |text: &str| is_secret_name(text.trim_start_matches('-')) && text.starts_with('-');
    let joined = arguments.iter().filter_map(|word| word.split_once('=').filter(|(option, _)| name(option)));
    let behind = arguments.windows(2).filter_map(|pair| name(&pair[0]).then_some(pair[1].as_str()));
    let headers = arguments.iter().filter_map(|word| word.split_once(':').filter(|(name, _)| is_secret_name(name)));
    let headers = headers.map(|(_, value)| value.trim());
    // What is no path and no number: `check_disk -p /` is not meant.
    let is_like_one = |text: &&str| text.len() >= SHORTEST && !text.contains('/') && text.parse::<f64>().is_err();
    let short = arguments.windows(2).filter(|pair| SHORT.contains(&pair[0].as_str())).map(|pair| pair[1].as_str());
    let stuck = arguments.iter().filter_map(|word| SHORT.iter().find_map(|option| word.strip_prefix(option)));
    let short = short.chain(stuck).filter(is_like_one);
    let urls = arguments.iter().flat_map(|word| url_secrets(word));
    let all = joined.map(|(_, value)| value).chain(behind).chain(headers).chain(short).chain(urls);
    all.filter(|secret| !secret.is_empty()).for_each(|secret| field.keep_secret(secret));
}

/// The variables that a program is given beside those that each has.
pub(super) fn environment(fields: &mut Fields<'_>) -> Result<Vec<(String, Secret<String>)>, Noted> {
    let about = "Further variables of its environment, {NAME: value}. Without them it has PATH, HOME and LANG (C.UTF-8), and none of conn-check's own.";
    let Pairs(pairs) = fields.optional::<Pairs>("env", about).unwrap_or_default();
    for pair in &pairs {
        if pair.name.is_empty() || pair.name.contains(['=', '\0']) || pair.value.expose().contains('\0') {
            let misfit = Misfit::new("no variable can have such a name or value").help("write `env: {NAME: value}`");
            return Err(fields.refuse_value("env", misfit));
        }
        if let Some(misfit) = pair.file.as_deref().filter(|_| !fields.connects_to_nothing()).and_then(untrusted) {
            return Err(fields.refuse_value("env", misfit));
        }
    }
    Ok(pairs.into_iter().map(|pair| (pair.name, pair.value)).collect())
}
