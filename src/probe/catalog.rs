//! The product in the catalog, and in its cache.

use std::time::Duration;

use anyhow::{Context as _, bail};
use pipegen_contract::role::Role;
use serde_json::Value;
use ureq::http::Response;

use super::canary::{Canary, QUANTITY};
use super::hop::Outcome;
use super::{Probe, Waiting};

/// The pause between two requests.
const PAUSE: Duration = Duration::from_millis(250);

/// The requests within which a product that is in the catalog must be in the cache.
const CACHE_REQUESTS: u32 = 20;

/// Watches the product come into the catalog, then into the cache.
pub(super) async fn watch(probe: &Probe, canary: &Canary, waiting: Waiting) -> [Outcome; 2] {
    let url = match probe.product_url(&canary.sku).await {
        Ok(url) => url,
        Err(error) => return [Outcome::failed(&error), Outcome::Skipped],
    };
    let shown = until_shown(probe, &url, waiting).await.unwrap_or_else(|error| Outcome::failed(&error));
    if !matches!(shown, Outcome::Passed { .. }) {
        return [shown, Outcome::Skipped];
    }
    let cached = until_cached(probe, &url, waiting).await.unwrap_or_else(|error| Outcome::failed(&error));
    [shown, cached]
}

impl Probe {
    /// Returns the product's address.
    async fn product_url(&self, sku: &str) -> anyhow::Result<String> {
        let catalog = match &self.catalog_url {
            Some(url) => url.clone(),
            None => self.account.function_url(Role::Catalog).await?,
        };
        Ok(format!("{}/products/{sku}", catalog.trim_end_matches('/')))
    }

    /// Asks for the product. A refusal is an error; anything else may pass.
    async fn ask(&self, url: &str) -> anyhow::Result<Result<Response<String>, String>> {
        match self.account.signed_get(url).await {
            Ok(answer) if answer.status() == 403 || answer.status() == 401 => bail!(
                "lambda:InvokeFunctionUrl on {url}: permission was denied ({})\n  name the principal of these credentials in \
                 the setting `readers` and apply, or use one that is named there",
                answer.body().trim()
            ),
            Ok(answer) => Ok(Ok(answer)),
            Err(error) => Ok(Err(format!("{error:#}"))),
        }
    }
}

async fn until_shown(probe: &Probe, url: &str, waiting: Waiting) -> anyhow::Result<Outcome> {
    loop {
        let seen = match probe.ask(url).await? {
            Ok(answer) if answer.status() == 200 => {
                let view: Value = serde_json::from_str(answer.body()).context("the catalog's answer is not JSON")?;
                if view["available"] == QUANTITY && view["title"].is_string() {
                    let detail = format!("{QUANTITY} available");
                    return Ok(Outcome::Passed { after: waiting.elapsed(), detail });
                }
                format!("another state of the product: {} available", view["available"])
            }
            Ok(answer) => format!("{}: {}", answer.status(), answer.body().trim()),
            Err(error) => error,
        };
        if waiting.is_over() {
            return Ok(Outcome::Missing { waited: waiting.elapsed(), seen });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn until_cached(probe: &Probe, url: &str, waiting: Waiting) -> anyhow::Result<Outcome> {
    let mut seen = String::new();
    for _ in 0..CACHE_REQUESTS {
        seen = match probe.ask(url).await? {
            Ok(answer) => {
                let header = answer.headers().get("x-cache").and_then(|value| value.to_str().ok());
                if header == Some("hit") {
                    return Ok(Outcome::Passed { after: waiting.elapsed(), detail: "answered from it".to_owned() });
                }
                format!("{}, x-cache: {}", answer.status(), header.unwrap_or("none"))
            }
            Err(error) => error,
        };
        tokio::time::sleep(PAUSE).await;
    }
    Ok(Outcome::Missing { waited: waiting.elapsed(), seen })
}
