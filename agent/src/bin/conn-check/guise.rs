//! What a run as a service has of it, beside its place.

use conn_check::comparison::Comparison;
use conn_check::run::{Options, ProxyVariables};
use std::sync::Arc;

/// What the checks have of the service.
pub(crate) struct Guise {
    pub(crate) comparison: Arc<Comparison>,
    pub(crate) proxies: ProxyVariables,
}

impl Guise {
    /// So many more file descriptors may the service open.
    pub(crate) fn descriptors_left(&self) -> Option<u64> {
        self.comparison.subject.descriptors.map(|(open, most)| most.saturating_sub(open))
    }

    /// Makes a run of the service. Checks beside each other must not run out of what is enough for each.
    pub(crate) fn fit(&self, options: &mut Options) {
        /// As many as a check holds at most, with its look-up.
        const EACH: u64 = 8;
        options.comparison = Some(Arc::clone(&self.comparison));
        options.proxies = Some(self.proxies.clone());
        if let Some(left) = self.descriptors_left() {
            let most = usize::try_from(left / EACH).unwrap_or(usize::MAX).max(1);
            options.concurrency = options.concurrency.min(most);
            options.lookups = options.lookups.min(most);
        }
    }
}
