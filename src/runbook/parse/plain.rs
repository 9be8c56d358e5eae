//! The second reading of texts that use only the plainest YAML: most runbooks, and a quarter of the
//! time that another parser takes for all of YAML.
//!
//! It reads the text itself and believes the tree in nothing: it goes along the tree only to compare
//! what stands in the text with it, byte for byte to the end. It knows block maps and lists, braces
//! and brackets that close on their line, `|` and `>` texts, texts in quotes on one line with the
//! escapes that everybody knows, and words, numbers and durations that are nothing else to any reader
//! of YAML. Whatever else stands in a text (another character than printable ASCII, a value over
//! several lines, a tag, an escape, `yes: no: `) makes it give up, and then the other parser is asked,
//! as it is when the readings differ. So this reader can be wrong only where all of these are: its few
//! rules, the first parser, and the rule that a text of this kind means one thing. That the other
//! parser agrees wherever this one does is asserted in builds with debug assertions, which all tests
//! and the fuzzer are.

use super::tree::{Entry, Kind, Map, Node, Scalar, Style};

/// The longest key. YAML allows 1024 characters.
const MOST_KEY: usize = 128;

/// Whether the text is of the plainest YAML and says what the tree says.
pub(super) fn says(text: &str, tree: &Node) -> bool {
    let Kind::Map(map) = &tree.kind else { return false };
    let mut lines = Lines { rest: text };
    !map.flow
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'))
        && lines.next_content().is_some_and(|line| line.column == 0)
        && lines.map(map, 0).is_some()
        && lines.next_content().is_none()
        && lines.rest.is_empty()
}

/// A line that is neither empty nor a comment.
#[derive(Clone, Copy)]
struct Line<'a> {
    /// How many blanks stand before its content.
    column: usize,
    /// What is left of the text from its content on.
    content: &'a str,
}

/// What was not read yet; it begins with a line, or within one behind what opens a value.
struct Lines<'a> {
    rest: &'a str,
}

/// What a method gives if the text may go on as the tree says; otherwise this reader gives up.
type Agrees = Option<()>;

impl<'a> Lines<'a> {
    /// Looks at the next line with content; what stands before it is left behind.
    fn next_content(&mut self) -> Option<Line<'a>> {
        loop {
            let content = self.rest.trim_start_matches(' ');
            let column = self.rest.len() - content.len();
            match content.bytes().next()? {
                b'#' => self.rest = content.split_once('\n')?.1,
                b'\n' if column == 0 => self.rest = &content[1..],
                b'\n' => return None,
                _ => return Some(Line { column, content }),
            }
        }
    }

    /// A block map whose first key stands on the line at hand, behind what was read of it.
    fn map(&mut self, map: &Map, column: usize) -> Agrees {
        let (first, others) = map.entries.split_first()?;
        let at_hand = self.rest.trim_start_matches(' ');
        self.entry(first, at_hand, column)?;
        for entry in others {
            let line = self.next_content()?;
            if line.column != column {
                return None;
            }
            self.entry(entry, line.content, column)?;
        }
        Some(())
    }

    /// An entry of a block map; `rest` begins with its key.
    fn entry(&mut self, entry: &Entry, rest: &'a str, column: usize) -> Agrees {
        let rest = key(rest, &entry.key)?;
        if let Some(below) = rest.strip_prefix('\n') {
            self.rest = below;
            return self.below(&entry.value, column);
        }
        self.rest = rest.strip_prefix(' ')?.trim_start_matches(' ');
        self.rest_of_line(&entry.value, column)
    }

    /// The value of a key that stands on the lines below it.
    fn below(&mut self, node: &Node, column: usize) -> Agrees {
        let line = self.next_content()?;
        match &node.kind {
            Kind::Map(map) if !map.flow && line.column > column => self.map(map, line.column),
            Kind::List(items) if line.column >= column => self.list(items, line.column),
            _ => None,
        }
    }

    /// A block list. One in brackets is none, as a value in brackets stands behind its key.
    fn list(&mut self, items: &[Node], column: usize) -> Agrees {
        for item in items {
            let line = self.next_content()?;
            let rest = line.content.strip_prefix("- ")?;
            if line.column != column {
                return None;
            }
            self.rest = rest.trim_start_matches(' ');
            match &item.kind {
                Kind::Map(map) if !map.flow => {
                    let own = column + 2 + rest.len() - self.rest.len();
                    self.map(map, own)?;
                }
                _ => self.rest_of_line(item, column)?,
            }
        }
        (!items.is_empty()).then_some(())
    }

    /// A value on the line where it begins, or a block text that begins there. What holds it is
    /// indented by `column`.
    fn rest_of_line(&mut self, node: &Node, column: usize) -> Agrees {
        let (line, after) = self.rest.split_once('\n')?;
        if let Kind::Scalar(Scalar { value, style }) = &node.kind {
            match style {
                Style::Literal | Style::Folded => {
                    self.rest = after;
                    let ends = match (line, style) {
                        ("|", Style::Literal) | (">", Style::Folded) => "\n",
                        ("|-", Style::Literal) | (">-", Style::Folded) => "",
                        _ => return None,
                    };
                    return self.block(value, ends, *style, column);
                }
                Style::Plain => {
                    let word = line.split_once(" #").map_or(line, |(word, _)| word);
                    self.rest = after;
                    let word = word.trim_end_matches(' ');
                    return (word == value && !ends_early(word) && means_itself(word))
                        .then_some(());
                }
                Style::Double | Style::Single => {}
            }
        }
        let behind = in_line(line, node, 0)?;
        let bare = behind.trim_start_matches(' ');
        let comment = bare.starts_with('#') && bare.len() < behind.len();
        self.rest = after;
        (bare.is_empty() || comment).then_some(())
    }

    /// A `|` text: all lines that are indented as far as its first one, or empty. A `>` text folds
    /// them, which is plain as long as none of them is indented further.
    fn block(&mut self, value: &str, ends: &str, style: Style, column: usize) -> Agrees {
        let folds = style == Style::Folded;
        let first = self.rest.trim_start_matches(' ');
        let indent = self.rest.len() - first.len();
        if indent <= column || first.starts_with('\n') {
            return None;
        }
        let mut value = value;
        let mut empty = 0;
        let mut begun = false;
        while let Some((line, after)) = self.rest.split_once('\n') {
            let blanks = line.len() - line.trim_start_matches(' ').len();
            if line.is_empty() {
                empty += 1;
            } else if blanks == line.len() {
                return None;
            } else if blanks < indent {
                break;
            } else if folds && blanks > indent {
                return None;
            } else {
                if begun && folds && empty == 0 {
                    value = value.strip_prefix(' ')?;
                }
                for _ in 0..empty + usize::from(begun && !folds) {
                    value = value.strip_prefix('\n')?;
                }
                value = value.strip_prefix(line.get(indent..)?)?;
                (empty, begun) = (0, true);
            }
            self.rest = after;
        }
        (value == ends).then_some(())
    }
}

