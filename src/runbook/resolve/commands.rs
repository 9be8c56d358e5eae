//! Commands: what is run, where, and everything a command inherits from its step, its groups and
//! its target.

use std::collections::BTreeMap;

use super::super::model::{Argument, Command, FileSource, Form, Stdin, StepKey, TargetRef, User};
use super::super::parse::Node;
use super::super::span_map::SpanMap;
use super::texts::duration;
use super::{Moment, Place, Resolver};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::template::{
    ArgumentProblem, Input, Script, ScriptProblem, Shell, Surroundings, Template,
    check_arguments_within,
};
use crate::value::{Duration, Name, Reference, Type};

/// How long a read may take unless its author says otherwise, in milliseconds.
const READ_TIMEOUT: u64 = 10 * 60 * 1000;
/// How long anything else may take.
const CHANGE_TIMEOUT: u64 = 30 * 60 * 1000;

/// What stands for a script that cannot be read, so that the rest of the runbook is still looked at.
/// A runbook with an error is never handed out.
const STAND_IN: &str = ":";

/// What a command gets from where it stands.
#[derive(Clone)]
pub(super) struct Inherited {
    pub place: Place,
    pub shell: Shell,
    pub target: TargetRef,
    pub user: Option<User>,
    pub env: BTreeMap<String, Template>,
    pub cwd: Option<Template>,
    pub files: BTreeMap<Name, FileSource>,
    pub timeout: Option<Duration>,
    /// Whether it only looks, which gives it the shorter time.
    pub reads: Reads,
}

/// What stands around a command's text and may become a program.
#[derive(Default)]
struct Around {
    values: Surroundings,
    /// The place of its `stdin`.
    input: Option<Span>,
}

/// Whether a command only looks.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Reads {
    /// It does.
    Only,
    /// It may change something.
    Perhaps,
}

