//! Single rules of the settings file; whole faulty files are under `golden`.

use pipegen::config::{self, Config, Environment, Source};

use crate::workshop::Workshop;

fn load(text: &str) -> Result<Config, Vec<String>> {
    let source = Source { path: "pipegen.toml".into(), text: text.into() };
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
fn a_fault_counts_wherever_it_stands() {
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
    let text = "[defaults]\npeak_updates_per_minute = 1_000_000\n[environments.staging]\ndatabase_instance_class = \"db.t4g.medium\"";
    assert!(load(text).is_ok());
    let faults = load("[defaults]\npeak_updates_per_minute = 1_000_000").unwrap_err();
    assert_eq!(
        faults,
        [
            "`peak_updates_per_minute` = 1000000 and `catalog_connections` = 20 need 193 database connections, `db.t4g.micro` takes 78"
        ]
    );
}

#[test]
fn a_fault_of_the_name_is_told_with_those_of_the_file() {
    let workshop = Workshop::new();
    workshop.write("pipegen.toml", "[defaults]\nhorizon_dayz = 7\n");
    let run = workshop.pipegen(["render", "--env", "No_Name", "--bootstrap", "bootstrap"]);
    run.refused(&["`No_Name` may hold only lower-case", "unknown key `horizon_dayz`", "did you mean `horizon_days`?"]);
    assert_eq!(workshop.files(), ["bootstrap", "pipegen.toml"]);
}

#[test]
fn the_state_lies_where_it_is_told_to_and_under_the_environment() {
    let rendered = crate::rendered::render("staging", "[defaults]\nstate_bucket = \"some-bucket\"");
    let versions: serde_json::Value = serde_json::from_str(&rendered.versions).unwrap();
    let backend = &versions["terraform"]["backend"]["s3"];
    assert_eq!(backend["key"], "pipegen/staging/terraform.tfstate");
    assert_eq!(backend["use_lockfile"], true);
    let without: serde_json::Value = serde_json::from_str(&crate::rendered::render("staging", "").versions).unwrap();
    assert!(without["terraform"].get("backend").is_none());
}
