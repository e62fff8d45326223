use super::*;
use crate::outcome::Verdict;
use crate::plan::{Defaults, load};
use crate::source::Source;

fn plan(yaml: &str) -> Arc<Plan> {
    let source = Source::own("test", yaml);
    Arc::new(load(&source, Defaults { timeout: Duration::from_secs(1) }, true).expect("valid").0)
}

#[test]
fn a_task_is_small_enough_for_thousands_of_them() {
    let size = |yaml: &str| {
        let plan = plan(yaml);
        let shared = Arc::new(Options::of_host().shared());
        let assignment = || Assignment {
            entry: 0,
            wanted: 0,
            results: 1,
            timeout: Duration::from_secs(1),
            redactor: crate::secret::Redactor::new(),
            detour: None,
            asks_once: false,
            again: None,
            findings: Arc::default(),
            events: None,
        };
        let mut probe = Probe::new(Arc::clone(&shared), assignment());
        let own = size_of_val(&*plan.entries[0].spec.run(&mut probe));
        (own, size_of_val(&perform(Arc::clone(&plan), Arc::clone(&shared), Box::new(assignment()))))
    };
    let (tcp, task) = size("- {type: tcp, host: a, port: 1}");
    let (http, _) = size("- {type: http, url: 'http://a/'}");
    assert!(tcp < 2048 && task < 1024 && http < 8192, "tcp {tcp}, http {http}, task {task} bytes");
}

/// Runs a file on a runtime of its own.
fn report_of(yaml: &str) -> (Arc<Plan>, Report) {
    let plan = plan(yaml);
    let selection = Selection::of(&plan, &crate::select::Wanted::default());
    let options = Options { concurrency: 2, ..Options::of_host() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let report = runtime.block_on(run(&plan, &selection, &options, std::future::pending(), None));
    (plan, report)
}

#[test]
fn what_is_remembered_holds_up_no_run_when_it_cannot_be_read() {
    let plan = plan("- {type: file, path: /etc/passwd}\n- {type: file, path: /nonexistent/file}\n");
    let (answer, never) = std::sync::mpsc::channel();
    let recall = Arc::new(Recall::later(move || never.recv().expect("an answer")));
    let options = Options { recall: Some(Arc::clone(&recall)), ..Options::of_host() };
    let selection = Selection::of(&plan, &crate::select::Wanted::default());
    let runtime = options.runtime().expect("a runtime");
    let report = runtime.block_on(run(&plan, &selection, &options, std::future::pending(), None));
    runtime.shutdown_background();
    let failed: Vec<_> = report.outcomes.iter().map(|outcome| outcome.failure.is_some()).collect();
    assert_eq!((failed, recall.is_known()), (vec![false, true], false));
    let took = report.elapsed;
    assert!((PATIENCE..PATIENCE + Duration::from_secs(2)).contains(&took), "{took:?}");
    assert!(report.outcomes.iter().all(|outcome| outcome.elapsed < Duration::from_secs(1)), "the checks went on");
    // The thread never hears of it.
    std::mem::forget(answer);
}

/// What came of each result of a check.
fn verdicts(outcome: &Outcome) -> Vec<Verdict> {
    outcome.steps.iter().map(|step| step.verdict).collect()
}

#[test]
fn a_panic_is_one_failed_check_and_keeps_what_was_known() {
    let (plan, report) = report_of(
        "- {type: udp, host: 127.0.0.1, port: 9, send: x}\n\
         - {type: panics, text: at the worst moment}\n\
         - {type: panics, text: again}\n\
         - {type: panics, text: 'and again'}\n",
    );
    assert_eq!(report.outcomes.len(), 4);
    let outcome = &report.outcomes[1];
    assert_eq!(verdicts(outcome), [Verdict::Pass, Verdict::Fail, Verdict::Skip]);
    let failure = outcome.failure.as_deref().expect("a failure");
    assert_eq!(failure.code.name, "run.own-fault");
    assert_eq!(failure.evidence.as_deref(), Some("at the worst moment"));
    assert!(report.outcomes.iter().all(|outcome| outcome.steps.len() == plan.entries[outcome.entry].results.len()));
    let own_faults =
        report.outcomes.iter().filter(|one| one.failure.as_deref().is_some_and(|f| f.code.name == "run.own-fault"));
    assert_eq!(own_faults.count(), 3, "the check beside them did not fail by a fault of ours");
}

#[test]
fn the_text_of_a_panic_shows_no_secret_of_its_check() {
    let (_, report) = report_of("- {type: panics, text: 'in the middle of hunter2', secret: hunter2}");
    let failure = report.outcomes[0].failure.as_deref().expect("a failure");
    assert_eq!(failure.evidence.as_deref(), Some("in the middle of ***"));
}
