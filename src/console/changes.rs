//! What became of a runbook since it was trusted, command by command.

use super::page::Page;
use super::text::{Meaning, Text};
use super::wording;
use crate::catalog::{Changed, ChangedFile, Difference, Happened, Stated};

/// How much is otherwise, in a few words.
pub fn changes_in_words(difference: &Difference) -> String {
    let verbs = ["added", "altered", "moved", "removed"];
    let counts = difference.counts().into_iter().zip(verbs);
    let mut words: Vec<String> = counts
        .filter(|(count, _)| *count > 0)
        .map(|(count, verb)| format!("{} {verb}", wording::count(count, "command")))
        .collect();
    if words.is_empty() {
        words.push("no command".to_owned());
    }
    words.push(wording::count(difference.files.len(), "file"));
    words.join(", ")
}

/// The commands and the files that are otherwise.
pub fn changes_page(difference: &Difference) -> Page {
    let mut page = Page::new();
    for changed in &difference.commands {
        match changed {
            Changed::Added(now) => {
                page.line(heading("added", now));
                exact(&mut page, '+', &lines(now));
            }
            Changed::Removed(before) => {
                page.line(heading("removed", before));
                exact(&mut page, '-', &lines(before));
            }
            Changed::Moved(now) => {
                page.line(heading("moved", now));
                exact(&mut page, ' ', &lines(now));
            }
            Changed::Altered(before, now) => {
                page.line(heading("altered", now));
                altered(&mut page, &lines(before), &lines(now));
            }
        }
    }
    for file in &difference.files {
        let text = Text::of(Meaning::Heading, format!("file     {}", file.path));
        page.line(text.add(Meaning::Plain, format!(": {}", happened(file))));
        signed(&mut page, &file.lines);
    }
    page
}

/// The texts of runbooks that are otherwise: of each its path, and lines with a sign before them.
pub fn texts_page(texts: &[(String, Vec<String>)]) -> Page {
    let mut page = Page::new();
    for (path, lines) in texts {
        page.line(Text::of(Meaning::Heading, format!("text     {path}")));
        signed(&mut page, lines);
    }
    page
}

fn signed(page: &mut Page, lines: &[String]) {
    for line in lines {
        let sign = line.chars().next().unwrap_or(' ');
        exact(page, sign, &[line.get(sign.len_utf8()..).unwrap_or_default().to_owned()]);
    }
}

fn happened(file: &ChangedFile) -> String {
    let what = match file.happened {
        Happened::Added => "added".to_owned(),
        Happened::Changed => "changed".to_owned(),
        Happened::Edited { more, less } => {
            format!("{} more, {} less", wording::count(more, "line"), wording::count(less, "line"))
        }
        Happened::Removed => "removed".to_owned(),
    };
    match file.program {
        None => what,
        Some(true) => format!("{what}, and a program now"),
        Some(false) => format!("{what}, and no program any more"),
    }
}

fn heading(what: &str, command: &Stated) -> Text {
    let name = match command.role.as_str() {
        "run" => command.of.clone(),
        role => format!("{}: {role}", command.of),
    };
    Text::of(Meaning::Heading, format!("{what:<8} {name}"))
        .add(Meaning::Plain, "  ")
        .add(Meaning::Effect(command.effect), format!("[{}]", wording::effect(command.effect)))
}

/// All that a command is, a line each.
fn lines(command: &Stated) -> Vec<String> {
    let mut lines = vec![format!("effect: {}", wording::effect(command.effect))];
    if !command.place.is_empty() {
        lines.push(format!("where: {}", command.place));
    }
    lines.extend(command.lines.iter().map(|line| format!("  {line}")));
    lines
}

fn altered(page: &mut Page, before: &[String], now: &[String]) {
    for part in similar::capture_diff_slices(similar::Algorithm::Myers, before, now) {
        if part.tag() == similar::DiffTag::Equal {
            exact(page, ' ', &before[part.old_range()]);
        } else {
            exact(page, '-', &before[part.old_range()]);
            exact(page, '+', &now[part.new_range()]);
        }
    }
}

fn exact(page: &mut Page, sign: char, lines: &[String]) {
    let meaning = match sign {
        '+' => Meaning::Good,
        '-' => Meaning::Bad,
        _ => Meaning::Plain,
    };
    for line in lines {
        page.exact(Text::plain("    ").add(meaning, format!("{sign} {line}")));
    }
}
