//! What the expressions of a runbook compare with: the numbers and texts that stand in them decide
//! which values are worth trying.

/// A literal of an expression.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Literal {
    /// A whole number.
    Number(i64),
    /// A regular expression, in `matches("...")`.
    Pattern(String),
    /// A text.
    Text(String),
}

/// The literals of an expression, in their order.
pub(super) fn literals(expression: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let mut rest = expression;
    let mut before = String::new();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let (text, length) = quoted(rest, first);
            found.push(match before.trim_end().ends_with("matches(") {
                true => Literal::Pattern(text),
                false if before.trim_end().ends_with("duration(") => {
                    before.push_str(&rest[..length]);
                    rest = &rest[length..];
                    continue;
                }
                false => Literal::Text(text),
            });
            before.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        let word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if digits > 0 && !word {
            found.extend(rest[..digits].parse().ok().map(Literal::Number));
            before.push_str(&rest[..digits]);
            rest = &rest[digits..];
            continue;
        }
        before.push(first);
        rest = &rest[first.len_utf8()..];
    }
    found
}

/// A text in quotes, and how many bytes it takes.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut out = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, other)) => {
                    // A backslash of a pattern stays one.
                    if !matches!(other, '"' | '\'' | '\\') {
                        out.push('\\');
                    }
                    out.push(other);
                }
                None => {}
            },
            _ if character == quote => return (out, at + 1),
            _ => out.push(character),
        }
    }
    (out, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_texts_and_patterns_are_found() {
        let found = literals(r#"rate1 > 10 && stdout.matches("(?i)no \\w+") || said == 'it"s'"#);
        let expected = [
            Literal::Number(10),
            Literal::Pattern(r"(?i)no \w+".to_owned()),
            Literal::Text("it\"s".to_owned()),
        ];
        assert_eq!(found, expected);
        assert_eq!(literals(r#"took < duration("5m")"#), []);
    }
}
