//! Product views as the tests compare them.

use serde_json::Value;

/// Returns a product view without its version and time; `None` if it lacks one of them.
pub(crate) fn without_version(mut view: Value) -> Option<Value> {
    let fields = view.as_object_mut()?;
    fields.remove("version")?;
    fields.remove("updated_at")?;
    Some(view)
}
