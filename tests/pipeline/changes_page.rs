//! The changes of a served run: as server-sent events, and on their page in headless Chromium.

use anyhow::Result;
use serde_json::json;

use crate::run::browser::Browser;
use crate::run::served::{ServedRun, event};

/// Returns a script that says whether an element's text has these words.
fn shows(selector: &str, words: &str) -> String {
    format!("return (document.querySelector({selector:?})?.textContent ?? '').includes({words:?})")
}

#[test]
fn a_reader_hears_of_changes_and_goes_on_where_it_was() -> Result<()> {
    let mut run = ServedRun::start()?;
    let count = |id: &str, sku: &str, quantity| event(id, sku, "stock.counted", &json!({"quantity": quantity}));
    run.send(&json!([count("1", "a", 1), count("2", "b", 2)]))?;
    run.wait_until("both are there", |run| Ok(run.reader.get("b")?.body.contains(r#""available":2"#)))?;
    let first = run.follow(None, 1)?;
    let (name, id, page) = &first[0];
    assert_eq!((&**name, page["changes"].as_array().map(Vec::len)), ("changes", Some(2)), "all products first");

    // While nobody listens.
    run.send(&json!([count("3", "b", 3)]))?;
    run.wait_until("it is there", |run| Ok(run.reader.get("b")?.body.contains(r#""available":3"#)))?;
    let (name, next, page) = &run.follow(Some(id), 1)?[0];
    assert_eq!((&**name, page["changes"].as_array().map(Vec::len)), ("changes", Some(1)), "only what it has not had");
    assert_eq!((&page["changes"][0]["sku"], &page["changes"][0]["available"]), (&json!("b"), &json!(3)));

    // While somebody listens: a message, and the change.
    let (heard, sent) = std::thread::scope(|scope| {
        let listening = scope.spawn(|| run.follow(Some(next), 2));
        // Until one is heard: the reader may not have subscribed yet.
        let sent = (4..1000).find(|quantity| {
            let sent = run.send(&json!([count(&quantity.to_string(), "a", *quantity)]));
            std::thread::sleep(std::time::Duration::from_millis(300));
            sent.is_err() || listening.is_finished()
        });
        (listening.join().expect("it does not panic"), sent)
    });
    let (heard, sent) = (heard?, sent.unwrap_or_default());
    let changed = heard.iter().find(|(name, ..)| name == "changes");
    let available = changed.and_then(|(_, _, page)| page["changes"][0]["available"].as_i64());
    assert!(available.is_some_and(|available| (4..=sent).contains(&available)), "{heard:?}");

    let mut run = run;
    let again = run.follow(Some("no cursor of ours"), 1)?;
    assert_eq!(again[0].2["changes"].as_array().map(Vec::len), Some(2), "from the beginning");
    run.wait_until("it goes on", |run| Ok(run.status().is_ok()))?;
    run.end()?;
    Ok(())
}

#[test]
fn the_page_shows_what_changes() -> Result<()> {
    let run = ServedRun::start()?;
    let browser = Browser::start()?;
    browser.open(&run.url())?;
    browser.click("a[href='/changes.html']")?;
    browser.wait_until("it is connected", &shows("#connection", "connected"))?;
    let markup = "<img src=x onerror=alert(1)><b>LANTERN</b>";
    run.send(&json!([
        event("1", "85123A", "product.described", &json!({"title": markup})),
        event("2", "85123A", "stock.counted", &json!({"quantity": 4200})),
    ]))?;
    browser.wait_until("the change is there", &shows("#changes tbody", "4,200"))?;
    browser.wait_until("markup is text", &shows("#changes tbody", markup))?;
    browser.wait_until("it was pushed, too", &shows("#pushed tbody", "85123A"))?;
    let images = browser.run("return document.querySelectorAll('main img, main b').length")?;
    assert_eq!(images, json!(0), "what comes from outside is text");
    assert_eq!(browser.log()?, json!([]), "no script has failed, and the policy has refused nothing");
    let names = browser.accessible_names("table, section")?;
    assert!(names.len() == 4 && names.iter().all(|name| !name.is_empty()), "{names:?}");
    let phone = json!({"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true});
    browser.command("Emulation.setDeviceMetricsOverride", &phone)?;
    let widths = browser.run("return [document.documentElement.scrollWidth, window.innerWidth]")?;
    assert_eq!(widths, json!([360, 360]), "nothing is wider than a phone");
    run.end()?;
    Ok(())
}
