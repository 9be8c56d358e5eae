//! The keys of a map that is still read: whether one was there before, however many there are.

use std::collections::BTreeMap;

use super::tree::Entry;

/// How many entries are looked through. Nearly every map has fewer, and is spared a second one.
const FEW: usize = 32;

/// Where each key of a large map is.
#[derive(Default)]
pub(super) struct Keys {
    known: BTreeMap<String, usize>,
}

impl Keys {
    /// The entry with this key among those that were read so far.
    pub(super) fn find<'a>(&mut self, entries: &'a [Entry], key: &str) -> Option<&'a Entry> {
        if entries.len() <= FEW {
            return entries.iter().find(|entry| entry.key == key);
        }
        for (at, entry) in entries.iter().enumerate().skip(self.known.len()) {
            self.known.insert(entry.key.clone(), at);
        }
        self.known.get(key).map(|at| &entries[*at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::parse::{Node, text_node};

    #[test]
    fn a_key_is_found_in_small_maps_and_in_large_ones() {
        let mut keys = Keys::default();
        let mut entries = Vec::new();
        for number in 0..4 * FEW {
            let key = format!("key{number}");
            assert!(keys.find(&entries, &key).is_none(), "{key}");
            let value = Node { span: 0..0, kind: text_node("") };
            entries.push(Entry { key, key_span: number..number + 1, value });
            for before in [0, number / 2, number] {
                let found = keys.find(&entries, &format!("key{before}")).unwrap();
                assert_eq!(found.key_span.start, before);
            }
        }
    }
}
