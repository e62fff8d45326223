//! Relations in every order lead to the same.

use crate::site::{FILE, SERVICE, UNIT, give_to_us, nothing_is_left, status, tree, well, writes_nothing_more};
use harness::juju::Juju;
use harness::juju::machine::Machine;
use harness::juju::tree::Tree;
use harness::packed;

/// Each order of three things.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// Two relations and the application's word, in this order, settled in between or not.
fn related(order: [usize; 3], settled: bool) -> (Juju, Tree, u32) {
    let juju = Juju::start(Machine::in_scratch());
    juju.machine().install_nrpe();
    let before = tree(&juju);
    juju.add_unit("my-service");
    juju.add_subordinate("nrpe", SERVICE);
    juju.deploy("conn-check", &packed::charm());
    let mut relation = None;
    for step in order {
        match step {
            0 => relation = Some(juju.relate("conn-check:conn-check", "my-service:conn-check")),
            1 => {
                let nrpe = juju.relate("conn-check:nrpe-external-master", "nrpe:nrpe-external-master");
                juju.set("nrpe/0", nrpe, &[("nagios_hostname", "juju-my-service-0")]);
            }
            _ => juju.configure("conn-check", "config", "- {type: tcp, host: 127.0.0.1, port: 9}"),
        }
        if settled {
            juju.settle().iter().for_each(well);
        }
    }
    juju.settle().iter().for_each(well);
    (juju, before, relation.expect("related"))
}

#[test]
fn relations_and_options_in_every_order_lead_to_the_same_files_and_status() {
    let wanted = tree(&related(ORDERS[0], true).0).entries.into_keys().collect::<Vec<_>>();
    for order in ORDERS {
        for settled in [false, true] {
            let (juju, before, _) = related(order, settled);
            assert_eq!(status(&juju, UNIT), "active: 1 check, not run yet", "{order:?}");
            assert_eq!(tree(&juju).entries.into_keys().collect::<Vec<_>>(), wanted, "{order:?}");
            assert_eq!(juju.services(|services| services.calls.len()), 1, "{order:?}: {:?}", juju.possible());
            writes_nothing_more(&juju, UNIT);
            juju.remove("my-service");
            juju.settle().iter().for_each(well);
            nothing_is_left(&juju, &before);
        }
    }
}

#[test]
fn relations_that_end_in_any_order_leave_nothing() {
    for nrpe_first in [true, false] {
        let (juju, before, relation) = related(ORDERS[0], true);
        give_to_us(&juju, FILE, "- {type: tcp, host: 127.0.0.1, port: 9}");
        let ids = if nrpe_first { [relation + 1, relation] } else { [relation, relation + 1] };
        for id in ids {
            juju.unrelate(id);
            juju.settle().iter().for_each(well);
        }
        nothing_is_left(&juju, &before);
    }
}
