//! The tutorial's own hook (documentation of conn-check, part 3), run as the application's charm runs it.

use crate::site::{SERVICE, Site, UNIT};
use harness::juju::event::Moment;
use harness::juju::machine::Machine;
use harness::scratch::Scratch;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// As printed; the words `/path/to` are the reader's to replace.
const HOOK: &str = r#"#!/bin/bash
set -e
CONFIG_PATH=/var/conn-check.yaml

juju-log "Writing conn-check config to ${CONFIG_PATH}"
/path/to/hwaas/settings-to-conn-check.py -f ${CONFIG_PATH} -m hwaas.settings

# Ensure conn-check and nagios can both access the config file
chown conn-check:nagios ${CONFIG_PATH}
chmod 0660 ${CONFIG_PATH}

# Set the config path, we could also tell the conn-check charm
# to write the config file for us by setting the "config" option
# but this is deprecated in favour of writing the file ourselves
# and setting "config_path"
relation-set config_path="${CONFIG_PATH}"
"#;

/// Stands for the reader's settings: takes the arguments of the tutorial's script and writes what it makes.
const SETTINGS: &str =
    "#!/bin/sh\n[ \"$1 $3 $4\" = '-f -m hwaas.settings' ] || exit 2\ncat > \"$2\" <<'END'\n{file}END\n";

#[test]
fn the_hook_of_the_tutorial_makes_the_unit_active() {
    let scratch = Scratch::new();
    let program = |name: &str, text: &str| {
        let path = scratch.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path
    };
    let file = include_str!("../../examples/hwaas.yaml");
    let settings = program("settings-to-conn-check.py", &SETTINGS.replace("{file}", file));
    let script = HOOK.replace("/path/to/hwaas/settings-to-conn-check.py", &settings.display().to_string());
    let hook = program("conn-check-relation-changed", &script);
    let site = Site::start(Machine::in_namespace());
    let (code, output) = site.juju.run_stand_in(SERVICE, site.relation, Moment::Changed, &hook);
    assert_eq!((code, output.as_str()), (0, ""));
    assert_eq!(site.juju.data(SERVICE, site.relation)["config_path"], "/var/conn-check.yaml");
    site.settle();
    let checks = file.lines().filter(|line| line.starts_with("- type:")).count();
    assert_eq!(site.status(), format!("active: {checks} checks, not run yet"));
    let metadata = fs::metadata(site.juju.machine().at("/var/conn-check.yaml")).expect("the file");
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o660);
    assert!(site.juju.look(|model| model.unit(UNIT).principal.as_deref() == Some(SERVICE)));
}
