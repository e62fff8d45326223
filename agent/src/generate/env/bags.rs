//! Variables that hold what is to be added to a URL: `KC_DB_URL_PROPERTIES=?sslmode=verify-full&sslrootcert=/ca.pem`.

use super::{names, switches};

/// Whether the words behind a family's name say so.
pub(super) fn is_bag(rest: &str) -> bool {
    const WORDS: [&str; 5] = ["PARAMETERS", "PARAMS", "PROPERTIES", "PROPS", "QUERY"];
    names::words(rest).last().is_some_and(|last| WORDS.contains(&last.as_str()))
}

/// Adds the options that are in it, and are not said elsewhere; whether what it says of TLS is known.
pub(super) fn empty_into<'a>(options: &mut Vec<(&'a str, &'a str)>, text: Option<&'a str>) -> bool {
    let Some(text) = text else { return false };
    let Some(pairs) = pairs(text) else { return !switches::speaks_of_tls(text) };
    for (option, value) in pairs {
        if !options.iter().any(|(own, _)| own.eq_ignore_ascii_case(option)) {
            options.push((option, value));
        }
    }
    true
}

/// The pairs in it, as they stand in a query; `None` where that is not what it holds.
fn pairs(text: &str) -> Option<Vec<(&str, &str)>> {
    let text = text.trim().trim_start_matches(['?', '&', ';']);
    let pieces = text.split(['&', ';']).map(str::trim).filter(|piece| !piece.is_empty());
    let pairs: Option<Vec<_>> = pieces.map(|piece| piece.split_once('=').filter(|(key, _)| is_key(key))).collect();
    // What is encoded would have to be taken apart first.
    pairs.filter(|pairs| !pairs.iter().any(|(_, value)| value.contains(['%', '+'])))
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_to_a_url_is_pairs() {
        assert_eq!(pairs("?sslmode=require&a.b=c"), Some(vec![("sslmode", "require"), ("a.b", "c")]));
        assert_eq!(pairs(";ssl=true;"), Some(vec![("ssl", "true")]));
        for text in ["sslmode", "-c search_path=x", "sslrootcert=%2Fca.pem"] {
            assert_eq!(pairs(text), None, "{text}");
        }
        assert!(is_bag("URL_PROPERTIES") && is_bag("PARAMS") && !is_bag("PROPERTIES_MAIL_SMTP_STARTTLS_ENABLE"));
    }
}
