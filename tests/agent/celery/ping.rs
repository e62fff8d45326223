//! Who answers, and who consumes.

use super::Checked;
use super::brokers::Place;
use harness::celery::{Celery, Setup, Worker};
use harness::redis::PASSWORD;
use serde_json::json;

fn ping(place: &Place, more: &str) -> Checked {
    Checked::of("celery", &format!("broker: '{}'{more}", place.url()))
}

fn answers_and_nothing_is_left(place: &Place, version: Celery) {
    let worker = Worker::start(&Setup::new(&place.url(), &place.backend()).version(version));
    let (before, log) = (place.content(), worker.log());
    for _ in 0..2 {
        let checked = ping(place, ", queues: [celery], wait: 10");
        assert_eq!(checked.passed()["workers"], json!({"one@localhost": ["celery"]}), "{version:?}");
        assert_eq!(checked.check["results"][0]["name"], format!("celery:{}", place.shown()));
        assert!(checked.ran.elapsed.as_secs_f64() < 6.0, "enough is enough: {:?}", checked.ran.elapsed);
        checked.hides(PASSWORD);
    }
    ping(place, ", queues: [celery, mail]").failed("request.no-consumer");
    place.is_as_before(&before);
    assert_eq!(worker.log(), log, "workers write nothing of it down");
}

#[test]
fn workers_of_the_newest_version_answer_behind_redis() {
    answers_and_nothing_is_left(&Place::in_redis(), Celery::Newest);
}

#[test]
fn workers_of_an_older_version_answer_behind_redis() {
    answers_and_nothing_is_left(&Place::in_redis(), Celery::Older);
}

#[test]
fn workers_of_the_newest_version_answer_behind_rabbitmq() {
    answers_and_nothing_is_left(&Place::in_rabbit(), Celery::Newest);
}

#[test]
fn workers_of_an_older_version_answer_behind_rabbitmq() {
    answers_and_nothing_is_left(&Place::in_rabbit(), Celery::Older);
}

#[test]
fn without_a_worker_that_is_said_at_once_and_nothing_is_made() {
    for place in [Place::in_redis(), Place::in_rabbit()] {
        let before = place.content();
        let checked = ping(&place, ", wait: 10");
        checked.failed("request.no-worker");
        checked.says("celery -A APP status");
        assert!(checked.ran.elapsed.as_secs_f64() < 6.0, "{:?}", checked.ran.elapsed);
        place.is_as_before(&before);
    }
}

fn one_of_two_is_missing(place: &Place) {
    let setup = Setup::new(&place.url(), &place.backend());
    let _one = Worker::start(&setup);
    let mut two = Worker::start(&setup.clone().name("two").queues("mail,reports"));
    let both = ping(place, ", workers: 2, queues: [celery, reports]");
    assert_eq!(both.passed()["workers"]["two@localhost"].as_array().map(Vec::len), Some(2), "{}", both.check);
    let three = ping(place, ", workers: 3");
    three.failed("request.too-few-workers");
    three.says("2 of at least 3");
    three.says("one@localhost, two@localhost");
    let other = ping(place, ", queues: [celery, mial]");
    other.failed("request.no-consumer");
    other.says("`mial`");
    two.daemon().stop();
    ping(place, ", workers: 2").failed("request.too-few-workers");
    ping(place, ", queues: mail").failed("request.no-consumer");
    ping(place, "").passed();
}

#[test]
fn one_of_two_workers_behind_redis_is_missed() {
    one_of_two_is_missing(&Place::in_redis());
}

#[test]
fn one_of_two_workers_behind_rabbitmq_is_missed() {
    one_of_two_is_missing(&Place::in_rabbit());
}

#[test]
fn a_worker_that_hangs_does_not_answer_in_time_and_nothing_stays_of_the_question() {
    for place in [Place::in_redis(), Place::in_rabbit()] {
        let mut worker = Worker::start(&Setup::new(&place.url(), &place.backend()));
        let before = place.content();
        worker.daemon().freeze();
        let checked = ping(&place, "");
        checked.failed("request.no-worker");
        assert!((1.0..6.0).contains(&checked.ran.elapsed.as_secs_f64()), "{:?}", checked.ran.elapsed);
        // It answers to nobody now.
        worker.daemon().thaw();
        ping(&place, "").passed();
        place.is_as_before(&before);
    }
}

#[test]
fn a_prefix_of_all_keys_is_that_of_the_workers() {
    // Older ones have it before keys, and not before channels.
    for version in Celery::ALL {
        let place = Place::in_redis();
        let _worker = Worker::start(&Setup::new(&place.url(), &place.url()).prefix("shop:").version(version));
        let before = place.content();
        ping(&place, ", global_keyprefix: 'shop:', queues: celery").passed();
        place.is_as_before(&before);
        let without = ping(&place, "");
        without.failed("request.no-worker");
        place.is_as_before(&before);
    }
}
