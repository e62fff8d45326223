//! The files for NRPE and Nagios, and the host name that Nagios has for the machine.
//!
//! Sources: NRPE's `read_config_file` and `process_macros`; charm-helpers' `charmsupport/nrpe.py`
//! for the names and the form of the service.

use crate::host::draft_of;
use crate::options::{CONNECT_TIMEOUT, NAGIOS_CONTEXT, Options};
use crate::paths::UnitPaths;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

/// A relation with nrpe: the data of its unit, and of this one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct NrpeRelation {
    /// The relation, as in `nrpe-external-master:4`.
    pub(crate) id: String,
    /// `nagios_hostname`, if nrpe sets it.
    pub(crate) hostname: Option<String>,
    /// Whether it has said anything of its own: before that, its host's name is not known.
    pub(crate) has_spoken: bool,
    /// The relation data of this unit.
    pub(crate) own: std::collections::BTreeMap<String, String>,
}

/// NRPE reads lines of at most 2047 bytes. It takes the rest of a longer line for a line of its own,
/// stops there, and ignores the files after it.
const MAX_LINE: usize = 2000;

/// The line that defines the command for NRPE; `None` if it is too long.
#[must_use]
pub(crate) fn command_line(
    paths: UnitPaths<'_>,
    program: &Path,
    record: &Path,
    file: &Path,
    options: &Options,
) -> Option<String> {
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
    let line = format!("command[check_{}]={}", paths.shortname(), arguments.join(" "));
    Some(line).filter(|line| line.len() <= MAX_LINE)
}

/// Quoted as one word for the shell that NRPE starts. NRPE expands macros before that: two dollar
/// signs become one.
fn quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=,@+%".contains(&byte);
    if argument.bytes().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''").replace('$', "$$"))
}

/// The file for NRPE. NRPE limits comments too, so service groups that do not fit are left out. charm-nrpe's
/// actions look for the lines with `command` in them, which the name of a unit may have.
#[must_use]
pub(crate) fn command_file(options: &Options, line: &str) -> String {
    let groups = format!("# servicegroups: {}\n", options.nagios_servicegroups);
    let groups = Some(groups).filter(|line| line.len() <= MAX_LINE).unwrap_or_default();
    format!("# The charm writes this file; changes are lost.\n{groups}{line}\n")
}

/// The host name that Nagios has for this machine, if it has one, and a problem if a configured name
/// cannot be used. nrpe sends it, or else names its host after its principal, which is ours as well
/// (charm-nrpe's `nrpe_helpers.py`, `nagios_hostname`). Before an nrpe has spoken, and when it has
/// departed, there is no host: a Nagios refuses its whole configuration for a service of an unknown one.
/// The name becomes part of a file name.
#[must_use]
pub(crate) fn hostname(
    paths: UnitPaths<'_>,
    principal: Option<&str>,
    relations: &[NrpeRelation],
    options: &Options,
) -> (Option<String>, Option<String>) {
    let plain = |name: &&String| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !name.is_empty() && name.bytes().all(allowed)
    };
    let fits = |name: &String| name_fits(&paths.exported_service(name));
    let hostnames: Vec<_> = relations.iter().filter_map(|relation| relation.hostname.as_ref()).filter(plain).collect();
    if let Some(name) = hostnames.iter().copied().find(|name| fits(name)) {
        return (Some(name.clone()), None);
    }
    let Some(principal) = principal.filter(|_| relations.iter().any(|relation| relation.has_spoken)) else {
        return (None, None);
    };
    let of = |context: &str| format!("{context}-{principal}");
    let (name, mut problem) = match of(&options.nagios_context) {
        name if fits(&name) => (name, None),
        _ => (of(NAGIOS_CONTEXT), Some(format!("option nagios_context is too long; {NAGIOS_CONTEXT} is used"))),
    };
    if !hostnames.is_empty() {
        problem = Some(format!("the nagios_hostname that nrpe sends is too long; {name} is used"));
    }
    (Some(name), problem)
}

/// Whether NRPE sees another directory in the place of this one: Ubuntu's `nagios-nrpe-server.service` has
/// `PrivateTmp=yes` (systemd.exec(5)).
#[must_use]
pub(crate) fn has_its_own(path: &Path) -> bool {
    ["/tmp", "/var/tmp"].iter().any(|directory| path.starts_with(directory))
}

/// Whether the name of a file is short enough, even for its draft.
fn name_fits(path: &Path) -> bool {
    draft_of(path).file_name().is_some_and(|name| name.len() <= MAX_FILE_NAME)
}

/// Linux limits a file name to 255 bytes.
const MAX_FILE_NAME: usize = 255;

