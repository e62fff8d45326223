//! Whether a condition of a rule holds for a packet, as far as that can be told: yes, no, or perhaps.

use super::packet::{Known, Packet};
use serde_json::Value;
use std::net::IpAddr;
use std::slice;

/// What can be said of a condition.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Tri {
    No,
    Maybe,
    Yes,
}

impl Tri {
    pub(super) fn and(self, other: Self) -> Self {
        self.min(other)
    }

    const fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }

    const fn known(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// The elements of a named set or map of the same table; `None`: it is not known.
pub(super) type Named<'a> = &'a dyn Fn(&str) -> Option<&'a [Value]>;

/// Whether the `match` of a rule holds (libnftables-json(5)).
pub(super) fn holds<'a>(condition: &'a Value, packet: &Packet, named: Named<'a>) -> Tri {
    let (left, right) = (&condition["left"], &condition["right"]);
    let op = condition["op"].as_str().unwrap_or("==");
    let fields = fields(left, packet);
    let is_equality = ["==", "in"].contains(&op);
    if fields.contains(&Known::Absent) || is_equality && fields.contains(&Known::Nameless) {
        return Tri::No;
    }
    if let [Known::Flags(flags)] = fields[..] {
        return of_flags(flags, left, op, right);
    }
    match op {
        _ if is_equality => any(right, &fields, named),
        "!=" => any(right, &fields, named).not(),
        _ => compared(&fields, op, right),
    }
}

/// What a verdict map gives: each verdict that the packet may get.
pub(super) fn looked_up<'a>(map: &'a Value, packet: &Packet, named: Named<'a>) -> Vec<(Tri, Value)> {
    let fields = fields(&map["key"], packet);
    if fields.contains(&Known::Absent) {
        return Vec::new();
    }
    let found = elements(&map["data"], named).unwrap_or_default().iter().filter_map(|element| {
        let (key, verdict) = (element.get(0)?, element.get(1)?);
        let matches = match fields[..] {
            _ if is_all_else(key) => Tri::Maybe,
            [Known::Flags(flags)] => Tri::known(names(key).iter().any(|name| flags.contains(name))),
            _ => covered(key, &fields),
        };
        (matches != Tri::No).then(|| (matches, is_all_else(key), verdict.clone()))
    });
    let mut found: Vec<_> = found.collect();
    if found.iter().any(|(matches, ..)| *matches == Tri::Yes) {
        found.retain(|(matches, ..)| *matches == Tri::Yes);
    } else if let [(matches, true, _)] = &mut found[..] {
        *matches = Tri::Yes;
    }
    found.into_iter().map(|(matches, _, verdict)| (matches, verdict)).collect()
}

/// What stands for all that no other element of a set or a map is.
fn is_all_else(element: &Value) -> bool {
    element["elem"].get("val").unwrap_or(element) == "*"
}

fn fields(left: &Value, packet: &Packet) -> Vec<Known> {
    match left["concat"].as_array() {
        Some(parts) => parts.iter().map(|part| packet.field(part)).collect(),
        None => vec![match left["&"].get(0).map(|masked| packet.field(masked)) {
            // Of names that are set, some; of an address or a number, no longer what it was.
            Some(flags @ (Known::Flags(_) | Known::Absent)) => flags,
            Some(_) => Known::Unknown,
            None => packet.field(left),
        }],
    }
}

/// Flags and states: some of these, or exactly these, of those that the mask lets through.
fn of_flags(flags: &[&str], left: &Value, op: &str, right: &Value) -> Tri {
    let mask = left["&"].get(1).map(names);
    let have: Vec<_> =
        flags.iter().copied().filter(|flag| mask.as_ref().is_none_or(|mask| mask.contains(flag))).collect();
    let are = |wanted: &Value| {
        let wanted = names(wanted);
        wanted.len() == have.len() && have.iter().all(|flag| wanted.contains(flag))
    };
    let equal = match right["set"].as_array() {
        Some(sets) => sets.iter().any(are),
        None if op != "==" && right.is_array() => names(right).iter().any(|flag| have.contains(flag)),
        None => are(right),
    };
    match op {
        "in" => Tri::known(names(right).iter().any(|flag| have.contains(flag))),
        "==" => Tri::known(equal),
        "!=" => Tri::known(!equal),
        _ => Tri::Maybe,
    }
}

