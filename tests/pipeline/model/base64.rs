//! Base64 as RFC 4648 has it in section 4: padded, and nothing in it that is not of its alphabet.

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What the text encodes; `None` if it is no base64, or not the one that its bytes are written as.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len() - unpadded.len();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    // Six bits a character, one after the other.
    let mut bits = Vec::with_capacity(unpadded.len() * 6);
    for character in unpadded.chars() {
        let value = ALPHABET.find(character)?;
        bits.extend((0..6).rev().map(|place| value >> place & 1));
    }
    // What is left over when the bytes are taken is zeros.
    let whole = bits.len() / 8 * 8;
    if bits.len() - whole != padding * 2 || bits[whole..].contains(&1) {
        return None;
    }
    bits[..whole].chunks(8).map(|byte| u8::try_from(byte.iter().fold(0, |value, bit| value * 2 + bit)).ok()).collect()
}
