//! DNS questions and answers as bytes (RFC 1035, EDNS of RFC 6891): what is put into a datagram and
//! what comes out of one. Sending, random identifiers and the choice of a server are the caller's
//! business.

mod expected;
#[cfg(test)]
mod fixtures;
mod name;
mod presentation;
mod reply;
#[cfg(test)]
mod tests;

use crate::catalogue::Cause;
use crate::fault::Fault;
use crate::secret::{sentence, theirs};
use hickory_proto::op::{self, Edns, Message, MessageType, OpCode};
use hickory_proto::rr::Name;
use std::net::IpAddr;

pub(crate) use expected::Expected;
pub(crate) use hickory_proto::op::ResponseCode;
pub(crate) use hickory_proto::rr::RecordType;
pub(crate) use presentation::code;
pub(crate) use reply::{Answer, Malformed, Reply};

/// The largest UDP payload announced with EDNS: what the operators' "DNS flag day 2020" agreed on,
/// because it passes every usual path without fragmentation.
const UDP_PAYLOAD_BYTES: u16 = 1232;

/// The types of record that can be asked for, in the order in which messages list them.
pub(crate) const TYPES: [RecordType; 10] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CNAME,
    RecordType::MX,
    RecordType::NS,
    RecordType::PTR,
    RecordType::SOA,
    RecordType::SRV,
    RecordType::TXT,
    RecordType::CAA,
];

/// The type of record that `aaaa` or `AAAA` means.
pub(crate) fn record_type(text: &str) -> Option<RecordType> {
    text.to_ascii_uppercase().parse().ok().filter(|kind| TYPES.contains(kind))
}

/// One question to a name server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Query {
    name: Name,
    kind: RecordType,
    id: u16,
}

impl Query {
    /// The question for the records of `kind` at `name`, under the identifier `id`.
    ///
    /// The name is taken as absolute, with or without a dot at its end, and its letters keep their
    /// case. Names outside ASCII are encoded with IDNA. For [`RecordType::PTR`] an IP address stands
    /// for its name under `in-addr.arpa` (RFC 1035, section 3.5) or `ip6.arpa` (RFC 3596, section 2.5).
    /// `None`: the text is not a domain name.
    pub(crate) fn new(name: &str, kind: RecordType, id: u16) -> Option<Self> {
        let name = match (kind, name.parse::<IpAddr>()) {
            (RecordType::PTR, Ok(address)) => address.into(),
            _ => name::parse(name)?,
        };
        Some(Self { name, kind, id })
    }

    /// The question as one UDP payload: recursion desired, EDNS with a payload of 1232 bytes.
    ///
    /// # Errors
    /// The question cannot be encoded; not seen for a name that [`Query::new`] took.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Fault> {
        let mut message = self.message();
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_PAYLOAD_BYTES);
        message.set_edns(edns);
        encoded(&message)
    }

    /// The question without EDNS, for a server that answers [`ResponseCode::FormErr`] or [`ResponseCode::NotImp`]
    /// to it (RFC 6891, section 7). Its answers over UDP are at most 512 bytes long.
    ///
    /// # Errors
    /// As for [`Query::encode`].
    pub(crate) fn encode_plain(&self) -> Result<Vec<u8>, Fault> {
        encoded(&self.message())
    }

    /// Reads a datagram (or a message from a TCP stream, without its length).
    ///
    /// `None`: it is not the answer to this question (other identifier, name, kind, or itself a
    /// question), so keep waiting. `Some(Err(_))`: it carries our identifier and cannot be
    /// understood, for this reason.
    pub(crate) fn read(&self, datagram: &[u8]) -> Option<Result<Reply, Malformed>> {
        reply::read(&self.question(), self.id, datagram)
    }

    fn question(&self) -> op::Query {
        op::Query::query(self.name.clone(), self.kind)
    }

    fn message(&self) -> Message {
        let mut message = Message::new(self.id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(self.question());
        message
    }
}

fn encoded(message: &Message) -> Result<Vec<u8>, Fault> {
    message
        .to_vec()
        .map_err(|error| Fault::new(Cause::OwnFault, sentence!["the DNS question cannot be encoded: ", theirs(&error)]))
}
