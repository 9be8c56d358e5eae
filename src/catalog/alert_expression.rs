//! Which labels an alert has from the expression that raises it, where that is certain: an aggregation
//! leaves those that it names and no others. Of anything else nothing is said.

use std::collections::BTreeSet;

/// Aggregations that leave only labels that they name.
const AGGREGATIONS: [&str; 8] = ["avg", "count", "group", "max", "min", "stddev", "stdvar", "sum"];
/// Functions of one vector whose result has its labels.
const KEEPING: [&str; 12] = [
    "abs",
    "ceil",
    "clamp",
    "clamp_max",
    "clamp_min",
    "exp",
    "floor",
    "ln",
    "log10",
    "log2",
    "round",
    "sqrt",
];
/// What only compares or computes, whatever stands on its other side.
const OPERATORS: [&str; 12] = ["+", "-", "*", "/", "%", "^", "==", "!=", "<=", ">=", "<", ">"];
/// Deeper expressions are not followed.
const MOST_DEPTH: usize = 50;

/// The labels of an expression's result; `None` if they are not certain.
pub(super) fn labels_of(expression: &str) -> Option<BTreeSet<String>> {
    let tokens = tokens(expression)?;
    let mut reader = Reader { tokens: &tokens, at: 0, depth: 0 };
    match reader.expression()? {
        Shape::Vector(labels) if reader.at == tokens.len() => Some(labels),
        Shape::Vector(_) | Shape::Scalar => None,
    }
}

/// What an expression comes to.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Shape {
    Scalar,
    Vector(BTreeSet<String>),
}

/// What an aggregation keeps apart.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Grouping {
    /// Nothing.
    All,
    /// What differs in these labels.
    By(BTreeSet<String>),
    /// That cannot be told from the expression.
    Uncertain,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Token {
    Number,
    Word(String),
    /// Parentheses, commas, operators.
    Sign(&'static str),
    /// A selector, a range or a text: nothing that is followed.
    Opaque,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '{' | '[' | '"' | '\'' | '`' => {
                tokens.push(Token::Opaque);
                opaque(rest)?
            }
            '0'..='9' | '.' => {
                tokens.push(Token::Number);
                number(rest)
            }
            'a'..='z' | 'A'..='Z' | '_' | ':' => {
                let part = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':'));
                let length = rest.find(part).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
            _ => {
                // The longer ones first.
                let signs = ["==", "!=", "<=", ">=", "(", ")", ","].iter().chain(&OPERATORS);
                let sign = signs.copied().find(|sign| rest.starts_with(sign))?;
                tokens.push(Token::Sign(sign));
                sign.len()
            }
        };
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// The length of a number, with its exponent or its unit.
fn number(text: &str) -> usize {
    let mut before = ' ';
    let end = text.find(|c: char| {
        let exponent = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        before = c;
        !(c.is_ascii_alphanumeric() || c == '.' || exponent)
    });
    end.unwrap_or(text.len())
}

