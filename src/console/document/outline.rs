//! What a document is made of, and its two forms: lines on a terminal, Markdown.

use std::fmt::Write as _;

use super::chart::Kind;
use super::tame::tame;
use crate::console::page::Page;
use crate::console::text::{Meaning, Text};
use crate::console::wording;
use crate::diagnostic::visible;
use crate::runbook::Effect;

/// One piece of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Block {
    /// The name of the whole.
    Title(String),
    /// The name of a part, which goes to the next one.
    Heading(String),
    /// The name of a group.
    Group(String),
    /// The end of a group.
    Leave,
    /// A line of plain text.
    Plain(String),
    /// Text that its author wrote as Markdown.
    Prose(String),
    /// A rule that must not be broken.
    Never(String),
    /// One thing to do.
    Step { number: String, title: String, kind: Kind, anchor: String },
    /// A command.
    Command(String),
    /// Something about what stands above.
    Field { label: &'static str, text: String },
    /// The same, an expression.
    Code { label: &'static str, text: String },
    /// A page to read or to open.
    Link { label: &'static str, title: String, url: String },
    /// The reason of what stands above, Markdown.
    Why(String),
    /// What output looks like.
    Sample(String),
    /// A way to go, or a part of an instruction.
    Item(String),
    /// The steps of a runbook that what stands above uses.
    Inside(Vec<Block>),
}

/// A document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outline {
    pub(super) blocks: Vec<Block>,
}

impl Outline {
    pub(super) fn new(blocks: Vec<Block>) -> Self {
        Self { blocks }
    }

    /// For a terminal.
    pub fn page(&self) -> Page {
        let mut page = Page::new();
        let mut indent = "  ";
        for block in &self.blocks {
            match block {
                Block::Title(text) => page.line(Text::of(Meaning::Heading, text)),
                Block::Leave => {}
                Block::Heading(text) | Block::Group(text) => {
                    page.blank();
                    page.line(Text::of(Meaning::Heading, text));
                    indent = "    ";
                }
                Block::Step { number, title, kind, .. } => {
                    page.blank();
                    page.line(step_line(number, title, effect(*kind)));
                    indent = "    ";
                }
                Block::Never(text) => {
                    let line = Text::plain(indent).add(Meaning::Never, "never   ");
                    page.hanging(line.add(Meaning::Plain, text), 8);
                }
                Block::Field { label, text } | Block::Code { label, text } => {
                    page.hanging(field(indent, label, text), 8);
                }
                Block::Link { label, title, url } => {
                    page.hanging(field(indent, label, &link(title, url)), 8);
                }
                Block::Sample(text) => {
                    page.line(Text::plain(indent).add(Meaning::Dim, "sample"));
                    let text = Text::new().add_lines(Meaning::Dim, text.trim_end_matches('\n'));
                    for line in text.lines() {
                        page.exact(Text::plain(indent).add(Meaning::Dim, "  ").join(line));
                    }
                }
                Block::Plain(text) => page.line(Text::plain(indent).add(Meaning::Plain, text)),
                Block::Item(text) => {
                    page.hanging(Text::plain(indent).add(Meaning::Plain, format!("- {text}")), 2);
                }
                Block::Prose(text) | Block::Why(text) => {
                    for line in text.trim_end().lines() {
                        page.line(Text::plain(indent).add(Meaning::Plain, line));
                    }
                }
                Block::Command(text) => command_lines(&mut page, indent, text),
                Block::Inside(blocks) => page.inset(Self::new(blocks.clone()).page(), 4),
            }
        }
        page
    }

    /// As Markdown, in which nothing of a title or a value is markup.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        let mut listed = false;
        for block in &self.blocks {
            let lists = matches!(
                block,
                Block::Code { .. }
                    | Block::Field { .. }
                    | Block::Item(_)
                    | Block::Link { .. }
                    | Block::Never(_)
            );
            if *block == Block::Leave {
                continue;
            }
            let joins = lists && listed;
            if !out.is_empty() && !joins {
                out.push('\n');
            }
            listed = lists;
            let _infallible = match block {
                Block::Title(text) => writeln!(out, "# {}", inert(text)),
                Block::Leave => Ok(()),
                Block::Heading(text) | Block::Group(text) => writeln!(out, "## {}", inert(text)),
                Block::Plain(text) => writeln!(out, "{}", inert(text)),
                Block::Prose(text) | Block::Why(text) => {
                    writeln!(out, "{}", tame(text.trim_end()))
                }
                Block::Never(text) => writeln!(out, "- **Never:** {}", inert(text)),
                Block::Step { number, title, kind, .. } => {
                    writeln!(out, "### {}", step_heading(number, title, effect(*kind)))
                }
                Block::Command(text) => fenced(&mut out, text, "sh"),
                Block::Sample(text) => fenced(&mut out, text, "text"),
                Block::Link { label, title, url } => {
                    writeln!(out, "- {label}: {}", inert(&link(title, url)))
                }
                Block::Field { label, text } | Block::Code { label, text } => {
                    writeln!(out, "- {label}: {}", inert(text))
                }
                Block::Item(text) => writeln!(out, "- {}", inert(text)),
                Block::Inside(blocks) => {
                    let inside = Self::new(blocks.clone()).markdown();
                    inside.lines().try_for_each(|line| writeln!(out, "> {line}"))
                }
            };
        }
        out
    }
}

