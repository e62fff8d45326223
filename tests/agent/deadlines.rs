//! Whatever peers, resolvers, files and readers do, a run ends in time, with a result for every check. Random
//! mixes of all of them: `cargo xtask deadlines` runs a thousand.

use crate::every_check::Case;
use harness::agent::program;
use harness::netns::{Answer, Network, Transport};
use harness::peers::{FullQueue, Manner, Peer, UdpManner, UdpPeer};
use harness::random::{self, Random};
use harness::scratch::Scratch;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How many mixes, unless `CONN_CHECK_MIXES` says another number.
const MIXES: usize = 20;

/// What a run may take beside `--max-timeout`, for a busy machine.
const MARGIN: Duration = Duration::from_secs(1);

/// What a check may take beside its timeout, seconds.
const TIMEOUT_MARGIN: f64 = 0.2;

/// A port at which every packet is lost.
const LOST: u16 = 4;

/// A host with every kind of bad neighbour; its resolver never answers.
struct Town {
    network: Network,
    peers: Vec<Peer>,
    full: FullQueue,
    _resolver: UdpPeer,
}

impl Town {
    fn new() -> Self {
        let network = Network::new();
        let (near, far) = (&network.near, &network.far);
        near.hosts("127.0.0.1 localhost\n");
        near.resolv_conf("nameserver 10.0.0.2\n");
        far.filter_input(Transport::Tcp, LOST, Answer::Drop);
        let manners = [
            Manner::Silent,
            Manner::Closes,
            Manner::ClosesAfterFirstBytes,
            Manner::Resets,
            Manner::ResetsAfterFirstBytes,
            Manner::Garbage,
            Manner::Endless,
            Manner::EndlessHttp,
            Manner::Banner(b"220 \r\n".to_vec()),
            Manner::Drip { head: b"+OK".to_vec(), every: Duration::from_millis(20) },
            Manner::Drip { head: b"HTTP/1.1 200 OK\r\n".to_vec(), every: Duration::from_millis(1) },
            Manner::TruncatedTls,
            Manner::StalledTls,
        ];
        let peers = far.inside(|| manners.map(|manner| Peer::start_at(far.at(0), manner)).into());
        let full = far.inside(|| FullQueue::start_at(far.at(0)));
        let resolver = far.inside(|| UdpPeer::start_at(far.at(53), UdpManner::Silent));
        Self { network, peers, full, _resolver: resolver }
    }

    /// Where a check may lead: one of the peers, a port that is closed, full or lost, or a name that never
    /// resolves.
    fn place(&self, random: &mut Random) -> (String, u16) {
        let of = |address: SocketAddr| (address.ip().to_string(), address.port());
        match random.below(self.peers.len() + 4) {
            0 => of(self.full.address()),
            1 => of(self.network.far.at(LOST)),
            2 => of(self.network.far.at(1)),
            3 => (format!("hung-{}.test", random.below(1000)), 80),
            peer => of(self.peers[peer - 4].address()),
        }
    }
}

/// What is run, and what it has to keep to.
struct Mix {
    yaml: String,
    /// Of each check, in seconds.
    timeouts: Vec<f64>,
    max_timeout: Duration,
    /// The file is a pipe that nobody opens.
    is_pipe: bool,
    /// Nobody reads what is printed.
    stands_still: bool,
}

impl Mix {
    fn of(seed: u64, town: &Town, cases: &[Case]) -> Self {
        let mut random = Random::new(seed);
        let (mut yaml, mut timeouts) = (String::new(), Vec::new());
        for number in 0..=random.below(60) {
            let timeout = [0.1, 0.3, 0.7, 1.5, 30.0][random.below(5)];
            let (host, port) = town.place(&mut random);
            let check = random.pick(cases).at(&host, port, timeout);
            let name = format!("name: check-{number}, ");
            writeln!(yaml, "{}", check.trim_end().replacen('{', &format!("{{{name}"), 1)).expect("a text");
            timeouts.push(timeout);
        }
        let max_timeout = Duration::from_millis(300 + 100 * random.below(20) as u64);
        Self { yaml, timeouts, max_timeout, is_pipe: random.one_in(20), stands_still: random.one_in(10) }
    }

    fn start(&self, town: &Town, scratch: &Scratch) -> Child {
        let file = scratch.path().join("checks.yaml");
        if self.is_pipe {
            mkfifo(&file, Mode::S_IRWXU).expect("a pipe");
        } else {
            fs::write(&file, &self.yaml).expect("a file");
        }
        let mut command = town.network.near.command("env");
        command.arg(program()).arg(file).args(["--format", "json", "--max-timeout"]);
        command.arg(self.max_timeout.as_secs_f64().to_string()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    }

    fn judge(&self, seed: u64, elapsed: Duration, status: Option<i32>, out: &str, err: &str) {
        let story =
            || format!("mix {seed}: {elapsed:?} of {:?}, {status:?}\n{out}\n{err}\n{}", self.max_timeout, self.yaml);
        assert!(elapsed < self.max_timeout + MARGIN, "too late: {}", story());
        assert!(!err.contains("panic"), "{}", story());
        if self.is_pipe || self.stands_still {
            return;
        }
        let report: Value = serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {}", story()));
        let checks = report["checks"].as_array().unwrap_or_else(|| panic!("no checks: {}", story()));
        assert_eq!(checks.len(), self.timeouts.len(), "{}", story());
        for (check, timeout) in checks.iter().zip(&self.timeouts) {
            let results = check["results"].as_array().expect("results");
            assert!(results.iter().all(|one| one["verdict"].is_string()) && !results.is_empty(), "{check}");
            assert_ne!(check["failure"]["code"], "run.own-fault", "{check}");
            let took = check["elapsed_seconds"].as_f64().unwrap_or_default();
            assert!(took < timeout + TIMEOUT_MARGIN, "{took} s of {timeout} s: {check}");
        }
    }
}

/// Every so many of the mixes, one after the other.
fn run_all(town: &Town, cases: &[Case], seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let (mix, scratch) = (Mix::of(seed, town, cases), Scratch::new());
        let (began, mut child) = (Instant::now(), mix.start(town, &scratch));
        let (mut out, mut err) = (String::new(), String::new());
        if !mix.stands_still {
            child.stdout.take().expect("a pipe").read_to_string(&mut out).expect("text");
        }
        let status = child.wait().expect("it ends").code();
        let elapsed = began.elapsed();
        child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("text");
        mix.judge(seed, elapsed, status, &out, &err);
    }
}

#[test]
fn any_mix_of_bad_peers_ends_in_time_with_a_result_for_every_check() {
    let (town, cases, count) = (Town::new(), Case::all(), random::count("CONN_CHECK_MIXES", MIXES) as u64);
    std::thread::scope(|scope| {
        for share in 0..2 {
            let (town, cases) = (&town, &cases);
            scope.spawn(move || run_all(town, cases, (0..count).filter(|seed| seed % 2 == share)));
        }
    });
}
