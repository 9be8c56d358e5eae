//! What this machine and the shell at a target say to each other around a command. The shell says
//! that it is ready, and runs nothing before it is told to go on: a connection lost until then has
//! done nothing. Later it takes orders by its input, and says with which status the command ended:
//! without that word nobody knows the end.

/// The words of one attempt, made from something that no other output holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Handshake {
    token: String,
}

impl Handshake {
    /// The line that lets the command begin, without its newline.
    pub const GO: &str = "go";

    /// The words around a token of letters and digits.
    pub fn new(token: String) -> Self {
        Self { token }
    }

    /// What the words are made from.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// What the shell says once everything is in place, without its newline.
    pub fn ready(&self) -> String {
        format!("surefoot-{} ready", self.token)
    }

    /// What it says at the end, before a blank, the status and a newline.
    pub fn ended(&self) -> String {
        format!("surefoot-{} ended", self.token)
    }
}
