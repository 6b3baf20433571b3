//! Tables: which events their rows become, and what is said of those that become none.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::events::minutes_ago;
use crate::folder::{Folder, Run};
use crate::stream::TestStream;

const STOCK: [&str; 8] =
    ["--supplier", "acme", "--sku-column", "SKU", "--quantity-column", "Stock", "--time-column", "Time"];

fn check(folder: &Folder, arguments: &[&str]) -> Run {
    folder.pipegen(["send", "--check", "--print"].into_iter().chain(arguments.iter().copied()))
}

/// Returns the events that are printed, without what differs between runs.
fn events(run: &Run) -> Vec<Value> {
    let events = run.stdout.lines().flat_map(|line| match serde_json::from_str(line).unwrap() {
        Value::Array(events) => events,
        event => vec![event],
    });
    events.collect()
}

fn brief(run: &Run) -> Vec<(String, String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let short = |event_type: &Value| text(event_type).replace("com.retailtech.", "");
    events(run).iter().map(|event| (text(&event["subject"]), short(&event["type"]), event["data"].clone())).collect()
}

/// The columns of `WooCommerce`'s product export, as far as they matter; a variable product has no stock of its own.
#[test]
fn an_export_of_a_shop_becomes_counts_prices_and_descriptions() {
    let folder = Folder::new();
    folder.write(
        "products.csv",
        "\u{feff}ID,Type,SKU,Name,Published,\"In stock?\",Stock,\"Regular price\",Categories\n\
         44,variable,woo-vneck-tee,\"V-Neck, T-Shirt\",1,1,,,\"Clothing > Tshirts\"\n\
         46,simple,woo-beanie,\"Beanie \"\"Logo\"\"\",1,1,12,18.5,\"Clothing\n> Accessories\"\n\
         ,,,,,,,,\n\
         47,simple,,No SKU,1,1,1,1,\n",
    );
    folder.write(
        "woo.toml",
        "supplier = \"acme\"\nsku-column = \"SKU\"\nquantity-column = \"Stock\"\nprice-column = \"Regular price\"\n\
         currency = \"GBP\"\ntitle-column = \"Name\"\ncategory-column = \"Categories\"\nattribute = [\"type=Type\"]\n",
    );
    let run = check(&folder, &["--csv", "woo.toml", "products.csv"]).ended(1).says(&[
        "note: the rows of products.csv are taken as of",
        "products.csv:6: column `SKU`: invalid_row: is empty",
    ]);
    let described = |sku: &str, title: &str, category: &str, kind: &str| {
        let data = json!({ "title": title, "category": category, "attributes": { "type": kind } });
        (sku.to_owned(), "product.described.v1".to_owned(), data)
    };
    let expected = [
        described("woo-vneck-tee", "V-Neck, T-Shirt", "Clothing > Tshirts", "variable"),
        ("woo-beanie".into(), "stock.counted.v1".into(), json!({ "quantity": 12 })),
        ("woo-beanie".into(), "price.changed.v1".into(), json!({ "amount": "18.5", "currency": "GBP" })),
        described("woo-beanie", "Beanie \"Logo\"", "Clothing\n> Accessories", "simple"),
    ];
    assert_eq!(brief(&run), expected);
}

/// Shopify's inventory export has a row for each location.
#[test]
fn rows_can_be_chosen_and_texts_taken_for_empty_cells() {
    let folder = Folder::new();
    folder.write(
        "inventory.csv",
        "Handle,Title,Option1 Name,Option1 Value,SKU,Location,On hand (current),On hand (new)\n\
         tee,Tee,Size,S,TEE-S,London,5,\ntee,,Size,M,TEE-M,London,not stocked,\ntee,,Size,S,TEE-S,Paris,7,\n",
    );
    let columns =
        ["--supplier", "acme", "--sku-column", "SKU", "--quantity-column", "On hand (current)", "inventory.csv"];
    let run = check(&folder, &columns).ended(1).says(&[
        "inventory.csv:3: column `On hand (current)`: invalid_row: `not stocked` is not a number",
        "inventory.csv:4: column `On hand (current)`: invalid_row: line 2 has another value for the same SKU and time",
    ]);
    assert_eq!(brief(&run).len(), 1);
    let chosen = [&["--where", "Location=London", "--empty", "Not stocked"], &columns[..]].concat();
    let run = check(&folder, &chosen).ended(0);
    assert_eq!(brief(&run), [("TEE-S".into(), "stock.counted.v1".into(), json!({ "quantity": 5 }))]);
}

