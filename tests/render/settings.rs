//! Single rules of the settings file; whole faulty files are under `golden`.

use pipegen::config::{self, Config, Environment, Preset, SettingsFile};

use crate::rendered::LARGE;
use crate::test_dir::TestDir;

fn load(text: &str) -> Result<Config, Vec<String>> {
    let source = SettingsFile { path: "pipegen.toml".into(), text: text.into() };
    let loaded = config::load(Some(&source), Ok(Environment::parse("staging").unwrap()));
    loaded.map_err(|faults| faults.into_iter().map(|fault| fault.message).collect())
}

#[track_caller]
fn refused(text: &str, message: &str) {
    let faults = load(text).expect_err(text);
    assert_eq!(faults, [message], "{text}");
}

#[test]
fn the_file_is_optional_and_an_environment_need_not_be_in_it() {
    let defaults = config::load(None, Ok(Environment::parse("staging").unwrap())).unwrap();
    assert_eq!(load("").unwrap(), defaults);
    assert_eq!(load("[environments.other]\nhorizon_days = 3").unwrap(), defaults);
    assert_eq!(load("[environments.stagin]").unwrap().perhaps_meant.as_deref(), Some("stagin"));
}

#[test]
fn an_environment_overrides_the_defaults() {
    let text = "[defaults]\nhorizon_days = 3\ncache_nodes = 2\n[environments.staging]\nhorizon_days = 4";
    let settings = load(text).unwrap().settings;
    assert_eq!((settings.horizon_days, settings.cache_nodes), (4, 2));
}

#[test]
fn a_preset_says_what_the_file_leaves_out() {
    let of = |text: &str| {
        let settings = load(text).unwrap().settings;
        (settings.database_multi_az, settings.cache_nodes, settings.log_retention_days, settings.database_backup_days)
    };
    assert_eq!(of(""), of("[defaults]\npreset = \"staging\""));
    assert_eq!(of("[defaults]\npreset = \"throwaway\""), (false, 1, 7, 1));
    assert_eq!(of("[defaults]\npreset = \"production\""), (true, 2, 731, 35));
    // An environment's preset overrides the defaults' one, a setting overrides both.
    let text = "[defaults]\npreset = \"throwaway\"\ncache_nodes = 3\n[environments.staging]\npreset = \"production\"";
    assert_eq!(of(text), (true, 3, 731, 35));
    refused("[defaults]\npreset = \"prod\"", "`preset` cannot be `prod`");
}

/// Each of a preset's values, typed out, is valid and changes nothing.
#[test]
fn a_preset_is_within_the_settings_ranges() {
    let settings: Vec<_> = config::reference().unwrap().into_iter().flat_map(|group| group.settings).collect();
    let by_preset = || settings.iter().filter(|setting| setting.defaults.iter().any(|it| *it != setting.defaults[0]));
    assert!(by_preset().count() > 8, "{settings:#?}");
    for (index, preset) in Preset::ALL.into_iter().enumerate() {
        let short = format!("[defaults]\npreset = \"{}\"\n", preset.name);
        let typed = by_preset().map(|setting| {
            let value = setting.defaults[index].as_deref().unwrap().replace('`', "\"");
            format!("{} = {value}\n", setting.key)
        });
        let typed = short.clone() + &typed.collect::<String>();
        assert_eq!(load(&typed).unwrap().settings, load(&short).unwrap().settings, "{typed}");
    }
}

#[test]
fn the_database_is_large_enough_for_the_peak_unless_it_is_named() {
    let class = |text: &str| load(text).unwrap().settings.database_instance_class.name;
    assert_eq!(class(""), "db.t4g.micro");
    assert_eq!(class("[defaults]\npeak_updates_per_minute = 600_000"), "db.t4g.small");
    assert_eq!(class("[defaults]\npeak_updates_per_minute = 1_000_000"), "db.t4g.medium");
    assert_eq!(class("[defaults]\npreset = \"production\"\npeak_updates_per_minute = 1_000_000"), "db.t4g.medium");
}

#[test]
fn production_keeps_the_stream_for_a_week() {
    let hours =
        |preset: &str| load(&format!("[defaults]\npreset = \"{preset}\"")).unwrap().settings.stream_retention_hours;
    assert_eq!(["throwaway", "staging", "production"].map(hours), [24, 24, 168]);
}

