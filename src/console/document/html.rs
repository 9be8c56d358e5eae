//! A document as one page that does nothing: no script, no request, all styles inside, readable on
//! a phone, on paper, in the dark, and with a screen reader.

use std::fmt::Write as _;

use super::chart::{Chart, Kind};
use super::outline::Block;
use super::prose::prose;
use super::svg;
use crate::console::filter::{shown, shown_line};

const STYLE: &str = include_str!("page.css");

/// A page of blocks and a chart.
pub(super) fn page(blocks: &[Block], chart: &Chart) -> String {
    let mut page = Page { out: String::new(), open: Vec::new(), numbered: 0 };
    page.head(&chart.title);
    page.body(blocks, chart);
    page.out
}

/// Text between tags or in an attribute; what is not seen is shown as an escape.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out
}

/// Whether an address may be a link: http or https, known in full.
pub(super) fn may_link(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| scheme == "http" || scheme == "https") && !url.contains("{{")
}

/// What is open and must be closed before something greater begins.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Open {
    Facts,
    Items,
    Step,
    Section,
}

struct Page {
    out: String,
    open: Vec<Open>,
    numbered: usize,
}

impl Page {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        let _infallible = self.out.write_fmt(text);
    }

    fn head(&mut self, title: &str) {
        self.put(format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'; img-src data:\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
            escaped(title)
        ));
    }

    fn body(&mut self, blocks: &[Block], chart: &Chart) {
        let steps = blocks.iter().position(|block| {
            matches!(block, Block::Group(_) | Block::Heading(_) | Block::Step { .. })
        });
        let (front, steps) = blocks.split_at(steps.unwrap_or(blocks.len()));
        self.out.push_str("<header>\n");
        self.blocks(front);
        self.close(None);
        self.out.push_str("</header>\n");
        self.put(format_args!(
            "<nav aria-label=\"Picture\">\n<details open>\n<summary>The way through</summary>\n\
             <div class=\"picture\">{}</div>\n</details>\n</nav>\n<main>\n<h2>Steps</h2>\n",
            svg::drawing(chart)
        ));
        self.blocks(steps);
        self.close(None);
        self.out.push_str("</main>\n</body>\n</html>\n");
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    /// Closes what is open, up to and without something.
    fn close(&mut self, up_to: Option<Open>) {
        while let Some(open) = self.open.last().copied().filter(|open| Some(*open) != up_to) {
            self.open.pop();
            self.out.push_str(match open {
                Open::Facts => "</dl>\n",
                Open::Items => "</ul>\n",
                Open::Step => "</article>\n",
                Open::Section => "</section>\n",
            });
        }
    }

    /// Opens a list if it is not open; other lists end.
    fn within(&mut self, list: Open, tag: &str) {
        if self.open.last() == Some(&list) {
            return;
        }
        self.lists();
        self.out.push_str(tag);
        self.open.push(list);
    }

    /// Ends lists.
    fn lists(&mut self) {
        while matches!(self.open.last(), Some(Open::Facts | Open::Items)) {
            let up_to = self.open.len().checked_sub(2).map(|at| self.open[at]);
            self.close(up_to);
        }
    }

    fn fact(&mut self, label: &str, value: std::fmt::Arguments<'_>) {
        self.within(Open::Facts, "<dl>\n");
        self.put(format_args!("<div><dt>{}</dt><dd>{value}</dd></div>\n", escaped(label)));
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Title(text) => self.put(format_args!("<h1>{}</h1>\n", line(text))),
            Block::Heading(title) => {
                self.close(None);
                self.section(title);
            }
            Block::Group(title) => {
                self.close_to_section();
                self.section(title);
            }
            Block::Leave => {
                self.close_to_section();
                self.open.pop();
                self.out.push_str("</section>\n");
            }
            Block::Step { number, title, kind, anchor } => self.step(number, title, *kind, anchor),
            Block::Plain(text) => {
                self.lists();
                self.put(format_args!("<p>{}</p>\n", line(text)));
            }
            Block::Prose(text) => {
                self.lists();
                let text = prose(&shown(text));
                self.put(format_args!("<div class=\"prose\">{text}</div>\n"));
            }
            Block::Why(text) => self.folded("Why", &prose(&shown(text))),
            Block::Sample(text) => {
                self.folded(
                    "What it looks like",
                    &format!("<pre tabindex=\"0\">{}</pre>", lines(text)),
                );
            }
            Block::Never(text) => {
                self.lists();
                self.put(format_args!(
                    "<p class=\"never\"><strong>Never:</strong> {}</p>\n",
                    line(text)
                ));
            }
            Block::Command(text) => {
                self.lists();
                self.put(format_args!(
                    "<pre class=\"command\" tabindex=\"0\">{}</pre>\n",
                    lines(text)
                ));
            }
            fact => self.detail(fact),
        }
    }

    /// What a list of facts or ways holds.
    fn detail(&mut self, block: &Block) {
        match block {
            Block::Field { label, text } if text.is_empty() => {
                self.lists();
                self.put(format_args!("<p class=\"label\">{}</p>\n", line(label)));
            }
            Block::Field { label, text } => self.fact(label, format_args!("{}", line(text))),
            Block::Code { label, text } => {
                self.fact(label, format_args!("<code>{}</code>", line(text)));
            }
            Block::Link { label, title, url } if may_link(url) => self.fact(
                label,
                format_args!(
                    "<a rel=\"noopener noreferrer\" href=\"{}\">{}</a>",
                    escaped(url),
                    line(title)
                ),
            ),
            Block::Link { label, title, url } if title == url => {
                self.fact(label, format_args!("<code>{}</code>", line(url)));
            }
            Block::Link { label, title, url } => {
                self.fact(label, format_args!("{}: <code>{}</code>", line(title), line(url)));
            }
            Block::Item(text) => {
                self.within(Open::Items, "<ul>\n");
                self.put(format_args!("<li>{}</li>\n", line(text)));
            }
            _ => {}
        }
    }

    fn section(&mut self, title: &str) {
        self.numbered += 1;
        let (id, level) = (self.numbered, self.level());
        self.put(format_args!(
            "<section aria-labelledby=\"part-{id}\">\n<h{level} id=\"part-{id}\">{}</h{level}>\n",
            line(title)
        ));
        self.open.push(Open::Section);
    }

    /// The level of a heading that stands here.
    fn level(&self) -> usize {
        let sections = self.open.iter().filter(|open| **open == Open::Section).count();
        (3 + sections).min(6)
    }

    /// Closes what is open in the section.
    fn close_to_section(&mut self) {
        let section = self.open.contains(&Open::Section).then_some(Open::Section);
        self.close(section);
    }

    fn step(&mut self, number: &str, title: &str, kind: Kind, anchor: &str) {
        self.close_to_section();
        let (id, level) = (escaped(anchor), self.level());
        self.put(format_args!(
            "<article class=\"step {}\" id=\"{id}\" aria-labelledby=\"{id}-title\">\n\
             <h{level} id=\"{id}-title\"><span class=\"number\">{}</span> {} \
             <span class=\"badge\">{}</span></h{level}>\n",
            kind.class(),
            line(number),
            line(title),
            kind.word(),
        ));
        self.open.push(Open::Step);
    }

    fn folded(&mut self, summary: &str, inside: &str) {
        self.lists();
        self.put(format_args!("<details>\n<summary>{summary}</summary>\n{inside}\n</details>\n"));
    }
}

fn line(text: &str) -> String {
    escaped(&shown_line(text))
}

fn lines(text: &str) -> String {
    escaped(&shown(text.trim_end_matches('\n')))
}
