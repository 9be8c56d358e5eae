//! The value of a checked expression.
//!
//! Work is bounded: every piece costs a step, long texts and lists cost more. As in CEL, an error on
//! one side of `&&` and `||` does not count where the other side decides; nothing else is forgiven.

use std::collections::BTreeMap;

use super::EvaluationError;
use super::function::Function;
use super::node::{Loop, LoopKind, Node, Sort, Work};
use super::operand::{Operand, calculate};
use super::syntax::Operator;
use crate::value::{Facts, Reference};

/// How many steps an evaluation may take.
const STEPS: u32 = 100_000;

type Evaluated<T> = Result<T, EvaluationError>;

/// One evaluation.
pub(super) struct Evaluator<'e> {
    text: &'e str,
    facts: &'e dyn Facts,
    /// What was looked up already: all pieces see the same value.
    known: BTreeMap<&'e Reference, Evaluated<Operand>>,
    locals: Vec<Operand>,
    steps: u32,
}

impl<'e> Evaluator<'e> {
    pub(super) fn new(text: &'e str, facts: &'e dyn Facts) -> Self {
        Self { text, facts, known: BTreeMap::new(), locals: Vec::new(), steps: 0 }
    }

    /// The value of a piece.
    pub(super) fn value(&mut self, node: &'e Node) -> Evaluated<Operand> {
        self.spend(1, node)?;
        match &node.work {
            Work::Constant(operand) => Ok(operand.clone()),
            Work::Reference(reference) => self.look_up(node, reference),
            Work::Local(local) => match self.locals.get(*local) {
                Some(operand) => Ok(operand.clone()),
                None => Err(self.failure(node, "the name is not bound")),
            },
            Work::Has(reference) => Ok(Operand::Boolean(self.facts.get(reference).is_some())),
            Work::Not(operand) => Ok(Operand::Boolean(!self.truth(operand)?)),
            Work::Minus(operand) => {
                let operand = self.value(operand)?;
                operand.negated().map_err(|reason| self.failure(node, &reason))
            }
            Work::And(parts) => self.chain(parts, false),
            Work::Or(parts) => self.chain(parts, true),
            Work::Binary(operator, left, right) => self.binary(node, *operator, [left, right]),
            Work::Choice(three) => {
                let [condition, then, otherwise] = &**three;
                let chosen = if self.truth(condition)? { then } else { otherwise };
                let value = self.value(chosen)?;
                value.widened(&node.sort).map_err(|reason| self.failure(node, &reason))
            }
            Work::List(items) => {
                let items: Evaluated<Vec<Operand>> =
                    items.iter().map(|item| self.value(item)).collect();
                Ok(Operand::List(items?.into()))
            }
            Work::Index(list, index) => self.item(node, list, index),
            Work::Call(function, arguments) => self.call(node, *function, arguments),
            Work::Matches(text, pattern) => {
                let text = self.value(text)?;
                self.spend(text.weight(), node)?;
                match &text {
                    Operand::Text(text) => Ok(Operand::Boolean(pattern.is_match(text))),
                    _ => Err(self.failure(node, "only text matches a pattern")),
                }
            }
            Work::Loop(fold) => self.fold(node, fold),
        }
    }