#[test]
fn the_catalogs_connections_follow_its_concurrency() {
    let of = |text: &str| {
        let settings = load(&format!("[defaults]\n{text}")).unwrap().settings;
        (settings.catalog_concurrency, settings.catalog_connections)
    };
    assert_eq!(of(""), (None, 20));
    assert_eq!(of("catalog_concurrency = 1"), (Some(1), 2));
    assert_eq!(of("catalog_concurrency = 8"), (Some(8), 16));
    assert_eq!(of("catalog_concurrency = 500"), (Some(500), 20));
    // An old version's environments hold theirs while a new one's begin.
    assert_eq!(of("catalog_concurrency = 15\ncatalog_connections = 30"), (Some(15), 30));
    refused(
        "[environments.staging]\ncatalog_concurrency = 15\ncatalog_connections = 31",
        "`catalog_connections` = 31, but with `catalog_concurrency` = 15 no more than 30 are ever used",
    );
}

#[test]
fn a_boundary_is_of_the_roles_own_account() {
    let with = |boundary: &str| {
        format!(
            "[environments.staging]\naccount_id = \"111122223333\"\npermissions_boundary = \"arn:aws:iam::{boundary}:policy/b\""
        )
    };
    assert!(load(&with("111122223333")).is_ok());
    assert!(load(&with("aws")).is_ok());
    refused(
        &with("444455556666"),
        "`permissions_boundary` is a policy of the account 444455556666, `account_id` is 111122223333",
    );
}

#[test]
fn there_are_as_many_tags_as_aws_takes() {
    let with = |count: u32| {
        let tags = (0..count).map(|number| format!("tag{number} = \"x\"\n")).collect::<Vec<_>>().concat();
        format!("[defaults.tags]\n{tags}")
    };
    assert_eq!(load(&with(46)).unwrap().settings.tags.len(), 46);
    refused(&with(47), "`tags` has 47 entries and may have 46: AWS takes 50, the rest are pipegen's own");
}

#[test]
fn nobody_is_called_as_the_probe_is() {
    refused(
        "[defaults.suppliers]\npipegen-probe = \"arn:aws:iam::111122223333:root\"",
        "`suppliers` cannot have the name `pipegen-probe`: it is that of `pipegen probe`",
    );
}

#[test]
fn a_runbook_is_a_page() {
    let settings = load("[defaults]\nrunbook_url = \"https://wiki.example.com/a?page=b\"").unwrap().settings;
    assert_eq!(settings.runbook_url.as_deref(), Some("https://wiki.example.com/a?page=b"));
    let long = format!("https://wiki.example.com/{}", "x".repeat(200));
    for bad in ["", "wiki/runbook", "http://wiki.example.com", "https://wiki.example.com/#top", "https://a b", &long] {
        let rule =
            "a page's address looks like `https://wiki.example.com/runbook`, with at most 200 characters and no `#`";
        refused(&format!("[defaults]\nrunbook_url = \"{bad}\""), &format!("`runbook_url` cannot be `{bad}`: {rule}"));
    }
}

#[test]
fn an_address_for_alarms_looks_like_one() {
    for good in ["a@b.c", "ops+inventory@retail-tech.example", "first.last@mail.example.com"] {
        let text = format!("[defaults]\nalarm_email = \"{good}\"\nlow_stock_email = \"{good}\"");
        let settings = load(&text).unwrap().settings;
        assert_eq!((settings.alarm_email.as_deref(), settings.low_stock_email.as_deref()), (Some(good), Some(good)));
    }
    refused(
        "[defaults]\nlow_stock_email = \"ops\"",
        "`low_stock_email` cannot be `ops`: an address looks like `name@example.com`",
    );
    for bad in
        ["", "ops", "ops@", "@example.com", "ops@localhost", "o ps@example.com", "a@b@example.com", "ops@example..com"]
    {
        let message = format!("`alarm_email` cannot be `{bad}`: an address looks like `name@example.com`");
        refused(&format!("[defaults]\nalarm_email = \"{bad}\""), &message);
    }
}

#[test]
fn limits_of_an_environment_replace_those_of_the_defaults() {
    let defaults = "[defaults.low_stock]\ndefault = 5\nsku = {\"85123A\" = 10, \"A B\" = 0}\n";
    let limits = load(defaults).unwrap().settings.low_stock;
    assert_eq!((limits.default, limits.sku.get("85123A"), limits.sku.get("A B")), (Some(5), Some(&10), Some(&0)));
    let own = "[environments.staging.low_stock]\ncategory = {Tea = 1_000_000_000, \"\" = 1}\n";
    let limits = load(&format!("{defaults}{own}")).unwrap().settings.low_stock;
    assert_eq!((limits.default, limits.sku.len()), (None, 0));
    assert_eq!(
        limits.category.into_iter().collect::<Vec<_>>(),
        [(String::new(), 1), ("Tea".to_owned(), 1_000_000_000)]
    );
    assert_eq!(load("[environments.staging.low_stock]").unwrap().settings.low_stock, config::LowStock::default());
}

