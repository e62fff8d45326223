//! Why something failed: a cause, and with its phase a stable code from the catalogue.

use crate::catalogue::{self, Code};
use crate::concern::Concerns;
use crate::remedy::{Remediation, Remedy};
use crate::secret::{Redactor, Sentence, theirs};
use std::error::Error;
use std::fmt;
use std::iter::successors;

/// What a fault is told with.
pub(crate) use crate::catalogue::{Cause, Owner};
pub(crate) use crate::concern::Part;
pub(crate) use crate::phase::Phase;

/// A cause without its place; becomes a [`Failure`] when the phase it struck is known.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) cause: Cause,
    /// Set when the cause belongs to another phase than the one in which it came to light
    /// (a TLS 1.3 server refuses a client certificate only after the handshake).
    pub(crate) phase: Option<Phase>,
    pub(crate) message: Sentence,
    pub(crate) evidence: Option<Sentence>,
    pub(crate) owner: Option<Owner>,
    pub(crate) next_step: Option<Sentence>,
    pub(crate) causes: Vec<String>,
    /// Boxed: it is rare, and would make every result that much larger.
    pub(crate) concerns: Option<Box<Concerns<Sentence>>>,
    /// Boxed, as all but failures do without.
    pub(crate) remedy: Option<Box<Remedy>>,
}

impl Fault {
    /// A fault with its one-sentence message, in the words of the person who has to act.
    pub(crate) fn new(cause: Cause, message: impl Into<Sentence>) -> Self {
        Self {
            cause,
            phase: None,
            message: message.into(),
            evidence: None,
            owner: None,
            next_step: None,
            causes: Vec::new(),
            concerns: None,
            remedy: None,
        }
    }

    /// What was seen: an errno, a status line, the server's own text.
    #[must_use]
    pub(crate) fn evidence(mut self, evidence: impl Into<Sentence>) -> Self {
        self.evidence = Some(evidence.into());
        self
    }

    /// More of what was seen.
    #[must_use]
    pub(crate) fn with_evidence(self, more: impl Into<Sentence>) -> Self {
        let all = self.evidence.iter().cloned().chain([more.into()]);
        let all = Sentence::join(all, "; ");
        self.evidence(all)
    }

    /// Says it in another sentence, now that more is known.
    #[must_use]
    pub(crate) fn about(mut self, message: impl Into<Sentence>) -> Self {
        self.message = message.into();
        self
    }

    /// Turns out to be another cause, whose owner, next step and remedy are that one's.
    #[must_use]
    pub(crate) fn become_of(self, cause: Cause) -> Self {
        Self { cause, owner: None, next_step: None, remedy: None, ..self }
    }

    /// Overrides the catalogue's owner, where the evidence tells more.
    #[must_use]
    pub(crate) const fn owner(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Overrides the catalogue's next step, where the evidence tells more.
    #[must_use]
    pub(crate) fn next_step(mut self, next_step: impl Into<Sentence>) -> Self {
        self.next_step = Some(next_step.into());
        self
    }

    /// Says what it concerns; failures of one kind that concern the same have one cause.
    #[must_use]
    pub(crate) fn concerning(mut self, part: Part, what: impl Into<Sentence>) -> Self {
        self.concerns.get_or_insert_default().set(part, what.into());
        self
    }

    /// The same, unless that is known better.
    #[must_use]
    pub(crate) fn else_concerning(self, part: Part, what: impl Into<Sentence>) -> Self {
        let is_known = self.concerns.as_ref().is_some_and(|concerns| concerns.of(part).is_some());
        if is_known { self } else { self.concerning(part, what) }
    }

    /// What can be done about it, where that can be written down.
    #[must_use]
    pub(crate) fn remedy(mut self, remedy: impl Into<Option<Remedy>>) -> Self {
        self.remedy = remedy.into().map(Box::new);
        self
    }

    /// Places the fault in a phase of its own, whatever phase it comes to light in.
    #[must_use]
    pub(crate) const fn at(mut self, phase: Phase) -> Self {
        self.phase = Some(phase);
        self
    }

    /// Places the fault in a phase, unless it has one of its own.
    #[must_use]
    pub(crate) const fn placed(mut self, phase: Phase) -> Self {
        if self.phase.is_none() {
            self.phase = Some(phase);
        }
        self
    }

    /// Keeps the chain of causes below an error of a library, for `--tracebacks`.
    #[must_use]
    pub(crate) fn caused_by(mut self, error: &(dyn Error + 'static)) -> Self {
        self.causes.extend(successors(Some(error), |&error| error.source()).map(ToString::to_string));
        self
    }

    /// Locates the fault; what others said in it is looked through here.
    #[must_use]
    pub(crate) fn in_phase(self, phase: Phase, redactor: &Redactor) -> Failure {
        let code = catalogue::code_for(self.phase.unwrap_or(phase), self.cause);
        // A command with `***` in it is none.
        let remedy = self.remedy.filter(|remedy| !remedy.texts().any(|text| redactor.hides_in(text)));
        Failure {
            code,
            message: redactor.tell(&self.message),
            evidence: self.evidence.map(|evidence| redactor.tell_evidence(&evidence)),
            owner: self.owner.unwrap_or(code.owner),
            own_owner: None,
            next_step: redactor.tell(&self.next_step.unwrap_or_else(|| code.next_step.into())),
            causes: self.causes.iter().map(|text| redactor.clean(text)).collect(),
            concerns: self.concerns.map(|concerns| Box::new(concerns.told(|what| redactor.tell(what)))),
            remedy,
        }
    }
}

/// A fault and its place: what is broken, in which phase, whose job it is, what to do next.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The stable code; it names the phase.
    pub code: &'static Code,
    /// One sentence.
    pub message: String,
    /// What was seen, bounded and escaped.
    pub evidence: Option<String>,
    /// Whose job the fix is.
    pub owner: Owner,
    /// Whose it would be if the file did not say whose it is.
    pub own_owner: Option<Owner>,
    /// What to do next, one sentence or clause.
    pub next_step: String,
    /// The chain of library errors below, outermost first.
    pub causes: Box<[String]>,
    /// What it concerns, as far as that is known.
    pub concerns: Option<Box<Concerns<String>>>,
    /// What can be done about it, where that can be written down.
    pub remedy: Option<Box<Remedy>>,
}

impl Failure {
    /// A panic inside a check: a fault of ours, reported as one failed check.
    #[must_use]
    pub(crate) fn own_fault(what: &str, redactor: &Redactor) -> Self {
        Fault::new(Cause::OwnFault, "conn-check itself failed in this check")
            .evidence(theirs(what))
            .in_phase(Phase::Run, redactor)
    }

