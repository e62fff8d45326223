//! Which question a request is.

use super::{Answer, Form, Token};
use crate::text::percent_decoded_text;

/// Where the answers are, and for whom.
#[derive(Clone, Debug)]
pub struct Site {
    /// The path of the report, with a slash at both ends.
    pub path: String,
    /// Without which nobody gets the report.
    pub token: Option<Token>,
    /// Metrics have listeners of their own.
    pub has_metrics_apart: bool,
}

/// What of a request matters.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, as it was sent.
    pub path: &'a str,
    /// The query, as it was sent.
    pub query: Option<&'a str>,
    /// The field `Accept`.
    pub accept: Option<&'a str>,
}

/// What is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
    /// The report.
    Report {
        /// In this form.
        form: Form,
        /// Of the checks with one of these tags; of all where there is none.
        tags: Vec<String>,
    },
    /// Whether the program runs.
    Live,
    /// Whether this node can serve.
    Ready,
    /// The metrics; as `OpenMetrics`, if they are taken so.
    Metrics {
        /// As `OpenMetrics`.
        is_open: bool,
    },
    /// Something else: the answer.
    Other(Answer),
}

impl Site {
    /// What is asked for where the report is.
    #[must_use]
    pub fn route(&self, request: &Request<'_>) -> Route {
        let is_report = match &self.token {
            None => request.path == self.path || Some(request.path) == self.path.strip_suffix('/'),
            Some(token) => {
                let rest = request.path.strip_prefix(self.path.as_str());
                // The token is compared whatever stands there, so that the time tells nothing.
                rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest)).is_some_and(|said| token.is(said))
            }
        };
        let has_metrics = !self.has_metrics_apart && self.token.is_none();
        let route = match request.path {
            _ if is_report => report(request),
            "/live" => Route::Live,
            "/ready" => Route::Ready,
            "/metrics" if has_metrics => metrics(request),
            _ => return Route::Other(self.nothing_there()),
        };
        allowed(request, route)
    }

    /// What is asked for where only metrics are.
    #[must_use]
    pub fn route_of_metrics(request: &Request<'_>) -> Route {
        match request.path {
            "/metrics" => allowed(request, metrics(request)),
            _ => Route::Other(Answer::text(404, "nothing is here but /metrics\n")),
        }
    }

    /// With a token it is not told where to look: who may know that knows it.
    fn nothing_there(&self) -> Answer {
        match self.token {
            Some(_) => Answer::text(404, "not found\n"),
            None => Answer::text(404, format!("not found: there are {}, /live, /ready and /metrics\n", self.path)),
        }
    }
}

/// Nothing here is changed by asking.
fn allowed(request: &Request<'_>, route: Route) -> Route {
    const METHODS: &str = "GET, HEAD";
    if matches!(request.method, "GET" | "HEAD") {
        return route;
    }
    Route::Other(Answer { allow: Some(METHODS), ..Answer::text(405, format!("{METHODS} are answered here\n")) })
}

fn report(request: &Request<'_>) -> Route {
    let pairs = || request.query.into_iter().flat_map(|query| query.split('&')).filter_map(|pair| pair.split_once('='));
    let last = |key: &str| pairs().rfind(|(name, _)| *name == key).map(|(_, value)| decoded(value));
    let form = match last("format").filter(|name| !name.is_empty()) {
        Some(name) => Form::named(&name),
        None => Form::accepted(request.accept),
    };
    let Some(form) = form else {
        let forms = Form::ALL.map(|form| format!("{} (?format={})", form.content_type(), form.slug()));
        return Route::Other(Answer::text(406, format!("there are these forms:\n{}\n", forms.join("\n"))));
    };
    let tags = last("tags").unwrap_or_default();
    let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    Route::Report { form, tags }
}

fn metrics(request: &Request<'_>) -> Route {
    Route::Metrics { is_open: Form::likes_open_metrics(request.accept) }
}

/// A value of a query, as a form sends it.
fn decoded(value: &str) -> String {
    percent_decoded_text(&value.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(token: Option<&str>) -> Site {
        let token = token.map(|text| Token::of_text(text).expect("a token"));
        Site { path: "/ht/".to_owned(), token, has_metrics_apart: false }
    }

    fn get<'a>(path: &'a str, query: Option<&'a str>) -> Request<'a> {
        Request { method: "GET", path, query, accept: None }
    }

    fn status(route: &Route) -> Option<u16> {
        match route {
            Route::Other(answer) => Some(answer.status),
            _ => None,
        }
    }

    #[test]
    fn the_report_has_the_form_and_the_tags_that_the_query_says() {
        let site = site(None);
        for (query, form, tags) in [
            (None, Form::Html, &[][..]),
            (Some("format=json"), Form::Json, &[]),
            (Some("format=health%2Bjson&tags=a,%20b"), Form::HealthJson, &["a", "b"]),
            (Some("format=health+json"), Form::HealthJson, &[]),
            (Some("format=&tags=,"), Form::Html, &[]),
            (Some("tags=a&tags=b&x"), Form::Html, &["b"]),
        ] {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(site.route(&get("/ht/", query)), Route::Report { form, tags }, "{query:?}");
        }
        assert_eq!(status(&site.route(&get("/ht/", Some("format=xml")))), Some(406));
        assert!(matches!(site.route(&get("/ht", None)), Route::Report { .. }));
        for path in ["/", "/ht//", "/ht/x", "/HT/", "/ht/../ht/", "", "*"] {
            assert_eq!(status(&site.route(&get(path, None))), Some(404), "{path}");
        }
        let post = Request { method: "POST", ..get("/ht/", None) };
        assert_eq!(status(&site.route(&post)), Some(405));
    }

    #[test]
    fn with_a_token_only_its_path_has_the_report_and_nothing_tells_where_it_is() {
        let token = "0123456789abcdef0123456789";
        let site = site(Some(token));
        let with = |path: &str| site.route(&get(path, None));
        for path in [format!("/ht/{token}/"), format!("/ht/{token}")] {
            assert!(matches!(with(&path), Route::Report { .. }), "{path}");
        }
        let missing = with("/ht/");
        for path in
            ["/ht/x/", "/", "/metrics", &format!("/{token}/"), &format!("/ht/{token}//"), &format!("/ht/{token}x")]
        {
            assert_eq!(with(path), missing, "{path}");
        }
        assert_eq!(status(&missing), Some(404));
        assert_eq!([with("/live"), with("/ready")], [Route::Live, Route::Ready]);
    }

    #[test]
    fn metrics_are_where_they_were_asked_to_be() {
        let open =
            Request { accept: Some("application/openmetrics-text;version=1.0.0,*/*;q=0.1"), ..get("/metrics", None) };
        assert_eq!(site(None).route(&open), Route::Metrics { is_open: true });
        assert_eq!(site(None).route(&get("/metrics", None)), Route::Metrics { is_open: false });
        let apart = Site { has_metrics_apart: true, ..site(None) };
        assert_eq!(status(&apart.route(&open)), Some(404));
        assert_eq!(Site::route_of_metrics(&open), Route::Metrics { is_open: true });
        assert_eq!(status(&Site::route_of_metrics(&get("/ht/", None))), Some(404));
    }
}
