//! The mail that is sent.

use lettre::Address;
use lettre::message::header::{ContentType, Date, From as Sender, MIME_VERSION_1_0, MessageId, Subject, To};
use lettre::message::{Mailbox, Mailboxes, SinglePart};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a mail says; not who sends it to whom.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    pub(super) subject: String,
    pub(super) message: String,
}

/// A mail as it goes over the wire.
#[derive(Debug)]
pub(super) struct FormattedMail {
    /// Its Message-ID, by which it is found in the logs of the servers on its way.
    pub(super) id: String,
    /// Header, body, and the dot that ends them, with the dots of transparency (RFC 5321, section 4.5.2).
    pub(super) text: String,
}

impl Mail {
    /// Writes the mail, with the date of this moment and an ID that no other has.
    pub(super) fn written(&self, from: &Address, to: &Address) -> FormattedMail {
        let (id, now) = (message_id(from), SystemTime::now());
        let mailbox = |address: &Address| Mailbox::new(None, address.clone());
        let part = SinglePart::builder()
            .header(Date::new(now))
            .header(Sender::from(Mailboxes::from(mailbox(from))))
            .header(To::from(Mailboxes::from(mailbox(to))))
            .header(Subject::from(self.subject.clone()))
            .header(MessageId::from(id.clone()))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(self.message.clone());
        let text = String::from_utf8_lossy(&part.formatted()).replace("\r\n.", "\r\n..");
        FormattedMail { id, text: text + ".\r\n" }
    }
}

fn message_id(from: &Address) -> String {
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("<conn-check.{now:x}.{:x}.{number:x}@{}>", std::process::id(), from.domain())
}
