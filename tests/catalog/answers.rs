//! The responses to readers.

use pipegen_contract::cache::READER_RIGHTS;
use serde_json::json;

use crate::proxy::split_login;
use crate::test_products::{
    TestProducts, body, cache_url, database_url, get, key, path, query, reader, reader_of, request, seen,
};

#[tokio::test]
async fn a_product_is_read_from_the_database_once() {
    let (products, reader) = (TestProducts::new().await, reader());
    let sku = products.sku("a/b,c+d");
    let view = products.process(&sku, 42).await;
    let first = get(&sku, &reader).await;
    assert_eq!((first.status_code, &*first.headers["x-cache"]), (200, "miss"));
    assert_eq!(first.body.as_ref(), Some(&view.json));
    assert_eq!(first.headers["etag"], format!("\"{}\"", view.version));
    let second = get(&sku, &reader).await;
    assert_eq!((second.status_code, &*second.headers["x-cache"]), (200, "hit"));
    assert_eq!(second.body.as_ref(), Some(&view.json));
    assert_eq!(second.headers["etag"], first.headers["etag"]);
}

#[tokio::test]
async fn the_cache_s_bytes_are_passed_on_untouched() {
    let (products, reader) = (TestProducts::new().await, reader());
    let (sku, json) = (products.sku("a"), "{ \"sku\" : \"é\" }\n");
    let _: i64 = products.redis(redis::cmd("HSET").arg(key(&sku)).arg("version").arg(5).arg("view").arg(json)).await;
    assert_eq!(get(&sku, &reader).await.body.as_deref(), Some(json));
}

#[tokio::test]
async fn a_reader_that_has_the_version_gets_no_body() {
    let (products, reader) = (TestProducts::new().await, reader());
    let sku = products.sku("a");
    let view = products.process(&sku, 1).await;
    let etag = format!("\"{}\"", view.version);
    let has = format!("W/{etag}");
    for cached in ["miss", "hit"] {
        let response = request("GET", &path(&sku), "", &[("If-None-Match", &has)], &reader).await;
        assert_eq!((response.status_code, response.body), (304, None));
        assert_eq!(response.headers["etag"], etag);
        assert_eq!(response.headers["x-cache"], cached);
    }
    products.process(&sku, 2).await;
    let response = request("GET", &path(&sku), "", &[("if-none-match", &has)], &reader).await;
    assert_eq!((response.status_code, body(&response)["available"].as_i64()), (200, Some(2)));
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let (products, reader) = (TestProducts::new().await, reader());
    let sku = products.sku("a");
    products.process(&sku, 1).await;
    get(&sku, &reader).await;
    let unknown = products.sku("unknown");
    get(&unknown, &reader).await;
    for (path, status) in [(path(&sku), 200), (path(&unknown), 404), ("/products".to_owned(), 400)] {
        let (mut head, got) =
            (request("HEAD", &path, "", &[], &reader).await, request("GET", &path, "", &[], &reader).await);
        // GET's own length is left to HTTP.
        let length = head.headers.remove("content-length").unwrap();
        assert_eq!((head.status_code, head.headers, head.body), (status, got.headers, None));
        assert_eq!(length, got.body.unwrap().len().to_string());
    }
    let has = [("if-none-match", "*")];
    let (head, got) =
        (request("HEAD", &path(&sku), "", &has, &reader).await, request("GET", &path(&sku), "", &has, &reader).await);
    assert_eq!((head.status_code, &head.headers, &head.body), (304, &got.headers, &got.body));
    assert_eq!(head.headers.get("content-length"), None, "a 304 has no body that could have a length");
}

#[tokio::test]
async fn an_unknown_sku_is_remembered_for_a_short_time() {
    let (products, reader) = (TestProducts::new().await, reader());
    let sku = products.sku("a");
    for cached in ["miss", "hit"] {
        let response = get(&sku, &reader).await;
        assert_eq!((response.status_code, &*response.headers["x-cache"]), (404, cached));
        assert_eq!(response.headers["content-type"], "application/problem+json");
        let problem = body(&response);
        assert_eq!((&problem["status"], &problem["title"]), (&json!(404), &json!("Unknown SKU")));
    }
    assert_eq!(products.entry(&sku).await, (Some("0".to_owned()), Some(String::new())));
    assert!((1..=30).contains(&products.seconds(&sku).await));
}

