//! What an S3 server's answers mean: by the codes of its errors
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>), and by the status where there is none.

use crate::checks::http::Answer;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::{Sentence, sentence, theirs};
use crate::text::escape;

/// What is done to an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Doing {
    Put,
    Get,
    /// One that must be there.
    GetKnown,
    Delete,
}

impl Doing {
    const fn word(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Get | Self::GetKnown => "get",
            Self::Delete => "delete",
        }
    }

    /// The right that it takes.
    const fn right(self) -> &'static str {
        match self {
            Self::Put => "s3:PutObject",
            Self::Get | Self::GetKnown => "s3:GetObject",
            Self::Delete => "s3:DeleteObject",
        }
    }
}

/// Where it is done.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) bucket: &'a str,
    pub(super) region: &'a str,
    pub(super) prefix: &'a str,
    /// Requests are signed.
    pub(super) signs: bool,
}

/// An error as the server writes it.
#[derive(Debug, Default)]
struct Told {
    code: String,
    message: String,
    region: Option<String>,
}

impl Told {
    /// Reads the error in an answer's body; nothing where there is none.
    fn read(body: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(body);
        let inside = text.split_once("<Error")?.1;
        let value = |name: &str| {
            let (_, rest) = inside.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>")).map(|(value, _)| unescaped(value))
        };
        Some(Self { code: value("Code")?, message: value("Message").unwrap_or_default(), region: value("Region") })
    }
}

