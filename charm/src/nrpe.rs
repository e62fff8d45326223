//! The texts for NRPE and Nagios, and the host name under which Nagios knows the machine.
//!
//! Sources: NRPE's `read_config_file` and `process_macros`; charm-helpers' `charmsupport/nrpe.py`
//! for the names and the form of the service.

use crate::options::{CONNECT_TIMEOUT, Options};
use crate::places::Places;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

/// What a unit of nrpe says over the relation, and what this unit says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Monitor {
    /// The relation, as in `nrpe-external-master:4`.
    pub relation: String,
    /// `nagios_hostname`, where it is said.
    pub hostname: Option<String>,
    /// What this unit says now.
    pub own: std::collections::BTreeMap<String, String>,
}

/// NRPE reads lines of at most 2047 bytes, and would take the rest of a longer one for a line of
/// its own, stop at it, and forget the files after this one.
const LINE: usize = 2000;

/// The command that NRPE runs; none: it does not fit into a line.
#[must_use]
pub(crate) fn command(program: &Path, record: &Path, file: &Path, options: &Options) -> Option<String> {
    let mut arguments = vec![
        program.to_string_lossy().into_owned(),
        "--format".to_owned(),
        "nagios".to_owned(),
        format!("--max-timeout={}", options.max_timeout),
    ];
    if options.connect_timeout != CONNECT_TIMEOUT {
        arguments.push(format!("--connect-timeout={}", options.connect_timeout));
    }
    if !options.nagios_exclude_tags.is_empty() {
        arguments.push(format!("--exclude-tags={}", options.nagios_exclude_tags));
    }
    arguments.extend(["--journal".to_owned(), "--record".to_owned(), record.to_string_lossy().into_owned()]);
    arguments.push(file.to_string_lossy().into_owned());
    let arguments: Vec<_> = arguments.iter().map(|argument| quoted(argument)).collect();
    Some(arguments.join(" ")).filter(|line| line.len() <= LINE)
}

/// As the shell that NRPE starts takes it for one word. NRPE looks for macros before that: two
/// dollar signs are one.
fn quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=,@+%".contains(&byte);
    if argument.bytes().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''").replace('$', "$$"))
}

/// The file for NRPE.
#[must_use]
pub(crate) fn command_file(places: Places<'_>, juju_unit: &str, options: &Options, command: &str) -> String {
    let shortname = places.shortname();
    let groups = &options.nagios_servicegroups;
    format!(
        "# The charm of {juju_unit} writes this file; changes are lost.\n\
         # servicegroups: {groups}\n\
         command[check_{shortname}]={command}\n"
    )
}

/// The host name under which Nagios knows this machine. nrpe says it; without that, the rule of
/// charm-helpers. It becomes part of the name of a file.
#[must_use]
pub(crate) fn hostname(places: Places<'_>, monitors: &[Monitor], options: &Options) -> String {
    let plain = |name: &&String| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !name.is_empty() && name.len() <= 200 && name.bytes().all(allowed)
    };
    let said = monitors.iter().filter_map(|monitor| monitor.hostname.as_ref()).find(plain);
    said.cloned().unwrap_or_else(|| format!("{}-{}", options.nagios_context, places.0))
}

/// The service for the Nagios server.
#[must_use]
pub(crate) fn service_file(places: Places<'_>, juju_unit: &str, hostname: &str, options: &Options) -> String {
    let shortname = places.shortname();
    let mut text = format!("\n# The charm of {juju_unit} writes this file; changes are lost.\ndefine service {{\n");
    let lines = [
        ("use", "active-service".to_owned()),
        ("host_name", hostname.to_owned()),
        ("service_description", format!("{hostname}[{shortname}] Network dependencies of {}", places.0)),
        ("check_command", format!("check_nrpe!check_{shortname}")),
        ("servicegroups", options.nagios_servicegroups.clone()),
    ];
    for (key, value) in lines {
        // Writing into a String does not fail.
        let _ = writeln!(text, "    {key:<32}{value}");
    }
    text + "}\n"
}

/// `monitors` over the relation: YAML, for which JSON will do.
#[must_use]
pub(crate) fn monitors(places: Places<'_>) -> String {
    let shortname = places.shortname();
    let command = format!("check_{shortname}");
    json!({"monitors": {"remote": {"nrpe": {shortname: {"command": command}}}}}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    const UNIT: Places<'_> = Places("conn-check-0");

    fn of(file: &str, options: &Options) -> String {
        command(&UNIT.program(), &UNIT.record(), Path::new(file), options).expect("it fits")
    }

    #[test]
    fn the_command_is_the_one_of_the_manual() {
        assert_eq!(
            of("/var/conn-check.yaml", &Options::of(&Map::new())),
            "/usr/local/lib/conn-check/units/conn-check-0/conn-check --format nagios --max-timeout=10 \
             --exclude-tags=no-nagios --journal --record /var/lib/conn-check/conn-check-0/record.json /var/conn-check.yaml"
        );
    }

    #[test]
    fn a_path_is_one_word_for_the_shell_behind_nrpe() {
        let options = Options::of(&Map::new());
        for (path, word) in [
            ("/var/a b", "'/var/a b'"),
            ("/var/a$ARG1$", "'/var/a$$ARG1$$'"),
            ("/var/it's", r"'/var/it'\''s'"),
            ("/var/a!b;`id`", "'/var/a!b;`id`'"),
        ] {
            assert!(of(path, &options).ends_with(&format!(" {word}")), "{path}: {}", of(path, &options));
        }
    }

    #[test]
    fn a_line_longer_than_nrpe_reads_is_no_command() {
        let long = format!("/{}", "'".repeat(1000));
        assert_eq!(command(&UNIT.program(), &UNIT.record(), Path::new(&long), &Options::of(&Map::new())), None);
    }

    #[test]
    fn nrpe_says_the_host_name_unless_it_leads_elsewhere() {
        let options = Options::of(&Map::new());
        let said = |name: &str| Monitor { hostname: Some(name.to_owned()), ..Monitor::default() };
        assert_eq!(hostname(UNIT, &[said("prod-app-0")], &options), "prod-app-0");
        for bad in ["", "../../etc/cron.d/x", "a\nb"] {
            assert_eq!(hostname(UNIT, &[said(bad)], &options), "juju-conn-check-0", "{bad:?}");
        }
        assert_eq!(hostname(UNIT, &[], &options), "juju-conn-check-0");
    }
}
