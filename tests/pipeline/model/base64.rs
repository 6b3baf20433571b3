//! Base64 by section 4 of RFC 4648: padded, with no other characters than the alphabet's.

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Decodes the text; `None` if it is not base64, or not the canonical encoding of its bytes.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len() - unpadded.len();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    // Six bits for each character.
    let mut bits = Vec::with_capacity(unpadded.len() * 6);
    for character in unpadded.chars() {
        let value = ALPHABET.find(character)?;
        bits.extend((0..6).rev().map(|place| value >> place & 1));
    }
    // The bits after the last whole byte must be zeros.
    let whole = bits.len() / 8 * 8;
    if bits.len() - whole != padding * 2 || bits[whole..].contains(&1) {
        return None;
    }
    bits[..whole].chunks(8).map(|byte| u8::try_from(byte.iter().fold(0, |value, bit| value * 2 + bit)).ok()).collect()
}
