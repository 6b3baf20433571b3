//! `docs/settings.md`: its tables are what the program accepts. `UPDATE_GOLDEN=1` rewrites them; the prose between them
//! stays.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pipegen::config::{Preset, Setting, reference};

const END: &str = "<!-- end -->";

/// Returns the table of the settings whose defaults differ by preset, and a table for each group, each with its name on
/// the page.
fn tables() -> Vec<(&'static str, String)> {
    let groups = reference().unwrap();
    let settings = groups.iter().flat_map(|group| &group.settings);
    let by_preset: Vec<_> = settings.filter(|setting| common_default(setting).is_none()).collect();
    let of_groups = groups.iter().map(|group| (group.title, group_table(&group.settings)));
    std::iter::once(("Presets", preset_table(&by_preset))).chain(of_groups).collect()
}

fn preset_table(settings: &[&Setting]) -> String {
    let names = Preset::ALL.map(|preset| format!(" `{}` |", preset.name)).concat();
    let mut table = format!("| setting |{names}\n|---|{}\n", "---|".repeat(Preset::ALL.len()));
    for Setting { key, defaults, .. } in settings {
        let defaults: Vec<_> = defaults.iter().map(|default| text(default.as_deref())).collect();
        writeln!(table, "| `{key}` | {} |", defaults.join(" | ")).unwrap();
    }
    table
}

fn group_table(settings: &[Setting]) -> String {
    let mut table = "| setting | values | default | meaning |\n|---|---|---|---|\n".to_owned();
    for setting in settings {
        let default = common_default(setting).unwrap_or("by preset");
        let Setting { key, values, meaning, .. } = setting;
        writeln!(table, "| `{key}` | {values} | {default} | {meaning} |").unwrap();
    }
    table
}

/// Returns the default, if it is the same for every preset.
fn common_default(setting: &Setting) -> Option<&str> {
    let (first, rest) = setting.defaults.split_first().unwrap();
    rest.iter().all(|default| default == first).then(|| text(first.as_deref()))
}

fn text(default: Option<&str>) -> &str {
    default.unwrap_or("not set")
}

/// Returns the page with these tables, each between `<!-- table: NAME -->` and `<!-- end -->`.
fn with_tables(page: &str, tables: &[(&str, String)]) -> String {
    let mut rest = page.to_owned();
    for (name, table) in tables {
        let begin = format!("<!-- table: {name} -->\n");
        let (before, after) = rest.split_once(&begin).unwrap_or_else(|| panic!("the page lacks `{}`", begin.trim()));
        let (_, after) = after.split_once(END).unwrap_or_else(|| panic!("the table {name} has no end"));
        rest = format!("{before}{begin}\n{table}\n{END}{after}");
    }
    rest
}

#[test]
fn the_page_says_what_the_program_accepts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let page = fs::read_to_string(&path).unwrap();
    let tables = tables();
    assert_eq!(page.matches("<!-- table: ").count(), tables.len(), "a table on the page is not made from the settings");
    let fresh = with_tables(&page, &tables);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, fresh).unwrap();
        return;
    }
    for (found, expected) in page.lines().zip(fresh.lines()) {
        assert_eq!(found, expected, "UPDATE_GOLDEN=1 rewrites docs/settings.md");
    }
    assert_eq!(page.len(), fresh.len(), "UPDATE_GOLDEN=1 rewrites docs/settings.md");
}
