//! The man pages: of each program from its command line, of the file from the declarations of options.

use crate::roff::{Roff, bold, italic};
use clap::{Arg, Command};
use conn_check::checks::Spec;
use conn_check::cli;
use conn_check::plan::schema;
use conn_check::settings::shape::Declared;

/// The page of the file of checks.
const FILE: &str = "conn-check.yaml";

/// The variables that a program of this name reads.
fn environment(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "conn-check" => &[
            ("NO_COLOR", "Not empty: no colours, unless `--color` asks for them."),
            ("CLICOLOR_FORCE, FORCE_COLOR", "Not empty and not 0: colours also where no terminal is."),
            ("TERM", "A terminal that is called dumb, or nothing, gets no colours and no line that moves."),
            ("COLUMNS", "How wide the format for people is, in place of what the terminal says."),
            ("NRPE_PROGRAMVERSION", "Set by NRPE: the format is nagios, unless `--format` names one."),
            (
                "HTTP_PROXY, HTTPS_PROXY, NO_PROXY",
                "Ignored: a check names its proxy, if need be as {env: HTTPS_PROXY}.",
            ),
        ],
        "conn-check-django" | "conn-check-configs-django" => &[
            ("DJANGO_SETTINGS_MODULE", "The settings, where `--settings-module` names none."),
            ("VIRTUAL_ENV", "Whose Python imports them, where `--python` names none."),
        ],
        "conn-check-serve" => &[
            ("NOTIFY_SOCKET", "Where systemd is told READY, STATUS and STOPPING (sd_notify(3))."),
            (
                "WATCHDOG_USEC, WATCHDOG_PID",
                "How often systemd wants a sign of life; it gets one in half of that time.",
            ),
        ],
        _ => &[],
    }
}

/// The files that a program of this name reads beside those that it is told.
fn files(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "conn-check" => &[
            (
                "/etc/ssl/certs",
                "The authorities that are trusted, unless `--tls-certs-path` or `ca_file` names others.",
            ),
            ("/etc/hosts, /etc/nsswitch.conf", "Names are looked up as every program of this host does."),
            ("/etc/resolv.conf", "The resolvers that a dns check asks, unless it names one."),
        ],
        "conn-check-export-fw" => &[("/etc/resolv.conf", "The resolvers that `--with-dns` adds.")],
        "conn-check-django" | "conn-check-configs-django" | "conn-check-configs-env" | "conn-check-configs-juju" => {
            &[("/etc/conn-check/secrets", "Where passwords are to stand with `--secrets file`.")]
        }
        _ => &[],
    }
}

/// The page of a program, or of one of its words.
pub(crate) fn page(command: &Command, name: &str) -> String {
    let mut page = Roff::new(name, 1);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    page.section("Name");
    let (first, rest) = about.split_at(about.find(|c: char| c.is_whitespace()).unwrap_or(about.len()));
    page.paragraph(&format!("{name} - {}{}", first.to_lowercase(), rest.trim_end_matches('.')));
    page.section("Synopsis");
    synopsis(&mut page, command, name);
    page.section("Description");
    page.paragraph(&format!("{}.", about.trim_end_matches('.')));
    arguments(&mut page, command);
    let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    below.split("\n\n").filter(|text| !text.is_empty()).for_each(|text| paragraph_of_help(&mut page, text));
    listed(&mut page, "Environment", environment(name));
    listed(&mut page, "Files", files(name));
    see_also(&mut page, name);
    page.text()
}

