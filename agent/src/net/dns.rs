//! DNS questions and answers as bytes (RFC 1035, EDNS of RFC 6891): what is put into a datagram and
//! what comes out of one. Sending, random identifiers and the choice of a server are the caller's
//! business.

#[cfg(test)]
mod fixtures;
mod name;
mod presentation;
mod reply;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use hickory_proto::op::{self, Edns, Message, MessageType, OpCode};
use hickory_proto::rr::{Name, RecordType};

pub(crate) use name::NameError;
pub(crate) use reply::{Malformed, Rcode, Reply};

/// The largest UDP payload announced with EDNS: what the operators' "DNS flag day 2020" agreed on,
/// because it passes every usual path without fragmentation.
const UDP_PAYLOAD_BYTES: u16 = 1232;

/// The kind of record that is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RecordKind {
    /// An IPv4 address (RFC 1035).
    A,
    /// An IPv6 address (RFC 3596).
    Aaaa,
    /// The name that this one is an alias of (RFC 1035).
    Cname,
    /// A mail exchanger with its preference (RFC 1035, RFC 7505).
    Mx,
    /// An authoritative name server (RFC 1035).
    Ns,
    /// The name of an address, or another pointer (RFC 1035).
    Ptr,
    /// The start of authority of a zone (RFC 1035).
    Soa,
    /// The host and port of a service (RFC 2782).
    Srv,
    /// Text (RFC 1035).
    Txt,
    /// Who may issue certificates (RFC 8659).
    Caa,
}

impl RecordKind {
    /// Every kind, in the order in which messages list them.
    pub(crate) const ALL: &[Self] =
        &[Self::A, Self::Aaaa, Self::Cname, Self::Mx, Self::Ns, Self::Ptr, Self::Soa, Self::Srv, Self::Txt, Self::Caa];

    /// The name of the kind as zone files write it: `AAAA`.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Soa => "SOA",
            Self::Srv => "SRV",
            Self::Txt => "TXT",
            Self::Caa => "CAA",
        }
    }

    /// The number of the kind on the wire.
    const fn code(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Cname => RecordType::CNAME,
            Self::Mx => RecordType::MX,
            Self::Ns => RecordType::NS,
            Self::Ptr => RecordType::PTR,
            Self::Soa => RecordType::SOA,
            Self::Srv => RecordType::SRV,
            Self::Txt => RecordType::TXT,
            Self::Caa => RecordType::CAA,
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for RecordKind {
    type Err = UnknownRecordKind;

    /// Reads `aaaa` or `AAAA`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().find(|kind| kind.name().eq_ignore_ascii_case(text));
        known.copied().ok_or(UnknownRecordKind)
    }
}

/// The text names no [`RecordKind`]. The message lists those there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct UnknownRecordKind;

impl fmt::Display for UnknownRecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<&str> = RecordKind::ALL.iter().map(|kind| kind.name()).collect();
        write!(f, "the record kind must be one of {}", known.join(", "))
    }
}

impl Error for UnknownRecordKind {}

/// One question to a name server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Query {
    name: Name,
    kind: RecordKind,
    id: u16,
}

impl Query {
    /// The question for the records of `kind` at `name`, under the identifier `id`.
    ///
    /// The name is taken as absolute, with or without a dot at its end, and its letters keep their
    /// case. Names outside ASCII are encoded with IDNA. For [`RecordKind::Ptr`] an IP address
    /// stands for its name under `in-addr.arpa` or
    /// `ip6.arpa`.
    ///
    /// # Errors
    /// The text is not a domain name.
    pub(crate) fn new(name: &str, kind: RecordKind, id: u16) -> Result<Self, NameError> {
        let name = match (kind, name.parse()) {
            (RecordKind::Ptr, Ok(address)) => name::of_address(address),
            _ => name::parse(name)?,
        };
        Ok(Self { name, kind, id })
    }

    /// The question as one UDP payload: recursion desired, EDNS with a payload of 1232 bytes.
    ///
    /// # Errors
    /// The question cannot be encoded; not seen for a name that [`Query::new`] took.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut message = self.message();
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_PAYLOAD_BYTES);
        message.set_edns(edns);
        encoded(&message)
    }

    /// The question without EDNS, for a server that answers [`Rcode::FormErr`] or [`Rcode::NotImp`]
    /// to it (RFC 6891, section 7). Its answers over UDP are at most 512 bytes long.
    ///
    /// # Errors
    /// As for [`Query::encode`].
    pub(crate) fn encode_plain(&self) -> Result<Vec<u8>, EncodeError> {
        encoded(&self.message())
    }

    /// Reads a datagram (or a message from a TCP stream, without its length).
    ///
    /// `None`: it is not the answer to this question (other identifier, name, kind, or itself a
    /// question), so keep waiting. `Some(Err(_))`: it carries our identifier and cannot be
    /// understood.
    #[must_use]
    pub(crate) fn read(&self, datagram: &[u8]) -> Option<Result<Reply, Malformed>> {
        reply::read(&self.question(), self.kind, self.id, datagram)
    }

    fn question(&self) -> op::Query {
        op::Query::query(self.name.clone(), self.kind.code())
    }

    fn message(&self) -> Message {
        let mut message = Message::new(self.id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(self.question());
        message
    }
}

fn encoded(message: &Message) -> Result<Vec<u8>, EncodeError> {
    message.to_vec().map_err(|error| EncodeError(error.to_string()))
}

/// A question that cannot be put into bytes, with the encoder's reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct EncodeError(String);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the DNS question cannot be encoded: {}", self.0)
    }
}

impl Error for EncodeError {}
