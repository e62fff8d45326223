//! `RabbitMQ`: `rabbitmqctl` (<https://www.rabbitmq.com/docs/access-control>).

use super::Remedy;
use super::quote::word;

const SHELL: &str = "in a shell on a node of RabbitMQ, as root or its own user";

/// What a user is to do in a virtual host.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Needs {
    /// To be there.
    Entry,
    /// A queue of its own, which the server names.
    OwnQueue,
}

impl Needs {
    /// The names that it configures, writes and reads; an empty expression is one of no name.
    const fn patterns(self) -> [&'static str; 3] {
        match self {
            Self::Entry => ["^$"; 3],
            Self::OwnQueue => ["^amq\\.gen", "^amq\\.(gen|default$)", "^amq\\.gen"],
        }
    }
}

/// The user has no access to the virtual host: nothing is there that these permissions would replace.
pub(crate) fn enter(user: &str, vhost: &str, needs: Needs) -> Option<Remedy> {
    let place = format!("{SHELL}; it is for a user who has no permissions there");
    Some(Remedy::new().run(place, [permit(user, vhost, needs)?]).look(SHELL, shown(vhost)?))
}

/// There is no such virtual host.
pub(crate) fn make_vhost(user: &str, vhost: &str, needs: Needs) -> Option<Remedy> {
    let commands = [format!("rabbitmqctl add_vhost {}", word(vhost)?), permit(user, vhost, needs)?];
    Some(
        Remedy::new().decide(format!("{SHELL}, if the name is right"), commands).look(SHELL, "rabbitmqctl list_vhosts"),
    )
}

/// The user may not do what a queue of its own takes; it has other permissions there.
pub(crate) fn see_permissions(vhost: &str) -> Option<Remedy> {
    Some(Remedy::new().look(SHELL, shown(vhost)?))
}

fn permit(user: &str, vhost: &str, needs: Needs) -> Option<String> {
    let [configure, write, read] = needs.patterns().map(word);
    let (vhost, user) = (word(vhost)?, word(user)?);
    Some(format!("rabbitmqctl set_permissions -p {vhost} {user} {} {} {}", configure?, write?, read?))
}

fn shown(vhost: &str) -> Option<String> {
    Some(format!("rabbitmqctl list_permissions -p {}", word(vhost)?))
}
