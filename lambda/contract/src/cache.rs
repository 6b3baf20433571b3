//! The Redis layout, a public contract: services in the VPC may read it directly, from the primary endpoint.
//!
//! A product's entry is a hash under `product:` + SKU with the fields `version` and `view`. Without `view` it is a
//! tombstone (some newer version exists, ask the database), with an empty `view` the SKU is unknown.
//!
//! A connection outlives a failover: the old primary goes on as a replica and answers with what it held. Whoever keeps
//! connections open must find out: by a script that does not say `no-writes` (a replica refuses it, as it does the catalog's), or by
//! connecting anew every few seconds.

use alloc::string::String;

/// What begins the key of a product's entry.
pub const PRODUCT_PREFIX: &str = "product:";
/// The field with the version, a decimal integer.
pub const VERSION: &str = "version";
/// The field with the product view, JSON text.
pub const VIEW: &str = "view";

/// The key of a product's entry.
pub fn product(sku: &str) -> String {
    let mut key = String::with_capacity(PRODUCT_PREFIX.len() + sku.len());
    key.push_str(PRODUCT_PREFIX);
    key.push_str(sku);
    key
}

/// What the user `default` may do, whom Redis takes for a client that names none: nothing. A Redis ACL.
pub const DEFAULT_RIGHTS: &str = "off -@all";

/// What the functions that tell the cache of new versions (`processor`, `maintain`) may do: run their scripts, and what these
/// call, on products. A Redis ACL; commands inside a script are checked against the caller. `AUTH` and `HELLO` need no right.
pub const WRITER_RIGHTS: &str = "on ~product:* -@all +ping +script|load +evalsha +hmget +hset +expire +del";

/// The Redis ACL of a shop that reads the cache itself: it may look products up.
pub const SHOP_RIGHTS: &str = "on ~product:* -@all +ping +exists +hget +hmget +hgetall";

/// What the catalog may do: look products up and fill them in, never remove one. A Redis ACL.
pub const READER_RIGHTS: &str = "on ~product:* -@all +ping +time +script|load +evalsha +hmget +hset +expire";
