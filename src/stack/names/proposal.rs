//! The environment that somebody probably meant.

use sha2::{Digest as _, Sha256};

use super::tightest;
use crate::config::Environment;

/// Returns the nearest name of an environment that every resource can have: `feature/Foo_2` is `feature-foo-2`. A name
/// that must be cut ends with a hash of the whole, so that two long names stay two. `None` if nothing is left of it.
pub fn nearest(name: &str) -> Option<String> {
    let mut plain = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            plain.push(character.to_ascii_lowercase());
        } else if !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
    }
    let plain = plain.trim_end_matches('-').trim_end_matches("-s3alias");
    let room = tightest().room();
    let fitting = if plain.len() <= room { plain.to_owned() } else { cut(plain, room, name) };
    Environment::parse(&fitting).is_ok().then_some(fitting)
}

fn cut(plain: &str, room: usize, whole: &str) -> String {
    let digest = Sha256::digest(whole);
    let suffix = format!("-{:02x}{:02x}", digest[0], digest[1]);
    let begin: String = plain.chars().take(room - suffix.len()).collect();
    format!("{}{suffix}", begin.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::names;

    #[test]
    fn the_nearest_name_is_what_the_people_meant() {
        for (typed, proposed) in [
            ("feature/foo", Some("feature-foo")),
            ("PR-1234", Some("pr-1234")),
            ("prod_eu", Some("prod-eu")),
            (" Staging ", Some("staging")),
            ("a--b", Some("a-b")),
            ("x-s3alias", Some("x")),
            ("s3alias", None),
            ("///", None),
            ("", None),
            ("übung", Some("bung")),
        ] {
            assert_eq!(nearest(typed).as_deref(), proposed, "{typed}");
        }
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let one = nearest("dependabot/npm_and_yarn/webpack-5.76.0").unwrap();
        let other = nearest("dependabot/npm_and_yarn/webpack-5.76.1").unwrap();
        assert!(one.starts_with("dependabot-npm-and-yarn") && one != other, "{one} {other}");
        for name in [one, other] {
            names::check(&Environment::parse(&name).unwrap()).unwrap();
        }
    }
}
