//! What the picker looks like: the line that is typed into, the lines to choose from, a preview, keys.

use std::fs::File;

use super::Key;
use super::choice::Choice;
use crate::console::terminal::Terminal;
use crate::console::text::{Meaning, Text};

/// The list is not longer than this.
const MOST_LISTED: usize = 12;

/// The preview is not longer than this.
const MOST_PREVIEWED: usize = 8;

/// The size of a terminal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Size {
    rows: usize,
    columns: usize,
}

/// Lines that are drawn, and where the cursor is in the first.
pub(super) struct Frame {
    pub(super) lines: Vec<Text>,
    pub(super) cursor: usize,
}

impl Size {
    /// The size of a terminal now; that of an old one if it does not tell.
    pub(super) fn of(device: &File) -> Option<Self> {
        let size = rustix::termios::tcgetwinsize(device).ok()?;
        let or = |told: u16, other| if told == 0 { other } else { usize::from(told) };
        Some(Self { rows: or(size.ws_row, 24), columns: or(size.ws_col, 80) })
    }

    /// Whether there is room for a line that is typed into and one to choose.
    pub(super) fn is_enough(&self) -> bool {
        self.rows >= 3 && self.columns >= 20
    }

    /// How many lines can be chosen from at a time.
    pub(super) fn rows_of_list(self) -> usize {
        let room = self.rows.saturating_sub(2).max(1);
        // A preview is worth more than the last lines of a long list.
        let most = if room > 8 { room.div_ceil(2) } else { room };
        most.min(MOST_LISTED)
    }

    fn rows_of_preview(self) -> usize {
        let others = 1 + self.rows_of_list() + 1 + 1;
        self.rows.saturating_sub(1).saturating_sub(others).min(MOST_PREVIEWED)
    }
}

/// The lines of the picker, each as wide as the terminal at most.
pub(super) fn lines(choice: &Choice<'_>, size: Size, terminal: &Terminal) -> Frame {
    // The last column stays free: some terminals go to the next line in it.
    let width = size.columns.saturating_sub(1);
    let head = Text::of(Meaning::Hint, "> ").add(Meaning::Plain, &choice.typed);
    let cursor = head.width().min(width);
    let (fitting, all) = choice.counts;
    let count = Text::of(Meaning::Dim, format!("{fitting} of {all}"));
    let mut lines = vec![beside(head, &count, width)];
    for (index, offer) in choice.seen.iter().enumerate() {
        let marked = index == choice.marked();
        let mark = if marked { terminal.glyph("▸ ", "> ") } else { "  " };
        let meaning = if marked { Meaning::Heading } else { Meaning::Plain };
        let mut line = Text::of(Meaning::Hint, mark);
        if matches!(offer.key, Key::Resume(_)) {
            line = line.add(Meaning::Warning, "resume ");
        }
        line = line.add(meaning, &offer.name).add(Meaning::Plain, "  ");
        lines.push(line.add(Meaning::Plain, &offer.title).cut(width));
    }
    if choice.seen.is_empty() {
        lines.push(Text::of(Meaning::Dim, "  nothing is like that").cut(width));
    }
    let room = size.rows_of_preview();
    if room > 0 {
        lines.push(Text::of(Meaning::Dim, terminal.glyph("─", "-").repeat(width.min(60))));
        let preview = choice.preview.lines.iter().flat_map(|line| line.wrapped(width, 2));
        lines.extend(preview.take(room).map(|line| line.cut(width)));
    }
    if size.rows > lines.len() + 1 {
        lines.push(keys(terminal).cut(width));
    }
    Frame { lines, cursor }
}

fn keys(terminal: &Terminal) -> Text {
    let mut text = Text::new();
    for (index, (key, does)) in
        [("Enter", "walk"), ("Tab", "show"), ("Esc", "leave")].into_iter().enumerate()
    {
        let between = if index == 0 { "" } else { terminal.dot() };
        text = text.add(Meaning::Dim, between).add(Meaning::Hint, key);
        text = text.add(Meaning::Dim, format!(" {does}"));
    }
    text
}

/// One text, and another at the right edge if there is room.
fn beside(left: Text, right: &Text, width: usize) -> Text {
    let Some(gap) = width.checked_sub(left.width() + right.width()).filter(|gap| *gap > 1) else {
        return left.cut(width);
    };
    left.join(Text::filtered(Meaning::Plain, " ".repeat(gap))).join(right.clone())
}
