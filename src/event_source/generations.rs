//! The order in which the shards of a stream are read: children after their parents.

use std::collections::{BTreeMap, BTreeSet};

/// The shards that are not being read yet, with their parents, and those that are known.
#[derive(Debug)]
pub(super) struct Generations {
    waiting: BTreeMap<String, Vec<String>>,
    known: BTreeSet<String>,
    ended: BTreeSet<String>,
}

impl Generations {
    /// Begins with the shards that are there, and the parents of each. Parents whose records have expired are not there
    /// any more: nobody waits for them.
    pub(super) fn new(shards: Vec<(String, Vec<String>)>) -> Self {
        let known: BTreeSet<String> = shards.iter().map(|(shard, _)| shard.clone()).collect();
        let ended = shards.iter().flat_map(|(_, parents)| parents).filter(|&parent| !known.contains(parent));
        Self { ended: ended.cloned().collect(), waiting: shards.into_iter().collect(), known }
    }

    /// Takes the shards that can be read now, with the parents of each.
    pub(super) fn ready(&mut self) -> Vec<(String, Vec<String>)> {
        let Self { waiting, ended, .. } = self;
        waiting.extract_if(.., |_, parents| parents.iter().all(|parent| ended.contains(parent))).collect()
    }

    /// Notes that a shard was read to its end, and which children it has.
    pub(super) fn end(&mut self, shard: String, children: Vec<(String, Vec<String>)>) {
        self.ended.insert(shard);
        for (child, parents) in children {
            // The other parent of a merged shard has told of it too, or `ListShards` has.
            if self.known.insert(child.clone()) {
                self.waiting.insert(child, parents);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(name: &str, parents: &[&str]) -> (String, Vec<String>) {
        (name.to_owned(), parents.iter().map(|&parent| parent.to_owned()).collect())
    }

    #[test]
    fn a_shard_is_ready_once_its_parents_are_read_to_their_ends() {
        let listed = [shard("0", &[]), shard("1", &["expired"]), shard("2", &["0"]), shard("3", &["0"])];
        let mut generations = Generations::new(listed.to_vec());
        assert_eq!(generations.ready(), [shard("0", &[]), shard("1", &["expired"])]);
        assert_eq!(generations.ready(), []);
        generations.end("0".to_owned(), vec![shard("2", &["0"]), shard("3", &["0"])]);
        assert_eq!(generations.ready(), [shard("2", &["0"]), shard("3", &["0"])]);
        let merged = shard("4", &["1", "2"]);
        generations.end("1".to_owned(), vec![merged.clone()]);
        assert_eq!(generations.ready(), [], "the other parent is being read");
        generations.end("2".to_owned(), vec![merged.clone()]);
        assert_eq!(generations.ready(), [merged]);
    }
}
