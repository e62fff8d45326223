//! `HAProxy` in front of six nodes, and whom it takes out of service.

use harness::haproxy::Haproxy;
use harness::netns::{Answer, Network, Transport};
use harness::peers::{Peer, Wire};
use harness::ports::{self, Port};
use harness::postgres::{self, Postgres, Setup};
use harness::process::Launch;
use harness::serve::Serving;
use harness::wait;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// So often a load balancer asks.
const INTERVAL: Duration = Duration::from_secs(1);

/// The port of the database as the node in the namespace sees it.
const DATABASE: u16 = 5432;

/// Six nodes, of which the last one has a network of its own.
struct Fleet {
    nodes: Vec<Serving>,
    agents: Vec<Port>,
    /// Where the last node is reached: a socket in the file system, which is everybody's.
    door: PathBuf,
    network: Network,
    _relay: Peer,
}

fn yaml(address: SocketAddr) -> String {
    format!(
        "- {{type: postgres, name: orders, host: {}, port: {}, username: {}, password: {}, database: {}, use_tls: false, timeout: 3}}\n",
        address.ip(),
        address.port(),
        postgres::USER,
        postgres::PASSWORD,
        postgres::DATABASE
    )
}

impl Fleet {
    fn start(database: &Postgres, place: &Path) -> Self {
        let agents: Vec<_> = (0..5).map(|_| ports::free()).collect();
        let near_database = yaml(database.address());
        let node = |agent: &Port| {
            let agent = format!("tcp:{}", agent.address());
            Serving::start(&near_database, &["--max-age", "0.5", "--listen", &agent])
        };
        let mut nodes: Vec<_> = agents.iter().map(node).collect();
        let (network, door) = (Network::new(), place.join("node6.sock"));
        let socket = postgres::socket(&database.socket_folder(), database.address().port());
        let far = network.far.at(DATABASE);
        let relay = network.far.inside(|| Peer::serve_at(far, move |wire| drop(forward(&wire, &socket))));
        let listen = format!("unix:{}", door.display());
        nodes.push(network.near.inside(|| {
            Serving::start_at(Ipv4Addr::LOCALHOST.into(), &yaml(far), |_, launch: Launch| {
                launch.args(["--max-age", "0.5", "--listen", &listen])
            })
        }));
        Self { nodes, agents, door, network, _relay: relay }
    }

    /// How `HAProxy` is told of them.
    fn back_ends(&self) -> String {
        let servers = |options: &str| -> String {
            let addresses = self.nodes[..5].iter().map(|node| node.address().to_string());
            let all = addresses.chain([format!("unix@{}", self.door.display())]).enumerate();
            all.map(|(number, address)| format!("  server n{} {address} {options}\n", number + 1)).collect()
        };
        let millis = INTERVAL.as_millis();
        let check = servers(&format!("check inter {millis}ms fall 1 rise 1"));
        let agents = self.agents.iter().zip(&self.nodes).enumerate();
        let agents: String = agents
            .map(|(number, (agent, node))| {
                format!(
                    "  server n{} {} agent-check agent-port {} agent-inter {millis}ms\n",
                    number + 1,
                    node.address(),
                    agent.number()
                )
            })
            .collect();
        format!(
            "  stats enable\n  stats uri /stats\n  stats refresh 1s\n\
             backend by_ready\n  option httpchk GET /ready\n{check}\
             backend by_report\n  option httpchk GET /ht/\n{check}\
             backend by_agent\n{agents}"
        )
    }
}

/// Between a connection and the socket of the database.
fn forward(wire: &Wire, socket: &Path) -> std::io::Result<()> {
    let upstream = UnixStream::connect(socket)?;
    let pump = |mut from: &mut dyn std::io::Read, to: &mut dyn std::io::Write| {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = (&mut from).read(&mut buffer) {
            if to.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            pump(&mut &upstream, &mut wire.stream());
            wire.finish();
        });
        pump(&mut wire.stream(), &mut &upstream);
        let _ = upstream.shutdown(std::net::Shutdown::Both);
    });
    Ok(())
}

/// The servers of a back end that get requests, by what `HAProxy` says of each.
fn in_service(haproxy: &Haproxy, back_end: &str) -> Vec<String> {
    // They come in chunks.
    let url = format!("http://{}/stats;csv", haproxy.address());
    let table = Command::new("curl").args(["-sS", &url]).output().expect("curl runs");
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    let (head, rows) = table.split_once('\n').expect("a head");
    let column = |name: &str| head.trim_start_matches("# ").split(',').position(|one| one == name).expect("a column");
    let (proxy, server, status) = (column("pxname"), column("svname"), column("status"));
    let rows = rows.lines().map(|row| row.split(',').collect::<Vec<_>>()).filter(|row| row.len() > status);
    let up = rows.filter(|row| row[proxy] == back_end && row[server].starts_with('n'));
    let up = up.filter(|row| row[status].starts_with("UP") || row[status] == "no check");
    up.map(|row| row[server].to_owned()).collect()
}

#[test]
fn a_database_that_is_down_takes_no_node_out_and_a_firewall_takes_its_own() {
    // Through the relay it comes by the socket.
    let mut database = Postgres::start(&Setup::plain().rule(&format!("local all {} scram-sha-256", postgres::USER)));
    let scratch = harness::scratch::Scratch::new();
    let fleet = Fleet::start(&database, scratch.path());
    for node in &fleet.nodes[..5] {
        assert_eq!(node.get("/ht/").status, 200, "{}", node.get("/ht/?format=text").body);
    }
    let haproxy = Haproxy::start("", &fleet.back_ends());
    let all = ["n1", "n2", "n3", "n4", "n5", "n6"];
    wait::until("all six in service", || {
        in_service(&haproxy, "by_ready") == all
            && in_service(&haproxy, "by_report") == all
            && in_service(&haproxy, "by_agent") == all[..5]
    });

    // The firewall of one node.
    let began = Instant::now();
    fleet.network.near.filter_output(Transport::Tcp, DATABASE, Answer::Prohibited);
    wait::until("the sixth to be out", || in_service(&haproxy, "by_ready") == all[..5]);
    let took = began.elapsed();
    assert!(took < INTERVAL * 2 + Duration::from_secs(1), "in one interval, and the time of a run: {took:?}");
    let said = through_door(&fleet.door, "/ready");
    assert!(said.contains("out\nconnect.denied-locally orders: "), "{said}");
    assert_eq!(in_service(&haproxy, "by_agent"), all[..5]);
    fleet.network.near.unfilter();
    wait::until("the sixth to be back", || in_service(&haproxy, "by_ready") == all);

    // The database of all.
    database.daemon().stop();
    wait::until("every report to be bad", || in_service(&haproxy, "by_report").is_empty());
    for _ in 0..5 {
        assert_eq!(in_service(&haproxy, "by_ready"), all, "another node would not serve better");
        assert_eq!(in_service(&haproxy, "by_agent"), all[..5]);
        thread::sleep(INTERVAL);
    }
    for node in &fleet.nodes[..5] {
        let answer = node.get("/ready");
        assert!(answer.status == 200 && answer.body.starts_with("degraded\n"), "{answer:?}");
    }
}

/// What the node in the namespace answers.
fn through_door(door: &Path, path: &str) -> String {
    let mut stream = UnixStream::connect(door).expect("connected");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
