//! The resources that functions use.

use crate::stack::bucket::Bucket;
use crate::stack::cache::Cache;
use crate::stack::database::DatabaseInstance;
use crate::stack::encryption::Key;
use crate::stack::endpoints::Endpoints;
use crate::stack::network::Network;
use crate::stack::secrets::Logins;
use crate::stack::stream::Stream;

/// The resources that functions use; each function takes from it what its code needs.
pub(in crate::stack) struct Dependencies<'a> {
    pub(in crate::stack) key: &'a Key,
    pub(in crate::stack) network: &'a Network,
    pub(in crate::stack) endpoints: &'a Endpoints,
    pub(in crate::stack) stream: &'a Stream,
    pub(in crate::stack) database: &'a DatabaseInstance,
    pub(in crate::stack) logins: &'a Logins,
    pub(in crate::stack) cache: &'a Cache,
    pub(in crate::stack) buckets: Buckets<'a>,
}

/// The buckets that functions put objects into.
#[derive(Clone, Copy)]
pub(in crate::stack) struct Buckets<'a> {
    pub(in crate::stack) archive: &'a Bucket,
    pub(in crate::stack) quarantine: &'a Bucket,
    pub(in crate::stack) crossings: &'a Bucket,
}
