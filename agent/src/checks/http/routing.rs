//! By which proxy a request goes: the check's own, or, in a run as a service, the one that the service's environment
//! names for its URL. A redirect may have another one than the check.

use super::Http;
use super::options::WebUrl;
use super::proxy::Proxy;
use crate::fault::{Cause, Fault};
use crate::net::ProxyVariables;
use crate::probe::{Probe, Stop};
use crate::secret::{ours, redact_url, sentence, url_secrets};
use serde_json::json;

/// The check with each proxy that its requests may take.
#[derive(Debug)]
pub(in crate::checks) struct Routing<'a> {
    direct: &'a Http,
    variables: Option<ProxyVariables>,
    /// By the name of the variable.
    proxied: Vec<(&'static str, Http)>,
}

impl<'a> Routing<'a> {
    /// Of a check that says itself how it connects, one way.
    ///
    /// # Errors
    /// A variable of the service names no proxy.
    pub(super) fn of(check: &'a Http, probe: &mut Probe) -> Result<Self, Fault> {
        let says_itself = check.proxy.is_some() || check.unix_socket.is_some() || probe.is_led_elsewhere();
        let variables = probe.proxies().filter(|_| !says_itself).cloned();
        let mut routing = Self { direct: check, variables, proxied: Vec::new() };
        for is_tls in [false, true].into_iter().filter(|is_tls| check.redirects || *is_tls == check.url.is_tls()) {
            let Some((name, url)) = routing.variables.as_ref().and_then(|set| set.proxy_of(is_tls)) else { continue };
            url_secrets(&url).into_iter().for_each(|secret| probe.keep_secret(secret));
            let proxy = Proxy::of_url(&url).map_err(|rule| {
                let message = sentence![ours(&name), " of the service names no proxy: ", rule];
                Fault::new(Cause::NotAProxy, message).next_step(sentence![
                    "mend ",
                    ours(&name),
                    " in the environment of the service"
                ])
            })?;
            proxy.secrets().for_each(|secret| probe.keep_secret(&secret));
            routing.proxied.push((name, Http { proxy: Some(proxy), ..check.clone() }));
        }
        if let Some((name, url)) = routing.variable_of(&check.url) {
            probe.fact("proxy_of_service", json!({"variable": name, "url": redact_url(&url)}));
        }
        Ok(routing)
    }

    /// The check as it stands in the file.
    pub(super) const fn own(&self) -> &'a Http {
        self.direct
    }

    /// The check as it asks for a URL.
    pub(super) fn of_url(&self, url: &WebUrl) -> &Http {
        let name = self.variable_of(url).map(|(name, _)| name);
        self.proxied.iter().find(|(known, _)| name == Some(known)).map_or(self.direct, |(_, check)| check)
    }

    fn variable_of(&self, url: &WebUrl) -> Option<(&'static str, String)> {
        self.variables.as_ref()?.proxy_for(url.is_tls(), &url.endpoint)
    }

    /// Where the proxy is the service's, no option of the file is to be changed.
    pub(super) fn told(&self, stop: Stop) -> Stop {
        let Stop::Failed(mut failure) = stop else { return stop };
        if let [(name, _), ..] = &self.proxied[..] {
            failure.next_step = failure.next_step.replace("proxy_url", &format!("{name} of the service"));
        }
        Stop::Failed(failure)
    }
}
