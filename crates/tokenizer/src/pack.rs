//! An encoding as numbers and text, for the boundary.

use tokenizers::Encoding;

/// An encoding as it crosses the boundary.
pub struct Packed {
    /// `[windows, then for each: n, ids·n, type ids·n, attention mask·n, begins·n, ends·n, UTF-16 units of tokens·n, special
    /// tokens mask·n, sequence ids·n, word ids·n]`. Sequence and word ids count from 1; 0 means none.
    pub numbers: Vec<u32>,
    /// The tokens of all windows, end to end.
    pub tokens: String,
}

/// Packs `encoding` and its overflow, with offsets in UTF-16 units of the text that a token is of.
pub fn pack(encoding: &Encoding, text: &str, pair: Option<&str>) -> Packed {
    let units = [units(text), pair.and_then(units)];
    let mut packed = Packed { numbers: vec![1 + encoding.get_overflowing().len() as u32], tokens: String::new() };
    for window in std::iter::once(encoding).chain(encoding.get_overflowing()) {
        pack_window(&mut packed, window, &units);
    }
    packed
}

fn pack_window(packed: &mut Packed, window: &Encoding, units: &[Option<Vec<u32>>; 2]) {
    let numbers = &mut packed.numbers;
    numbers.push(window.len() as u32);
    numbers.extend(window.get_ids());
    numbers.extend(window.get_type_ids());
    numbers.extend(window.get_attention_mask());
    let sequences = window.get_sequence_ids();
    let place = |at: usize, offset: usize| match sequences[at].map(|sequence| &units[sequence.min(1)]) {
        None => 0, // a special token that was added, or padding
        Some(None) => offset as u32,
        Some(Some(units)) => units[offset.min(units.len() - 1)],
    };
    numbers.extend(window.get_offsets().iter().enumerate().map(|(at, offsets)| place(at, offsets.0)));
    numbers.extend(window.get_offsets().iter().enumerate().map(|(at, offsets)| place(at, offsets.1)));
    for token in window.get_tokens() {
        numbers.push(token.encode_utf16().count() as u32);
        packed.tokens.push_str(token);
    }
    numbers.extend(window.get_special_tokens_mask());
    numbers.extend(sequences.iter().map(|sequence| sequence.map_or(0, |sequence| sequence as u32 + 1)));
    numbers.extend(window.get_word_ids().iter().map(|word| word.map_or(0, |word| word + 1)));
}

/// UTF-16 units before each character and before the end; `None` for ASCII, where they are the bytes.
fn units(text: &str) -> Option<Vec<u32>> {
    if text.is_ascii() {
        return None;
    }
    let mut at = 0;
    let mut units = vec![0];
    for character in text.chars() {
        at += character.len_utf16() as u32;
        units.push(at);
    }
    Some(units)
}

#[cfg(test)]
mod tests {
    use super::units;

    #[test]
    fn units_count_astral_characters_twice() {
        assert_eq!(units("a😀é"), Some(vec![0, 1, 3, 4]));
        assert_eq!(units("plain"), None);
    }
}
