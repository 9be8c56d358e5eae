//! The terminal with keys that come one by one and are not shown, for as long as the picker is there.

use std::fs::File;
use std::io;

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// A terminal that is to be given back.
pub(super) struct Keys<'a> {
    device: &'a File,
    before: Termios,
}

impl<'a> Keys<'a> {
    /// Keys come one by one. Ctrl-C, Ctrl-Z and `Ctrl-\` stay signals.
    pub(super) fn one_by_one(device: &'a File) -> io::Result<Self> {
        let keys = Self { device, before: tcgetattr(device)? };
        keys.set()?;
        Ok(keys)
    }

    fn set(&self) -> io::Result<()> {
        let mut during = self.before.clone();
        during.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        during.special_codes[SpecialCodeIndex::VMIN] = 1;
        during.special_codes[SpecialCodeIndex::VTIME] = 0;
        Ok(tcsetattr(self.device, OptionalActions::Now, &during)?)
    }

    /// Gives the terminal back for a while.
    pub(super) fn give_back(&self) {
        // A terminal that is gone needs nothing back.
        let _gone = tcsetattr(self.device, OptionalActions::Now, &self.before);
    }

    /// Takes it again, as it is now.
    pub(super) fn take_again(&mut self) {
        if let Ok(now) = tcgetattr(self.device) {
            self.before = now;
        }
        let _gone = self.set();
    }
}

impl Drop for Keys<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}
