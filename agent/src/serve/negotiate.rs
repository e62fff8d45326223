//! Which form an answer has: as `?format=` says, else as `Accept` does (RFC 9110 section 12.5.1).

use crate::phase::words;

words! {
    /// The forms of a report.
    pub Form {
        /// The page for people.
        Html "html",
        /// `{"NAME": "working"}`.
        Json "json",
        /// `application/health+json`.
        HealthJson "health+json",
        /// The object that `conn-check --format json` prints.
        Report "report",
        /// What `conn-check --format health` prints.
        Text "text",
        /// Metrics.
        OpenMetrics "openmetrics",
    }
}

impl Form {
    /// The content type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json | Self::Report => "application/json",
            Self::HealthJson => "application/health+json",
            Self::Text => "text/plain; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The type and the subtype, by which it can be asked for; the report has those of the flat JSON.
    fn media(self) -> Option<(&'static str, &'static str)> {
        let media = self.content_type().split(';').next()?.split_once('/');
        media.filter(|_| self != Self::Report)
    }

    /// The form that is meant by a value of `format`. In a query a plus sign is a blank.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.slug() == name.replace(' ', "+"))
    }

    /// The form that is liked best; none where all of them are unwelcome. Among equals the one that is named first, and
    /// where nothing is said the page.
    #[must_use]
    pub fn accepted(accept: Option<&str>) -> Option<Self> {
        liked(accept, Self::ALL.into_iter().filter_map(|form| Some((form, form.media()?))), Self::Html)
    }

    /// Whether metrics are liked better as `OpenMetrics` than as the older text, which is given where neither is welcome.
    #[must_use]
    pub(super) fn likes_open_metrics(accept: Option<&str>) -> bool {
        let offers = [Self::Text, Self::OpenMetrics].into_iter().filter_map(|form| Some((form, form.media()?)));
        liked(accept, offers, Self::Text) == Some(Self::OpenMetrics)
    }
}

/// What of the offers is liked best, or the usual one where nothing is said.
fn liked<T>(
    accept: Option<&str>,
    offers: impl Iterator<Item = (T, (&'static str, &'static str))>,
    usual: T,
) -> Option<T> {
    let ranges: Vec<_> = accept
        .into_iter()
        .flat_map(|text| text.split(','))
        .enumerate()
        .filter_map(|(at, text)| Range::of(at, text))
        .collect();
    if ranges.is_empty() {
        // Nothing is said, or nothing of it can be read, which is to be ignored.
        return Some(usual);
    }
    let liked = offers.filter_map(|(form, media)| {
        let range = ranges.iter().filter(|range| range.takes(media)).max_by_key(|range| range.exactness)?;
        (range.quality > 0).then_some((form, range))
    });
    // The last of the greatest is taken, so the order is turned round.
    let mut all: Vec<_> = liked.collect();
    all.reverse();
    let best =
        all.into_iter().max_by_key(|(_, range)| (range.quality, range.exactness, std::cmp::Reverse(range.place)));
    best.map(|(form, _)| form)
}

/// A media range: `text/*;q=0.5`.
#[derive(Debug)]
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    quality: u16,
    /// How much of it is said: nothing, the type, all.
    exactness: u8,
    place: usize,
}

impl<'a> Range<'a> {
    fn of(place: usize, text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
        });
        let quality = weight.map_or(Some(1000), quality)?;
        let exactness = u8::from(kind != "*") + u8::from(subtype != "*");
        Some(Self { kind, subtype, quality, exactness, place })
    }

    fn takes(&self, (kind, subtype): (&str, &str)) -> bool {
        let is = |said: &str, offered| said == "*" || said.eq_ignore_ascii_case(offered);
        is(self.kind, kind) && is(self.subtype, subtype)
    }
}

/// `0`, `1`, and up to three digits behind the point, in thousandths (RFC 9110 section 12.4.2).
fn quality(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{rest:0<3}").parse().ok()?;
    Some(if whole == "1" { 1000 } else { thousandths })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_is_liked_best_is_given() {
        for (accept, expected) in [
            ("*/*", Some(Form::Html)),
            ("", Some(Form::Html)),
            ("application/json", Some(Form::Json)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", Some(Form::Html)),
            ("application/json, text/plain, */*", Some(Form::Json)),
            ("text/plain, application/json", Some(Form::Text)),
            ("text/html;q=0.5, application/json;q=0.9", Some(Form::Json)),
            ("application/json;q=0.1, */*;q=0.9", Some(Form::Html)),
            ("application/json;q=0, */*", Some(Form::Html)),
            ("text/html;q=0, text/*", Some(Form::Text)),
            ("APPLICATION/HEALTH+JSON ; Q=1.000", Some(Form::HealthJson)),
            ("application/*;q=0.2, text/html;q=0.1", Some(Form::Json)),
            (
                "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Some(Form::OpenMetrics),
            ),
            ("image/png", None),
            ("*/*;q=0", None),
            ("text/html;q=0, application/*;q=0.000, text/plain;q=0", None),
            // A weight that is none is no range, and one that cannot be read says nothing.
            ("application/json;q=7, text/plain;q=0.1", Some(Form::Text)),
            ("json", Some(Form::Html)),
            (",,;q=1,", Some(Form::Html)),
        ] {
            assert_eq!(Form::accepted(Some(accept)), expected, "{accept}");
        }
        assert_eq!(Form::accepted(None), Some(Form::Html));
    }

    #[test]
    fn metrics_are_open_where_that_is_liked_better_than_text() {
        for (accept, expected) in [
            (None, false),
            (Some("*/*"), false),
            (Some("text/plain"), false),
            (Some("application/openmetrics-text"), true),
            (Some("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"), true),
            (Some("application/openmetrics-text;q=0.5, text/plain;q=0.9"), false),
            (Some("application/openmetrics-text;q=0, */*;q=0.1"), false),
            (Some("application/openmetrics-text;q=0"), false),
            (Some("image/png"), false),
        ] {
            assert_eq!(Form::likes_open_metrics(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn every_form_has_a_name_of_its_own() {
        for form in Form::ALL {
            assert_eq!(Form::named(form.slug()), Some(form));
        }
        assert_eq!(Form::named("health json"), Some(Form::HealthJson), "a plus sign of a query");
        assert_eq!(Form::named("xml"), None);
    }
}
