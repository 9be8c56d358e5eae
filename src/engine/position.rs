//! Where a walk is: a stack of frames. `use` and groups push, the end of a line pops, `goto` and
//! the responder's jumps clear what stands above their destination.

use super::scope::ScopeId;
use crate::runbook::{Action, BookId, PartId, Runbook, StepKey};

/// A line of steps.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Line {
    /// A part of the runbook.
    Part(PartId),
    /// The steps of a group.
    Group(StepKey),
    /// A single step of a parallel group.
    Step(StepKey),
}

/// A place on a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Frame {
    /// The line.
    pub(super) line: Line,
    /// The place of the step that comes next.
    pub(super) next: usize,
    /// The step that is over when the line is.
    pub(super) owner: Option<StepKey>,
    /// What is seen there.
    pub(super) scope: ScopeId,
}

impl Frame {
    /// The part that the line belongs to.
    pub(super) fn part<'a>(&'a self, runbook: &'a Runbook) -> &'a PartId {
        match &self.line {
            Line::Part(part) => part,
            Line::Group(step) | Line::Step(step) => &runbook.step(*step).part,
        }
    }

    /// The steps of the line.
    pub(super) fn steps<'a>(&'a self, runbook: &'a Runbook) -> &'a [StepKey] {
        steps(runbook, &self.line)
    }

    /// The runbook that the line belongs to.
    pub(super) fn book(&self, runbook: &Runbook) -> BookId {
        self.part(runbook).book()
    }
}

/// What comes next on the way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// This step.
    Step(StepKey),
    /// The line that this step opened is at its end.
    Close(StepKey),
    /// A line that nobody waits for is at its end.
    Pop,
    /// There is nothing more.
    End,
}

/// A stack of frames.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Position {
    stack: Vec<Frame>,
    /// What is seen where there is no line.
    base: ScopeId,
}

impl Position {
    /// The start of a line.
    pub(super) fn start(line: Line, scope: ScopeId) -> Self {
        Self { stack: vec![Frame { line, next: 0, owner: None, scope }], base: scope }
    }

    /// No line at all, where this is seen.
    pub(super) fn at(scope: ScopeId) -> Self {
        Self { stack: Vec::new(), base: scope }
    }

    /// What is seen.
    pub(super) fn scope(&self) -> ScopeId {
        self.stack.last().map_or(self.base, |frame| frame.scope)
    }

    /// What is seen in a runbook that stands around, or here.
    pub(super) fn scope_of(&self, runbook: &Runbook, book: BookId) -> ScopeId {
        let own = self.stack.iter().rev().find(|frame| frame.book(runbook) == book);
        own.map_or(self.base, |frame| frame.scope)
    }

    /// The frames, outermost first.
    pub(super) fn frames(&self) -> &[Frame] {
        &self.stack
    }

    /// What comes next.
    pub(super) fn next(&self, runbook: &Runbook) -> Next {
        let Some(top) = self.stack.last() else {
            return Next::End;
        };
        match (steps(runbook, &top.line).get(top.next), top.owner) {
            (Some(step), _) => Next::Step(*step),
            (None, Some(owner)) => Next::Close(owner),
            (None, None) if self.stack.len() > 1 => Next::Pop,
            (None, None) => Next::End,
        }
    }

    /// Steps over the next step.
    pub(super) fn advance(&mut self) {
        if let Some(top) = self.stack.last_mut() {
            top.next += 1;
        }
    }

    /// Opens a line on behalf of a step.
    pub(super) fn push(&mut self, line: Line, owner: Option<StepKey>) {
        let scope = self.scope();
        self.stack.push(Frame { line, next: 0, owner, scope });
    }

    /// Opens a line where something else is seen.
    pub(super) fn push_in(&mut self, line: Line, owner: Option<StepKey>, scope: ScopeId) {
        self.stack.push(Frame { line, next: 0, owner, scope });
    }

    /// Leaves all of a used runbook but its final steps. The step that is over when they are.
    pub(super) fn leave_book(&mut self, runbook: &Runbook, book: BookId) -> Option<StepKey> {
        let base = self.stack.iter().position(|frame| frame.book(runbook) == book)?;
        self.stack.truncate(base + 1);
        self.stack[base].owner
    }

    /// Leaves the innermost line.
    pub(super) fn pop(&mut self) {
        self.stack.pop();
    }

    /// Leaves all lines. What is left of used runbooks is their final steps.
    pub(super) fn leave_all(&mut self, runbook: &Runbook) -> Vec<Frame> {
        self.leave(runbook, 0)
    }

    /// Comes through these lines first, the last of them before all others.
    pub(super) fn come_through(&mut self, lines: Vec<Frame>) {
        self.stack.extend(lines);
    }

