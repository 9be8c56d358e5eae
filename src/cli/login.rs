//! Who is at the keyboard. The system's name of the user id counts; a name that the environment
//! gives stands in only where the system has none, and the record says so. Whoever became another
//! user on the way, as with `sudo`, is still behind it: that makes nobody a second person.

use std::path::PathBuf;

use crate::engine::Responder;

/// What the kernel says of a process that belongs to no session.
const NO_SESSION: u32 = u32::MAX;

/// What there is to know somebody by.
#[derive(Debug, Default)]
pub(crate) struct Signs {
    /// The system's list of users: `/etc/passwd`.
    pub(crate) users: String,
    /// The user id of this process.
    pub(crate) uid: u32,
    /// The user id that the session began with. The kernel keeps it through `sudo` and `su`.
    pub(crate) session: Option<u32>,
    /// The names that the environment gives.
    pub(crate) claimed: Vec<String>,
    /// Who became this user, as the environment says.
    pub(crate) before: Vec<String>,
}

/// Whoever is at the keyboard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Person {
    /// The login, and how it is known.
    pub(crate) login: String,
    pub(crate) known_by: String,
    /// The other logins that are theirs: none of them is a second person.
    pub(crate) others: Vec<String>,
    /// Their home folders, as the system has them.
    pub(crate) homes: Vec<PathBuf>,
}

impl Signs {
    /// Who it is by all of this.
    pub(crate) fn person(&self) -> Person {
        let own: Vec<User<'_>> = self.users().filter(|user| user.uid == self.uid).collect();
        let claimed = self.claimed.iter().find(|name| !name.is_empty());
        let (login, how) = match (own.first(), claimed) {
            (Some(user), _) => (user.name.to_owned(), "login"),
            (None, Some(name)) => (name.clone(), "environment"),
            (None, None) => (format!("uid {}", self.uid), "user id"),
        };
        let session = self.session.filter(|uid| *uid != NO_SESSION && *uid != self.uid);
        let session: Vec<User<'_>> =
            self.users().filter(|user| Some(user.uid) == session).collect();
        let before = self.before.iter().map(String::as_str);
        let mut before: Vec<&str> =
            before.filter(|name| !name.is_empty() && *name != login).collect();
        before.dedup();
        let known_by = match (session.first(), before.first()) {
            (Some(user), _) => format!("{how}, in a session of {}", user.name),
            (None, Some(name)) => format!("{how}, by sudo from {name}"),
            (None, None) => how.to_owned(),
        };
        let earlier = self.users().filter(|user| before.contains(&user.name));
        let all: Vec<User<'_>> = own.iter().chain(&session).copied().chain(earlier).collect();
        let names = all.iter().map(|user| user.name).chain(before.iter().copied());
        let mut others: Vec<String> =
            names.filter(|name| *name != login).map(str::to_owned).collect();
        others.sort();
        others.dedup();
        let mut homes: Vec<PathBuf> = all.iter().map(|user| PathBuf::from(user.home)).collect();
        homes.dedup();
        Person { login, known_by, others, homes }
    }

    fn users(&self) -> impl Iterator<Item = User<'_>> {
        self.users.lines().filter_map(User::of)
    }
}

impl Person {
    /// As a record names them.
    pub(crate) fn responder(&self, host: &str) -> Responder {
        let name = format!("{}@{host}", self.login);
        Responder { name, known_by: self.known_by.clone() }
    }
}

/// A line of the list of users.
#[derive(Clone, Copy, Debug)]
struct User<'a> {
    name: &'a str,
    uid: u32,
    home: &'a str,
}

impl<'a> User<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let uid = fields.nth(1)?.parse().ok()?;
        let home = fields.nth(2)?;
        Some(Self { name, uid, home })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "\
root:x:0:0:root:/root:/bin/bash
dana:x:1000:1000:Dana,,,:/home/dana:/bin/bash
# a comment, a line of NIS and one that is cut
+::::::
deploy:x:1001
toor:x:0:0::/root:/bin/sh
";

    fn signs(uid: u32, claimed: &[&str]) -> Signs {
        let claimed = claimed.iter().map(|&name| name.to_owned()).collect();
        Signs { users: USERS.to_owned(), uid, claimed, ..Signs::default() }
    }

    fn known(signs: &Signs) -> (String, String) {
        let person = signs.person();
        (person.login, person.known_by)
    }

    fn of(login: &str, known_by: &str) -> (String, String) {
        (login.to_owned(), known_by.to_owned())
    }

    #[test]
    fn the_system_names_a_user_and_the_environment_only_whom_it_does_not_know() {
        // Broken: `USER=kim surefoot run` is Kim, by her login.
        assert_eq!(known(&signs(1000, &["kim"])), of("dana", "login"));
        assert_eq!(known(&signs(4711, &["kim"])), of("kim", "environment"));
        assert_eq!(known(&signs(1001, &["", "kim"])), of("kim", "environment"));
        assert_eq!(known(&signs(4711, &[""])), of("uid 4711", "user id"));
    }

    #[test]
    fn whoever_becomes_another_user_is_still_behind_it() {
        // Broken: Dana runs as root and agrees as Dana.
        let mut sudo = signs(0, &["root"]);
        sudo.before = vec!["dana".to_owned()];
        assert_eq!(known(&sudo), of("root", "login, by sudo from dana"));
        sudo.session = Some(1000);
        assert_eq!(known(&sudo), of("root", "login, in a session of dana"));
        // Without what sudo says, the kernel still knows.
        sudo.before.clear();
        assert_eq!(known(&sudo), of("root", "login, in a session of dana"));
        let person = sudo.person();
        assert_eq!(person.others, ["dana", "toor"]);
        assert_eq!(person.homes, [PathBuf::from("/root"), PathBuf::from("/home/dana")]);
    }

    #[test]
    fn a_session_of_ones_own_is_nothing_to_tell() {
        for session in [None, Some(1000), Some(NO_SESSION)] {
            let plain = Signs { session, before: vec!["dana".to_owned()], ..signs(1000, &[]) };
            assert_eq!(known(&plain), of("dana", "login"), "{session:?}");
            assert!(plain.person().others.is_empty());
        }
    }
}
