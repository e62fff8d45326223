//! Whether this node can serve: it leaves service for its own faults alone.
//!
//! A shared database that is down is no reason to take nodes out: all of them see it, and the last of them would go. Whose
//! fault a failure is, the failure itself says.

use crate::fault::{Cause, Failure, Owner, Phase};
use crate::outcome::Verdict;
use crate::plan::Entry;
use crate::report::{CheckView, Health, View, is_of_this_node};

/// What a load balancer is told of this node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Nothing is known yet.
    Starting,
    /// All is well.
    Ready,
    /// Something fails, and it is not this node's: another node would not serve better.
    Degraded,
    /// This node has a fault of its own.
    Out,
}

impl Standing {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::Out => "out",
        }
    }

    /// Whether requests may come.
    #[must_use]
    pub const fn is_in_service(self) -> bool {
        matches!(self, Self::Ready | Self::Degraded)
    }
}

/// The verdict over this node, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Readiness {
    /// The verdict.
    pub standing: Standing,
    /// What decides it, this node's own faults first.
    pub reasons: Vec<Reason>,
}

/// One check that is not well.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason {
    /// The code of the failure or of the warning.
    pub code: &'static str,
    /// The name of the check's series.
    pub name: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// It takes this node out.
    pub takes_out: bool,
}

impl Readiness {
    /// The verdict over what is known, where of these checks nothing is known yet. A node whose own state is known waits for
    /// no dependency that does not answer: another node would wait as well. `before` is how it stood with the files that were
    /// read before these: one that served goes on, as all nodes may read new files at once.
    #[must_use]
    pub fn of(view: &View<'_>, unknown: &[&Entry], before: Standing) -> Self {
        let mut so_far = Self::of_known(view);
        // What is not critical never counts.
        let unknown = || unknown.iter().filter(|entry| entry.critical);
        if so_far.standing == Standing::Out {
            return so_far;
        }
        let has_served = matches!(before, Standing::Ready | Standing::Degraded);
        if !has_served && unknown().any(|entry| entry.is_local || entry.takes_node_out) {
            return Self { standing: Standing::Starting, reasons: Vec::new() };
        }
        let name = |entry: &&&Entry| entry.label.clone().unwrap_or_else(|| entry.target.clone());
        so_far.reasons.extend(unknown().map(|entry| Reason {
            code: "run.unfinished",
            name: name(&entry),
            message: "not answered yet".to_owned(),
            takes_out: false,
        }));
        if so_far.standing == Standing::Ready && !so_far.reasons.is_empty() {
            so_far.standing = Standing::Degraded;
        }
        so_far
    }

    /// What is not critical never counts.
    fn of_known(view: &View<'_>) -> Self {
        let critical = view.names().filter(|(_, check)| check.entry.critical);
        let mut reasons: Vec<_> = critical.flat_map(|(name, check)| reasons(&name, check, view)).collect();
        // The sort is stable: the file's order stays.
        reasons.sort_by_key(|reason| !reason.takes_out);
        let standing = match reasons.first() {
            None => Standing::Ready,
            Some(first) if first.takes_out => Standing::Out,
            Some(_) => Standing::Degraded,
        };
        Self { standing, reasons }
    }

    /// A word alone, for who may not know more.
    #[must_use]
    pub fn word(&self) -> String {
        format!("{}\n", self.standing.word())
    }

    /// The word, and a line for each reason.
    #[must_use]
    pub fn text(&self) -> String {
        let reasons =
            self.reasons.iter().map(|Reason { code, name, message, .. }| format!("{code} {name}: {message}\n"));
        std::iter::once(self.word()).chain(reasons).collect()
    }

    /// The line of `HAProxy`'s agent check (configuration manual 2.6, `agent-check`): `ready` cancels a drain of before, and
    /// `up` a down. With a fault of its own the node is drained: who is there may stay.
    #[must_use]
    pub fn agent_line(&self, is_brief: bool) -> String {
        match (self.standing, self.reasons.first()) {
            (Standing::Ready | Standing::Degraded, _) => "ready up\n".to_owned(),
            (Standing::Starting, _) => "down #starting\n".to_owned(),
            (Standing::Out, Some(reason)) if !is_brief => {
                // The reason ends with the line, and at a comma.
                let name = reason.name.replace([',', '\r', '\n'], " ");
                format!("drain #{} {name}\n", reason.code)
            }
            (Standing::Out, _) => "drain\n".to_owned(),
        }
    }
}

/// What is not well with a check that counts.
fn reasons(name: &str, check: &CheckView<'_>, view: &View<'_>) -> Vec<Reason> {
    let reason =
        |code, message: &str, takes_out| Reason { code, name: name.to_owned(), message: message.to_owned(), takes_out };
    if let Some(failure) = check.failure() {
        return vec![reason(failure.code.name, &failure.message, takes_out(check.entry, failure))];
    }
    let health = Health::of(check, view.warnings);
    if let Some(blocked) = check.outcome.blocked_by() {
        // What it waits for speaks for itself: this one says no more of the node, unless it is marked.
        let code = view.blocking(blocked).map_or("run.dependency-failed", |failure| failure.code.name);
        return vec![reason(code, &blocked.to_string(), check.entry.takes_node_out)];
    }
    match check.verdict() {
        Verdict::Skip => vec![reason("run.interrupted", &health.to_string(), false)],
        _ if health.is_good() => Vec::new(),
        _ => {
            let told = |code: &'static str, message: &str| {
                // What is marked leaves service with a warning that counts, too.
                reason(code, message, is_of_this_node(code) || check.entry.takes_node_out)
            };
            let counted = check
                .warnings()
                .filter(|one| is_of_this_node(one.kind.code()) || view.warnings == crate::report::Warnings::AreErrors);
            counted.map(|one| told(one.kind.code(), &one.message)).collect()
        }
    }
}

/// Whether a failure is this node's own, or is marked as such.
fn takes_out(entry: &Entry, failure: &Failure) -> bool {
    let (phase, cause) = (failure.code.phase, failure.code.cause);
    // A fault of ours is the same on every node that has this version.
    // A login that is refused is so on all nodes at once, whoever has to mend it.
    let is_of_host = failure.owner == Owner::Host && !matches!(phase, Phase::Run | Phase::Auth);
    // That nobody listens may be mended on this very host, and the service is one that others have as well.
    let is_of_peer = phase == Phase::Connect && cause == Cause::Refused;
    let is_of_config = matches!(cause, Cause::MissingSecret | Cause::UnusableFile) && phase == Phase::Config;
    entry.takes_node_out || (is_of_host && !is_of_peer) || is_of_config
}