    /// Leaves the frames from a place on. The final steps of the used runbooks among them are
    /// still to be offered, unless they were begun.
    fn leave(&mut self, runbook: &Runbook, from: usize) -> Vec<Frame> {
        let left = self.stack.drain(from.min(self.stack.len())..);
        let ahead = left.filter(|frame| {
            let part = frame.part(runbook);
            let last = part.book() != BookId::MAIN && *part.own() == PartId::Finally;
            last && frame.next == 0 && matches!(frame.line, Line::Part(_))
        });
        ahead.map(|frame| Frame { owner: None, ..frame }).collect()
    }

    /// Moves so that `step` comes next, and clears the frames above its line. A line that is not
    /// on the stack replaces all (`goto` does not come back), unless `keep_main` leaves the main
    /// line below it (a responder's jump does). A `goto` out of used runbooks comes through their
    /// final steps; a responder who jumps has chosen the step.
    pub(super) fn go_to(&mut self, runbook: &Runbook, step: StepKey, jump: Jump) {
        let scope = self.scope_of(runbook, runbook.step(step).part.book());
        let around = self.stack.first().map(|frame| frame.line.clone());
        let path = path_to(runbook, step);
        let part = Line::Part(runbook.step(step).part.clone());
        let owner = self.owner_of(&part);
        let base = self.base(runbook, runbook.step(step).part.book());
        let left = match self.stack.iter().rposition(|frame| frame.line == part) {
            Some(at) if at >= base => self.leave(runbook, at),
            _ if jump == Jump::Responder && runbook.step(step).part.own() != &PartId::Main => {
                self.leave(runbook, base + 1)
            }
            _ => self.leave(runbook, base),
        };
        // An item's own lane holds nothing of what is around the item.
        let around = self.stack.is_empty().then_some(around).flatten();
        let path = match around.and_then(|line| path.iter().position(|(it, _)| *it == line)) {
            Some(place) => path.into_iter().skip(place).collect(),
            None => path,
        };
        for (depth, (line, next)) in path.into_iter().enumerate() {
            let owner = match &line {
                Line::Group(group) => Some(*group),
                Line::Part(_) if depth == 0 => owner,
                Line::Part(_) | Line::Step(_) => None,
            };
            self.stack.push(Frame { line, next, owner, scope });
        }
        if jump == Jump::Runbook {
            self.come_through(left);
        }
    }

    /// Goes to the start of a procedure: clears the frames above it if it is on the stack, where
    /// it still returns to whoever used it; else it does not come back.
    pub(super) fn enter(&mut self, runbook: &Runbook, procedure: PartId) {
        let scope = self.scope_of(runbook, procedure.book());
        let base = self.base(runbook, procedure.book());
        let line = Line::Part(procedure);
        let owner = self.owner_of(&line);
        let at = self.stack.iter().position(|frame| frame.line == line).unwrap_or(base);
        let left = self.leave(runbook, at);
        self.push_in(line, owner, scope);
        self.come_through(left);
    }

    /// Where the frames of a runbook begin that a `goto` in it may clear: a used one keeps its
    /// final steps.
    fn base(&self, runbook: &Runbook, book: BookId) -> usize {
        if book == BookId::MAIN {
            return 0;
        }
        let first = self.stack.iter().position(|frame| frame.book(runbook) == book);
        first.map_or(self.stack.len(), |first| first + 1)
    }

    /// A procedure that was entered by `use` still returns to the step that used it.
    fn owner_of(&self, part: &Line) -> Option<StepKey> {
        self.stack.iter().find(|frame| frame.line == *part).and_then(|frame| frame.owner)
    }
}

/// Who jumps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Jump {
    /// A `goto` of the runbook.
    Runbook,
    /// The responder.
    Responder,
}

/// The steps of a line.
fn steps<'a>(runbook: &'a Runbook, line: &'a Line) -> &'a [StepKey] {
    match line {
        Line::Part(part) => runbook.part(part),
        Line::Group(group) => match &runbook.step(*group).action {
            Action::Group { steps, .. } => steps,
            _ => &[],
        },
        Line::Step(step) => std::slice::from_ref(step),
    }
}

/// The lines from a part down to a step, each with the place of what comes next on it.
fn path_to(runbook: &Runbook, step: StepKey) -> Vec<(Line, usize)> {
    let mut path = Vec::new();
    let mut child = step;
    let mut below = false;
    loop {
        let line = match runbook.step(child).parent {
            Some(group) => Line::Group(group),
            None => Line::Part(runbook.step(child).part.clone()),
        };
        let place = steps(runbook, &line).iter().position(|key| *key == child).unwrap_or(0);
        // An ancestor has been entered: what comes next on its line is the step after it.
        path.push((line.clone(), if below { place + 1 } else { place }));
        below = true;
        match line {
            Line::Group(group) => child = group,
            Line::Part(_) | Line::Step(_) => break,
        }
    }
    path.reverse();
    path
}