fn unescaped(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    pairs.into_iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The fault in an answer, unless it says yes.
pub(super) fn of(answer: &Answer, doing: Doing, place: &Place<'_>) -> Option<Fault> {
    if matches!(answer.status, 200 | 204 | 206) {
        // Who answers everything with a page has put nothing.
        return is_page(answer).then(|| no_s3(answer)).filter(|_| doing == Doing::Put);
    }
    let told = Told::read(&answer.body);
    let region = answer.header("x-amz-bucket-region").or_else(|| told.as_ref()?.region.clone());
    let told = match told {
        Some(told) => told,
        // The server's own, by a header alone: a deletion, or a redirect.
        None if is_s3(answer) => Told::default(),
        None => return Some(without_words(answer)),
    };
    let fault = by_code(answer, &told, region.as_deref(), doing, place);
    let fault = fault.unwrap_or_else(|| by_status(answer, &told, doing, place));
    Some(fault.evidence(shown(answer, &told)))
}

fn by_code(answer: &Answer, told: &Told, region: Option<&str>, doing: Doing, place: &Place<'_>) -> Option<Fault> {
    let rejected = |message| Fault::new(Cause::Rejected, message).at(Phase::Auth);
    let is_late = told.message.contains("expired") || told.message.contains("not valid yet");
    Some(match told.code.as_str() {
        "NoSuchBucket" => Fault::new(Cause::NoSuchBucket, sentence!["there is no bucket ", theirs(place.bucket)]),
        "InvalidAccessKeyId" | "NotSignedUp" => rejected("the server does not know this access key")
            .next_step("check `access_key`, and whether the key is of this server, still there and not disabled"),
        "SignatureDoesNotMatch" => rejected("the server computes another signature: the secret key is wrong").next_step(
            "check `secret_key`; where it is right, look for a proxy on the way that changes the path or the Host of requests",
        ),
        "ExpiredToken" | "TokenRefreshRequired" => {
            rejected("the temporary keys have expired").next_step("get new ones, with their `session_token`")
        }
        "InvalidToken" => rejected("the server does not take the session token")
            .next_step("check `session_token`: it belongs to the very keys that came with it"),
        "RequestTimeTooSkewed" => skewed(answer),
        "AccessDenied" if is_late => skewed(answer),
        "AuthorizationHeaderMalformed" | "AuthorizationQueryParametersError" | "InvalidRegion" => {
            wrong_region(region, place).at(Phase::Auth)
        }
        "PermanentRedirect" | "TemporaryRedirect" | "Redirect" | "IllegalLocationConstraintException" => {
            redirected(answer, region, place)
        }
        "NoSuchKey" if doing == Doing::GetKnown => no_object(place),
        "NoSuchKey" => Fault::new(Cause::UnexpectedReply, "the object that was put a moment ago is not there")
            .next_step("see whether several servers answer in turn at this endpoint"),
        "QuotaExceeded"
        | "XMinioAdminBucketQuotaExceeded"
        | "XMinioStorageFull"
        | "XMinioDiskFull"
        | "InsufficientStorage"
        | "TooManyBuckets"
        | "ServiceQuotaExceeded" => Fault::new(Cause::Full, "the server takes no more: its disk or a quota is used up"),
        "SlowDown" | "TooManyRequests" | "RequestLimitExceeded" | "XMinioServerBusy" => {
            Fault::new(Cause::Overloaded, "the server asks for fewer requests")
                .next_step("see who sends so many; and ask less often here")
                .at(Phase::Protocol)
        }
        "ServiceUnavailable" | "XMinioServerNotInitialized" | "XMinioReadQuorum" | "XMinioWriteQuorum" => {
            Fault::new(Cause::NotReady, "the server does not serve at the moment").at(Phase::Protocol)
        }
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" | "UnauthorizedAccess" => denied(doing, place),
        _ => return None,
    })
}

fn by_status(answer: &Answer, told: &Told, doing: Doing, place: &Place<'_>) -> Fault {
    match answer.status {
        301 | 302 | 307 | 308 => redirected(answer, answer.header("x-amz-bucket-region").as_deref(), place),
        401 if !place.signs => Fault::new(Cause::Required, "the server wants signed requests")
            .next_step("add `access_key:` and `secret_key:`")
            .at(Phase::Auth),
        403 => denied(doing, place),
        404 if doing == Doing::GetKnown => no_object(place),
        503 => Fault::new(Cause::NotReady, "the server does not serve at the moment").at(Phase::Protocol),
        507 => Fault::new(Cause::Full, "the server takes no more: its disk or a quota is used up"),
        _ => {
            let what = if told.code.is_empty() { answer.status.to_string() } else { told.code.clone() };
            let message =
                sentence!["the server refuses to ", doing.word(), " the object, and says why: ", theirs(&what)];
            Fault::new(Cause::UnexpectedReply, message).next_step("go by the server's words, and look at its log")
        }
    }
}

/// This host's clock, as a rule; by the server's Date it is told how far.
fn skewed(answer: &Answer) -> Fault {
    let how = answer.apart().map_or_else(Sentence::default, |told| sentence![": ", told]);
    Fault::new(Cause::Rejected, sentence!["the server takes the time of the signature for wrong", how])
        .at(Phase::Auth)
        .owner(Owner::Host)
        .next_step("set this host's clock (timedatectl, chronyc tracking); if it is right, the server's is not")
}

fn wrong_region(region: Option<&str>, place: &Place<'_>) -> Fault {
    let (which, next_step) = match region {
        Some(region) => (sentence![", but for ", theirs(region)], sentence!["write `region: ", theirs(region), "`"]),
        None => (Sentence::default(), "write the server's region into `region`; its words name it, as a rule".into()),
    };
    Fault::new(Cause::Rejected, sentence!["requests are not to be signed for the region ", theirs(place.region), which])
        .owner(Owner::Config)
        .next_step(next_step)
}

fn redirected(answer: &Answer, region: Option<&str>, place: &Place<'_>) -> Fault {
    let elsewhere = region.filter(|region| *region != place.region);
    let message = match elsewhere {
        Some(region) => sentence!["the bucket ", theirs(place.bucket), " is in the region ", theirs(region)],
        None => sentence!["the bucket ", theirs(place.bucket), " is to be asked for at another endpoint"],
    };
    let next_step = match elsewhere {
        Some(region) => sentence!["write `region: ", theirs(region), "`, and that region's `endpoint`"],
        None => {
            let there = answer.header("location").map(|to| crate::secret::redact_url(&to)).unwrap_or_default();
            sentence![
                "write the endpoint that it names into `endpoint`",
                if there.is_empty() { "" } else { ": " },
                theirs(&there)
            ]
        }
    };
    Fault::new(Cause::Redirected, message).next_step(next_step)
}

fn no_object(place: &Place<'_>) -> Fault {
    Fault::new(
        Cause::NoSuchEntry,
        sentence!["there is no object ", theirs(place.prefix), " in the bucket ", theirs(place.bucket)],
    )
    .next_step("correct `object`; or see who should have put it there")
}

fn denied(doing: Doing, place: &Place<'_>) -> Fault {
    if !place.signs {
        return Fault::new(Cause::Required, "the server does not give the object to everybody")
            .next_step("add `access_key:` and `secret_key:`")
            .at(Phase::Auth);
    }
    let right = doing.right();
    let message = sentence!["these keys may not ", doing.word(), " objects of the bucket ", theirs(place.bucket)];
    Fault::new(Cause::PermissionDenied, message).next_step(sentence![
        "grant ",
        right,
        " on ",
        theirs(place.bucket),
        "/",
        theirs(place.prefix),
        if doing == Doing::GetKnown { "" } else { "*; or name a `prefix` below which these keys may" }
    ])
}

/// Whether an answer without words of an error is one of S3's, by its fields.
pub(super) fn is_s3(answer: &Answer) -> bool {
    let named = [
        "x-amz-request-id",
        "x-amz-bucket-region",
        "x-amz-id-2",
        "x-amz-version-id",
        "x-minio-error-code",
        "x-goog-hash",
    ];
    named.iter().any(|name| answer.header(name).is_some())
}

/// Whether an answer is one of S3's, by its fields or by the words of an error.
pub(super) fn speaks_s3(answer: &Answer) -> bool {
    is_s3(answer) || Told::read(&answer.body).is_some()
}

fn is_page(answer: &Answer) -> bool {
    answer.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
}

/// An answer of a web server or of a proxy.
fn without_words(answer: &Answer) -> Fault {
    match answer.status {
        // What stands before it, or the server in its fall.
        500..=599 => {
            Fault::new(Cause::NotReady, sentence!["answered ", answer.status, ", and not as an S3 server does"])
                .next_step("see whether the S3 server behind what answers runs, and look at its log")
                .evidence(page(answer))
                .at(Phase::Protocol)
        }
        _ => no_s3(answer),
    }
}

pub(super) fn no_s3(answer: &Answer) -> Fault {
    Fault::new(Cause::WrongService, sentence!["what answers (", answer.status, ") is not an S3 server"])
        .next_step("check `endpoint`: its host, its port, and the path that the S3 server has there")
        .evidence(page(answer))
        .at(Phase::Protocol)
}

fn page(answer: &Answer) -> Sentence {
    let kind = answer.header("content-type").unwrap_or_default();
    sentence![answer.status, " ", theirs(&kind), ": ", escape(&answer.body, 80)]
}

fn shown(answer: &Answer, told: &Told) -> Sentence {
    let Told { code, message, .. } = told;
    if code.is_empty() {
        return sentence![answer.status];
    }
    sentence![answer.status, " ", theirs(code), ": ", theirs(message)]
}
