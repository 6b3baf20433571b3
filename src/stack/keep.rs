//! The lifecycle of resources that outlive the stack if `keep_on_destroy` is set: those with data that cannot be
//! restored from elsewhere, and the key that it is encrypted with. The cache is filled from the database, logins are
//! created again, logs and dashboards are about a stack that is gone.

use serde_json::{Value, json};

use super::build::Build;

/// Returns the `lifecycle` of a resource that must not be destroyed: Terraform refuses at its plan, before it has
/// destroyed half of the stack.
pub(super) fn lifecycle(build: &Build<'_>) -> Option<Value> {
    build.settings.keep_on_destroy.then(|| json!({ "prevent_destroy": true }))
}
