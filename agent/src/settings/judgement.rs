//! `hint`, `owner`, `proves`, `expect_failure` and `accept`: what a file says of a check's verdict.

use crate::catalogue::{self, Code, Owner};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::judgement::{Accepted, Judgement};
use crate::phase::Phase;
use crate::settings::shape::{self, Shape, StandIn};
use crate::settings::{Field, Fields, Misfit, Setting, Word, nearest};
use serde_json::json;
use time::{Date, Month};

/// A check of which a failure is expected may not lock an account by it, unless a person runs it.
const BY_HAND: &str = "no-nagios";

/// Asks for them, of a check with these tags.
pub(super) fn parse(fields: &mut Fields<'_>, tags: &[String]) -> Judgement {
    let text = |word: Option<Word>| word.map(String::from);
    let hint = text(fields.optional("hint", "What to do when it fails: told before all else."));
    // Of a file it is the user whose it is.
    let has_own = fields.is_declared("owner");
    let about = "Whose job the fix is, whatever the code says; not of the type `file`, which has its own `owner`.";
    let owner = if has_own { None } else { fields.optional::<Owner>("owner", about) };
    let proves = text(fields.optional("proves", "What a pass means; shown with --verbose."));
    let expected = fields.optional::<Codes>(
        "expect_failure",
        "A code, or a list of codes: the check passes when it fails with one of them, and fails when it does not.",
    );
    let accepted = fields.optional::<Accepted>(
        "accept",
        "`{code: CODE, until: DATE, why: TEXT}`: that failure is a note, up to and with that day (UTC).",
    );
    let expected = expected.map_or_else(Vec::new, |codes| codes.0);
    let locks = expected.iter().any(|code| code.phase == Phase::Auth);
    if locks && !tags.iter().any(|tag| tag == BY_HAND) {
        let message = "a login that is refused again and again may lock the account";
        let warning = Diagnostic::warning(Flaw::NoEffect, fields.span_of("expect_failure"), message);
        fields.warn(
            Diagnostic { flaw: Flaw::BadValue, ..warning }
                .help(format!("tag the check `{BY_HAND}`, and run it by hand")),
        );
    }
    if expected.iter().any(|code| accepted.as_ref().is_some_and(|accepted| accepted.code == *code)) {
        fields.warn_idle("accept", "on a failure that is expected", "leave out one of the two");
    }
    Judgement { hint, owner, proves, expected, accepted }
}

/// A code of the catalogue that a check can fail with.
fn code(field: &Field<'_>, shape: &Shape) -> Result<&'static Code, Misfit> {
    let text = field.text(shape)?;
    let all = || catalogue::ALL.iter().filter(|code| code.phase != Phase::Run);
    all().find(|code| code.name == text).ok_or_else(|| {
        let names: Vec<_> = all().map(|code| code.name).collect();
        let help = match nearest(&text, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`conn-check explain` lists the codes".to_owned(),
        };
        field.wrong(shape).help(help)
    })
}

/// Codes.
struct Codes(Vec<&'static Code>);

impl Setting for Codes {
    const SHAPE: Shape = Shape::plain(
        "the code of a failure, or a list of such",
        "code or codes",
        || json!({"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]}),
    )
    .like("connect.refused");

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let Some(items) = field.items() else { return code(field, &Self::SHAPE).map(|code| Self(vec![code])) };
        let codes = items
            .map(|item| code(&item, &Self::SHAPE).map_err(|misfit| item.with_span(misfit)))
            .collect::<Result<Vec<_>, _>>()?;
        if codes.is_empty() { Err(field.wrong(&Self::SHAPE)) } else { Ok(Self(codes)) }
    }
}

impl Setting for Owner {
    const SHAPE: Shape = Shape::plain(
        "an owner (config, host, dns, network, service, certificate, credentials)",
        "owner",
        || json!({"enum": Owner::ALL.map(Owner::slug)}),
    );

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| Self::ALL.into_iter().find(|owner| owner.slug() == text))
    }
}

impl Setting for Accepted {
    const SHAPE: Shape = Shape::plain(
        "a mapping {code: CODE, until: YYYY-MM-DD, why: TEXT}",
        "mapping",
        || {
            json!({
                "type": "object",
                "required": ["code", "until", "why"],
                "properties": {"code": {"type": "string"}, "until": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}, "why": {"type": "string", "minLength": 1}},
                "additionalProperties": false,
            })
        },
    )
    .like("{code: connect.refused, until: 2027-01-31, why: the new host comes in January}");

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        const DAY: Shape = Shape::plain("a day as YYYY-MM-DD", "day", shape::filled).or(StandIn::Reference);
        let Some(pairs) = field.pairs() else { return Err(field.wrong(&Self::SHAPE)) };
        let (mut known, mut until, mut why) = (None, None, None);
        for (key, value) in pairs {
            let read = match key.text(&Word::SHAPE)?.as_str() {
                "code" => code(&value, &Codes::SHAPE).map(|code| known = Some(code)),
                "until" => value.parse(&DAY, day).map(|day| until = Some(day)),
                "why" => Word::read(&value).map(|word| why = Some(word.0).filter(|why| !why.trim().is_empty())),
                _ => {
                    return Err(key
                        .with_span(Misfit::new("there is no such key"))
                        .help("the keys are: code, until, why"));
                }
            };
            read.map_err(|misfit| value.with_span(misfit))?;
        }
        match (known, until, why) {
            (Some(code), Some(until), Some(why)) => Ok(Self { code, until, why }),
            _ => Err(field
                .wrong(&Self::SHAPE)
                .help("a known failure has a code, a last day and a reason: code, until, why")),
        }
    }
}

/// A day as RFC 3339 writes it.
fn day(text: &str) -> Option<Date> {
    let mut parts = text.trim().splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    Date::from_calendar_date(year, Month::try_from(month).ok()?, parts.next()?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_calendar() {
        assert_eq!(day("2027-02-28").map(|day| day.to_string()).as_deref(), Some("2027-02-28"));
        for wrong in ["2027-02-29", "27-02-28", "2027-13-01", "tomorrow", "2027-02", "2027-02-28T00:00:00Z"] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }
}
