//! The checks that wait for their turn, and the limit per host (`--per-host`).

use crate::plan::Plan;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;

/// Checks in the plan's order; those of a host that is busy are set aside until it is not, and are
/// then the first.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<usize>,
    limit: Option<Limit>,
}

/// So many checks of one host at once.
#[derive(Debug)]
struct Limit {
    most: usize,
    hosts: Vec<Host>,
    /// The hosts of each check, by its place in the plan.
    of_entry: HashMap<usize, Vec<usize>>,
    /// The hosts that have room and checks set aside.
    free: BTreeSet<usize>,
}

/// What is known of a host.
#[derive(Debug, Default)]
struct Host {
    running: usize,
    /// The checks that it was too busy for. A check with several busy hosts waits for one of them.
    aside: BTreeSet<usize>,
}

impl Queue {
    /// Checks that wait, by their place in the plan.
    pub(crate) fn new(entries: impl Iterator<Item = usize>) -> Self {
        Self { waiting: entries.collect(), limit: None }
    }

    /// Lets so many checks of one host run at once, on a host with these resolvers.
    pub(crate) fn limited(self, most: usize, plan: &Plan, resolvers: &[SocketAddr]) -> Self {
        let limit = Limit::new(most, &self.waiting, plan, resolvers);
        Self { limit: Some(limit), ..self }
    }

    /// Whether none can be started now, though some may be set aside.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.limit.as_ref().is_none_or(|limit| limit.free.is_empty())
    }

    /// The next check that may start.
    pub(crate) fn next(&mut self) -> Option<usize> {
        let Some(limit) = &mut self.limit else { return self.waiting.pop_front() };
        // What was set aside was in front of all that waits.
        while let Some(entry) = limit.pop().or_else(|| self.waiting.pop_front()) {
            if limit.admit(entry) {
                return Some(entry);
            }
        }
        None
    }

    /// A check is over: its hosts have room for another.
    pub(crate) fn finished(&mut self, entry: usize) {
        if let Some(limit) = &mut self.limit {
            limit.release(entry);
        }
    }

    /// Empties the queue: all that never started, those set aside included, in the plan's order.
    pub(crate) fn drain(&mut self) -> Vec<usize> {
        let hosts = self.limit.iter_mut().flat_map(|limit| &mut limit.hosts);
        let mut all: Vec<_> = hosts.flat_map(|host| std::mem::take(&mut host.aside)).collect();
        all.sort_unstable();
        all.extend(std::mem::take(&mut self.waiting));
        all
    }
}

impl Limit {
    fn new(most: usize, entries: &VecDeque<usize>, plan: &Plan, resolvers: &[SocketAddr]) -> Self {
        let mut numbers = HashMap::new();
        let mut hosts_of = |entry: usize| {
            let endpoints = plan.entries[entry].spec.endpoints(resolvers);
            let names: BTreeSet<_> = endpoints.iter().map(|endpoint| endpoint.host.bare()).collect();
            let known = names.into_iter().map(|name| {
                let next = numbers.len();
                *numbers.entry(name).or_insert(next)
            });
            known.collect()
        };
        let of_entry = entries.iter().map(|entry| (*entry, hosts_of(*entry))).collect();
        let hosts = std::iter::repeat_with(Host::default).take(numbers.len()).collect();
        Self { most, hosts, of_entry, free: BTreeSet::new() }
    }

    /// The first check that waits for a host that has room now.
    fn pop(&mut self) -> Option<usize> {
        let first = |host: &usize| self.hosts[*host].aside.first().map(|entry| (*entry, *host));
        let (entry, host) = self.free.iter().filter_map(first).min()?;
        self.hosts[host].aside.remove(&entry);
        self.note_room(host);
        Some(entry)
    }

    /// Counts a check as running, or sets it aside.
    fn admit(&mut self, entry: usize) -> bool {
        let hosts = self.hosts_of(entry);
        if let Some(busy) = hosts.iter().find(|host| self.hosts[**host].running >= self.most) {
            self.hosts[*busy].aside.insert(entry);
            return false;
        }
        for host in hosts {
            self.hosts[host].running += 1;
            self.note_room(host);
        }
        true
    }

    fn hosts_of(&self, entry: usize) -> Vec<usize> {
        self.of_entry.get(&entry).cloned().unwrap_or_default()
    }

    fn release(&mut self, entry: usize) {
        for host in self.hosts_of(entry) {
            self.hosts[host].running -= 1;
            self.note_room(host);
        }
    }

    /// Keeps the list of hosts that a check can be taken from.
    fn note_room(&mut self, host: usize) {
        let Host { running, aside } = &self.hosts[host];
        if *running < self.most && !aside.is_empty() {
            self.free.insert(host);
        } else {
            self.free.remove(&host);
        }
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
        let source = Source { name: "test".into(), text: checks.concat() };
        let (plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, true).expect("valid");
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
        assert_eq!(queue.drain(), [6, 8].into_iter().chain(10..20).collect::<Vec<_>>());
    }
}
