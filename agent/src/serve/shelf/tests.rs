//! What is due when, on a clock of our own.

use super::*;
use crate::outcome::{Step, Verdict};
use crate::plan::{Defaults, load};
use crate::report::Warnings;
use crate::select::Wanted;
use crate::source::Source;

/// Checks, what is known of them, and a clock of our own.
struct Scene {
    plan: Plan,
    selection: Selection,
    shelf: Shelf,
    options: Options,
    zero: Instant,
}

impl Scene {
    fn new(yaml: &str) -> Self {
        let defaults = Defaults { timeout: Duration::from_secs(1) };
        let mut plan = load(&Source::own("test", yaml), defaults, false).expect("valid").0;
        assert!(plan.link().is_empty());
        let selection = Selection::of(&plan, &Wanted::default());
        let (shelf, options) = (Shelf::of(&selection), Options::of_host());
        Self { plan, selection, shelf, options, zero: Instant::now() }
    }

    fn at(&self, millis: u64) -> Instant {
        self.zero + Duration::from_millis(millis)
    }

    fn asked(&self, millis: u64) -> Asked {
        Asked { at: self.at(millis), max_age: Duration::from_secs(1) }
    }

    /// Begins what is due for who asks then; which checks those are.
    fn ask(&mut self, millis: u64) -> Vec<Vec<usize>> {
        let now = self.at(millis);
        let batches = self.shelf.due(&self.plan, &self.options, self.asked(millis), now);
        batches.iter().for_each(|batch| self.shelf.begin(&batch.entries, now));
        batches.into_iter().map(|batch| batch.entries).collect()
    }

    fn land(&mut self, entry: usize, verdict: Verdict, millis: u64) {
        let steps = vec![Step::decided(verdict, Duration::ZERO, Duration::ZERO)];
        let stage = Stage { warnings: Warnings::Count, config: "c", plan: &self.plan, selection: &self.selection };
        let now = self.zero + Duration::from_millis(millis);
        self.shelf.land(stage, Outcome { entry, steps, ..Outcome::default() }, now);
    }

    fn is_fresh(&self, asked: u64, now: u64) -> bool {
        self.shelf.is_fresh(self.asked(asked), self.at(now))
    }
}

const THREE: &str = "- {type: tcp, host: a, port: 1}\n- {type: tcp, host: b, port: 1}\n- {type: disk, path: /}\n";

#[test]
fn one_check_that_hangs_holds_up_no_other_and_none_is_made_twice_at_once_or_before_its_time() {
    let mut scene = Scene::new(THREE);
    assert_eq!(scene.ask(0), [vec![2], vec![0, 1]], "those of this host apart");
    assert!(scene.ask(1).is_empty());
    scene.land(2, Verdict::Pass, 10);
    scene.land(0, Verdict::Pass, 100);
    assert!(!scene.is_fresh(0, 100), "one hangs");
    assert!(scene.ask(900).is_empty(), "what has ended is young enough");
    assert_eq!(scene.ask(1050), [vec![2], vec![0]], "the disk is due, and what began with it goes along");
    scene.land(2, Verdict::Warn, 1060);
    scene.land(0, Verdict::Pass, 1100);
    assert!(scene.ask(1500).is_empty());
    scene.land(1, Verdict::Fail, 1600);
    assert!(scene.is_fresh(0, 1600) && scene.is_fresh(1600, 1600));
    assert_eq!(scene.ask(2100), [vec![2], vec![0, 1]], "all together again");
}

#[test]
fn checks_that_hang_together_are_made_together_and_parts_with_their_whole() {
    let mut scene = Scene::new(
        "- {type: tcp, name: first, host: a, port: 1}\n- {type: disk, path: /, depends_on: first}\n\
         - {type: tcp, host: b, port: 1}\n- {type: tcp, host: c, port: 1, parts: [{type: tcp, host: d, port: 1}]}\n",
    );
    assert_eq!(scene.ask(0), [vec![0, 1, 2, 3, 4]], "what waits for another is made with it");
    scene.land(0, Verdict::Pass, 10);
    scene.land(2, Verdict::Pass, 20);
    scene.land(4, Verdict::Fail, 30);
    scene.land(3, Verdict::Fail, 30);
    assert_eq!(scene.shelf.report.outcomes.len(), 3, "the part had nothing to do with it");
    assert_eq!(scene.ask(2000), [vec![0, 2, 3, 4]], "the first needs no other, and the disk is being looked at");
    scene.land(1, Verdict::Pass, 2010);
    assert!(scene.ask(2020).is_empty(), "which waits for the first");
    scene.land(0, Verdict::Pass, 2030);
    assert_eq!(scene.ask(4000), [vec![0, 1]]);
    assert_eq!(scene.shelf.unknown().count(), 0, "a part that is not needed is nothing unknown");
}

#[test]
fn who_has_waited_for_one_does_not_begin_the_others_again() {
    let mut scene = Scene::new(THREE);
    scene.ask(0);
    scene.land(2, Verdict::Pass, 10);
    scene.land(0, Verdict::Pass, 20);
    let (asked, now) = (scene.asked(0), scene.at(30_000));
    assert!(scene.shelf.due(&scene.plan, &scene.options, asked, now).is_empty());
    scene.land(1, Verdict::Pass, 30_000);
    assert!(scene.is_fresh(0, 30_000));
    assert_eq!(scene.shelf.age(now), Some(Duration::from_millis(29_990)), "and it is told how old they are");
}

