//! The rule, over outcomes as checks have them; the clock is a number here.

use super::*;
use crate::catalogue;
use crate::fault::{Failure, Fault, Phase};
use crate::outcome::{Others, SkipReason, Step};
use crate::plan::{Defaults, load};
use crate::secret::Redactor;
use crate::source::Source;

const SECOND: Duration = Duration::from_secs(1);

/// In the middle: no pause is longer or shorter than it is.
const EVEN: f64 = 0.5;

fn plan(yaml: &[&str]) -> Plan {
    let text = yaml.iter().map(|check| format!("- {{{check}}}\n")).collect::<Vec<_>>().concat();
    let mut plan = load(&Source::own("test", text), Defaults { timeout: SECOND }, true).expect("valid").0;
    assert!(plan.link().is_empty());
    plan
}

/// A port, a mail, a web form, and a port that nothing depends on.
fn four() -> Plan {
    plan(&[
        "type: tcp, host: a, port: 1",
        "type: smtp, host: b, port: 25, from_address: a@b.example, to_address: c@d.example, tags: [no-nagios]",
        "type: http, url: 'http://c/', method: POST",
        "type: tcp, host: d, port: 1, critical: false",
    ])
}

fn well(entry: usize) -> Outcome {
    let passed = Step::decided(Verdict::Pass, SECOND, SECOND);
    Outcome { entry, steps: vec![passed], ..Outcome::default() }
}

fn failed(entry: usize, code: &str) -> Outcome {
    let code = catalogue::ALL.iter().find(|one| one.name == code).expect("a code");
    let failure = Fault::new(code.cause, "it fails").in_phase(code.phase, &Redactor::default());
    assert_eq!(failure.code.name, code.name);
    Outcome::failed(entry, 2, SECOND, failure)
}

fn sent(outcome: Outcome) -> Outcome {
    Outcome { has_sent: true, ..outcome }
}

fn known(outcomes: &[Outcome]) -> BTreeMap<usize, Outcome> {
    outcomes.iter().map(|outcome| (outcome.entry, outcome.clone())).collect()
}

fn waiting(most: u64, stable: usize) -> Waiting {
    Waiting::new(Wish { most: SECOND * u32::try_from(most).expect("small"), stable, warnings_fail: false })
}

fn next(waiting: &mut Waiting, plan: &Plan, outcomes: &[Outcome], elapsed: u32) -> Next {
    waiting.after(plan, &known(outcomes), SECOND * elapsed, EVEN)
}

fn round(entries: &[usize], millis: u64) -> Next {
    Next::Round { entries: entries.iter().copied().collect(), pause: Duration::from_millis(millis) }
}

#[test]
fn what_fails_is_asked_again_and_what_is_well_is_not() {
    let plan = four();
    let all = [failed(0, "connect.refused"), well(1), well(2), well(3)];
    assert_eq!(next(&mut waiting(10, 1), &plan, &all, 1), round(&[0], 250));
    assert_eq!(next(&mut waiting(10, 1), &plan, &[0, 1, 2, 3].map(well), 1), Next::End(Ended::Well));
}

#[test]
fn a_refused_login_ends_the_wait_for_its_check_and_for_all_when_only_such_are_left() {
    let plan = four();
    for code in catalogue::ALL.iter().filter(|code| code.phase == Phase::Auth) {
        let refused = failed(0, code.name);
        let other = failed(2, "connect.refused");
        assert_eq!(next(&mut waiting(10, 1), &plan, &[refused.clone(), other], 1), round(&[2], 250), "{code}");
        assert_eq!(next(&mut waiting(10, 1), &plan, &[refused, well(2)], 1), Next::End(Ended::Hopeless), "{code}");
    }
}

#[test]
fn a_login_that_is_refused_as_it_should_be_is_not_sent_again_to_see_whether_it_stays_so() {
    let plan = four();
    let code = catalogue::ALL.iter().find(|code| code.name == "auth.rejected");
    let as_expected = Outcome { met: code, ..well(0) };
    assert_eq!(next(&mut waiting(10, 3), &plan, &[as_expected, well(3)], 1), round(&[3], 1000));
}

#[test]
fn what_was_sent_is_not_sent_again_whether_it_went_well_or_not() {
    let plan = four();
    let refused = failed(1, "connect.refused");
    assert_eq!(next(&mut waiting(10, 1), &plan, &[refused], 1), round(&[1], 250), "nothing was sent yet");
    let lost = sent(failed(1, "request.timeout"));
    assert_eq!(next(&mut waiting(10, 1), &plan, &[lost], 1), Next::End(Ended::Hopeless));
    assert_eq!(next(&mut waiting(10, 3), &plan, &[well(0), sent(well(1))], 1), round(&[0], 1000));
    // Nothing is left to look at.
    assert_eq!(next(&mut waiting(10, 3), &plan, &[sent(well(1)), sent(well(2))], 1), Next::End(Ended::Well));
}

