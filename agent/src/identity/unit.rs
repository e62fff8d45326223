//! Units of systemd, as `systemctl show` tells them.

use std::process::{Command, Stdio};

/// What is asked of a unit.
const PROPERTIES: &str = "LoadState,ActiveState,MainPID,User,ControlGroup";

/// The endings of units that have processes (`systemd.unit(5)`), and of those that are taken for one by mistake.
const ENDINGS: [&str; 11] = [
    ".service",
    ".scope",
    ".socket",
    ".slice",
    ".mount",
    ".timer",
    ".target",
    ".path",
    ".device",
    ".swap",
    ".automount",
];

/// A unit.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Unit {
    pub(super) load_state: String,
    pub(super) active_state: String,
    /// The main process, if there is one.
    pub(super) main_pid: Option<i32>,
    /// `User=`; systemd leaves it out where that is root.
    pub(super) user: Option<String>,
    pub(super) control_group: Option<String>,
}

impl Unit {
    /// Asks systemd; nothing where it does not run.
    pub(super) fn ask(name: &str) -> Option<Self> {
        let mut command = Command::new("systemctl");
        command.args(["show", "--no-pager", "-p", PROPERTIES, "--", name]);
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let shown = Self::parse(&String::from_utf8_lossy(&output.stdout));
        Some(shown).filter(|unit| output.status.success() && !unit.load_state.is_empty())
    }

    /// Lines of `PROPERTY=VALUE`, in any order.
    pub(super) fn parse(text: &str) -> Self {
        let value = |property: &str| {
            let lines = text.lines().filter_map(|line| line.trim_end().split_once('='));
            let mut found = lines.filter(|(name, value)| *name == property && !value.is_empty());
            found.next().map(|(_, value)| value.to_owned())
        };
        Self {
            load_state: value("LoadState").unwrap_or_default(),
            active_state: value("ActiveState").unwrap_or_default(),
            main_pid: value("MainPID").and_then(|pid| pid.parse().ok()).filter(|pid| *pid > 0),
            user: value("User"),
            control_group: value("ControlGroup"),
        }
    }

    pub(super) fn is_known(&self) -> bool {
        self.load_state != "not-found"
    }
}

/// Whether a word can only be the name of a unit.
pub(crate) fn is_named(word: &str) -> bool {
    ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// Whether a word can be part of a unit's name (`systemd.unit(5)`): nothing of it is an option or a path.
pub(crate) fn is_legal(word: &str) -> bool {
    let takes = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    !word.is_empty() && word.len() < 256 && !word.starts_with(['-', '.']) && word.chars().all(takes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_service_has_a_process_a_user_and_a_group() {
        let shown = "MainPID=812\nUser=www-data\nControlGroup=/system.slice/web.service\nLoadState=loaded\nActiveState=active\n";
        let unit = Unit::parse(shown);
        assert_eq!(unit.main_pid, Some(812));
        assert_eq!(unit.user.as_deref(), Some("www-data"));
        assert_eq!(unit.control_group.as_deref(), Some("/system.slice/web.service"));
        assert!(unit.is_known());
    }

    #[test]
    fn what_systemd_leaves_empty_is_not_there() {
        let gone = Unit::parse("LoadState=not-found\nActiveState=inactive\nMainPID=0\nUser=\nControlGroup=\n");
        let expected = Unit { load_state: "not-found".into(), active_state: "inactive".into(), ..Unit::default() };
        assert_eq!(gone, expected);
        assert!(!gone.is_known());
        assert_eq!(Unit::parse("MainPID=[not set]\r\nControlGroup=/a=b\r\n").control_group.as_deref(), Some("/a=b"));
        assert_eq!(Unit::parse("MainPID=-4\n").main_pid, None);
    }

    #[test]
    fn only_names_of_units_are_given_to_systemctl() {
        for word in ["web.service", "postgresql@14-main.service", "snap.lxd.daemon.service", "dev-disk\\x2d1.mount"] {
            assert!(is_legal(word) && is_named(word), "{word}");
        }
        for word in ["", "-H", "--root=/x", "../x.service", "web/0", "a b", "a\nb", ".service"] {
            assert!(!is_legal(word), "{word}");
        }
        assert!(!is_named("www-data"));
    }
}
