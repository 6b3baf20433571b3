//! Every setting with its meaning, values and defaults, for `docs/settings.md`.

use toml::de::DeTable;

use super::descriptions::{Description, GROUPS};
use super::presets::Preset;
use super::reader::{Accepted, Reader};
use super::settings::Settings;

/// Settings that belong together.
#[derive(Clone, Debug)]
pub struct SettingGroup {
    pub title: &'static str,
    pub settings: Vec<Setting>,
}

/// A setting as a user sees it.
#[derive(Clone, Debug)]
pub struct Setting {
    pub key: &'static str,
    pub meaning: &'static str,
    /// The values that it may have, with their unit.
    pub values: String,
    /// The default by preset, in the order of [`Preset::ALL`]; `None` where it is not set.
    pub defaults: Vec<Option<String>>,
}

/// Returns every setting that the program reads, or the keys that are read but not described, or described but not
/// read.
pub fn reference() -> Result<Vec<SettingGroup>, Vec<&'static str>> {
    let presets = Preset::ALL.map(|preset| {
        let text = format!("preset = \"{}\"", preset.name);
        let (layer, _) = DeTable::parse_recoverable(&text);
        let mut reader = Reader::new(vec![layer.get_ref()]);
        Settings::read(&mut reader);
        reader.into_known()
    });
    let described: Vec<_> = GROUPS.iter().flat_map(|group| group.settings).map(|description| description.key).collect();
    let read = || presets.iter().flat_map(|known| known.keys().copied());
    let undescribed = read().filter(|key| !described.contains(key));
    let unread = described.iter().copied().filter(|key| read().all(|known| known != *key));
    let different: Vec<_> = undescribed.chain(unread).collect();
    if !different.is_empty() {
        return Err(different);
    }
    let group = |title, settings: &'static [Description]| {
        let of = |description| setting(description, presets.iter().filter_map(|known| known.get(description.key)));
        SettingGroup { title, settings: settings.iter().map(of).collect() }
    };
    Ok(GROUPS.iter().map(|of| group(of.title, of.settings)).collect())
}

fn setting<'a>(description: &Description, by_preset: impl Iterator<Item = &'a Accepted> + Clone) -> Setting {
    let values = by_preset.clone().next().map(|accepted| accepted.values.as_str()).unwrap_or_default();
    Setting {
        key: description.key,
        meaning: description.text,
        values: format!("{values} {}", description.unit).trim_end().to_owned(),
        defaults: by_preset.map(|accepted| accepted.default.clone()).collect(),
    }
}