/// The columns of the retail data; a sale is a change downwards, and two equal lines of an invoice are two sales.
#[test]
fn sales_become_changes() {
    let folder = Folder::new();
    let time = minutes_ago(5);
    folder.write(
        "sales.csv",
        format!(
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,Country\n\
             536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,{time},2.55,United Kingdom\n\
             536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,{time},2.55,United Kingdom\n\
             536366,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,{time},2.55,United Kingdom\n\
             C536383,35004C,SET OF 3 COLOURED  FLYING DUCKS,-1,{time},4.65,United Kingdom\n\
             536367,71053,WHITE METAL LANTERN,0,{time},3.39,United Kingdom\n"
        ),
    );
    let columns = [
        "--supplier",
        "acme",
        "--sku-column",
        "StockCode",
        "--delta-column",
        "Quantity",
        "--negate",
        "--reason",
        "sale",
        "--time-column",
        "InvoiceDate",
        "--id-column",
        "InvoiceNo",
        "sales.csv",
    ];
    let run = check(&folder, &columns).ended(0);
    let sale = |sku: &str, delta: i64| {
        (sku.to_owned(), "stock.adjusted.v1".to_owned(), json!({ "delta": delta, "reason": "sale" }))
    };
    assert_eq!(brief(&run), [sale("85123A", -6), sale("85123A", -6), sale("85123A", -6), sale("35004C", 1)]);
    let ids: BTreeSet<_> = events(&run).iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), 4, "each is an event of its own");
    // The same in another file, and in another order: the same events.
    let sales = folder.read("sales.csv");
    let mut lines: Vec<_> = sales.lines().collect();
    lines[1..].reverse();
    folder.write("sales.csv", lines.join("\n"));
    let again: BTreeSet<_> = events(&check(&folder, &columns)).iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(again, ids);
}

#[test]
fn the_same_file_is_the_same_events_and_a_later_one_is_not() {
    let folder = Folder::new();
    folder.write("stock.csv", format!("SKU,Stock,Time\nA,1,{}\n", minutes_ago(5)));
    let arguments = [&STOCK[..], &["stock.csv"]].concat();
    let first = check(&folder, &arguments).ended(0);
    assert_eq!(check(&folder, &arguments).stdout, first.stdout);
    folder.write("stock.csv", format!("SKU,Stock,Time\nA,1,{}\n", minutes_ago(4)));
    assert_ne!(events(&check(&folder, &arguments))[0]["id"], events(&first)[0]["id"]);
}