fn effect(kind: Kind) -> Option<Effect> {
    match kind {
        Kind::Run(effect) => Some(effect),
        _ => None,
    }
}

fn field(indent: &str, label: &str, text: &str) -> Text {
    Text::plain(indent).add(Meaning::Dim, format!("{label:<8}")).add(Meaning::Plain, text)
}

/// A page with its title; one that has none is its address.
fn link(title: &str, url: &str) -> String {
    if title == url { url.to_owned() } else { format!("{title}: {url}") }
}

fn fenced(out: &mut String, text: &str, language: &str) -> std::fmt::Result {
    let text = visible(text.trim_end_matches('\n'));
    let fence = fence(&text);
    writeln!(out, "{fence}{language}\n{text}\n{fence}")
}

fn step_line(number: &str, title: &str, effect: Option<Effect>) -> Text {
    let line = Text::of(Meaning::Dim, format!("{number:>2}  ")).add(Meaning::Heading, title);
    match effect {
        None => line,
        Some(effect) => line
            .add(Meaning::Plain, "  ")
            .add(Meaning::Effect(effect), format!("[{}]", wording::effect(effect))),
    }
}

fn step_heading(number: &str, title: &str, effect: Option<Effect>) -> String {
    let effect = effect.map_or(String::new(), |effect| format!(" ({})", wording::effect(effect)));
    format!("{number} {}{effect}", inert(title)).trim_start().to_owned()
}

fn command_lines(page: &mut Page, indent: &str, command: &str) {
    let text = Text::new().add_lines(Meaning::Command, command.trim_end_matches('\n'));
    for (index, line) in text.lines().into_iter().enumerate() {
        let mark = if index == 0 { "$ " } else { "  " };
        page.exact(Text::plain(indent).add(Meaning::Dim, mark).join(line));
    }
}

/// Plain text in which no character means anything to Markdown.
pub(super) fn inert(text: &str) -> String {
    let shown = crate::console::filter::shown_line(text);
    let mut out = String::with_capacity(shown.len());
    for character in shown.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '!' | '~' => {
                out.push('\\');
                out.push(character);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            _ => out.push(character),
        }
    }
    out
}

/// A fence that is not in the text.
fn fence(text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(3.max(longest + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_inert_in_markdown() {
        assert_eq!(
            inert("<b>[x](http://e) *a* `c`\x1b"),
            "&lt;b&gt;\\[x\\](http://e) \\*a\\* \\`c\\`\\\\x1b"
        );
    }

    #[test]
    fn a_command_cannot_close_its_fence() {
        let outline = Outline::new(vec![Block::Command("echo '\n```\n# oh'".to_owned())]);
        assert_eq!(outline.markdown(), "````sh\necho '\n```\n# oh'\n````\n");
    }
}
