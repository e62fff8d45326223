//! Brokers that do not let the check in, and files that are wrong.

use super::Checked;
use super::brokers::{Place, rabbit, redis};
use harness::agent::Agent;
use harness::certs::Authority;
use harness::redis::{PASSWORD, Redis, Setup};

const WRONG: &str = "not-the-Password-9";

#[test]
fn a_wrong_password_is_the_brokers_to_say_and_stays_hidden() {
    for (url, place) in [
        (format!("redis://:{WRONG}@{}/1", redis().address()), redis().address()),
        (format!("amqp://app:{WRONG}@{}//", rabbit().address()), rabbit().address()),
    ] {
        let checked = Checked::of("celery", &format!("broker: '{url}'"));
        checked.failed("auth.rejected");
        assert!(checked.ran.out.contains(&place.to_string()), "{}", checked.ran.out);
        checked.hides(WRONG);
    }
}

#[test]
fn the_url_may_stand_in_the_environment() {
    let place = Place::in_redis();
    let yaml = "- {type: celery, broker: {env: CELERY_BROKER_URL}}";
    let ran = Agent::new(yaml).env("CELERY_BROKER_URL", &place.url()).args(["--format", "json"]).run();
    let check = &ran.json()["checks"][0];
    assert_eq!(check["failure"]["code"], "request.no-worker", "{check}");
    assert_eq!(check["results"][0]["name"], format!("celery:{}", place.shown()));
    assert!(!ran.out.contains(PASSWORD), "{}", ran.out);
}

#[test]
fn who_may_enter_and_not_ask_is_told_so() {
    let redis = Redis::start(&Setup::new().user("watcher", "+@all -publish ~* &*"));
    let url = format!("redis://watcher:{PASSWORD}@{}", redis.address());
    let checked = Checked::of("celery", &format!("broker: '{url}'"));
    checked.failed("request.permission-denied");
    checked.says("PUBLISH");
    assert_eq!(redis.cli(&["KEYS", "*"]).trim(), "", "the binding is taken back");
}

#[test]
fn brokers_with_tls_are_verified() {
    let ca = Authority::new();
    let redis = Redis::start(&Setup::new().tls(&ca.valid()));
    let url = format!("rediss://{}/2", redis.tls_address());
    let file = ca.file().display();
    Checked::of("celery", &format!("broker: '{url}', ca_file: {file}")).failed("request.no-worker");
    Checked::of("celery", &format!("broker: '{url}'")).failed("tls.untrusted");
}

#[test]
fn what_is_spoken_to_by_nobody_here_is_refused_when_the_file_is_read() {
    let celery = |broker: &str| format!("- {{type: celery, broker: '{broker}'}}");
    let task = |more: &str| format!("- {{type: celery_task, broker: 'redis://h', task: shop.health, {more}}}");
    for (yaml, words) in [
        (celery("sqs://"), "amqp://USER:PASSWORD@HOST"),
        (celery("redis://:s3cret-word@h/cache"), "number of a database"),
        (celery("amqp://a;amqp://b"), "several brokers"),
        (task("result_backend: 'db+postgresql://app:s3cret-word@h/d'"), "use the celery check"),
        (task("result_backend: 'rpc://'"), "needs an AMQP broker"),
        (task("result_backend: 'redis://h', wait: 31"), "at most 30"),
        (task("result_backend: 'redis://h', args: 1"), "expected a list"),
        (task("result_backend: 'redis://h', routing_key: a"), "`routing_key` without `exchange`"),
        (task("wait: 3"), "`result_backend` is missing"),
    ] {
        let ran = Agent::new(&yaml).arg("--validate").run();
        assert_eq!(ran.status, 3, "{yaml}: {}{}", ran.out, ran.err);
        let said = [ran.out, ran.err].concat();
        assert!(said.contains(words), "{yaml}: {said}");
        assert!(!said.contains("s3cret-word"), "{said}");
    }
}
