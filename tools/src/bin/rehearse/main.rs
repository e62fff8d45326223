//! Plays a whole life of the charm on this machine without Juju: the real hooks and actions, a strict
//! double of the hook tools, a scratch directory for `/`. Shows what each hook did.
//!
//! `rehearse [--config FILE]`: with a file, the checks are those; people who write a charm for their
//! application can try what the charm says to theirs.

mod checks;
mod did;
mod stage;

use checks::Checks;
use harness::juju::machine::Machine;
use harness::packed::{self, NEXT_VERSION, VERSION};
use stage::{FILE, SERVICE, Stage};
use std::process::ExitCode;
use tools::page::Page;

const USAGE: &str = "cargo xtask rehearse [--config FILE]";

const WHAT_ELSE: &str = "\
try a file of your own: the status says what is wrong with it, the action runs it from this machine
    cargo xtask rehearse --config checks.yaml

pack the charm and deploy it
    cargo xtask pack && juju deploy ./conn-check_*.charm";

fn main() -> ExitCode {
    let page = Page::of_this_terminal();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let checks = match arguments[..] {
        [] => Ok(Checks::of_a_small_world()),
        ["--config", file] => Checks::of_a_file(file),
        _ => Err(USAGE.to_owned()),
    };
    match checks {
        Err(why) => {
            Page::text(&why);
            ExitCode::FAILURE
        }
        Ok(checks) => {
            if play(&page, checks) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// From deploy to remove; whether every hook ended well and nothing is left.
fn play(page: &Page, mut checks: Checks) -> bool {
    let mut stage = Stage::set(page, Machine::in_scratch());
    comes(page, &mut stage, &checks);
    works(page, &mut stage, &mut checks);
    changes(page, &mut stage);
    goes(page, &mut stage);
    if stage.all_well() {
        page.heading("Now you");
        Page::text(WHAT_ELSE);
    }
    stage.all_well()
}

fn comes(page: &Page, stage: &mut Stage<'_>, checks: &Checks) {
    page.heading("The charm beside an application");
    stage.operator(&["juju deploy my-service", "juju deploy ./conn-check.charm"]);
    stage.juju().add_unit("my-service");
    stage.juju().deploy("conn-check", &packed::charm());
    stage.operator(&["juju integrate my-service:conn-check conn-check"]);
    let relation = stage.juju().relate("conn-check:conn-check", "my-service:conn-check");
    stage.hooks();
    page.heading("The application says what it needs");
    Page::text(&format!("Its hook conn-check-relation-changed writes {FILE} and tells the charm where it is."));
    page.code(&checks.file);
    stage.operator(&[
        &format!("chown conn-check:nagios {FILE} && chmod 0660 {FILE}"),
        &format!("relation-set config_path={FILE}"),
    ]);
    stage.write_checks(&checks.file);
    stage.juju().set(SERVICE, relation, &[("config_path", FILE)]);
    stage.hooks();
}

fn works(page: &Page, stage: &mut Stage<'_>, checks: &mut Checks) {
    page.heading("On demand");
    stage.action("run-check");
    stage.update_status();
    page.heading("From Nagios");
    stage.operator(&["juju deploy nrpe", "juju integrate my-service nrpe", "juju integrate conn-check nrpe"]);
    stage.juju().machine().install_nrpe();
    stage.juju().add_subordinate("nrpe", SERVICE);
    let nrpe = stage.juju().relate("conn-check:nrpe-external-master", "nrpe:nrpe-external-master");
    stage.juju().set("nrpe/0", nrpe, &[("nagios_hostname", "juju-my-service-0")]);
    stage.ignore_the_application();
    stage.hooks();
    if let Some(what) = checks.break_one() {
        page.heading("Something breaks");
        Page::text(&what);
        stage.action("run-nagios-check");
        stage.update_status();
    }
}

fn changes(page: &Page, stage: &mut Stage<'_>) {
    page.heading("The operator changes an option");
    stage.operator(&["juju config conn-check max_timeout=20"]);
    stage.juju().configure("conn-check", "max_timeout", 20);
    stage.hooks();
    stage.operator(&["juju config conn-check revision=1.3.1"]);
    stage.juju().configure("conn-check", "revision", "1.3.1");
    stage.hooks();
    stage.operator(&["juju config conn-check --reset revision"]);
    stage.juju().configure("conn-check", "revision", serde_json::Value::Null);
    stage.hooks();
    page.heading("An upgrade");
    Page::text(&format!("The next charm brings conn-check {NEXT_VERSION}; {VERSION} is in use until then."));
    stage.operator(&["juju refresh conn-check --path ./conn-check.charm"]);
    stage.juju().upgrade("conn-check", &packed::next_charm());
    stage.hooks();
}

fn goes(page: &Page, stage: &mut Stage<'_>) {
    page.heading("The end");
    stage.operator(&["juju remove-application conn-check"]);
    stage.juju().remove("conn-check");
    stage.hooks();
    stage.look_back();
}
