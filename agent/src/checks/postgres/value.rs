//! The first value of a query's result, as a text: it comes in the binary form of its type
//! (the manual, "Message Formats"; `src/backend/utils/adt` of `PostgreSQL`).

use crate::checks::first_value::Found;
use crate::fault::{Cause, Fault, Owner};
use crate::secret::{sentence, theirs};
use std::error::Error;
use std::fmt::Write as _;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Kind, Type};

/// A value of any type, as it came.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_type: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_type: &Type) -> bool {
        true
    }
}

/// The value in a row's first column.
///
/// # Errors
/// The row has no column, or the value is of a type whose texts only the server knows.
pub(super) fn first(row: &Row) -> Result<Found, Fault> {
    let unknown = |what| {
        Fault::new(
            Cause::UnexpectedReply,
            sentence!["the query's first value is of a type that cannot be compared: ", what],
        )
        .owner(Owner::Config)
        .next_step("have the query make a text or a number of it (`::text`)")
    };
    let Some(column) = row.columns().first() else { return Err(unknown("there is no column".into())) };
    let kind = column.type_();
    match row.try_get::<_, Option<Raw<'_>>>(0) {
        Ok(None) => Ok(Found::Null),
        Ok(Some(Raw(bytes))) => shown(kind, bytes).map(Found::Value).ok_or_else(|| unknown(theirs(kind.name()))),
        Err(_) => Err(unknown(theirs(kind.name()))),
    }
}

/// The value as the server would write it.
fn shown(kind: &Type, bytes: &[u8]) -> Option<String> {
    let text = || String::from_utf8(bytes.to_vec()).ok();
    match *kind {
        Type::BOOL => Some((bytes == [1]).to_string()),
        Type::INT2 => Some(i16::from_be_bytes(bytes.try_into().ok()?).to_string()),
        Type::INT4 => Some(i32::from_be_bytes(bytes.try_into().ok()?).to_string()),
        Type::INT8 => Some(i64::from_be_bytes(bytes.try_into().ok()?).to_string()),
        Type::OID | Type::XID => Some(u32::from_be_bytes(bytes.try_into().ok()?).to_string()),
        Type::FLOAT4 => Some(f32::from_be_bytes(bytes.try_into().ok()?).to_string()),
        Type::FLOAT8 => Some(f64::from_be_bytes(bytes.try_into().ok()?).to_string()),
        Type::NUMERIC => numeric(bytes),
        Type::BPCHAR => text().map(|text| text.trim_end_matches(' ').to_owned()),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN | Type::JSON | Type::XML => text(),
        Type::UUID => uuid(bytes),
        _ if matches!(kind.kind(), Kind::Enum(_)) || kind.name() == "citext" => text(),
        _ => match kind.kind() {
            Kind::Domain(inner) => shown(inner, bytes),
            _ => None,
        },
    }
}

/// Groups of four decimal digits: their number, the power of 10,000 of the first, the sign, the digits behind the
/// point, the groups.
fn numeric(bytes: &[u8]) -> Option<String> {
    const NEGATIVE: i16 = 0x4000;
    let words: Vec<i16> = bytes.chunks_exact(2).map(|word| i16::from_be_bytes([word[0], word[1]])).collect();
    let [count, weight, sign, scale, groups @ ..] = words.as_slice() else { return None };
    if usize::try_from(*count).ok()? != groups.len() || !matches!(*sign, 0 | NEGATIVE) {
        return match u16::from_be_bytes(sign.to_be_bytes()) {
            0xc000 => Some("NaN".to_owned()),
            0xd000 => Some("Infinity".to_owned()),
            0xf000 => Some("-Infinity".to_owned()),
            _ => None,
        };
    }
    let group = |power: i16| {
        let at = weight.checked_sub(power).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| groups.get(at)).copied().unwrap_or(0)
    };
    let mut whole = String::new();
    for power in (0..=(*weight).max(0)).rev() {
        // A text takes everything.
        let _ = write!(whole, "{:04}", group(power));
    }
    let whole = whole.trim_start_matches('0');
    let mut fraction = String::new();
    for power in 1..=(scale + 3) / 4 {
        let _ = write!(fraction, "{:04}", group(-power));
    }
    fraction.truncate(usize::try_from(*scale).ok()?);
    let point = if fraction.is_empty() { "" } else { "." };
    let minus = if *sign == NEGATIVE { "-" } else { "" };
    Some(format!("{minus}{}{point}{fraction}", if whole.is_empty() { "0" } else { whole }))
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    Some(bytes.iter().enumerate().fold(String::new(), |mut text, (at, byte)| {
        let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
        // A text takes everything.
        let _ = write!(text, "{dash}{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_are_written_out() {
        let of = |words: &[i16]| {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            numeric(&bytes)
        };
        for (words, wanted) in [
            (&[1, 0, 0, 0, 5][..], Some("5")),
            (&[0, 0, 0, 2], Some("0.00")),
            (&[2, 0, 0x4000, 2, 12, 5000], Some("-12.50")),
            (&[2, 1, 0, 0, 1, 2345], Some("12345")),
            (&[1, 1, 0, 0, 1], Some("10000")),
            (&[1, -2, 0, 8, 7], Some("0.00000007")),
            (&[0, 0, -0x4000, 0], Some("NaN")),
            (&[2, 0, 0, 0, 5], None),
            (&[1, 0], None),
            (&[0, i16::MIN, 0, 0], Some("0")),
        ] {
            assert_eq!(of(words).as_deref(), wanted, "{words:?}");
        }
    }

    #[test]
    fn values_are_texts_where_their_type_is_known() {
        assert_eq!(shown(&Type::BOOL, &[1]).as_deref(), Some("true"));
        assert_eq!(shown(&Type::INT8, &[0; 8]).as_deref(), Some("0"));
        assert_eq!(shown(&Type::FLOAT8, &1.5_f64.to_be_bytes()).as_deref(), Some("1.5"));
        assert_eq!(shown(&Type::BPCHAR, b"ab  ").as_deref(), Some("ab"));
        assert_eq!(shown(&Type::UUID, &[0x11; 16]).as_deref(), Some("11111111-1111-1111-1111-111111111111"));
        assert_eq!(shown(&Type::INT4, b"123"), None);
        assert_eq!(shown(&Type::TIMESTAMP, &[0; 8]), None);
    }
}
