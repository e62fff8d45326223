mod plants;

use super::*;
use crate::catalogue;
use crate::concern::Part;
use crate::fault::{Cause as Why, Fault, Phase};
use crate::outcome::{Others, Step, Timing, Verdict};
use crate::plan::{Defaults, Plan, load};
use crate::secret::Redactor;
use crate::source::Source;
use plants::PLANTS;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A run whose outcomes are made up: all is well but for what is planted.
struct Town {
    plan: Plan,
    outcomes: Vec<Outcome>,
}

/// What a failure concerns.
type Concerning<'a> = &'a [(Part, &'a str)];

impl Town {
    /// So many checks of several types, each at an address of its own.
    fn of(checks: usize) -> Self {
        let mut yaml = String::new();
        for number in 0..checks {
            let host = format!("host: 'h{number}.internal'");
            let _ = match number % 4 {
                0 => writeln!(yaml, "- {{type: tcp, {host}, port: 80}}"),
                1 => writeln!(yaml, "- {{type: postgres, {host}, username: web, password: x, database: shop}}"),
                2 => writeln!(yaml, "- {{type: http, url: 'https://h{number}.internal/'}}"),
                _ => writeln!(yaml, "- {{type: redis, {host}, password: x}}"),
            };
        }
        Self::from(&yaml)
    }

    fn from(yaml: &str) -> Self {
        let source = Source::own("test", yaml);
        let (plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid");
        let outcomes = plan.entries.iter().enumerate().map(|(entry, check)| {
            let step = Step::decided(Verdict::Pass, Duration::ZERO, Duration::ZERO);
            Outcome { entry, steps: vec![step; check.results.len()], ..Outcome::default() }
        });
        let outcomes = outcomes.collect();
        Self { plan, outcomes }
    }

    /// A check has reached this address.
    fn reaches(&mut self, check: usize, address: &str) {
        let address: SocketAddr = address.parse().expect("an address");
        self.outcomes[check].phases.push(Timing {
            phase: Phase::Connect,
            elapsed: Duration::ZERO,
            address: Some(address),
        });
    }

    fn learns(&mut self, check: usize, fact: &'static str, value: serde_json::Value) {
        self.outcomes[check].facts.push((fact, value));
    }

    fn fails(&mut self, check: usize, phase: Phase, why: Why, concerning: Concerning<'_>) {
        let message = format!("{check} is not well");
        let mut fault = Fault::new(why, message);
        for (part, what) in concerning {
            fault = fault.concerning(*part, (*what).to_owned());
        }
        let failure = fault.in_phase(phase, &Redactor::default());
        let facts = std::mem::take(&mut self.outcomes[check].facts);
        let phases = std::mem::take(&mut self.outcomes[check].phases);
        let results = self.outcomes[check].steps.len();
        self.outcomes[check] = Outcome { phases, facts, ..Outcome::failed(check, results, Duration::ZERO, failure) };
    }

    fn causes(&self) -> Vec<Cause> {
        let series = || (0..self.plan.entries.len()).map(|number| format!("c{number}")).collect();
        of(&self.plan.entries, &self.outcomes, |_| true, series)
    }

    /// The checks of each cause.
    fn groups(&self) -> BTreeSet<Vec<usize>> {
        self.causes().into_iter().map(|cause| cause.checks).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.causes().into_iter().map(|cause| cause.id).collect()
    }
}

fn groups(all: &[&[usize]]) -> BTreeSet<Vec<usize>> {
    all.iter().map(|one| one.to_vec()).collect()
}

/// Numbers that are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(most).expect("small")).expect("small")
    }
}

#[test]
fn an_end_to_end_check_fails_for_what_its_guilty_part_fails_for() {
    let mut town = Town::of(6);
    town.fails(2, Phase::Request, Why::UnexpectedStatus, &[]);
    town.fails(3, Phase::Request, Why::UnexpectedStatus, &[]);
    town.outcomes[2].others = Some(Box::new(Others::Parts { run: vec![3], guilty: Some(3) }));
    town.fails(5, Phase::Request, Why::UnexpectedStatus, &[]);
    let causes = town.causes();
    let groups: Vec<_> = causes.iter().map(|cause| (cause.id.as_str(), &cause.checks[..])).collect();
    assert_eq!(groups, [("check:c3", &[2, 3][..]), ("check:c5", &[5])]);
}

#[test]
fn a_check_and_its_guilty_part_are_not_two_that_share_a_cause() {
    let refused = [(Part::Service, "10.0.0.9:80")];
    let mut town = Town::of(6);
    [2, 3].into_iter().for_each(|check| town.fails(check, Phase::Connect, Why::Refused, &refused));
    town.outcomes[2].others = Some(Box::new(Others::Parts { run: vec![3], guilty: Some(3) }));
    let cause = &town.causes()[0];
    assert_eq!((&cause.checks[..], cause.is_shared(), &cause.what[..]), (&[2, 3][..], false, "3 is not well"));
    town.fails(5, Phase::Connect, Why::Refused, &refused);
    let cause = &town.causes()[0];
    assert_eq!((&cause.checks[..], cause.is_shared()), (&[2, 3, 5][..], true));
    assert!(cause.what.ends_with(": 2 checks cannot connect"), "{}", cause.what);
}

#[test]
fn a_cause_says_of_all_its_checks_only_what_the_file_says_of_each() {
    let said = |first: &str, second: &str| {
        let check = |more: &str| format!("- {{type: tcp, host: h, port: 1{more}}}\n");
        let mut town = Town::from(&(check(first) + &check(second) + &check(", name: plain")));
        let today = time::OffsetDateTime::UNIX_EPOCH.date();
        for check in [0, 1] {
            town.fails(check, Phase::Connect, Why::Refused, &[(Part::Service, "10.0.0.9:1")]);
            town.plan.entries[check].judgement.apply(&mut town.outcomes[check], today);
        }
        let cause = town.causes().remove(0);
        (cause.owner.slug(), cause.next_step)
    };
    let (owner, next_step) = said("", "");
    let (network, config) = (", hint: call 555, owner: network", ", hint: restart it, owner: config");
    assert_eq!(said(network, config), (owner, next_step.clone()));
    assert_eq!(said(network, ""), (owner, next_step.clone()));
    assert_eq!(said(network, network), ("network", format!("call 555; {next_step}")));
}

#[test]
fn causes_beyond_the_letters_have_numbers() {
    let marks: Vec<_> = [0, 25, 26, 51, 52, 99].map(|place| Mark(place).to_string()).into();
    assert_eq!(marks, ["A", "Z", "a", "z", "#53", "#100"]);
}

#[test]
fn of_thirty_sets_of_causes_over_fifty_checks_the_planted_ones_are_named() {
    for set in 0..30 {
        let (mut town, mut dice) = (Town::of(50), Dice(0x9e37_79b9 + set));
        let mut free: Vec<usize> = (0..50).collect();
        let mut planted = BTreeSet::new();
        let many = 1 + dice.below(5);
        let mut last = dice.below(PLANTS.len());
        for number in 0..many {
            // Every other one is of the kind of the one before: another fault with the same symptom.
            let kind = if number % 2 == 1 { last } else { dice.below(PLANTS.len()) };
            last = kind;
            let size = (PLANTS[kind].least + dice.below(9)).min(free.len());
            let mut checks: Vec<_> = (0..size).map(|_| free.swap_remove(dice.below(free.len()))).collect();
            checks.iter().for_each(|check| (PLANTS[kind].fail)(&mut town, *check, number));
            checks.sort_unstable();
            assert!(planted.insert(checks), "set {set}");
        }
        for check in free {
            town.reaches(check, &format!("10.200.{check}.1:80"));
        }
        assert_eq!(town.groups(), planted, "set {set}: {:#?}", town.causes());
    }
}

#[test]
fn each_failed_check_is_in_one_cause_and_each_cause_has_an_id_of_its_own() {
    let mut town = Town::of(200);
    let mut dice = Dice(77);
    for check in 0..200 {
        let (kind, number) = (dice.below(PLANTS.len()), dice.below(4));
        (PLANTS[kind].fail)(&mut town, check, number);
    }
    let causes = town.causes();
    let mut checks: Vec<_> = causes.iter().flat_map(|cause| cause.checks.clone()).collect();
    checks.sort_unstable();
    assert_eq!(checks, (0..200).collect::<Vec<_>>());
    let ids: BTreeSet<_> = causes.iter().map(|cause| &cause.id).collect();
    assert_eq!(ids.len(), causes.len(), "{causes:#?}");
}

#[test]
fn two_ports_of_a_host_have_one_cause_only_where_nothing_of_it_answers() {
    let refused = |town: &mut Town, check, place| {
        town.fails(check, Phase::Connect, Why::Refused, &[(Part::Service, place)]);
    };
    let silent = |town: &mut Town, check, place| {
        town.fails(check, Phase::Connect, Why::Timeout, &[(Part::Service, place), (Part::Host, "10.0.0.9")]);
    };
    let mut town = Town::of(4);
    refused(&mut town, 0, "10.0.0.9:80");
    refused(&mut town, 1, "10.0.0.9:81");
    assert_eq!(town.ids(), ["service:10.0.0.9:80", "service:10.0.0.9:81"]);

    let mut town = Town::of(4);
    silent(&mut town, 0, "10.0.0.9:80");
    silent(&mut town, 1, "10.0.0.9:81");
    assert_eq!(town.ids(), ["host:10.0.0.9"]);
    assert_eq!(town.causes()[0].what, "10.0.0.9 does not answer at all: 2 checks cannot connect");
    // Whoever refuses is there, and so is whoever lets somebody in.
    let mut other = town;
    refused(&mut other, 2, "10.0.0.9:82");
    assert_eq!(other.groups(), groups(&[&[0], &[1], &[2]]));
    let mut town = Town::of(4);
    silent(&mut town, 0, "10.0.0.9:80");
    silent(&mut town, 1, "10.0.0.9:81");
    town.reaches(3, "10.0.0.9:22");
    assert_eq!(town.groups(), groups(&[&[0], &[1]]));
}

#[test]
fn a_router_is_the_cause_only_where_several_hosts_are_silent_behind_it_and_none_beside_them_answers() {
    let silent = |town: &mut Town, check, host: &str| {
        let place = format!("{host}:80");
        let concerning = [(Part::Service, &place[..]), (Part::Host, host), (Part::Router, "10.1.0.1")];
        town.fails(check, Phase::Connect, Why::Timeout, &concerning);
    };
    let mut town = Town::of(4);
    silent(&mut town, 0, "10.2.0.8");
    assert_eq!(town.ids(), ["host:10.2.0.8"]);
    silent(&mut town, 1, "10.2.0.9");
    assert_eq!(town.ids(), ["router:10.1.0.1"]);
    let what = "nothing answers at or behind 10.1.0.1, the last router that does: 2 checks cannot connect";
    assert_eq!(town.causes()[0].what, what);
    town.reaches(2, "10.2.0.77:80");
    assert_eq!(town.ids(), ["host:10.2.0.8", "host:10.2.0.9"]);
}

#[test]
fn a_zone_that_is_broken_is_not_its_resolver() {
    let mut town = Town::of(5);
    for (check, name) in [(0, "a.broken"), (1, "a.broken"), (2, "b.broken")] {
        town.fails(check, Phase::Resolve, Why::Timeout, &[(Part::Name, name)]);
    }
    assert_eq!(town.groups(), groups(&[&[0, 1], &[2]]));
    // A resolver that has answered a question is not dead, whatever was thought of it.
    let dead = [(Part::Name, "c"), (Part::Resolver, "10.0.0.53")];
    town.fails(3, Phase::Resolve, Why::Timeout, &dead);
    assert!(town.ids().contains(&"resolver:10.0.0.53".to_owned()));
    town.learns(4, "resolver", json!("10.0.0.53:53"));
    assert!(town.ids().contains(&"name:c".to_owned()), "{:?}", town.ids());
}

#[test]
fn a_proxy_that_lets_somebody_through_is_not_the_cause() {
    let mut town = Town::of(4);
    for (check, origin) in [(0, "a:443"), (1, "b:443")] {
        let place = format!("{origin} through p:3128");
        town.fails(check, Phase::Proxy, Why::Timeout, &[(Part::Proxy, "p:3128"), (Part::Service, &place)]);
    }
    assert_eq!(town.ids(), ["proxy:p:3128"]);
    town.learns(2, "proxy", json!("p:3128"));
    assert_eq!(town.groups(), groups(&[&[0], &[1]]));
    // Targets that it cannot reach are theirs, each.
    let mut town = Town::of(2);
    for (check, origin) in [(0, "a:443"), (1, "b:443")] {
        let place = format!("{origin} through p:3128");
        town.fails(check, Phase::Proxy, Why::BadGateway, &[(Part::Proxy, "p:3128"), (Part::Service, &place)]);
    }
    assert_eq!(town.groups(), groups(&[&[0], &[1]]));
}

#[test]
fn certificates_and_authorities_of_one_name_are_told_apart() {
    let mut town = Town::of(6);
    for (check, certificate) in [(0, "CN=shop (aa)"), (1, "CN=shop (bb)"), (2, "CN=shop (aa)")] {
        town.fails(check, Phase::Tls, Why::Expired, &[(Part::Certificate, certificate)]);
    }
    for (check, authority) in [(3, "CN=CA (aa)"), (4, "CN=CA (bb)")] {
        let own = format!("CN=h{check} (cc)");
        town.fails(check, Phase::Tls, Why::Untrusted, &[(Part::Certificate, &own), (Part::Authority, authority)]);
    }
    assert_eq!(town.groups(), groups(&[&[0, 2], &[1], &[3], &[4]]));
}

#[test]
fn an_authority_that_is_trusted_elsewhere_is_not_the_cause_of_chains_that_are_not_sent() {
    let mut town = Town::of(3);
    for check in [0, 1] {
        let own = format!("CN=h{check} (cc)");
        town.fails(
            check,
            Phase::Tls,
            Why::Untrusted,
            &[(Part::Certificate, &own), (Part::Authority, "CN=Sub CA (aa)")],
        );
    }
    assert_eq!(town.groups(), groups(&[&[0, 1]]));
    town.learns(2, "tls_verified", json!(true));
    town.learns(2, "certificate", json!({"issuer": "CN=Sub CA"}));
    assert_eq!(town.groups(), groups(&[&[0], &[1]]));
}

#[test]
fn an_account_is_one_at_one_server_and_several_checks_of_it_are_one_cause() {
    let postgres = |user: &str, database: &str| {
        format!("- {{type: postgres, host: db, username: {user}, password: x, database: {database}}}\n")
    };
    let yaml = [postgres("web", "a"), postgres("web", "b"), postgres("etl", "a"), postgres("web", "c")].concat();
    let mut town = Town::from(&yaml);
    for (check, place) in [(0, "10.0.0.5:5432"), (1, "10.0.0.5:5432"), (2, "10.0.0.5:5432"), (3, "10.0.0.6:5432")] {
        town.fails(check, Phase::Auth, Why::Rejected, &[(Part::Service, place)]);
    }
    assert_eq!(town.ids(), ["account:web@10.0.0.5:5432", "account:etl@10.0.0.5:5432", "account:web@10.0.0.6:5432"]);
    assert_eq!(town.groups(), groups(&[&[0, 1], &[2], &[3]]));
}

#[test]
fn two_faults_of_one_service_are_two_causes() {
    let mut town = Town::of(3);
    let place = [(Part::Service, "10.0.0.5:80")];
    town.fails(0, Phase::Protocol, Why::Closed, &place);
    town.fails(1, Phase::Protocol, Why::Overloaded, &place);
    town.fails(2, Phase::Tls, Why::Closed, &place);
    let ids = [
        "service:10.0.0.5:80 protocol.closed",
        "service:10.0.0.5:80 protocol.overloaded",
        "service:10.0.0.5:80 tls.closed",
    ];
    assert_eq!(town.ids(), ids);
}

#[test]
fn what_no_row_has_is_each_checks_own() {
    let mut town = Town::of(3);
    town.fails(0, Phase::Request, Why::UnexpectedStatus, &[(Part::Service, "10.0.0.5:80")]);
    town.fails(1, Phase::Request, Why::UnexpectedStatus, &[(Part::Service, "10.0.0.5:80")]);
    assert_eq!(town.ids(), ["check:c0", "check:c1"]);
    assert_eq!(town.causes()[0].what, "0 is not well");
}

#[test]
fn a_dead_resolver_is_told_with_what_it_costs() {
    let mut town = Town::of(50);
    for check in 0..14 {
        (PLANTS[0].fail)(&mut town, check, 0);
    }
    let causes = town.causes();
    let told: Vec<_> = causes.iter().map(|cause| (&cause.id[..], &cause.what[..], cause.owner.slug())).collect();
    let what = "10.0.0.53 does not answer: 14 checks cannot resolve their names";
    assert_eq!(told, [("resolver:10.0.0.53", what, "dns")]);
}

#[test]
fn every_code_of_the_table_is_one_of_the_catalogue() {
    for code in TABLE.iter().flat_map(|row| row.codes) {
        let is_known = |known: &str| known == *code || (code.ends_with('.') && known.starts_with(code));
        assert!(catalogue::ALL.iter().any(|known| is_known(known.name)), "{code}");
    }
}

#[test]
fn nothing_is_done_while_all_is_well_and_a_thousand_failures_take_a_moment() {
    let mut town = Town::of(1000);
    let series = || -> Vec<String> { panic!("nobody needs a name") };
    assert!(of(&town.plan.entries, &town.outcomes, |_| true, series).is_empty());
    for check in 0..1000 {
        (PLANTS[check % PLANTS.len()].fail)(&mut town, check, check % 7);
    }
    let began = Instant::now();
    assert!(town.causes().len() > PLANTS.len());
    // A hundred times as long as it takes.
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
}
