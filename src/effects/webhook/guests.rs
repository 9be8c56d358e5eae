//! Who is connected: a few at once. When there are as many, whoever has sent nothing for longest gives
//! way to whoever comes: silence keeps nobody else out.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everybody who is connected.
#[derive(Debug)]
pub(super) struct Guests {
    most: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    came: u64,
    all: BTreeMap<u64, (Stage, Arc<TcpStream>)>,
}

/// How far somebody is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Stage {
    /// They have sent nothing.
    Silent,
    /// Their request is not whole.
    Sending,
    /// It is, and they wait for their answer.
    Waiting,
}

/// The place of somebody who is connected, until this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    guests: Arc<Guests>,
    number: u64,
}

impl Guests {
    /// Room for so many.
    pub(super) fn most(most: usize) -> Arc<Self> {
        Arc::new(Self { most, open: Mutex::default() })
    }

    /// Takes somebody in; none if all others wait for their answers.
    pub(super) fn admit(self: &Arc<Self>, stream: &Arc<TcpStream>) -> Option<Seat> {
        let mut open = self.open();
        if open.all.len() >= self.most {
            let stages = open.all.iter().map(|(number, (stage, _))| (*stage, *number));
            let (_, number) = stages.min().filter(|(stage, _)| *stage < Stage::Waiting)?;
            let (_, dismissed) = open.all.remove(&number)?;
            // Whoever reads from them is told that they are gone.
            let _ = dismissed.shutdown(Shutdown::Both);
        }
        open.came += 1;
        let number = open.came;
        open.all.insert(number, (Stage::Silent, Arc::clone(stream)));
        drop(open);
        Some(Seat { guests: Arc::clone(self), number })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// They are so far now.
    pub(super) fn is_at(&self, now: Stage) {
        if let Some((stage, _)) = self.guests.open().all.get_mut(&self.number) {
            *stage = now;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.guests.open().all.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    /// Two ends of a connection.
    fn pair(listener: &TcpListener) -> (TcpStream, Arc<TcpStream>) {
        let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        far.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        (far, Arc::new(listener.accept().unwrap().0))
    }

    #[test]
    fn the_oldest_silent_one_gives_way_and_whoever_waits_for_an_answer_does_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let guests = Guests::most(2);
        let [(_one, first), (mut two, second), (_three, third), (_four, fourth)] =
            std::array::from_fn(|_| pair(&listener));
        let sends = guests.admit(&first).unwrap();
        sends.is_at(Stage::Sending);
        let silent = guests.admit(&second).unwrap();
        let next = guests.admit(&third).unwrap();
        assert_eq!(two.read(&mut [0; 1]).unwrap(), 0);
        // Whatever becomes of the one that is gone takes no place from another.
        silent.is_at(Stage::Waiting);
        drop(silent);
        sends.is_at(Stage::Waiting);
        next.is_at(Stage::Waiting);
        assert!(guests.admit(&fourth).is_none());
        drop(sends);
        assert!(guests.admit(&fourth).is_some());
    }
}
