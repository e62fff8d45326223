//! Answers of name servers.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;

use hickory_proto::op::{self, Header, MessageType, OpCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, DecodeError};

use super::{RecordKind, presentation};

/// The most aliases followed inside one reply. Resolvers give up at about this number, too.
const ALIASES: usize = 16;

/// The response code (RFC 1035, section 4.1.1), with the upper bits of EDNS (RFC 6891, section
/// 6.1.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub(crate) enum Rcode {
    /// 0: answered, perhaps with no record of the kind asked for.
    NoError,
    /// 1: the server did not understand the question. Old servers say so to EDNS.
    FormErr,
    /// 2: the server failed, often because it reached nobody it could ask.
    ServFail,
    /// 3: the name does not exist, for no kind of record.
    NxDomain,
    /// 4: the server does not do this.
    NotImp,
    /// 5: the server will not answer this client or for this name.
    Refused,
    /// Any other code, at most 12 bits.
    Other(u16),
}

impl Rcode {
    const fn from_code(code: u16) -> Self {
        match code {
            0 => Self::NoError,
            1 => Self::FormErr,
            2 => Self::ServFail,
            3 => Self::NxDomain,
            4 => Self::NotImp,
            5 => Self::Refused,
            other => Self::Other(other),
        }
    }

    /// Whether a server may have given up before it looked at the question, so that the reply need
    /// not repeat it.
    const fn excuses_no_question(self) -> bool {
        matches!(self, Self::FormErr | Self::ServFail | Self::NotImp | Self::Refused)
    }
}

impl fmt::Display for Rcode {
    /// The name that `dig` prints: `NXDOMAIN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoError => f.pad("NOERROR"),
            Self::FormErr => f.pad("FORMERR"),
            Self::ServFail => f.pad("SERVFAIL"),
            Self::NxDomain => f.pad("NXDOMAIN"),
            Self::NotImp => f.pad("NOTIMP"),
            Self::Refused => f.pad("REFUSED"),
            Self::Other(code) => write!(f, "RCODE{code}"),
        }
    }
}

/// One record of the kind asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    /// The record's data as `dig` prints it: `192.0.2.1`, `10 mail.example.`, `"v=spf1 -all"`.
    pub text: String,
    /// How long the record may be kept, in seconds.
    pub ttl: u32,
    /// The address that an A or AAAA record holds.
    pub address: Option<IpAddr>,
}

/// What a name server answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reply {
    /// The response code.
    pub rcode: Rcode,
    /// The answer did not fit (TC): ask again over TCP. What is here may be incomplete.
    pub truncated: bool,
    /// The records of the kind asked for, at the end of the aliases, in the server's order.
    pub answers: Vec<Answer>,
    /// The shortest time to live among the aliases and the answers, in seconds; `None` without
    /// either.
    pub ttl: Option<u32>,
}

/// A reply that carries our identifier and cannot be understood, with the reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Malformed {
    /// What is wrong with it, without a full stop.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed DNS reply: {}", self.reason)
    }
}

impl Error for Malformed {}

impl From<DecodeError> for Malformed {
    fn from(error: DecodeError) -> Self {
        Self { reason: error.to_string() }
    }
}

/// See [`super::Query::read`].
pub(super) fn read(
    question: &op::Query,
    kind: RecordKind,
    id: u16,
    datagram: &[u8],
) -> Option<Result<Reply, Malformed>> {
    if datagram.first_chunk() != Some(&id.to_be_bytes()) {
        return None;
    }
    let mut decoder = BinDecoder::new(datagram);
    let header = match Header::read(&mut decoder) {
        Ok(header) if header.message_type != MessageType::Response || header.op_code != OpCode::Query => {
            return None;
        }
        Ok(header) => header,
        Err(error) => return Some(Err(error.into())),
    };
    match asked(question, &header, &mut decoder) {
        Ok(true) => Some(body(question, kind, &header, &mut decoder)),
        Ok(false) => None,
        Err(malformed) => Some(Err(malformed)),
    }
}