#[test]
fn tables_are_read_as_they_are_written() {
    let folder = Folder::new();
    let time = minutes_ago(5);
    let german = format!("Artikel;Bestand;Preis;Text;Time\n\u{dc}-1;1.234;1.234,50 \u{20ac};\u{dc}berzug;{time}\n");
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(&german);
    let utf16: Vec<u8> =
        "\u{feff}".chars().chain(german.replace(';', "\t").chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    folder.write("windows.csv", windows);
    folder.write("utf16.csv", utf16);
    let columns = [
        "--supplier",
        "acme",
        "--sku-column",
        "Artikel",
        "--quantity-column",
        "Bestand",
        "--price-column",
        "Preis",
        "--currency",
        "EUR",
        "--title-column",
        "Text",
        "--time-column",
        "Time",
        "--decimal",
        ",",
        "--thousands",
        ".",
        "--strip",
        "\u{20ac}",
    ];
    for (file, more) in [
        ("windows.csv", &["--delimiter", ";", "--encoding", "windows-1252"][..]),
        ("utf16.csv", &["--delimiter", "tab"]),
    ] {
        let run = check(&folder, &[&columns, more, &[file]].concat()).ended(0);
        let expected = [
            ("\u{dc}-1".into(), "stock.counted.v1".into(), json!({ "quantity": 1234 })),
            ("\u{dc}-1".into(), "price.changed.v1".into(), json!({ "amount": "1234.5", "currency": "EUR" })),
            ("\u{dc}-1".into(), "product.described.v1".into(), json!({ "title": "\u{dc}berzug" })),
        ];
        assert_eq!(brief(&run), expected, "{file}");
    }
    // The wrong encoding is noticed, and named; in the header before anything is sent.
    let arguments = [&columns[..], &["--delimiter", ";", "windows.csv"]].concat();
    check(&folder, &arguments)
        .ended(1)
        .says(&["windows.csv:2: column `Artikel`: invalid_row: is not UTF-8", "windows-1252"]);
}

#[test]
fn what_is_wrong_in_a_row_is_named_with_its_column() {
    let folder = Folder::new();
    let time = minutes_ago(5);
    let old = minutes_ago(20 * 24 * 60);
    folder.write(
        "stock.csv",
        format!("SKU,Stock,Time\nA,many,{time}\nB,1,yesterday\nC,1\nD,1.5,{time}\nE,1,{old}\n\u{200b}F,1,{time}\nG,5000000000,{time}\n\n\nH,1,{time}\nI,-,{time}\n"),
    );
    let run = check(&folder, &[&STOCK[..], &["stock.csv"]].concat()).ended(1).says(&[
        "stock.csv:2: column `Stock`: invalid_row: `many` is not a number",
        "stock.csv:3: column `Time`: invalid_row: `yesterday` is not an RFC 3339 time",
        "stock.csv:4: invalid_row: the row has 2 cells and the header 3",
        "stock.csv:5: column `Stock`: invalid_row: `1.5` is not a whole number",
        "stock.csv:6: column `Time`: too_old: ",
        "stock.csv:7: column `SKU`: invalid_event: subject: must not begin or end with the invisible character",
        "stock.csv:8: column `Stock`: invalid_data: data.quantity: must be an integer",
        "stock.csv:12: column `Stock`: invalid_row: `-` is not a number",
    ]);
    assert_eq!(brief(&run), [("H".into(), "stock.counted.v1".into(), json!({ "quantity": 1 }))]);
}

#[test]
fn a_header_that_does_not_fit_is_refused_before_anything_is_sent() {
    let (folder, stream) = (Folder::new(), TestStream::start([]));
    let time = minutes_ago(5);
    folder.write("good.csv", format!("SKU,Stock,Time\nA,1,{time}\n"));
    for (header, part) in [
        (
            "SKU,Stok,Time",
            "bad.csv has no column `Stock` (did you mean `Stok`?): its columns are `SKU`, `Stok`, `Time`",
        ),
        ("SKU,Stock,Stock,Time", "bad.csv: two columns are called `Stock` (numbers 2 and 3)"),
        ("SKU;Stock;Time", "bad.csv has only one column, `SKU;Stock;Time`: set `delimiter` to `;`"),
        ("", "bad.csv is empty"),
    ] {
        folder.write("bad.csv", header);
        let arguments = [&["send", "--endpoint", &stream.url], &STOCK[..], &["good.csv", "bad.csv"]].concat();
        folder.pipegen(arguments).ended(2).says(&[part]);
    }
    assert_eq!(stream.taken(), []);
}

#[test]
fn a_mapping_that_is_wrong_is_refused() {
    let folder = Folder::new();
    folder.write("stock.csv", "SKU,Stock\nA,1\n");
    folder.write("mapping.toml", "supplier = \"acme\"\nsku-colum = \"SKU\"\n");
    let wrong = [
        (&["--csv", "mapping.toml", "stock.csv"][..], "sku-colum"),
        (&["--csv", "nowhere.toml", "stock.csv"], "cannot read the mapping nowhere.toml"),
        (&["--supplier", "acme", "stock.csv"], "sku-column is missing"),
        (
            &["--supplier", "acme", "--sku-column", "SKU", "--quantity-column", "Stock", "-"],
            "standard input has no time of its own",
        ),
    ];
    for (arguments, part) in wrong {
        check(&folder, arguments).ended(2).says(&[part]);
    }
}

#[test]
fn a_table_is_sent_and_continued() {
    let (folder, stream) = (Folder::new(), TestStream::start([]));
    let time = minutes_ago(5);
    let row = |sku: &str| format!("{sku},1,{time}\n");
    folder.write("stock.csv", format!("SKU,Stock,Time\n{}", row("A") + &row("B")));
    let arguments =
        [&["send", "--endpoint", &stream.url, "--checkpoint", "position"], &STOCK[..], &["stock.csv"]].concat();
    folder.pipegen(arguments.clone()).ended(0);
    folder.write("stock.csv", folder.read("stock.csv") + &row("C"));
    folder.pipegen(arguments).ended(0);
    let mut keys: Vec<_> = stream.taken().into_iter().map(|taken| taken.key).collect();
    keys.sort();
    assert_eq!(keys, ["acme/A", "acme/B", "acme/C"]);
}

/// Otherwise the rest of the file would be one row, in memory.
#[test]
fn a_quotation_mark_without_its_partner_ends_the_run() {
    let folder = Folder::new();
    folder.write("stock.csv", format!("SKU,Stock,Time\nA,1,\"{}", "B,1,2026-11-27T05:00:00Z\n".repeat(400_000)));
    let arguments = [&["send", "--check"], &STOCK[..], &["stock.csv"]].concat();
    folder
        .pipegen(arguments)
        .ended(1)
        .says(&["cannot read stock.csv, line 2", "is a quotation mark without its partner?"]);
}
