//! Here-documents: their marks, their bodies, and which of them the shell expands.

use std::ops::Range;

use super::item::ends_word;
use super::quotes::Parts;
use super::{
    Item, Part, Quoting, Scanned, Scanner, Showing, Spot, Surround, Symbol, SyntaxProblem,
};

/// Whether the shell expands a here-document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::template) enum Expansion {
    /// `<<EOF`
    Expanded,
    /// `<<'EOF'`
    Verbatim,
}

/// Whether leading tabs are taken away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::template) enum Tabs {
    /// `<<`
    Kept,
    /// `<<-`
    Stripped,
}

/// A here-document.
#[derive(Clone, Debug)]
pub(in crate::template) struct HereDoc {
    /// The end mark, without quotes.
    pub(in crate::template) mark: String,
    /// Where the mark stands behind `<<`, with its quotes.
    pub(in crate::template) mark_at: Range<usize>,
    /// The end mark's own line, without its leading tabs.
    pub(in crate::template) end_at: Range<usize>,
    /// The text between.
    pub(in crate::template) body: Range<usize>,
    pub(in crate::template) expansion: Expansion,
    pub(in crate::template) tabs: Tabs,
    /// What stands in it.
    pub(in crate::template) parts: Vec<Part>,
}

impl Scanner<'_> {
    /// Reads the mark behind `<<`; the body follows at the next line.
    pub(super) fn heredoc_mark(&mut self, tabs: Tabs) -> Scanned<usize> {
        self.skip_blanks();
        let start = self.position;
        let mut mark = String::new();
        let mut expansion = Expansion::Expanded;
        let mut quote = None;
        while let Some(symbol) = self.symbol(0) {
            match (symbol, quote) {
                (Symbol::Slot(slot), _) => {
                    self.place(slot, Quoting::Bare, Spot::EndMark, Showing::Bare);
                }
                (Symbol::Char(c), Some(open)) if c == open => quote = None,
                (Symbol::Char('\n'), Some(_)) => break,
                (Symbol::Char(c @ ('\'' | '"')), None) => {
                    expansion = Expansion::Verbatim;
                    quote = Some(c);
                }
                (Symbol::Char('\\'), None) => {
                    expansion = Expansion::Verbatim;
                    self.position += 1;
                    mark.extend(self.char(0));
                }
                (Symbol::Char(c), None) if ends_word(c) => break,
                (Symbol::Char(c), _) => mark.push(c),
            }
            self.position += 1;
        }
        let at = self.since(start);
        if quote.is_some() || start == self.position {
            return Err(SyntaxProblem::new(at, "this here-document has no end mark"));
        }
        self.scan.documents.push(HereDoc {
            mark,
            mark_at: at,
            end_at: 0..0,
            body: 0..0,
            expansion,
            tabs,
            parts: Vec::new(),
        });
        let index = self.scan.documents.len() - 1;
        self.pending.push(index);
        Ok(index)
    }

    /// Takes a newline and the here-documents that begin behind it.
    pub(super) fn newline(&mut self) -> Scanned<()> {
        self.position += 1;
        if self.outer_pending {
            return Err(self.problem("a here-document begins on this line: close what was opened after its `<<` before the line ends"));
        }
        for (nth, index) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            if nth > 0 {
                // The newline behind the mark of the document before.
                self.position += 1;
            }
            self.heredoc_body(index)?;
        }
        Ok(())
    }

    fn heredoc_body(&mut self, index: usize) -> Scanned<()> {
        let (mark, expansion, tabs, mark_at) = {
            let document = &self.scan.documents[index];
            (document.mark.clone(), document.expansion, document.tabs, document.mark_at.clone())
        };
        let first = self.position;
        let from = self.here().start;
        let mut joined = false;
        loop {
            if self.at_end() {
                let message = format!("the here-document `{mark}` does not end");
                return Err(SyntaxProblem::new(mark_at, message));
            }
            let line = self.position;
            let (text, slashes) = self.line();
            let bare = match tabs {
                Tabs::Kept => text.as_deref(),
                Tabs::Stripped => text.as_deref().map(|text| text.trim_start_matches('\t')),
            };
            if !joined && bare == Some(mark.as_str()) {
                self.end_of_heredoc(index, line, from);
                break;
            }
            // In an expanded document a backslash joins lines, and a joined line is no end.
            joined = expansion == Expansion::Expanded && slashes % 2 == 1;
            self.position += 1;
        }
        let last = self.line_start(first);
        let body: Vec<Item> = self.items[first..last].to_vec();
        self.scan.documents[index].parts = self.body_parts(&body, index, expansion)?;
        Ok(())
    }

    /// Notes where a document ends; `line` is the first symbol of the end mark's line.
    fn end_of_heredoc(&mut self, index: usize, line: usize, from: usize) {
        let end = self.since(line);
        let body_end = self.items.get(line).map_or(end.start, |item| item.at);
        let document = &mut self.scan.documents[index];
        let length: usize = document.mark.len();
        document.end_at = end.end - length..end.end;
        document.body = from..body_end;
        // The newline behind the mark is left for the list.
    }

    /// The first symbol of the line that ends here, not before `first`.
    fn line_start(&self, first: usize) -> usize {
        self.items[first..self.position]
            .iter()
            .rposition(|item| item.symbol == Symbol::Char('\n'))
            .map_or(first, |newline| first + newline + 1)
    }

    /// Moves to the end of the line; its text if it is constant, and how many backslashes end it.
    fn line(&mut self) -> (Option<String>, usize) {
        let mut text = Some(String::new());
        let mut slashes = 0;
        while let Some(symbol) = self.symbol(0) {
            match symbol {
                Symbol::Char('\n') => break,
                Symbol::Char(c) => {
                    slashes = if c == '\\' { slashes + 1 } else { 0 };
                    if let Some(text) = &mut text {
                        text.push(c);
                    }
                }
                Symbol::Slot(_) => {
                    slashes = 0;
                    text = None;
                }
            }
            self.position += 1;
        }
        (text, slashes)
    }

    fn body_parts(
        &mut self,
        body: &[Item],
        index: usize,
        expansion: Expansion,
    ) -> Scanned<Vec<Part>> {
        self.deeper(|scanner| {
            let mut parts = Parts::default();
            let mut inner = scanner.inner(body);
            while let Some(symbol) = inner.symbol(0) {
                match (expansion, symbol) {
                    (Expansion::Expanded, _) => {
                        inner.in_double(&mut parts, Surround::HereDoc(index), Spot::Word)?;
                    }
                    (Expansion::Verbatim, Symbol::Char(c)) => {
                        parts.push_char(c);
                        inner.position += 1;
                    }
                    (Expansion::Verbatim, Symbol::Slot(slot)) => {
                        inner.place(slot, Quoting::HereDoc(index), Spot::Word, Showing::Bare);
                        parts.push(Part::Slot(slot));
                        inner.position += 1;
                    }
                }
            }
            Ok(parts.0)
        })
    }
}
