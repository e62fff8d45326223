//! Relations in Juju's double as Juju treats them, with a charm of shell scripts.

use crate::juju::{charm, deployed, hooks};
use harness::juju::hook::{End, HookRun};
use harness::juju::machine::Machine;
use harness::juju::{Juju, Retry};
use harness::scratch::Scratch;

/// What a charm can read of its relations.
const LOOK: &str = "for name in conn-check nrpe-external-master; do relation-ids --format=json $name; done\n\
     for id in conn-check:0 nrpe-external-master:1; do relation-list --format=json -r $id 2>/dev/null; done; true";

/// What the hook of this name printed.
fn printed<'a>(runs: &'a [HookRun], hook: &str) -> &'a str {
    runs.iter().find(|run| run.hook == hook).map(|run| run.out.as_str()).expect("the hook has run")
}

/// A charm with both relations, and what its hooks up to now have printed.
fn related(scratch: &Scratch, script: &str) -> (Juju, Vec<HookRun>) {
    let juju = Juju::start(Machine::in_scratch());
    juju.add_unit("service");
    juju.add_subordinate("nrpe", "service/0");
    juju.deploy("little", &charm(scratch, script));
    juju.relate("little:conn-check", "service:conn-check");
    juju.relate("little:nrpe-external-master", "nrpe:nrpe-external-master");
    let runs = juju.settle();
    (juju, runs)
}

#[test]
fn all_scopes_are_entered_before_the_first_relation_hook_and_nobody_is_met_before_joined() {
    let (_, runs) = related(&Scratch::new(), LOOK);
    assert_eq!(printed(&runs, "install"), "[]\n[]\n");
    let entered = "[\"conn-check:0\"]\n[\"nrpe-external-master:1\"]\n";
    assert_eq!(printed(&runs, "conn-check-relation-created"), format!("{entered}[]\n[]\n"));
    assert_eq!(printed(&runs, "config-changed"), format!("{entered}[]\n[]\n"));
    assert_eq!(printed(&runs, "conn-check-relation-joined"), format!("{entered}[\"service/0\"]\n[]\n"));
    let last = printed(&runs, "nrpe-external-master-relation-changed");
    assert_eq!(last, format!("{entered}[\"service/0\"]\n[\"nrpe/0\"]\n"));
}

#[test]
fn a_relation_that_is_broken_is_listed_unless_the_agent_has_restarted() {
    for restarted in [false, true] {
        let (juju, _) = related(&Scratch::new(), LOOK);
        juju.unrelate(1);
        if restarted {
            juju.restart_agent("little/0");
        }
        let runs = juju.settle();
        let entered = "[\"conn-check:0\"]\n[\"nrpe-external-master:1\"]\n[\"service/0\"]\n[]\n";
        assert_eq!(printed(&runs, "nrpe-external-master-relation-departed"), entered, "it still has a member then");
        let broken = printed(&runs, "nrpe-external-master-relation-broken");
        assert_eq!(broken, if restarted { "[\"conn-check:0\"]\n[]\n[\"service/0\"]\n[]\n" } else { entered });
    }
}

#[test]
fn what_is_set_while_a_relation_breaks_is_committed() {
    let script = "case $JUJU_HOOK_NAME in *-broken) relation-set a=1; relation-get --format=json a \"$JUJU_UNIT_NAME\"\n\
         relation-get --format=json - service/0; echo $?;; esac";
    let (juju, relation, _) = deployed(script);
    juju.unrelate(relation);
    assert_eq!(printed(&juju.settle(), "conn-check-relation-broken"), "\"1\"\n1\n");
}

#[test]
fn a_unit_has_its_addresses_in_the_data_of_every_relation() {
    let (juju, _, _) = deployed("true");
    let run = juju.exec_on_machine("little/0", "relation-get --format=json -r conn-check:0 - service/0");
    for key in ["egress-subnets", "ingress-address", "private-address"] {
        assert!(run.out.contains(&format!("\"{key}\":\"192.0.2.10")), "{run:?}");
    }
}

#[test]
fn a_relation_that_is_removed_by_force_is_listed_and_refused_and_no_hook_tells_of_it() {
    let (juju, _) = related(&Scratch::new(), "true");
    juju.unrelate_by_force(1);
    assert_eq!(hooks(&juju.settle()), [""; 0]);
    let ask = |script: &str| {
        let run = juju.exec_on_machine("little/0", script);
        run.out + &run.err
    };
    let list = "relation-ids --format=json nrpe-external-master; relation-list --format=json -r nrpe-external-master:1";
    assert_eq!(ask(list), "[\"nrpe-external-master:1\"]\n[\"nrpe/0\"]\n");
    for call in
        ["relation-get --format=json -r nrpe-external-master:1 - nrpe/0", "relation-set -r nrpe-external-master:1 a=1"]
    {
        assert_eq!(ask(&format!("{call}; echo $?")), "1\nERROR permission denied\n", "{call}");
    }
    juju.restart_agent("little/0");
    assert_eq!(ask("relation-ids --format=json nrpe-external-master"), "[]\n");
    juju.unrelate_by_force(0);
    assert_eq!(hooks(&juju.settle()), ["stop", "remove"], "the unit goes, without a word of its relations");
}

#[test]
fn a_hook_whose_commit_is_refused_has_failed_and_runs_again() {
    let scratch = Scratch::new();
    let juju = Juju::start(Machine::in_scratch());
    juju.add_unit("service");
    juju.deploy("little", &charm(&scratch, "case $JUJU_HOOK_NAME in *-joined) relation-set a=1; esac"));
    let relation = juju.relate("little:conn-check", "service:conn-check");
    juju.refuse_commits(1);
    let runs = juju.settle_with(Retry::Later, &mut |_| 0);
    let refused = runs.last().expect("a hook");
    assert_eq!((refused.hook.as_str(), refused.end), ("conn-check-relation-joined", End::Refused));
    assert!(juju.data("little/0", relation).is_empty() && juju.possible().len() == 1);
    assert!(juju.settle().iter().all(|run| run.end.is_well()));
    assert_eq!(juju.data("little/0", relation)["a"], "1");
}

#[test]
fn a_unit_that_dies_leaves_its_relations_and_stops_whatever_else_has_changed() {
    let (juju, relation, _) = deployed("true");
    juju.configure("little", "revision", "2.0.0");
    juju.reboot();
    juju.unrelate(relation);
    let end = ["conn-check-relation-departed", "conn-check-relation-broken", "stop", "remove"];
    assert_eq!(hooks(&juju.settle()), end);
}

#[test]
#[should_panic(expected = "bind: invalid argument")]
fn an_agent_with_a_long_name_does_not_start() {
    let scratch = Scratch::new();
    let juju = Juju::start(Machine::in_scratch());
    juju.add_unit("service");
    let name = "x".repeat(70);
    juju.deploy(&name, &charm(&scratch, "true"));
    juju.relate(&format!("{name}:conn-check"), "service:conn-check");
}
