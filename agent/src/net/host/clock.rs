//! This host's clock, where a certificate's dates or a refused login may be its fault: whether it is set by the network,
//! what proves that it is behind, and how far it is from the clock of a server that tells its own (`Date` of HTTP, RFC
//! 9110 section 6.6.1). Nothing is sent for it.
//!
//! The kernel's own word (adjtimex(2), `STA_UNSYNC`) is not asked for: no safe interface is linked. systemd-timesyncd
//! leaves a file when it has set the clock (systemd-timesyncd.service(8), version 239 and later); other daemons leave
//! nothing that any user may read, and containers have the clock of their host: then it cannot be told. The files are
//! as the manual has them: no test has a running systemd-timesyncd.

use super::program::says;
use crate::concern::Part;
use crate::fault::{Cause, Fault, Owner};
use crate::secret::{Sentence, ours, sentence};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Differences below this are the network's, or nobody's concern.
const OF_CONCERN: Duration = Duration::from_secs(60);

/// Files that were written when it was at least that late: the one in which systemd-timesyncd keeps the time over a
/// restart, and this program.
const WRITTEN: [&str; 2] = ["var/lib/systemd/timesync/clock", "proc/self/exe"];

/// The fault of a certificate's dates, with what is known of the clock that they were held against.
pub(crate) fn of_dates(fault: Fault) -> Fault {
    of_dates_below(fault, Path::new("/"), SystemTime::now())
}

fn of_dates_below(fault: Fault, root: &Path, now: SystemTime) -> Fault {
    // Behind, it takes a certificate for too young; it cannot make one too old.
    if let Some(behind) = behind(root, now).filter(|_| fault.cause == Cause::NotYetValid) {
        return fault
            .with_evidence(sentence![
                "this host's clock is at least ",
                in_words(behind),
                " behind: files of its own are younger"
            ])
            .owner(Owner::Host)
            .concerning(Part::ThisHost, "its clock")
            .next_step("set this host's clock: `timedatectl` shows it, and whether it is synchronised");
    }
    match is_synchronised(root) {
        Some(true) => fault.with_evidence("it is synchronised (systemd-timesyncd)"),
        Some(false) => fault.with_evidence("it is not synchronised yet (systemd-timesyncd)"),
        None => fault,
    }
}

/// Whether the network sets this clock, and who says so: systemd-timesyncd's file, chronyd (`chronyc tracking`, which
/// any user may ask over loopback), else systemd-timedated (`timedatectl`, the kernel's word; it is started for that,
/// and asked last). `None`: nobody tells it here.
pub(crate) async fn is_set(until: Instant) -> Option<(bool, &'static str)> {
    if let Some(is_set) = is_synchronised(Path::new("/")) {
        return Some((is_set, "systemd-timesyncd"));
    }
    if let Some(said) = says("chronyc", &["-n", "-c", "tracking"], until).await {
        return Some((chrony_is_set(&said)?, "chronyd"));
    }
    let said = says("timedatectl", &["show", "--property=NTPSynchronized", "--value"], until).await?;
    match said.trim() {
        "yes" => Some((true, "systemd-timedated")),
        "no" => Some((false, "systemd-timedated")),
        _ => None,
    }
}

/// Fields between commas, the last of which is the leap status.
fn chrony_is_set(tracking: &str) -> Option<bool> {
    match tracking.trim().rsplit_once(',')?.1 {
        "Normal" | "Insert second" | "Delete second" => Some(true),
        "Not synchronised" => Some(false),
        _ => None,
    }
}

/// How far this host's clock is from that of a server which answered just now with this `Date`, where it is far.
pub(crate) fn against(date: &str) -> Option<Sentence> {
    apart(httpdate::parse_http_date(date).ok()?, SystemTime::now())
}

fn apart(theirs: SystemTime, own: SystemTime) -> Option<Sentence> {
    let (difference, word) = match own.duration_since(theirs) {
        Ok(ahead) => (ahead, " ahead of"),
        Err(error) => (error.duration(), " behind"),
    };
    let difference = Some(difference).filter(|difference| *difference > OF_CONCERN)?;
    Some(sentence!["this host's clock is ", in_words(difference), word, " the server's (Date)"])
}

