//! What carries a session, as far as it matters to a password.

use super::plugin::Plugin;

/// Who can listen to what is said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SessionTransport {
    Plain,
    Tls { verified: bool },
    Socket,
}

impl SessionTransport {
    /// Whether the password itself may pass.
    pub(super) const fn lets_pass(self, plugin: Plugin) -> bool {
        match self {
            Self::Plain => false,
            // Anybody between us and a server without a verified certificate can ask for this
            // plugin. For the others the clients send the password as well.
            Self::Tls { verified } => verified || !matches!(plugin, Plugin::Clear),
            Self::Socket => true,
        }
    }
}
