//! Roles in PostgreSQL.

/// Holds the processor's rights; cannot log in.
pub const WRITER: &str = "inventory_writer";

/// The two logins that inherit [`WRITER`]. One is in use; rotation renews the other and moves over, so that no request
/// meets a password that is already gone.
pub const WRITER_LOGINS: [&str; 2] = ["inventory_writer_a", "inventory_writer_b"];
