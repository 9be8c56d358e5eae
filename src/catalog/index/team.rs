//! The team's walks in the index: when each runbook last went well, wherever it was walked. They are
//! copied from the team's records whenever these were read anew, so that a list costs no more for them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::team_records::TeamRecords;
use super::write::begin;
use super::{Index, IndexFailed};

/// When a runbook last went well, by the team's records.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TeamWalk {
    /// When it began.
    pub at: Timestamp,
    /// Who walked it.
    pub by: String,
    /// On which machine; empty if that is not known.
    pub host: String,
}

impl TeamWalk {
    /// Who walked it, and where.
    pub fn whose(&self) -> String {
        whose(&self.by, &self.host)
    }
}

/// Somebody, and their machine: a login that names it already is told as it is.
pub fn whose(by: &str, host: &str) -> String {
    match host {
        "" => by.to_owned(),
        _ if by.ends_with(&format!("@{host}")) => by.to_owned(),
        _ => format!("{by} on {host}"),
    }
}

impl Index {
    /// Lets the index tell of the team's walks as well; of none, if there is no team.
    pub fn with_team(mut self, team: Option<TeamRecords>) -> Result<Self, IndexFailed> {
        self.team = team;
        let team = self.team.clone();
        self.ask(|db| refresh(db, team.as_ref()))?;
        Ok(self)
    }

    /// The team's records, if they are told of.
    pub fn team(&self) -> Option<&TeamRecords> {
        self.team.as_ref()
    }
}

/// Brings the table of the team's walks up to date.
pub(super) fn refresh(db: &Connection, team: Option<&TeamRecords>) -> rusqlite::Result<()> {
    let stamp = team.and_then(TeamRecords::walked_stamp).unwrap_or_default();
    let known = db.query_row("SELECT stamp FROM team", [], |row| row.get::<_, String>(0));
    if known.optional()?.unwrap_or_default() == stamp {
        return Ok(());
    }
    let walked = team.and_then(TeamRecords::walked).map(|team| team.runbooks).unwrap_or_default();
    let transaction = begin(db)?;
    db.execute_batch("DELETE FROM team_walk; DELETE FROM team;")?;
    {
        let insert = "INSERT OR IGNORE INTO team_walk VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut insert = db.prepare(insert)?;
        for one in walked {
            let at = one.started.as_millisecond();
            insert.execute(params![one.runbook, one.service, at, one.by.join(", "), one.host])?;
        }
    }
    db.execute("INSERT INTO team VALUES (?1)", [stamp])?;
    transaction.commit()
}
