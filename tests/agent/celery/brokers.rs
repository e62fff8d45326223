//! Brokers, with a virtual host or a database for each test, and what is in them.

use harness::rabbitmq::{PASSWORD, RabbitMq, Setup as RabbitSetup, USER};
use harness::redis::{PASSWORD as REDIS_PASSWORD, Redis, Setup as RedisSetup};
use harness::wait;
use std::fmt::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A place of one's own at a broker.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Rabbit { vhost: String },
    Redis { database: u32 },
}

pub(super) fn rabbit() -> &'static RabbitMq {
    static BROKER: OnceLock<RabbitMq> = OnceLock::new();
    BROKER.get_or_init(|| RabbitMq::start(&RabbitSetup::plain()))
}

pub(super) fn redis() -> &'static Redis {
    static BROKER: OnceLock<Redis> = OnceLock::new();
    BROKER.get_or_init(|| Redis::start(&RedisSetup::new().password().config("databases 64")))
}

static NEXT: AtomicU32 = AtomicU32::new(1);

impl Place {
    pub(super) fn in_rabbit() -> Self {
        let vhost = format!("celery{}", NEXT.fetch_add(1, Ordering::Relaxed));
        rabbit().add_vhost(&vhost);
        Self::Rabbit { vhost }
    }

    pub(super) fn in_redis() -> Self {
        Self::Redis { database: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// As Celery and the checks take it.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Rabbit { vhost } => format!("amqp://{USER}:{PASSWORD}@{}/{vhost}", rabbit().address()),
            Self::Redis { database } => format!("redis://:{REDIS_PASSWORD}@{}/{database}", redis().address()),
        }
    }

    /// Where the results of workers at this broker go, as a URL of Celery.
    pub(super) fn backend(&self) -> String {
        if matches!(self, Self::Rabbit { .. }) { "rpc://".to_owned() } else { self.url() }
    }

    /// As results are called.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Rabbit { vhost } => format!("{}/{vhost}", rabbit().address()),
            Self::Redis { database } => format!("{}/{database}", redis().address()),
        }
    }

    /// All that is there: queues and exchanges; keys, and what lists and sets hold.
    pub(super) fn content(&self) -> String {
        match self {
            Self::Rabbit { vhost } => {
                format!("{:?} {:?}", rabbit().names(vhost, "queues"), rabbit().names(vhost, "exchanges"))
            }
            Self::Redis { database } => {
                let number = database.to_string();
                let ask = |words: &[&str]| redis().cli(&[&["-n", &number], words].concat());
                let mut keys: Vec<_> = ask(&["KEYS", "*"]).lines().map(str::to_owned).collect();
                keys.sort();
                keys.iter().fold(String::new(), |mut content, key| {
                    let held = match ask(&["TYPE", key]).trim() {
                        "set" => ask(&["SMEMBERS", key]),
                        "list" => ask(&["LLEN", key]),
                        _ => String::new(),
                    };
                    let mut held: Vec<_> = held.lines().collect();
                    held.sort_unstable();
                    let _ = writeln!(content, "{key}: {held:?}");
                    content
                })
            }
        }
    }

    /// Sees that there is what was there, now or in the moment that a broker takes.
    #[track_caller]
    pub(super) fn is_as_before(&self, before: &str) {
        wait::happens(wait::PATIENCE, || self.content() == before);
        assert_eq!(self.content(), before);
    }
}
