//! Messages on the channel of changes (pure): the product and its version, and what is available in that version.

use pipegen_contract::probe::SKU_PREFIX;
use pipegen_store::{ProductVersion, View};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Message<'a> {
    sku: &'a str,
    version: i64,
    available: i64,
}

/// The part of a view that its message repeats.
#[derive(Deserialize)]
struct Shown {
    available: i64,
}

/// Returns the message about a product; nothing about a probe's.
pub(super) fn of_version(product: &ProductVersion) -> String {
    of(&Message { sku: &product.sku, version: product.version, available: product.available })
}

/// Returns the message about the product of a view: the view may be newer than what was announced.
pub(super) fn of_view(view: &View) -> String {
    let shown: Result<Shown, _> = serde_json::from_str(&view.json);
    // Every view of the database has it.
    shown.map_or_else(
        |_| String::new(),
        |Shown { available }| of(&Message { sku: &view.sku, version: view.version, available }),
    )
}

fn of(message: &Message<'_>) -> String {
    if message.sku.starts_with(SKU_PREFIX) {
        return String::new();
    }
    serde_json::to_string(message).expect("text and integers are always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_of_the_version_or_of_the_view() {
        let product = ProductVersion { sku: "a \"b\"".to_owned(), version: 7, offers: 1, available: -1 };
        assert_eq!(of_version(&product), r#"{"sku":"a \"b\"","version":7,"available":-1}"#);
        let view =
            |sku: &str| View { sku: sku.to_owned(), version: 8, json: r#"{"sku":"x","available":2}"#.to_owned() };
        assert_eq!(of_view(&view("a")), r#"{"sku":"a","version":8,"available":2}"#);
        assert_eq!(of_view(&view("pipegen-probe-1")), "");
        assert_eq!(of_version(&ProductVersion { sku: "pipegen-probe-1".to_owned(), ..product }), "");
    }
}
