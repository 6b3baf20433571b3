//! The settings file as a whole.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::combinations;
use super::environment::Environment;
use super::fault::{Fault, SettingsFile};
use super::reader::{Reader, nearest};
use super::settings::Settings;

/// An environment and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub environment: Environment,
    pub settings: Settings,
    /// A similar name, if the file names other environments but not this one.
    pub perhaps_meant: Option<String>,
}

/// Reads a settings file, if there is one, for an environment; a fault of the environment's name is reported with those
/// of the file. The whole file is checked, other environments too: a fault in any of them is to be corrected.
pub fn load(source: Option<&SettingsFile>, environment: Result<Environment, Fault>) -> Result<Config, Vec<Fault>> {
    let text = source.map_or("", |source| source.text.as_str());
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(|error| unreadable(text, error)).collect());
    }
    let mut faults = Vec::new();
    let sections = Sections::of(root.get_ref(), &mut faults);
    // The defaults alone are read for the faults in what the environments override; combinations count only in the end.
    sections.read(None, None, &mut faults);
    for (name, table) in &sections.environments {
        sections.read(Some(table), Some(name), &mut faults);
    }
    let config = environment.map(|environment| sections.config(environment, &mut faults));

    // In the file's order. A fault of the defaults was met once for each environment.
    faults
        .sort_by_cached_key(|fault| (fault.span.as_ref().map_or(usize::MAX, |span| span.start), fault.message.clone()));
    faults.dedup();
    match config {
        Ok(config) if faults.is_empty() => Ok(config),
        Ok(_) => Err(faults),
        Err(fault) => Err(std::iter::once(fault).chain(faults).collect()),
    }
}

/// Returns the fault of a text that is not TOML. Of a key that has too many parts the parser does not tell the place: it
/// is on the line with the most points.
fn unreadable(text: &str, error: &toml::de::Error) -> Fault {
    if let Some(span) = error.span() {
        return Fault::new(Some(span), error.message());
    }
    let ends = text.match_indices('\n').map(|(end, _)| end).chain([text.len()]);
    let lines = ends.scan(0, |next, end| Some(std::mem::replace(next, end + 1)..end));
    let points = |line: &Range<usize>| text.get(line.clone()).map(|line| line.matches('.').count());
    Fault::new(lines.max_by_key(points), error.message()).help("a key cannot have so many parts")
}

/// The sections of a file.
struct Sections<'a> {
    defaults: Option<&'a DeTable<'a>>,
    environments: Vec<(&'a str, &'a DeTable<'a>)>,
}

impl<'a> Sections<'a> {
    fn of(root: &'a DeTable<'a>, faults: &mut Vec<Fault>) -> Self {
        let mut sections = Self { defaults: None, environments: Vec::new() };
        for (key, value) in root {
            match key.get_ref().as_ref() {
                "defaults" => sections.defaults = table("defaults", value, faults),
                "environments" => {
                    for (name, value) in table("environments", value, faults).into_iter().flatten() {
                        sections.environment(name, value, faults);
                    }
                }
                name => faults.push(stray(name, key)),
            }
        }
        sections
    }

    /// Reads the settings of a table over the defaults. Rules over more than one setting are checked for this
    /// environment, if it is one.
    fn read(&self, table: Option<&DeTable<'_>>, environment: Option<&str>, faults: &mut Vec<Fault>) -> Settings {
        let mut reader = Reader::new(table.into_iter().chain(self.defaults).collect());
        let settings = Settings::read(&mut reader);
        reader.refuse_unknown();
        if let Some(environment) = environment {
            combinations::check(environment, &settings, &mut reader);
        }
        faults.append(&mut reader.faults);
        settings
    }

    /// Reads the settings of an environment, which need not be in the file.
    fn config(&self, environment: Environment, faults: &mut Vec<Fault>) -> Config {
        let own = self.environments.iter().find(|(name, _)| *name == environment.as_str());
        let settings = self.read(own.map(|(_, table)| *table), Some(environment.as_str()), faults);
        let names = self.environments.iter().map(|(name, _)| *name);
        let perhaps_meant = if own.is_some() { None } else { nearest(environment.as_str(), names).map(str::to_owned) };
        Config { environment, settings, perhaps_meant }
    }

    fn environment(
        &mut self,
        name: &'a Spanned<toml::de::DeString<'a>>,
        value: &'a Spanned<DeValue<'a>>,
        faults: &mut Vec<Fault>,
    ) {
        if let Err(problem) = Environment::parse(name.get_ref()) {
            faults.push(Fault::new(Some(name.span()), problem));
        }
        if let Some(table) = table(name.get_ref(), value, faults) {
            self.environments.push((name.get_ref(), table));
        }
    }
}

fn table<'a>(name: &str, value: &'a Spanned<DeValue<'a>>, faults: &mut Vec<Fault>) -> Option<&'a DeTable<'a>> {
    let found = value.get_ref().as_table();
    if found.is_none() {
        faults.push(Fault::new(Some(value.span()), format!("`{name}` must be a table")));
    }
    found
}

/// Returns the fault of a key at the top that is not a section.
fn stray(name: &str, key: &Spanned<toml::de::DeString<'_>>) -> Fault {
    let fault = Fault::new(Some(key.span()), format!("unknown key `{name}`"));
    match nearest(name, ["defaults", "environments"].into_iter()) {
        Some(near) => fault.help(format!("did you mean `[{near}]`?")),
        None => fault.help("settings belong under `[defaults]` or `[environments.NAME]`"),
    }
}
