//! From an expression's text to its [`Syntax`] tree.
//!
//! Tokens and literals are the `cel` crate's. The tree is built here, as every piece must know its
//! place, CEL's reserved words must serve as names, and no text may exhaust the stack; a property
//! test keeps the grammar within the crate's own.

use std::ops::Range;

use cel::common::ast::{Expr, LiteralValue};
use cel::parser::PrattParser;
use cel::parser::pratt_parser::{Lexer, Token, TokenKind};

use super::ExpressionProblem;
use super::syntax::{Call, DEPTH, Form, Operator, Syntax};

/// The longest expression, in bytes.
pub(super) const LONGEST: usize = 2048;

type Parsed<T> = Result<T, ExpressionProblem>;

/// Parses a whole text.
pub(super) fn parse(text: &str) -> Parsed<Syntax> {
    if text.len() > LONGEST {
        return Err(problem(
            0..text.len(),
            format!("the expression is longer than {LONGEST} bytes"),
        ));
    }
    let mut parser = Parser::new(text);
    if parser.next.kind == TokenKind::TokEnd {
        return Err(problem(0..text.len(), "the expression is empty"));
    }
    let tree = parser.expression()?;
    if parser.next.kind == TokenKind::TokEnd {
        Ok(tree)
    } else {
        Err(parser.unexpected("an operator or the end"))
    }
}

fn problem(at: Range<usize>, message: impl Into<String>) -> ExpressionProblem {
    ExpressionProblem { at, message: message.into(), help: None }
}