/// What follows a key and its colon.
fn key<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let begins = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_word = key.len() <= MOST_KEY && key.bytes().next().is_some_and(begins);
    (is_word && key.bytes().all(word)).then(|| text.strip_prefix(key)?.strip_prefix(':'))?
}

/// A value in quotes, braces or brackets, or within these. Gives what follows it on its line.
fn in_line<'a>(line: &'a str, node: &Node, depth: usize) -> Option<&'a str> {
    match &node.kind {
        Kind::Map(map) if map.flow => {
            let mut rest = line.strip_prefix('{')?;
            for (number, entry) in map.entries.iter().enumerate() {
                rest = item(rest, number)?;
                rest = key(rest, &entry.key)?.strip_prefix(' ')?.trim_start_matches(' ');
                rest = in_line(rest, &entry.value, depth + 1)?;
            }
            rest.trim_start_matches(' ').strip_prefix('}')
        }
        Kind::List(items) => {
            let mut rest = line.strip_prefix('[')?;
            for (number, node) in items.iter().enumerate() {
                rest = in_line(item(rest, number)?, node, depth + 1)?;
            }
            rest.trim_start_matches(' ').strip_prefix(']')
        }
        Kind::Map(_) => None,
        Kind::Scalar(scalar) => match scalar.style {
            Style::Double => quoted(line, '"', &scalar.value),
            Style::Single => quoted(line, '\'', &scalar.value),
            Style::Plain if depth > 0 => {
                let end = line.find([',', '}', ']'])?;
                let word = line[..end].trim_end_matches(' ');
                let safe =
                    |byte: u8| byte.is_ascii_alphanumeric() || b" _-./%+=@$()".contains(&byte);
                (word == scalar.value && word.bytes().all(safe) && means_itself(word))
                    .then(|| &line[end..])
            }
            Style::Plain | Style::Literal | Style::Folded => None,
        },
    }
}

/// Where an item in brackets or braces begins.
fn item(rest: &str, number: usize) -> Option<&str> {
    let rest = rest.trim_start_matches(' ');
    let rest = if number == 0 { rest } else { rest.strip_prefix(',')? };
    Some(rest.trim_start_matches(' '))
}

/// A text in quotes, with no escapes but those that everybody knows. Gives what follows it.
fn quoted<'a>(line: &'a str, quote: char, value: &str) -> Option<&'a str> {
    let mut rest = line.strip_prefix(quote)?;
    let mut value = value;
    loop {
        let end = rest.find(|c| c == quote || quote == '"' && c == '\\')?;
        value = value.strip_prefix(&rest[..end])?;
        rest = &rest[end..];
        let says = match (quote, rest.get(..2)) {
            ('"', Some("\\\"")) => '"',
            ('"', Some("\\\\")) => '\\',
            ('"', Some("\\n")) => '\n',
            ('\'', Some("''")) => '\'',
            _ => return value.is_empty().then(|| rest.strip_prefix(quote))?,
        };
        value = value.strip_prefix(says)?;
        rest = &rest[2..];
    }
}

/// Whether a word behind a key holds what would begin a map.
fn ends_early(word: &str) -> bool {
    word.contains(": ") || word.ends_with(':')
}

/// Whether a word without quotes is one to every reader: a text that begins as no number, mark or
/// null does, a small number, or a duration.
fn means_itself(word: &str) -> bool {
    match word.as_bytes() {
        [b'a'..=b'z' | b'A'..=b'Z', ..] => {
            matches!(word, "true" | "false" | "null")
                || !["true", "false", "null"].iter().any(|it| word.eq_ignore_ascii_case(it))
        }
        [b'/' | b'$' | b'(' | b'_', ..] | [b'.', b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => true,
        [b'0'..=b'9', ..] => is_number(word),
        _ => false,
    }
}

/// Whether digits are a number, or a duration, with nothing to be asked.
fn is_number(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = word.split_at(digits);
    let few = digits < 10 && (whole == "0" || !whole.starts_with('0'));
    let fraction = |rest: &str| {
        rest.strip_prefix('.').is_some_and(|it| {
            !it.is_empty() && it.len() < 6 && it.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    few && (matches!(rest, "" | "ms" | "s" | "m" | "h" | "d") || fraction(rest))
}

#[cfg(test)]
mod tests;
