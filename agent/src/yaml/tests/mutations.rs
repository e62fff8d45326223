//! Damaged files never bring the program down, and every place they name is in the text.

use super::super::parse;
use super::{place, visit};
use crate::text::noise::Noise;
use crate::text::{Span, floor_boundary};

/// Files with everything that YAML has.
const SEEDS: [&str; 4] = [
    "- type: tcp\n  host: localhost # c\n  port: 8080\n- {type: tls, tags: [a, 'b', \"c\\n\"]}\n-\n",
    "a: &x {k: 1, l: [yes, 0644]}\nb:\n  <<: *x\n  k: ~\nc: &y [*x, !!str 5]\n? d\n: *y\n",
    "%YAML 1.1\n---\né: |+\n  größe ☃\n\n  x\nb: >-\n    folded\n    text\nc: !!binary aGk=\n...\n",
    "- !!python/tuple\n  - 'it''s\n    long'\n  - plain\n    text\n- \t# tab\n- !<tag:yaml.org,2002:int> '7'\n\t\n",
];

/// What is put into the files.
const PIECES: [&str; 32] = [
    "\n", " ", "  ", "\t", "- ", ": ", "? ", ":", ",", "[", "]", "{", "}", "#", " # ", "&a ", "*x", "!!int ", "!x ",
    "|", ">", "'", "\"", "\\", "<<: ", "---\n", "...\n", "%", "é", "\u{feff}", "\0", "\r\n",
];

/// Cuts out, puts in or doubles a piece of the text.
fn damage(text: &mut String, noise: &mut Noise) {
    let mut place = || floor_boundary(text, noise.below(text.len() + 1));
    let (one, other) = (place(), place());
    let (start, end) = (one.min(other), one.max(other));
    match noise.below(4) {
        0 if end - start < 12 => text.replace_range(start..end, ""),
        1 if end - start < 40 => {
            let piece = text[start..end].to_owned();
            text.insert_str(start, &piece);
        }
        2 => text.truncate(end),
        _ => text.insert_str(start, PIECES[noise.below(PIECES.len())]),
    }
}

#[test]
fn damaged_files_give_a_tree_or_a_problem_within_the_text() {
    let mut noise = Noise::default();
    let (mut trees, mut problems) = (0, 0);
    for round in 0..6000 {
        let mut text = SEEDS[round % SEEDS.len()].to_owned();
        for _ in 0..=noise.below(4) {
            damage(&mut text, &mut noise);
        }
        match parse(&text) {
            Ok(document) => {
                trees += 1;
                document.root.iter().for_each(|root| visit(root, &mut |node| check_span(node.span, &text)));
                document.notes.iter().for_each(|note| check_span(place(note), &text));
            }
            Err(problem) => {
                problems += 1;
                check_span(place(&problem), &text);
            }
        }
    }
    // Both ways are taken often, or the damage is too big or too small.
    assert!(trees > 500 && problems > 500, "{trees} trees, {problems} problems");
}

fn check_span(span: Span, text: &str) {
    assert!(text.get(span.start..span.end).is_some(), "{span:?} in {text:?}");
}
