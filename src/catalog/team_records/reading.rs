//! Reading what lies among the team's records: what is new is judged, what was judged before and is the
//! same is not looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::disk;
use super::entry::{SEALS, SUMMARY};
use super::index::{Good, Index, Indexed, Judged};
use super::judge::{self, Judge, MOST_OF_A_SEAL, MOST_OF_A_SUMMARY};
use super::opened::Opened;
use super::place::{Flat, Listed, PlaceFailed, grouped};
use super::sync::Errand;
use super::{Proof, TeamRecords};
use crate::journal::RunFolder;

/// So much of small files is read at once, in bytes.
const MOST_READ_AT_ONCE: u64 = 16 << 20;

impl TeamRecords {
    /// Reads what is there. What was looked at before and is the same is not looked at again.
    pub(super) fn read_back(
        &self,
        errand: &Errand<'_>,
        place: &Opened<'_>,
    ) -> Result<Index, PlaceFailed> {
        let bundles = self.bundles();
        let failed = |error| PlaceFailed::io("write", &bundles)(error);
        disk::ensure(&bundles).map_err(failed)?;
        let earlier = self.index().map(Index::judged_here).unwrap_or_default();
        let earlier: BTreeMap<String, Indexed> =
            earlier.into_iter().map(|indexed| (indexed.entry.clone(), indexed)).collect();
        let own: BTreeMap<String, RunFolder> = errand
            .store
            .folders()
            .unwrap_or_default()
            .into_iter()
            .map(|folder| (folder.id().to_owned(), folder))
            .collect();
        let (standing, now) = (errand.standing, errand.now);
        let judge = Judge { own: &own, standing, now, bundles: &bundles };
        let mut entries = Vec::new();
        let mut fresh = Vec::new();
        for listed in grouped(place.list()?) {
            let print = listed.print();
            let known = earlier.get(&listed.name).filter(|known| known.print == print);
            match known.filter(|known| self.still_holds(known)) {
                Some(known) => entries.push(known.clone()),
                None => fresh.push((listed, print)),
            }
        }
        for some in in_portions(fresh) {
            let small = small_files(&some, place)?;
            for (listed, print) in some {
                let read = |files: &[&Flat]| {
                    let at_hand = files.iter().map(|flat| small.get(&flat.path).cloned());
                    match at_hand.collect::<Option<Vec<_>>>() {
                        Some(read) => Ok(read),
                        None => place.read(files),
                    }
                };
                let judged = judge.judged(&listed, &read)?;
                entries.push(Indexed { entry: listed.name, print, judged });
            }
        }
        entries.sort_by(|a, b| a.entry.cmp(&b.entry));
        let index = Index::new(&self.place(), errand.now, entries);
        index.save(&self.folder).map_err(failed)?;
        self.drop_leftovers(&index);
        Ok(index)
    }

    /// Whether what was found out before can be relied on: a whole record must still be here.
    fn still_holds(&self, known: &Indexed) -> bool {
        match &known.judged {
            Judged::Good(good) => good.proof == Proof::Word || self.kept(good).is_some(),
            Judged::Bad(_) => true,
        }
    }

    /// Removes whole records that no list names any more, and what a death left behind.
    fn drop_leftovers(&self, index: &Index) {
        let whole = |good: &Good| good.proof == Proof::Journal;
        let named: BTreeSet<String> = index
            .good()
            .filter(|(_, good)| whole(good))
            .map(|(_, good)| judge::kept_name(&good.record))
            .collect();
        for entry in fs::read_dir(self.bundles()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !named.contains(&name) {
                // What stays costs room and nothing else.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Records whose small files are read together.
fn in_portions(fresh: Vec<(Listed, String)>) -> Vec<Vec<(Listed, String)>> {
    let mut portions: Vec<Vec<(Listed, String)>> = Vec::new();
    let mut size = u64::MAX;
    for (listed, print) in fresh {
        let own: u64 = small_of(&listed).map(|flat| flat.size).sum();
        if size.saturating_add(own) > MOST_READ_AT_ONCE {
            portions.push(Vec::new());
            size = 0;
        }
        size += own;
        if let Some(portion) = portions.last_mut() {
            portion.push((listed, print));
        }
    }
    portions
}

/// The summary and the seals of a record, as far as they are as small as they should be.
fn small_of(listed: &Listed) -> impl Iterator<Item = &Flat> {
    let small = |(name, flat): &(&String, &Flat)| match name.as_str() {
        SUMMARY => flat.size <= MOST_OF_A_SUMMARY,
        other => other.starts_with(SEALS) && flat.size <= MOST_OF_A_SEAL,
    };
    listed.members.iter().filter(small).map(|(_, flat)| flat)
}

/// What small files of several records hold, read at once.
fn small_files(
    some: &[(Listed, String)],
    place: &Opened<'_>,
) -> Result<BTreeMap<String, Option<Vec<u8>>>, PlaceFailed> {
    let flats: Vec<&Flat> = some.iter().flat_map(|(listed, _)| small_of(listed)).collect();
    if flats.is_empty() {
        return Ok(BTreeMap::new());
    }
    let contents = place.read(&flats)?;
    Ok(flats.iter().map(|flat| flat.path.clone()).zip(contents).collect())
}
