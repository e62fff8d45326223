//! A task, and what becomes of it.

use super::Checked;
use super::brokers::{Place, rabbit, redis};
use harness::celery::{Celery, SECRET, Setup, Worker};
use harness::ports;
use harness::rabbitmq::{LIMITED, PASSWORD, USER};
use harness::redis::{PASSWORD as REDIS_PASSWORD, Redis, Setup as RedisSetup};

/// The check of a task; what the broker of its workers is.
fn task(place: &Place, backend: &str, more: &str) -> Checked {
    Checked::of("celery_task", &format!("broker: '{}', result_backend: '{backend}', {more}", place.url()))
}

fn is_run_once_and_nothing_is_left(place: &Place, results: &Place, backend: &str, version: Celery) {
    let worker = Worker::start(&Setup::new(&place.url(), backend).version(version));
    let (before, results_before) = (place.content(), results.content());
    let checked = task(place, backend, "task: shop.health, args: [1, {a: b}], kwargs: {name: s3cret-argument}");
    assert!(checked.passed()["task_seconds"].as_f64().is_some_and(|seconds| seconds < 3.0), "{}", checked.check);
    assert_eq!(checked.check["results"][0]["name"], format!("celery_task:{}", place.shown()));
    checked.hides("s3cret-argument");
    place.is_as_before(&before);
    results.is_as_before(&results_before);
    let log = worker.log();
    assert_eq!(log.matches("Task shop.health[").count(), 2, "received and done, once: {log}");
    assert!(log.contains("[2, ['name']]") && !log.contains("s3cret-argument"), "{log}");
}

#[test]
fn a_task_is_run_behind_redis() {
    let (place, results) = (Place::in_redis(), Place::in_redis());
    is_run_once_and_nothing_is_left(&place, &results, &results.url(), Celery::Newest);
}

#[test]
fn a_task_is_run_behind_redis_by_an_older_version() {
    let (place, results) = (Place::in_redis(), Place::in_redis());
    is_run_once_and_nothing_is_left(&place, &results, &results.url(), Celery::Older);
}

#[test]
fn a_task_is_run_behind_rabbitmq_with_results_in_redis() {
    let (place, results) = (Place::in_rabbit(), Place::in_redis());
    is_run_once_and_nothing_is_left(&place, &results, &results.url(), Celery::Newest);
}

#[test]
fn a_task_is_run_behind_rabbitmq_with_results_through_it() {
    let place = Place::in_rabbit();
    is_run_once_and_nothing_is_left(&place, &place, "rpc://", Celery::Newest);
}

#[test]
fn a_task_is_run_behind_rabbitmq_by_an_older_version() {
    let place = Place::in_rabbit();
    is_run_once_and_nothing_is_left(&place, &place, "rpc://", Celery::Older);
}

fn ends_are_told_apart(place: &Place) {
    let backend = place.backend();
    let worker = Worker::start(&Setup::new(&place.url(), &backend));
    let before = place.content();
    let unknown = task(place, &backend, "task: shop.helth");
    unknown.failed("request.no-such-task");
    unknown.says("`shop.helth`");
    let failing = task(place, &backend, "task: shop.fails");
    failing.failed("request.task-failed");
    failing.says("ValueError");
    failing.hides(SECRET);
    // Asked for one, a task has a result that has none for others.
    task(place, &backend, "task: shop.silent").passed();
    place.is_as_before(&before);
    let slow = task(place, &backend, "task: shop.sleeps, args: [60], wait: 1");
    slow.failed("request.no-result");
    slow.says("one@localhost has begun");
    // Now the only process of the worker is busy.
    let late = task(place, &backend, "task: shop.health, wait: 1");
    late.failed("request.revoked");
    late.says("it waits at the worker one@localhost");
    assert!(late.ran.elapsed.as_secs_f64() < 8.0, "{:?}", late.ran.elapsed);
    assert_eq!(worker.log().matches("Task shop.health[").count(), 1, "received, not run: {}", worker.log());
}

#[test]
fn ends_of_tasks_behind_redis_are_told_apart() {
    ends_are_told_apart(&Place::in_redis());
}

#[test]
fn ends_of_tasks_behind_rabbitmq_are_told_apart() {
    ends_are_told_apart(&Place::in_rabbit());
}

#[test]
fn a_worker_that_has_enough_leaves_a_task_in_the_queue_and_it_is_taken_out() {
    let place = Place::in_redis();
    let worker = Worker::start(&Setup::new(&place.url(), &place.url()).prefetch(1));
    worker.occupy();
    // One more than it runs: it takes no third.
    worker.call("shop.health", "[]");
    harness::wait::until("the worker to have enough", || worker.log().contains("Task shop.health["));
    let before = place.content();
    let late = task(&place, &place.url(), "task: shop.health, wait: 1");
    late.failed("request.revoked");
    late.says("no worker has taken it");
    place.is_as_before(&before);
}

