//! A file for `nft -f`: a table of its own, replaced as a whole or not at all (nft(8)).

use super::format::Write;
use super::{Format, Passage};
use std::fmt::Write as _;

const HEAD: &str = "\
#!/usr/sbin/nft -f
# Egress rules of this host, by conn-check-convert-fw. Loaded in one step, over those of the last time.
#
# As it stands this blocks nothing. With `policy drop` in the place of `policy accept` below, everything
# else is blocked; what a host cannot do without (itself, answers, IPv6's neighbours) is let through, and
# look-ups are if its resolvers are here (conn-check-export-fw --with-dns).
# Another table that drops packets goes on doing so: in nftables each table has its own say.

table inet conn_check
delete table inet conn_check

table inet conn_check {
	chain output {
		type filter hook output priority filter; policy accept;

		oifname \"lo\" accept
		ct state established,related accept
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld-listener-report, mld2-listener-report } accept
";

pub(super) const FORMAT: Format = Format {
    name: "nftables",
    aliases: &["nft"],
    about: "a file for nft -f, with a table of its own",
    group: None,
    write: Write::File(|passages, _| {
        let mut text = HEAD.to_owned();
        for (origin, passages) in Passage::grouped(passages) {
            let _ = write!(text, "\n\t\t# {origin}\n");
            passages.iter().for_each(|passage| text += &rule(passage));
        }
        Ok(text + "\t}\n}\n")
    }),
};

fn rule(passage: &Passage) -> String {
    let ports: Vec<_> = passage.ports.iter().map(ToString::to_string).collect();
    let ports = if ports.len() == 1 { ports.concat() } else { format!("{{ {} }}", ports.join(", ")) };
    let family = if passage.to.is_ipv4() { "ip" } else { "ip6" };
    let (to, protocol) = (passage.to, passage.transport.slug());
    format!("\t\t{family} daddr {to} {protocol} dport {ports} accept\n")
}
