//! The options that every check has.

use crate::judgement::Judgement;
use crate::settings::chain::{DEPENDS_ON, Named, Names, PARTS, Parts};
use crate::settings::judgement;
use crate::settings::shape::{self, Declared, Shape};
use crate::settings::{Field, Fields, Misfit, Setting, Tags, Word};
use serde_json::json;
use std::time::Duration;

/// The common options of one check.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) label: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) tags: Vec<String>,
    pub(crate) warn_after: Option<Duration>,
    pub(crate) retries: u32,
    pub(crate) critical: bool,
    pub(crate) takes_node_out: bool,
    pub(crate) judgement: Judgement,
    /// The names of the checks that it waits for.
    pub(crate) depends_on: Vec<Named>,
}

impl Common {
    /// Asks for them, after the check has asked for its own: a check for which `name` means
    /// something else has no label.
    pub(crate) fn parse(fields: &mut Fields<'_>, usual: Duration) -> Self {
        let has_own_name = fields.is_declared("name");
        let label = if has_own_name {
            None
        } else {
            fields.optional::<Word>("name", "A label for people; result names stay as they are.")
        };
        let timeout =
            fields.optional("timeout", "Bounds the whole check. Default: 10, or the value of --connect-timeout.");
        let tags = fields.optional::<Tags>("tags", "For --include-tags and --exclude-tags.").unwrap_or_default().0;
        let warn_after = fields.optional("warn_after", "A check that passes but takes longer is a warning.");
        let ends = timeout.unwrap_or(usual);
        if warn_after.is_some_and(|warn_after: Duration| warn_after >= ends) {
            let help =
                "write fewer seconds than `timeout` has (or --connect-timeout, without it), or leave `warn_after` out";
            fields.warn_idle("warn_after", "behind the `timeout`: what takes longer fails", help);
        }
        let retries = fields.or::<Retries>("retries", "0", "So many times it is asked again when it fails, each time with its whole `timeout`: never after a login that was refused, nor when something was sent that must not be sent twice.").0;
        let critical = fields.or::<bool>("critical", "true", "Whether its failure is one of the whole: `false` gives the exit status of a warning, and never changes what conn-check-serve answers.");
        let takes_node_out = fields.or::<bool>("takes_node_out", "false", "Whether its failure makes `/ready` of conn-check-serve say 503, as faults of this host do: for what this node alone can lack.");
        if !critical && takes_node_out {
            fields.warn_idle("takes_node_out", "on a check that is not critical", "leave out one of the two");
        }
        let judgement = judgement::parse(fields, &tags);
        let depends_on = fields.optional::<Names>(
            DEPENDS_ON,
            "The `name` of a check, or a list of names: it waits for them, and is not tried when one fails.",
        );
        let depends_on = depends_on.map_or_else(Vec::new, |names| names.0);
        // They are checks of their own.
        let _ = fields.optional::<Parts>(PARTS, "Checks of the parts of what this one looks at from end to end: run when it fails, and its failure says which of them is guilty.");
        Self {
            label: label.map(|word| word.0),
            timeout,
            tags,
            warn_after,
            retries,
            critical,
            takes_node_out,
            judgement,
            depends_on,
        }
    }
}

/// `retries`: enough for a path that loses packets, and too few to hide that nothing works.
struct Retries(u32);

impl Setting for Retries {
    const SHAPE: Shape = Shape::plain("a whole number from 0 to 5", "number", || {
        shape::number(&json!({"type": "integer", "minimum": 0, "maximum": 5}), "^[0-5]$")
    });

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| text.trim().parse().ok().filter(|number| *number <= 5).map(Self))
    }
}

/// Their declarations.
pub(crate) fn describe() -> Vec<Declared> {
    let mut fields = Fields::describe();
    Common::parse(&mut fields, Duration::MAX);
    fields.finish().declared
}
