//! What outlives the stack where `keep_on_destroy` is set: whatever holds data that nothing else can make again, and the key that it is
//! encrypted with. The cache is filled from the database, logins are made anew, logs and dashboards tell of a stack that is gone.

use serde_json::{Value, json};

use super::build::Build;

/// The `lifecycle` of what must not go: Terraform refuses at its plan, before it has destroyed the half of it.
pub(super) fn lifecycle(build: &Build<'_>) -> Option<Value> {
    build.settings.keep_on_destroy.then(|| json!({ "prevent_destroy": true }))
}
