//! `url`: what stands in the place of host, port, login and whatever else a service's URLs say.
//!
//! Here it is read and its secrets are kept; who reads the file takes it apart before that (`plan`), so that its parts
//! are options as if they were written.

use crate::secret::url_secrets;
use crate::services::{self, Service};
use crate::settings::shape::{Shape, Shown, StandIn};
use crate::settings::{Field, Fields, Misfit, Setting};
use serde_json::json;

/// The option.
pub(crate) const SERVICE_URL: &str = "url";

/// What the documentation says of it.
const ABOUT: &str = "The service's URL, as applications have it (BROKER_URL, REDIS_URL, DATABASE_URL), instead of the options that it says.";

/// The scheme of what is read in the place of a URL that is not there.
const ABSENT: &str = "conn-check";

/// The URL of a service.
#[derive(Debug)]
pub(crate) struct ServiceUrl(String);

/// Whether checks of this service take a `url`: where URLs say where it is, and the check has no other one.
pub(crate) fn takes_url(service: &Service) -> bool {
    !service.schemes.is_empty() && *service != services::HTTP
}

impl ServiceUrl {
    /// Declares the option.
    pub(crate) fn ask(fields: &mut Fields<'_>) {
        let _ = fields.optional::<Self>(SERVICE_URL, ABOUT);
    }

    /// What is read in the place of one that cannot be had.
    pub(crate) fn absent() -> Self {
        Self(format!("{ABSENT}://absent:absent@absent.invalid/absent"))
    }

    /// Whether it stands in the place of one that is not there.
    pub(crate) fn is_absent(&self) -> bool {
        self.0.starts_with(ABSENT)
    }

    /// The text, to be taken apart; for a service of this scheme where there is none.
    pub(crate) fn text(&self, service: &Service) -> String {
        match self.0.strip_prefix(ABSENT) {
            Some(rest) => format!("{}{rest}", service.scheme().name),
            None => self.0.clone(),
        }
    }
}

impl Setting for ServiceUrl {
    const SHAPE: Shape = Shape {
        words: "the URL of a service (SCHEME://USER:PASSWORD@HOST:PORT/NAME)",
        short: "URL",
        shown: Shown::Url,
        schema: || json!({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9+.:_-]*://"}),
        example: "",
        stand_in: Some(StandIn::Like("conn-check://?:?@?.invalid/?")),
    };

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let text = field.text(&Self::SHAPE)?;
        let text = text.trim();
        url_secrets(text).into_iter().for_each(|secret| field.keep_secret(secret));
        if !text.contains("://") {
            return Err(field
                .wrong(&Self::SHAPE)
                .help("a URL begins with the service's scheme: `postgres://`, `redis://`, `amqp://`"));
        }
        Ok(Self(text.to_owned()))
    }
}
