//! The checker's part for calls: functions, macros over lists, and `has`.

use super::ExpressionProblem;
use super::check::Checker;
use super::function::Function;
use super::node::{Loop, LoopKind, Node, Sort, Work};
use super::operand::Operand;
use super::resolve::{nearest, path};
use super::syntax::{Call, Form, Syntax};
use crate::value::compile_regex;

impl Checker<'_> {
    pub(super) fn call(&mut self, syntax: &Syntax, call: &Call) -> Option<(Sort, Work)> {
        if call.receiver.is_none() && call.name == "has" {
            return self.has(syntax, call);
        }
        if let (Some(list), Some(kind)) = (&call.receiver, LoopKind::named(&call.name)) {
            return self.looped(call, kind, list);
        }
        let Some(function) = Function::named(&call.name) else {
            return self.unknown_function(call);
        };
        let stands = if call.receiver.is_some() {
            function.takes_receiver()
        } else {
            function.stands_alone()
        };
        if !stands {
            let help = format!("write {}", function.example());
            let message = format!("`{}` is not called like this", call.name);
            self.report(syntax, message, Some(help));
            return None;
        }
        self.function(syntax, call, function)
    }

    fn function(
        &mut self,
        syntax: &Syntax,
        call: &Call,
        function: Function,
    ) -> Option<(Sort, Work)> {
        let receiver = call.receiver.as_deref().map(|receiver| self.node(receiver));
        let arguments = self.nodes(&call.arguments);
        let mut nodes = match receiver {
            Some(receiver) => vec![receiver?],
            None => Vec::new(),
        };
        nodes.extend(arguments?);
        let sorts: Vec<Sort> = nodes.iter().map(|node| node.sort.clone()).collect();
        let Some(sort) = function.result(&sorts) else {
            let given: Vec<&str> = sorts.iter().map(Sort::described).collect();
            let given = if given.is_empty() { "nothing".to_owned() } else { given.join(" and ") };
            let message = format!("`{}` does not take {given}", call.name);
            self.report(syntax, message, Some(format!("write {}", function.example())));
            return None;
        };
        self.prepared(syntax, function, nodes, sort)
    }

    /// Computes now what depends on no value, so that a slip in it is found before the run.
    fn prepared(
        &mut self,
        syntax: &Syntax,
        function: Function,
        mut nodes: Vec<Node>,
        sort: Sort,
    ) -> Option<(Sort, Work)> {
        let constants: Option<Vec<Operand>> = nodes
            .iter()
            .map(|node| match &node.work {
                Work::Constant(operand) => Some(operand.clone()),
                _ => None,
            })
            .collect();
        if let Some(constants) = constants {
            return match function.apply(&constants) {
                Ok(result) => Some((sort, Work::Constant(result))),
                Err(message) => {
                    self.report(syntax, message, None);
                    None
                }
            };
        }
        let pattern = match nodes.last().map(|node| &node.work) {
            Some(Work::Constant(Operand::Text(pattern))) if function == Function::Matches => {
                pattern.clone()
            }
            _ => return Some((sort, Work::Call(function, nodes))),
        };
        match compile_regex(&pattern) {
            Ok(pattern) => {
                nodes.truncate(1);
                let text = nodes.pop()?;
                Some((sort, Work::Matches(Box::new(text), pattern)))
            }
            Err(reason) => {
                let message = format!("the pattern is no regular expression: {reason}");
                self.report(syntax, message, None);
                None
            }
        }
    }

    fn has(&mut self, syntax: &Syntax, call: &Call) -> Option<(Sort, Work)> {
        let words = match &call.arguments[..] {
            [argument] => path(argument).map(|words| (argument, words)),
            _ => None,
        };
        let Some((argument, words)) = words else {
            let help = "write has(name) or has(alert.labels.name)".to_owned();
            self.report(syntax, "`has` takes one name".to_owned(), Some(help));
            return None;
        };
        let reference = self.reference(argument, &words)?;
        self.declared(argument, &reference)?;
        Some((Sort::Boolean, Work::Has(reference)))
    }

    fn looped(&mut self, call: &Call, kind: LoopKind, list: &Syntax) -> Option<(Sort, Work)> {
        let list_node = self.node(list)?;
        let Sort::List(item) = &list_node.sort else {
            let found = list_node.sort.described();
            self.report(list, format!("{} is {found}, not a list", self.quote(list)), None);
            return None;
        };
        let item = item.as_deref().cloned().unwrap_or(Sort::Text);
        let (variable, only, body) = match &call.arguments[..] {
            [variable, body] => (variable, None, body),
            [variable, only, body] if kind == LoopKind::Map => (variable, Some(only), body),
            _ => return self.malformed_loop(call),
        };
        let Form::Name(variable) = &variable.form else {
            return self.malformed_loop(call);
        };
        self.locals.push((variable.clone(), item.clone()));
        let only = only.map(|only| self.truth(only));
        let body = match kind {
            LoopKind::Map => self.node(body),
            _ => self.truth(body),
        };
        self.locals.pop();
        let only = match only {
            Some(only) => Some(only?),
            None => None,
        };
        let body = body?;
        let sort = match kind {
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => Sort::Boolean,
            LoopKind::Filter => list_node.sort.clone(),
            LoopKind::Map => Sort::List(Some(Box::new(body.sort.clone()))),
        };
        let fold = Loop { kind, list: list_node, only, body };
        Some((sort, Work::Loop(Box::new(fold))))
    }

    fn malformed_loop(&mut self, call: &Call) -> Option<(Sort, Work)> {
        self.problems.push(ExpressionProblem {
            at: call.name_at.clone(),
            message: format!("`{}` takes a name and what to do with each item", call.name),
            help: Some(format!("write list.{}(x, x != \"\")", call.name)),
        });
        None
    }

    fn unknown_function(&mut self, call: &Call) -> Option<(Sort, Work)> {
        if call.name == "has" {
            self.problems.push(ExpressionProblem {
                at: call.name_at.clone(),
                message: "`has` does not stand behind a dot".to_owned(),
                help: Some("write has(name)".to_owned()),
            });
            return None;
        }
        let macros = LoopKind::NAMES.into_iter().map(|(name, _)| name);
        let known = Function::names().chain(macros).chain(["has"]);
        let help = match nearest(&call.name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("functions are {}", Function::names().collect::<Vec<_>>().join(", ")),
        };
        self.problems.push(ExpressionProblem {
            at: call.name_at.clone(),
            message: format!("there is no function `{}`", call.name),
            help: Some(help),
        });
        None
    }
}
