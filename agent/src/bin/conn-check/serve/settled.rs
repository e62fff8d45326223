//! What the files say: the checks, the token, the template, the certificate. All of it can be read again.

use crate::check::{Task, with_plan};
use crate::output;
use crate::remember;
use crate::say;
use conn_check::cli;
use conn_check::cli::serve::Args;
use conn_check::memory::Names;
use conn_check::plan::{self, Plan};
use conn_check::report::{self, Stage, Warnings};
use conn_check::select::{Selection, Wanted};
use conn_check::serve::{Certificate, Site, Template, Token, Watched, doubled};
use std::path::Path;
use std::sync::Arc;

/// Who polls sends no mail.
const NOT_POLLED: &str = "no-nagios";

/// All that the files say, and which of them hold secrets and certificates. What is wrong is told on standard error.
pub(crate) fn read(args: &Args) -> Option<(Checks, Settled, Watched)> {
    let (read, watched) = Watched::during(|| {
        let settled = Settled::read(args).map_err(|wrong| say(&wrong));
        (Checks::read(args), settled.ok())
    });
    Some((read.0?, read.1?, watched))
}

/// The checks, and which of them are made.
#[derive(Debug)]
pub(crate) struct Checks {
    pub(crate) config: String,
    pub(crate) plan: Arc<Plan>,
    pub(crate) selection: Selection,
    /// By what they are known between runs.
    pub(crate) names: Arc<Names>,
    warnings: Warnings,
}

impl Checks {
    /// Reads the files of checks; what is wrong with them is told on standard error.
    fn read(args: &Args) -> Option<Self> {
        let mut check = cli::Args { format: Some(&report::PLAIN), ..args.check.clone() };
        if !args.poll_all && !check.include_tags.iter().any(|tag| tag.trim() == NOT_POLLED) {
            check.exclude_tags.push(NOT_POLLED.to_owned());
        }
        let mut read = None;
        with_plan(&check, None, plan::load_to_run, |_, task| {
            read = Some(task);
            0
        });
        let Task { config, plan, selection } = read?;
        let doubled = doubled(&plan, args.check.strict);
        for (source, problem) in &doubled {
            output::explain(source, &[], std::slice::from_ref(problem), args.check.color);
        }
        if args.check.strict && !doubled.is_empty() {
            return None;
        }
        let names = remember::names(&plan);
        Some(Self { config, plan: Arc::new(plan), selection, names, warnings: super::warnings(args) })
    }

    /// What reporters know of them.
    pub(crate) fn stage(&self) -> Stage<'_> {
        self.stage_of(&self.selection)
    }

    /// As [`Checks::stage`], of some of them.
    pub(crate) fn stage_of<'a>(&'a self, selection: &'a Selection) -> Stage<'a> {
        Stage { warnings: self.warnings, config: &self.config, plan: &self.plan, selection }
    }

    /// Those with one of these tags, of those that are made; nothing where that is none.
    pub(crate) fn tagged(&self, tags: &[String]) -> Option<Selection> {
        let wanted = Wanted { include_tags: tags.to_vec(), ..Wanted::default() };
        let both = self.selection.narrowed(&Selection::of(&self.plan, &wanted));
        (!both.is_empty()).then_some(both)
    }
}

/// What else the files say.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) site: Site,
    pub(crate) template: Template,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) fail_status: u16,
}

impl Settled {
    /// Reads them.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(crate) fn read(args: &Args) -> Result<Self, String> {
        let token = args.token_file.as_deref().map(token).transpose()?;
        let template = args.template.as_deref().map_or_else(
            || Ok(Template::ours()),
            |path| Template::of_file(path).map_err(|why| format!("--template {}: {why}", path.display())),
        )?;
        let pair = args.cert.as_deref().zip(args.key.as_deref());
        let certificate = pair.map(|(cert, key)| Certificate::of_files(cert, key)).transpose()?;
        let has_metrics_apart = !args.metrics_listen.is_empty();
        let site = Site { path: args.path.clone(), token, has_metrics_apart };
        Ok(Self { site, template, certificate, fail_status: args.fail_status })
    }
}

fn token(path: &Path) -> Result<Token, String> {
    let (token, is_open) = Token::of_file(path).map_err(|why| format!("--token-file {}: {why}", path.display()))?;
    if is_open {
        say(&format!("--token-file {}: everybody on this host can read it; `chmod o= FILE`", path.display()));
    }
    Ok(token)
}
