//! A page of a listing: keys, and the prefixes that keys have in common up to a delimiter.

use super::buckets::ObjectEntry;

/// The objects that are listed.
pub(super) struct Query<'a> {
    pub(super) prefix: &'a str,
    /// Keys that have more than the prefix up to this text are listed as one.
    pub(super) delimiter: Option<&'a str>,
    /// The last key that was listed before.
    pub(super) after: &'a str,
    /// The most keys and common prefixes.
    pub(super) limit: usize,
}

/// A page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) objects: Vec<ObjectEntry>,
    pub(super) common_prefixes: Vec<String>,
    /// The last key of this page, if there is another page.
    pub(super) last: Option<String>,
}

impl Query<'_> {
    /// Makes a page of a bucket's entries, which begin with the prefix and are sorted.
    pub(super) fn page(&self, entries: Vec<ObjectEntry>) -> Page {
        let mut page = Page::default();
        let mut last = None;
        for entry in entries.into_iter().filter(|entry| *entry.key > *self.after) {
            let common = self.common_prefix(&entry.key);
            if common.is_some() && common == page.common_prefixes.last().map(String::as_str) {
                last = Some(entry.key);
                continue;
            }
            if page.objects.len() + page.common_prefixes.len() == self.limit {
                page.last = last;
                break;
            }
            last = Some(entry.key.clone());
            match common {
                Some(common) => page.common_prefixes.push(common.to_owned()),
                None => page.objects.push(entry),
            }
        }
        page
    }

    fn common_prefix<'k>(&self, key: &'k str) -> Option<&'k str> {
        let delimiter = self.delimiter.filter(|delimiter| !delimiter.is_empty())?;
        let (found, _) = key.strip_prefix(self.prefix)?.split_once(delimiter)?;
        key.get(..self.prefix.len() + found.len() + delimiter.len())
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_is_common_is_listed_once_and_pages_go_on_behind_it() {
        let keys = ["a/1/x", "a/1/y", "a/2", "a/3/x", "a/4"];
        let entry = |key: &&str| ObjectEntry { key: (*key).to_owned(), size: 1, modified: SystemTime::UNIX_EPOCH };
        let mut pages = Vec::new();
        let mut after = String::new();
        loop {
            let query = Query { prefix: "a/", delimiter: Some("/"), after: &after, limit: 2 };
            let page = query.page(keys.iter().map(entry).collect());
            let objects: Vec<_> = page.objects.iter().map(|object| object.key.clone()).collect();
            pages.push((objects.join(" "), page.common_prefixes.join(" ")));
            match page.last {
                Some(last) => after = last,
                None => break,
            }
        }
        let expected = [("a/2", "a/1/"), ("a/4", "a/3/")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(pages, expected);
        let query = Query { prefix: "", delimiter: Some("/"), after: "", limit: 9 };
        assert_eq!(query.page(keys.iter().map(entry).collect()).common_prefixes, ["a/"]);
        let query = Query { prefix: "a/", delimiter: None, after: "a/1/y", limit: 9 };
        assert_eq!(query.page(keys.iter().map(entry).collect()).objects.len(), 3);
    }
}
