//! Typed look-ups through the layers of a settings file.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;

/// The values that a key may have, and the one that it has where no layer has the key.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    pub(super) values: String,
    pub(super) default: Option<String>,
}

/// Reads settings from the strongest layer that has them and collects what is wrong with them.
pub(super) struct Reader<'a> {
    /// Strongest first.
    layers: Vec<&'a DeTable<'a>>,
    /// Every key that was read, so that the rest are known to be unknown.
    known: BTreeMap<&'static str, Accepted>,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: Vec<&'a DeTable<'a>>) -> Self {
        Self { layers, known: BTreeMap::new(), faults: Vec::new() }
    }

    /// Reads an integer within a range.
    pub(super) fn integer(&mut self, key: &'static str, range: RangeInclusive<u32>, default: u32) -> u32 {
        self.integer_or_default(key, range, Some(default)).unwrap_or(default)
    }

    /// Reads an integer within a range, if it is set.
    pub(super) fn optional_integer(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        self.integer_or_default(key, range, None)
    }

    fn integer_or_default(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u32>,
        default: Option<u32>,
    ) -> Option<u32> {
        let values = format!("{} to {}", range.start(), range.end());
        self.accept(key, &values, default);
        self.read(key, default, |value| {
            let integer = value.as_integer().ok_or_else(|| wrong_type("an integer", value))?;
            let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
            let number = number.and_then(|number| u32::try_from(number).ok()).filter(|number| range.contains(number));
            number.map(Some).ok_or_else(|| Problem::new(format!("must be {values}, not {integer}")))
        })
    }

    /// Reads an integer out of a list.
    pub(super) fn listed(&mut self, key: &'static str, allowed: &[u32], default: u32) -> u32 {
        let list = allowed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        self.accept(key, &list, Some(default));
        self.read(key, default, |value| {
            let integer = value.as_integer().ok_or_else(|| wrong_type("an integer", value))?;
            let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
            number
                .filter(|number| allowed.contains(number))
                .ok_or_else(|| Problem::new(format!("cannot be {integer}")).help(format!("it is one of {list}")))
        })
    }

    /// Reads a boolean.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let values = "true or false";
        self.accept(key, values, Some(default));
        self.read(key, default, |value| value.as_bool().ok_or_else(|| wrong_type(values, value)))
    }

    /// Reads the name of one of these choices.
    pub(super) fn choice<T: Copy + PartialEq>(&mut self, key: &'static str, choices: &[(&str, T)], default: T) -> T {
        let names: Vec<_> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
        let default_name = choices.iter().find(|(_, choice)| *choice == default).map(|(name, _)| format!("`{name}`"));
        self.accept(key, &names.join(", "), default_name);
        self.read(key, default, |value| {
            let text = value.as_str().ok_or_else(|| wrong_type("a string", value))?;
            let found = choices.iter().find(|(name, _)| *name == text);
            found.map(|(_, choice)| *choice).ok_or_else(|| {
                let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
                let problem = Problem::new(format!("cannot be `{text}`"));
                if let [only] = names.as_slice() {
                    return problem.help(format!("`{only}` is the only one"));
                }
                problem.help(match nearest(text, names.iter().copied()) {
                    Some(near) if names.len() > 3 => format!("did you mean `{near}`? Allowed are {}", names.join(", ")),
                    _ => format!("allowed are {}", names.join(", ")),
                })
            })
        })
    }

    /// Reads text that `parse` understands; `values` describes it.
    pub(super) fn text<T: Display>(
        &mut self,
        key: &'static str,
        values: &str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        self.accept(key, values, Some(format!("`{default}`")));
        self.read(key, default, |value| parsed(value, parse))
    }

    /// Reads such text, if it is set.
    pub(super) fn optional_text<T>(
        &mut self,
        key: &'static str,
        values: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.accept(key, values, None::<u32>);
        self.read(key, None, |value| parsed(value, parse).map(Some))
    }

    /// Returns a key's value in the strongest layer that has it, for settings that are lists or tables; `values`
    /// describes it.
    pub(super) fn value(&mut self, key: &'static str, values: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.accept(key, values, None::<u32>);
        self.strongest(key)
    }

    /// Returns the keys that were read, with the values that each may have.
    pub(super) fn into_known(self) -> BTreeMap<&'static str, Accepted> {
        self.known
    }

    fn accept(&mut self, key: &'static str, values: &str, default: Option<impl Display>) {
        let default = default.map(|default| default.to_string());
        self.known.insert(key, Accepted { values: values.to_owned(), default });
    }

    fn strongest(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.layers.iter().find_map(|layer| layer.get(key))
    }

    /// Collects a fault of a key's value, or of a part of it.
    pub(super) fn refuse(&mut self, key: &str, span: Range<usize>, problem: Problem) {
        self.faults.push(problem.fault(span, &format!("`{key}`")));
    }

    /// Returns the place of a key's value, for faults that concern more than one key.
    pub(super) fn span(&self, key: &str) -> Option<Range<usize>> {
        self.strongest(key).map(Spanned::span)
    }

    /// Returns the place of an entry of a key's table.
    pub(super) fn span_of_entry(&self, key: &str, entry: &str) -> Option<Range<usize>> {
        let table = self.strongest(key)?.get_ref().as_table()?;
        table.iter().find(|(name, _)| name.get_ref() == entry).map(|(name, _)| name.span())
    }

    /// Returns the place of a key's value in the strongest layer, if it has the key.
    pub(super) fn own_span(&self, key: &str) -> Option<Range<usize>> {
        self.layers.first()?.get(key).map(Spanned::span)
    }

    /// Collects a fault for every key of these layers that was not read.
    pub(super) fn refuse_unknown(&mut self) {
        for (key, _) in self.layers.iter().flat_map(|layer| layer.iter()) {
            let name = key.get_ref().as_ref();
            if !self.known.contains_key(name) {
                let fault = Fault::new(Some(key.span()), format!("unknown key `{name}`"));
                let known: Vec<_> = self.known.keys().copied().collect();
                self.faults.push(match nearest(name, known.iter().copied()) {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault.help(format!("known keys are {}", known.join(", "))),
                });
            }
        }
    }

    fn read<T>(&mut self, key: &'static str, default: T, parse: impl FnOnce(&DeValue<'a>) -> Result<T, Problem>) -> T {
        let Some(value) = self.strongest(key) else { return default };
        match parse(value.get_ref()) {
            Ok(parsed) => parsed,
            Err(problem) => {
                self.refuse(key, value.span(), problem);
                default
            }
        }
    }
}

/// The fault of a value, without the key's name, which begins its message.
pub(super) struct Problem {
    message: String,
    help: Option<String>,
}

impl Problem {
    pub(super) fn new(message: String) -> Self {
        Self { message, help: None }
    }

    /// Makes a fault of it, with its place and its subject.
    pub(super) fn fault(self, span: Range<usize>, what: &str) -> Fault {
        Fault { message: format!("{what} {}", self.message), span: Some(span), help: self.help }
    }

    pub(super) fn help(mut self, help: String) -> Self {
        self.help = Some(help);
        self
    }
}

fn parsed<T>(value: &DeValue<'_>, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Problem> {
    let text = value.as_str().ok_or_else(|| wrong_type("a string", value))?;
    parse(text).map_err(|problem| Problem::new(format!("cannot be `{text}`: {problem}")))
}

pub(super) fn wrong_type(wanted: &str, value: &DeValue<'_>) -> Problem {
    Problem::new(format!("must be {wanted}, not {} {}", article(value.type_str()), value.type_str()))
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

/// Returns the name that was probably meant.
pub(super) fn nearest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let scored = names.map(|name| (strsim::jaro_winkler(typed, name), name));
    scored.filter(|(score, _)| *score > 0.8).max_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, name)| name)
}
