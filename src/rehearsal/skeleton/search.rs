//! The search: what was never tried comes first, then what differs least from the way on which all
//! goes well. Each way is gone to its end before another is begun.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::rc::Rc;

use super::way::{Alternative, Fork, Way};
use crate::rehearsal::coverage::{BranchKind, Point};
use crate::rehearsal::walk::Prepared;
use crate::runbook::StepId;

/// How many ways are gone at most, and how many after the last that reached something.
const MOST_WAYS: usize = 2_000;
const PATIENCE: usize = 600;

/// How often the same thing happens on one way.
const MOST_TIMES: usize = 3;

type Key = (Option<StepId>, String);

/// A search for ways that reach what is wanted.
pub(super) struct Search {
    wanted: Vec<Point>,
    missing: BTreeSet<Point>,
    start: Option<Way>,
    /// How often each thing was tried on all ways.
    tried: BTreeMap<Key, usize>,
    ahead: BinaryHeap<Reverse<(Aim, usize, usize, usize)>>,
    places: Vec<Place>,
    found: Vec<(Way, Vec<Point>)>,
}

/// Whether something that is missing may be near.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Aim {
    Near,
    Elsewhere,
}

/// A way up to a fork, and what happens there.
struct Place {
    way: Rc<Way>,
    alternative: Alternative,
    /// What has happened on the way so far.
    times: Rc<BTreeMap<Key, usize>>,
    /// How often something else happened than what goes well.
    turns: usize,
}

impl Search {
    pub(super) fn new(prepared: Prepared, wanted: Vec<Point>) -> Self {
        Self {
            missing: wanted.iter().cloned().collect(),
            wanted,
            start: Way::new(prepared),
            tried: BTreeMap::new(),
            ahead: BinaryHeap::new(),
            places: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The ways, each with what it reaches first; and what none reaches.
    pub(super) fn run(mut self) -> (Vec<(Way, Vec<Point>)>, Vec<Point>) {
        if let (Some(way), false) = (self.start.take(), self.missing.is_empty()) {
            self.go(way, BTreeMap::new(), 0);
        }
        let (mut ways, mut idle, mut found) = (1, 0, self.found.len());
        while !self.missing.is_empty() && ways < MOST_WAYS && idle < PATIENCE {
            let Some(Reverse((_, _, _, index))) = self.ahead.pop() else { break };
            ways += 1;
            idle = if self.found.len() > found { 0 } else { idle + 1 };
            found = self.found.len();
            let place = &self.places[index];
            let (mut way, mut times) = ((*place.way).clone(), (*place.times).clone());
            let (alternative, turns) = (place.alternative.clone(), place.turns);
            self.count(&alternative, &mut times);
            if way.choose(&alternative).is_some() {
                self.go(way, times, turns);
            }
        }
        self.prune();
        let unreached = self.wanted.into_iter().filter(|it| self.missing.contains(it));
        (self.found, unreached.collect())
    }

    fn count(&mut self, alternative: &Alternative, times: &mut BTreeMap<Key, usize>) {
        *self.tried.entry(alternative.key()).or_default() += 1;
        *times.entry(alternative.key()).or_default() += 1;
    }

    /// Goes a way to its end, and notes what else might have happened.
    fn go(&mut self, mut way: Way, mut times: BTreeMap<Key, usize>, turns: usize) {
        loop {
            let alternatives = match way.go_on() {
                Fork::Choice(alternatives) => alternatives,
                Fork::End => return self.ended(way),
                Fork::Lost => return,
            };
            let often = |it: &Alternative| times.get(&it.key()).copied().unwrap_or(0);
            // What has happened too often leads round in circles: then something else happens.
            let Some(first) = alternatives.iter().position(|it| often(it) < MOST_TIMES) else {
                return;
            };
            let others: Vec<&Alternative> = alternatives
                .iter()
                .enumerate()
                .filter(|(index, it)| *index != first && often(it) < MOST_TIMES)
                .map(|(_, it)| it)
                .collect();
            if !others.is_empty() {
                let (before, so_far) = (Rc::new(way.clone()), Rc::new(times.clone()));
                for other in others {
                    let tried = self.tried.get(&other.key()).copied().unwrap_or(0);
                    let aim = self.aim(&before, other);
                    self.ahead.push(Reverse((aim, tried, turns + 1, self.places.len())));
                    self.places.push(Place {
                        way: Rc::clone(&before),
                        alternative: other.clone(),
                        times: Rc::clone(&so_far),
                        turns: turns + 1,
                    });
                }
            }
            let chosen = alternatives[first].clone();
            self.count(&chosen, &mut times);
            if way.choose(&chosen).is_none() {
                return;
            }
        }
    }

    /// What is missing of a step may be reached there, and an undo where the run is stopped.
    fn aim(&self, way: &Way, alternative: &Alternative) -> Aim {
        let here = self.missing.iter().any(|point| Some(&point.step) == alternative.step.as_ref());
        let undone = |point: &Point| point.branch == Some(BranchKind::Undone);
        let open = || {
            way.run.open_undo().into_iter().any(|open| {
                self.missing.iter().any(|point| undone(point) && point.step == open.step)
            })
        };
        if here || alternative.stops() && open() { Aim::Near } else { Aim::Elsewhere }
    }

    fn ended(&mut self, way: Way) {
        let reached: Vec<Point> = self
            .wanted
            .iter()
            .filter(|point| {
                let branch = point.branch.as_ref();
                self.missing.contains(point) && way.trace.coverage.holds(&point.step, branch)
            })
            .cloned()
            .collect();
        if !reached.is_empty() {
            for point in &reached {
                self.missing.remove(point);
            }
            self.found.push((way, reached));
        }
    }

    /// A way whose points are all reached by others is of no use.
    fn prune(&mut self) {
        let mut index = self.found.len();
        while index > 0 {
            index -= 1;
            let reached = |point: &Point| {
                let others = self.found.iter().enumerate().filter(|(other, _)| *other != index);
                let mut coverage = others.map(|(_, (way, _))| &way.trace.coverage);
                coverage.any(|it| it.holds(&point.step, point.branch.as_ref()))
            };
            let own = &self.found[index];
            let covered = self
                .wanted
                .iter()
                .filter(|point| own.0.trace.coverage.holds(&point.step, point.branch.as_ref()));
            if self.found.len() > 1 && covered.into_iter().all(reached) {
                self.found.remove(index);
            }
        }
    }
}
