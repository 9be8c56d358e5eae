//! CEL behind one door: compile, type-check, list names, evaluate, explain a false one.
//!
//! An [`Expression`] is compiled once against a [`Scope`] of declared names and evaluated against
//! [`Facts`]. Types are strict: text and numbers never compare. [`Filter`] is jq for captures.

mod call;
mod check;
mod evaluate;
mod explain;
mod filter;
mod function;
mod mention;
mod node;
mod operand;
mod operation;
mod parse;
mod resolve;
mod syntax;

#[cfg(test)]
mod tests;

pub use filter::{Filter, FilterError, Output, OutputKind};
pub use mention::Mention;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use evaluate::Evaluator;
use node::Node;
use operand::Operand;

use crate::value::{Decimal, Facts, Reference, Type, Value};

/// What the names in an expression may be and which types they have; `None` is *not declared*.
pub trait Scope {
    /// The type of a reference.
    fn type_of(&self, reference: &Reference) -> Option<Type>;
    /// The type of the items of a reference that is a list.
    fn item_type(&self, _: &Reference) -> Type {
        Type::Text
    }
    /// The names near `name`, for "did you mean".
    fn names(&self) -> Vec<String>;
}

/// A CEL expression, compiled and type-checked. Cheap to clone.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    wanted: Type,
    root: Arc<Node>,
}

/// A problem in an expression's text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExpressionProblem {
    /// Its place, in bytes from the start of the expression.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// An expression that could not be evaluated. The message holds no values.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct EvaluationError {
    /// What went wrong.
    pub message: String,
    /// The name that is not set, if that was it.
    pub unset: Option<Reference>,
    /// The piece that failed, in bytes from the start of the expression.
    pub at: Range<usize>,
}

/// A part of an expression with the value it had: `error_rate = 0.03`.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
pub struct Part {
    /// The text of the part.
    pub text: String,
    /// Its value, as it is written.
    pub value: String,
}

impl Expression {
    /// Compiles and type-checks an expression whose result must have the type `wanted`.
    pub fn compile(
        text: &str,
        scope: &dyn Scope,
        wanted: Type,
    ) -> Result<Self, Vec<ExpressionProblem>> {
        let syntax = parse::parse(text).map_err(|problem| vec![problem])?;
        let root = check::check(text, &syntax, scope, wanted)?;
        Ok(Self { text: Arc::from(text), wanted, root: Arc::new(root) })
    }

    /// The expression as its author wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it names, with the places.
    pub fn references(&self) -> Vec<(Reference, Range<usize>)> {
        let mentions = self.mentions().into_iter();
        mentions.map(|mention| (mention.reference, mention.at)).collect()
    }

    /// What it names, with the places and whether each may be unset there.
    pub fn mentions(&self) -> Vec<Mention> {
        mention::mentions(&self.root)
    }

    /// What is certainly set when it is true, so that a `when` guards what stands under it.
    pub fn proves(&self) -> BTreeSet<Reference> {
        mention::proves(&self.root, true)
    }

    /// Evaluates it.
    pub fn evaluate(&self, facts: &dyn Facts) -> Result<Value, EvaluationError> {
        let mut evaluator = Evaluator::new(&self.text, facts);
        let operand = evaluator.value(&self.root)?;
        self.result(operand).map_err(|reason| evaluator.failure(&self.root, &reason))
    }

    /// Makes the result a value of the wanted type.
    fn result(&self, operand: Operand) -> Result<Value, String> {
        match operand.into_value()? {
            Value::Integer(number) if self.wanted == Type::Float => {
                Ok(Value::Float(Decimal::from_whole(number)))
            }
            Value::Text(text) if self.wanted != Type::Text => {
                Value::parse(self.wanted, &text).map_err(|error| error.without_text())
            }
            other => Ok(other),
        }
    }

    /// Evaluates an expression that is true or false.
    pub fn holds(&self, facts: &dyn Facts) -> Result<bool, EvaluationError> {
        match self.evaluate(facts)? {
            Value::Boolean(holds) => Ok(holds),
            other => Err(EvaluationError {
                message: format!("a {} is not true or false", other.type_name()),
                unset: None,
                at: 0..self.text.len(),
            }),
        }
    }

    /// The values of its parts, for a person who wonders why it is false.
    pub fn explain(&self, facts: &dyn Facts) -> Vec<Part> {
        explain::explain(&self.text, &self.root, facts)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.wanted == other.wanted
    }
}
