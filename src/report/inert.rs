//! Text that others wrote, made harmless: nothing in it moves a cursor, hides, or is taken for
//! Markdown or HTML. What was there stays visible.

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Shows a text on one line: controls, and what cannot be seen, as escapes.
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            _ => push_visible(&mut shown, c),
        }
    }
    shown
}

/// Shows a text that keeps its lines and tabs.
pub(super) fn lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            _ => push_visible(&mut shown, c),
        }
    }
    shown
}

fn push_visible(shown: &mut String, c: char) {
    match c {
        '\t' => shown.push_str("\\t"),
        '\r' => shown.push_str("\\r"),
        c if c.is_ascii_control() => {
            let code = u8::try_from(c).expect("it is ASCII");
            shown.push_str("\\x");
            shown.extend([code >> 4, code & 15].map(|digit| char::from(HEX[usize::from(digit)])));
        }
        c if is_unseen(c) => shown.extend(c.escape_unicode()),
        c => shown.push(c),
    }
}

/// Controls, and characters that turn text around, join it or take no room.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// JSON that shows no control and hides nothing either, with the same meaning: what JSON lets stand
/// as it is can only be inside of its strings.
pub fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_unseen(c) {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units).iter();
            safe.extend(units.map(|unit| format!("\\u{unit:04x}")));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// A text for the running text, a list or a table of a Markdown document. It is not at the start
/// of a line there.
pub(super) fn markdown(text: &str) -> String {
    let visible = line(text.trim_matches(' '));
    let mut safe = String::with_capacity(visible.len());
    // What could open a list, a heading or a quotation does so only at the start.
    let opening = visible.find(|c: char| !c.is_ascii_digit()).filter(|at| *at < 10);
    for (at, c) in visible.char_indices() {
        let opens = opening == Some(at)
            && match at {
                0 => matches!(c, '-' | '+' | '='),
                _ => matches!(c, '.' | ')'),
            };
        let links = (c == ':' && visible[at + 1..].starts_with('/'))
            || (c == '.' && visible[..at].to_ascii_lowercase().ends_with("www"));
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '!' | '|' | '~' | '$' | '^' => {
                safe.push('\\');
                safe.push(c);
            }
            _ if opens || links => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    safe
}

/// A block of code that nothing inside can end.
pub(super) fn fenced(text: &str, language: &str) -> String {
    let visible = lines(text);
    let mut longest = 0;
    let mut run = 0;
    for c in visible.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(3.max(longest + 1));
    let end = if visible.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{visible}{end}{fence}\n")
}

/// A link to a file of the run's folder; mere text, if its path is not as plain as ours are.
pub(super) fn link(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    let inside = !path.is_empty() && !path.starts_with('/') && !path.contains("..");
    if inside && path.chars().all(plain) {
        format!("[{}]({path})", markdown(path))
    } else {
        markdown(path)
    }
}
