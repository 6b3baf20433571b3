//! Every definition of docs/ARCHITECTURE.md, "Meaning".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::catalog::Catalog;
use crate::model::data::{Change, Description};
use crate::model::decode::Event;

#[test]
fn no_event_no_product() {
    assert!(Catalog::of([]).views.is_empty());
}

#[test]
fn a_view_has_every_field() {
    let view = only_view([counted("acme", "c", 10, 42), priced("acme", "p", 5, "2.5")]);
    let expected = json!({
        "sku": "A", "title": null, "description": null, "category": null, "attributes": {}, "available": 42,
        "offers": [{"supplier": "acme", "on_hand": 42, "price": {"amount": "2.5", "currency": "GBP"}}],
    });
    assert_eq!(view, expected);
}

#[test]
fn a_level_without_a_count_begins_at_zero() {
    assert_eq!(level([adjusted("a", 1, -3), adjusted("b", 2, 1)]), -2);
}

#[test]
fn a_level_is_the_last_count_plus_what_is_strictly_later() {
    let events = [
        adjusted("before", 9, 100),
        counted("acme", "earlier", 5, 1000),
        counted("acme", "last", 10, 20),
        adjusted("at the same time", 10, 300),
        adjusted("later", 11, -4),
        adjusted("much later", 99, 1),
    ];
    assert_eq!(level(events), 17);
}

#[test]
fn of_counts_at_one_time_the_greater_id_is_the_last() {
    assert_eq!(level([counted("acme", "b", 10, 2), counted("acme", "a", 10, 1), counted("acme", "Z", 10, 3)]), 2);
}

#[test]
fn deliveries_of_one_event_count_once() {
    assert_eq!(level([adjusted("a", 1, -3), adjusted("a", 1, -3), adjusted("b", 1, -3)]), -6);
}

#[test]
fn of_different_contents_the_later_one_is_the_event() {
    assert_eq!(level([adjusted("a", 5, -3), adjusted("a", 9, -30), adjusted("a", 2, -300)]), -30);
    // Its later delivery moves it after the count.
    assert_eq!(level([counted("acme", "c", 7, 100), adjusted("a", 5, -3), adjusted("a", 9, -30)]), 70);
    assert_eq!(level([counted("acme", "c", 5, 1), counted("acme", "d", 6, 2), counted("acme", "c", 7, 3)]), 3);
}

#[test]
fn contents_that_differ_at_one_time_are_ambiguous_unless_a_later_one_settles_it() {
    let contradiction = [adjusted("a", 5, -3), adjusted("a", 5, -4)];
    assert_eq!(Catalog::of(contradiction.clone()).ambiguous.len(), 1);
    let settled = contradiction.into_iter().chain([adjusted("a", 6, -5)]);
    assert!(Catalog::of(settled).ambiguous.is_empty());
    assert!(Catalog::of([adjusted("a", 5, -3), adjusted("a", 5, -3)]).ambiguous.is_empty());
}

#[test]
fn one_id_of_another_type_supplier_or_sku_is_another_event() {
    assert_eq!(level([counted("acme", "a", 1, 10), adjusted("a", 2, -1)]), 9);
    let elsewhere = Event { sku: "B".into(), ..adjusted("a", 1, 7) };
    let catalog = Catalog::of([adjusted("a", 1, 1), of("beta", "a", 1, Change::Adjusted(2)), elsewhere]);
    assert_eq!(catalog.views["A"]["available"], 3);
    assert_eq!(catalog.views["B"]["available"], 7);
}

#[test]
fn available_takes_no_supplier_below_zero() {
    let oversold = of("beta", "b", 1, Change::Adjusted(-5));
    let view = only_view([adjusted("a", 1, 3), oversold, counted("gamma", "c", 1, 4)]);
    assert_eq!(view["available"], 7);
    let on_hand: Vec<&Value> = view["offers"].as_array().unwrap().iter().map(|offer| &offer["on_hand"]).collect();
    assert_eq!(on_hand, [3, -5, 4]);
}

#[test]
fn a_price_alone_makes_an_offer_with_nothing_on_hand() {
    let view = only_view([priced("beta", "p", 1, "2"), priced("alpha", "q", 1, "3"), priced("alpha", "r", 2, "4")]);
    let offers = json!([
        {"supplier": "alpha", "on_hand": 0, "price": {"amount": "4", "currency": "GBP"}},
        {"supplier": "beta", "on_hand": 0, "price": {"amount": "2", "currency": "GBP"}},
    ]);
    assert_eq!(view["offers"], offers);
    assert_eq!(view["available"], 0);
}

#[test]
fn a_level_alone_makes_an_offer_without_a_price() {
    assert_eq!(only_view([adjusted("a", 1, 1)])["offers"][0]["price"], Value::Null);
}

#[test]
fn a_description_is_replaced_as_a_whole_by_whichever_supplier() {
    let first = Description { description: Some("d".into()), category: Some("c".into()), ..description("first") };
    let view = only_view([described("beta", "x", 1, first.clone()), described("acme", "a", 2, description("second"))]);
    assert_eq!(
        (&view["title"], &view["description"], &view["category"]),
        (&json!("second"), &Value::Null, &Value::Null)
    );
    assert_eq!(view["attributes"], json!({}));
    assert_eq!(view["offers"], json!([]));
    let view = only_view([described("beta", "x", 2, first), described("acme", "a", 1, description("second"))]);
    assert_eq!(
        (&view["title"], &view["category"], &view["attributes"]),
        (&json!("first"), &json!("c"), &json!({"k": "v"}))
    );
}

#[test]
fn of_descriptions_at_one_time_the_source_decides_before_the_id() {
    let events = [described("acme", "z", 1, description("by id")), described("beta", "a", 1, description("by source"))];
    assert_eq!(only_view(events)["title"], "by source");
}

fn level<const N: usize>(events: [Event; N]) -> i64 {
    only_view(events)["offers"][0]["on_hand"].as_i64().expect("a level is an integer")
}

fn only_view<const N: usize>(events: [Event; N]) -> Value {
    let catalog = Catalog::of(events);
    assert_eq!(catalog.views.len(), 1);
    catalog.views["A"].clone()
}

fn counted(supplier: &str, id: &str, time: i64, quantity: i64) -> Event {
    of(supplier, id, time, Change::Counted(quantity))
}

fn adjusted(id: &str, time: i64, delta: i64) -> Event {
    of("acme", id, time, Change::Adjusted(delta))
}

fn priced(supplier: &str, id: &str, time: i64, amount: &str) -> Event {
    of(supplier, id, time, Change::Priced { amount: amount.into(), currency: "GBP".into() })
}

fn described(supplier: &str, id: &str, time: i64, description: Description) -> Event {
    of(supplier, id, time, Change::Described(description))
}

/// A description, which has attributes only if its title is "first".
fn description(title: &str) -> Description {
    let attributes = if title == "first" { BTreeMap::from([("k".into(), "v".into())]) } else { BTreeMap::new() };
    Description { title: title.into(), description: None, category: None, attributes }
}

fn of(supplier: &str, id: &str, time: i64, change: Change) -> Event {
    let event_type = match change {
        Change::Counted(_) => "com.retailtech.stock.counted.v1",
        Change::Adjusted(_) => "com.retailtech.stock.adjusted.v1",
        Change::Priced { .. } => "com.retailtech.price.changed.v1",
        Change::Described(_) => "com.retailtech.product.described.v1",
    };
    Event {
        source: format!("/suppliers/{supplier}"),
        supplier: supplier.into(),
        sku: "A".into(),
        event_type: event_type.into(),
        id: id.into(),
        time,
        change,
    }
}
