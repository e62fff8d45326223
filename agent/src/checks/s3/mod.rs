//! An object that an S3 server takes, gives back and deletes; or a known one that it gives.
//!
//! - Proves: the keys are accepted, the bucket is there, and objects can be put, got and deleted below `prefix`; with
//!   `object`, that this one can be got, and with `expected_sha256` that it is the one that is meant.
//! - Protocol: Amazon's S3 over HTTP/1.1 (<https://docs.aws.amazon.com/AmazonS3/latest/API/>), signed in the query by
//!   Signature Version 4 (<https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>) for the
//!   bucket's region; by path or by virtual host.
//! - Phases: those of the http check, whose connections, proxies and TLS these are: resolve, connect, proxy, tls,
//!   protocol (a request is sent, the head of the answer read), auth (what is said of the keys), request (all else).
//!   Three requests over one connection; one for an object that is known, and another one, for an object that nobody
//!   has, where the answer could be any web server's.
//! - The object is deleted whatever became of the others, but where the server has said that it did not take it: a part
//!   of the time is kept for that, and a connection of its own where the first one is not of use any more. A run that is
//!   ended from outside waits a moment for it.
//! - Options: see [`S3::parse`]; each says its meaning and default.
//! - Failures: `resolve.*`, `connect.*`, `proxy.*`, `tls.*`, `protocol.*` (`wrong-service`: no S3 answers;
//!   `overloaded`, `not-ready`), `auth.rejected` (the keys; the host's clock; the region), `auth.required`,
//!   `request.no-such-bucket`, `request.no-such-entry` (the object), `request.permission-denied`, `request.redirected`
//!   (the region), `request.full` (quota, disk), `request.unexpected-body`, `request.unexpected-reply`.
//! - Does not check: listing, versions, multipart uploads. What is put is a line of text; with versions kept in the
//!   bucket, a deleted object stays as an old version there.
//!
//! Requests are signed by rusty-s3, which knows of no connection; the http check makes them.

mod refusal;

use crate::checks::http::{Answer, Reach, Session, WebUrl};
use crate::checks::roundtrip::random_digits;
use crate::checks::{Check, Profile, ResultName};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::fault::{Cause, Failure, Fault, Phase};
use crate::net::within;
use crate::probe::{Probe, Stop};
use crate::secret::{Secret, sentence, url_secrets};
use crate::services::{self, Service};
use crate::settings::shape::{self, Shape, StandIn};
use crate::settings::{Field, Fields, Misfit, Name, Noted, Setting, Sha256, Word};
use crate::text::escape;
use refusal::{Doing, Place};
use reqwest::Method;
use rusty_s3::{Bucket, S3Action as _, UrlStyle};
use std::time::Duration;

/// For so long a signature counts; a clock that is further from the server's is told as such by many servers.
const SIGNED_FOR: Duration = Duration::from_secs(900);

/// What is kept of the time for deleting the object, at most.
const FOR_DELETION: Duration = Duration::from_secs(2);

/// When the run is ended from outside, the server may still answer for so long: what it has not done yet cannot be undone.
const TO_ANSWER: Duration = Duration::from_millis(200);

/// See the [module's documentation](self).
#[derive(Clone, Debug)]
pub struct S3 {
    /// As it stands in the file.
    endpoint: String,
    reach: Reach,
    bucket: Bucket,
    keys: Option<Keys>,
    work: Work,
}

/// Who signs.
#[derive(Clone, Debug)]
struct Keys {
    access: Secret<String>,
    secret: Secret<String>,
    token: Option<Secret<String>>,
}

/// What is asked for.
#[derive(Clone, Debug)]
enum Work {
    /// An object of our own, below this prefix.
    RoundTrip {
        prefix: String,
    },
    Get {
        object: String,
        sha256: Option<String>,
    },
}

