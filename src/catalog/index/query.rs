//! Entries of the index: what is told of a runbook, and which are listed.

use std::fmt::Write as _;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Statement, ToSql, params_from_iter};

use super::team::TeamWalk;

/// A runbook in the index.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// What names it in the index.
    pub id: i64,
    /// Which of the places it comes from, by number.
    pub place: usize,
    /// Its path in that place.
    pub path: String,
    /// Its id.
    pub runbook: String,
    /// The service it belongs to.
    pub service: Option<String>,
    /// Its title, as written.
    pub title: String,
    /// What the situation means.
    pub summary: Option<String>,
    /// The team that owns it.
    pub owner: Option<String>,
    /// Words for finding it.
    pub tags: Vec<String>,
    /// How many commands read, change, destroy.
    pub effects: [u32; 3],
    /// Why it is invalid: its first finding.
    pub invalid: Option<String>,
    /// When it was last walked on this machine and went well.
    pub walked: Option<Timestamp>,
    /// When it last went well by the team's records, if they are told of.
    pub team: Option<TeamWalk>,
    /// Whether it is the one that its name means.
    pub standing: Standing,
}

/// Whether a runbook is the one that its name means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It is.
    First,
    /// Other files of the same place have the same name: it means none of them.
    OneOfSeveral,
    /// One that lies nearer has the same name.
    Behind,
}

impl Entry {
    /// What it is called on the command line: `service/id`, or the id alone.
    pub fn reference(&self) -> String {
        match &self.service {
            Some(service) => format!("{service}/{}", self.runbook),
            None => self.runbook.clone(),
        }
    }

    /// When it last went well, here or elsewhere.
    pub fn last_walked(&self) -> Option<Timestamp> {
        self.walked.max(self.team.as_ref().map(|team| team.at))
    }

    /// The walk of somebody else, if nothing went well here since.
    pub fn walked_elsewhere(&self) -> Option<&TeamWalk> {
        self.team.as_ref().filter(|team| self.walked.is_none_or(|own| own < team.at))
    }
}

/// Which runbooks are wanted; all of these must hold.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of this service.
    pub service: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Of this team.
    pub owner: Option<String>,
    /// Of these entries.
    pub among: Option<Vec<i64>>,
    /// Valid or not.
    pub validity: Validity,
    /// Not walked with success since.
    pub not_walked_since: Option<Timestamp>,
}

/// Which runbooks are wanted, by whether they are valid.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Validity {
    /// All.
    #[default]
    Any,
    /// Only those that are not.
    Invalid,
}

/// What is read of each entry.
const ENTRY: &str = "
SELECT e.id, a.number, e.path, e.runbook, e.service, e.title, e.summary, e.owner, e.tags,
  e.reads, e.changes, e.destroys, e.invalid,
  (SELECT max(w.started) FROM walk w
   WHERE w.runbook = e.runbook AND w.service IS e.service AND w.well = 1) AS walked,
  EXISTS (SELECT 1 FROM entry o JOIN active n ON n.place = o.place
   WHERE o.runbook = e.runbook AND o.service IS e.service AND o.kind = 1
   AND n.rank < a.rank) AS behind,
  EXISTS (SELECT 1 FROM entry o WHERE o.place = e.place AND o.id != e.id
   AND o.runbook = e.runbook AND o.service IS e.service AND o.kind = 1) AS twin,
  t.started, t.walker, t.host
FROM entry e CROSS JOIN active a ON a.place = e.place
LEFT JOIN team_walk t ON t.runbook = e.runbook AND t.service IS e.service
WHERE e.kind = 1";

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let tags: String = row.get(8)?;
    let walked: Option<i64> = row.get(13)?;
    Ok(Entry {
        id: row.get(0)?,
        place: usize::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
        path: row.get(2)?,
        runbook: row.get(3)?,
        service: row.get(4)?,
        title: row.get(5)?,
        summary: row.get(6)?,
        owner: row.get(7)?,
        tags: tags.lines().map(str::to_owned).collect(),
        effects: [row.get(9)?, row.get(10)?, row.get(11)?],
        invalid: row.get(12)?,
        walked: walked.and_then(|at| Timestamp::from_millisecond(at).ok()),
        team: team_walk(row)?,
        standing: standing(row.get(14)?, row.get(15)?),
    })
}

fn standing(behind: bool, twin: bool) -> Standing {
    if behind {
        Standing::Behind
    } else if twin {
        Standing::OneOfSeveral
    } else {
        Standing::First
    }
}

fn team_walk(row: &Row<'_>) -> rusqlite::Result<Option<TeamWalk>> {
    let at: Option<i64> = row.get(16)?;
    let Some(at) = at.and_then(|at| Timestamp::from_millisecond(at).ok()) else {
        return Ok(None);
    };
    Ok(Some(TeamWalk { at, by: row.get(17)?, host: row.get(18)? }))
}

