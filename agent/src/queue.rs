//! The checks that wait for their turn, or for others (`depends_on`, `parts`); the limit per host (`--per-host`), and that of
//! programs.

mod chain;

use crate::checks::Spec;
use crate::plan::Plan;
use chain::Chain;
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

/// Checks in the plan's order; those of a host that is busy are set aside until it is not.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Those that may start, as far as is known. While a host has room, the first check that was set
    /// aside for it is among them.
    waiting: BTreeSet<usize>,
    hosts: Vec<Host>,
    /// The hosts of each check, by its place in the plan; none without a limit.
    of_entry: HashMap<usize, Vec<usize>>,
    /// Those that wait for others.
    chain: Chain,
}

/// What is known of a host; those that start programs of this one have it in common.
#[derive(Clone, Debug, Default)]
struct Host {
    running: usize,
    /// So many checks of it at once.
    most: usize,
    /// The checks that it was too busy for. A check with several busy hosts waits for one of them.
    aside: BTreeSet<usize>,
}

impl Queue {
    /// Checks that wait, by their place in the plan.
    pub(crate) fn new(entries: impl Iterator<Item = usize>) -> Self {
        Self { waiting: entries.collect(), hosts: Vec::new(), of_entry: HashMap::new(), chain: Chain::default() }
    }

    /// Lets no more programs run at once than a host carries beside its own work: each is a process, of an interpreter
    /// maybe, where all other checks are a few kilobytes of this one.
    pub(crate) fn sparing_this_host(mut self, plan: &Plan) -> Self {
        const PROGRAMS: usize = 16;
        let own = self.hosts.len();
        let starting = |entry: &&usize| matches!(plan.entries[**entry].spec, Spec::Command(_));
        for entry in self.waiting.iter().filter(starting) {
            self.of_entry.entry(*entry).or_default().push(own);
        }
        self.hosts.push(Host { most: PROGRAMS, ..Host::default() });
        self
    }

    /// Lets so many checks of one host run at once, on a host with these resolvers.
    pub(crate) fn limited(mut self, most: usize, plan: &Plan, resolvers: &[SocketAddr]) -> Self {
        let mut numbers = HashMap::new();
        for entry in &self.waiting {
            let endpoints = plan.entries[*entry].endpoints(resolvers);
            let names: BTreeSet<_> = endpoints.iter().map(|endpoint| endpoint.host.bare()).collect();
            let known = names.into_iter().map(|name| {
                let next = numbers.len();
                *numbers.entry(name).or_insert(next)
            });
            self.of_entry.insert(*entry, known.collect());
        }
        Self { hosts: vec![Host { most, ..Host::default() }; numbers.len()], ..self }
    }

    /// Holds back what waits for others, and the parts that are run only when they are needed. The last to be said of a queue.
    pub(crate) fn chained(mut self, plan: &Plan, is_on_demand: impl Fn(usize) -> bool) -> Self {
        self.chain = Chain::of(&self.waiting, plan, is_on_demand);
        self.waiting.retain(|entry| !self.chain.holds(*entry));
        self
    }

    /// Whether none can be started now, though some may be set aside.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next check that may start.
    pub(crate) fn next(&mut self) -> Option<usize> {
        while let Some(entry) = self.waiting.pop_first() {
            let of_it = self.of_entry.get(&entry).map_or(&[][..], Vec::as_slice);
            let busy = of_it.iter().find(|host| self.hosts[**host].is_busy());
            if let Some(busy) = busy {
                self.hosts[*busy].aside.insert(entry);
            } else {
                of_it.iter().for_each(|host| self.hosts[*host].running += 1);
            }
            // Another one may take the room that this check has left, or did not take.
            of_it.iter().for_each(|host| self.waiting.extend(self.hosts[*host].freed()));
            if busy.is_none() {
                return Some(entry);
            }
        }
        None
    }

    /// A check is over: its hosts have room for another.
    pub(crate) fn finished(&mut self, entry: usize) {
        for host in self.of_entry.get(&entry).into_iter().flatten() {
            self.hosts[*host].running -= 1;
            self.waiting.extend(self.hosts[*host].freed());
        }
    }

    /// A check is decided: those that wait for it may start; of those that cannot, as it failed, the places.
    pub(crate) fn decided(&mut self, entry: usize, has_failed: bool) -> Vec<usize> {
        let blocked = self.chain.decided(entry, has_failed);
        self.waiting.extend(self.chain.freed());
        blocked
    }

    /// A part is needed; whether it can start, now or later: what it depends on may have failed.
    pub(crate) fn demand(&mut self, part: usize) -> bool {
        let can = self.chain.demand(part);
        self.waiting.extend(self.chain.freed());
        can
    }

    /// A part is not needed: those that wait for it need not.
    pub(crate) fn dismiss(&mut self, part: usize) {
        self.chain.forget(part);
        self.decided(part, false);
    }