impl Check for S3 {
    const TYPE: &'static str = "s3";
    const SERVICE: &'static Service = &services::S3;
    const ABOUT: &'static str = "An S3 server takes an object, gives it back and deletes it.";
    const TRACE: &'static str = "Three requests in its access log, one or two with `object`; a bucket that keeps versions keeps a deleted object of a line as an old one.";
    const EXAMPLE: &'static str = "\
- type: s3
  endpoint: https://s3.internal
  bucket: media
  access_key: {env: AWS_ACCESS_KEY_ID}
  secret_key: {env: AWS_SECRET_ACCESS_KEY}
";

    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let endpoint =
            fields.required::<WebUrl>("endpoint", "The server's URL, without the bucket: https://s3.internal.");
        let bucket = fields.required::<BucketName>("bucket", "The bucket's name.");
        let region =
            fields.or::<Name>("region", "us-east-1", "The bucket's region, which every request is signed for.");
        let path_style = fields.or::<bool>(
            "path_style",
            "true",
            "true: https://HOST/BUCKET/; false: https://BUCKET.HOST/, a name that the DNS and the certificate must have.",
        );
        let keys = Keys::parse(fields);
        let work = Work::parse(fields);
        let shown = endpoint.as_ref().map(|url| url.shown.clone()).map_err(|noted| *noted);
        let bucket = bucket.and_then(|BucketName(name)| bucket_at(fields, endpoint, name, region.0, path_style));
        let url = bucket.as_ref().map_err(|noted| *noted).and_then(|bucket| url_of(fields, bucket));
        let reach = Reach::parse(fields, url);
        let (keys, work) = (keys?, work?);
        if keys.is_none() && matches!(work, Work::RoundTrip { .. }) && !fields.is_broken() {
            let message = "`access_key` is missing: the check puts an object";
            let missing = Diagnostic::error(Flaw::MissingKey, fields.span_of("bucket"), message);
            let help = "add `access_key:` and `secret_key:`; or `object:`, with one that everybody may get";
            return Err(fields.refuse(missing.help(help)));
        }
        Ok(Self { endpoint: shown?, reach: reach?, bucket: bucket?, keys, work })
    }

    fn profile(&self) -> Profile {
        let name = format!("{}:{}", Self::TYPE, self.bucket.name());
        let target = format!("{} at {}", self.bucket.name(), self.endpoint);
        let mut profile = self.reach.profile(&name);
        profile.results.push(ResultName { name, info: target.clone() });
        let (object, prefix) = match &self.work {
            Work::Get { object, .. } => (Some(object), None),
            Work::RoundTrip { prefix } => (None, Some(prefix).filter(|prefix| *prefix != PREFIX)),
        };
        // Of an attempt beside this one, nobody would delete the object.
        let puts = object.is_none();
        Profile { target, ..profile }.once(puts).distinct("object", object).distinct("prefix", prefix)
    }

    async fn run(&self, probe: &mut Probe) -> Result<(), Stop> {
        probe.expect(&services::HTTP);
        let ways = self.reach.ways(probe)?;
        let mut session = Session::begin(&ways, probe).await?;
        match &self.work {
            Work::Get { object, sha256 } => Ok(self.get_known(probe, &mut session, object, sha256.as_deref()).await?),
            Work::RoundTrip { prefix } => Ok(Box::pin(self.round_trip(probe, &mut session, prefix)).await?),
        }
    }
}

/// Where objects are put that are deleted at once.
const PREFIX: &str = "conn-check/";

impl Keys {
    fn parse(fields: &mut Fields<'_>) -> Result<Option<Self>, Noted> {
        let access = fields.optional::<Secret<String>>("access_key", "The key's id (AWS_ACCESS_KEY_ID).");
        let secret = fields.optional::<Secret<String>>("secret_key", "The key itself (AWS_SECRET_ACCESS_KEY).");
        let token = fields.optional::<Secret<String>>("session_token", "That of temporary keys (AWS_SESSION_TOKEN).");
        match (fields.has("access_key"), fields.has("secret_key")) {
            (true, false) => return Err(fields.refuse_lone("access_key", "secret_key")),
            (false, true) => return Err(fields.refuse_lone("secret_key", "access_key")),
            (false, false) if fields.has("session_token") => {
                return Err(fields.refuse_lone("session_token", "access_key"));
            }
            _ => {}
        }
        if access.is_some() {
            fields.note_login();
        }
        Ok(access.zip(secret).map(|(access, secret)| Self { access, secret, token }))
    }

    fn credentials(&self) -> rusty_s3::Credentials {
        let (access, secret) = (self.access.expose().clone(), self.secret.expose().clone());
        match &self.token {
            Some(token) => rusty_s3::Credentials::new_with_token(access, secret, token.expose().clone()),
            None => rusty_s3::Credentials::new(access, secret),
        }
    }
}

