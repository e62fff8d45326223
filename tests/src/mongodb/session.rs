//! One connection of a double: what is asked, and what is answered.

use std::io::{Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bson::{Binary, Bson, DateTime, Document, doc, spec::BinarySubtype};

use super::message::{Request, reply};
use super::scram::{Conversation, Mechanism};
use super::setup::{Mischief, Setup};
use super::{DATABASE, Journal, USER};

/// What may be done without a login.
const FREE: [&str; 7] = ["isMaster", "hello", "ping", "buildInfo", "saslStart", "saslContinue", "authenticate"];

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Session<'a> {
    setup: &'a Setup,
    journal: &'a Mutex<Journal>,
    greeted: bool,
    logged_in: bool,
    conversation: Option<Conversation>,
}

impl<'a> Session<'a> {
    pub(super) fn new(setup: &'a Setup, journal: &'a Mutex<Journal>) -> Self {
        Self { setup, journal, greeted: false, logged_in: false, conversation: None }
    }

    /// Answers until the client goes.
    pub(super) fn serve(mut self, stream: &mut (impl Read + Write)) {
        while let Some(request) = Request::read(stream) {
            self.note(&request);
            let mischief = self.setup.mischiefs.iter().find(|(command, _)| *command == request.command());
            let answer = self.answer(&request);
            let message = match mischief.map(|(_, mischief)| mischief) {
                Some(Mischief::Mutes) => continue,
                Some(Mischief::Closes) => return,
                Some(Mischief::Says(bytes)) => bytes.clone(),
                Some(mischief) => reply(request.number, &spoil(answer, mischief)),
                None => reply(request.number, &bytes(&answer)),
            };
            let cut = matches!(mischief, Some((_, Mischief::Truncates)));
            let length = if cut { message.len() / 2 } else { message.len() };
            if stream.write_all(&message[..length]).and_then(|()| stream.flush()).is_err() || cut {
                return;
            }
        }
    }

    fn note(&self, request: &Request) {
        let mut journal = self.journal();
        journal.commands.push(request.command().to_owned());
        journal.sessions += usize::from(request.body.contains_key("lsid"));
        if let Ok(client) = request.body.get_document("client") {
            let name = client.get_document("application").and_then(|application| application.get_str("name"));
            journal.clients.push(name.unwrap_or_default().to_owned());
        }
    }

    fn answer(&mut self, request: &Request) -> Document {
        let command = request.command();
        if !self.logged_in && self.setup.login && !FREE.contains(&command) {
            return refusal(13, "Unauthorized", &format!("Command {command} requires authentication"));
        }
        match command {
            "isMaster" | "hello" => self.hello(&request.body),
            "saslStart" => self.start_login(&request.body),
            "saslContinue" => self.finish_login(&request.body),
            "authenticate" => self.authenticate(&request.body),
            "listCollections" => self.list_collections(&request.body),
            "ping" | "endSessions" => doc! {"ok": 1.0},
            "buildInfo" => doc! {"version": "7.0.99", "ok": 1.0},
            other => refusal(59, "CommandNotFound", &format!("no such command: '{other}'")),
        }
    }

    fn hello(&mut self, body: &Document) -> Document {
        if std::mem::replace(&mut self.greeted, true) && body.contains_key("client") {
            let text = "The client metadata document may only be sent in the first hello";
            return refusal(186, "ClientMetadataCannotBeMutated", text);
        }
        let mut answer = self.setup.member.hello();
        let (least, highest) = self.setup.wire_versions;
        answer.extend(doc! {
            "helloOk": true, "maxBsonObjectSize": 16_777_216, "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
            "localTime": DateTime::from_system_time(SystemTime::now()), "logicalSessionTimeoutMinutes": 30,
            "connectionId": 7, "minWireVersion": least, "maxWireVersion": highest, "readOnly": false,
        });
        let user = format!("{}.{USER}", self.setup.users_in);
        if body.get_str("saslSupportedMechs").is_ok_and(|asked| asked == user) {
            answer.insert("saslSupportedMechs", self.setup.mechanisms.clone());
        }
        // A first message that leads nowhere is passed over here: the client begins again.
        let speculative = body.get_document("speculativeAuthenticate").map(|first| self.start_login(first));
        if let Some(first) = speculative.ok().filter(|first| !first.contains_key("errmsg")) {
            answer.insert("speculativeAuthenticate", first);
        }
        answer.insert("ok", 1.0);
        answer
    }

