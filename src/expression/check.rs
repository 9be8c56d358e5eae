//! From a [`Syntax`] tree to a checked [`Node`] tree: names, types, constants.
//!
//! All problems are collected. What passes here fails at run time only for reasons that lie in the
//! values: not set, not a number, too large.

use super::node::{Node, Sort, Work};
use super::operand::Operand;
use super::resolve::{nearest, path, resolve};
use super::syntax::{Form, Operator, Syntax};
use super::{ExpressionProblem, Scope, operation};
use crate::value::{Decimal, Reference, Type};

/// Checks a tree whose result must have the type `wanted`.
pub(super) fn check(
    text: &str,
    syntax: &Syntax,
    scope: &dyn Scope,
    wanted: Type,
) -> Result<Node, Vec<ExpressionProblem>> {
    let mut checker = Checker { text, scope, locals: Vec::new(), problems: Vec::new() };
    let node = checker.node(syntax);
    if let Some(node) = &node {
        checker.demand_result(node, wanted);
    }
    match node {
        Some(node) if checker.problems.is_empty() => Ok(node),
        _ => Err(checker.problems),
    }
}

pub(super) struct Checker<'c> {
    pub(super) text: &'c str,
    scope: &'c dyn Scope,
    /// The names that macros bind around the current piece, outermost first.
    pub(super) locals: Vec<(String, Sort)>,
    pub(super) problems: Vec<ExpressionProblem>,
}