impl Work {
    fn parse(fields: &mut Fields<'_>) -> Result<Self, Noted> {
        let about = "Objects are put below it, under names that nobody has; for keys that may not write elsewhere.";
        let prefix = fields.or::<Word>("prefix", PREFIX, about).0;
        let object = fields.optional::<Name>("object", "A known object that is only got; nothing is put then.");
        let sha256 = fields.optional::<Sha256>("expected_sha256", "The SHA-256 of `object`.");
        match object {
            Some(Name(object)) => {
                fields.warn_idle("prefix", "with `object`: nothing is put", "leave one of the two out");
                Ok(Self::Get { object, sha256: sha256.map(|hash| hash.0) })
            }
            None if fields.has("expected_sha256") => Err(fields.refuse_lone("expected_sha256", "object")),
            None => Ok(Self::RoundTrip { prefix }),
        }
    }
}

/// The bucket at its endpoint.
fn bucket_at(
    fields: &mut Fields<'_>,
    endpoint: Result<WebUrl, Noted>,
    name: String,
    region: String,
    path_style: bool,
) -> Result<Bucket, Noted> {
    let endpoint = endpoint?;
    if endpoint.login.is_some() {
        let misfit = Misfit::new("the keys do not stand in the URL");
        return Err(fields.refuse_value("endpoint", misfit.help("write `access_key:` and `secret_key:`")));
    }
    let mut url = endpoint.url;
    // What is put behind it would else take the place of its last part.
    if !url.path().ends_with('/') {
        url.set_path(&[url.path(), "/"].concat());
    }
    let style = if path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
    Bucket::new(url, style, name, region).map_err(|_| {
        let misfit = Misfit::new("the bucket cannot stand before this endpoint's host");
        fields.refuse_value(
            "path_style",
            misfit.help("leave `path_style: false` out, or name the endpoint by its host name"),
        )
    })
}

/// Where its requests go.
fn url_of(fields: &mut Fields<'_>, bucket: &Bucket) -> Result<WebUrl, Noted> {
    WebUrl::parse(bucket.base_url().as_str())
        .map_err(|rule| fields.refuse_value("bucket", Misfit::new("the bucket makes no legal URL").help(rule)))
}

impl S3 {
    async fn get_known(
        &self,
        probe: &mut Probe,
        session: &mut Session<'_>,
        object: &str,
        sha256: Option<&str>,
    ) -> Result<(), Failure> {
        let answer = self.ask(probe, session, Doing::GetKnown, object, None).await?;
        if !refusal::is_s3(&answer) {
            self.recognise(probe, session, object, &answer).await?;
        }
        match sha256 {
            Some(wanted) if wanted != answer.sha256 => {
                let fault = Fault::new(Cause::UnexpectedBody, "the object is another one than is expected")
                    .evidence(sentence!["its SHA-256 is ", answer.sha256, ", wanted ", wanted.to_owned()])
                    .next_step("see who has replaced the object; else correct `expected_sha256`");
                Err(probe.fail(Phase::Request, fault))
            }
            _ => Ok(()),
        }
    }

    /// Any web server may answer with a page to everything. One that says nothing of itself is asked for an object that
    /// nobody has: an S3 server answers to that with an error in its own words.
    async fn recognise(
        &self,
        probe: &mut Probe,
        session: &mut Session<'_>,
        object: &str,
        answer: &Answer,
    ) -> Result<(), Failure> {
        let digits = random_digits().map_err(|fault| probe.fail(Phase::Run, fault))?;
        let absent = self.request(probe, session, Doing::Get, &format!("{object}-{digits}"), None).await?;
        if !refusal::speaks_s3(&absent) {
            return Err(probe.fail(Phase::Protocol, refusal::no_s3(answer)));
        }
        Ok(())
    }

    /// Puts an object, gets it and deletes it.
    async fn round_trip(&self, probe: &mut Probe, session: &mut Session<'_>, prefix: &str) -> Result<(), Failure> {
        let digits = random_digits().map_err(|fault| probe.fail(Phase::Run, fault))?;
        let (object, text) = (format!("{prefix}{digits}"), format!("conn-check {digits}\n"));
        let left = probe.left();
        let limit = left.saturating_sub(FOR_DELETION.min(left / 4));
        let mut refused = false;
        let mut debt = probe.owe(Duration::ZERO).await;
        let storing = Box::pin(self.store(probe, session, &object, &text, &mut refused));
        let stored = debt.unless_stopped(TO_ANSWER, within(limit, storing)).await.flatten();
        if refused {
            // It has answered, and did not take the object.
            return stored.unwrap_or_else(|| Err(late(probe)));
        }
        let stored = match stored {
            Some(Ok(())) => Ok(()),
            broken => {
                // What was broken off may have left the object there, and its answer on the connection.
                let failure = broken.unwrap_or_else(|| Err(late(probe)));
                match session.renew(probe).await {
                    Ok(()) => failure,
                    Err(_) => return failure,
                }
            }
        };
        let deleted = self.ask(probe, session, Doing::Delete, &object, None).await;
        stored?;
        deleted.map(|_| ())
    }

