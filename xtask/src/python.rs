//! The Python environments of the tests, below `target/`.

use crate::step::{self, Outcome};
use std::process::Command;

/// The system's own: an old Django does not run with a newer one.
const PYTHON: &str = "/usr/bin/python3";

/// The versions of Django, one per line: each has an environment named after it, `django-5.2.19`.
const DJANGOS: &str = include_str!("../../tests/django.txt");

/// The versions of Celery, one per line with what belongs to them: each has an environment named after its first word,
/// `celery-5.7.0`.
const CELERIES: &str = include_str!("../../tests/celery.txt");

/// What others' tools say of the charm. Each in an environment of its own: they need different versions of
/// the same packages.
const CHARM_TOOLS: [(&str, &[&str]); 2] =
    [("charm-tools", &["charm-tools==3.0.9"]), ("charmcraft", &["charmcraft==4.5.0", "ops[testing]==3.9.0"])];

/// Reads metrics as strictly as the standard has it (`prometheus_client.openmetrics.parser`).
const METRICS_PARSER: (&str, &[&str]) = ("prometheus-client", &["prometheus-client==0.26.0"]);

/// Makes what is missing.
pub(crate) fn environments() -> Outcome {
    for (name, requirements) in CHARM_TOOLS.into_iter().chain([METRICS_PARSER]) {
        environment(name, requirements)?;
    }
    for line in CELERIES.lines().filter(|line| line.starts_with("celery==")) {
        let requirements: Vec<_> = line.split(' ').collect();
        environment(&requirements[0].replace("==", "-"), &requirements)?;
    }
    let djangos = DJANGOS.lines().filter(|line| line.starts_with("Django=="));
    djangos
        .map(|line| (line.replace("==", "-").to_lowercase(), line))
        .try_for_each(|(name, it)| environment(&name, &[it]))
}

/// Makes an environment `target/NAME` of these packages, unless it is there.
pub(crate) fn environment(name: &str, requirements: &[&str]) -> Outcome {
    let folder = step::root().join("target").join(name);
    // Written last of all, so an installation that was interrupted, or is of another list, is done again.
    let (done, list) = (folder.join("conn-check-complete"), requirements.join("\n"));
    if std::fs::read_to_string(&done).is_ok_and(|there| there == list) {
        return Ok(());
    }
    let text = folder.display().to_string();
    step::run(Command::new(PYTHON).args(["-m", "venv", "--clear", &text]), &format!("{PYTHON} -m venv {text}"))?;
    let shown = format!("pip install {}", requirements.join(" "));
    eprintln!("== {shown}");
    step::run(Command::new(folder.join("bin/pip")).args(["install", "--quiet"]).args(requirements), &shown)?;
    std::fs::write(&done, list).map_err(|error| format!("{}: {error}", done.display()))
}
