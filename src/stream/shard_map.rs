//! The shards of a stream that may be split and merged. A shard that was is closed: it keeps its records and takes no
//! more, and its children have its range of hash keys.
//!
//! <https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding.html>

use super::shards::Shards;

/// A shard, open or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    pub id: String,
    /// The first and the last hash key.
    pub range: (u128, u128),
    /// The shards that it came of: none, the one that was split, or the two that were merged.
    pub parents: Vec<String>,
    pub starting: String,
    /// There once it is closed.
    pub ending: Option<String>,
}

/// The reason why a stream cannot be resharded so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReshardError {
    #[error("there is no shard {0}")]
    Unknown(String),
    #[error("{0} is closed: it was split or merged before")]
    Closed(String),
    #[error("{0} cannot be split there: the new starting hash key must lie in its range, behind the first one")]
    OutOfRange(String),
    #[error("{0} and {1} are not adjacent")]
    NotAdjacent(String, String),
}

/// All shards of a stream, in the order in which they were made.
#[derive(Debug)]
pub(super) struct ShardMap {
    shards: Vec<Shard>,
}

impl ShardMap {
    /// Makes this many open shards with equal ranges.
    pub(super) fn new(count: usize) -> Self {
        let shards = Shards::new(count);
        let shard = |index| Shard {
            id: Shards::id(index),
            range: shards.range(index),
            parents: Vec::new(),
            starting: "0".to_owned(),
            ending: None,
        };
        Self { shards: (0..shards.count()).map(shard).collect() }
    }

    pub(super) fn all(&self) -> &[Shard] {
        &self.shards
    }

    /// Returns the index of the open shard that a hash key belongs to.
    pub(super) fn of_hash_key(&self, hash_key: u128) -> usize {
        let has = |shard: &Shard| shard.is_open() && (shard.range.0..=shard.range.1).contains(&hash_key);
        // The ranges of the open shards have no gap.
        self.shards.iter().position(has).unwrap_or_default()
    }

    /// Splits an open shard in two, of which the second begins with this hash key. `number` makes the next sequence
    /// number of a shard. Returns the indices of the children.
    pub(super) fn split(
        &mut self,
        id: &str,
        new_starting: u128,
        mut number: impl FnMut(usize) -> String,
    ) -> Result<Vec<usize>, ReshardError> {
        let parent = self.open(id)?;
        let (begin, end) = self.shards[parent].range;
        if new_starting <= begin || new_starting > end {
            return Err(ReshardError::OutOfRange(id.to_owned()));
        }
        self.shards[parent].ending = Some(number(parent));
        let ranges = [(begin, new_starting - 1), (new_starting, end)];
        Ok(ranges.map(|range| self.add(range, vec![id.to_owned()], &mut number)).to_vec())
    }

    /// Merges two open shards whose ranges are adjacent. Returns the index of the child.
    pub(super) fn merge(
        &mut self,
        id: &str,
        adjacent: &str,
        mut number: impl FnMut(usize) -> String,
    ) -> Result<Vec<usize>, ReshardError> {
        let parents = [self.open(id)?, self.open(adjacent)?];
        let [one, other] = parents.map(|parent| self.shards[parent].range);
        let range = if one.1.checked_add(1) == Some(other.0) {
            (one.0, other.1)
        } else if other.1.checked_add(1) == Some(one.0) {
            (other.0, one.1)
        } else {
            return Err(ReshardError::NotAdjacent(id.to_owned(), adjacent.to_owned()));
        };
        for parent in parents {
            self.shards[parent].ending = Some(number(parent));
        }
        Ok(vec![self.add(range, vec![id.to_owned(), adjacent.to_owned()], &mut number)])
    }

    /// Returns two open shards that a split has made, if there are any.
    pub(super) fn siblings(&self) -> Option<(String, String)> {
        self.shards.windows(2).find_map(|pair| {
            let are = pair.iter().all(Shard::is_open) && pair[0].parents == pair[1].parents;
            (are && !pair[0].parents.is_empty()).then(|| (pair[0].id.clone(), pair[1].id.clone()))
        })
    }

