//! The user's own tags, on everything that can be tagged.

use super::reader::{Problem, Reader, wrong_type};

const KEY: &str = "tags";

/// Tags that every resource has in any case: they say whose it is and how it came about.
pub const OWN_TAGS: [&str; 3] = ["Application", "Environment", "ManagedBy"];

/// The tag that some resources have besides: consoles show it as their name.
const NAME: &str = "Name";

/// The most tags of a resource.
///
/// <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
const MOST: usize = 50;

const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// Reads the table `tags`: from a tag's key to its value. Each is put on every resource, so it must be one that all
/// services take.
pub(super) fn tags(reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let kinds = "a table of strings";
    let Some(value) = reader.value(KEY, kinds) else { return Vec::new() };
    let Some(table) = value.get_ref().as_table() else {
        reader.refuse(KEY, value.span(), wrong_type(kinds, value.get_ref()));
        return Vec::new();
    };
    let mut tags: Vec<(String, String)> = Vec::new();
    for (key, text) in table {
        let name = key.get_ref().as_ref();
        if let Err(problem) = key_fits(name, &tags) {
            reader.refuse(KEY, key.span(), Problem::new(format!("cannot have the key `{name}`: {problem}")));
        }
        let fits = text.get_ref().as_str().ok_or_else(|| wrong_type(kinds, text.get_ref()));
        let fits = fits.and_then(|text| {
            value_fits(text).map_err(|rule| Problem::new(format!("cannot hold `{name}` = `{text}`: {rule}")))
        });
        match fits {
            Ok(text) => tags.push((name.to_owned(), text.to_owned())),
            Err(problem) => reader.refuse(KEY, text.span(), problem),
        }
    }
    let room = MOST - OWN_TAGS.len() - 1;
    if table.len() > room {
        let problem =
            format!("has {} entries and may have {room}: AWS takes {MOST}, the rest are pipegen's own", table.len());
        reader.refuse(KEY, value.span(), Problem::new(problem));
    }
    tags
}

/// Checks a key. IAM takes no two keys that differ in capitals only, so the table may not have them either.
fn key_fits(key: &str, others: &[(String, String)]) -> Result<(), String> {
    text_fits(key, "a key", LONGEST_KEY)?;
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err("keys that begin with `aws:` are AWS' own".into());
    }
    if let Some(own) = OWN_TAGS.into_iter().chain([NAME]).find(|own| own.eq_ignore_ascii_case(key)) {
        return Err(format!("pipegen sets `{own}` itself"));
    }
    match others.iter().find(|(other, _)| other.to_lowercase() == key.to_lowercase()) {
        Some((other, _)) => Err(format!("to IAM it is the same as `{other}`")),
        None => Ok(()),
    }
}

/// Checks a value. Most services take an empty one, but `EventBridge` Scheduler does not.
fn value_fits(value: &str) -> Result<&str, String> {
    text_fits(value, "a value", LONGEST_VALUE).map(|()| value)
}

fn text_fits(text: &str, what: &str, longest: usize) -> Result<(), String> {
    let taken = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
    let length = text.chars().count();
    if (1..=longest).contains(&length) && text.trim() == text && text.chars().all(taken) {
        return Ok(());
    }
    Err(format!("{what} has 1 to {longest} letters, digits, inner blanks and `_.:/=+-@`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_every_service_takes() {
        for good in ["CostCenter", "cost:center/x", "Kostenträger", "a b", &"x".repeat(128)] {
            assert!(key_fits(good, &[]).is_ok(), "{good}");
        }
        for bad in ["", " a", "a ", "a\tb", "a&b", "a?", "aws:x", "AWS:x", "Environment", "name", &"x".repeat(129)] {
            assert!(key_fits(bad, &[]).is_err(), "{bad}");
        }
        assert!(key_fits("OWNER", &[("Owner".into(), "x".into())]).is_err());
    }

    #[test]
    fn a_value_is_what_every_service_takes() {
        for good in ["4711", "inventory@retail.example", "aws:x", &"x".repeat(256)] {
            assert!(value_fits(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "a ", "a\nb", "50 %", &"x".repeat(257)] {
            assert!(value_fits(bad).is_err(), "{bad}");
        }
    }
}
