//! What stands around a step's action: when and how often it is done, how long it may take, what
//! goes on beside it.

use super::{Block, Detail, Writer};
use crate::runbook::{
    Action, Background, ForEach, ItemConfirm, ItemFailure, Items, Order, Ready, Run, Step, Timebox,
};
use crate::value::Value;

impl Writer<'_> {
    /// What any step may have.
    pub(super) fn around(&mut self, step: &Step) {
        if let Some(when) = &step.when {
            self.code("when", when.text());
        }
        if let Some(each) = &step.for_each {
            self.field("each", repeated(each));
        }
        if let Action::Group { order: Order::AtOnce(count), .. } = &step.action {
            self.field("at once", format!("up to {count} of these"));
        }
        if let Some(timebox) = &step.timebox {
            let text = self.limit(timebox);
            self.field("limit", text);
        }
        if let Some(why) = step.why.as_ref().filter(|_| self.detail == Detail::Unfolded) {
            self.push(Block::Why(why.clone()));
        }
        for rule in &step.never {
            self.push(Block::Never(rule.clone()));
        }
        for link in &step.links {
            self.link(link);
        }
    }

    fn limit(&self, timebox: &Timebox) -> String {
        let mut text = timebox.after.written.clone();
        if let Some(say) = &timebox.say {
            text = format!("{text}: {}", self.text(say));
        }
        match timebox.escalate.and_then(|place| self.runbook.escalation.get(place)) {
            Some(role) => format!("{text} (ask {})", role.role),
            None => text,
        }
    }

    /// What goes on beside a command: who else agrees, who types, what stays and what is kept.
    pub(super) fn beside(&mut self, run: &Run) {
        if let Some(approval) = &run.approval {
            self.field("agrees", format!("{}: {}", approval.role, approval.why));
        }
        if let Some(interactive) = &run.interactive {
            self.field("typing", "is yours: the command gets the terminal");
            for line in &interactive.type_in {
                let line = self.text(line);
                self.push(Block::Item(line));
            }
        }
        if let Some(background) = &run.background {
            self.stays(background);
        }
        let kept: Vec<String> = run.evidence.iter().map(|path| self.text(path)).collect();
        if !kept.is_empty() {
            self.field("keeps", kept.join(", "));
        }
    }

    fn stays(&mut self, background: &Background) {
        let stays = "in the background until its group is left";
        let within = &background.timeout.written;
        match &background.ready {
            None => self.field("stays", stays),
            Some(Ready::Output(pattern)) => {
                let ready = format!("{stays}; ready when it says {}", pattern.as_str());
                self.field("stays", format!("{ready}, within {within}"));
            }
            Some(Ready::Command(command)) => {
                self.field("stays", format!("{stays}; ready when this succeeds, within {within}"));
                let command = self.command(command);
                self.push(Block::Command(command));
            }
        }
    }
}

/// How a step is repeated.
fn repeated(each: &ForEach) -> String {
    let items = match &each.items {
        Items::Expression(list) => list.text().to_owned(),
        Items::Listed(items) => items.iter().map(Value::written).collect::<Vec<_>>().join(", "),
    };
    let at_once = (each.at_once > 1).then(|| format!("{} at once", each.at_once));
    let agreed = (each.confirm == ItemConfirm::Once).then(|| "agreed to at once".to_owned());
    let goes_on = matches!(each.on_failure, ItemFailure::Continue);
    let goes_on = goes_on.then(|| "goes on after a failure".to_owned());
    let first = format!("{} of {items}", each.name);
    let parts = [Some(first), at_once, agreed, goes_on];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
