//! What has to be in the virtual host: a queue, an exchange, and how the queue does.

use super::broker::{BrokerConnection, CHANNEL};
use super::unexpected;
use crate::diagnostic::{Diagnostic, Flaw};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::probe::Probe;
use crate::secret::{ours, sentence, theirs};
use crate::settings::shape::{self, Shape};
use crate::settings::{Field, Fields, Misfit, Noted, Setting, Word};
use lapin::protocol::exchange::{AMQPMethod as OfExchange, Declare as ExchangeDeclare};
use lapin::protocol::queue::{AMQPMethod as OfQueue, Declare as QueueDeclare, DeclareOk as Figures};
use lapin::protocol::{AMQPClass, channel};
use lapin::types::ShortString;

/// A name of AMQP: of a virtual host, a queue, an exchange (AMQP 0-9-1 section 4.2.5.3).
#[derive(Clone, Debug)]
pub(super) struct AmqpName(pub(super) ShortString);

impl Setting for AmqpName {
    const SHAPE: Shape = Shape::plain("a name of 1 to 255 bytes", "name", shape::scalar);

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let name = Word::read(field)?.0;
        let name = Some(name).filter(|name| !name.is_empty()).and_then(|name| ShortString::try_new(name).ok());
        name.map(Self).ok_or_else(|| field.wrong(&Self::SHAPE))
    }
}

/// What has to be there.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) exchange: Option<AmqpName>,
    pub(super) queue: Option<AmqpName>,
    min_consumers: Option<u32>,
    max_messages: Option<u32>,
}

/// What a broker says of a queue.
pub(super) enum Found {
    /// It was not asked.
    Nothing,
    /// It is there.
    Queue(Figures),
    /// It is there, and another connection's own.
    Locked,
}

impl Expected {
    pub(super) const fn nothing() -> Self {
        Self { exchange: None, queue: None, min_consumers: None, max_messages: None }
    }

    pub(super) fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let queue = fields.optional("queue", "A queue that must exist.");
        let exchange = fields.optional("exchange", "An exchange that must exist.");
        let min_consumers = fields.optional("min_consumers", "So many consumers the queue must have.");
        let max_messages = fields.optional("max_messages", "So many messages may wait in the queue.");
        let mut lone = Ok(());
        for key in ["min_consumers", "max_messages"] {
            if fields.has(key) && !fields.has("queue") {
                let span = fields.span_of(key);
                let diagnostic = Diagnostic::error(Flaw::MissingKey, span, format!("`{key}` without `queue`"));
                lone = Err(fields.refuse(diagnostic.help("add `queue:` with the name of the queue that is meant")));
            }
        }
        lone.map(|()| Self { exchange, queue, min_consumers, max_messages })
    }

    /// Declares all of it passively, at once, which asks and makes nothing. The queue comes last: a
    /// refusal ends the channel, and one of its refusals means that all is well.
    pub(super) async fn declare(&self, broker: &mut BrokerConnection, vhost: &str, user: &str) -> Result<Found, Fault> {
        let declarations = self.declarations();
        if declarations.is_empty() {
            return Ok(Found::Nothing);
        }
        let open = AMQPClass::Channel(channel::AMQPMethod::Open(channel::Open {}));
        let methods: Vec<_> = std::iter::once(open).chain(declarations).map(|method| (CHANNEL, method)).collect();
        broker.send(&methods).await?;
        let opened = broker.receive(|refusal| refusal.of_declaration("channel", vhost, user)).await?;
        let AMQPClass::Channel(channel::AMQPMethod::OpenOk(_)) = opened else { return Err(unexpected()) };
        if let Some(AmqpName(name)) = &self.exchange {
            let what = format!("exchange `{name}`");
            let declared = broker.receive(|refusal| refusal.of_declaration(&what, vhost, user)).await?;
            let AMQPClass::Exchange(OfExchange::DeclareOk(_)) = declared else { return Err(unexpected()) };
        }
        self.receive_queue(broker, vhost, user).await
    }

    async fn receive_queue(&self, broker: &mut BrokerConnection, vhost: &str, user: &str) -> Result<Found, Fault> {
        let Some(AmqpName(name)) = &self.queue else { return Ok(Found::Nothing) };
        let mut is_lock = false;
        let declared = broker.receive(|refusal| {
            is_lock = refusal.is_lock();
            refusal.of_declaration(&format!("queue `{name}`"), vhost, user)
        });
        match declared.await {
            Ok(AMQPClass::Queue(OfQueue::DeclareOk(figures))) => Ok(Found::Queue(figures)),
            Ok(_) => Err(unexpected()),
            Err(_) if is_lock && self.min_consumers.is_none() && self.max_messages.is_none() => Ok(Found::Locked),
            Err(fault) => Err(fault),
        }
    }

    /// Whether what was found is enough.
    pub(super) fn judge(&self, probe: &mut Probe, found: Found) -> Result<(), Failure> {
        let figures = match found {
            Found::Nothing => return Ok(()),
            Found::Locked => {
                probe.fact("queue_exclusive", true);
                return Ok(());
            }
            Found::Queue(figures) => figures,
        };
        probe.fact("queue_messages", figures.message_count);
        probe.fact("queue_consumers", figures.consumer_count);
        self.objection(&figures).map_or(Ok(()), |fault| Err(probe.fail(Phase::Request, fault)))
    }

    fn objection(&self, figures: &Figures) -> Option<Fault> {
        let Figures { queue, message_count: messages, consumer_count: consumers } = figures;
        let few = self.min_consumers.filter(|least| consumers < least);
        let many = self.max_messages.filter(|most| messages > most);
        let few = few.map(|least| format!("{consumers} of at least {least} consumers"));
        let many = many.map(|most| format!("{messages} messages where at most {most} may wait"));
        let objections: Vec<_> = few.into_iter().chain(many).collect();
        if objections.is_empty() {
            return None;
        }
        let fault = Fault::new(Cause::UnexpectedReply, sentence!["the queue has ", ours(&objections.join(", and "))]);
        let fault =
            fault.evidence(sentence![theirs(queue), ": ", *messages, " messages wait, ", *consumers, " consumers"]);
        Some(fault.next_step(
            "check whether the queue's consumers run and keep up; otherwise correct min_consumers and max_messages",
        ))
    }

    fn declarations(&self) -> Vec<AMQPClass> {
        let exchange = self.exchange.as_ref().map(|AmqpName(exchange)| {
            let exchange = exchange.clone();
            let kind = "direct".into();
            let declare = ExchangeDeclare { exchange, kind, passive: true, ..ExchangeDeclare::default() };
            AMQPClass::Exchange(OfExchange::Declare(declare))
        });
        let queue = self.queue.as_ref().map(|AmqpName(queue)| {
            let queue = queue.clone();
            AMQPClass::Queue(OfQueue::Declare(QueueDeclare { queue, passive: true, ..QueueDeclare::default() }))
        });
        exchange.into_iter().chain(queue).collect()
    }
}