#[test]
fn what_stands_in_the_file_or_was_read_once_is_not_waited_for() {
    for code in ["config.missing-secret", "config.unusable-file", "resolve.bad-name"] {
        assert_eq!(next(&mut waiting(10, 1), &four(), &[failed(0, code)], 0), Next::End(Ended::Hopeless), "{code}");
    }
}

/// A login, a port behind it, and an end-to-end check of two parts.
fn chained() -> Plan {
    plan(&[
        "type: tcp, name: first, host: a, port: 1",
        "type: tcp, host: b, port: 1, depends_on: first",
        "type: tcp, name: all, host: c, port: 1, parts: [{type: tcp, name: one, host: d, port: 1}, \
         {type: tcp, name: other, host: e, port: 1}]",
    ])
}

/// It fails, and its parts were run.
fn end_to_end() -> Outcome {
    let others = Others::Parts { run: vec![3, 4], guilty: Some(4) };
    Outcome { others: Some(Box::new(others)), ..failed(2, "connect.refused") }
}

#[test]
fn checks_that_hang_together_are_asked_together() {
    let plan = chained();
    let skipped = |entry| Outcome::skipped(entry, 1, SkipReason::AfterFailure, SECOND);
    let first = |code| [failed(0, code), skipped(1), well(2)];
    assert_eq!(next(&mut waiting(10, 1), &plan, &first("connect.refused"), 1), round(&[0, 1], 250));
    let whole = end_to_end();
    let parts = [well(0), well(1), whole.clone(), well(3), failed(4, "connect.refused")];
    assert_eq!(next(&mut waiting(10, 1), &plan, &parts, 1), round(&[2, 3, 4], 250), "the part that was well, too");
    // What waits for a check that is asked no more would be asked without it.
    let lost = [failed(0, "auth.rejected"), skipped(1), whole, well(3), failed(4, "auth.rejected")];
    assert_eq!(next(&mut waiting(10, 1), &plan, &lost, 1), round(&[2, 3], 250));
    assert_eq!(next(&mut waiting(10, 3), &plan, &[0, 1, 2].map(well), 1), round(&[0, 1, 2, 3, 4], 1000));
}

#[test]
fn a_login_that_was_refused_is_not_sent_again_whichever_part_is_guilty_of_that() {
    let plan = chained();
    let refused = catalogue::ALL.iter().find(|code| code.name == "auth.rejected");
    let whole = Outcome { met: refused, ..end_to_end() };
    let known = [well(0), well(1), whole, well(3), failed(4, "connect.refused")];
    assert_eq!(next(&mut waiting(10, 1), &plan, &known, 1), Next::End(Ended::Hopeless));
}

#[test]
fn an_end_to_end_check_whose_parts_were_cut_off_is_what_it_was() {
    let mut known = Known::default();
    known.take(vec![end_to_end(), well(3), failed(4, "connect.refused")], Duration::ZERO);
    let cut_off = Outcome::skipped(4, 1, SkipReason::Interrupted, SECOND);
    let whole = Outcome { others: end_to_end().others, ..failed(2, "request.timeout") };
    known.take(vec![whole, well(3), cut_off], SECOND);
    let code = |entry| known.outcomes()[&entry].code().map(|code| code.name);
    assert_eq!((code(2), code(4)), (Some("connect.refused"), Some("connect.refused")));
}

#[test]
fn parts_that_were_needed_once_are_forgotten_when_they_are_no_more() {
    let mut known = Known::default();
    let whole = end_to_end();
    known.take(vec![whole, well(3), failed(4, "connect.refused")], Duration::ZERO);
    known.take(vec![well(2)], SECOND);
    assert_eq!(known.outcomes().keys().copied().collect::<Vec<_>>(), [2]);
}

#[test]
fn nobody_waits_for_what_nothing_depends_on_but_it_is_asked_with_others() {
    let plan = four();
    let minor = failed(3, "connect.refused");
    assert_eq!(next(&mut waiting(10, 1), &plan, &[well(0), minor.clone()], 1), Next::End(Ended::Well));
    assert_eq!(next(&mut waiting(10, 1), &plan, &[failed(0, "connect.timeout"), minor], 1), round(&[0, 3], 250));
}

#[test]
fn what_was_skipped_is_asked_with_what_it_needs_and_keeps_no_wait_alive() {
    let plan = four();
    let skipped = Outcome::skipped(2, 2, SkipReason::AfterFailure, SECOND);
    let refused = failed(0, "connect.refused");
    assert_eq!(next(&mut waiting(10, 1), &plan, &[refused, skipped.clone()], 1), round(&[0, 2], 250));
    let rejected = failed(0, "auth.rejected");
    assert_eq!(next(&mut waiting(10, 1), &plan, &[rejected, skipped], 1), Next::End(Ended::Hopeless));
}

