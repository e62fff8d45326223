//! Every notation of `PyYAML`, compared with what `PyYAML` itself made of it.

use super::Resolved::{self, Bool, Float, Int, Null, Str};
use super::{resolve, tagged_bool, tagged_float};

/// What `PyYAML` 6.0.3 resolves plain scalars to, and those scalars, with blanks between them.
///
/// Whole numbers beyond 64 bits, dates and what makes `PyYAML` fail are `Str` here.
const NOTATIONS: &[(Resolved, &str)] = &[
    (Null, "~ null Null NULL"),
    (Bool(true), "yes Yes YES true True TRUE on On ON"),
    (Bool(false), "no No NO false False FALSE off Off OFF"),
    (Int(0), "0 -0 +0 00 0_"),
    (Int(1), "1 +1 1_"),
    (Int(-1), "-1"),
    (Int(7), "007 0_7"),
    (Int(420), "0644 +0644"),
    (Int(-420), "-0644"),
    (Int(1000), "1_000"),
    (Int(10), "1__0"),
    (Int(123_456_789), "123456789"),
    (Int(-99), "-9_9"),
    (Int(31), "0x1F"),
    (Int(255), "0xff"),
    (Int(65_535), "0xFF_FF"),
    (Int(-16), "-0x10"),
    (Int(5), "0b101"),
    (Int(3), "0b1_1"),
    (Int(-3), "-0b11"),
    (Int(9_223_372_036_854_775_807), "9223372036854775807 0x7fffffffffffffff 153722867280912930:07"),
    (Int(i64::MIN), "-9223372036854775808"),
    (Int(90), "1:30"),
    (Int(685_230), "190:20:30"),
    (Int(-90), "-1:30"),
    (Int(60), "+1:0"),
    (Int(65), "1:5 1:05"),
    (Int(45_045), "12:30:45"),
    (Int(630), "1_0:30"),
    (Int(223_384), "1:2:3:4"),
    (Float(1.0), "1.0 1."),
    (Float(-1.5), "-1.5"),
    (Float(1.5), "+1.5 1_._5 1.5_"),
    (Float(0.5), ".5 00.5"),
    (Float(1000.5), "1_000.5"),
    (Float(1500.0), "1.5e+3"),
    (Float(0.0015), "1.5E-3"),
    (Float(1000.0), "1.e+3"),
    (Float(5.0), ".5e+1"),
    (Float(f64::INFINITY), "1.5e+400 .inf .Inf .INF +.inf"),
    (Float(0.0), "1.5e-400"),
    (Float(0.1), "0.1"),
    (Float(-0.0), "-0.0"),
    (Float(9.5), "09.5"),
    (Float(f64::NEG_INFINITY), "-.inf -.INF"),
    (Float(f64::NAN), ".nan .NaN .NAN"),
    (Float(90.5), "1:30.5 1:30.5_"),
    (Float(90.0), "1:30."),
    (Float(-90.5), "-1:30.5"),
    (Float(30.5), "0:30.5"),
    (Float(46799.5), "12:59:59.5"),
    (Float(723.4), "1_2:3.4"),
    (Str, "nuLL Nul none yEs nO y Y n N tRUE oN oFF t f 08 09 0o644 0o10 _1 12e 0x 0x_ 0X1F 0xG 0b 0b_ 0b2"),
    (Str, "0B1 9223372036854775808 -9223372036854775809 0x8000000000000000 99999999999999999999 1:60 1:005"),
    (Str, "0:30 00:10 1: :1 1:: 153722867280912930:08 -.5 +.5 . .. ._5 ._ 1.5e3 1e3 1e+3 1.5e 1.5e+ 1.2.3"),
    (Str, "10.0.0.1 .iNF inf Infinity -.nan .nAN nan 1:60.5 1:30.5.5 1:30e+1 1:1.5e+3 2001-12-14"),
    (Str, "2001-12-14T21:59:43.10-05:00 2001-01-01T00:00:00Z 12-31 1-2 = << <<x * + - -- +- 1+1 +a -a a 5a"),
    (Str, "0a x1 10% 1,000 $1 abc Nope Only trueish é"),
];

/// Scalars with nothing or blanks in them.
const OTHERS: &[(Resolved, &str)] = &[(Null, ""), (Str, "2001-12-14 21:59:43.10 -5"), (Str, "1 2"), (Str, "yes no")];

/// Equality by bits, so that not-a-number is equal to itself and the sign of zero counts.
fn same(left: Resolved, right: Resolved) -> bool {
    match (left, right) {
        (Resolved::Float(left), Resolved::Float(right)) => {
            left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan())
        }
        _ => left == right,
    }
}

#[test]
fn plain_scalars_mean_what_they_mean_to_pyyaml() {
    let all = NOTATIONS.iter().flat_map(|(expected, texts)| texts.split(' ').map(move |text| (*expected, text)));
    for (expected, text) in all.chain(OTHERS.iter().copied()) {
        assert!(same(resolve(text), expected), "{text}: {:?}", resolve(text));
    }
}

#[test]
fn the_tag_float_takes_what_pythons_float_takes() {
    let cases = [
        ("1", Some(1.0)),
        ("1e3", Some(1000.0)),
        ("1_000", Some(1000.0)),
        ("1:30.5", Some(90.5)),
        ("-.5", Some(-0.5)),
        ("inf", Some(f64::INFINITY)),
        ("", None),
        ("abc", None),
        ("0x10", None),
    ];
    for (text, expected) in cases {
        assert_eq!(tagged_float(text), expected, "{text}");
    }
}

#[test]
fn the_tag_bool_takes_the_words_in_any_casing() {
    let cases = [("yEs", Some(true)), ("oFF", Some(false)), ("TRUE", Some(true)), ("y", None), ("1", None), ("", None)];
    for (text, expected) in cases {
        assert_eq!(tagged_bool(text), expected, "{text}");
    }
}
