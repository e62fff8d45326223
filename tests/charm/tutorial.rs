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

/// The tutorial's script, in the application's Python, with the package that the charm has brought.
const SCRIPT: &str = "#!/bin/sh\ncd '{folder}'\n\
    PYTHONPATH=$(echo /usr/local/lib/conn-check/current/*.whl) exec python3 script.py \"$@\"\n";

/// The unit after the tutorial's hook, which ran this in the place of the reader's script.
fn after_the_hook(scratch: &Scratch, settings: &str) -> Site {
    let settings = scratch.program("settings-to-conn-check.py", settings);
    let script = HOOK.replace("/path/to/hwaas/settings-to-conn-check.py", &settings.display().to_string());
    let hook = scratch.program("conn-check-relation-changed", &script);
    let site = Site::start(Machine::in_namespace());
    let (code, output) = site.juju.run_stand_in(SERVICE, site.relation, Moment::Changed, &hook);
    assert_eq!((code, output.as_str()), (0, ""));
    assert_eq!(site.juju.data(SERVICE, site.relation)["config_path"], "/var/conn-check.yaml");
    site.settle();
    site
}

#[test]
fn the_hook_of_the_tutorial_makes_the_unit_active() {
    let file = include_str!("../../examples/hwaas.yaml");
    let site = after_the_hook(&Scratch::new(), &SETTINGS.replace("{file}", file));
    let checks = file.lines().filter(|line| line.starts_with("- type:")).count();
    assert_eq!(site.status(), format!("active: {checks} checks, not run yet"));
    let metadata = fs::metadata(site.juju.machine().at("/var/conn-check.yaml")).expect("the file");
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o660);
    assert!(site.juju.look(|model| model.unit(UNIT).principal.as_deref() == Some(SERVICE)));
}

#[test]
fn the_script_of_the_tutorial_finds_the_package_and_the_program_on_the_unit() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path().join("hwaas")).expect("a package");
    scratch.write("hwaas/__init__.py", "");
    scratch.write("hwaas/settings.py", include_str!("../agent/django/seeds/settings.py"));
    scratch.write("script.py", include_str!("../agent/django/seeds/custom-script.py"));
    let site = after_the_hook(&scratch, &SCRIPT.replace("{folder}", &scratch.path().display().to_string()));
    assert_eq!(site.status(), "active: 3 checks, not run yet");
    let file = site.juju.machine().read("/var/conn-check.yaml");
    for kind in ["postgresql", "memcached", "http"] {
        assert!(file.contains(&format!("- type: {kind}\n")), "{file}");
    }
}

/// The hook has `set -e`: what cannot be mapped, and that there is nothing to check yet, must not end it.
#[test]
fn the_hook_goes_on_where_something_cannot_be_mapped_and_where_there_is_nothing_yet() {
    for (settings, status) in [
        ("DEBUG = True\n", "waiting: no checks yet: /var/conn-check.yaml has an empty list"),
        (
            "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'n', 'USER': 'u', 'HOST': 'h'},\n\
             'old': {'ENGINE': 'django.db.backends.oracle', 'NAME': 'n', 'HOST': 'o'}}\n",
            "active: 1 check, not run yet",
        ),
    ] {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path().join("hwaas")).expect("a package");
        scratch.write("hwaas/__init__.py", "");
        scratch.write("hwaas/settings.py", settings);
        scratch.write("script.py", include_str!("../agent/django/seeds/plain-script.py"));
        // What it says on standard error stands in Juju's log.
        let script =
            SCRIPT.replace("{folder}", &scratch.path().display().to_string()).replace("\"$@\"", "\"$@\" 2> /dev/null");
        let site = after_the_hook(&scratch, &script);
        assert_eq!(site.status(), status);
    }
}
