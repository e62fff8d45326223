//! Which part of an end-to-end check is guilty of its failure.

use crate::fault::{Cause, Failure, Fault, Phase};
use crate::judgement::ACCEPTED;
use crate::outcome::{Outcome, Verdict};
use crate::plan::Plan;
use crate::secret::{Redactor, ours, sentence};
use serde_json::json;

/// The fact of what an end-to-end check itself has seen, and of the part that is guilty.
const END_TO_END: &str = "end_to_end";

/// Says in the failure of an end-to-end check which of its parts is guilty, or, where all of them are there, that none is.
/// The one that is.
pub(super) fn told(whole: &mut Outcome, parts: &[Outcome], are_all: bool, plan: &Plan) -> Option<usize> {
    let own = whole.failure.take()?;
    // What was not found out convicts nobody, nor does what was not even tried.
    let is_proven = |failure: &Failure| !matches!(failure.code.phase, Phase::Config | Phase::Run);
    let failed = |part: &&Outcome| part.failure.as_deref().is_some_and(is_proven);
    let guilty: Vec<_> = parts.iter().filter(failed).collect();
    let first = guilty.iter().min_by_key(|part| !plan.entries[part.entry].critical);
    // A failure that is known is one.
    let is_known = |part: &Outcome| part.facts.iter().any(|(fact, _)| *fact == ACCEPTED);
    let passed = |part: &Outcome| part.steps.iter().all(|step| matches!(step.verdict, Verdict::Pass | Verdict::Warn));
    let is_clear = |part: &Outcome| passed(part) && !is_known(part);
    let named = first.map(|part| plan.called(part.entry));
    let (code, message) = (own.code.name, own.message.clone());
    whole.met = Some(own.code);
    whole.failure = Some(Box::new(match first.and_then(|part| Some((part, part.failure.as_deref()?))) {
        Some((first, failure)) => {
            let others = guilty.iter().filter(|part| part.entry != first.entry).map(|part| plan.called(part.entry));
            convicted(*own, &plan.called(first.entry), failure, &others.collect::<Vec<_>>())
        }
        None if are_all && parts.iter().all(is_clear) => disagreeing(*own),
        None => *own,
    }));
    whole.facts.push((END_TO_END, json!({"code": code, "message": message, "guilty": named})));
    first.map(|part| part.entry)
}

/// The failure of a check of which a part is guilty: that of the part, and whose job it is.
fn convicted(own: Failure, name: &str, part: &Failure, others: &[String]) -> Failure {
    const TOLD: usize = 5;
    let others = match others.split_at(others.len().min(TOLD)) {
        ([], _) => String::new(),
        (others, []) => format!("; so does `{}`", others.join("`, `")),
        (others, more) => format!("; so does `{}`, and {} more", others.join("`, `"), more.len()),
    };
    let seen = part.evidence.iter().map(|evidence| format!("; the part: {evidence}"));
    Failure {
        code: part.code,
        message: format!("the part `{name}` fails: {}{others}", part.message),
        evidence: Some(format!("{}{}", own_evidence(&own), seen.collect::<String>())),
        owner: part.owner,
        own_owner: part.own_owner,
        next_step: part.next_step.clone(),
        causes: own.causes,
        concerns: part.concerns.clone(),
        remedy: part.remedy.clone(),
    }
}

/// The failure of a check whose parts are all well.
fn disagreeing(own: Failure) -> Failure {
    let message = sentence!["each of its parts is well, and together they are not: ", ours(&own.message)];
    let fault = Fault::new(Cause::PartsDisagree, message).evidence(ours(&own_evidence(&own)));
    let Failure { causes, concerns, remedy, .. } = own;
    Failure { causes, concerns, remedy, ..fault.in_phase(Phase::Request, &Redactor::default()) }
}

/// What the check itself has seen.
fn own_evidence(own: &Failure) -> String {
    let seen = own.evidence.iter().map(|evidence| format!(" ({evidence})"));
    format!("from end to end: {} [{}]{}", own.message, own.code, seen.collect::<String>())
}