/// `Title: text`, or `Title:` and lines that stay as they are.
fn paragraph_of_help(page: &mut Roff, text: &str) {
    let (title, text) = text.split_once(':').unwrap_or(("Notes", text));
    page.section(title);
    match text.strip_prefix('\n') {
        Some(lines) => page.verbatim(lines),
        // The title is no part of the sentence.
        None => page.paragraph(&capitalised(text.trim())),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn listed(page: &mut Roff, title: &str, items: &[(&str, &str)]) {
    if !items.is_empty() {
        page.section(title);
        items.iter().for_each(|(tag, text)| page.tagged(&bold(tag), text));
    }
}

/// Every page, without this one.
fn see_also(page: &mut Roff, name: &str) {
    let mut others: Vec<_> = cli::programs().iter().map(|program| (program.get_name().to_owned(), 1)).collect();
    others.insert(1, (FILE.to_owned(), 5));
    for mut program in cli::programs() {
        program.build();
        let parts = program.get_subcommands().filter(|part| part.get_name() != "help");
        others.extend(parts.filter_map(|part| Some((part.get_display_name()?.to_owned(), 1))));
    }
    others.retain(|(other, _)| other != name);
    others.sort_by(|(name, section), (other, of)| (section, name).cmp(&(of, other)));
    page.section("See also");
    let others: Vec<_> = others.iter().map(|(name, section)| format!("{}({section})", bold(name))).collect();
    page.lines(&others.join(", "));
}

fn synopsis(page: &mut Roff, command: &Command, name: &str) {
    let shown = || command.get_arguments().filter(|argument| !argument.is_hide_set());
    let options =
        shown().filter(|argument| !argument.is_positional()).map(|option| format!("[{}]", short_form(option)));
    let operands = shown().filter(|argument| argument.is_positional()).map(operand);
    let words = name.replacen("-explain", " explain", 1);
    let words = if name.starts_with("conn-check-configs-") { name.replacen("configs-", "configs ", 1) } else { words };
    let all: Vec<_> = std::iter::once(bold(&words)).chain(options).chain(operands).collect();
    page.lines(&all.join(" "));
    for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
        let operands: Vec<_> = part.get_positionals().map(operand).collect();
        let line = format!(
            "{} [{}...] {}",
            bold(&format!("{name} {}", part.get_name())),
            italic("OPTION"),
            operands.join(" ")
        );
        page.line_break();
        page.lines(&line);
    }
}

/// The option once, with its value: `-o FILE`, else `--record FILE`.
fn short_form(option: &Arg) -> String {
    let name = option.get_short().map(|short| format!("-{short}"));
    let name = name.or_else(|| option.get_long().map(|long| format!("--{long}"))).unwrap_or_default();
    [bold(&name), value(option)].concat()
}

/// What follows an option, with a blank before it; empty for a flag.
fn value(option: &Arg) -> String {
    if !option.get_action().takes_values() {
        return String::new();
    }
    format!(" {}", italic(&value_name(option)))
}

fn value_name(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    names.first().map_or_else(|| argument.get_id().as_str().to_uppercase(), ToString::to_string)
}

fn operand(argument: &Arg) -> String {
    let dots = if argument.get_num_args().is_some_and(|count| count.max_values() > 1) { "..." } else { "" };
    let name = italic(&value_name(argument));
    // Only --schema can do without a file.
    let is_required = argument.is_required_set() || argument.get_id() == "config";
    if is_required { format!("{name}{dots}") } else { format!("[{name}{dots}]") }
}

/// Operands, words and options, each with what it means.
fn arguments(page: &mut Roff, command: &Command) {
    let shown: Vec<_> = command.get_arguments().filter(|argument| !argument.is_hide_set()).collect();
    let parts: Vec<_> = command.get_subcommands().collect();
    if !parts.is_empty() {
        page.section("Commands");
        for part in parts {
            let about = part.get_about().map(ToString::to_string).unwrap_or_default();
            page.tagged(&bold(part.get_name()), &about);
        }
    }
    if shown.iter().any(|argument| argument.is_positional()) {
        page.section("Arguments");
        let operands = shown.iter().filter(|argument| argument.is_positional());
        operands.for_each(|argument| described(page, argument, &operand(argument)));
    }
    page.section("Options");
    let mut headings: Vec<_> =
        shown.iter().filter(|one| !one.is_positional()).map(|one| one.get_help_heading()).collect();
    headings.sort_by_key(Option::is_none);
    headings.dedup();
    for heading in headings {
        page.subsection(heading.unwrap_or("General"));
        let options = shown.iter().filter(|one| !one.is_positional() && one.get_help_heading() == heading);
        options.for_each(|option| described(page, option, &long_form(option)));
    }
}

/// All names of an option, with its value: `-o, -f, --output FILE`.
fn long_form(option: &Arg) -> String {
    let shorts = option.get_short_and_visible_aliases().unwrap_or_default();
    let shorts = shorts.into_iter().map(|short| format!("-{short}"));
    let longs = option.get_long_and_visible_aliases().unwrap_or_default();
    let names: Vec<_> =
        shorts.chain(longs.into_iter().map(|long| format!("--{long}"))).map(|name| bold(&name)).collect();
    [names.join(", "), value(option)].concat()
}

fn described(page: &mut Roff, argument: &Arg, tag: &str) {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let takes_values = argument.get_action().takes_values();
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let default = if takes_values && !defaults.is_empty() {
        format!(" [default: {}]", defaults.join(" "))
    } else {
        String::new()
    };
    page.tagged(tag, &format!("{help}{default}"));
    let values = if takes_values { argument.get_possible_values() } else { Vec::new() };
    let values: Vec<_> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| (bold(value.get_name()), value.get_help().map(ToString::to_string).unwrap_or_default()))
        .collect();
    if !values.is_empty() {
        page.inner(&values);
    }
}

/// The page of the file of checks.
pub(crate) fn file_format() -> String {
    let mut page = Roff::new(FILE, 5);
    page.section("Name");
    page.paragraph(&format!("{FILE} - file of checks for conn-check"));
    page.section("Description");
    page.paragraph("A list of checks in YAML. Each is a mapping with a `type`, the options of that type, and those that every check has:");
    let example: Vec<_> = Spec::describe()
        .iter()
        .filter(|check| matches!(check.kind, "tcp" | "http"))
        .map(|check| check.example)
        .collect();
    page.verbatim(&example.join(""));
    page.paragraph("`conn-check --validate` reads a file and says what is wrong with it; `conn-check --schema` prints its JSON Schema, for editors; `conn-check explain` shows what stands here, type by type.");
    page.section("Values");
    page.paragraph("In place of a value, {env: NAME} takes it from the environment, and {file: PATH} from a file, without the line's end. What comes from there is treated as a secret: it is in no output. Nothing else is expanded: $NAME stays as it is.");
    page.paragraph("YAML is understood as PyYAML does: yes, no, on and off are truths, 0644 is an octal number, and anchors, aliases and merge keys work. Numbers may stand in quotes.");
    page.section("Options of every check");
    schema::common_options().iter().for_each(|option| declared(&mut page, option));
    for check in Spec::describe() {
        page.section(check.kind);
        page.paragraph(check.about);
        if !check.aliases.is_empty() {
            page.paragraph(&format!("Also called {}.", check.aliases.join(", ")));
        }
        page.verbatim(check.example);
        check.options.iter().for_each(|option| declared(&mut page, option));
    }
    see_also(&mut page, FILE);
    page.text()
}

fn declared(page: &mut Roff, option: &Declared) {
    let default = match (option.required, option.default) {
        (true, _) => "; required".to_owned(),
        (false, Some(default)) => format!("; default: {default}"),
        (false, None) => String::new(),
    };
    page.tagged(&bold(option.key), &format!("{} Takes {}{default}.", option.about, option.shape.words));
}
