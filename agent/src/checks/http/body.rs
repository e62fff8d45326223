//! The body of an answer, held against what was expected of it.

use super::Http;
use super::answer::texts_of;
use super::body_file::Beside;
use super::charset::Charset;
use super::coding::Expander;
use super::exchange::{Connection, fault_of_body};
use super::expected::{ExpectedBody, hex};
use super::json::ExpectedJson;
use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net;
use crate::probe::Probe;
use crate::secret::{Sentence, sentence, theirs};
use crate::text::escape;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use reqwest::{Method, Response};
use ring::digest::{Context, SHA256};
use std::borrow::Cow;
use std::pin::pin;
use std::time::Duration;

/// What is read of a body, after expansion, in bytes, where all of it is not wanted.
const BODY_LIMIT: usize = 64 * 1024;

/// What is read of one that is JSON.
const JSON_LIMIT: usize = 4 << 20;

/// Beyond what is wanted, for evidence.
const EXCERPT: usize = 1024;

/// A server that sends nothing for so long has paused.
const MOMENT: Duration = Duration::from_millis(50);

/// Reads as much of the body as it takes, and holds it against what is expected; returns the rest of it.
pub(super) async fn examine(
    check: &Http,
    probe: &mut Probe,
    connection: &mut Connection,
    hop_method: &Method,
    mut answer: Response,
) -> Result<Response, Failure> {
    let wanted = &check.expected_body;
    if *hop_method == Method::HEAD && wanted.is_length_alone() {
        wanted.announced(answer.headers()).map_err(|fault| probe.fail(Phase::Request, fault))?;
        return Ok(answer);
    }
    if wanted.is_nothing() {
        return Ok(answer);
    }
    let limit = limit(wanted);
    // What is only counted is not kept: the check's time is its bound.
    probe.allow(if wanted.wants_all_bytes() { u64::MAX / 4 } else { 2 * limit as u64 });
    probe.phase(Phase::Request, read(connection, &mut answer, wanted, limit)).await?;
    Ok(answer)
}

/// Reads the rest of a body for what stands behind it.
pub(super) async fn pass_over(
    probe: &mut Probe,
    connection: &mut Connection,
    mut rest: Response,
) -> Result<(), Failure> {
    // It is not kept: the check's time is its bound.
    probe.allow(u64::MAX / 4);
    let seen = connection.seen();
    let reading = async {
        while connection.drive(rest.chunk()).await.map_err(|error| fault_of_body(&error, &seen))?.is_some() {}
        Ok(())
    };
    probe.phase(Phase::Request, reading).await
}

/// How much of the text is kept.
fn limit(wanted: &ExpectedBody) -> usize {
    let contained = wanted.contains.as_ref().map_or(0, |text| text.length() + EXCERPT);
    let equal = wanted.equals.as_ref().map_or(0, |text| 4 * text.len() + EXCERPT);
    let json = if wanted.json.is_some() { JSON_LIMIT } else { 0 };
    BODY_LIMIT.max(contained).max(equal).max(json)
}

async fn read(
    connection: &mut Connection,
    answer: &mut Response,
    wanted: &ExpectedBody,
    limit: usize,
) -> Result<(), Fault> {
    let seen = connection.seen();
    let mut body = Body::new(answer.headers(), wanted, limit);
    let mut beside = match &wanted.file {
        // In a box: few checks have one, and each would be so much larger.
        Some(file) => Some(Box::pin(Beside::open(file, announced(answer.headers()))).await?),
        None => None,
    };
    while !body.is_cut || wanted.wants_all_bytes() {
        let mut piece = pin!(connection.drive(answer.chunk()));
        let piece = match net::within(MOMENT, piece.as_mut()).await {
            Some(piece) => piece,
            // The server takes its time; what is wanted may be there, and the body need not end.
            None if body.may_end_here() && body.contains() => return Ok(()),
            None => piece.await,
        };
        let Some(piece) = piece.map_err(|error| fault_of_body(&error, &seen))? else { break };
        body.push(&piece)?;
        if let Some(beside) = &mut beside {
            Box::pin(beside.push(&piece)).await?;
            if beside.is_decided() {
                break;
            }
        }
        if body.may_end_here() && body.has_grown() && body.contains() {
            return Ok(());
        }
    }
    if let Some(beside) = beside {
        Box::pin(beside.judge(&body.packed())).await?;
    }
    body.judge()
}

/// The length that an answer announces (RFC 9110 section 8.6).
fn announced(headers: &HeaderMap) -> Option<u64> {
    let announced = texts_of(headers, CONTENT_LENGTH).into_iter().next();
    announced.as_deref().and_then(|text| text.trim().parse().ok())
}

