//! The parents of shards: a shard that was split or merged is read to its end before its children are.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// The parents of each shard that came of others. Whoever reads a shard's records finds its parents here already.
#[derive(Debug, Default)]
pub struct Lineage {
    parents: Mutex<BTreeMap<String, Vec<String>>>,
    version: AtomicUsize,
}

impl Lineage {
    /// Adds a shard that came of these. Called before the first of its records can be read.
    pub fn add(&self, child: String, parents: Vec<String>) {
        self.parents.lock().insert(child, parents);
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Returns the number of shards that were added.
    pub fn version(&self) -> usize {
        self.version.load(Ordering::Acquire)
    }

    /// Returns the shards that end before this one begins: its parents, their parents, and so on.
    pub fn ancestors(&self, shard: &str) -> Vec<String> {
        let parents = self.parents.lock();
        let mut ancestors: Vec<String> = Vec::new();
        let mut next = vec![shard];
        while let Some(shard) = next.pop() {
            for parent in parents.get(shard).into_iter().flatten() {
                if !ancestors.contains(parent) {
                    ancestors.push(parent.clone());
                    next.push(parent);
                }
            }
        }
        ancestors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ancestors_are_parents_and_theirs() {
        let lineage = Lineage::default();
        for (child, parents) in [("b", &["a"][..]), ("c", &["a"]), ("d", &["b", "c"]), ("e", &["d"])] {
            lineage.add(child.to_owned(), parents.iter().map(|&parent| parent.to_owned()).collect());
        }
        let mut ancestors = lineage.ancestors("e");
        ancestors.sort();
        assert_eq!((ancestors, lineage.version()), (["a", "b", "c", "d"].map(str::to_owned).to_vec(), 4));
        assert_eq!(lineage.ancestors("a"), Vec::<String>::new());
    }
}
