//! What happens to commands while a question is open. Facts and requests end the question, so that
//! they are heard at once; output waits until there is an answer, and what is too much of it stands
//! in its file alone.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;

use super::ports::{Beside, Executor, Happening, Heard, Notary};
use crate::engine::Waiting;

/// So many bytes of output wait for an answer.
const MOST_WAITING: usize = 64 * 1024;

/// The commands that run beside a question.
pub(super) struct Running<'a> {
    executor: &'a mut dyn Executor,
    /// Another person's answer, which may come in by another way.
    answers: Option<(&'a Waiting, &'a mut dyn Notary)>,
    happened: VecDeque<Happening>,
    waiting: usize,
    watched: Watched,
}

/// Whether there was something that wakes, when it was last looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Watched {
    Something,
    Nothing,
}

impl Watched {
    fn of(executor: &dyn Executor) -> Self {
        if executor.wakes().is_some() { Self::Something } else { Self::Nothing }
    }
}

impl<'a> Running<'a> {
    pub(super) fn new(executor: &'a mut dyn Executor) -> Self {
        let watched = Watched::of(executor);
        Self { executor, answers: None, happened: VecDeque::new(), waiting: 0, watched }
    }

    /// Looks for answers to a request, too.
    pub(super) fn and_answers_to(
        mut self,
        waiting: &'a Waiting,
        notary: &'a mut dyn Notary,
    ) -> Self {
        self.answers = Some((waiting, notary));
        self
    }

    /// What happened, in order.
    pub(super) fn into_happened(self) -> VecDeque<Happening> {
        self.happened
    }
}

impl Beside for Running<'_> {
    fn wakes(&self) -> Option<BorrowedFd<'_>> {
        self.executor.wakes()
    }

    fn suspend(&mut self) {
        self.executor.suspend();
    }

    fn look(&mut self) -> Heard {
        let mut heard = Heard::Nothing;
        while let Some(happening) = self.executor.glance() {
            match &happening {
                Happening::Tick => continue,
                Happening::Output { bytes, .. } => {
                    if self.waiting + bytes.len() > MOST_WAITING {
                        continue;
                    }
                    self.waiting += bytes.len();
                }
                _ => heard = Heard::Something,
            }
            self.happened.push_back(happening);
        }
        if let Some((waiting, notary)) = &mut self.answers
            && notary.has_arrived(waiting)
        {
            heard = Heard::Something;
        }
        let watched = Watched::of(self.executor);
        // Whoever waits holds a descriptor that is of no use any more.
        if std::mem::replace(&mut self.watched, watched) != watched {
            heard = Heard::Something;
        }
        heard
    }
}