    fn start_login(&mut self, body: &Document) -> Document {
        let name = body.get_str("mechanism").unwrap_or_default();
        let Some(mechanism) = Mechanism::of(name).filter(|_| self.setup.mechanisms.contains(&name)) else {
            let text = format!("Received authentication for mechanism {name} which is not enabled");
            return refusal(334, "MechanismUnavailable", &text);
        };
        let database = body.get_str("db").or_else(|_| body.get_str("$db")).unwrap_or_default();
        let first = payload(body).filter(|_| database == self.setup.users_in);
        self.conversation = first.and_then(|first| Conversation::begin(mechanism, self.setup.iterations, &first));
        match &self.conversation {
            Some(conversation) => step(conversation.server_first(), false),
            None => wrong_login(),
        }
    }

    fn finish_login(&mut self, body: &Document) -> Document {
        let last = payload(body).unwrap_or_default();
        if self.logged_in && last.is_empty() {
            return step("", true);
        }
        self.journal().proofs += 1;
        let signature = self.conversation.take().and_then(|conversation| conversation.finish(&last));
        let Some(signature) = signature else { return wrong_login() };
        self.logged_in = true;
        self.journal().logins += 1;
        let signature = if self.setup.is_impostor { "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=" } else { &signature };
        step(signature, !self.setup.is_thorough)
    }

    /// A login by certificate, which knows one database for its users.
    fn authenticate(&mut self, body: &Document) -> Document {
        let is = |field: &str, value: &str| body.get_str(field).is_ok_and(|found| found == value);
        let is_right = is("mechanism", "MONGODB-X509") && is("$db", "$external");
        if !(is_right && self.setup.mechanisms.contains(&"MONGODB-X509")) {
            return wrong_login();
        }
        self.logged_in = true;
        self.journal().logins += 1;
        doc! {"dbname": "$external", "user": "CN=app", "ok": 1.0}
    }

    fn list_collections(&self, body: &Document) -> Document {
        let database = body.get_str("$db").unwrap_or_default();
        let readable =
            !matches!(self.setup.member, super::Member::Secondary(_)) || body.contains_key("$readPreference");
        if !readable {
            return refusal(13435, "NotPrimaryNoSecondaryOk", "not primary and secondaryOk=false");
        }
        if self.setup.login && database != DATABASE {
            let text = format!("Not authorized to list collections on db: {database}");
            return refusal(13, "Unauthorized", &text);
        }
        doc! {"cursor": {"id": 0_i64, "ns": format!("{database}.$cmd.listCollections"), "firstBatch": []}, "ok": 1.0}
    }

    fn journal(&self) -> MutexGuard<'a, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer as this mischief makes it.
fn spoil(mut answer: Document, mischief: &Mischief) -> Vec<u8> {
    match mischief {
        Mischief::Refuses(code, name, text) => bytes(&refusal(*code, name, text)),
        Mischief::Adds(fields) => {
            answer.extend(fields.clone());
            bytes(&answer)
        }
        Mischief::Bloats(length) => {
            answer.insert("padding", "x".repeat(*length));
            bytes(&answer)
        }
        Mischief::Nests(levels) => nested(&bytes(&answer), *levels),
        Mischief::Truncates | Mischief::Mutes | Mischief::Closes | Mischief::Says(_) => bytes(&answer),
    }
}

/// A document with a chain of documents in it, each inside the one before; built by hand, since
/// the library would need as deep a stack.
fn nested(document: &[u8], levels: usize) -> Vec<u8> {
    // What a level costs: a length, a type and the name "n", a zero at the end.
    const LEVEL: usize = 4 + 3 + 1;
    let mut inner = Vec::new();
    for level in 0..levels {
        inner.extend_from_slice(&length((levels - level - 1) * LEVEL + 5));
        if level + 1 < levels {
            inner.extend_from_slice(b"\x03n\0");
        }
    }
    inner.extend(std::iter::repeat_n(0, levels));
    let fields = &document[4..document.len() - 1];
    let body = [fields, b"\x03nest\0", &inner, b"\0"].concat();
    [&length(body.len() + 4)[..], &body].concat()
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

fn bytes(document: &Document) -> Vec<u8> {
    document.to_vec().unwrap_or_default()
}

fn refusal(code: i32, name: &str, text: &str) -> Document {
    doc! {"ok": 0.0, "errmsg": text, "code": code, "codeName": name}
}

/// Wrong user or wrong password: mongod does not say which.
fn wrong_login() -> Document {
    refusal(18, "AuthenticationFailed", "Authentication failed.")
}

fn step(message: &str, done: bool) -> Document {
    let payload = Binary { subtype: BinarySubtype::Generic, bytes: message.as_bytes().to_vec() };
    doc! {"conversationId": 1, "done": done, "payload": payload, "ok": 1.0}
}

fn payload(body: &Document) -> Option<String> {
    match body.get("payload") {
        Some(Bson::Binary(binary)) => String::from_utf8(binary.bytes.clone()).ok(),
        _ => None,
    }
}