#[test]
fn a_limit_is_of_something_that_can_be() {
    let of = |text: &str| format!("[environments.staging.low_stock]\n{text}");
    let long = "x".repeat(201);
    for (bad, message) in [
        ("default = -1", "`default` must be 0 to 1000000000, not -1"),
        ("default = 1_000_000_001", "`default` must be 0 to 1000000000, not 1000000001"),
        ("default = \"5\"", "`default` must be an integer, not a string"),
        ("sku = 5", "`sku` must be a table of limits by SKU, not an integer"),
        ("sku = {A = 1_000_000_001}", "`sku` cannot hold `A` = 1000000001: a limit is 0 to 1000000000"),
        ("sku = {A = -1}", "`sku` cannot hold `A` = -1: a limit is 0 to 1000000000"),
        ("sku = {A = 1.5}", "`sku` must be a table of integers, not a float"),
        (
            "sku = {\" A\" = 1}",
            "`sku` cannot have the name ` A`: it must have 1 to 64 characters, no control characters and no white space \
             at either end",
        ),
        ("category = [\"Tea\"]", "`category` must be a table of limits by category, not an array"),
        (
            &format!("category = {{{long} = 1}}"),
            &format!("`category` cannot have the name `{long}`: it must have at most 200 characters"),
        ),
        ("skus = {A = 1}", "unknown key `skus`"),
    ] {
        refused(&of(bad), message);
    }
    refused(
        "[defaults]\nlow_stock = 5",
        "`low_stock` must be a table of `default`, `sku` and `category`, not an integer",
    );
    let many = |count: usize| {
        let limits = |names: usize| (0..names).map(|name| format!("{name} = 1, ")).collect::<Vec<_>>().concat();
        of(&format!("sku = {{{}}}\ncategory = {{{}}}", limits(count - 100), limits(100)))
    };
    assert!(load(&many(5000)).is_ok());
    refused(&many(5001), "`low_stock` has 5001 limits of SKUs and categories and may have 5000");
}

