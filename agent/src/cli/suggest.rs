//! What somebody meant who wrote an option that there is not.

use crate::report::FORMATS;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

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
        &["--retry", "--retry-timeout", "--repeat", "--until", "--interval", "--wait-for", "--wait-timeout"],
        "what fails is asked again until all is well with '--wait TIME'",
    ),
    (
        &["--retries", "--attempts", "--max-attempts"],
        "a check is asked again with 'retries: N' in the file, a whole run with '--wait TIME'",
    ),
    (&["--log", "--syslog", "--log-file"], "'--journal' writes to the journal, too, and '--output FILE' to a file"),
    (&["--silent", "-s"], "'--quiet' says nothing when all is well"),
];

/// The error with a tip that is of use, where it is about an unknown option of this program.
#[must_use]
pub fn improved(mut error: Error, program: &Command) -> Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return error };
    if let Some(tip) = tip(option).filter(|tip| fits(tip, program, &error)) {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

/// Whether a tip is of use there: what it names, this program has, and the word of it that was called. What is said of
/// files of checks and of their options is for who runs them.
fn fits(tip: &str, program: &Command, error: &Error) -> bool {
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let is_called = |word: &&Command| usage.contains(&format!("Usage: {} {} ", program.get_name(), word.get_name()));
    let command = program.get_subcommands().find(is_called).unwrap_or(program);
    let has = |named: &str| {
        let mut arguments = command.get_arguments();
        arguments.any(|own| {
            !own.is_hide_set()
                && match named.strip_prefix("--") {
                    Some(long) => own.get_long() == Some(long),
                    None => own.get_short().is_some_and(|short| named == format!("-{short}")),
                }
        })
    };
    let words = tip.split(|c: char| c == '\'' || c.is_whitespace());
    words.filter(|word| word.starts_with('-')).all(has) && runs_checks(command)
}

/// Whether this is what runs the checks of files, or takes its options.
fn runs_checks(command: &Command) -> bool {
    command.get_arguments().any(|own| own.get_id() == "config")
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
        improved(Program::try_parse_from(arguments).expect_err("an error"), &Program::command()).to_string()
    }

    #[test]
    fn a_tip_is_about_the_program_and_the_word_that_was_called() {
        for (arguments, tip) in [
            (&["--json", "x.yaml"][..], Some("--format json")),
            (&["trace", "--json", "x.yaml"], None),
            (&["trace", "--ipv4-only", "x.yaml"], None),
            (&["explain", "--timeout", "3"], None),
        ] {
            let said = said(arguments);
            match tip {
                Some(tip) => assert!(said.contains(tip), "{said}"),
                None => assert!(!said.contains("'--") || said.contains("unexpected argument"), "{said}"),
            }
            assert_eq!(said.contains("--format"), tip.is_some(), "{said}");
            assert!(!said.contains("--max-timeout") || tip.is_some(), "{said}");
        }
        let program = crate::cli::configs::Configs::command();
        for arguments in [["conn-check-configs", "env", "--json"], ["conn-check-configs", "env", "--insecure"]] {
            let error = crate::cli::configs::Configs::try_parse_from(arguments).expect_err("an error");
            let said = improved(error, &program).to_string();
            assert!(!said.contains("--format") && !said.contains("disable_tls_verification"), "{said}");
        }
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
