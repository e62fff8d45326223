//! The tutorial of the original, its second part: three scripts, the settings they read, and what
//! they print. The lines that its text has lost are in `seeds/`.
//!
//! Its first listing differs from its settings in two places, which are slips of the pen: there the
//! database is `gibson.hwass.internal:11211`, here `gibson.hwaas.internal:5432`. A program can only
//! say what the settings say.

use super::{checks_of, content, validated};
use harness::agent;
use harness::django::{Django, Environment, Project, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const SETTINGS: &str = include_str!("seeds/settings.py");
const STATSD_SETTINGS: &str = include_str!("seeds/statsd.py");
const PLAIN: &str = include_str!("seeds/plain-script.py");
const CUSTOM: &str = include_str!("seeds/custom-script.py");
const MATATA: &str = include_str!("seeds/matata-script.py");

/// The first two checks of the tutorial's listing, by its settings.
const DATABASE_AND_CACHE: &str = "\
- type: postgresql
  database: hwaas_production
  host: gibson.hwass.internal
  port: 11211
  username: hwaas
  password: 123456asdf
- type: memcached
  host: freeside.hwaas.internal
  port: 11211
";

const TRANSLATE: &str = "\
- type: http
  url: https://www.googleapis.com/language/translate/v2?q=Hello%20World&target=de&source=en&key=BLAH
  proxy_host: countzero.hwaas.internal
  proxy_port: 8080
  expected_code: 200
";

/// The wheel, packed once.
fn wheel() -> PathBuf {
    static WHEEL: OnceLock<PathBuf> = OnceLock::new();
    WHEEL.get_or_init(|| pack(&agent::folder().join("wheel-of-the-tests"))).clone()
}

fn pack(folder: &Path) -> PathBuf {
    let packed = run(Command::new(agent::built("wheel")).arg(folder));
    assert_eq!(packed.status, 0, "{}", packed.err);
    PathBuf::from(packed.out.trim_end())
}

fn environment() -> &'static Environment {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| Environment::with(&wheel()))
}

/// What a script of the tutorial writes for these settings.
fn written_by(script: &str, settings: &str) -> String {
    let project = Project::new(settings);
    let arguments = ["-f", "cc-config.yaml", "-m", "shop.settings"];
    let ran = project.script(&environment().python(), script, &arguments);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", ""), "{script}");
    let text = project.read("cc-config.yaml");
    let said = validated(&text);
    assert_eq!(said.status, 0, "{}", said.err);
    text
}

