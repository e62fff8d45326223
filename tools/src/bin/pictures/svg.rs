//! From what was written to a terminal to a picture of it.

use std::fmt::Write as _;

/// The size of one character, in tenths of a pixel, of a monospaced font of 14 pixels.
const CELL: (usize, usize) = (84, 180);

/// From the top of a line to where its characters stand.
const BASE: usize = 135;

/// Around the text.
const MARGIN: usize = 140;

/// Colours of the terminal: the background, the text, and by their numbers (ECMA-48, SGR 31 to 33).
const BACKGROUND: &str = "#1b1f24";
const TEXT: &str = "#d0d7de";
const COLORS: [(u8, &str); 3] = [(31, "#ff7b72"), (32, "#3fb950"), (33, "#d29922")];

/// How a run of characters is drawn.
#[derive(Clone, Copy, Default, PartialEq)]
struct Ink {
    bold: bool,
    dim: bool,
    color: Option<&'static str>,
}

/// The picture of what a terminal of so many columns shows in the end. The line of the progress that is drawn over
/// again and again is shown once, as it was before the last.
pub(crate) fn picture(seen: &str, columns: usize) -> String {
    let lines = screen(seen, columns);
    let (width, height) = (2 * MARGIN + columns * CELL.0, 2 * MARGIN + lines.len() * CELL.1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"140\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"60\" fill=\"{BACKGROUND}\"/>\n",
        width / 10,
        height / 10
    );
    for (row, line) in lines.iter().enumerate() {
        let y = MARGIN + row * CELL.1 + BASE;
        let mut column = 0;
        for (ink, text) in line {
            let x = MARGIN + column * CELL.0;
            column += text.chars().map(width_of).sum::<usize>();
            // Writing to a string cannot fail.
            let _ =
                writeln!(svg, "<text x=\"{x}\" y=\"{y}\" xml:space=\"preserve\"{}>{}</text>", style(*ink), xml(text));
        }
    }
    svg + "</svg>\n"
}

fn style(ink: Ink) -> String {
    let bold = if ink.bold { " font-weight=\"bold\"" } else { "" };
    let dim = if ink.dim { " opacity=\"0.6\"" } else { "" };
    format!("{bold}{dim} fill=\"{}\"", ink.color.unwrap_or(TEXT))
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Two columns for the characters of East Asia.
fn width_of(character: char) -> usize {
    1 + usize::from(
        ('\u{1100}'..='\u{115f}').contains(&character)
            || ('\u{2e80}'..='\u{9fff}').contains(&character)
            || ('\u{ac00}'..='\u{d7a3}').contains(&character),
    )
}

/// The lines in runs of one ink, torn where the terminal tears them.
fn screen(seen: &str, columns: usize) -> Vec<Vec<(Ink, String)>> {
    let mut lines: Vec<Vec<(Ink, String)>> = vec![Vec::new()];
    let (mut ink, mut column) = (Ink::default(), 0);
    let kept = progress_kept(seen);
    let mut rest = kept.as_str();
    while let Some(character) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("\u{1b}[") {
            let end = after.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(after.len() - 1);
            if after[end..].starts_with('m') {
                ink = select(ink, &after[..end]);
            }
            rest = &after[end + 1..];
            continue;
        }
        rest = &rest[character.len_utf8()..];
        match character {
            '\n' => {
                lines.push(Vec::new());
                column = 0;
            }
            '\r' => {}
            _ => {
                if column + width_of(character) > columns {
                    lines.push(Vec::new());
                    column = 0;
                }
                column += width_of(character);
                if let Some(line) = lines.last_mut() {
                    match line.last_mut() {
                        Some((last, text)) if *last == ink => text.push(character),
                        _ => line.push((ink, character.to_string())),
                    }
                }
            }
        }
    }
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

/// Of all that was drawn over, the last that says something, on a line of its own.
fn progress_kept(seen: &str) -> String {
    const CLEAR: &str = "\r\u{1b}[K";
    let parts: Vec<_> = seen.split(CLEAR).collect();
    match &parts[..] {
        [begin, drawn @ .., end] if !drawn.is_empty() => {
            format!("{begin}{}\n{end}", drawn.iter().rfind(|line| !line.is_empty()).unwrap_or(&""))
        }
        _ => seen.replace(CLEAR, ""),
    }
}

fn select(ink: Ink, numbers: &str) -> Ink {
    numbers.split(';').fold(ink, |ink, number| match number.parse().unwrap_or(0) {
        0 => Ink::default(),
        1 => Ink { bold: true, ..ink },
        2 => Ink { dim: true, ..ink },
        number => Ink { color: COLORS.iter().find(|(known, _)| *known == number).map(|(_, color)| *color), ..ink },
    })
}
