//! A run that is ended in the middle: no address for answers stays, and no task.

use super::brokers::Place;
use crate::interrupted::Running;
use harness::celery::{Setup, Worker};
use harness::wait;
use nix::sys::signal::Signal;

/// Two workers are wanted, and there is one: its answer does not do, and the next one is waited for.
fn ping(place: &Place) -> String {
    format!("- {{type: celery, broker: '{}', workers: 2, wait: 8, timeout: 20}}\n", place.url())
}

fn task(place: &Place, task: &str) -> String {
    let (url, backend) = (place.url(), place.backend());
    format!("- {{type: celery_task, broker: '{url}', result_backend: '{backend}', {task}, wait: 20, timeout: 40}}\n")
}

#[test]
fn the_address_for_answers_is_taken_back() {
    for place in [Place::in_redis(), Place::in_rabbit()] {
        let _worker = Worker::start(&Setup::new(&place.url(), &place.backend()));
        let before = place.content();
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            let running = Running::start(&ping(&place), &[]);
            wait::until("the question", || place.content() != before);
            running.interrupt(signal);
            place.is_as_before(&before);
        }
        Running::start(&ping(&place), &["--max-timeout", "1"]).end();
        place.is_as_before(&before);
    }
}

#[test]
fn a_task_that_nobody_has_begun_with_is_taken_out_of_its_queue() {
    let place = Place::in_redis();
    let worker = Worker::start(&Setup::new(&place.url(), &place.url()).prefetch(1));
    worker.occupy();
    // One more than it runs: it takes no third.
    worker.call("shop.health", "[]");
    wait::until("the worker to have enough", || worker.log().contains("Task shop.health["));
    let before = place.content();
    let running = Running::start(&task(&place, "task: shop.fails"), &[]);
    wait::until("the task", || place.content().lines().any(|line| line.starts_with("celery: ")));
    running.interrupt(Signal::SIGTERM);
    place.is_as_before(&before);
    let late = Running::start(&task(&place, "task: shop.fails"), &["--max-timeout", "2.5"]);
    late.end();
    place.is_as_before(&before);
}

#[test]
fn a_task_that_a_worker_keeps_is_revoked() {
    for place in [Place::in_redis(), Place::in_rabbit()] {
        let worker = Worker::start(&Setup::new(&place.url(), &place.backend()));
        worker.occupy();
        let running = Running::start(&task(&place, "task: shop.fails"), &[]);
        wait::until("the task to be at the worker", || worker.log().contains("Task shop.fails["));
        running.interrupt(Signal::SIGTERM);
        wait::until("the word to the workers", || worker.log().contains("flagged as revoked"));
        // What the worker itself keeps of it stays until it comes to it.
        wait::until("no address for answers", || !place.content().contains("reply"));
    }
}