/// The service for the Nagios server.
#[must_use]
pub(crate) fn service_file(paths: UnitPaths<'_>, juju_unit: &str, hostname: &str, options: &Options) -> String {
    let shortname = paths.shortname();
    let mut text = format!("\n# The charm of {juju_unit} writes this file; changes are lost.\ndefine service {{\n");
    let lines = [
        ("use", "active-service".to_owned()),
        ("host_name", hostname.to_owned()),
        ("service_description", format!("{hostname}[{shortname}] Network dependencies of {}", paths.0)),
        ("check_command", format!("check_nrpe!check_{shortname}")),
        ("servicegroups", options.nagios_servicegroups.clone()),
    ];
    for (key, value) in lines {
        // Writing into a String does not fail.
        let _ = writeln!(text, "    {key:<32}{value}");
    }
    text + "}\n"
}

/// `monitors` of the relation data: YAML, so JSON is valid as well.
#[must_use]
pub(crate) fn monitors(paths: UnitPaths<'_>) -> String {
    let shortname = paths.shortname();
    let command = format!("check_{shortname}");
    json!({"monitors": {"remote": {"nrpe": {shortname: {"command": command}}}}}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    const UNIT: UnitPaths<'_> = UnitPaths("conn-check-0");
    const PRINCIPAL: Option<&str> = Some("app-0");

    /// A relation in which nrpe has said this.
    fn said(name: String) -> NrpeRelation {
        NrpeRelation { hostname: Some(name), has_spoken: true, ..NrpeRelation::default() }
    }

    fn of(file: &str, options: &Options) -> String {
        command_line(UNIT, &UNIT.program(), &UNIT.record(), Path::new(file), options).expect("it fits")
    }

    #[test]
    fn the_command_is_the_one_of_the_manual() {
        assert_eq!(
            of("/var/conn-check.yaml", &Options::parse(&Map::new())),
            "command[check_conn-check-conn-check-0]=/usr/local/lib/conn-check/units/conn-check-0/conn-check \
             --format nagios --max-timeout=10 --exclude-tags=no-nagios --journal --record /var/lib/conn-check/conn-check-0/record.json /var/conn-check.yaml"
        );
    }

    #[test]
    fn a_path_is_one_word_for_the_shell_behind_nrpe() {
        let options = Options::parse(&Map::new());
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
    fn a_line_longer_than_nrpe_reads_is_not_a_command() {
        let options = Options::parse(&Map::new());
        let written = |count: usize| {
            let long = format!("/{}", "x".repeat(count));
            command_line(UNIT, &UNIT.program(), &UNIT.record(), Path::new(&long), &options)
        };
        let longest = (1..MAX_LINE).rev().find_map(written).expect("one fits");
        assert!(longest.starts_with("command[") && longest.len() == MAX_LINE, "{longest}");
    }

    #[test]
    fn groups_longer_than_a_line_that_nrpe_reads_are_left_out() {
        let mut options = Options::parse(&Map::new());
        assert!(command_file(&options, "command[x]=y").contains("\n# servicegroups: juju\n"));
        options.nagios_servicegroups = "group,".repeat(500);
        let text = command_file(&options, "command[x]=y");
        assert!(text.lines().all(|line| line.len() < 2047) && text.ends_with("\ncommand[x]=y\n"), "{text}");
    }

    #[test]
    fn nrpe_says_the_host_name_unless_it_leads_elsewhere() {
        let options = Options::parse(&Map::new());
        let relation = |name: &str| said(name.to_owned());
        let of = |relations: &[NrpeRelation]| hostname(UNIT, PRINCIPAL, relations, &options);
        assert_eq!(of(&[relation("prod-app-0")]), (Some("prod-app-0".to_owned()), None));
        for bad in ["", "../../etc/cron.d/x", "a\nb"] {
            assert_eq!(of(&[relation(bad)]), (Some("juju-app-0".to_owned()), None), "{bad:?}");
        }
        assert_eq!(of(&[]), (None, None));
        assert_eq!(of(&[NrpeRelation::default()]), (None, None), "nrpe has said nothing yet");
        assert_eq!(hostname(UNIT, None, &[relation("")], &options), (None, None));
    }

    #[test]
    fn a_host_name_fits_into_the_name_of_a_file_and_of_its_draft() {
        let long = |count: usize| "x".repeat(count);
        let relation = |count: usize| said(long(count));
        let mut options = Options::parse(&Map::new());
        let longest = (1..255).rev().find(|count| name_fits(&UNIT.exported_service(&long(*count)))).unwrap_or_default();
        assert_eq!(hostname(UNIT, PRINCIPAL, &[relation(longest)], &options), (Some(long(longest)), None));
        let (name, problem) = hostname(UNIT, PRINCIPAL, &[relation(longest + 1)], &options);
        assert_eq!(name.as_deref(), Some("juju-app-0"));
        assert_eq!(problem.as_deref(), Some("the nagios_hostname that nrpe sends is too long; juju-app-0 is used"));
        options.nagios_context = long(210);
        let (name, problem) = hostname(UNIT, PRINCIPAL, &[relation(0)], &options);
        assert_eq!(name.as_deref(), Some("juju-app-0"));
        assert_eq!(problem.as_deref(), Some("option nagios_context is too long; juju is used"));
    }
}