struct Parser<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    next: Token,
    /// Where the token before `next` ended.
    end: usize,
    nesting: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        let mut parser =
            Self { text, lexer: Lexer::new(text), next: Token::default(), end: 0, nesting: 0 };
        parser.advance();
        parser.end = 0;
        parser
    }

    /// Takes the next token that means something.
    fn advance(&mut self) -> Token {
        let taken = self.next;
        self.end = taken.end;
        loop {
            self.next = self.lexer.lex();
            let blank = matches!(self.next.kind, TokenKind::TokWhitespace | TokenKind::TokComment);
            if !blank {
                return taken;
            }
        }
    }

    fn takes(&mut self, kind: TokenKind) -> bool {
        let found = self.next.kind == kind;
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, kind: TokenKind) -> Parsed<()> {
        if self.takes(kind) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{}`", kind.as_str())))
        }
    }

    /// The text of a token; broken tokens may end inside a character.
    fn slice(&self, token: Token) -> &'t str {
        &self.text[self.place(token)]
    }

    fn place(&self, token: Token) -> Range<usize> {
        let start = self.text.floor_char_boundary(token.start);
        start..self.text.ceil_char_boundary(token.end).max(start)
    }

    fn node(&self, start: usize, form: Form) -> Parsed<Syntax> {
        let at = start..self.end;
        Syntax::new(at.clone(), form).ok_or_else(|| too_deep(at))
    }

    /// `or ? or : expression`
    fn expression(&mut self) -> Parsed<Syntax> {
        self.nested(|parser| {
            let start = parser.next.start;
            let condition = parser.chain(&OR)?;
            if !parser.takes(TokenKind::TokQuestion) {
                return Ok(condition);
            }
            let then = parser.chain(&OR)?;
            parser.expect(TokenKind::TokColon)?;
            let otherwise = parser.expression()?;
            parser.node(start, Form::Choice(Box::new([condition, then, otherwise])))
        })
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting == DEPTH {
            return Err(too_deep(self.place(self.next)));
        }
        self.nesting += 1;
        let result = inner(self);
        self.nesting -= 1;
        result
    }

    /// Operands joined by one of `&&` and `||`.
    fn chain(&mut self, link: &Link) -> Parsed<Syntax> {
        let start = self.next.start;
        let first = self.operand_of(link)?;
        if self.next.kind != link.token {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.takes(link.token) {
            parts.push(self.operand_of(link)?);
        }
        self.node(start, (link.form)(parts))
    }

    fn operand_of(&mut self, link: &Link) -> Parsed<Syntax> {
        match link.inner {
            Some(inner) => self.chain(inner),
            None => self.binary(1),
        }
    }

    /// Operators from a strength upwards, each binding to the left.
    fn binary(&mut self, weakest: u8) -> Parsed<Syntax> {
        let start = self.next.start;
        let mut left = self.unary()?;
        while let Some((operator, strength)) = operator_of(self.next.kind) {
            if strength < weakest {
                break;
            }
            self.advance();
            let right = self.binary(strength + 1)?;
            let form = Form::Binary(operator, Box::new(left), Box::new(right));
            left = self.node(start, form)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Syntax> {
        match self.next.kind {
            sign @ (TokenKind::TokExclamation | TokenKind::TokMinus) => self.signed(sign),
            _ => self.member(),
        }
    }

    /// One or more of the same sign before a member.
    fn signed(&mut self, sign: TokenKind) -> Parsed<Syntax> {
        let start = self.next.start;
        self.advance();
        if sign == TokenKind::TokMinus
            && matches!(self.next.kind, TokenKind::TokInt | TokenKind::TokFloat)
        {
            let number = self.number(start, "-")?;
            return self.members(start, number);
        }
        let operand = if self.next.kind == sign {
            self.nested(|parser| parser.signed(sign))?
        } else {
            self.member()?
        };
        let operand = Box::new(operand);
        let form = match sign {
            TokenKind::TokMinus => Form::Minus(operand),
            _ => Form::Not(operand),
        };
        self.node(start, form)
    }

    fn member(&mut self) -> Parsed<Syntax> {
        let start = self.next.start;
        let primary = self.primary()?;
        self.members(start, primary)
    }

    /// What follows a value: `.name`, `.call(...)`, `[index]`.
    fn members(&mut self, start: usize, mut left: Syntax) -> Parsed<Syntax> {
        loop {
            if self.takes(TokenKind::TokDot) {
                let token = self.name_token()?;
                let name = self.slice(token).to_owned();
                let form = if self.next.kind == TokenKind::TokLeftParen {
                    self.call(Some(Box::new(left)), token)?
                } else {
                    Form::Select(Box::new(left), name)
                };
                left = self.node(start, form)?;
            } else if self.takes(TokenKind::TokLeftBracket) {
                let index = self.expression()?;
                self.expect(TokenKind::TokRightBracket)?;
                left = self.node(start, Form::Index(Box::new(left), Box::new(index)))?;
            } else {
                return Ok(left);
            }
        }
    }

    /// CEL's reserved words are names here.
    fn name_token(&mut self) -> Parsed<Token> {
        let is_name = matches!(self.next.kind, TokenKind::TokIdent | TokenKind::TokReservedWord);
        if is_name && !self.slice(self.next).starts_with('`') {
            return Ok(self.advance());
        }
        let mut problem = self.unexpected("a name");
        if is_name {
            problem.help = Some("a label is also reached by alert.labels[\"its-name\"]".to_owned());
        }
        Err(problem)
    }

    fn call(&mut self, receiver: Option<Box<Syntax>>, name: Token) -> Parsed<Form> {
        self.expect(TokenKind::TokLeftParen)?;
        let arguments = self.items(TokenKind::TokRightParen)?;
        Ok(Form::Call(Call {
            receiver,
            name: self.slice(name).to_owned(),
            name_at: self.place(name),
            arguments,
        }))
    }

    /// Expressions between commas, up to and with the closing token.
    fn items(&mut self, close: TokenKind) -> Parsed<Vec<Syntax>> {
        let mut items = Vec::new();
        while !self.takes(close) {
            if !items.is_empty() {
                self.expect(TokenKind::TokComma)?;
            }
            items.push(self.expression()?);
        }
        Ok(items)
    }

    fn primary(&mut self) -> Parsed<Syntax> {
        let start = self.next.start;
        match self.next.kind {
            TokenKind::TokInt | TokenKind::TokFloat => self.number(start, ""),
            TokenKind::TokString => self.string(),
            kind @ (TokenKind::TokTrue | TokenKind::TokFalse) => {
                self.advance();
                self.node(start, Form::Boolean(kind == TokenKind::TokTrue))
            }
            TokenKind::TokIdent | TokenKind::TokReservedWord => {
                let token = self.name_token()?;
                let form = if self.next.kind == TokenKind::TokLeftParen {
                    self.call(None, token)?
                } else {
                    Form::Name(self.slice(token).to_owned())
                };
                self.node(start, form)
            }
            TokenKind::TokLeftParen => {
                self.advance();
                let inner = self.expression()?;
                self.expect(TokenKind::TokRightParen)?;
                Ok(inner)
            }
            TokenKind::TokLeftBracket => {
                self.advance();
                let items = self.items(TokenKind::TokRightBracket)?;
                self.node(start, Form::List(items))
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn number(&mut self, start: usize, sign: &str) -> Parsed<Syntax> {
        let token = self.advance();
        let digits = format!("{sign}{}", self.slice(token));
        let form = if token.kind == TokenKind::TokFloat {
            digits
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .map(|number| Form::Float(number, digits))
        } else {
            let (radix, bare) = match digits.replace("0X", "0x") {
                hex if hex.contains("0x") => (16, hex.replace("0x", "")),
                decimal => (10, decimal),
            };
            i64::from_str_radix(&bare, radix).ok().map(Form::Integer)
        };
        match form {
            Some(form) => self.node(start, form),
            None => Err(problem(start..self.end, "the number is too large")),
        }
    }

    /// The crate reads the literal, with its quotes, escapes and raw form.
    fn string(&mut self) -> Parsed<Syntax> {
        let token = self.advance();
        let at = self.place(token);
        let literal = PrattParser::new().parse(self.slice(token));
        if let Ok(Expr::Literal(LiteralValue::String(text))) = literal.map(|tree| tree.expr) {
            return self.node(token.start, Form::Text(text.inner().to_owned()));
        }
        let mut broken = problem(at, "the text between the quotes has a broken escape");
        broken.help = Some(r#"write \\ for a backslash, or r"..." for raw text"#.to_owned());
        Err(broken)
    }

    fn unexpected(&self, wanted: &str) -> ExpressionProblem {
        let at = self.place(self.next);
        let found = self.slice(self.next);
        let (message, help) = match (self.next.kind, found) {
            (TokenKind::TokEnd, _) => (format!("{wanted} is missing at the end"), None),
            (TokenKind::TokError, _) => (self.broken_token(found), None),
            (TokenKind::TokEqual, _) if self.text[at.end..].starts_with('~') => {
                ("`=~` is no operator".to_owned(), Some("write text.matches(\"pattern\")"))
            }
            (TokenKind::TokEqual, _) => {
                ("`=` compares nothing".to_owned(), Some("write == to compare"))
            }
            (TokenKind::TokIdent, "and") => ("`and` is no operator".to_owned(), Some("write &&")),
            (TokenKind::TokIdent, "or") => ("`or` is no operator".to_owned(), Some("write ||")),
            (TokenKind::TokNull, _) => {
                ("there is no `null` here".to_owned(), Some("ask has(name) whether a value is set"))
            }
            (TokenKind::TokUint, _) => (
                "there are no unsigned numbers here".to_owned(),
                Some("write the number without u"),
            ),
            (TokenKind::TokBytes, _) => {
                ("there are no bytes here".to_owned(), Some("write text without b"))
            }
            (TokenKind::TokLeftBrace, _) => (
                "there are no maps and messages here".to_owned(),
                Some("values stand in an expression without braces"),
            ),
            // Two values beside each other.
            (TokenKind::TokInt | TokenKind::TokFloat | TokenKind::TokString, _) => (
                format!("expected {wanted}, found `{found}`"),
                Some("write == between what is compared"),
            ),
            _ => (format!("expected {wanted}, found `{found}`"), None),
        };
        ExpressionProblem { at, message, help: help.map(str::to_owned) }
    }

    fn broken_token(&self, found: &str) -> String {
        if found.starts_with(['"', '\'']) {
            return "the closing quote is missing".to_owned();
        }
        match found {
            "&" => "`&` is no operator: write &&".to_owned(),
            "|" => "`|` is no operator: write ||".to_owned(),
            "~" => "`~` is no operator: write text.matches(\"pattern\")".to_owned(),
            "“" | "”" | "„" | "‘" | "’" | "«" | "»" => {
                format!("`{found}` is a printer's quote: write \" or '")
            }
            _ => {
                let reason = self.lexer.get_error();
                let reason = reason.map_or("unexpected character", |error| error.message.as_str());
                format!("{reason} `{}`", found.escape_debug())
            }
        }
    }
}

fn too_deep(at: Range<usize>) -> ExpressionProblem {
    problem(at, format!("the expression is nested deeper than {DEPTH} levels"))
}

/// A logical operator whose chain is one node.
struct Link {
    token: TokenKind,
    form: fn(Vec<Syntax>) -> Form,
    inner: Option<&'static Link>,
}

const AND: Link = Link { token: TokenKind::TokLogicalAnd, form: Form::And, inner: None };

const OR: Link = Link { token: TokenKind::TokLogicalOr, form: Form::Or, inner: Some(&AND) };

/// An operator and how strongly it binds.
fn operator_of(kind: TokenKind) -> Option<(Operator, u8)> {
    Some(match kind {
        TokenKind::TokEqualEqual => (Operator::Equal, 1),
        TokenKind::TokExclamationEqual => (Operator::NotEqual, 1),
        TokenKind::TokLess => (Operator::Less, 1),
        TokenKind::TokLessEqual => (Operator::LessEqual, 1),
        TokenKind::TokGreater => (Operator::Greater, 1),
        TokenKind::TokGreaterEqual => (Operator::GreaterEqual, 1),
        TokenKind::TokIn => (Operator::In, 1),
        TokenKind::TokPlus => (Operator::Plus, 2),
        TokenKind::TokMinus => (Operator::Minus, 2),
        TokenKind::TokAsterisk => (Operator::Times, 3),
        TokenKind::TokSlash => (Operator::Divide, 3),
        TokenKind::TokPercent => (Operator::Remainder, 3),
        _ => return None,
    })
}
