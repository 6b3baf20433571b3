//! Typed look-ups through the layers of a settings file.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;

/// Reads settings from the strongest layer that has them and collects what is wrong with them.
pub(super) struct Reader<'a> {
    /// Strongest first.
    layers: Vec<&'a DeTable<'a>>,
    /// Every key that was asked for, so that the rest are known to be unknown.
    asked: BTreeSet<&'static str>,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: Vec<&'a DeTable<'a>>) -> Self {
        Self { layers, asked: BTreeSet::new(), faults: Vec::new() }
    }

    /// An integer within a range.
    pub(super) fn integer(&mut self, key: &'static str, range: RangeInclusive<u32>, default: u32) -> u32 {
        let (first, last) = (*range.start(), *range.end());
        self.read(key, default, |value| {
            let integer = value.as_integer().ok_or_else(|| wrong_type("an integer", value))?;
            let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
            let number = number.and_then(|number| u32::try_from(number).ok()).filter(|number| range.contains(number));
            number.ok_or_else(|| Problem::new(format!("must be {first} to {last}, not {integer}")))
        })
    }

    /// An integer out of a list.
    pub(super) fn listed(&mut self, key: &'static str, allowed: &[u32], default: u32) -> u32 {
        self.read(key, default, |value| {
            let integer = value.as_integer().ok_or_else(|| wrong_type("an integer", value))?;
            let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
            number.filter(|number| allowed.contains(number)).ok_or_else(|| {
                let list = allowed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
                Problem::new(format!("cannot be {integer}")).help(format!("it is one of {list}"))
            })
        })
    }

    /// A yes or no.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.read(key, default, |value| value.as_bool().ok_or_else(|| wrong_type("true or false", value)))
    }

    /// One of several things by their names.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)], default: T) -> T {
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

    /// Text that something else understands.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        self.read(key, default, |value| {
            let text = value.as_str().ok_or_else(|| wrong_type("a string", value))?;
            parse(text).map_err(|problem| Problem::new(format!("cannot be `{text}`: {problem}")))
        })
    }

    /// A key's value as it stands in the strongest layer that has it, for settings that are more than one value.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.insert(key);
        self.layers.iter().find_map(|layer| layer.get(key))
    }

    /// Collects a fault of a key's value, or of a part of it.
    pub(super) fn refuse(&mut self, key: &str, span: Range<usize>, problem: Problem) {
        self.faults.push(problem.fault(span, &format!("`{key}`")));
    }

    /// Where a key's value stands, for faults that concern more than one key.
    pub(super) fn span(&self, key: &str) -> Option<Range<usize>> {
        self.layers.iter().find_map(|layer| layer.get(key)).map(Spanned::span)
    }

    /// Where an entry of a key's table stands.
    pub(super) fn span_of_entry(&self, key: &str, entry: &str) -> Option<Range<usize>> {
        let table = self.layers.iter().find_map(|layer| layer.get(key))?.get_ref().as_table()?;
        table.iter().find(|(name, _)| name.get_ref() == entry).map(|(name, _)| name.span())
    }

    /// The same, but in the strongest layer only.
    pub(super) fn own_span(&self, key: &str) -> Option<Range<usize>> {
        self.layers.first()?.get(key).map(Spanned::span)
    }

    /// Collects a fault for every key of these layers that nothing asked for.
    pub(super) fn refuse_unknown(&mut self) {
        for (key, _) in self.layers.iter().flat_map(|layer| layer.iter()) {
            let name = key.get_ref().as_ref();
            if !self.asked.contains(name) {
                let fault = Fault::new(Some(key.span()), format!("unknown key `{name}`"));
                self.faults.push(match nearest(name, self.asked.iter().copied()) {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault.help(format!("known keys are {}", list(&self.asked))),
                });
            }
        }
    }

    fn read<T>(&mut self, key: &'static str, default: T, parse: impl FnOnce(&DeValue<'a>) -> Result<T, Problem>) -> T {
        let Some(value) = self.value(key) else { return default };
        match parse(value.get_ref()) {
            Ok(parsed) => parsed,
            Err(problem) => {
                self.refuse(key, value.span(), problem);
                default
            }
        }
    }
}

/// What is wrong with a value, to be read after the key's name.
pub(super) struct Problem {
    message: String,
    help: Option<String>,
}

impl Problem {
    pub(super) fn new(message: String) -> Self {
        Self { message, help: None }
    }

    /// The fault at a place, with what it is about.
    pub(super) fn fault(self, span: Range<usize>, what: &str) -> Fault {
        Fault { message: format!("{what} {}", self.message), span: Some(span), help: self.help }
    }

    pub(super) fn help(mut self, help: String) -> Self {
        self.help = Some(help);
        self
    }
}

pub(super) fn wrong_type(wanted: &str, value: &DeValue<'_>) -> Problem {
    Problem::new(format!("must be {wanted}, not {} {}", article(value.type_str()), value.type_str()))
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

fn list(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

/// The name that was probably meant.
pub(super) fn nearest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let scored = names.map(|name| (strsim::jaro_winkler(typed, name), name));
    scored.filter(|(score, _)| *score > 0.8).max_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, name)| name)
}
