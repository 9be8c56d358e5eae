//! Text that is data: documents and lists for standard output.
//!
//! A [`Page`] is lines that may be broken and lines that may not, such as commands. [`table`] sets
//! rows in columns. How wide and whether coloured is decided when it is written.

use std::io;

use unicode_width::UnicodeWidthStr as _;

use super::terminal::{Colour, Terminal, Width, columns};
use super::text::{Meaning, Text};

/// Lines for standard output.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Page {
    lines: Vec<(Text, Breaks)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Breaks {
    /// Continued so many columns further in.
    AtBlanks(usize),
    Never,
}

impl Page {
    /// No lines yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line that is broken where it does not fit.
    pub fn line(&mut self, text: Text) {
        self.hanging(text, 0);
    }

    /// Adds a line that is broken where it does not fit and goes on so many columns further in.
    pub fn hanging(&mut self, text: Text, hang: usize) {
        self.lines.push((text, Breaks::AtBlanks(hang)));
    }

    /// Adds a line that is never broken.
    pub fn exact(&mut self, text: Text) {
        self.lines.push((text, Breaks::Never));
    }

    /// Adds an empty line.
    pub fn blank(&mut self) {
        self.exact(Text::new());
    }

    /// Adds another page, so many columns further in.
    pub fn inset(&mut self, page: Self, columns: usize) {
        let margin = Text::plain(" ".repeat(columns));
        let lines = page.lines.into_iter();
        self.lines.extend(lines.map(|(text, breaks)| (margin.clone().join(text), breaks)));
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Its text, with colours or without.
    pub fn written(&self, colour: Colour, width: Width) -> String {
        let width = columns(width);
        let paint = |text: &Text| match colour {
            Colour::Ansi => text.painted(),
            Colour::Never => text.bare(),
        };
        let mut out = String::new();
        for (text, breaks) in &self.lines {
            let lines = match (breaks, width) {
                (Breaks::AtBlanks(hang), Some(width)) => text.wrapped(width, *hang),
                _ => vec![text.clone()],
            };
            for line in lines {
                out.push_str(paint(&line).trim_end_matches(' '));
                out.push('\n');
            }
        }
        out
    }
}

impl Terminal {
    /// Writes a page to standard output.
    pub fn publish(&self, page: &Page, colour: Colour, width: Width) -> io::Result<()> {
        self.data(&page.written(colour, width))
    }
}

/// Rows in columns, each as wide as its widest cell, below their names. Columns for which there is no
/// room stand below the others, one behind the other.
pub fn table(names: &[&str], rows: &[Vec<Text>], width: Width) -> Page {
    let mut widths: Vec<usize> = names.iter().map(|name| name.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let beside = columns(width).map_or(widths.len(), |room| fitting(&widths, room));
    let names: Vec<Text> = names.iter().map(|name| Text::of(Meaning::Heading, name)).collect();
    let mut page = Page::new();
    for row in std::iter::once(&names).chain(rows) {
        let (first, more) = row.split_at(beside.min(row.len()));
        page.exact(row_line(first, &widths));
        let more = more.iter().filter(|cell| cell.width() > 0);
        let more = more.cloned().reduce(|line, cell| line.add(Meaning::Plain, ", ").join(cell));
        if let Some(more) = more {
            page.line(Text::plain("    ").join(more));
        }
    }
    page
}

/// How many columns fit beside each other; the first in any case.
fn fitting(widths: &[usize], room: usize) -> usize {
    let mut taken = 0;
    let fits = widths.iter().take_while(|width| {
        taken += *width;
        let fits = taken <= room;
        taken += 2;
        fits
    });
    fits.count().max(1)
}

fn row_line(cells: &[Text], widths: &[usize]) -> Text {
    let mut line = Text::new();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let last = index + 1 == cells.len();
        let gap = if last { 0 } else { width - cell.width() + 2 };
        let gap = Text::filtered(Meaning::Plain, " ".repeat(gap));
        line = line.join(cell.clone()).join(gap);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row =
            |run: &str, outcome: &str| vec![Text::plain(run), Text::of(Meaning::Good, outcome)];
        let page = table(
            &["run", "outcome"],
            &[row("2026-a", "resolved"), row("日本", "\x1b[2J")],
            Width::Columns(20),
        );
        assert_eq!(
            page.written(Colour::Never, Width::Columns(20)),
            "run     outcome\n2026-a  resolved\n日本    \\x1b[2J\n"
        );
    }

    #[test]
    fn columns_without_room_stand_below_the_others() {
        let row = |cells: [&str; 4]| cells.map(Text::plain).to_vec();
        let rows =
            [row(["2026-a", "resolved", "A disk", "dana"]), row(["2026-b", "open", "", "eve"])];
        let written = |columns| {
            let width = Width::Columns(columns);
            table(&["run", "state", "runbook", "by"], &rows, width).written(Colour::Never, width)
        };
        let wide = "run     state     runbook  by\n2026-a  resolved  A disk   dana\n\
                    2026-b  open               eve\n";
        assert_eq!(written(31), wide);
        let narrow = "run     state\n    runbook, by\n2026-a  resolved\n    A disk, dana\n\
                      2026-b  open\n    eve\n";
        assert_eq!(written(24), narrow);
    }

    #[test]
    fn prose_is_broken_and_commands_are_not() {
        let mut page = Page::new();
        page.line(Text::plain("    one two three four five"));
        page.exact(Text::plain("    $ one two three four five"));
        assert_eq!(
            page.written(Colour::Never, Width::Columns(20)),
            "    one two three\n    four five\n    $ one two three four five\n"
        );
        assert!(page.written(Colour::Never, Width::Unlimited).lines().count() == 2);
    }
}