/// How far the clock is behind at least.
fn behind(root: &Path, now: SystemTime) -> Option<Duration> {
    let written = WRITTEN.iter().filter_map(|path| fs::metadata(root.join(path)).ok()?.modified().ok());
    written.filter_map(|time| time.duration_since(now).ok()).max().filter(|behind| *behind > OF_CONCERN)
}

/// Whether the network has set the clock; `None`: that cannot be told.
fn is_synchronised(root: &Path) -> Option<bool> {
    let state = root.join("run/systemd/timesync");
    state.is_dir().then(|| state.join("synchronized").exists())
}

/// Rounded down to its largest unit.
fn in_words(time: Duration) -> Sentence {
    let seconds = time.as_secs();
    ours(&match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chrony_says_in_its_last_field_whether_it_has_a_time() {
        let line = |leap: &str| {
            format!("0A000001,10.0.0.1,3,1780000000.1,0.0001,-0.0002,0.0003,1.2,0.0,0.1,0.01,0.02,64.1,{leap}\n")
        };
        assert_eq!(
            ["Normal", "Not synchronised", "?"].map(|leap| chrony_is_set(&line(leap))),
            [Some(true), Some(false), None]
        );
        assert_eq!(chrony_is_set("506 Cannot talk to daemon\n"), None);
    }

    #[test]
    fn clocks_that_are_apart_are_told() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let told = |seconds: i64| {
            let by = Duration::from_secs(seconds.unsigned_abs());
            apart(if seconds > 0 { now + by } else { now - by }, now).map(|told| told.plain())
        };
        assert_eq!(told(3 * 3600 + 5).as_deref(), Some("this host's clock is 3 h behind the server's (Date)"));
        assert_eq!(told(-600).as_deref(), Some("this host's clock is 10 min ahead of the server's (Date)"));
        assert_eq!(told(86_400 * 400).as_deref(), Some("this host's clock is 400 days behind the server's (Date)"));
        assert_eq!(told(59), None);
        assert_eq!(told(-59), None);
        assert!(against("Tue, 15 Nov 1994 12:45:26 GMT").is_some());
        assert!(against("yesterday").is_none());
    }

    #[test]
    fn what_is_known_of_the_clock_comes_to_a_certificates_dates() {
        let root = std::env::temp_dir().join(format!("conn-check-clock-{}", std::process::id()));
        let fault = |cause| Fault::new(cause, "its dates").evidence("now it is so late");
        let evidence = |cause, now| {
            let fault = of_dates_below(fault(cause), &root, now);
            (fault.evidence.map(|told| told.plain()).unwrap_or_default(), fault.owner)
        };
        let now = SystemTime::now();
        assert_eq!(evidence(Cause::Expired, now), ("now it is so late".into(), None));
        fs::create_dir_all(root.join("run/systemd/timesync")).expect("a folder");
        let told = evidence(Cause::Expired, now).0;
        assert_eq!(told, "now it is so late; it is not synchronised yet (systemd-timesyncd)");
        fs::write(root.join("run/systemd/timesync/synchronized"), "").expect("a file");
        assert_eq!(evidence(Cause::Expired, now).0, "now it is so late; it is synchronised (systemd-timesyncd)");
        fs::create_dir_all(root.join("var/lib/systemd/timesync")).expect("a folder");
        fs::write(root.join("var/lib/systemd/timesync/clock"), "").expect("a file");
        let (told, owner) = evidence(Cause::NotYetValid, now - Duration::from_secs(7300));
        let wanted = "now it is so late; this host's clock is at least 2 h behind: files of its own are younger";
        assert_eq!((told.as_str(), owner), (wanted, Some(Owner::Host)));
        assert_eq!(evidence(Cause::Expired, now - Duration::from_secs(7300)).1, None);
        fs::remove_dir_all(&root).expect("its end");
    }
}