/// The length of a selector, a range or a text, with all texts in it.
fn opaque(text: &str) -> Option<usize> {
    let open = text.chars().next()?;
    let close = match open {
        '{' => '}',
        '[' => ']',
        quote => quote,
    };
    let mut letters = text.char_indices().skip(1);
    let mut quoted = (open == close).then_some(open);
    while let Some((at, letter)) = letters.next() {
        match quoted {
            Some(quote) if letter == quote => {
                if open == close {
                    return Some(at + letter.len_utf8());
                }
                quoted = None;
            }
            Some(quote) if letter == '\\' && quote != '`' => {
                letters.next();
            }
            None if letter == close => return Some(at + letter.len_utf8()),
            None if matches!(letter, '"' | '\'' | '`') => quoted = Some(letter),
            Some(_) | None => {}
        }
    }
    None
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    fn word(&self) -> Option<&str> {
        match self.peek()? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn expect(&mut self, sign: &str) -> Option<()> {
        self.is(sign).then(|| self.at += 1)
    }

    fn expression(&mut self) -> Option<Shape> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return None;
        }
        let mut shape = self.operand()?;
        loop {
            match self.peek() {
                Some(Token::Sign(sign)) if OPERATORS.contains(sign) => self.at += 1,
                // The result has the labels of the left side, whatever the right one says.
                Some(Token::Word(word)) if word == "and" || word == "unless" => {
                    self.skip_to_end()?;
                    break;
                }
                Some(Token::Word(_) | Token::Number | Token::Opaque) => return None,
                Some(Token::Sign(_)) | None => break,
            }
            if self.word() == Some("bool") {
                self.at += 1;
            }
            shape = match (shape, self.operand()?) {
                (Shape::Scalar, other) | (other, Shape::Scalar) => other,
                (one, other) if one == other => one,
                _ => return None,
            };
        }
        self.depth -= 1;
        Some(shape)
    }

    /// Skips the rest of this level, in which no `or` may bring other labels.
    fn skip_to_end(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            match token {
                Token::Sign("(") => depth += 1,
                Token::Sign(")" | ",") if depth == 0 => break,
                Token::Sign(")") => depth -= 1,
                Token::Word(word) if word == "or" && depth == 0 => return None,
                _ => {}
            }
            self.at += 1;
        }
        Some(())
    }

    fn operand(&mut self) -> Option<Shape> {
        if self.is("-") || self.is("+") {
            self.at += 1;
        }
        match self.peek()?.clone() {
            Token::Number => {
                self.at += 1;
                Some(Shape::Scalar)
            }
            Token::Sign("(") => {
                self.at += 1;
                let shape = self.expression()?;
                self.expect(")")?;
                Some(shape)
            }
            Token::Word(word) => {
                self.at += 1;
                self.call(&word)
            }
            Token::Sign(_) | Token::Opaque => None,
        }
    }

    fn call(&mut self, function: &str) -> Option<Shape> {
        if AGGREGATIONS.contains(&function) {
            return self.aggregation();
        }
        match function {
            "time" | "pi" | "scalar" => {
                self.skip_arguments()?;
                Some(Shape::Scalar)
            }
            "vector" => {
                self.skip_arguments()?;
                Some(Shape::Vector(BTreeSet::new()))
            }
            "histogram_quantile" => match self.vector_of_arguments()? {
                Shape::Vector(mut labels) => {
                    labels.remove("le");
                    Some(Shape::Vector(labels))
                }
                Shape::Scalar => None,
            },
            other if KEEPING.contains(&other) => self.vector_of_arguments(),
            _ => None,
        }
    }

    /// What an aggregation leaves, with its labels before or behind what it is of.
    fn aggregation(&mut self) -> Option<Shape> {
        let before = self.grouping();
        self.skip_arguments()?;
        let grouping = if before == Grouping::All { self.grouping() } else { before };
        match grouping {
            Grouping::All => Some(Shape::Vector(BTreeSet::new())),
            Grouping::By(labels) => Some(Shape::Vector(labels)),
            Grouping::Uncertain => None,
        }
    }

    /// The labels that are named here, if any are.
    fn grouping(&mut self) -> Grouping {
        match self.word() {
            Some("by") => self.at += 1,
            Some("without") => return Grouping::Uncertain,
            _ => return Grouping::All,
        }
        self.listed().map_or(Grouping::Uncertain, Grouping::By)
    }

    fn listed(&mut self) -> Option<BTreeSet<String>> {
        self.expect("(")?;
        let mut labels = BTreeSet::new();
        while let Some(label) = self.word() {
            labels.insert(label.to_owned());
            self.at += 1;
            if self.is(",") {
                self.at += 1;
            }
        }
        self.expect(")")?;
        Some(labels)
    }

    fn skip_arguments(&mut self) -> Option<()> {
        self.expect("(")?;
        let mut depth = 1_usize;
        while depth > 0 {
            match self.peek()? {
                Token::Sign("(") => depth += 1,
                Token::Sign(")") => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        Some(())
    }

    /// The only vector among arguments.
    fn vector_of_arguments(&mut self) -> Option<Shape> {
        self.expect("(")?;
        let mut found = None;
        loop {
            let shape = self.expression()?;
            if shape != Shape::Scalar && found.replace(shape).is_some() {
                return None;
            }
            if self.is(")") {
                self.at += 1;
                return found;
            }
            self.expect(",")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expression: &str) -> Option<String> {
        let labels = labels_of(expression)?;
        Some(labels.into_iter().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn an_aggregation_leaves_what_it_names() {
        for (expression, labels) in [
            ("sum by (job, instance) (rate(x{a=\"b) by (c\"}[5m])) > 0.1", "instance job"),
            ("sum(rate(x[5m])) by (job) / sum(rate(y[5m])) by (job) > 1e-3", "job"),
            ("100 * (1 - avg by (node) (x)) >= bool 90", "node"),
            ("count(up == 0)", ""),
            ("# sum by (x) (y)\nmax by (a,) (\n  y\n)", "a"),
            ("histogram_quantile(0.99, sum by (le, job) (rate(x_bucket[5m]))) > 1", "job"),
            ("sum by (a) (x) > 1 and on (b) y == 1", "a"),
            ("(sum by (a) (x) unless sum by (c) (y))", "a"),
            ("vector(1)", ""),
            ("clamp_max(sum by (a) (x), 1) > -1", "a"),
        ] {
            assert_eq!(of(expression).as_deref(), Some(labels), "{expression}");
        }
    }

    #[test]
    fn of_anything_else_nothing_is_said() {
        for expression in [
            "up == 0",
            "rate(x[5m]) > 1",
            "sum without (a) (x)",
            "sum by (a) (x) or y",
            "sum by (a) (x) and y or z",
            "sum by (a) (x) / sum by (b) (y)",
            "sum by (a) (x) / on (a) group_left (c) y",
            "topk by (a) (1, x)",
            "label_replace(sum by (a) (x), \"b\", \"$1\", \"a\", \"(.*)\")",
            "absent(x{a=\"b\"})",
            "sum by (a) (x",
            "sum by (a) (x))",
            "sum by (a) (x) offset 5m",
            "x{a=\"",
            "1",
            "",
            "\u{e9}",
            "{{ .Values.x }}",
        ] {
            assert_eq!(of(expression), None, "{expression}");
        }
        assert_eq!(labels_of(&"(".repeat(100_000)), None);
    }
}
