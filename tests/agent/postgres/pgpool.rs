//! The check against pgpool itself.

use super::{failed, passes, text, with_password, yaml};
use harness::pgpool::{Pgpool, Pools};
use harness::ports;
use harness::postgres::{Postgres, Setup, USER};

#[test]
fn a_pool_passes_everything_on_and_says_no_by_rules_of_its_own() {
    let postgres = Postgres::start(&Setup::plain());
    let pool = Pgpool::start(&Pools::of(postgres.address()));
    passes(&yaml(pool.address(), "open", ", role: primary, query: SELECT 1"));
    let kept_out = Pgpool::start(&Pools::of(postgres.address()).rules("host all stranger 127.0.0.1/32 trust\n"));
    let failure = failed(&yaml(kept_out.address(), "open", ""), "auth.host-not-allowed", "service");
    assert!(text(&failure, "message").starts_with("pgpool does not let this user in"), "{failure}");
    assert!(text(&failure, "next_step").contains("pool_hba.conf"), "{failure}");
}

#[test]
fn a_pool_without_a_server_behind_it_is_not_blamed_on_the_login() {
    let refusing = ports::free();
    let pool = Pgpool::start(&Pools::of(refusing.address()));
    let failure = failed(&yaml(pool.address(), USER, &with_password("")), "protocol.not-ready", "service");
    assert!(text(&failure, "message").starts_with("pgpool got no connection to the server behind it"), "{failure}");
    assert!(!text(&failure, "next_step").contains("wait"), "{failure}");
}