#[test]
fn the_limits_of_a_run_are_those_of_all_and_none_of_what_is_this_hosts() {
    let mut scene = Scene::new(THREE);
    scene.options.concurrency = 1;
    scene.ask(0);
    scene.land(2, Verdict::Pass, 10);
    scene.land(0, Verdict::Pass, 20);
    assert_eq!(scene.ask(5000), [vec![2]]);
    scene.options = Options { concurrency: 9, per_host: Some(1), ..scene.options };
    scene.land(2, Verdict::Pass, 5010);
    assert_eq!(scene.ask(9000), [vec![2]]);
    scene.land(1, Verdict::Pass, 9010);
    assert_eq!(scene.ask(9020), [vec![0, 1]]);

    let mut scene = Scene::new(&"- {type: command, command: [/bin/true]}\n".repeat(20));
    assert_eq!(scene.ask(0).concat().len(), PROGRAMS);
    assert!(scene.ask(1).is_empty());
    (0..3).for_each(|entry| scene.land(entry, Verdict::Pass, 10));
    assert_eq!(scene.ask(5000), [vec![16, 17, 18]], "those that were never made come first");
    (3..6).for_each(|entry| scene.land(entry, Verdict::Pass, 5000));
    assert_eq!(scene.ask(9000), [vec![0, 1, 19]]);
}

#[test]
fn a_group_of_more_programs_than_run_at_once_is_made_when_nothing_else_is() {
    let program = "- {type: command, command: [/bin/true], depends_on: first}\n".repeat(PROGRAMS + 1);
    let other = "- {type: command, command: [/bin/false]}\n";
    let mut scene = Scene::new(&("- {type: tcp, name: first, host: a, port: 1}\n".to_owned() + &program + other));
    assert_eq!(scene.ask(0).concat().len(), PROGRAMS + 2, "and the other one waits");
    (0..PROGRAMS + 2).for_each(|entry| scene.land(entry, Verdict::Pass, 10));
    assert_eq!(scene.ask(20), [vec![PROGRAMS + 2]]);
}

#[test]
fn a_check_that_needs_no_other_is_made_while_one_that_waits_for_it_hangs() {
    let mut scene =
        Scene::new("- {type: file, path: /a, name: flag}\n- {type: tcp, host: a, port: 1, depends_on: flag}\n");
    assert_eq!(scene.ask(0), [vec![0, 1]]);
    scene.land(0, Verdict::Pass, 10);
    assert_eq!(scene.ask(1020), [vec![0]]);
    scene.land(0, Verdict::Pass, 1030);
    scene.land(1, Verdict::Fail, 1500);
    assert!(scene.ask(1600).is_empty());
    assert_eq!(scene.ask(2040), [vec![0, 1]], "together again");
}

#[test]
fn a_run_that_ends_without_a_result_is_begun_again_and_ends_none_that_came_after_it() {
    let mut scene = Scene::new("- {type: tcp, host: a, port: 1}\n");
    assert_eq!(scene.ask(0), [vec![0]]);
    scene.shelf.end(&[0], scene.at(0));
    assert_eq!(scene.ask(1), [vec![0]]);
    scene.shelf.end(&[0], scene.at(0));
    assert!(scene.ask(2).is_empty());
}

#[test]
fn what_changed_is_known_until_it_changes_again_and_when_the_files_are_read_again() {
    let mut scene = Scene::new(THREE);
    let mut hear = |verdict, millis| {
        scene.ask(millis);
        scene.land(0, verdict, millis);
        let since = scene.shelf.since(0).expect("known");
        (since.before.map(State::word), since.is_new)
    };
    assert_eq!(hear(Verdict::Pass, 0), (None, true));
    assert_eq!(hear(Verdict::Pass, 2000), (None, false));
    assert_eq!(hear(Verdict::Fail, 4000), (Some("pass"), true));
    assert_eq!(hear(Verdict::Fail, 6000), (Some("pass"), false));
    assert_eq!(hear(Verdict::Pass, 8000), (Some("fail"), true));
    let former =
        std::mem::replace(&mut scene, Scene::new("- {type: tcp, host: n, port: 1}\n- {type: tcp, host: a, port: 1}\n"));
    scene.zero = former.zero;
    let empty = Shelf::of(&scene.selection);
    scene.shelf = empty.taking_over(&scene.plan, former.shelf, &former.plan);
    assert_eq!(scene.shelf.unknown().collect::<Vec<_>>(), [0], "the other is called as it was");
    assert!(!scene.is_fresh(0, 8000), "and has to be made again");
    assert_eq!(scene.ask(8001), [vec![0, 1]]);
    scene.land(1, Verdict::Pass, 8002);
    let since = scene.shelf.since(1).expect("known");
    assert_eq!((since.before.map(State::word), since.is_new), (Some("fail"), false));
}