    /// Returns the open shard with the largest range, and the hash key in its middle.
    pub(super) fn widest(&self) -> Option<(String, u128)> {
        let width = |shard: &&Shard| shard.range.1 - shard.range.0;
        let open = self.shards.iter().filter(|shard| shard.is_open());
        // The first one of several.
        let widest = open.rev().max_by_key(width)?;
        Some((widest.id.clone(), widest.range.0 + width(&widest) / 2 + 1))
    }

    fn add(&mut self, range: (u128, u128), parents: Vec<String>, number: &mut impl FnMut(usize) -> String) -> usize {
        let index = self.shards.len();
        self.shards.push(Shard { id: Shards::id(index), range, parents, starting: number(index), ending: None });
        index
    }

    fn open(&self, id: &str) -> Result<usize, ReshardError> {
        let index = self.shards.iter().position(|shard| shard.id == id);
        let index = index.ok_or_else(|| ReshardError::Unknown(id.to_owned()))?;
        if self.shards[index].is_open() { Ok(index) } else { Err(ReshardError::Closed(id.to_owned())) }
    }
}

impl Shard {
    pub fn is_open(&self) -> bool {
        self.ending.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(index: usize) -> String {
        Shards::id(index)
    }

    #[test]
    fn children_have_their_parents_range_and_later_numbers() {
        let mut last = 0;
        let mut number = |_| {
            last += 1;
            format!("{last:056}")
        };
        let mut map = ShardMap::new(2);
        let (widest, middle) = map.widest().expect("open");
        assert_eq!((&*widest, middle), (&*id(0), 1 << 126));
        assert_eq!(map.split(&widest, middle, &mut number), Ok(vec![2, 3]));
        assert_eq!((map.of_hash_key(0), map.of_hash_key(middle), map.of_hash_key(u128::MAX)), (2, 3, 1));
        assert_eq!(map.widest(), Some((id(1), (1 << 127) + (1 << 126))));
        assert_eq!(map.siblings(), Some((id(2), id(3))));
        assert_eq!(map.merge(&id(3), &id(1), &mut number), Ok(vec![4]), "adjacent, though of different parents");
        assert_eq!(map.siblings(), None);
        assert_eq!(map.merge(&id(4), &id(2), &mut number), Ok(vec![5]), "in either order");
        let whole = &map.all()[5];
        assert_eq!((whole.range, &whole.parents), ((0, u128::MAX), &vec![id(4), id(2)]));
        assert_eq!(map.all().iter().filter(|shard| shard.is_open()).count(), 1);
        for shard in map.all() {
            for parent in map.all().iter().filter(|other| shard.parents.contains(&other.id)) {
                assert!(parent.ending.as_ref().is_some_and(|ending| *ending < shard.starting), "{parent:?}, {shard:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_resharded_stays_as_it_is() {
        let mut map = ShardMap::new(3);
        let before = map.all().to_vec();
        let number = |_: usize| unreachable!("nothing is closed");
        assert_eq!(map.split(&id(9), 1, number), Err(ReshardError::Unknown(id(9))));
        for outside in [0, map.all()[0].range.1 + 1] {
            assert_eq!(map.split(&id(0), outside, number), Err(ReshardError::OutOfRange(id(0))));
        }
        assert_eq!(map.merge(&id(0), &id(2), number), Err(ReshardError::NotAdjacent(id(0), id(2))));
        assert_eq!(map.merge(&id(1), &id(1), number), Err(ReshardError::NotAdjacent(id(1), id(1))));
        assert_eq!(map.all(), before);
        let end = map.all()[0].range.1;
        map.split(&id(0), end, |_| "1".to_owned()).expect("the last one is a range of its own");
        assert_eq!(map.split(&id(0), 1, number), Err(ReshardError::Closed(id(0))));
    }
}