#[test]
fn the_first_script_writes_the_checks_of_the_tutorial() {
    let text = written_by(PLAIN, SETTINGS);
    assert_eq!(content(&text), content(DATABASE_AND_CACHE));
    let keys = |text: &str| -> Vec<String> {
        let lines = checks_of(text);
        lines.lines().map(|line| line.split(": ").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(keys(&text), keys(DATABASE_AND_CACHE), "the order of the keys");
}

#[test]
fn the_second_script_adds_its_own_check() {
    let text = written_by(CUSTOM, SETTINGS);
    assert_eq!(content(&text), content(&format!("{DATABASE_AND_CACHE}{TRANSLATE}")));
    assert!(checks_of(&text).ends_with(&TRANSLATE.replace("https:", "'https:").replace("BLAH", "BLAH'")), "{text}");
}

#[test]
fn statsd_is_checked_where_the_settings_name_it() {
    let text = written_by(PLAIN, &format!("{SETTINGS}{STATSD_SETTINGS}"));
    let statsd = "- type: udp\n  host: bigend.hwaas.internal\n  port: 10021\n  send: conncheck.test:1|c\n";
    assert_eq!(content(&text), content(&format!("{DATABASE_AND_CACHE}{statsd}")));
}

#[test]
fn the_third_script_sends_and_expects_its_own_words() {
    let text = written_by(MATATA, &format!("{SETTINGS}{STATSD_SETTINGS}"));
    let matata = "- type: udp\n  host: bigend.hwaas.internal\n  port: 10021\n  send: Hakuna\n  expect: Matata\n";
    assert!(checks_of(&text).ends_with(matata), "{text}");
}

#[test]
fn a_script_may_import_everything_and_print_to_standard_output() {
    let script = PLAIN.replace("import run", "import *");
    let project = Project::new(SETTINGS);
    let ran = project.script(&environment().python(), &script, &["-m", "shop.settings"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(content(&ran.out), content(DATABASE_AND_CACHE));
}

#[test]
fn a_script_without_standard_output_writes_its_file() {
    let project = Project::new(SETTINGS);
    let script = format!("import os\nos.close(1)\n{PLAIN}");
    let ran = project.script(&environment().python(), &script, &["-m", "shop.settings", "-f", "cc-config.yaml"]);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    assert_eq!(content(&project.read("cc-config.yaml")), content(DATABASE_AND_CACHE));
}

#[test]
fn what_settings_and_functions_print_does_not_stand_among_the_checks() {
    let noisy = CUSTOM.replace("    checks = []\n", "    checks = []\n    print('- type: tcp')\n");
    let settings = format!("{SETTINGS}print('noise')\nimport os\nos.system('echo of a child')\n");
    let ran = Project::new(settings).script(&environment().python(), &noisy, &["-m", "shop.settings"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, "of a child\nnoise\n- type: tcp\n"));
    assert_eq!(content(&ran.out), content(&format!("{DATABASE_AND_CACHE}{TRANSLATE}")));
}

#[test]
fn a_script_sees_the_defaults_of_django_and_they_become_no_checks() {
    let script = CUSTOM.replace("settings['PROXY_HOST']:", "settings['EMAIL_HOST'] == 'localhost':");
    let project = Project::new(SETTINGS);
    let package = concat!(env!("CARGO_MANIFEST_DIR"), "/../python");
    let script = format!("import sys\nsys.path.insert(0, {package:?})\n{script}");
    let ran = project.script(&Django::Newest.python(), &script, &["-m", "shop.settings"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(content(&ran.out), content(&format!("{DATABASE_AND_CACHE}{TRANSLATE}")));
}

#[test]
fn the_program_writes_what_the_script_writes() {
    let project = Project::new(format!("{SETTINGS}{STATSD_SETTINGS}"));
    let by_program = project.generate(Django::Newest.python(), &[]);
    assert_eq!((by_program.status, by_program.err.as_str()), (0, ""));
    let mut configs = project.program("conn-check-configs");
    let by_configs = run(configs.args(["django", "-m", "shop.settings", "--python"]).arg(Django::Oldest.python()));
    assert_eq!((by_configs.status, &by_configs.out), (0, &by_program.out), "{}", by_configs.err);
    assert_eq!(by_program.out, written_by(PLAIN, &format!("{SETTINGS}{STATSD_SETTINGS}")));
}

#[test]
fn a_script_keeps_the_old_options() {
    let project = Project::new(STATSD_SETTINGS);
    for arguments in [
        &["--statsd_send", "Hakuna", "--statsd_expect", "Matata", "-p"][..],
        &["--statsd-send", "Hakuna", "--statsd-expect", "Matata", "--print"],
        &["--statsd-send=Hakuna", "--statsd-expect=Matata", "-d", "x", "--database-name", "x", "--db-name", "x"],
    ] {
        let module = ["-m", "shop.settings"];
        let by_script = project.script(&environment().python(), PLAIN, &[&module[..], arguments].concat());
        assert_eq!((by_script.status, by_script.err.as_str()), (0, ""), "{arguments:?}");
        assert!(by_script.out.ends_with("  send: Hakuna\n  expect: Matata\n"), "{}", by_script.out);
        let by_program = project.generate(Django::Newest.python(), arguments);
        assert_eq!((by_program.status, by_program.out), (0, by_script.out), "{arguments:?}: {}", by_program.err);
    }
}

#[test]
fn a_script_sees_the_settings_as_a_dictionary() {
    let script = "\
from conn_check_configs.django import run, EXTRA_CHECK_MAKERS

def look(settings, options):
    assert settings['NO_SUCH_SETTING'] is None
    assert settings.get('NO_SUCH_SETTING', 5) == 5 and settings.get('NO_SUCH_SETTING') is None
    assert 'PROXY_HOST' in settings and 'NO_SUCH_SETTING' not in settings
    assert 'PROXY_HOST' in list(settings) and dict(settings)['PROXY_PORT'] == 8080
    assert options.settings_module == 'shop.settings' and options.output_file is None
    return [{'type': 'tcp', 'host': settings['PROXY_HOST'], 'port': settings['PROXY_PORT']}]

EXTRA_CHECK_MAKERS.append(look)
run()
";
    let ran = Project::new(SETTINGS).script(&environment().python(), script, &["-m", "shop.settings"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert!(ran.out.ends_with("- type: tcp\n  host: countzero.hwaas.internal\n  port: 8080\n"), "{}", ran.out);
}

#[test]
fn a_script_that_fails_says_where_and_writes_nothing() {
    let failing = CUSTOM.replace("    checks = []\n", "    checks = []\n    settings['NOTHING'].lower()\n");
    let wrong = CUSTOM.replace("return checks", "return ['x']");
    for (script, arguments, said) in [
        (
            failing.as_str(),
            &["-m", "shop.settings"][..],
            "make_proxied_translate_check of EXTRA_CHECK_MAKERS fails: AttributeError",
        ),
        (
            &wrong,
            &["-m", "shop.settings"],
            "returns a list with an object of the class str in it: dictionaries are wanted",
        ),
        (PLAIN, &["-m", "shop.nothing"], "there is no settings module shop.nothing"),
        (PLAIN, &[], "no settings module is named"),
        (PLAIN, &["--no-such-option"], "unrecognized arguments: --no-such-option"),
    ] {
        let project = Project::new(SETTINGS);
        let ran = project.script(&environment().python(), script, &[arguments, &["-f", "x.yaml"]].concat());
        assert_eq!(ran.status, 3, "{}", ran.err);
        assert!(ran.err.contains(said) && !ran.err.contains("Traceback"), "{}", ran.err);
        assert!(!project.scratch().path().join("x.yaml").exists());
    }
}

#[test]
fn a_script_without_the_program_says_how_to_name_it() {
    let project = Project::new(SETTINGS);
    let python = environment().python();
    let mut command = Command::new(&python);
    let script = project.scratch().write("script.py", PLAIN);
    command.arg(script).args(["-m", "shop.settings"]).current_dir(project.scratch().path()).env_clear();
    let named = |path: &str, command: &mut Command| run(command.env("CONN_CHECK_CONFIGS", path));
    let missing = named("/nonexistent/conn-check-configs", &mut command);
    assert_eq!(missing.status, 3);
    assert!(
        missing.err.contains("CONN_CHECK_CONFIGS=/nonexistent/conn-check-configs is no program"),
        "{}",
        missing.err
    );
}

#[test]
fn the_same_sources_give_the_same_wheel() {
    let folders = ["wheel-one", "wheel-two"].map(|name| agent::folder().join(name));
    let [one, two] = folders.each_ref().map(|folder| fs::read(pack(folder)).expect("a wheel"));
    assert!(one == two, "two wheels differ");
    folders.iter().for_each(|folder| fs::remove_dir_all(folder).expect("removed"));
}

#[test]
fn pip_knows_what_the_wheel_is() {
    let mut pip = Command::new(environment().python());
    let shown = run(pip.args(["-m", "pip", "show", "--files", "conn-check-configs"]));
    assert!(shown.out.contains(&format!("Version: {}\n", env!("CARGO_PKG_VERSION"))), "{}", shown.out);
    for file in ["conn_check_configs/django.py", "conn_check_configs/bridge.py", "conn_check_configs/__init__.py"] {
        assert!(shown.out.contains(file), "{}", shown.out);
    }
    let check = run(Command::new(environment().python()).args(["-m", "pip", "check"]));
    assert_eq!(check.status, 0, "{}{}", check.out, check.err);
}
