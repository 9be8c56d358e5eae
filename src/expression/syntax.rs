//! The tree of an expression's text before names and types are known.
//!
//! Every [`Syntax`] knows its place in bytes. Chains of `&&` and of `||` are one node each, and the
//! depth is bounded when a node is made, so that walking and dropping a tree never exhausts the
//! stack.

use std::ops::Range;

/// How deep a tree may be.
pub(super) const DEPTH: usize = 64;

/// A piece of an expression.
#[derive(Debug)]
pub(super) struct Syntax {
    pub(super) at: Range<usize>,
    pub(super) form: Form,
    pub(super) depth: usize,
}

/// What a piece is.
#[derive(Debug)]
pub(super) enum Form {
    Boolean(bool),
    Float(f64, String),
    Integer(i64),
    Text(String),
    Name(String),
    Select(Box<Syntax>, String),
    Index(Box<Syntax>, Box<Syntax>),
    Call(Call),
    List(Vec<Syntax>),
    Not(Box<Syntax>),
    Minus(Box<Syntax>),
    And(Vec<Syntax>),
    Or(Vec<Syntax>),
    Binary(Operator, Box<Syntax>, Box<Syntax>),
    Choice(Box<[Syntax; 3]>),
}

/// A call of a function, with a receiver if it stands behind a dot.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) receiver: Option<Box<Syntax>>,
    pub(super) name: String,
    pub(super) name_at: Range<usize>,
    pub(super) arguments: Vec<Syntax>,
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Plus,
    Minus,
    Times,
    Divide,
    Remainder,
}

impl Operator {
    pub(super) fn is_comparison(self) -> bool {
        !matches!(self, Self::Plus | Self::Minus | Self::Times | Self::Divide | Self::Remainder)
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

impl Syntax {
    /// Makes a node; `None` if it would be too deep.
    pub(super) fn new(at: Range<usize>, form: Form) -> Option<Self> {
        let depth = 1 + form.children().map(|child| child.depth).max().unwrap_or(0);
        (depth <= DEPTH).then_some(Self { at, form, depth })
    }
}

impl Form {
    fn children(&self) -> Box<dyn Iterator<Item = &Syntax> + '_> {
        match self {
            Self::Boolean(_)
            | Self::Float(..)
            | Self::Integer(_)
            | Self::Text(_)
            | Self::Name(_) => Box::new(std::iter::empty()),
            Self::Select(one, _) | Self::Not(one) | Self::Minus(one) => {
                Box::new(std::iter::once(&**one))
            }
            Self::Index(left, right) | Self::Binary(_, left, right) => {
                Box::new([&**left, &**right].into_iter())
            }
            Self::Call(call) => {
                Box::new(call.receiver.as_deref().into_iter().chain(&call.arguments))
            }
            Self::List(items) | Self::And(items) | Self::Or(items) => Box::new(items.iter()),
            Self::Choice(three) => Box::new(three.iter()),
        }
    }
}