/// What a body is packed in, the last one outermost: for the message, and on its way (RFC 9112 section 7).
pub(super) fn codings(headers: &HeaderMap) -> String {
    let on_the_way = texts_of(headers, TRANSFER_ENCODING).join(",");
    let on_the_way = on_the_way.split(',').map(str::trim).filter(|one| !one.eq_ignore_ascii_case("chunked"));
    let of_content = texts_of(headers, CONTENT_ENCODING);
    of_content.iter().map(String::as_str).chain(on_the_way).filter(|one| !one.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A body as far as it came.
struct Body<'a> {
    wanted: &'a ExpectedBody,
    expander: Expander,
    charset: Charset,
    /// What `Content-Encoding` says, where that is not known.
    unread: Option<String>,
    encoding: String,
    /// The first bytes as they came.
    first: Vec<u8>,
    /// So much came, in bytes.
    length: u64,
    hash: Option<Context>,
    /// So much of the text was searched, in bytes. It is searched again only when it has grown by a quarter or the
    /// server pauses: the server chooses the size of the pieces, and searching at each of them would cost the
    /// square of their number.
    searched: usize,
    /// There was more text than is kept.
    is_cut: bool,
}

impl<'a> Body<'a> {
    fn new(headers: &HeaderMap, wanted: &'a ExpectedBody, limit: usize) -> Self {
        let encoding = codings(headers);
        let (expander, unread) = Expander::new(&encoding, limit);
        Self {
            wanted,
            expander,
            charset: Charset::of(headers),
            unread,
            encoding,
            first: Vec::new(),
            length: 0,
            hash: wanted.sha256.is_some().then(|| Context::new(&SHA256)),
            searched: 0,
            is_cut: !wanted.wants_text(),
        }
    }

    fn push(&mut self, piece: &[u8]) -> Result<(), Fault> {
        let room = EXCERPT.saturating_sub(self.first.len()).min(piece.len());
        self.first.extend_from_slice(&piece[..room]);
        self.length += piece.len() as u64;
        if let Some(hash) = &mut self.hash {
            hash.update(piece);
        }
        match self.wanted.length {
            Some(wanted) if self.length > wanted => return Err(self.another_length(wanted)),
            _ if self.is_cut => return Ok(()),
            _ => {}
        }
        let pushed = self.expander.push(piece);
        self.is_cut = pushed.map_err(|error| self.not_expanded(&error))?;
        Ok(())
    }

    /// Whether what was found can be all that is asked.
    fn may_end_here(&self) -> bool {
        !self.wanted.wants_whole()
    }

    fn has_grown(&self) -> bool {
        self.expander.bytes().len() >= self.searched + self.searched / 4
    }

    /// Whether the text is there that has to be contained.
    fn contains(&mut self) -> bool {
        let Some(wanted) = &self.wanted.contains else { return true };
        let bytes = self.expander.bytes();
        let is_new = bytes.len() > self.searched;
        self.searched = bytes.len();
        is_new && self.charset.readings(bytes).any(|text| wanted.is_in(&text))
    }

    /// All came that is read.
    fn judge(mut self) -> Result<(), Fault> {
        if let Some(wanted) = self.wanted.length.filter(|wanted| *wanted != self.length) {
            return Err(self.another_length(wanted));
        }
        if let (Some(wanted), Some(hash)) = (&self.wanted.sha256, self.hash.take()) {
            let got = hex(hash.finish().as_ref());
            if *wanted != got {
                let evidence = sentence!["got ", got, " over ", self.length, " bytes, wanted ", wanted, self.packed()];
                return Err(unexpected("the body has another SHA-256 than expected").evidence(evidence));
            }
        }
        self.searched = 0;
        let is_empty = self.expander.bytes().is_empty();
        let empty_will_do = self.wanted.contains.as_ref().is_none_or(|wanted| wanted.is_in(""));
        if !(if is_empty { empty_will_do } else { self.contains() }) {
            return Err(self.not_contained());
        }
        if let Some(wanted) = &self.wanted.equals {
            self.equals(wanted)?;
        }
        match &self.wanted.json {
            Some(_) if self.is_cut => {
                let message = "the body is longer than this program takes of JSON";
                let fault = unexpected(message).evidence(sentence!["at most ", JSON_LIMIT >> 20, " MiB are read"]);
                let next_step = "ask for a shorter page, or for what `expected_body` finds in its beginning";
                Err(self.unreadable(fault.owner(Owner::Config).next_step(next_step)))
            }
            Some(wanted) => {
                let bytes = self.expander.bytes();
                let is_json = |text: &Cow<'_, str>| ExpectedJson::takes(text);
                let text = self.charset.readings_of_json(bytes).find(is_json).unwrap_or_else(|| self.text().into());
                wanted.judge(&text).map_err(|fault| self.unreadable(fault))
            }
            None => Ok(()),
        }
    }

    fn text(&self) -> String {
        self.charset.readings(self.expander.bytes()).next().unwrap_or_default().into_owned()
    }

    fn equals(&self, wanted: &str) -> Result<(), Fault> {
        let bytes = self.expander.bytes();
        if !self.is_cut && self.charset.readings(bytes).any(|text| text.trim() == wanted.trim()) {
            return Ok(());
        }
        let (wanted, text) = (wanted.trim(), self.text());
        let got = text.trim();
        let with_lf = got.replace("\r\n", "\n");
        let how = if with_lf == wanted.replace("\r\n", "\n") {
            "; they differ in their line ends (CRLF and LF)".into()
        } else {
            let at = got
                .char_indices()
                .zip(wanted.chars())
                .find(|((_, a), b)| a != b)
                .map_or(got.len().min(wanted.len()), |((at, _), _)| at);
            sentence!["; they differ from byte ", at, " on"]
        };
        let begin = |text: &str| escape(text.as_bytes(), 80);
        let evidence =
            sentence!["got ", self.so_much(), " that begin ", begin(got), "; wanted ", theirs(&begin(wanted)), how];
        Err(self.unreadable(unexpected("the body is not what is expected").evidence(evidence)))
    }

    fn so_much(&self) -> Sentence {
        let read = self.expander.bytes().len();
        if self.is_cut { sentence!["more than ", read, " bytes"] } else { sentence![read, " bytes"] }
    }

    fn not_contained(&self) -> Fault {
        let (read, begin) = (self.expander.bytes().len(), escape(self.text().as_bytes(), 80));
        let rest = if self.is_cut { ", where reading ended" } else { "" };
        let wanted = self.wanted.contains.as_ref().map(theirs).unwrap_or_default();
        let evidence = sentence!["wanted ", wanted, " in ", read, " bytes", rest, "; they begin ", begin];
        self.unreadable(unexpected("the body does not contain what is expected").evidence(evidence))
    }

    /// What was not found in a body that cannot be read may well be there.
    fn unreadable(&self, fault: Fault) -> Fault {
        let Some(coding) = &self.unread else { return fault };
        let message = sentence![
            "the body is packed as ",
            theirs(coding),
            ", which conn-check cannot undo; as it is, it is not what is expected"
        ];
        Fault { message, ..fault }.owner(Owner::Config).next_step(
            "write `headers: {Accept-Encoding: identity}` (or gzip), so that the server sends what can be read",
        )
    }

    fn not_expanded(&self, error: &std::io::Error) -> Fault {
        let begin = escape(&self.first, 60);
        let message = sentence!["the body is not what its Content-Encoding says (", theirs(&self.encoding), ")"];
        Fault::new(Cause::Malformed, message).evidence(sentence!["it begins ", begin]).caused_by(error)
    }

    fn another_length(&self, wanted: u64) -> Fault {
        let got = if self.length > wanted { sentence!["at least ", self.length] } else { self.length.into() };
        unexpected("the body has another length than expected").evidence(sentence![
            "got ",
            got,
            " bytes, wanted ",
            wanted,
            self.packed()
        ])
    }

    /// Bytes are counted as they came.
    fn packed(&self) -> Sentence {
        if self.encoding.is_empty() { "".into() } else { sentence![", as they came (", theirs(&self.encoding), ")"] }
    }
}

impl ExpectedBody {
    /// The length that an answer without a body announces (RFC 9110 section 9.3.2).
    fn announced(&self, headers: &HeaderMap) -> Result<(), Fault> {
        match (announced(headers), self.length) {
            (None, Some(wanted)) => Err(unexpected("the answer to HEAD does not say how long the body is")
                .evidence(sentence!["there is no Content-Length, wanted ", wanted])
                .next_step("use `method: GET`: its body is counted")),
            (Some(length), Some(wanted)) if length != wanted => {
                Err(unexpected("the body has another length than expected").evidence(sentence![
                    "Content-Length is ",
                    length,
                    ", wanted ",
                    wanted
                ]))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn unexpected(message: &'static str) -> Fault {
    Fault::new(Cause::UnexpectedBody, message)
}