    /// Puts and gets; `refused` when the server did not take it, and said so.
    async fn store(
        &self,
        probe: &mut Probe,
        session: &mut Session<'_>,
        object: &str,
        text: &str,
        refused: &mut bool,
    ) -> Result<(), Failure> {
        let put = self.request(probe, session, Doing::Put, object, Some(text.to_owned())).await?;
        if let Some(fault) = refusal::of(&put, Doing::Put, &self.place()) {
            *refused = true;
            return Err(probe.fail(Phase::Request, fault));
        }
        let got = self.ask(probe, session, Doing::Get, object, None).await?;
        if got.body == text.as_bytes() {
            return Ok(());
        }
        let fault =
            Fault::new(Cause::UnexpectedReply, "the object that was put a moment ago comes back as something else")
                .evidence(sentence!["got ", escape(&got.body, 60)])
                .next_step("see what stands between this host and the server, and whether several answer in turn");
        Err(probe.fail(Phase::Request, fault))
    }

    /// A request whose answer says yes.
    async fn ask(
        &self,
        probe: &mut Probe,
        session: &mut Session<'_>,
        doing: Doing,
        object: &str,
        body: Option<String>,
    ) -> Result<Answer, Failure> {
        let answer = self.request(probe, session, doing, object, body).await?;
        match refusal::of(&answer, doing, &self.place()) {
            Some(fault) => Err(probe.fail(Phase::Request, fault)),
            None => Ok(answer),
        }
    }

    async fn request(
        &self,
        probe: &mut Probe,
        session: &mut Session<'_>,
        doing: Doing,
        object: &str,
        body: Option<String>,
    ) -> Result<Answer, Failure> {
        let (method, url) = self.signed(doing, object);
        // A server may say the URL back.
        // The credential has the region in it, which may be shown; its key is a secret of its own.
        let is_shown = |secret: &&str| secret.contains(self.place().region);
        url_secrets(&url).into_iter().filter(|secret| !is_shown(secret)).for_each(|secret| probe.keep_secret(secret));
        session.ask(probe, method, &url, body).await
    }

    fn signed(&self, doing: Doing, object: &str) -> (Method, String) {
        let credentials = self.keys.as_ref().map(Keys::credentials);
        let credentials = credentials.as_ref();
        let (method, url) = match doing {
            Doing::Put => (Method::PUT, self.bucket.put_object(credentials, object).sign(SIGNED_FOR)),
            Doing::Get | Doing::GetKnown => (Method::GET, self.bucket.get_object(credentials, object).sign(SIGNED_FOR)),
            Doing::Delete => (Method::DELETE, self.bucket.delete_object(credentials, object).sign(SIGNED_FOR)),
        };
        (method, url.to_string())
    }

    fn place(&self) -> Place<'_> {
        let prefix = match &self.work {
            Work::RoundTrip { prefix } => prefix,
            Work::Get { object, .. } => object,
        };
        Place { bucket: self.bucket.name(), region: self.bucket.region(), prefix, signs: self.keys.is_some() }
    }
}

fn late(probe: &Probe) -> Failure {
    let message = "the server did not take the object and give it back in time";
    probe.fail(Phase::Request, Fault::new(Cause::Timeout, message))
}

/// The name of a bucket: what Amazon's rules take, and what older ones took.
struct BucketName(String);

impl Setting for BucketName {
    const SHAPE: Shape =
        Shape::plain("the name of a bucket (letters, digits, `-`, `.` and `_`)", "name", shape::filled)
            .or(StandIn::Like("?"));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        field.parse(&Self::SHAPE, |text| {
            let is_name = (1..=255).contains(&text.len()) && text.chars().all(is_legal) && !text.contains("..");
            (is_name && text != ".").then(|| Self(text.to_owned()))
        })
    }
}
