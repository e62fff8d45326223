//! Answers of name servers.

use std::net::IpAddr;

use hickory_proto::op::{self, Header, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, DecodeError};

use super::presentation;

/// The most aliases followed inside one reply. Resolvers give up at about this number, too.
const ALIASES: usize = 16;

/// One record of the kind asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    /// The record's data as `dig` prints it: `192.0.2.1`, `10 mail.example.`, `"v=spf1 -all"`.
    pub text: String,
    /// How long the record may be kept, in seconds.
    pub ttl: u32,
    /// The address that an A or AAAA record holds.
    pub address: Option<IpAddr>,
    /// What the text says.
    pub(super) data: RData,
}

/// What a name server answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reply {
    /// The response code (RFC 1035, section 4.1.1), with the upper bits of EDNS (RFC 6891, section
    /// 6.1.3).
    pub rcode: ResponseCode,
    /// The answer did not fit (TC): ask again over TCP. What is here may be incomplete.
    pub truncated: bool,
    /// The records of the kind asked for, at the end of the aliases, in the server's order.
    pub answers: Vec<Answer>,
    /// The shortest time to live among the aliases and the answers, in seconds; `None` without
    /// either.
    pub ttl: Option<u32>,
    /// Where the aliases lead, if the name asked for is one.
    pub alias: Option<String>,
    /// The server knows EDNS: there is an OPT record (RFC 6891, section 7).
    pub edns: bool,
    /// The server does not answer the question, and names servers that may (RFC 1034, section 4.3.1): it resolves
    /// for nobody.
    pub referral: Option<Referral>,
}

/// Whom a server names instead of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Referral {
    /// The first server that it names; none from a server that has nothing at all to say ("lame").
    pub to: Option<String>,
    /// There are addresses of theirs with it.
    pub has_glue: bool,
}

/// Why an answer cannot be understood.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Malformed(pub(crate) String);

impl From<DecodeError> for Malformed {
    fn from(error: DecodeError) -> Self {
        Self(error.to_string())
    }
}

/// See [`super::Query::read`].
pub(super) fn read(question: &op::Query, id: u16, datagram: &[u8]) -> Option<Result<Reply, Malformed>> {
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
        Ok(true) => Some(body(question, &header, &mut decoder)),
        Ok(false) => None,
        Err(reason) => Some(Err(reason)),
    }
}

/// Whether the reply belongs to `question`. Names are compared without regard to case.
fn asked(question: &op::Query, header: &Header, decoder: &mut BinDecoder<'_>) -> Result<bool, Malformed> {
    // A server may give up before it looks at the question, and then need not repeat it.
    let excused = matches!(
        header.response_code,
        ResponseCode::FormErr | ResponseCode::ServFail | ResponseCode::NotImp | ResponseCode::Refused
    );
    match header.counts.queries {
        0 if excused => Ok(true),
        1 => match op::Query::read(decoder) {
            Ok(repeated) => Ok(repeated == *question),
            Err(_) if excused => Ok(true),
            Err(error) => Err(error.into()),
        },
        count => Err(Malformed(format!("it repeats {count} questions instead of one"))),
    }
}

fn body(question: &op::Query, header: &Header, decoder: &mut BinDecoder<'_>) -> Result<Reply, Malformed> {
    let records = answer_section(header, decoder)?;
    let rest = Rest::read(header, decoder);
    let chain = Chain::follow(question, &records);
    let found = chain.answers(&records).map(answer).collect::<Result<Vec<_>, _>>()?;
    let answers_nothing = records.is_empty()
        && header.response_code == ResponseCode::NoError
        && !(header.authoritative || header.recursion_available || header.truncation);
    Ok(Reply {
        rcode: (u16::from(header.response_code) | rest.extended_code).into(),
        truncated: header.truncation,
        ttl: found.iter().map(|answer| answer.ttl).chain(chain.ttl).min(),
        answers: found,
        alias: chain.names.get(1..).and_then(<[_]>::last).map(|end| presentation::shown(end)),
        edns: rest.edns,
        referral: answers_nothing.then_some(rest.referral),
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

/// What matters of the sections behind the answers. A fault in them is no reason to lose the answer.
struct Rest {
    /// The upper eight bits of the response code, from the OPT record, already shifted to their target.
    extended_code: u16,
    edns: bool,
    referral: Referral,
}

impl Rest {
    fn read(header: &Header, decoder: &mut BinDecoder<'_>) -> Self {
        let authorities = usize::from(header.counts.authorities);
        let records = authorities + usize::from(header.counts.additionals);
        let rest: Vec<_> = (0..records).map_while(|_| Record::read(decoder).ok()).collect();
        let (edns, others): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|record: &Record| record.record_type() == RecordType::OPT);
        let to = others.iter().take(authorities).find_map(|record| match &record.data {
            RData::NS(server) => Some(presentation::shown(&server.0)),
            _ => None,
        });
        Self {
            extended_code: edns.first().map_or(0, |record| u16::from(record.ttl.to_be_bytes()[0]) << 4),
            edns: !edns.is_empty(),
            referral: Referral { to, has_glue: others.len() > authorities },
        }
    }
}

/// The aliases from the name asked for to the name that the answers belong to.
struct Chain<'a> {
    question: &'a op::Query,
    names: Vec<&'a Name>,
    ttl: Option<u32>,
}

impl<'a> Chain<'a> {
    fn follow(question: &'a op::Query, records: &'a [Record]) -> Self {
        let mut chain = Self { question, names: vec![&question.name], ttl: None };
        while chain.names.len() <= ALIASES && chain.answers(records).next().is_none() {
            let alias = chain.here(records).find_map(|record| match &record.data {
                RData::CNAME(target) => Some((&target.0, record.ttl)),
                _ => None,
            });
            // A loop of aliases has no end to look at.
            let Some((target, ttl)) = alias.filter(|(target, _)| !chain.names.contains(target)) else {
                break;
            };
            chain.ttl = chain.ttl.into_iter().chain([ttl]).min();
            chain.names.push(target);
        }
        chain
    }

    /// The records of the name at its end.
    fn here(&self, records: &'a [Record]) -> impl Iterator<Item = &'a Record> + use<'a> {
        let end = self.names.last().copied();
        records.iter().filter(move |record| record.dns_class == DNSClass::IN && Some(&record.name) == end)
    }

    /// Those of them that were asked for.
    fn answers(&self, records: &'a [Record]) -> impl Iterator<Item = &'a Record> + use<'a> {
        let kind = self.question.query_type;
        self.here(records).filter(move |record| record.record_type() == kind)
    }
}

fn answer(record: &Record) -> Result<Answer, Malformed> {
    let empty = || Malformed(format!("an empty {} record", record.record_type()));
    let text = presentation::data(&record.data).ok_or_else(empty)?;
    let address = match &record.data {
        RData::A(address) => Some(address.0.into()),
        RData::AAAA(address) => Some(address.0.into()),
        _ => None,
    };
    Ok(Answer { text, ttl: record.ttl, address, data: record.data.clone() })
}
