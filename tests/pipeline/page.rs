//! The page of a served run, in headless Chromium.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::run::browser::Browser;
use crate::run::served::{ServedRun, event};

/// A title that would be an image with a script if it were taken for markup.
const MARKUP: &str = "<img src=x onerror=alert(1)><b>LANTERN</b>";

/// Returns a script that says whether an element's text has these words.
fn shows(selector: &str, words: &str) -> String {
    format!("return (document.querySelector({selector:?})?.textContent ?? '').includes({words:?})")
}

#[test]
fn the_page_shows_what_happens_and_breaks_what_it_is_told_to() -> Result<()> {
    let run = ServedRun::start()?;
    let browser = Browser::start()?;
    browser.open(&run.url())?;
    browser.wait_until("it is connected", &shows("#connection", "connected: "))?;
    browser.wait_until("nothing has happened", &shows("#applied", "0"))?;

    run.send(&json!([
        event("1", "85123A", "product.described", &json!({"title": MARKUP})),
        event("2", "85123A", "stock.counted", &json!({"quantity": 4200})),
        event("3", "85123A", "stock.counted", &json!({"quantity": MARKUP})),
    ]))?;
    browser.wait_until("two events were applied", &shows("#applied", "2"))?;
    browser.wait_until("one was rejected", &shows("#reasons", "invalid_data"))?;
    browser.wait_until("the rejected event is there", &shows("#rejections pre", MARKUP))?;
    browser.wait_until("the archiver collects", &shows("#archive-waiting", "3"))?;
    browser.click("#write")?;
    browser.wait_until("an object is archived", &shows("#archive", "archive/v1/"))?;

    browser.fill("#sku", "85123A")?;
    browser.click("#search button")?;
    browser.wait_until("the product was found", &shows("#product p", "4,200 available"))?;
    browser.wait_until("markup is text", &shows("#product", MARKUP))?;
    browser.click("#search button")?;
    browser.wait_until("the cache is filled", &shows("#product p", "from the cache"))?;
    browser.wait_until("hits are counted", &shows("#hits", "1"))?;
    let images = browser.run("return document.querySelectorAll('main img, main b').length")?;
    assert_eq!(images, json!(0), "what comes from outside is text");

    browser.click("#send button")?;
    browser.wait_until("the example is valid", &shows("#sent p", "1 on the stream; the processor will reject 0"))?;
    browser.wait_until("the example was applied", &shows("#applied", "3"))?;
    browser.fill("#event", "nonsense")?;
    browser.click("#send button")?;
    browser.wait_until("the answer says what is wrong", &shows("#sent pre", "invalid_json"))?;

    browser.click("button[data-fault=redis]")?;
    browser.wait_until("the time is counted down", &shows("button[data-fault=redis]", "s left"))?;
    let disabled = browser.run("return document.querySelector('button[data-fault=redis]').disabled")?;
    assert_eq!(disabled, json!(true));
    let back = "const button = document.querySelector('button[data-fault=redis]'); \
                return !button.disabled && button.textContent === 'Stop Redis'";
    browser.wait_until("Redis is back", back)?;

    assert_eq!(browser.log()?, json!([]), "no script has failed, and the policy has refused nothing");
    fits_every_reader(&browser)?;
    run.end()?;
    Ok(())
}

/// Checks names of controls, light and dark, and the width of a phone.
fn fits_every_reader(browser: &Browser) -> Result<()> {
    let names = browser.accessible_names("button, input, textarea, table, section")?;
    ensure!(names.len() >= 14 && names.iter().all(|name| !name.is_empty()), "{names:?}");
    let ground = || browser.run("return getComputedStyle(document.body).backgroundColor");
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        browser.command("Emulation.setEmulatedMedia", &features)?;
        grounds.push(ground()?);
        keep_picture(browser, scheme)?;
    }
    assert_ne!(grounds[0], grounds[1], "dark is not light");
    let phone = json!({"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true});
    browser.command("Emulation.setDeviceMetricsOverride", &phone)?;
    let widths = browser.run("return [document.documentElement.scrollWidth, window.innerWidth]")?;
    keep_picture(browser, "phone")?;
    assert_eq!(widths, json!([360, 360]), "nothing is wider than a phone");
    Ok(())
}

/// Keeps a picture for whoever wants to look at the page: in the folder that `PIPEGEN_PICTURES` names, if it is set.
fn keep_picture(browser: &Browser, name: &str) -> Result<()> {
    let Some(folder) = std::env::var_os("PIPEGEN_PICTURES") else { return Ok(()) };
    let height = browser.run("return document.documentElement.scrollHeight")?;
    let height = Value::as_u64(&height).unwrap_or(1000);
    let width = if name == "phone" { 360 } else { 1200 };
    let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": name == "phone"});
    browser.command("Emulation.setDeviceMetricsOverride", &size)?;
    std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), browser.screenshot()?)?;
    Ok(())
}
