//! Where the checks go, and where their secrets do.

use super::validated;
use harness::celery::Celery;
use harness::django::{Project, SYSTEM_PYTHON, run};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

const PASSWORD: &str = "hunter2-Correct.Horse";

const SETTINGS: &str = "\
DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.postgresql',
        'NAME': 'shop',
        'USER': 'app',
        'PASSWORD': 'hunter2-Correct.Horse',
        'HOST': 'db.internal',
    },
}
SECRET_KEY = 'of-nobody-s-business'
";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").mode() & 0o7777
}

#[test]
fn a_new_file_is_its_owners_and_an_old_one_keeps_mode_and_owner() {
    let project = Project::new(SETTINGS);
    let path = project.scratch().path().join("checks.yaml");
    assert_eq!(project.generate(SYSTEM_PYTHON, &["-f", "checks.yaml"]).status, 0);
    assert_eq!(mode(&path), 0o600);
    fs::write(&path, "old").expect("written");
    fs::set_permissions(&path, Permissions::from_mode(0o660)).expect("a mode");
    let is_root = fs::metadata("/proc/self").expect("this process").uid() == 0;
    if is_root {
        std::os::unix::fs::chown(&path, Some(65534), Some(65534)).expect("another owner");
    }
    let owner = fs::metadata(&path).expect("a file").uid();
    assert_eq!(project.generate(SYSTEM_PYTHON, &["--output-file", "checks.yaml"]).status, 0);
    assert_eq!((mode(&path), fs::metadata(&path).expect("a file").uid()), (0o660, owner));
    assert!(project.read("checks.yaml").contains("host: db.internal\n"));
}

#[test]
fn a_file_that_cannot_be_written_leaves_nothing() {
    let project = Project::new(SETTINGS);
    for path in ["nowhere/checks.yaml", ".", "/proc/checks.yaml"] {
        let ran = project.generate(SYSTEM_PYTHON, &["-f", path]);
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{path}: {}", ran.err);
        assert!(ran.err.starts_with("conn-check-django: ") && !ran.err.contains(PASSWORD), "{}", ran.err);
    }
    let left = fs::read_dir(project.scratch().path()).expect("the project").count();
    assert_eq!(left, 1, "something is left beside the package");
}

#[test]
fn an_old_file_survives_settings_that_fail() {
    let project = Project::new("1/0\n");
    project.scratch().write("checks.yaml", "old");
    assert_eq!(project.generate(SYSTEM_PYTHON, &["-f", "checks.yaml"]).status, 3);
    assert_eq!(project.read("checks.yaml"), "old");
}

#[test]
fn secrets_may_stand_outside_of_the_file() {
    let project = Project::new(SETTINGS);
    let by_variable = project.generate(SYSTEM_PYTHON, &["--secrets", "env"]);
    assert!(by_variable.out.contains("password: {env: DATABASES_DEFAULT_PASSWORD}\n"), "{}", by_variable.out);
    assert!(by_variable.err.contains("DATABASES_DEFAULT_PASSWORD"), "{}", by_variable.err);
    let by_file = project.generate(SYSTEM_PYTHON, &["--secrets", "file", "--secrets-dir", "/run/secrets"]);
    assert!(by_file.out.contains("password: {file: /run/secrets/DATABASES_DEFAULT_PASSWORD}\n"), "{}", by_file.out);
    for ran in [&by_variable, &by_file] {
        assert!(
            ran.status == 0 && !ran.out.contains(PASSWORD) && !ran.err.contains(PASSWORD),
            "{}{}",
            ran.out,
            ran.err
        );
    }
    let inline = project.generate(SYSTEM_PYTHON, &[]);
    assert!(inline.out.contains(PASSWORD) && validated(&inline.out).status == 0);
}

/// What any user can see of a process while the settings are being read: its arguments, and the
/// files it leaves.
#[test]
fn no_secret_is_an_argument_or_a_file_on_the_way() {
    let spying = "\
import os
seen = ''
pid = os.getpid()
for who in (pid, os.getppid()):
    with open('/proc/%d/cmdline' % who, 'rb') as f:
        seen += f.read().decode('utf-8', 'replace')
STATSD_HOST = 'clean' if 'hunter2' not in seen else 'leaked'
";
    let project = Project::new(format!("{SETTINGS}{spying}"));
    let ran = project.generate(SYSTEM_PYTHON, &[]);
    assert!(ran.out.contains("host: clean\n"), "{}", ran.out);
    let project = Project::new(SETTINGS);
    let program = harness::agent::program_called("conn-check-django");
    let mut trace = std::process::Command::new("strace");
    trace.current_dir(project.scratch().path()).env_clear().env("PATH", "/usr/bin:/bin");
    trace.args(["-f", "-qq", "-s", "65536", "-e", "trace=execve,openat,creat,write", "-o", "trace", "--"]).arg(program);
    let ran = run(trace.args(["-m", "shop.settings", "-f", "checks.yaml", "--python", SYSTEM_PYTHON]));
    assert_eq!(ran.status, 0, "{}", ran.err);
    let traced = project.read("trace");
    let shown = traced.lines().filter(|line| line.contains(PASSWORD));
    let wrote: Vec<_> = shown.map(|line| line.split_once('(').map_or(line, |(call, _)| call)).collect();
    // Into the pipe by Python, into the file by us.
    assert_eq!(wrote.len(), 2, "{wrote:?}");
    assert!(wrote.iter().all(|call| call.ends_with("write")), "{wrote:?}");
    assert!(!traced.contains("of-nobody-s-business"), "the key of the sessions is handed over");
    let made: Vec<_> = traced.lines().filter(|line| line.contains("O_CREAT")).collect();
    assert!(made.iter().all(|line| line.contains("checks.yaml")), "{made:?}");
}

#[test]
fn queues_of_celery_are_read_by_their_names() {
    let project = Project::new(
        "from kombu import Exchange, Queue
CELERY_TASK_QUEUES = (Queue('fast', Exchange('jobs'), routing_key='f'), Queue('slow'))
CELERY_BROKER_URL = 'redis://cache.internal/0'
INSTALLED_APPS = ['health_check.contrib.celery_ping']
",
    );
    for version in Celery::ALL {
        let ran = project.generate(version.python(), &["-f", "checks.yaml"]);
        assert_eq!(ran.status, 0, "{ran:?}");
        let text = project.read("checks.yaml");
        assert!(text.contains("queues: [fast, slow]"), "{version:?}: {text}");
    }
}
