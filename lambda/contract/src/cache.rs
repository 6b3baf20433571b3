//! The Redis layout, a public contract: services in the VPC may read it directly, from the primary endpoint.
//!
//! A product's entry is a hash under `product:` + SKU with the fields `version` (a decimal integer) and `view` (JSON
//! text, the product view). Without `view` it is a tombstone (some newer version exists, ask the database), with an
//! empty `view` the SKU is unknown.
//!
//! A connection outlives a failover: the old primary goes on as a replica and answers with the data that it held. A
//! client that keeps connections open must detect that: with a script that is not flagged `no-writes` (a replica
//! refuses it, as it does the catalog's), or by reconnecting every few seconds.

use alloc::string::String;

/// The prefix of the key of a product's entry.
pub const PRODUCT_PREFIX: &str = "product:";

/// Returns the key of a product's entry.
pub fn product(sku: &str) -> String {
    let mut key = String::with_capacity(PRODUCT_PREFIX.len() + sku.len());
    key.push_str(PRODUCT_PREFIX);
    key.push_str(sku);
    key
}

/// The channel on which writers publish each product that has changed, once its entry is no longer older: a JSON object
/// of `sku`, `version` and `available`, a number as the view has it.
///
/// A message is lost if nobody listens, if the connection breaks, or if a reader has filled the entry in with the
/// version first; changes that follow each other closely may be one message. Versions of a product come in their order,
/// unless the entry was evicted or has expired, or the cache has failed over: then an older or the same version may
/// come again. Take what is newer than what you have. Who must miss nothing follows `GET /changes`, and asks at once
/// when a message comes.
pub const CHANGES_CHANNEL: &str = "product-changes";

/// The Redis ACL of the user `default`, as which Redis treats a client that names no user: it may do nothing.
pub const DEFAULT_RIGHTS: &str = "off -@all";

/// The Redis ACL of the functions that refresh the cache (`processor`, `maintain`): they may run their scripts, and the
/// commands in these, on products. Commands inside a script are checked against the caller. `AUTH` and `HELLO` need no
/// permission.
///
/// `&` names the channels that a user may use. Without one a user may use none, by the default of Redis 7 and Valkey
/// (`acl-pubsub-default`). `resetchannels` would say the same, but `ElastiCache` leaves it out of the string that it
/// returns, and Terraform would plan to add it for ever.
pub const WRITER_RIGHTS: &str =
    "on ~product:* &product-changes -@all +ping +script|load +evalsha +hmget +hset +expire +del +publish";

/// The Redis ACL of a shop that reads the cache itself: it may look products up, and subscribe to their changes.
pub const SHOP_RIGHTS: &str =
    "on ~product:* &product-changes -@all +ping +exists +hget +hmget +hgetall +subscribe +unsubscribe";

/// The Redis ACL of the catalog: it may look products up and fill them in, never remove one.
pub const READER_RIGHTS: &str = "on ~product:* -@all +ping +time +script|load +evalsha +hmget +hset +expire";
