//! Causes and matrix as one HTML file without anything foreign.

use super::causes::Causes;
use super::matrix::Matrix;
use super::page::{columns, summary};
use crate::causes::Mark;
use std::fmt::Write as _;

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>conn-check: a fleet</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 1rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; }
li { margin-bottom: .8rem; }
code { font-size: .9em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .8rem; }
th[scope=row] { text-align: left; font-weight: normal; white-space: nowrap; padding-right: 1rem; }
th[scope=col] { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: normal; text-align: left; }
td { width: 1.3em; text-align: center; border: 1px solid #8884; }
td.fail { background: #c22; color: #fff; font-weight: bold; }
td.pass { color: #282; }
</style>
</head>
<body>
<main>
";

/// One page.
#[must_use]
pub fn html(matrix: &Matrix, causes: &Causes) -> String {
    let mut page = String::from(HEAD);
    // A page in memory takes everything.
    let _ = write!(page, "<h1>{}</h1>\n<ul>\n", escaped(&summary(matrix, causes)));
    for (number, cause) in causes.all.iter().enumerate() {
        let (what, code) = (escaped(&cause.what(matrix)), escaped(&cause.code));
        let next = cause.next_step(matrix).map_or_else(String::new, |next| format!("<br>next: {}", escaped(next)));
        let whose = escaped(cause.whose());
        let _ = writeln!(page, "<li><b>{}</b> {what} <code>{code}</code><br>fix: {whose}{next}</li>", Mark(number));
    }
    for unit in &matrix.units {
        if let Some(why) = &unit.refused {
            let _ = writeln!(page, "<li>{}: nothing was checked: {}</li>", escaped(&unit.name), escaped(why));
        }
    }
    page.push_str(
        "</ul>\n<div class=\"scroll\"><table>\n<caption>Each unit and each check</caption>\n<thead><tr><td></td>",
    );
    matrix.units.iter().for_each(|unit| {
        let _ = write!(page, "<th scope=\"col\">{}</th>", escaped(&unit.name));
    });
    page.push_str("</tr></thead>\n<tbody>\n");
    let columns = columns(matrix, causes);
    for (check, described) in matrix.checks.iter().enumerate() {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escaped(&described.series));
        columns.iter().for_each(|column| page.push_str(&cell(&column[check])));
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n</main>\n</body>\n</html>\n");
    page
}

fn cell(mark: &str) -> String {
    match mark {
        " " => "<td></td>".to_owned(),
        "." => "<td class=\"pass\">ok</td>".to_owned(),
        mark => format!("<td class=\"fail\">{mark}</td>"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