    fn binary(
        &mut self,
        node: &'e Node,
        operator: Operator,
        sides: [&'e Node; 2],
    ) -> Evaluated<Operand> {
        let (left, right) = (self.value(sides[0])?, self.value(sides[1])?);
        self.spend(left.weight().saturating_add(right.weight()), node)?;
        calculate(operator, &left, &right).map_err(|reason| self.failure(node, &reason))
    }

    fn call(
        &mut self,
        node: &'e Node,
        function: Function,
        arguments: &'e [Node],
    ) -> Evaluated<Operand> {
        let arguments: Evaluated<Vec<Operand>> =
            arguments.iter().map(|argument| self.value(argument)).collect();
        let arguments = arguments?;
        for argument in &arguments {
            self.spend(argument.weight(), node)?;
        }
        function.apply(&arguments).map_err(|reason| self.failure(node, &reason))
    }

    fn look_up(&mut self, node: &'e Node, reference: &'e Reference) -> Evaluated<Operand> {
        if let Some(known) = self.known.get(reference) {
            return known.clone();
        }
        let found = match self.facts.get(reference) {
            None => Err(EvaluationError {
                message: format!("`{reference}` is not set"),
                unset: Some(reference.clone()),
                at: node.at.clone(),
            }),
            Some(datum) => {
                Operand::of_datum(datum, &node.sort).map_err(|reason| self.failure(node, &reason))
            }
        };
        self.known.insert(reference, found.clone());
        found
    }

    fn truth(&mut self, node: &'e Node) -> Evaluated<bool> {
        match self.value(node)? {
            Operand::Boolean(truth) => Ok(truth),
            _ => Err(self.failure(node, "it is not true or false")),
        }
    }

    /// `&&` is decided by the first false part, `||` by the first true one.
    fn chain(&mut self, parts: &'e [Node], decisive: bool) -> Evaluated<Operand> {
        let mut failure = None;
        for part in parts {
            match self.truth(part) {
                Ok(truth) if truth == decisive => return Ok(Operand::Boolean(decisive)),
                Ok(_) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(Operand::Boolean(!decisive)), Err)
    }

    fn item(&mut self, node: &'e Node, list: &'e Node, index: &'e Node) -> Evaluated<Operand> {
        let (list, index) = (self.value(list)?, self.value(index)?);
        let (Operand::List(items), Operand::Integer(index)) = (list, index) else {
            return Err(self.failure(node, "it is not a list with a whole number"));
        };
        let item = usize::try_from(index).ok().and_then(|at| items.get(at));
        item.cloned().ok_or_else(|| {
            let count = items.len();
            self.failure(node, &format!("there is no such item: the list has {count}, from 0"))
        })
    }

    fn fold(&mut self, node: &'e Node, fold: &'e Loop) -> Evaluated<Operand> {
        let Operand::List(items) = self.value(&fold.list)? else {
            return Err(self.failure(node, "it is not a list"));
        };
        match fold.kind {
            LoopKind::All => self.quantified(&items, &fold.body, false),
            LoopKind::Exists => self.quantified(&items, &fold.body, true),
            LoopKind::ExistsOne => {
                let mut holding = 0;
                for item in &*items {
                    holding += usize::from(self.holds_for(item, &fold.body)?);
                }
                Ok(Operand::Boolean(holding == 1))
            }
            LoopKind::Filter => {
                let mut kept = Vec::new();
                for item in &*items {
                    if self.holds_for(item, &fold.body)? {
                        kept.push(item.clone());
                    }
                }
                Ok(Operand::List(kept.into()))
            }
            LoopKind::Map => {
                let mut mapped = Vec::new();
                for item in &*items {
                    let wanted = match &fold.only {
                        Some(only) => self.holds_for(item, only)?,
                        None => true,
                    };
                    if wanted {
                        mapped.push(self.with(item, |this| this.value(&fold.body))?);
                    }
                }
                Ok(Operand::List(mapped.into()))
            }
        }
    }

    fn quantified(
        &mut self,
        items: &[Operand],
        body: &'e Node,
        decisive: bool,
    ) -> Evaluated<Operand> {
        let mut failure = None;
        for item in items {
            match self.holds_for(item, body) {
                Ok(truth) if truth == decisive => return Ok(Operand::Boolean(decisive)),
                Ok(_) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(Operand::Boolean(!decisive)), Err)
    }

    fn holds_for(&mut self, item: &Operand, body: &'e Node) -> Evaluated<bool> {
        self.with(item, |this| this.truth(body))
    }

    fn with<T>(&mut self, item: &Operand, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.locals.push(item.clone());
        let result = inner(self);
        self.locals.pop();
        result
    }

    /// Every later step fails as well once they are used up, so nothing decides on half a look.
    fn spend(&mut self, steps: u32, node: &Node) -> Evaluated<()> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS {
            return Err(self.failure(node, &format!("it takes more than {STEPS} steps")));
        }
        Ok(())
    }

    /// An error that names the piece and never a value.
    pub(super) fn failure(&self, node: &Node, reason: &str) -> EvaluationError {
        EvaluationError {
            message: format!("`{}`: {reason}", &self.text[node.at.clone()]),
            unset: None,
            at: node.at.clone(),
        }
    }
}

impl Operand {
    /// A whole number where the other way of a choice is a decimal one becomes decimal.
    fn widened(self, sort: &Sort) -> Result<Self, String> {
        match (&self, sort) {
            (Self::Integer(_), Sort::Float) => Function::Double.apply(&[self]),
            _ => Ok(self),
        }
    }
}
