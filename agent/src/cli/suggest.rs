//! What somebody meant who wrote an option that there is not.

use crate::report::FORMATS;
use clap::Error;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Options of other programs, and what is said of each.
const TIPS: &[(&[&str], &str)] = &[
    (&["--tags", "--tag", "--include", "--only-tags"], "checks are chosen by their tags with '--include-tags TAGS'"),
    (
        &["--exclude", "--skip", "--skip-tags", "--without-tags"],
        "checks are left out by their tags with '--exclude-tags TAGS'",
    ),
    (&["--timeout"], "'--max-timeout SECONDS' bounds the run, '--connect-timeout SECONDS' each check"),
    (
        &["--config", "--config-file", "--file", "--checks", "-c"],
        "the file stands there without an option: 'conn-check FILE'",
    ),
    (
        &["--no-color", "--no-colour", "--nocolor", "--colour", "--colors"],
        "colours are switched with '--color never|always|auto'",
    ),
    (&["--check", "--lint", "--test", "--syntax-check", "--verify"], "a file is only read with '--validate'"),
    (&["--list", "--list-checks", "--list-tests", "--dry", "-n"], "what would be checked is shown with '--dry-run'"),
    (&["--debug", "--trace", "--traceback", "-vvv"], "more is said with '--explain', '--verbose' and '--tracebacks'"),
    (&["--ipv4", "--inet", "--ipv4-only"], "IPv4 alone is '-4'"),
    (&["--ipv6", "--inet6", "--ipv6-only"], "IPv6 alone is '-6'"),
    (
        &["-j", "--jobs", "--parallel", "--threads", "--workers", "--max-concurrency"],
        "so many checks at once: '--concurrency N'",
    ),
    (
        &["--ca", "--cacert", "--ca-file", "--cafile", "--ca-certs", "--ca-path"],
        "the CAs to trust are named with '--tls-certs-path PATH', or by 'ca_file' in a check",
    ),
    (
        &["-k", "--insecure", "--no-verify", "--skip-verify"],
        "verification is switched off in a check: 'disable_tls_verification: true'",
    ),
    (&["--out", "--output-file", "--outfile"], "the output goes to a file with '--output FILE'"),
    (
        &["--host", "--port", "--type", "--url", "--user", "--username", "--password", "--database", "-H", "-p"],
        "checks stand in a file: 'conn-check explain tcp' shows one",
    ),
    (
        &["--wait", "--retry", "--retries", "--retry-timeout", "--repeat", "--until", "--interval"],
        "a run looks once; to wait: 'until conn-check FILE; do sleep 5; done'",
    ),
    (&["--log", "--syslog", "--log-file"], "'--journal' writes to the journal, too, and '--output FILE' to a file"),
    (&["--silent", "-s"], "'--quiet' says nothing when all is well"),
];

/// The error with a tip that is of use, where it is about an unknown option.
#[must_use]
pub fn improved(mut error: Error) -> Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return error };
    if let Some(tip) = tip(option) {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

fn tip(option: &str) -> Option<String> {
    let option = option.split('=').next().unwrap_or(option);
    if let Some(format) = FORMATS.iter().find(|format| option.strip_prefix("--") == Some(format.name)) {
        return Some(format!("the form of the output is chosen with '--format {}'", format.name));
    }
    TIPS.iter().find(|(options, _)| options.contains(&option)).map(|(_, tip)| (*tip).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::program::Program;
    use clap::{CommandFactory as _, Parser as _};

    fn said(arguments: &[&str]) -> String {
        let arguments = ["conn-check"].iter().chain(arguments);
        improved(Program::try_parse_from(arguments).expect_err("an error")).to_string()
    }

    #[test]
    fn an_option_of_another_program_comes_with_ours() {
        for (option, tip) in [
            ("--json", "'--format json'"),
            ("--tags=a", "--include-tags"),
            ("--timeout", "--max-timeout"),
            ("-k", "disable_tls_verification"),
        ] {
            let said = said(&[option, "x.yaml"]);
            assert!(
                said.contains(tip) && said.matches("tip:").count() == 1 && !said.contains("'-- -"),
                "{option}: {said}"
            );
        }
    }

    #[test]
    fn a_slip_of_the_finger_still_comes_with_the_nearest_option() {
        assert!(said(&["--max-timout=3", "x.yaml"]).contains("'--max-timeout'"));
    }

    #[test]
    fn no_tip_is_about_an_option_that_there_is() {
        let command = Program::command();
        let long: Vec<_> =
            command.get_arguments().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")).collect();
        let stale: Vec<_> = TIPS
            .iter()
            .flat_map(|(options, _)| *options)
            .filter(|option| long.iter().any(|one| one == *option))
            .collect();
        assert!(stale.is_empty(), "such options are taken now: {stale:?}");
    }
}