/// The wanted entries, by service and id; so many at most.
pub(super) fn entries(
    db: &Connection,
    wanted: &Wanted,
    most: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let (conditions, values) = conditions(wanted);
    let order = "ORDER BY e.service, e.runbook, a.rank";
    let select = match wanted.validity {
        Validity::Any => ENTRY.to_owned(),
        // Few are: else all would be looked at in the order of the list.
        Validity::Invalid => {
            ENTRY.replace("entry e CROSS", "entry e INDEXED BY entry_invalid CROSS")
        }
    };
    let mut statement =
        db.prepare(&format!("{select}{conditions} {order} LIMIT {}", limit(most)))?;
    let rows = statement.query_map(params_from_iter(&values), entry)?;
    rows.collect()
}

/// How many entries are wanted.
pub(super) fn count(db: &Connection, wanted: &Wanted) -> rusqlite::Result<usize> {
    let (conditions, values) = conditions(wanted);
    let query = if values.is_empty() && conditions.is_empty() {
        // Every place knows how many it has.
        "SELECT coalesce(sum(runbooks), 0) FROM place WHERE id IN (SELECT place FROM active)"
            .to_owned()
    } else {
        format!("SELECT count(*) FROM ({ENTRY}{conditions})")
    };
    let count: i64 = db.query_row(&query, params_from_iter(&values), |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// These entries, in this order; those that are not wanted any more are left out.
pub(super) fn some(db: &Connection, ids: &[i64], most: usize) -> rusqlite::Result<Vec<Entry>> {
    let mut each = ById::new(db)?;
    let mut found = Vec::new();
    for id in ids {
        if found.len() == most {
            break;
        }
        found.extend(each.entry(*id)?);
    }
    Ok(found)
}

/// Entries, one after the other.
pub(super) struct ById<'a>(Statement<'a>);

impl<'a> ById<'a> {
    pub(super) fn new(db: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self(db.prepare(&format!("{ENTRY} AND e.id = ?1"))?))
    }

    /// The entry with an id; nothing if it is not wanted any more.
    pub(super) fn entry(&mut self, id: i64) -> rusqlite::Result<Option<Entry>> {
        self.0.query_row([id], entry).optional()
    }
}

/// What every runbook is called, in the order of lists.
pub(super) fn heads(db: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut statement = db.prepare(
        "SELECT e.id, coalesce(e.service || '/', '') || e.runbook || ' ' || e.title || ' ' || e.tags
         FROM entry e CROSS JOIN active a ON a.place = e.place
         WHERE e.kind = 1 ORDER BY e.service, e.runbook, a.rank",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// The entries with an id, nearest place first.
pub(super) fn named(
    db: &Connection,
    runbook: &str,
    service: Option<&str>,
) -> rusqlite::Result<Vec<Entry>> {
    let condition = if service.is_some() { " AND e.service = ?2" } else { " AND ?2 IS NULL" };
    let order = "ORDER BY a.rank, e.service, e.path";
    let mut statement = db.prepare(&format!("{ENTRY} AND e.runbook = ?1{condition} {order}"))?;
    let rows = statement.query_map((runbook, service), entry)?;
    rows.collect()
}

fn conditions(wanted: &Wanted) -> (String, Vec<Box<dyn ToSql>>) {
    let mut text = String::new();
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    if let Some(service) = &wanted.service {
        text.push_str(" AND e.service = ?");
        values.push(Box::new(service.clone()));
    }
    if let Some(tag) = &wanted.tag {
        text.push_str(" AND e.id IN (SELECT entry FROM tag WHERE tag = ?)");
        values.push(Box::new(tag.clone()));
    }
    if let Some(owner) = &wanted.owner {
        text.push_str(" AND e.owner = ?");
        values.push(Box::new(owner.clone()));
    }
    if let Some(ids) = &wanted.among {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let _infallible = write!(text, " AND e.id IN ({})", ids.join(", "));
    }
    if wanted.validity == Validity::Invalid {
        text.push_str(" AND e.invalid IS NOT NULL");
    }
    if let Some(since) = wanted.not_walked_since {
        text.push_str(
            " AND NOT EXISTS (SELECT 1 FROM walk w WHERE w.runbook = e.runbook
               AND w.service IS e.service AND w.well = 1 AND w.started >= ?)
              AND (t.started IS NULL OR t.started < ?)",
        );
        let since = since.as_millisecond();
        values.push(Box::new(since));
        values.push(Box::new(since));
    }
    (text, values)
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(-1)
}