impl Checker<'_> {
    pub(super) fn node(&mut self, syntax: &Syntax) -> Option<Node> {
        let (sort, work) = self.work(syntax)?;
        Some(Node { at: syntax.at.clone(), sort, work })
    }

    pub(super) fn nodes(&mut self, pieces: &[Syntax]) -> Option<Vec<Node>> {
        // Each is checked before the first failure counts, so that all problems are reported.
        let nodes: Vec<Option<Node>> = pieces.iter().map(|piece| self.node(piece)).collect();
        nodes.into_iter().collect()
    }

    fn work(&mut self, syntax: &Syntax) -> Option<(Sort, Work)> {
        match &syntax.form {
            Form::Boolean(truth) => constant(Sort::Boolean, Operand::Boolean(*truth)),
            Form::Float(number, written) => {
                let decimal = Decimal { number: *number, written: written.clone() };
                constant(Sort::Float, Operand::Float(decimal))
            }
            Form::Integer(number) => constant(Sort::Integer, Operand::Integer(*number)),
            Form::Text(text) => constant(Sort::Text, Operand::text(text)),
            Form::Name(_) | Form::Select(..) => self.named(syntax),
            Form::Index(list, index) => match path(syntax) {
                Some(_) => self.named(syntax),
                None => self.index(list, index),
            },
            Form::Call(call) => self.call(syntax, call),
            Form::List(items) => self.list(items),
            Form::Not(operand) => {
                let operand = self.truth(operand)?;
                Some((Sort::Boolean, Work::Not(Box::new(operand))))
            }
            Form::Minus(operand) => self.minus(operand),
            Form::And(parts) => Some((Sort::Boolean, Work::And(self.truths(parts)?))),
            Form::Or(parts) => Some((Sort::Boolean, Work::Or(self.truths(parts)?))),
            Form::Binary(operator, left, right) => self.binary(syntax, *operator, [left, right]),
            Form::Choice(three) => self.choice(syntax, three),
        }
    }

    fn named(&mut self, syntax: &Syntax) -> Option<(Sort, Work)> {
        let Some(words) = path(syntax) else {
            if let Form::Select(inner, field) = &syntax.form {
                self.node(inner)?;
                self.report(syntax, format!("there is no part `{field}` here"), None);
            }
            return None;
        };
        if let [word] = words[..]
            && let Some(local) = self.locals.iter().rposition(|(name, _)| name == word)
        {
            return Some((self.locals[local].1.clone(), Work::Local(local)));
        }
        let reference = self.reference(syntax, &words)?;
        let sort = self.declared(syntax, &reference)?;
        Some((sort, Work::Reference(reference)))
    }

    pub(super) fn reference(&mut self, syntax: &Syntax, words: &[&str]) -> Option<Reference> {
        match resolve(words, &syntax.at) {
            Ok(reference) => Some(reference),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    pub(super) fn declared(&mut self, syntax: &Syntax, reference: &Reference) -> Option<Sort> {
        if let Some(ty) = self.scope.type_of(reference) {
            return Some(match ty {
                Type::List => Sort::List(Some(Box::new(Sort::of(self.scope.item_type(reference))))),
                other => Sort::of(other),
            });
        }
        let written = reference.to_string();
        let names = self.scope.names();
        let locals = self.locals.iter().map(|(name, _)| name.as_str());
        let near = nearest(&written, names.iter().map(String::as_str).chain(locals));
        let help = match (near, reference) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Reference::StepExit(_) | Reference::StepOutcome(_)) => {
                "a step with an id has an `outcome`; one that runs a command, and not once for \
                 each item, has an `exit`"
                    .to_owned()
            }
            (None, Reference::Value(name)) => {
                format!("if you mean the text, put it in quotes: \"{name}\"; {}", listed(&names))
            }
            (None, _) => listed(&names),
        };
        self.report(syntax, format!("`{written}` is not declared here"), Some(help));
        None
    }

    fn index(&mut self, list: &Syntax, index: &Syntax) -> Option<(Sort, Work)> {
        let (Some(list_node), Some(index_node)) = (self.node(list), self.node(index)) else {
            return None;
        };
        let Sort::List(Some(item)) = &list_node.sort else {
            let found = list_node.sort.described();
            self.report(list, format!("{} is {found}, not a list", self.quote(list)), None);
            return None;
        };
        if index_node.sort != Sort::Integer {
            self.report(index, "an item is chosen by a whole number, from 0".to_owned(), None);
            return None;
        }
        let item = (**item).clone();
        Some((item, Work::Index(Box::new(list_node), Box::new(index_node))))
    }

    fn list(&mut self, items: &[Syntax]) -> Option<(Sort, Work)> {
        let nodes = self.nodes(items)?;
        let mut item: Option<Sort> = None;
        for (node, syntax) in nodes.iter().zip(items) {
            let before = item.as_ref().unwrap_or(&node.sort);
            let Some(joined) = before.join(&node.sort) else {
                let message = format!(
                    "{} is {}, the items before it are {}",
                    self.quote(syntax),
                    node.sort.described(),
                    before.described()
                );
                self.report(syntax, message, None);
                return None;
            };
            item = Some(joined);
        }
        Some((Sort::List(item.map(Box::new)), Work::List(nodes)))
    }

    fn minus(&mut self, operand: &Syntax) -> Option<(Sort, Work)> {
        let node = self.node(operand)?;
        if !node.sort.is_number() {
            let found = node.sort.described();
            let message = format!("`-` stands before numbers, {} is {found}", self.quote(operand));
            self.report(operand, message, None);
            return None;
        }
        Some((node.sort.clone(), Work::Minus(Box::new(node))))
    }

    /// A piece that must be true or false.
    pub(super) fn truth(&mut self, syntax: &Syntax) -> Option<Node> {
        let node = self.node(syntax)?;
        if node.sort == Sort::Boolean {
            return Some(node);
        }
        let quoted = self.quote(syntax);
        let snippet = &self.text[syntax.at.clone()];
        let help = match node.sort {
            Sort::Integer | Sort::Float => format!("compare it, as in {snippet} != 0"),
            Sort::Text => format!("compare it, as in {snippet} != \"\""),
            _ => "compare it".to_owned(),
        };
        let message = format!("{quoted} is {}, not true or false", node.sort.described());
        self.report(syntax, message, Some(help));
        None
    }

    fn truths(&mut self, parts: &[Syntax]) -> Option<Vec<Node>> {
        let nodes: Vec<Option<Node>> = parts.iter().map(|part| self.truth(part)).collect();
        nodes.into_iter().collect()
    }

    fn choice(&mut self, syntax: &Syntax, three: &[Syntax; 3]) -> Option<(Sort, Work)> {
        let [condition, then, otherwise] = three;
        let condition = self.truth(condition);
        let (then, otherwise) = (self.node(then), self.node(otherwise));
        let (condition, then, otherwise) = (condition?, then?, otherwise?);
        let Some(sort) = then.sort.join(&otherwise.sort) else {
            let message = format!(
                "one way it is {}, the other way {}",
                then.sort.described(),
                otherwise.sort.described()
            );
            self.report(syntax, message, None);
            return None;
        };
        Some((sort, Work::Choice(Box::new([condition, then, otherwise]))))
    }

    fn binary(
        &mut self,
        syntax: &Syntax,
        operator: Operator,
        sides: [&Syntax; 2],
    ) -> Option<(Sort, Work)> {
        let (left, right) = (self.node(sides[0]), self.node(sides[1]));
        let (left, right) = (left?, right?);
        let Some(sort) = operation::result_of(operator, &left.sort, &right.sort) else {
            self.report_mismatch(syntax, operator, [&left, &right]);
            return None;
        };
        Some((sort, Work::Binary(operator, Box::new(left), Box::new(right))))
    }

    fn demand_result(&mut self, node: &Node, wanted: Type) {
        let fits = match (&node.sort, Sort::of(wanted)) {
            (Sort::Integer, Sort::Float) | (Sort::List(_), Sort::List(_)) => true,
            (found, wanted) => *found == wanted,
        };
        if fits {
            return;
        }
        let whole = wanted == Type::Integer && node.sort == Sort::Float;
        self.problems.push(ExpressionProblem {
            at: node.at.clone(),
            message: format!(
                "the expression gives {}, but {} is needed",
                if whole { "a decimal number" } else { node.sort.described() },
                wanted.described()
            ),
            help: whole.then(|| "write int(...) around it".to_owned()),
        });
    }

    pub(super) fn quote(&self, syntax: &Syntax) -> String {
        quote(&self.text[syntax.at.clone()])
    }

    pub(super) fn report(&mut self, syntax: &Syntax, message: String, help: Option<String>) {
        self.problems.push(ExpressionProblem { at: syntax.at.clone(), message, help });
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the arms of `work` that cannot fail read like those that can"
)]
fn constant(sort: Sort, operand: Operand) -> Option<(Sort, Work)> {
    Some((sort, Work::Constant(operand)))
}

/// The names there are, if they are few enough to be read.
fn listed(names: &[String]) -> String {
    const FEW: usize = 12;
    match names.len() {
        0 => "no names are known here".to_owned(),
        1..=FEW => format!("names here are {}", names.join(", ")),
        _ => format!("names here are {}, …", names[..FEW].join(", ")),
    }
}

/// A piece of the text inside a message.
pub(super) fn quote(snippet: &str) -> String {
    const LONGEST: usize = 40;
    let flat = snippet.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() > LONGEST {
        format!("`{}…`", flat.chars().take(LONGEST).collect::<String>())
    } else {
        format!("`{flat}`")
    }
}
