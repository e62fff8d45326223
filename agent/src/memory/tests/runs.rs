//! Runs that overlap, rounds of one run, and parts that are not run each time.

use super::*;
use crate::outcome::Others;

#[test]
fn of_several_files_the_one_that_heard_last_counts() {
    let (passed, _) = run(Memory::default(), CHECK, &usual(), false, 0);
    let (failed, _) = run(passed.clone(), CHECK, &usual(), true, 5);
    for (mut first, second) in [(passed.clone(), failed.clone()), (failed, passed)] {
        first.join(second);
        let (_, since) = run(first, CHECK, &usual(), true, 10);
        assert_eq!(since.expect("it is remembered").failing, Duration::from_secs(300));
    }
}

/// Another check of the same file.
const TWO: &str = "- {type: tcp, host: one, port: 1}\n- {type: tcp, host: other, port: 1}\n";

/// A check that passed or failed, so long after the begin of its run.
fn ended(plan: &Plan, entry: usize, passed: bool, seconds: u64) -> Outcome {
    let (results, after) = (plan.entries[entry].results.len(), Duration::from_secs(seconds));
    if passed {
        let step = Step::decided(Verdict::Pass, Duration::ZERO, after);
        return Outcome { entry, steps: vec![step; results], ..Outcome::default() };
    }
    let failure = Fault::new(Cause::Timeout, "it broke").in_phase(Phase::Connect, &plan.entries[entry].redactor);
    Outcome::failed(entry, results, after, failure)
}

/// Hears what came of a run.
fn hear(recall: &Recall, plan: &Plan, outcomes: &[Outcome], began: SystemTime) {
    outcomes.iter().for_each(|outcome| recall.hear(plan, outcome, began));
}

/// What a check that fails at this time says.
fn told(recall: &Recall, plan: &Plan, entry: usize, now: SystemTime) -> Option<Since> {
    let mut outcome = ended(plan, entry, false, 0);
    recall.tell(plan, &mut outcome, now);
    outcome.since.map(|since| *since)
}

#[test]
fn of_runs_that_overlap_each_leaves_to_the_other_what_it_heard() {
    let plan = plan(TWO);
    let before = recalling(&Memory::default(), &plan);
    hear(&before, &plan, &[ended(&plan, 0, false, 0), ended(&plan, 1, false, 0)], at(0));
    let mut kept = before.heard();
    let (slow, fast) = (recalling(&kept, &plan), recalling(&kept, &plan));
    // Both in the second in which they began.
    hear(&fast, &plan, &[ended(&plan, 1, true, 0)], at(0));
    kept.join(fast.heard());
    hear(&slow, &plan, &[ended(&plan, 0, true, 0)], at(0));
    kept.join(slow.heard());
    for entry in [0, 1] {
        let since = told(&recalling(&kept, &plan), &plan, entry, at(5)).expect("it is remembered");
        assert_eq!((since.passed, since.failing), (Some(at(0)), Duration::ZERO), "{entry}");
    }
}

#[test]
fn a_check_that_fails_round_after_round_says_for_how_long_and_one_that_passed_when() {
    let plan = plan(TWO);
    let recall = recalling(&Memory::default(), &plan);
    assert_eq!(told(&recall, &plan, 0, at(0)), None, "nothing is known of it");
    hear(&recall, &plan, &[ended(&plan, 0, false, 2), ended(&plan, 1, false, 2)], at(0));
    let since = told(&recall, &plan, 0, at(3)).expect("of the first round");
    assert_eq!((since.passed, since.failing), (None, Duration::from_secs(178)));
    hear(&recall, &plan, &[ended(&plan, 0, true, 7), ended(&plan, 1, false, 1)], at(4));
    let later = recalling(&recall.heard(), &plan);
    let since = told(&later, &plan, 0, at(9)).expect("it is remembered");
    assert_eq!((since.passed, since.failing), (Some(at(4) + Duration::from_secs(7)), Duration::ZERO));
    assert_eq!(told(&later, &plan, 1, at(9)).expect("it is").failing, Duration::from_secs(9 * 60 - 2));
}

#[test]
fn a_part_is_not_failing_any_more_when_its_check_passes_without_it() {
    let mut plan = plan(
        "- {type: tcp, host: all, port: 1, parts: [{type: tcp, host: one, port: 1}, {type: tcp, host: other, port: 1}]}\n",
    );
    assert!(plan.link().is_empty());
    let recall = recalling(&Memory::default(), &plan);
    // The first part passed once.
    hear(&recall, &plan, &[ended(&plan, 1, true, 0)], at(0));
    hear(&recall, &plan, &(0..3).map(|entry| ended(&plan, entry, false, 0)).collect::<Vec<_>>(), at(10));
    assert_eq!(told(&recall, &plan, 2, at(11)).expect("it is remembered").failing, Duration::from_secs(60));
    hear(&recall, &plan, &[ended(&plan, 0, true, 0)], at(20));
    // As another run finds it.
    let mut kept = recall.known.get().expect("it is known").0.clone();
    kept.join(recall.heard());
    let later = recalling(&kept, &plan);
    let since = told(&later, &plan, 1, at(60)).expect("it is remembered");
    assert_eq!((since.passed, since.failing), (Some(at(0)), Duration::ZERO));
    assert_eq!(told(&later, &plan, 2, at(60)), None, "it may have passed or not");
    hear(&later, &plan, &(0..3).map(|entry| ended(&plan, entry, false, 0)).collect::<Vec<_>>(), at(60));
    assert_eq!(told(&later, &plan, 2, at(61)).expect("it is remembered").failing, Duration::from_secs(60));
}

#[test]
fn a_part_that_was_run_and_failed_goes_on_failing_though_its_check_passes() {
    let mut plan = plan("- {type: tcp, host: all, port: 1, parts: [{type: tcp, host: one, port: 1}]}\n");
    assert!(plan.link().is_empty());
    let recall = recalling(&Memory::default(), &plan);
    for minutes in [0, 5] {
        let others = Others::Parts { run: vec![1], guilty: None };
        let whole = Outcome { others: Some(Box::new(others)), ..ended(&plan, 0, true, 0) };
        hear(&recall, &plan, &[ended(&plan, 1, false, 0), whole], at(minutes));
    }
    assert_eq!(told(&recall, &plan, 1, at(9)).expect("it is remembered").failing, Duration::from_secs(9 * 60));
}