/// `migrate` gets what is set, as it reads it; Terraform evaluates nothing in it.
#[test]
fn limits_travel_to_migrate() {
    let input = |text: &str| {
        let rendered: serde_json::Value = serde_json::from_str(&crate::rendered::render("staging", text).main).unwrap();
        rendered["resource"]["aws_lambda_invocation"]["migrate"]["input"].as_str().unwrap().to_owned()
    };
    assert_eq!(input(""), r#"{"low_stock":{}}"#);
    let text = "[defaults.low_stock]\ndefault = 0\nsku = {\"${x}\" = 10, \"\\\"\" = 1}\ncategory = {\"%{y}\" = 3}";
    assert_eq!(input(text), r#"{"low_stock":{"category":{"%%{y}":3},"default":0,"sku":{"\"":1,"$${x}":10}}}"#);
}

#[test]
fn a_bucket_for_the_state_is_one_that_can_be() {
    for good in ["abc", "retailtech-state", "a.b.c", "0state9"] {
        assert!(load(&format!("[defaults]\nstate_bucket = \"{good}\"")).is_ok(), "{good}");
    }
    for bad in ["ab", "a..b", "-state", "state-", ".state", "State", "st_ate", &"x".repeat(64)] {
        assert!(load(&format!("[defaults]\nstate_bucket = \"{bad}\"")).is_err(), "{bad}");
    }
}

/// The golden environment `large` shows the effect of every setting: it has each of them, with another value than the
/// default of an environment that sets nothing.
#[test]
fn every_setting_is_in_the_large_environment() {
    let preset = Preset::ALL.iter().position(|preset| *preset == Preset::DEFAULT).unwrap();
    let settings: Vec<_> = config::reference().unwrap().into_iter().flat_map(|group| group.settings).collect();
    assert!(settings.len() > 20, "{settings:#?}");
    for setting in settings {
        let key = setting.key;
        if LARGE.contains(&format!("\n[environments.large.{key}]\n")) {
            continue;
        }
        let value = LARGE.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
        let value = value.unwrap_or_else(|| panic!("`{key}` is not in large.toml")).replace('_', "").replace('"', "`");
        let default = setting.defaults[preset].as_deref().map(|default| default.replace('_', ""));
        // There is only one region.
        assert!(key == "region" || default.as_deref() != Some(&value), "`{key}` = {value} is the default");
    }
}

#[test]
fn a_fault_counts_wherever_it_is() {
    let message = "`horizon_days` must be 1 to 90, not 91";
    refused("[defaults]\nhorizon_days = 91", message);
    refused("[defaults]\nhorizon_days = 91\n[environments.staging]\nhorizon_days = 4", message);
    refused("[environments.other]\nhorizon_days = 91", message);
}

#[test]
fn ranges_end_where_they_should() {
    refused("[defaults]\narchive_retention_days = 1095", "`archive_retention_days` must be 1096 to 36525, not 1095");
    assert!(load("[defaults]\narchive_retention_days = 1096").is_ok());
    refused("[defaults]\nhorizon_days = -1", "`horizon_days` must be 1 to 90, not -1");
    refused(
        "[defaults]\nhorizon_days = 99999999999999999999",
        "`horizon_days` must be 1 to 90, not 99999999999999999999",
    );
    refused("[defaults]\nhorizon_days = 7.0", "`horizon_days` must be an integer, not a float");
    refused("[defaults]\nlog_retention_days = 0", "`log_retention_days` cannot be 0");
    refused("[defaults]\nregion = \"eu-west-1\"", "`region` cannot be `eu-west-1`");
    refused(
        "[defaults]\ndatabase_instance_class = \"db.t2.micro\"",
        "`database_instance_class` cannot be `db.t2.micro`",
    );
}

#[test]
fn a_combination_counts_only_where_it_is_used() {
    let defaults = "[defaults]\npeak_updates_per_minute = 1_000_000\ndatabase_instance_class = \"db.t4g.micro\"\n";
    let own = "[environments.staging]\ndatabase_instance_class = \"db.t4g.medium\"";
    assert!(load(&format!("{defaults}{own}")).is_ok());
    let faults = load(defaults).unwrap_err();
    assert_eq!(
        faults,
        [
            "`peak_updates_per_minute` = 1000000 and `catalog_connections` = 20 need 193 database connections, `db.t4g.micro` takes 78"
        ]
    );
}

#[test]
fn every_supplier_fits_into_the_processors_variable() {
    let of = |count: usize| {
        let rows = (0..count).map(|number| format!("s{number:041} = \"arn:aws:iam::111122223333:root\"\n"));
        format!("[environments.staging.suppliers]\n{}", rows.collect::<String>())
    };
    assert!(load(&of(50)).is_ok(), "50 names, each as long as it may be in `staging`");
    let message = "`suppliers` names 63 suppliers in 2708 characters, commas among them, and may take 2700: the processor \
                   reads them from an environment variable, and all of a function's may take 4 KB";
    refused(&of(63), message);
}

#[test]
fn a_fault_of_the_name_is_reported_with_those_of_the_file() {
    let dir = TestDir::new();
    dir.write("pipegen.toml", "[defaults]\nhorizon_dayz = 7\n");
    let run = dir.pipegen(["render", "--env", "No_Name", "--bootstrap", "bootstrap"]);
    run.refused(&["`No_Name` may hold only lower-case", "unknown key `horizon_dayz`", "did you mean `horizon_days`?"]);
    assert_eq!(dir.files(), ["bootstrap", "pipegen.toml"]);
}

#[test]
fn the_state_has_the_bucket_that_is_set_and_a_key_with_the_environment() {
    let rendered = crate::rendered::render("staging", "[defaults]\nstate_bucket = \"some-bucket\"");
    let versions: serde_json::Value = serde_json::from_str(&rendered.versions).unwrap();
    let backend = &versions["terraform"]["backend"]["s3"];
    assert_eq!(backend["key"], "pipegen/staging/terraform.tfstate");
    assert_eq!(backend["bucket"], "some-bucket");
    assert_eq!(backend["region"], "us-east-1");
    assert_eq!((&backend["use_lockfile"], &backend["encrypt"]), (&true.into(), &true.into()));
    let without: serde_json::Value = serde_json::from_str(&crate::rendered::render("staging", "").versions).unwrap();
    assert!(without["terraform"].get("backend").is_none());
}

/// The parser does not say where such a key is.
#[test]
fn a_key_of_too_many_parts_has_its_place() {
    let key = format!("a{}", ".a".repeat(100));
    for (before, after) in [("", ""), ("# 1.0\r\n\n", "\n[defaults]\n")] {
        let text = format!("{before}{key} = 1{after}");
        let source = SettingsFile { path: "pipegen.toml".into(), text: text.clone() };
        let faults = config::load(Some(&source), Ok(Environment::parse("staging").unwrap())).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| text.get(fault.span.clone().unwrap()).unwrap()).collect();
        assert_eq!(places, [format!("{key} = 1")]);
        assert!(config::report(&faults, Some(&source)).contains("a key cannot have so many parts"));
    }
}