    /// Empties the queue: all that never started, those set aside included, in the plan's order; not the parts that nobody
    /// has needed.
    pub(crate) fn drain(&mut self) -> BTreeSet<usize> {
        let mut all = std::mem::take(&mut self.waiting);
        self.hosts.iter_mut().for_each(|host| all.append(&mut host.aside));
        all.extend(self.chain.drain());
        all
    }
}

impl Host {
    /// The first check that was set aside, when there is room for it.
    fn freed(&mut self) -> Option<usize> {
        if self.is_busy() { None } else { self.aside.pop_first() }
    }

    const fn is_busy(&self) -> bool {
        self.running >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Defaults, load};
    use crate::source::Source;
    use std::time::Duration;

    /// Asks the resolvers of the host: 10.0.0.1 and 10.0.0.2.
    const BOTH: &str = "- {type: dns, name: x}\n";

    fn tcp(host: &str) -> String {
        format!("- {{type: tcp, host: {host}, port: 1}}\n")
    }

    fn queue(checks: &[&str], most: usize) -> Queue {
        let source = Source::own("test", checks.concat());
        let (plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid");
        let resolvers = [1, 2].map(|last| SocketAddr::from(([10, 0, 0, last], 53)));
        Queue::new(0..checks.len()).limited(most, &plan, &resolvers)
    }

    fn started(queue: &mut Queue) -> Vec<usize> {
        std::iter::from_fn(|| queue.next()).collect()
    }

    #[test]
    fn a_busy_host_does_not_hold_up_the_others() {
        let mut queue = queue(&[&tcp("a"), &tcp("a"), &tcp("b")], 1);
        assert_eq!(started(&mut queue), [0, 2]);
        queue.finished(2);
        assert!(started(&mut queue).is_empty());
        queue.finished(0);
        assert_eq!(started(&mut queue), [1]);
        assert!(queue.drain().is_empty());
    }

    #[test]
    fn no_more_programs_run_at_once_than_a_host_carries() {
        let program = "- {type: command, command: [a]}\n";
        let source = Source::own("test", program.repeat(20) + &tcp("a"));
        let (plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid");
        let mut queue = Queue::new(0..21).sparing_this_host(&plan);
        assert_eq!(started(&mut queue), (0..16).chain([20]).collect::<Vec<_>>());
        queue.finished(3);
        assert_eq!(started(&mut queue), [16]);
    }

    #[test]
    fn what_waits_starts_when_all_are_decided_and_what_is_not_needed_never() {
        let check = |name: &str, more: &str| format!("- {{type: tcp, host: h, port: 1, name: {name}{more}}}\n");
        let text =
            check("a", "") + &check("b", ", depends_on: [a, d]") + &check("c", ", depends_on: b") + &check("d", "");
        let source = Source::own("test", text);
        let (mut plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid");
        assert!(plan.link().is_empty());
        let begun = || {
            let mut queue = Queue::new(0..4).chained(&plan, |entry| entry == 3);
            assert_eq!(started(&mut queue), [0]);
            queue
        };
        let mut queue = begun();
        assert!(queue.decided(0, false).is_empty() && started(&mut queue).is_empty());
        queue.dismiss(3);
        assert_eq!(started(&mut queue), [1]);
        let mut queue = begun();
        assert_eq!(queue.decided(0, true), [1], "it does not wait for what cannot help");
        assert_eq!(queue.decided(1, true), [2]);
        assert!(queue.drain().is_empty(), "nobody has needed the part");
        let mut queue = begun();
        assert!(queue.demand(3));
        assert_eq!(queue.drain(), [1, 2, 3].into());
    }

    #[test]
    fn a_slot_that_comes_free_goes_to_the_first_check_that_can_start() {
        let (one, other) = (tcp("10.0.0.1"), tcp("10.0.0.2"));
        let mut queue = queue(&[&one, BOTH, &one, &other], 1);
        assert_eq!(started(&mut queue), [0, 3]);
        queue.finished(0);
        assert!(!queue.is_empty());
        assert_eq!(started(&mut queue), [2], "the other host is still busy");
        queue.finished(3);
        assert!(started(&mut queue).is_empty());
        queue.finished(2);
        assert_eq!(started(&mut queue), [1]);
    }

    #[test]
    fn what_was_set_aside_starts_and_ends_in_the_plans_order() {
        let hosts: Vec<_> = (0..20).map(|number| tcp(&format!("h{}", number % 5))).collect();
        let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
        let mut queue = queue(&hosts, 1);
        assert_eq!(started(&mut queue), [0, 1, 2, 3, 4]);
        [4, 2, 0].into_iter().for_each(|entry| queue.finished(entry));
        assert_eq!(started(&mut queue), [5, 7, 9]);
        assert_eq!(queue.drain(), [6, 8].into_iter().chain(10..20).collect());
    }
}
