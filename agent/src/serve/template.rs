//! The HTML of the page: a template over the report, ours or one of the user's.

use crate::file::read_bounded;
use minijinja::{AutoEscape, Environment, Value};
use std::path::Path;
use std::sync::Arc;

/// Ours.
const PAGE: &str = include_str!("page.html");

/// A template has no more bytes.
const LIMIT: u64 = 1 << 20;

/// A template of the user's takes no more steps: everybody waits for it. A page of ten thousand checks takes some millions.
const STEPS: u64 = 20_000_000;

/// The name in messages.
const NAME: &str = "page.html";

/// A template that can be filled.
#[derive(Clone, Debug)]
pub struct Template {
    environment: Arc<Environment<'static>>,
    /// It is the user's.
    pub is_own: bool,
}

impl Template {
    /// Ours.
    ///
    /// # Panics
    /// When it is no template: a bug, found by every test of the page.
    #[must_use]
    pub fn ours() -> Self {
        Self::of_text(PAGE.to_owned(), false).expect("our own page is a template")
    }

    /// That of a file.
    ///
    /// # Errors
    /// It cannot be read, or is no template: where, and why.
    pub fn of_file(path: &Path) -> Result<Self, String> {
        let content = read_bounded(path, LIMIT).map_err(|error| error.to_string())?;
        let text = String::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned())?;
        Self::of_text(text, true).map_err(|error| error.to_string())
    }

    fn of_text(text: String, is_own: bool) -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        // Whatever the file is called: what servers say goes into it.
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        if is_own {
            environment.set_fuel(Some(STEPS));
        }
        environment.add_template_owned(NAME, text)?;
        Ok(Self { environment: Arc::new(environment), is_own })
    }

    /// The page.
    ///
    /// # Errors
    /// The template asks for what is not there: where, and what.
    pub(super) fn filled(&self, data: &Value) -> Result<String, String> {
        let page = self.environment.get_template(NAME).and_then(|template| template.render(data));
        page.map_err(|error| error.to_string())
    }
}