#[test]
fn a_warning_is_well_unless_warnings_are_failures() {
    let plan = four();
    let mut warned = well(0);
    warned.steps[0].verdict = Verdict::Warn;
    assert_eq!(next(&mut waiting(10, 1), &plan, &[warned.clone()], 1), Next::End(Ended::Well));
    let mut strict = Waiting::new(Wish { most: SECOND * 10, stable: 1, warnings_fail: true });
    assert_eq!(next(&mut strict, &plan, &[warned], 1), round(&[0], 250));
}

#[test]
fn the_pauses_grow_to_five_seconds_and_begin_anew_when_something_has_changed() {
    let plan = four();
    let mut waiting = waiting(1000, 1);
    let (one, both) = ([failed(0, "connect.refused")], [failed(0, "connect.refused"), failed(2, "connect.refused")]);
    let pauses = [250, 500, 1000, 2000, 4000, 5000, 5000];
    for pause in pauses {
        assert_eq!(next(&mut waiting, &plan, &one, 1), round(&[0], pause));
    }
    assert_eq!(next(&mut waiting, &plan, &both, 1), round(&[0, 2], 250));
    assert_eq!(next(&mut waiting, &plan, &one, 1), round(&[0], 250));
}

#[test]
fn those_who_wait_for_the_same_do_not_ask_in_step() {
    let (least, most) = (pause(3, 0.0), pause(3, 1.0));
    assert_eq!((least, most), (SECOND * 3 / 2, SECOND * 5 / 2));
    assert!((0..100).map(|_| chance()).all(|chance| (0.0..=1.0).contains(&chance)));
    assert!((0..100).map(|_| chance()).any(|one| (one - chance()).abs() > 0.01));
}

#[test]
fn the_last_round_is_at_the_end_of_the_time_and_none_begins_later() {
    let plan = four();
    let failing = [failed(0, "connect.refused")];
    let mut waiting = waiting(10, 1);
    for _ in 0..8 {
        next(&mut waiting, &plan, &failing, 1);
    }
    assert_eq!(next(&mut waiting, &plan, &failing, 8), round(&[0], 2000));
    assert_eq!(next(&mut waiting, &plan, &failing, 10), Next::End(Ended::TimeOver));
    assert_eq!(next(&mut self::waiting(0, 1), &plan, &failing, 0), Next::End(Ended::TimeOver));
}

#[test]
fn all_is_well_so_often_in_a_row_also_when_the_time_is_over_meanwhile() {
    let plan = four();
    let (good, bad) = ([well(0), well(3)], [failed(0, "connect.refused"), well(3)]);
    let mut waiting = waiting(10, 3);
    assert_eq!(next(&mut waiting, &plan, &good, 1), round(&[0, 3], 1000));
    assert_eq!(next(&mut waiting, &plan, &good, 2), round(&[0, 3], 1000));
    assert_eq!(next(&mut waiting, &plan, &bad, 3), round(&[0], 250), "it has to begin anew");
    assert_eq!(next(&mut waiting, &plan, &good, 9), round(&[0, 3], 1000));
    assert_eq!(next(&mut waiting, &plan, &good, 11), round(&[0, 3], 1000), "what was well in time is confirmed");
    assert_eq!(next(&mut waiting, &plan, &good, 13), Next::End(Ended::Well));
    let mut waiting = self::waiting(10, 3);
    next(&mut waiting, &plan, &good, 9);
    assert_eq!(next(&mut waiting, &plan, &bad, 11), Next::End(Ended::TimeOver), "and is no longer waited for");
}

#[test]
fn what_was_cut_off_hides_nothing_that_was_known() {
    let mut all = Known::default();
    all.take(vec![well(0), failed(2, "connect.refused")], Duration::ZERO);
    let cut_off = |entry| Outcome::skipped(entry, 1, SkipReason::Interrupted, SECOND);
    all.take(vec![cut_off(0), cut_off(2), cut_off(3)], SECOND);
    let verdicts: Vec<_> = all.outcomes().values().map(|outcome| outcome.steps[0].verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Fail, Verdict::Skip]);
    all.take(vec![well(2)], SECOND * 7);
    assert_eq!(all.outcomes()[&2].steps[0].at, SECOND * 8, "from the begin of the first round");
}

#[test]
fn the_judgement_of_the_file_decides_what_is_well() {
    let failure = failed(0, "connect.refused").failure.expect("a failure");
    assert!(matches!(*failure, Failure { code, .. } if code.repeat == Repeat::Worthwhile));
    let not_failed = Outcome::failed(0, 1, SECOND, Failure::not_failed("connect.refused"));
    assert_eq!(next(&mut waiting(10, 1), &four(), &[not_failed], 1), round(&[0], 250), "a port may close later");
}
