use super::*;

fn rendered(name: &str) -> Option<String> {
    let value = match name {
        env::DATABASE_HOST => "db.example",
        env::DATABASE_PORT => "5432",
        env::DATABASE_NAME => "inventory",
        env::DATABASE_SECRET_ARN => "arn:secret",
        env::CACHE_HOST => "cache.example",
        env::CACHE_PORT => "6379",
        env::CACHE_USER => "processor",
        env::CACHE_REPLICATION_GROUP => "group",
        env::CACHE_VIEW_SECONDS => "3600",
        env::HORIZON_SECONDS => "604800",
        env::QUARANTINE_BUCKET => "bucket",
        _ => return None,
    };
    Some(value.to_owned())
}

#[test]
fn the_variables_of_the_stack_are_read() {
    let settings = ProcessorSettings::read(rendered).unwrap();
    assert_eq!(settings.horizon, TimeDelta::days(7));
    assert_eq!(settings.database.port, 5432);
    assert_eq!(settings.database.tls, DatabaseTls::RdsRoots);
}

#[test]
fn every_problem_is_named_at_once() {
    let error = ProcessorSettings::read(|name| match name {
        env::DATABASE_HOST | env::QUARANTINE_BUCKET => None,
        env::CACHE_PORT => Some("70000".to_owned()),
        _ => rendered(name),
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "settings: PIPEGEN_DATABASE_HOST is not set; PIPEGEN_CACHE_PORT is `70000`, not a whole number in range; \
         PIPEGEN_QUARANTINE_BUCKET is not set"
    );
}

#[test]
fn without_a_list_of_suppliers_everybody_s_events_are_accepted() {
    let read = |names: Option<&str>| {
        ProcessorSettings::read(|name| match name {
            env::SUPPLIERS => names.map(str::to_owned),
            _ => rendered(name),
        })
    };
    assert_eq!(read(None).unwrap().suppliers, None);
    let named = read(Some("globex,acme")).unwrap().suppliers.unwrap();
    assert_eq!(named.iter().map(Supplier::as_str).collect::<Vec<_>>(), ["acme", "globex"]);
    for (bad, problem) in [("", "``"), ("acme,", "``"), ("acme,Globex", "`Globex`"), ("acme, globex", "` globex`")] {
        let error = read(Some(bad)).unwrap_err().to_string();
        assert!(error.contains(&format!("PIPEGEN_SUPPLIERS names the supplier {problem}: it must match")), "{error}");
    }
}

#[test]
fn a_secret_is_hidden() {
    let settings = ProcessorSettings::read(|name| match name {
        env::DEV_CACHE_URL => Some("redis://me:hunter2@localhost".to_owned()),
        _ => rendered(name),
    })
    .unwrap();
    assert!(matches!(settings.cache.endpoint, CacheEndpoint::Url(_)));
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn only_development_trusts_another_authority() {
    let settings = ProcessorSettings::read(|name| match name {
        env::DEV_AUTHORITY => Some("/authority.pem".to_owned()),
        _ => rendered(name),
    })
    .unwrap();
    assert_eq!(settings.database.tls, DatabaseTls::Authority("/authority.pem".into()));
    assert!(matches!(settings.cache.endpoint, CacheEndpoint::Managed { authority: Some(_), .. }));
}
