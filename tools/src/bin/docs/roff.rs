//! Text in the macros of man(7), as `mandoc -T lint` likes it.

/// When the text of the manuals was last gone through, as man pages say it.
const REVISED: &str = "2026-11-27";

/// No line of the source is longer, as far as words allow.
const WIDTH: usize = 78;

/// A man page that is being written.
pub(crate) struct Roff {
    text: String,
    /// Whether a heading or a tag was the last: no paragraph begins then.
    is_headed: bool,
}

impl Roff {
    /// The beginning of the page of this name in a section of the manual.
    pub(crate) fn new(name: &str, section: u8) -> Self {
        let (title, version) = (name.to_uppercase(), env!("CARGO_PKG_VERSION"));
        let text = format!(".TH {title} {section} {REVISED} \"conn-check {version}\" \"conn-check manual\"\n");
        Self { text, is_headed: true }
    }

    pub(crate) fn text(self) -> String {
        self.text
    }

    pub(crate) fn section(&mut self, title: &str) {
        self.heading("SH", &title.to_uppercase());
    }

    pub(crate) fn subsection(&mut self, title: &str) {
        self.heading("SS", title);
    }

    fn heading(&mut self, request: &str, title: &str) {
        self.text.extend([".", request, " \"", &escaped(title), "\"\n"]);
        self.is_headed = true;
    }

    /// A paragraph; what stands between grave accents is bold.
    pub(crate) fn paragraph(&mut self, text: &str) {
        if !self.is_headed {
            self.text.push_str(".PP\n");
        }
        self.lines(&marked(text));
    }

    /// A tag in roff, and what hangs below it.
    pub(crate) fn tagged(&mut self, tag: &str, text: &str) {
        self.text.extend([".TP\n", tag, "\n"]);
        self.lines(&marked(text));
    }

    /// A tagged list within what hangs below a tag.
    pub(crate) fn inner(&mut self, items: &[(String, String)]) {
        self.text.push_str(".RS\n");
        items.iter().for_each(|(tag, text)| self.tagged(tag, text));
        self.text.push_str(".RE\n");
    }

    /// Lines that stay as they are.
    pub(crate) fn verbatim(&mut self, text: &str) {
        if !self.is_headed {
            self.text.push_str(".PP\n");
        }
        self.text.push_str(".nf\n");
        text.lines().for_each(|line| self.text.extend([&protected(&escaped(line)), "\n"]));
        self.text.push_str(".fi\n");
        self.is_headed = false;
    }

    /// What follows stands in a line of its own.
    pub(crate) fn line_break(&mut self) {
        self.text.push_str(".br\n");
    }

    /// Text in roff, in lines of a decent length.
    pub(crate) fn lines(&mut self, roff: &str) {
        let mut line = String::new();
        for word in roff.split_whitespace() {
            if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
                self.text.extend([&protected(&line), "\n"]);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.text.extend([&protected(&line), "\n"]);
        self.is_headed = false;
    }
}

/// A word in bold.
pub(crate) fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escaped(text))
}

/// A word that stands for something.
pub(crate) fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", escaped(text))
}

/// What stands between grave accents, bold.
fn marked(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { bold(part) } else { escaped(part) }).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq")
}

/// A line that does not begin like a request.
fn protected(line: &str) -> String {
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.trim_end().to_owned() }
}
