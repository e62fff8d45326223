//! The processes of a program, by its name.

use crate::checks::local::{Mount, refused};
use crate::fault::{Cause, Fault};
use crate::secret::sentence;
use nix::unistd::Uid;
use std::fs;
use std::path::Path;

/// What the kernel keeps of a name (`TASK_COMM_LEN`, less the end).
const COMM: usize = 15;

/// The name without its folders.
pub(super) fn short(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// The processes of a program, this one left out.
pub(super) fn processes(program: &str) -> Result<Vec<i32>, Fault> {
    let proc = Path::new("/proc");
    let entries = fs::read_dir(proc).map_err(|error| refused(proc, "read", &error))?;
    let own = i32::try_from(std::process::id()).ok();
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut found: Vec<i32> =
        pids.filter(|pid| Some(*pid) != own && is(&proc.join(pid.to_string()), program)).collect();
    found.sort_unstable();
    if found.is_empty() && are_hidden() && !Uid::effective().is_root() {
        let message = sentence!["the processes of other users are hidden from this one"];
        let fault = Fault::new(Cause::Denied, message).evidence("/proc is mounted with the option hidepid");
        return Err(fault.next_step(
            "give the user who runs conn-check the group that /proc is mounted with (gid=); or name the unit",
        ));
    }
    Ok(found)
}

/// Whether `/proc` shows each user the own processes alone (`proc(5)`).
fn are_hidden() -> bool {
    const HIDING: [&str; 6] =
        ["hidepid=1", "hidepid=2", "hidepid=4", "hidepid=noaccess", "hidepid=invisible", "hidepid=ptraceable"];
    Mount::of(Path::new("/proc/1")).is_some_and(|mount| HIDING.iter().any(|option| mount.has(option)))
}

/// Whether the process of a folder of `/proc` runs the program, and has not ended.
fn is(folder: &Path, program: &str) -> bool {
    let read = |name: &str| fs::read(folder.join(name)).unwrap_or_default();
    let (comm, cmdline) = (read("comm"), read("cmdline"));
    // Which file it runs is shown of one's own processes alone.
    let runs = || program.contains('/') && fs::read_link(folder.join("exe")).is_ok_and(|file| is_file(&file, program));
    let is_called = is_called(program, String::from_utf8_lossy(&comm).trim_end(), &String::from_utf8_lossy(&cmdline));
    (is_called || runs()) && !has_ended(&String::from_utf8_lossy(&read("stat")))
}

/// Whether a file that runs is the program, by whatever links.
fn is_file(file: &Path, program: &str) -> bool {
    fs::canonicalize(program).is_ok_and(|program| program == file)
}

fn is_called(program: &str, comm: &str, cmdline: &str) -> bool {
    let first = cmdline.split('\0').next().unwrap_or_default();
    if program.contains('/') {
        // Daemons write what they do behind their name, or their name before it: `nginx: master process /usr/sbin/nginx`.
        let mut words = first.split(' ');
        let is_titled = first.starts_with(&format!("{}: ", short(program)));
        return words.next() == Some(program) || (is_titled && words.any(|word| word == program));
    }
    if program.is_empty() {
        return false;
    }
    let cut: String = program.char_indices().take_while(|(at, c)| at + c.len_utf8() <= COMM).map(|(_, c)| c).collect();
    // A longer name is known by its beginning where the process has set the rest of its line itself.
    short(first) == program || (comm == cut && (cut == program || !first.contains('/')))
}

/// `PID (NAME) STATE ...`, where a name may have any character.
fn has_ended(stat: &str) -> bool {
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name_or_its_path() {
        assert!(is_called("nginx", "nginx", "nginx: worker process\0"));
        assert!(is_called("celery", "celery", "/usr/bin/python3\0/usr/bin/celery\0worker\0"));
        assert!(is_called("nginx", "other", "/usr/sbin/nginx\0-g\0"));
        assert!(is_called("/usr/sbin/nginx", "nginx", "/usr/sbin/nginx\0"));
        assert!(is_called("/usr/sbin/nginx", "nginx", "nginx: master process /usr/sbin/nginx -g daemon off;\0"));
        assert!(is_called("/usr/bin/redis-server", "redis-server", "/usr/bin/redis-server *:6379\0"));
        assert!(!is_called("/usr/sbin/nginx", "vi", "vi\0/usr/sbin/nginx\0"));
        assert!(!is_called("/opt/nginx", "nginx", "/usr/sbin/nginx\0"));
        assert!(!is_called("nginx", "nginx-exporter", "/usr/bin/nginx-exporter\0"));
        assert!(!is_called("", "", ""));
        // 15 bytes of the name are kept.
        assert!(is_called("prometheus-node-exporter", "prometheus-node", "/usr/bin/prometheus-node-exporter\0"));
        assert!(!is_called("prometheus-node-exporter", "prometheus-node", "/usr/bin/prometheus-node-other\0"));
    }

    #[test]
    fn a_zombie_has_ended_and_so_has_what_is_gone() {
        assert!(has_ended("12 (a) R) Z 1 2") && has_ended("") && !has_ended("12 (Z) S 1 2"));
    }
}
