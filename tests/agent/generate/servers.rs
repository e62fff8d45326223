//! Generated files against the real servers that they are about.

use super::{configs, encoded, from_file, run_with, verdicts};
use harness::certs::Authority;
use harness::memcached::{self, Memcached};
use harness::postgres::{self, Postgres};
use harness::rabbitmq::{self, RabbitMq};
use harness::redis::{self, Redis};
use serde_json::json;

#[test]
fn a_postgres_url_logs_in_over_tls_and_over_a_socket() {
    let authority = Authority::new();
    let postgres = Postgres::start(&postgres::Setup::tls(&authority.valid()));
    let (user, password, database) =
        (encoded(postgres::USER), encoded(postgres::PASSWORD), encoded(postgres::DATABASE));
    let (address, ca) = (postgres.address(), authority.file().display().to_string());
    let folder = postgres.socket_folder().display().to_string();
    let made = from_file(&format!(
        "A_URL=postgres://{user}:{password}@{address}/{database}?sslmode=verify-full&sslrootcert={ca}\n\
         B_URL=postgresql+psycopg2://{user}:{password}@{address}/{database}?sslmode=disable\n\
         C_URL=postgresql://open@{}/{database}?port={}\n\
         D_URL=postgresql://open@/{database}?host={folder}&port={}\n\
         E_URL=postgres://{user}:wrong@{address}/{database}\n\
         PGHOST={}\nPGPORT={}\nPGUSER={}\nPGPASSWORD={}\nPGDATABASE={}\n",
        encoded(&folder),
        address.port(),
        address.port(),
        address.ip(),
        address.port(),
        postgres::USER,
        postgres::PASSWORD,
        postgres::DATABASE,
    ));
    assert_eq!((made.status, made.err.as_str()), (0, ""), "{made:?}");
    let expected = ["postgres pass", "postgres pass", "postgres pass", "postgres auth.rejected", "postgres pass"];
    assert_eq!(verdicts(&made.out), expected, "{}", made.out);
}

#[test]
fn redis_urls_log_in_with_any_password() {
    const PASSWORD: &str = "p@ss/w:o?r#d %2F \u{e4}'$x";
    let authority = Authority::new();
    let setup = redis::Setup::new().tls(&authority.valid()).config(&format!("requirepass \"{PASSWORD}\""));
    let redis = Redis::start(&setup);
    let (plain, secure, password) = (redis.address(), redis.tls_address(), encoded(PASSWORD));
    let (socket, ca) = (redis.socket().display().to_string(), authority.file().display().to_string());
    let made = from_file(&format!(
        "A_URL=redis://:{password}@{plain}/3\n\
         B_URL=rediss://default:{password}@{secure}/0?ssl_ca_certs={ca}\n\
         C_URL=rediss://:{password}@{secure}?ssl_cert_reqs=CERT_NONE\n\
         D_URL=redis+socket://:{password}@{socket}?virtual_host=2\n\
         E_URL=redis://{plain}\n"
    ));
    assert_eq!((made.status, made.err.as_str()), (0, ""), "{made:?}");
    let expected = ["redis pass", "redis pass", "redis pass", "redis pass", "redis auth.required"];
    assert_eq!(verdicts(&made.out), expected, "{}", made.out);
    // No file of variables has a form for this password that all readers take alike.
    let (host, port) = (plain.ip().to_string(), plain.port().to_string());
    let variables = [("REDIS_HOST", host.as_str()), ("REDIS_PORT", &port), ("REDIS_PASSWORD", PASSWORD)];
    let made = super::run(super::configs(&["env"]).envs(variables));
    assert_eq!((made.status, made.err.as_str()), (0, ""), "{made:?}");
    assert_eq!(verdicts(&made.out), ["redis pass"], "{}", made.out);
}

#[test]
fn memcached_servers_answer_with_and_without_a_login() {
    let open = Memcached::start(&memcached::Setup::new());
    let closed = Memcached::start(&memcached::Setup::new().text_login());
    let made = from_file(&format!(
        "MEMCACHED_SERVERS={}\nA_URL=memcached://{}:{}@{}\n",
        open.address(),
        encoded(memcached::USER),
        encoded(memcached::PASSWORD),
        closed.address()
    ));
    assert_eq!((made.status, made.err.as_str()), (0, ""), "{made:?}");
    assert_eq!(verdicts(&made.out), ["memcache pass", "memcache pass"], "{}", made.out);
}

#[test]
fn broker_urls_enter_their_virtual_host_with_and_without_tls() {
    let authority = Authority::new();
    let broker = RabbitMq::start(&rabbitmq::Setup::tls(&authority.valid()));
    let (user, password, vhost) = (encoded(rabbitmq::USER), encoded(rabbitmq::PASSWORD), encoded(rabbitmq::VHOST));
    let (plain, secure, ca) = (broker.address(), broker.tls_address(), authority.file().display().to_string());
    let made = from_file(&format!(
        "CELERY_BROKER_URL=amqp://{user}:{password}@{plain}/{vhost};amqps://{user}:{password}@{secure}/{vhost}?cacertfile={ca}\n\
         B_URL=pyamqp://{user}:{password}@{plain}/elsewhere\n"
    ));
    assert_eq!((made.status, made.err.as_str()), (0, ""), "{made:?}");
    let verdicts = verdicts(&made.out);
    assert_eq!(verdicts[..2], ["amqp pass", "amqp pass"], "{}", made.out);
    assert!(verdicts[2].starts_with("amqp request."), "{verdicts:?}");
}

#[test]
fn the_units_of_a_status_are_reached() {
    let (cache, store) = (Memcached::start(&memcached::Setup::new()), Redis::start(&redis::Setup::new()));
    let unit = |port: u16| json!({"public-address": "127.0.0.1", "open-ports": [format!("{port}/tcp")]});
    let status = json!({"model": {"name": "m"}, "applications": {
        "shop": {"relations": {"cache": ["memcached"], "store": ["redis"]}},
        "memcached": {"charm-name": "memcached", "units": {"memcached/0": unit(cache.address().port())}},
        "redis": {"charm-name": "redis", "units": {"redis/0": unit(store.address().port())}},
    }});
    let made = run_with(&mut configs(&["juju"]), status.to_string().as_bytes());
    assert_eq!((made.status, made.err.as_str()), (0, ""), "{made:?}");
    assert_eq!(verdicts(&made.out), ["memcache pass", "tcp pass"], "{}", made.out);
}
