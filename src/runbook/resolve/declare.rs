//! Every value with its type, before any text is compiled: inputs, captures and answers.

use super::super::model::{StepKey, ValueDeclaration, ValueOrigin};
use super::super::parse::{Entry, Node, Style};
use super::Resolver;
use crate::diagnostic::Span;
use crate::template::Declared;
use crate::value::{Name, Type, Value};

/// A value's own type, and whether it fits a closed one.
pub(super) fn shape_of(value: &Value) -> (Type, bool) {
    match value {
        Value::Boolean(_) => (Type::Boolean, true),
        Value::Duration(_) => (Type::Duration, true),
        Value::Float(_) => (Type::Float, true),
        Value::Integer(_) => (Type::Integer, true),
        Value::List(items) => (Type::List, items.iter().all(|item| shape_of(item).1)),
        Value::Text(text) => (Type::Text, closed_text(text)),
        Value::Timestamp(_) => (Type::Timestamp, true),
    }
}

/// Whether a text fits one of the closed types.
fn closed_text(text: &str) -> bool {
    [Type::Name, Type::Host, Type::Duration, Type::Timestamp, Type::Integer, Type::Float]
        .into_iter()
        .any(|ty| Value::parse(ty, text).is_ok())
}

impl Resolver<'_> {
    /// Declares the inputs, the captures and the answers.
    pub(super) fn declare_values(&mut self) {
        let root = self.root;
        if let Some(map) = root.get("inputs").and_then(Node::map) {
            for entry in &map.entries {
                self.declare_input(entry);
            }
        }
        let outline = self.outline;
        for (index, sketch) in outline.steps.iter().enumerate() {
            let step = StepKey(index);
            match sketch.node.get("capture") {
                Some(node) if node.scalar().is_some() => {
                    let declared = open(Type::Text, false);
                    self.declare_by_step(
                        (node.text(), &node.span),
                        declared,
                        step,
                        Origin::Capture,
                    );
                }
                Some(node) => {
                    for entry in node.map().map_or(&[][..], |map| &map.entries) {
                        let declared = capture_declared(&entry.value);
                        self.declare_by_step(
                            (Some(&entry.key), &entry.key_span),
                            declared,
                            step,
                            Origin::Capture,
                        );
                    }
                }
                None => {}
            }
            if let Some(repeats) = sketch.node.get("for_each") {
                self.declare_item(repeats, step);
            }
            if let Some(into) = sketch.node.get("into") {
                let declared = Self::answer_declared(sketch.node);
                self.declare_by_step((into.text(), &into.span), declared, step, Origin::Answer);
            }
        }
    }

    fn declare_input(&mut self, entry: &Entry) {
        let Ok(name) = Name::new(&entry.key) else {
            return;
        };
        let ty = type_of(&entry.value).unwrap_or(Type::Text);
        let flag = |key| entry.value.get(key).and_then(Node::text).map(|text| text == "true");
        let choices = entry.value.get("choices").and_then(Node::list);
        let listed = choices.is_some_and(|items| {
            !items.is_empty() && items.iter().filter_map(Node::text).all(closed_text)
        });
        let declared = Declared {
            ty,
            closed: ty.is_closed() || listed,
            secret: flag("secret").unwrap_or(false),
            optional: !flag("required").unwrap_or(true),
        };
        self.values.insert(name, ValueDeclaration { declared, origin: ValueOrigin::Input });
    }

    /// The item of a `for_each`. Loops that stand beside each other may use one name.
    fn declare_item(&mut self, repeats: &Node, step: StepKey) {
        let (Some(list), Some(node)) = (repeats.get("in"), repeats.get("as")) else {
            return;
        };
        let Some(name) = node.text().and_then(|text| Name::new(text).ok()) else {
            return;
        };
        let own = Some(name.as_str());
        let item_of = |key: StepKey| {
            let repeats = self.outline.steps[key.0].node.get("for_each");
            repeats.and_then(|repeats| repeats.get("as")?.text())
        };
        let around = &self.outline.steps[step.0].loops;
        let nested = around.iter().any(|key| *key != step && item_of(*key) == own);
        let beside = self
            .values
            .get(&name)
            .is_some_and(|value| matches!(value.origin, ValueOrigin::Items(_)));
        if nested || !beside && self.values.contains_key(&name) {
            let message = format!("`{name}` is the name of another value already");
            let help = "inputs, answers, captures and items have names of their own";
            self.error_help("two-values", node.span.clone(), message, help);
            return;
        }
        let declared = self.item_declared(list);
        let origin = ValueOrigin::Items(vec![step]);
        self.values
            .entry(name)
            .and_modify(|value| {
                value.declared.closed &= declared.closed;
                value.declared.secret |= declared.secret;
                if value.declared.ty != declared.ty {
                    value.declared.ty = Type::Text;
                }
                if let ValueOrigin::Items(steps) = &mut value.origin {
                    steps.push(step);
                }
            })
            .or_insert(ValueDeclaration { declared, origin });
    }

    /// What an item of a list is. Items that are texts stay texts, whatever they look like; behind
    /// a `for_each` the list of all has items of the captured type.
    fn item_declared(&self, list: &Node) -> Declared {
        if let Some(items) = list.list() {
            return open(choice_type(items), false);
        }
        let named = list.text().and_then(|text| Name::new(text.trim()).ok());
        match named.and_then(|name| self.values.get(&name)) {
            Some(ValueDeclaration { declared, .. }) => {
                let ty = if declared.ty == Type::List { Type::Text } else { declared.ty };
                Declared { ty, optional: false, ..*declared }
            }
            None => open(Type::Text, false),
        }
    }

    fn declare_by_step(
        &mut self,
        (name, span): (Option<&str>, &Span),
        declared: Declared,
        step: StepKey,
        origin: Origin,
    ) {
        let Some(name) = name.and_then(|name| Name::new(name).ok()) else {
            return;
        };
        match self.values.get_mut(&name) {
            None => {
                let origin = ValueOrigin::Steps(vec![step]);
                self.values.insert(name, ValueDeclaration { declared, origin });
            }
            Some(ValueDeclaration { origin: ValueOrigin::Steps(steps), declared: first })
                if origin == Origin::Capture
                    && steps
                        .iter()
                        .all(|step| self.outline.steps[step.0].node.get("into").is_none()) =>
            {
                let repeated = |step: StepKey| !self.outline.steps[step.0].loops.is_empty();
                let mixed = repeated(steps[0]) != repeated(step);
                steps.push(step);
                if mixed {
                    let message = format!(
                        "`{name}` is captured in a `for_each`, behind which it is a list, and \
                         outside of one"
                    );
                    let help = "give one of the two another name";
                    self.error_help("two-types", span.clone(), message, help);
                } else if first.ty == declared.ty {
                    first.closed &= declared.closed;
                    first.secret |= declared.secret;
                } else {
                    let message = format!(
                        "`{name}` is captured with two types: {} and {}",
                        first.ty.keyword(),
                        declared.ty.keyword()
                    );
                    self.error("two-types", span.clone(), message);
                }
            }
            Some(_) => {
                let message = format!("`{name}` is the name of another value already");
                self.error_help(
                    "two-values",
                    span.clone(),
                    message,
                    "inputs, answers and captures have names of their own",
                );
            }
        }
    }

    fn answer_declared(node: &Node) -> Declared {
        let many = node.get("many").and_then(Node::text) == Some("true");
        let items = node.get("choices").and_then(Node::list);
        let ty = type_of(node).unwrap_or_else(|| choice_type(items.unwrap_or(&[])));
        let closed = ty.is_closed()
            || items.is_some_and(|items| {
                !items.is_empty() && items.iter().filter_map(Node::text).all(closed_text)
            });
        open(if many { Type::List } else { ty }, closed)
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Origin {
    Answer,
    Capture,
}

fn open(ty: Type, closed: bool) -> Declared {
    Declared { ty, closed: closed || ty.is_closed(), secret: false, optional: false }
}

fn capture_declared(node: &Node) -> Declared {
    let lines = node.get("lines").and_then(Node::text) == Some("true");
    let ty = type_of(node).unwrap_or(if lines { Type::List } else { Type::Text });
    Declared { secret: node.get("secret").and_then(Node::text) == Some("true"), ..open(ty, false) }
}

/// The type that a node's `type` names.
pub(super) fn type_of(node: &Node) -> Option<Type> {
    Type::from_keyword(node.get("type")?.text()?)
}

/// The type of an answer that is one of these.
pub(super) fn choice_type(items: &[Node]) -> Type {
    let plain = |item: &Node, ty| {
        item.scalar().is_some_and(|scalar| {
            scalar.style == Style::Plain && Value::parse(ty, &scalar.value).is_ok()
        })
    };
    [Type::Integer, Type::Boolean, Type::Float]
        .into_iter()
        .find(|ty| !items.is_empty() && items.iter().all(|item| plain(item, *ty)))
        .unwrap_or(Type::Text)
}
