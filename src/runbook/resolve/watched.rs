//! A wait with a command beside it: the command is run again and again until the time is over, the
//! wait has come to its end early, or it is aborted.

use super::super::model::{AtTheEnd, Effect, OnDisconnect, Poll, Run, StepKey};
use super::super::parse::Node;
use super::commands::Reads;
use super::run::POLL_EVERY;
use super::texts::duration;
use super::{Moment, Resolver};

/// The keys that speak of a command beside a wait.
const OF_THE_WATCH: &[&str] =
    &["abort_when", "capture", "every", "findings", "on_failure", "sample", "until"];

impl Resolver<'_> {
    /// A wait that is watched: a read command that is polled, for which the end of its time is well.
    pub(super) fn watched(
        &mut self,
        key: StepKey,
        node: &Node,
        wait: &Node,
        watch: &Node,
    ) -> Option<Run> {
        let within = self.constant_wait(wait);
        let inherited = self.inherited(key, Moment::Before, Reads::Only);
        let command = self.command(watch, &inherited);
        let after = self.place(key, Moment::After);
        let until = node.get("until").map(|until| self.condition(until, &after));
        let abort_when = node.get("abort_when").map(|abort| self.condition(abort, &after));
        let findings = self.findings(key, node);
        let captures = self.captures(node);
        let on_failure = self.on_failure(key);
        let (on_failure, on_failure_given) = on_failure?;
        let abort_when = match abort_when {
            Some(abort_when) => Some(abort_when?),
            // Who watches without saying for what wants to know that all goes on.
            None if until.is_none() => Some(self.of_result(key, "exit != 0")?),
            None => None,
        };
        let until = match until {
            Some(until) => until?,
            None => self.of_result(key, "false")?,
        };
        Some(Run {
            command: command?,
            effect: Effect::Read,
            subject: None,
            expect: Vec::new(),
            expect_given: false,
            sample: node.get("sample").and_then(Node::text).map(str::to_owned),
            findings: findings?,
            captures: captures?,
            verify: None,
            recheck: None,
            undo: None,
            retry: None,
            poll: Some(Poll {
                until,
                every: Self::duration_or(node.get("every"), POLL_EVERY),
                within: within?,
                at_the_end: AtTheEnd::Passed,
                abort_when,
            }),
            on_failure,
            on_failure_given,
            on_disconnect: OnDisconnect::Stop,
            interactive: None,
            background: None,
            evidence: Vec::new(),
            approval: None,
        })
    }

    fn constant_wait(&mut self, wait: &Node) -> Option<crate::value::Duration> {
        let found = duration(Some(wait));
        if found.is_none() {
            self.error_help(
                "duration",
                wait.span.clone(),
                "a wait that is watched is a duration, not a template",
                "write whole numbers with units, the largest first: 90s or 1h30m",
            );
        }
        found
    }

    /// What speaks of the command beside a wait needs one.
    pub(super) fn check_unwatched(&mut self, node: &Node) {
        for name in OF_THE_WATCH {
            if let Some(entry) = node.map().and_then(|map| map.entry(name)) {
                self.error_help(
                    "misplaced-key",
                    entry.key_span.clone(),
                    format!("`{name}` of a wait needs `watch`"),
                    "watch: <a read command that is run beside the wait>",
                );
            }
        }
    }
}