impl Resolver<'_> {
    /// What a command of a step inherits.
    pub(super) fn inherited(&mut self, step: StepKey, moment: Moment, reads: Reads) -> Inherited {
        let outline = self.outline;
        let node = outline.steps[step.0].node;
        let place = self.place(step, moment);
        let files = self.files(node, &place);
        let target = match outline.inherited(step, "target").or_else(|| self.root.get("target")) {
            Some(node) => self.target_ref(node),
            None => None,
        }
        .unwrap_or(TargetRef::Here);
        let mut groups: Vec<StepKey> = outline.ancestors(step).collect();
        groups.reverse();
        let mut env = BTreeMap::new();
        for group in groups {
            self.add_env(outline.steps[group.0].node.get("env"), &place, &mut env);
        }
        Inherited {
            shell: shell_of(node).unwrap_or_default(),
            target,
            user: user_of(node),
            env,
            cwd: node.get("cwd").and_then(|cwd| self.directory(cwd, &place)),
            files,
            timeout: duration(node.get("timeout")),
            reads,
            place,
        }
    }

    /// A command that stands outside of any step.
    pub(super) fn plain_command(&mut self, node: &Node, place: &Place) -> Option<Command> {
        let inherited = Inherited {
            place: place.clone(),
            shell: Shell::default(),
            target: TargetRef::Here,
            user: None,
            env: BTreeMap::new(),
            cwd: None,
            files: BTreeMap::new(),
            timeout: None,
            reads: Reads::Only,
        };
        self.command(node, &inherited)
    }

    /// A command in any of its forms.
    pub(super) fn command(&mut self, node: &Node, inherited: &Inherited) -> Option<Command> {
        let Some(map) = node.map() else {
            return self.command_of(node, node, inherited);
        };
        let mut own = inherited.clone();
        if let Some(target) = map.get("target") {
            own.target = self.target_ref(target)?;
        }
        self.check_user(node);
        own.user = user_of(node).or(own.user);
        own.shell = shell_of(node).unwrap_or(own.shell);
        self.add_env(map.get("env"), &own.place, &mut own.env);
        if let Some(cwd) = map.get("cwd") {
            own.cwd = Some(self.directory(cwd, &own.place)?);
        }
        if let Some(timeout) = map.get("timeout") {
            own.timeout = Some(duration(Some(timeout))?);
        }
        self.command_of(map.get("run")?, node, &own)
    }

    /// A command whose text is `run`, in the map or step `node`.
    pub(super) fn command_of(
        &mut self,
        run: &Node,
        node: &Node,
        inherited: &Inherited,
    ) -> Option<Command> {
        let stdin = match node.get("stdin") {
            Some(stdin) => Some(self.stdin(stdin, &inherited.place)?),
            None => None,
        };
        let (mut env, theirs) = match &inherited.target {
            TargetRef::Here => (BTreeMap::new(), None),
            TargetRef::Named(name) => (self.target_env(name), self.target_user(name)),
        };
        let user = inherited.user.clone().or(theirs);
        self.check_user_of_cluster(user.as_ref(), &inherited.target, &run.span);
        env.extend(inherited.env.clone());
        let around = Around {
            values: self.surroundings(&env, stdin.as_ref(), &inherited.place),
            input: node.get("stdin").map(|stdin| stdin.span.clone()),
        };
        let form = match run.list() {
            Some(items) => {
                if let Some(shell) = node.get("shell") {
                    self.error(
                        "misplaced-key",
                        shell.span.clone(),
                        "a list of arguments has no shell",
                    );
                }
                Form::List(self.arguments(items, &inherited.place, &around)?)
            }
            None => Form::Shell(self.script(run, inherited, &around)?),
        };
        let millis = match inherited.reads {
            Reads::Only => READ_TIMEOUT,
            Reads::Perhaps => CHANGE_TIMEOUT,
        };
        Some(Command {
            form,
            target: inherited.target.clone(),
            user,
            env,
            cwd: inherited.cwd.clone(),
            stdin,
            files: inherited.files.clone(),
            timeout: inherited.timeout.clone().unwrap_or_else(|| Duration::from_millis(millis)),
            span: run.span.clone(),
        })
    }

    /// A shell script with its slots placed.
    fn script(&mut self, node: &Node, inherited: &Inherited, around: &Around) -> Option<Script> {
        let (shell, place) = (inherited.shell, &inherited.place);
        let text = node.text()?;
        let map = SpanMap::of(&self.source.text, node);
        let declared = |reference: &Reference| self.declared(reference, place);
        let parsed = Script::parse_within(text, shell, &declared, &around.values);
        let (script, problems) = match parsed {
            Ok((script, warnings)) => (Some(script), warnings),
            Err(problems) => (None, problems),
        };
        for problem in problems {
            self.script_problem(problem, &map, around);
        }
        let Some(script) = script else {
            self.name_all(&Template::parse(text).ok()?.mentions(), &map, place);
            return Script::parse(STAND_IN, shell, &|_| None).ok().map(|(script, _)| script);
        };
        self.name_all(&script.mentions(), &map, place);
        Some(script)
    }

    /// The values of the environment and the input that a program could come from.
    fn surroundings(
        &self,
        env: &BTreeMap<String, Template>,
        stdin: Option<&Stdin>,
        place: &Place,
    ) -> Surroundings {
        let open = |reference: &Reference| {
            !matches!(reference, Reference::File(_))
                && self.declared(reference, place).is_some_and(|declared| !declared.closed)
        };
        let holds_open = |template: &Template| {
            let mentions = template.mentions();
            mentions.iter().any(|mention| open(&mention.reference))
        };
        let reads_open = match stdin {
            None => false,
            Some(Stdin::Lines(name)) => open(&Reference::Value(name.clone())),
            Some(Stdin::Text(template)) => holds_open(template),
        };
        Surroundings {
            open_variables: env
                .iter()
                .filter(|(_, template)| holds_open(template))
                .map(|(name, _)| name.clone())
                .collect(),
            input: if reads_open { Input::Open } else { Input::Constant },
        }
    }

    fn arguments(
        &mut self,
        items: &[Node],
        place: &Place,
        around: &Around,
    ) -> Option<Vec<Argument>> {
        let mut arguments = Vec::new();
        let mut templates = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let template = self.template(item, place)?;
            if index == 0 {
                self.check_program_name(item);
            }
            let mentions = template.mentions();
            let list = mentions.iter().find(|mention| self.is_list(&mention.reference, place));
            arguments.push(match list.map(|mention| &mention.reference) {
                Some(Reference::Value(name)) => {
                    let name = name.clone();
                    if template.sole_slot().is_none() {
                        self.error_help(
                            "list-in-text",
                            item.span.clone(),
                            format!("`{name}` is a list and makes arguments of its own"),
                            format!("write \"{{{{{name}}}}}\" as an item"),
                        );
                    }
                    Argument::Each(name)
                }
                _ => Argument::One(template.clone()),
            });
            templates.push(template);
        }
        let declared = |reference: &Reference| self.declared(reference, place);
        let found = check_arguments_within(&templates, &declared, &around.values);
        for ArgumentProblem { argument, problem } in found {
            let map = SpanMap::of(&self.source.text, &items[argument]);
            self.script_problem(problem, &map, around);
        }
        Some(arguments)
    }

    /// Words that no shell reads. The programs among them may: no value is one, nor part of one.
    pub(super) fn words(&mut self, items: &[Node], place: &Place) -> Option<Vec<Template>> {
        let mut templates = Vec::new();
        for item in items {
            templates.push(self.template(item, place)?);
        }
        let declared = |reference: &Reference| self.declared(reference, place);
        let around = Around::default();
        let problems = check_arguments_within(&templates, &declared, &around.values);
        for found in problems {
            let map = SpanMap::of(&self.source.text, &items[found.argument]);
            self.script_problem(found.problem, &map, &around);
        }
        Some(templates)
    }

    fn script_problem(&mut self, problem: ScriptProblem, map: &SpanMap, around: &Around) {
        let place = match &around.input {
            Some(input) if problem.code == "input-as-program" => input.clone(),
            _ => map.place(&problem.at),
        };
        let mut found = Diagnostic::error(problem.code, place, problem.message);
        found.severity = problem.severity;
        found.help = problem.help;
        self.findings.push(found);
    }

    fn check_program_name(&mut self, item: &Node) {
        let text = item.text().unwrap_or("");
        if text.trim().is_empty() {
            self.error("empty-command", item.span.clone(), "the program's name is empty");
        } else if text.contains(' ') && !text.contains("{{") {
            self.findings.push(
                Diagnostic::warning("list-blanks", item.span.clone(), format!("there is hardly a program called `{}`", crate::diagnostic::cut(text)))
                    .help("a list is one command's program and arguments; several commands go under `run: |`"),
            );
        }
    }

    pub(super) fn is_list(&self, reference: &Reference, place: &Place) -> bool {
        self.declared(reference, place).is_some_and(|declared| declared.ty == Type::List)
    }

    fn stdin(&mut self, node: &Node, place: &Place) -> Option<Stdin> {
        if let Some(items) = node.list() {
            return self.stdin_lines(items, place);
        }
        let template = self.template(node, place)?;
        let list =
            template.mentions().into_iter().find(|mention| self.is_list(&mention.reference, place));
        Some(match list.map(|mention| mention.reference) {
            Some(Reference::Value(name)) if node.text()?.trim() == format!("{{{{{name}}}}}") => {
                Stdin::Lines(name)
            }
            _ => Stdin::Text(template),
        })
    }

    /// A list on stdin: a line for each item.
    fn stdin_lines(&mut self, items: &[Node], place: &Place) -> Option<Stdin> {
        if let [only] = items {
            return self.stdin(only, place);
        }
        let mut text = String::new();
        for item in items {
            text.push_str(self.template(item, place)?.source());
            text.push('\n');
        }
        Template::parse(&text).ok().map(Stdin::Text)
    }

    pub(super) fn add_env(
        &mut self,
        node: Option<&Node>,
        place: &Place,
        env: &mut BTreeMap<String, Template>,
    ) {
        for entry in node.and_then(Node::map).map_or(&[][..], |map| &map.entries) {
            if let Some(template) = self.template(&entry.value, place) {
                self.refuse_list(&entry.value, &template, "an environment variable holds", place);
                env.insert(entry.key.clone(), template);
            }
        }
    }

    /// A text that holds no list; `what` says what it is.
    pub(super) fn refuse_list(
        &mut self,
        node: &Node,
        template: &Template,
        what: &str,
        place: &Place,
    ) {
        if let Some(mention) =
            template.mentions().iter().find(|mention| self.is_list(&mention.reference, place))
        {
            let message = format!("`{}` is a list, and {what} one text", mention.reference);
            self.error_help(
                "list-in-text",
                node.span.clone(),
                message,
                "a list stands in `for_each`, in `stdin`, or as an argument of a command that is a list",
            );
        }
    }

    /// A working directory: one text, which every process can see.
    fn directory(&mut self, node: &Node, place: &Place) -> Option<Template> {
        let template = self.shown(node, place)?;
        self.refuse_list(node, &template, "a working directory is", place);
        Some(template)
    }

    /// A target that a `target` key names.
    pub(super) fn target_ref(&mut self, node: &Node) -> Option<TargetRef> {
        let text = node.text()?;
        if text == "here" {
            return Some(TargetRef::Here);
        }
        let targets = self.root.get("targets").and_then(Node::map);
        let names: Vec<&str> = targets
            .map_or(&[][..], |map| &map.entries)
            .iter()
            .map(|entry| entry.key.as_str())
            .collect();
        if names.contains(&text) {
            return Name::new(text).ok().map(TargetRef::Named);
        }
        let help = match did_you_mean(text, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "declare it under `targets`, or write `here`; there are: {}",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            ),
        };
        self.error_help(
            "unknown-target",
            node.span.clone(),
            format!("there is no target `{}`", crate::diagnostic::cut(text)),
            help,
        );
        None
    }
}

/// The user that an `as` names.
pub(super) fn user_of(node: &Node) -> Option<User> {
    User::new(node.get("as")?.text()?)
}

fn shell_of(node: &Node) -> Option<Shell> {
    match node.get("shell")?.text()? {
        "sh" => Some(Shell::Sh),
        "bash" => Some(Shell::Bash),
        _ => None,
    }
}
