//! From a request to its answer.

use super::keeper::Keeper;
use super::kept::Whole;
use conn_check::serve::{Answer, Form, Request, Route, Site};
use hyper::header::{
    ACCEPT, AGE, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use std::rc::Rc;

/// What our page may load: nothing.
const CLOSED: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");

/// Answers a request. The second is whether only metrics are asked for.
pub(crate) async fn answer<B>(keeper: Rc<Keeper>, request: hyper::Request<B>, is_metrics: bool) -> Response<Whole> {
    let fields = request.headers().get_all(ACCEPT).iter().filter_map(|field| field.to_str().ok());
    let accept = fields.collect::<Vec<_>>().join(",");
    let asked = Request {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query(),
        accept: (!accept.is_empty()).then_some(accept.as_str()),
    };
    let route = if is_metrics { Site::route_of_metrics(&asked) } else { keeper.settled().site.route(&asked) };
    match route {
        Route::Live => response(Answer::text(200, "live\n")),
        Route::Ready => response(ready(&keeper).await),
        Route::Metrics { is_open } => metrics(&keeper, is_open).await,
        Route::Report { form, tags } => report(&keeper, form, tags).await,
        Route::Other(answer) => response(answer),
    }
}

async fn ready(keeper: &Rc<Keeper>) -> Answer {
    keeper.soon().await;
    let readiness = keeper.readiness();
    let is_brief = keeper.settled().site.token.is_some();
    let body = if is_brief { readiness.word() } else { readiness.text() };
    let answer = Answer::text(if readiness.standing.is_in_service() { 200 } else { 503 }, body);
    match keeper.age() {
        Some(age) => answer.aged(age),
        None => answer,
    }
}

/// The line of an agent check.
pub(crate) async fn agent_line(keeper: &Rc<Keeper>) -> String {
    keeper.soon().await;
    keeper.readiness().agent_line(keeper.settled().site.token.is_some())
}

async fn metrics(keeper: &Rc<Keeper>, is_open: bool) -> Response<Whole> {
    keeper.soon().await;
    let Some(stamp) = keeper.stamp() else {
        return response(Answer::text(503, "no check has ended yet; ask again\n"));
    };
    keeper.kept.answer(Route::Metrics { is_open }, stamp, || {
        response(keeper.served(&keeper.checks().selection, &[], |served| served.metrics(is_open)))
    })
}

async fn report(keeper: &Rc<Keeper>, form: Form, tags: Vec<String>) -> Response<Whole> {
    // A part of the last results never starts a run.
    let is_there = if tags.is_empty() { keeper.fresh().await } else { keeper.known(&tags).await };
    if !is_there {
        return response(Answer::crowded());
    }
    let checks = keeper.checks();
    if tags.is_empty()
        && let Some(stamp) = keeper.stamp()
    {
        let route = Route::Report { form, tags };
        return keeper.kept.answer(route, stamp, || response(keeper.report(&checks.selection, &[], form)));
    }
    // That nothing fails of no checks would be no good news.
    let is_empty = |selection: &_| keeper.served(selection, &tags, |served| served.view.checks.is_empty());
    match checks.tagged(&tags) {
        Some(selection) if is_empty(&selection) => response(Answer::text(
            404,
            "the checks with such a tag are parts of others that do not fail, so that they were not needed\n",
        )),
        Some(selection) => response(keeper.report(&selection, &tags, form)),
        None => response(Answer::text(404, "no check has such a tag; without ?tags= there are all of them\n")),
    }
}

fn response(answer: Answer) -> Response<Whole> {
    let mut response = Response::new(Whole::from(answer.body));
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
    if let Some(after) = answer.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(after.as_secs()));
    }
    if let Some(methods) = answer.allow {
        headers.insert(ALLOW, HeaderValue::from_static(methods));
    }
    if answer.is_closed {
        headers.insert(CONTENT_SECURITY_POLICY, CLOSED);
    }
    response
}