/// Whether the reply belongs to `question`. Names are compared without regard to case.
fn asked(question: &op::Query, header: &Header, decoder: &mut BinDecoder<'_>) -> Result<bool, Malformed> {
    let excused = Rcode::from_code(header.response_code.into()).excuses_no_question();
    match header.counts.queries {
        0 if excused => Ok(true),
        1 => match op::Query::read(decoder) {
            Ok(repeated) => Ok(repeated == *question),
            Err(_) if excused => Ok(true),
            Err(error) => Err(error.into()),
        },
        count => Err(Malformed { reason: format!("it repeats {count} questions instead of one") }),
    }
}

fn body(
    question: &op::Query,
    kind: RecordKind,
    header: &Header,
    decoder: &mut BinDecoder<'_>,
) -> Result<Reply, Malformed> {
    let records = answer_section(header, decoder)?;
    let rest = usize::from(header.counts.authorities) + usize::from(header.counts.additionals);
    let chain = Chain::follow(&question.name, kind, &records);
    let found = chain.at_its_end(kind, &records)?;
    Ok(Reply {
        rcode: Rcode::from_code(u16::from(header.response_code) | extended_code(rest, decoder)),
        truncated: header.truncation,
        ttl: found.iter().map(|answer| answer.ttl).chain(chain.ttl).min(),
        answers: found,
    })
}

/// The records of the answer section. Some servers cut a truncated reply in the middle of a record.
fn answer_section(header: &Header, decoder: &mut BinDecoder<'_>) -> Result<Vec<Record>, Malformed> {
    let mut records = Vec::new();
    for _ in 0..header.counts.answers {
        match Record::read(decoder) {
            Ok(record) => records.push(record),
            Err(_) if header.truncation => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(records)
}

/// The upper eight bits of the response code, from the OPT record, already shifted to their target.
/// The sections behind the answers hold nothing else of interest, so a fault in them is no reason
/// to lose the answer.
fn extended_code(records: usize, decoder: &mut BinDecoder<'_>) -> u16 {
    let mut rest = (0..records).map_while(|_| Record::read(decoder).ok());
    let edns = rest.find(|record: &Record| record.record_type() == RecordType::OPT);
    edns.map_or(0, |record| u16::from(record.ttl.to_be_bytes()[0]) << 4)
}

/// The aliases from the name asked for to the name that the answers belong to.
struct Chain {
    start: Name,
    names: Vec<Name>,
    ttl: Option<u32>,
}

impl Chain {
    fn follow(start: &Name, kind: RecordKind, records: &[Record]) -> Self {
        let mut chain = Self { start: start.clone(), names: Vec::new(), ttl: None };
        while chain.names.len() < ALIASES && !chain.is_answered(kind, records) {
            let Some((target, ttl)) = chain.alias(records) else {
                break;
            };
            // A loop of aliases has no end to look at.
            if chain.start == target || chain.names.contains(&target) {
                break;
            }
            chain.ttl = chain.ttl.into_iter().chain([ttl]).min();
            chain.names.push(target);
        }
        chain
    }

    fn end(&self) -> &Name {
        self.names.last().unwrap_or(&self.start)
    }

    fn here<'a>(&self, records: &'a [Record]) -> impl Iterator<Item = &'a Record> {
        records.iter().filter(|record| record.dns_class == DNSClass::IN && record.name == *self.end())
    }

    fn is_answered(&self, kind: RecordKind, records: &[Record]) -> bool {
        self.here(records).any(|record| record.record_type() == kind.code())
    }

    fn alias(&self, records: &[Record]) -> Option<(Name, u32)> {
        self.here(records).find_map(|record| match &record.data {
            RData::CNAME(target) => Some((target.0.clone(), record.ttl)),
            _ => None,
        })
    }

    fn at_its_end(&self, kind: RecordKind, records: &[Record]) -> Result<Vec<Answer>, Malformed> {
        let wanted = self.here(records).filter(|record| record.record_type() == kind.code());
        wanted.map(|record| answer(kind, record)).collect()
    }
}

fn answer(kind: RecordKind, record: &Record) -> Result<Answer, Malformed> {
    let Some(text) = presentation::data(kind, &record.data) else {
        return Err(Malformed { reason: format!("an empty {kind} record") });
    };
    Ok(Answer { text, ttl: record.ttl, address: address(&record.data) })
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(address) => Some(address.0.into()),
        RData::AAAA(address) => Some(address.0.into()),
        _ => None,
    }
}