/// All names that stand somewhere in a value.
fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::String(name) => vec![name],
        Value::Array(all) => all.iter().flat_map(names).collect(),
        Value::Object(members) => members.values().flat_map(names).collect(),
        _ => Vec::new(),
    }
}

fn any<'a>(right: &'a Value, fields: &[Known], named: Named<'a>) -> Tri {
    let Some(elements) = elements(right, named) else { return Tri::Maybe };
    elements.iter().map(|element| covered(element, fields)).max().unwrap_or(Tri::No)
}

fn elements<'a>(right: &'a Value, named: Named<'a>) -> Option<&'a [Value]> {
    if let Some(name) = right.as_str().and_then(|text| text.strip_prefix('@')) {
        return named(name);
    }
    let listed = right["set"].as_array().or_else(|| right.as_array());
    Some(listed.map_or_else(|| slice::from_ref(right), Vec::as_slice))
}

/// Whether the fields are what one element of a set has.
fn covered(element: &Value, fields: &[Known]) -> Tri {
    if is_all_else(element) {
        return Tri::Yes;
    }
    let element = element["elem"].get("val").unwrap_or(element);
    match (element["concat"].as_array(), fields) {
        (Some(parts), _) if parts.len() == fields.len() => {
            parts.iter().zip(fields).map(|(part, field)| is_in(part, field)).min().unwrap_or(Tri::Maybe)
        }
        (None, [field]) => is_in(element, field),
        _ => Tri::Maybe,
    }
}

fn is_in(element: &Value, field: &Known) -> Tri {
    match field {
        Known::Unknown | Known::Nameless => Tri::Maybe,
        Known::Absent => Tri::No,
        Known::Address(address) => has_address(element, *address),
        Known::Number(low, high) => has_number(element, *low, *high),
        Known::Word(words) => text(element).map_or(Tri::Maybe, |text| Tri::known(words.contains(&text.as_str()))),
        Known::Name(name) => text(element).map_or(Tri::Maybe, |pattern| {
            Tri::known(match pattern.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => *name == pattern,
            })
        }),
        Known::Flags(flags) => Tri::known(names(element).iter().any(|name| flags.contains(name))),
    }
}

fn text(element: &Value) -> Option<String> {
    element.as_str().map(str::to_owned).or_else(|| element.as_u64().map(|number| number.to_string()))
}

fn has_address(element: &Value, address: IpAddr) -> Tri {
    let parsed = |value: &Value| value.as_str().and_then(|text| text.parse::<IpAddr>().ok());
    let found = if let Some(prefix) = element.get("prefix") {
        parsed(&prefix["addr"]).zip(prefix["len"].as_u64()).map(|(net, length)| is_within(address, net, length))
    } else if let Some(range) = element.get("range") {
        parsed(&range[0]).zip(parsed(&range[1])).map(|(first, last)| first <= address && address <= last)
    } else {
        parsed(element).map(|other| other == address)
    };
    found.map_or(Tri::Maybe, Tri::known)
}

/// Whether an address is within a network of this length.
pub(in crate::net::host) fn is_within(address: IpAddr, net: IpAddr, length: u64) -> bool {
    let same = |a: u128, b: u128, bits: u64| {
        let apart = bits.saturating_sub(length);
        apart >= 128 || (a >> apart) == (b >> apart)
    };
    match (address, net) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
        _ => false,
    }
}

/// Of a number that lies somewhere between two.
fn has_number(element: &Value, low: u64, high: u64) -> Tri {
    let ends = match element.get("range") {
        Some(range) => range[0].as_u64().zip(range[1].as_u64()),
        None => element.as_u64().map(|number| (number, number)),
    };
    let Some((first, last)) = ends else { return Tri::Maybe };
    if high < first || last < low {
        Tri::No
    } else if first <= low && high <= last {
        Tri::Yes
    } else {
        Tri::Maybe
    }
}

fn compared(fields: &[Known], op: &str, right: &Value) -> Tri {
    let ([Known::Number(low, high)], Some(limit)) = (fields, right.as_u64()) else { return Tri::Maybe };
    let holds = |number: u64| match op {
        "<" => number < limit,
        "<=" => number <= limit,
        ">" => number > limit,
        _ => number >= limit,
    };
    match (holds(*low), holds(*high)) {
        (true, true) => Tri::Yes,
        (false, false) => Tri::No,
        _ => Tri::Maybe,
    }
}
