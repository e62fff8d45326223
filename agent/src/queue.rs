//! The checks that wait for their turn, and the limit per host (`--per-host`).

use crate::plan::Plan;
use std::collections::{HashMap, VecDeque};

/// Checks in the plan's order; those of a host that is busy are set aside until it is not.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<usize>,
    /// So many checks of one host at once.
    per_host: Option<usize>,
    /// How many are running, by host.
    running: HashMap<String, usize>,
    /// Those set aside, by the host that was busy.
    aside: HashMap<String, VecDeque<usize>>,
}

impl Queue {
    /// Checks that wait, by their place in the plan.
    pub(crate) fn new(entries: impl Iterator<Item = usize>, per_host: Option<usize>) -> Self {
        Self { waiting: entries.collect(), per_host, ..Self::default() }
    }

    /// Whether none can be started now, though some may be set aside.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next check that may start.
    pub(crate) fn next(&mut self, plan: &Plan) -> Option<usize> {
        while let Some(entry) = self.waiting.pop_front() {
            let Some(most) = self.per_host else { return Some(entry) };
            let hosts = hosts_of(plan, entry);
            let busy = hosts.iter().find(|host| self.running.get(*host).is_some_and(|running| *running >= most));
            if let Some(host) = busy {
                self.aside.entry(host.clone()).or_default().push_back(entry);
                continue;
            }
            hosts.into_iter().for_each(|host| *self.running.entry(host).or_default() += 1);
            return Some(entry);
        }
        None
    }

    /// A check is over: each of its hosts has room for one that was set aside.
    pub(crate) fn finished(&mut self, plan: &Plan, entry: usize) {
        if self.per_host.is_none() {
            return;
        }
        for host in hosts_of(plan, entry) {
            self.running.entry(host.clone()).and_modify(|running| *running -= 1);
            let next = self.aside.get_mut(&host).and_then(VecDeque::pop_front);
            self.waiting.extend(next);
        }
    }

    /// With nothing running no host is busy: those set aside wait in line again. Whether any does.
    pub(crate) fn refill(&mut self) -> bool {
        let aside = std::mem::take(&mut self.aside).into_values().flatten();
        self.waiting.extend(aside);
        !self.waiting.is_empty()
    }

    /// Empties the queue: all that never started, those set aside included.
    pub(crate) fn drain(&mut self) -> Vec<usize> {
        self.refill();
        std::mem::take(&mut self.waiting).into()
    }
}

fn hosts_of(plan: &Plan, entry: usize) -> Vec<String> {
    let endpoints = plan.entries[entry].spec.endpoints();
    let mut hosts: Vec<_> = endpoints.iter().map(|endpoint| endpoint.host.bare()).collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Defaults, load};
    use crate::source::Source;
    use std::time::Duration;

    #[test]
    fn a_busy_host_does_not_hold_up_the_others() {
        let text =
            "- {type: tcp, host: a, port: 1}\n- {type: tcp, host: a, port: 2}\n- {type: tcp, host: b, port: 1}\n";
        let source = Source { name: "test".into(), text: text.into() };
        let (plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, true).expect("valid");
        let mut queue = Queue::new(0..3, Some(1));
        assert_eq!((queue.next(&plan), queue.next(&plan), queue.next(&plan)), (Some(0), Some(2), None));
        queue.finished(&plan, 2);
        assert_eq!(queue.next(&plan), None);
        queue.finished(&plan, 0);
        assert_eq!(queue.next(&plan), Some(1));
        assert!(queue.drain().is_empty());
    }
}
