//! Lists of commands: what people read, change and then hand to a shell (POSIX).

use super::{Group, Network, Passage, Ports};
use crate::text::shell_word;
use std::borrow::Cow;
use std::fmt::Write as _;

/// The commands one after the other, each address with where it comes from in a comment above. Without a
/// group, a variable that the person sets stands in its place.
pub(super) fn commands(
    about: &[&str],
    passages: &[Passage],
    group: Option<&Group>,
    command: fn(&str, Network, &str, Ports) -> String,
) -> String {
    let group = group.map_or(Cow::Borrowed("\"$SECGROUP\""), |group| shell_word(&group.0));
    let mut text = "#!/bin/sh\n".to_owned();
    about.iter().for_each(|line| text.extend(["# ", line, "\n"]));
    for (origin, passages) in Passage::grouped(passages) {
        let _ = writeln!(text, "\n# {origin}");
        for passage in passages {
            let command = |ports: &Ports| command(&group, passage.to, passage.transport.slug(), *ports) + "\n";
            text.extend(passage.ports.iter().map(command));
        }
    }
    text
}
