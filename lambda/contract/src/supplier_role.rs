//! The names of the suppliers' IAM roles, by which `ingest` knows who calls.

use alloc::format;
use alloc::string::String;

/// The beginning of the name of a supplier's role; the supplier and the environment follow.
pub const PREFIX: &str = "role-supplier-";

/// Returns the name of a supplier's role.
pub fn name(supplier: &str, environment: &str) -> String {
    format!("{PREFIX}{supplier}-{environment}")
}
