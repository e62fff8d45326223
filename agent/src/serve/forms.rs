//! A finished run in the form that was asked for, with the status that says whether all is well.

use super::{Form, Readiness, Shelf, Template, flat, health_json, page};
use crate::report::{Format, HEALTH, JSON, Style, Syntax, View, is_well, metrics};
use std::time::Duration;

/// What is answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// How old what is told is; nothing where that does not matter.
    pub age: Option<Duration>,
    /// The methods that are there instead (status 405).
    pub allow: Option<&'static str>,
    /// The page is ours, and needs nothing from anywhere.
    pub is_closed: bool,
    /// When to ask again.
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// A text.
    #[must_use]
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        let content_type = Form::Text.content_type();
        Self { status, content_type, body: body.into(), age: None, allow: None, is_closed: false, retry_after: None }
    }

    /// The answer to one too many who would wait for a run.
    #[must_use]
    pub fn crowded() -> Self {
        let text = "as many wait for a run as may; ask again, or ask for /ready or /metrics, which do not wait\n";
        Self { retry_after: Some(Duration::from_secs(1)), ..Self::text(503, text) }
    }

    /// What is told is so old.
    #[must_use]
    pub fn aged(self, age: Duration) -> Self {
        Self { age: Some(age), ..self }
    }
}

/// A finished run, and what else is known when it is told.
#[derive(Clone, Copy, Debug)]
pub struct Served<'a> {
    /// The run, or what was asked for of it.
    pub view: &'a View<'a>,
    /// How checks were before.
    pub shelf: &'a Shelf,
    /// The verdict over this node, by all checks.
    pub readiness: &'a Readiness,
    /// How old the oldest of its results is.
    pub age: Duration,
    /// How old it may become.
    pub max_age: Duration,
    /// The tags that were asked for.
    pub tags: &'a [String],
}

impl Served<'_> {
    /// The report in a form; and what is wrong with the user's template, in whose place our page is then.
    #[must_use]
    pub fn report(&self, form: Form, template: &Template, fail_status: u16) -> (Answer, Option<String>) {
        let (mut broken, mut is_closed) = (None, false);
        let body = match form {
            Form::Html => {
                is_closed = !template.is_own;
                self.page(template).unwrap_or_else(|why| {
                    (broken, is_closed) = (Some(why), true);
                    self.page(&Template::ours()).unwrap_or_default()
                })
            }
            Form::Json => flat::of(self.view),
            Form::HealthJson => health_json::of(self.view),
            Form::Report => self.printed(&JSON),
            Form::Text => self.printed(&HEALTH),
            Form::OpenMetrics => self.metrics(true).body,
        };
        let status = if is_well(self.view) { 200 } else { fail_status };
        let answer = Answer { is_closed, content_type: form.content_type(), ..Answer::text(status, body) };
        (answer.aged(self.age), broken)
    }

    /// The metrics, always well: as `OpenMetrics`, or as the older text that every collector reads.
    #[must_use]
    pub fn metrics(&self, is_open: bool) -> Answer {
        let mut body = Vec::new();
        let ready = f64::from(u8::from(self.readiness.standing.is_in_service()));
        let more = [("conn_check_ready", "Whether this node has no fault of its own.", ready)];
        let (syntax, content_type) = if is_open {
            (Syntax::OpenMetrics, Form::OpenMetrics.content_type())
        } else {
            (Syntax::Prometheus, "text/plain; version=0.0.4; charset=utf-8")
        };
        // Writing to a vector cannot fail.
        let _ = metrics(self.view, &more, syntax, &mut body);
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { content_type, ..Answer::text(200, text) }.aged(self.age)
    }

    fn page(&self, template: &Template) -> Result<String, String> {
        template.filled(&page::data(self))
    }

    /// What the command prints.
    fn printed(&self, format: &Format) -> String {
        let mut body = Vec::new();
        // Writing to a vector cannot fail.
        let _ = (format.reporter)(Style::default()).finish(self.view, &mut body);
        String::from_utf8_lossy(&body).into_owned()
    }
}