#[tokio::test]
async fn several_products_are_in_the_order_requested() {
    let (products, reader) = (TestProducts::new().await, reader());
    let skus = ["c", "a,b", "none", "b c", "a", "nothing"].map(|name| products.sku(name));
    for known in [0, 1, 3, 4] {
        products.process(&skus[known], 1).await;
    }
    seen(&skus[1], &reader).await;
    let requested: Vec<&str> = skus.iter().map(String::as_str).collect();
    for cached in ["miss", "hit"] {
        let response = request("GET", "/products", &query(&requested), &[], &reader).await;
        assert_eq!((response.status_code, &*response.headers["x-cache"]), (200, cached));
        assert_eq!(response.headers.get("etag"), None);
        let answer = body(&response);
        let products = answer["products"].as_array().unwrap().iter().map(|view| &view["sku"]).collect::<Vec<_>>();
        assert_eq!(products, [&skus[0], &skus[1], &skus[3], &skus[4]]);
        assert_eq!(answer["unknown"], json!([skus[2], skus[5]]));
    }
}

#[tokio::test]
async fn a_response_that_is_too_large_for_lambda_is_a_problem() {
    let (products, reader) = (TestProducts::new().await, reader());
    let skus: Vec<String> = (0..100).map(|n| products.sku(&n.to_string())).collect();
    // 4 MB of views, which become 6.7 MB inside the response's JSON.
    let view = format!("[{}0]", "\"\",".repeat(40_000 / 3));
    for sku in &skus {
        let _: i64 =
            products.redis(redis::cmd("HSET").arg(key(sku)).arg("version").arg(5).arg("view").arg(&view)).await;
    }
    let requested: Vec<&str> = skus.iter().map(String::as_str).collect();
    let response = request("GET", "/products", &query(&requested), &[], &reader).await;
    assert_eq!((response.status_code, body(&response)["status"].as_i64()), (413, Some(413)));
    let response = request("GET", "/products", &query(&requested[..50]), &[], &reader).await;
    assert_eq!(response.status_code, 200);
}

#[tokio::test]
async fn an_entry_that_cannot_be_parsed_is_a_miss() {
    let (products, reader) = (TestProducts::new().await, reader());
    let set = |sku: &str, fields: &[(&str, &str)]| redis::cmd("HSET").arg(key(sku)).arg(fields).to_owned();
    for (name, command) in [
        ("no version", set(&products.sku("no version"), &[("view", "{}")])),
        ("no number", set(&products.sku("no number"), &[("version", "new"), ("view", "{}")])),
        ("other fields", set(&products.sku("other fields"), &[("x", "y")])),
        ("other type", redis::cmd("SET").arg(key(&products.sku("other type"))).arg("{}").to_owned()),
    ] {
        let sku = products.sku(name);
        let view = products.commit(&sku, 1).await;
        let _: redis::Value = products.redis(&command).await;
        assert_eq!(seen(&sku, &reader).await, (view.version, "miss".to_owned()), "{name}");
        // The next read finds it repaired; but a value of another type is the writers' to remove.
        let cached = if name == "other type" { "miss" } else { "hit" };
        assert_eq!(seen(&sku, &reader).await, (view.version, cached.to_owned()), "{name}");
        products.refresh(&view).await;
        seen(&sku, &reader).await;
        assert_eq!(seen(&sku, &reader).await, (view.version, "hit".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn readers_need_no_other_rights_than_theirs() {
    let products = TestProducts::new().await;
    let (known, unknown) = (products.sku("known"), products.sku("unknown"));
    let view = products.process(&known, 1).await;
    let user = products.sku("reader").replace(' ', "-");
    let rights: Vec<_> = READER_RIGHTS.split(' ').collect();
    let _: redis::Value = products.redis(redis::cmd("ACL").arg("SETUSER").arg(&user).arg(">secret").arg(rights)).await;
    let _: redis::Value = products.redis(redis::cmd("SCRIPT").arg("FLUSH")).await;
    let (_, server) = split_login(cache_url());
    let reader = reader_of(database_url(), &format!("redis://{user}:secret@{server}"));
    assert_eq!(seen(&known, &reader).await, (view.version, "miss".to_owned()));
    assert_eq!(seen(&known, &reader).await, (view.version, "hit".to_owned()));
    for cached in ["miss", "hit"] {
        assert_eq!(get(&unknown, &reader).await.headers["x-cache"], cached);
    }
    let _: i64 = products.redis(redis::cmd("ACL").arg("DELUSER").arg(&user)).await;
}
