//! The options that both checks have.

use crate::settings::shape::{Shape, Shown};
use crate::settings::{Field, Fields, Misfit, Setting, Tags, Word};

/// How the workers are reached.
#[derive(Clone, Debug)]
pub(in crate::checks) struct Mailbox {
    /// Celery's `control_exchange`.
    pub(in crate::checks) namespace: String,
    /// kombu's `global_keyprefix`.
    pub(in crate::checks) prefix: String,
}

impl Mailbox {
    /// Asks for them.
    pub(in crate::checks) fn parse(fields: &mut Fields<'_>, is_amqp: bool) -> Self {
        let QueueName(namespace) =
            fields.or("control_exchange", "celery", "Celery's `control_exchange`, where workers listen to commands.");
        let prefix = fields
            .optional::<Word>("global_keyprefix", "kombu's `global_keyprefix`, before every key. Redis only.")
            .map(String::from)
            .unwrap_or_default();
        if is_amqp {
            fields.warn_idle("global_keyprefix", "with an AMQP broker", "leave `global_keyprefix` out");
        }
        Self { namespace, prefix }
    }
}

/// The name of a queue, an exchange or a routing key: 1 to 200 bytes, so that AMQP takes it with what is put to it.
#[derive(Clone, Debug)]
pub(in crate::checks) struct QueueName(pub(in crate::checks) String);

impl Setting for QueueName {
    const SHAPE: Shape = Shape { words: "a name of 1 to 200 bytes", ..Word::SHAPE };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        const LONGEST: usize = 200;
        let Word(name) = Word::read_as(field, &Self::SHAPE)?;
        if matches!(name.len(), 1..=LONGEST) { Ok(Self(name)) } else { Err(field.wrong(&Self::SHAPE)) }
    }
}

/// Names of queues.
#[derive(Clone, Debug, Default)]
pub(in crate::checks) struct Queues(pub(in crate::checks) Vec<String>);

impl Setting for Queues {
    const SHAPE: Shape = Shape { words: "a list of names", short: "list of words", shown: Shown::Plain, ..Tags::SHAPE };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let one = |field: Field<'_>| QueueName::read(&field).map(|QueueName(name)| name);
        match field.items() {
            Some(items) => items.map(one).collect::<Result<_, _>>().map(Self),
            None => one(*field).map(|name| Self(vec![name])),
        }
    }
}
