//! From a request to its answer.

use super::keeper::{Keeper, Last};
use crate::say;
use conn_check::report::View;
use conn_check::serve::{Answer, Form, Request, Route, Served, Site};
use hyper::header::{
    ACCEPT, AGE, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use std::rc::Rc;
use std::time::Duration;

/// Who asks whether this node can serve, or for metrics, waits so long for a run: load balancers and collectors have
/// patience for seconds, and a check may take ten of them.
const PATIENCE: Duration = Duration::from_secs(1);

/// What our page may load: nothing.
const CLOSED: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");

/// Answers a request. The second is whether only metrics are asked for.
pub(crate) async fn answer<B>(keeper: Rc<Keeper>, request: hyper::Request<B>, is_metrics: bool) -> Response<String> {
    let fields = request.headers().get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok());
    let accept = fields.collect::<Vec<_>>().join(",");
    let asked = Request {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query(),
        accept: (!accept.is_empty()).then_some(accept.as_str()),
    };
    let route = if is_metrics { Site::route_of_metrics(&asked) } else { keeper.settled().site.route(&asked) };
    let answer = match route {
        Route::Live => Answer::text(200, "live\n"),
        Route::Ready => ready(&keeper).await,
        Route::Metrics { is_open } => metrics(&keeper, is_open).await,
        Route::Report { form, tags } => report(&keeper, form, &tags).await,
        Route::Other(answer) => answer,
    };
    response(answer)
}

async fn ready(keeper: &Rc<Keeper>) -> Answer {
    let last = keeper.soon(PATIENCE).await;
    let readiness = keeper.readiness();
    let is_brief = keeper.settled().site.token.is_some();
    let body = if is_brief { readiness.word() } else { readiness.text() };
    let answer = Answer::text(if readiness.standing.is_in_service() { 200 } else { 503 }, body);
    match last {
        Some(last) => answer.aged(last.ended.elapsed()),
        None => answer,
    }
}

/// The line of an agent check.
pub(crate) async fn agent_line(keeper: &Rc<Keeper>) -> String {
    keeper.soon(PATIENCE).await;
    keeper.readiness().agent_line(keeper.settled().site.token.is_some())
}

async fn metrics(keeper: &Rc<Keeper>, is_open: bool) -> Answer {
    match keeper.soon(PATIENCE).await {
        Some(last) => {
            let view = View::of(last.checks.stage(), &last.report);
            served(keeper, &last, &view, &[], |served| served.metrics(is_open))
        }
        None => Answer::text(503, "the first run is not over yet; ask again\n"),
    }
}

async fn report(keeper: &Rc<Keeper>, form: Form, tags: &[String]) -> Answer {
    let settled = keeper.settled();
    // A part of the last result never starts a run.
    let last = if tags.is_empty() { keeper.fresh().await } else { keeper.last().await };
    let selection = if tags.is_empty() { Some(last.checks.selection.clone()) } else { last.checks.tagged(tags) };
    let Some(selection) = selection else {
        // That nothing fails of no checks would be no good news.
        return Answer::text(404, "no check has such a tag; without ?tags= there are all of them\n");
    };
    let view = View::of(last.checks.stage_of(&selection), &last.report);
    let (answer, broken) =
        served(keeper, &last, &view, tags, |served| served.report(form, &settled.template, settled.fail_status));
    if let Some(why) = broken {
        say(&format!("--template: {why}; our own page is shown instead"));
    }
    answer
}

fn served<T>(keeper: &Keeper, last: &Last, view: &View<'_>, tags: &[String], with: impl FnOnce(&Served<'_>) -> T) -> T {
    with(&Served {
        view,
        history: &keeper.history(),
        readiness: &last.readiness,
        age: last.ended.elapsed(),
        max_age: keeper.max_age,
        tags,
    })
}

fn response(answer: Answer) -> Response<String> {
    let mut response = Response::new(answer.body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The token stands in the address.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(age) = answer.age {
        headers.insert(AGE, HeaderValue::from(age.as_secs()));
    }
    if let Some(methods) = answer.allow {
        headers.insert(ALLOW, HeaderValue::from_static(methods));
    }
    if answer.is_closed {
        headers.insert(CONTENT_SECURITY_POLICY, CLOSED);
    }
    response
}