    /// `--max-timeout` came before the check could start.
    #[must_use]
    pub fn deadline() -> Self {
        Fault::new(Cause::Deadline, "the run's time was over before this check could start")
            .in_phase(Phase::Run, &Redactor::default())
    }

    /// A check passes that should fail, with one of these codes.
    #[must_use]
    pub(crate) fn not_failed(expected: &str) -> Self {
        Fault::new(Cause::NotFailed, ["it passes, and should fail with ", expected].concat())
            .in_phase(Phase::Request, &Redactor::default())
    }

    /// Another next step, where this is the code: what is known of the service tells more.
    #[must_use]
    pub(crate) fn advise(mut self, phase: Phase, cause: Cause, next_step: &str) -> Self {
        if self.code.is(phase, cause) {
            next_step.clone_into(&mut self.next_step);
        }
        self
    }

    /// The failure at another server than the one for which alone `server_name` counts: what to do instead, and where
    /// its name is written.
    #[must_use]
    pub(crate) fn without_server_name(mut self, place: &str) -> Self {
        match (self.code.phase, self.code.cause) {
            (Phase::Tls, Cause::WrongName) => {
                self.next_step = format!(
                    "write a name of its certificate {place}; else have it issued for this name too, or say `verify_name: false`"
                );
            }
            (Phase::Tls, Cause::NoCommonVersion) if self.next_step.contains("server_name") => {
                self.next_step = format!(
                    "write the server's name instead of its address {place}; else let it speak TLS 1.2 or 1.3 with a modern cipher"
                );
            }
            _ => {}
        }
        self
    }

    /// The failure of another server than the one that the check names: which it is, before what happened there. The one
    /// form for that.
    #[must_use]
    pub(crate) fn told_of(self, place: impl fmt::Display) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }

    /// What it concerns of such a part, if that is known.
    #[must_use]
    pub fn concerned(&self, part: Part) -> Option<&str> {
        self.concerns.as_ref()?.of(part).map(String::as_str)
    }

    /// Says what it concerns, in words that are fit for people.
    #[must_use]
    pub(crate) fn concerning(mut self, part: Part, what: String) -> Self {
        self.concerns.get_or_insert_default().set(part, what);
        self
    }

    /// The steps of what can be done about it, as they can be run or put; none where that is for a person to find.
    #[must_use]
    pub fn remediation(&self) -> &[Remediation] {
        self.remedy.as_deref().map_or(&[], Remedy::steps)
    }

    /// The failure in one line: message, code, owner, next step.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} [{}, {}] {}", self.message, self.code, self.owner.slug(), self.next_step)
    }

    /// The causes, without the one that was shown as the evidence already.
    pub(crate) fn shown_causes(&self, explained: bool) -> impl Iterator<Item = &String> {
        let shown = self.evidence.as_deref().filter(|_| explained).unwrap_or_default();
        self.causes.iter().filter(move |cause| !shown.starts_with(cause.as_str()))
    }
}