#[test]
fn nothing_is_sent_where_no_worker_of_the_queue_answers() {
    for place in [Place::in_redis(), Place::in_rabbit()] {
        let backend = place.backend();
        let nobody = place.content();
        task(&place, &backend, "task: shop.health").failed("request.no-worker");
        place.is_as_before(&nobody);
        let worker = Worker::start(&Setup::new(&place.url(), &backend).queues("mail"));
        let before = place.content();
        let other = task(&place, &backend, "task: shop.health");
        other.failed("request.no-consumer");
        other.says("one@localhost: mail");
        place.is_as_before(&before);
        assert!(!worker.log().contains("shop.health["), "{}", worker.log());
    }
}

#[test]
fn a_dead_result_back_end_is_named_and_nothing_is_sent() {
    let place = Place::in_redis();
    let worker = Worker::start(&Setup::new(&place.url(), &place.url()));
    let before = place.content();
    let port = ports::free();
    let dead = task(&place, &format!("redis://{}/3", port.address()), "task: shop.health");
    dead.failed("connect.refused");
    dead.says(&format!("the result back end {}/3", port.address()));
    let wrong = task(&place, &format!("redis://:not-the-Password-9@{}/3", redis().address()), "task: shop.health");
    wrong.failed("auth.rejected");
    wrong.says("the result back end");
    wrong.hides("not-the-Password-9");
    place.is_as_before(&before);
    assert!(!worker.log().contains("shop.health["), "{}", worker.log());
}

#[test]
fn results_elsewhere_than_the_workers_write_them_are_missed() {
    let place = Place::in_redis();
    let _worker = Worker::start(&Setup::new(&place.url(), &place.url()));
    let other_database = task(&place, &Place::in_redis().url(), "task: shop.health");
    other_database.failed("request.no-result");
    other_database.says("another database");
    let other = Redis::start(&RedisSetup::new());
    let elsewhere = task(&place, &format!("redis://{}/1", other.address()), "task: shop.health, wait: 1");
    elsewhere.failed("request.no-result");
    elsewhere.says("correct `result_backend`");
    assert_eq!(other.cli(&["-n", "1", "KEYS", "*"]).trim(), "");
}

#[test]
fn prefixes_of_keys_are_those_of_the_workers() {
    let place = Place::in_redis();
    let _worker = Worker::start(&Setup::new(&place.url(), &place.url()).prefix("shop"));
    let before = place.content();
    let options = "task: shop.health, global_keyprefix: shop, result_keyprefix: shop";
    task(&place, &place.url(), options).passed();
    place.is_as_before(&before);
}

#[test]
fn an_exchange_without_a_queue_gives_the_task_back() {
    let place = Place::in_rabbit();
    let worker = Worker::start(&Setup::new(&place.url(), "rpc://"));
    let lost = task(&place, "rpc://", "task: shop.health, exchange: amq.direct, routing_key: nowhere");
    lost.failed("request.no-such-queue");
    lost.says("nowhere");
    task(&place, "rpc://", "task: shop.health, exchange: celery").passed();
    assert_eq!(worker.log().matches("Task shop.health[").count(), 2, "{}", worker.log());
}

/// As docs/celery.md has them.
const RIGHTS: &str = "+ping +hello +select +sadd +srem +publish +brpop +del +lpush +pexpire ~*.celery.pidbox &/*";
const RIGHTS_FOR_A_TASK: &str = "+llen +lrem ~celery";
const RIGHTS_TO_RESULTS: &str =
    "+ping +hello +select +subscribe +unsubscribe +del ~celery-task-meta-* &celery-task-meta-*";

#[test]
fn the_rights_that_the_manual_names_are_enough() {
    let redis = Redis::start(
        &RedisSetup::new()
            .user("asks", RIGHTS)
            .user("sends", &format!("{RIGHTS} {RIGHTS_FOR_A_TASK}"))
            .user("waits", RIGHTS_TO_RESULTS),
    );
    let url = |user: &str| format!("redis://{user}:{REDIS_PASSWORD}@{}/1", redis.address());
    let own = format!("redis://{}/1", redis.address());
    let _worker = Worker::start(&Setup::new(&own, &own));
    Checked::of("celery", &format!("broker: '{}'", url("asks"))).passed();
    let backend = url("waits");
    Checked::of("celery_task", &format!("broker: '{}', result_backend: '{backend}', task: shop.health", url("sends")))
        .passed();
    let refused = Checked::of(
        "celery_task",
        &format!("broker: '{}', result_backend: '{backend}', task: shop.health", url("asks")),
    );
    refused.failed("request.permission-denied");

    let place = Place::in_rabbit();
    let Place::Rabbit { vhost } = &place else { unreachable!("it is one") };
    let _worker = Worker::start(&Setup::new(&place.url(), "rpc://"));
    let limited = place.url().replace(&format!("{USER}:"), &format!("{LIMITED}:"));
    assert!(limited.contains(PASSWORD), "{limited}");
    let replies = r".*\.reply\.celery\.pidbox";
    rabbit().permit(vhost, LIMITED, [replies, r"celery\.pidbox", replies]);
    Checked::of("celery", &format!("broker: '{limited}'")).passed();
    let task =
        || Checked::of("celery_task", &format!("broker: '{limited}', result_backend: 'rpc://', task: shop.health"));
    task().failed("request.permission-denied");
    rabbit().permit(vhost, LIMITED, [replies, r"celery\.pidbox|amq\.default", replies]);
    task().passed();
}
