//! Valid events, field by field.

use std::collections::BTreeMap;

use pipegen_event::{Change, Description};

use crate::sample::{accepted, adjusted, all, broken, counted, described, event, price_changed, replaced};

#[test]
fn every_type_is_read_whole() {
    for text in all() {
        let event = accepted(&text);
        assert_eq!(event.id.as_str(), "e-1");
        assert_eq!(&*event.supplier, "acme");
        assert_eq!(event.source(), "/suppliers/acme");
        assert_eq!(event.sku.to_string(), "85123A");
        assert_eq!(event.time.to_rfc3339(), "2026-11-23T05:00:00+00:00");
        assert!(text.contains(event.change.event_type()));
    }
    assert_eq!(accepted(counted()).change, Change::Counted { quantity: 42 });
    assert_eq!(accepted(adjusted()).change, Change::Adjusted { delta: -3 });
    let Change::PriceChanged { amount, currency } = accepted(price_changed()).change else { panic!("a price") };
    assert_eq!((amount.to_string().as_str(), currency.as_str()), ("2.5", "GBP"));
    let expected = Description {
        title: "T-LIGHT HOLDER".to_owned(),
        description: Some("White.".to_owned()),
        category: Some("Home".to_owned()),
        attributes: BTreeMap::from([("colour".to_owned(), "white".to_owned())]),
    };
    assert_eq!(accepted(described()).change, Change::Described(expected));
}

#[test]
fn optional_fields_may_be_left_out_or_empty() {
    assert_eq!(accepted(event("stock.adjusted", r#"{"delta":5}"#)).change, Change::Adjusted { delta: 5 });
    assert_eq!(accepted(event("stock.adjusted", r#"{"delta":5,"reason":""}"#)).change, Change::Adjusted { delta: 5 });
    let bare = Description { title: "T".to_owned(), description: None, category: None, attributes: BTreeMap::new() };
    assert_eq!(accepted(event("product.described", r#"{"title":"T"}"#)).change, Change::Described(bare.clone()));
    let empty = Description { description: Some(String::new()), category: Some(String::new()), ..bare };
    let text = event("product.described", r#"{"title":"T","description":"","category":"","attributes":{}}"#);
    assert_eq!(accepted(text).change, Change::Described(empty.clone()));
    let unnamed = Description { attributes: BTreeMap::from([(String::new(), String::new())]), ..empty };
    let text = event("product.described", r#"{"title":"T","description":"","category":"","attributes":{"":""}}"#);
    assert_eq!(accepted(text).change, Change::Described(unnamed));
}

#[test]
fn names_and_values_mean_what_their_escapes_spell() {
    let text = broken(r#""id":"e-1""#, r#""\u0069d":"\u0065-\u0031""#);
    assert_eq!(accepted(replaced(&text, "quantity", r"quantit\u0079")), accepted(counted()));
    let text = replaced(&described(), "T-LIGHT HOLDER", r#"\ud83d\ude00 \"T\"\\\/\n"#);
    let Change::Described(description) = accepted(text).change else { panic!("a description") };
    assert_eq!(description.title, "😀 \"T\"\\/\n");
}

#[test]
fn order_of_attributes_and_blanks_do_not_matter() {
    let text = "\n{ \"data\" : { \"quantity\" : 42 } ,\r\n\t\"time\":\"2026-11-23T05:00:00Z\", \"subject\":\"85123A\", \
        \"type\":\"com.retailtech.stock.counted.v1\",\"source\":\"/suppliers/acme\",\"id\":\"e-1\",\"specversion\":\"1.0\"} ";
    assert_eq!(accepted(text), accepted(counted()));
}

#[test]
fn extension_attributes_are_ignored() {
    let extensions =
        r#""id":"e-1","traceparent":null,"data_Base64":"!","dataschema":null,"x":{"a":1,"a":[1e999,-0]},"Id":7,"":0,"#;
    assert_eq!(accepted(broken(r#""id":"e-1","#, extensions)), accepted(counted()));
}

#[test]
fn time_is_utc_and_cut_to_microseconds() {
    let event = accepted(broken("2026-11-23T05:00:00Z", "2026-11-23t10:30:00.1234569+05:30"));
    assert_eq!(event.time.to_rfc3339(), "2026-11-23T05:00:00.123456+00:00");
}
