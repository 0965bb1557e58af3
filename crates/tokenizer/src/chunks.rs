//! Chunks of text that can be tokenized one by one and cached.

/// Splits `text` before each space between two non-space characters; the space stays with
/// what follows it. The joined chunks are the text.
///
/// The pipelines that `fast` accepts never look across such a split: BERT's splits at every space, byte-level BPE's
/// pattern takes at most one space before a word, and Metaspace begins a word at every space. No canonical
/// composition or reordering crosses U+0020 either.
pub fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (chunk, after) = rest.split_at(cut(rest));
        rest = after;
        Some(chunk)
    })
}

/// The end of the first chunk of `text`.
fn cut(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut from = 1;
    while let Some(at) = bytes.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b' ')) {
        let at = from + at;
        if is_word_end(&text[..at]) && is_word_start(&text[at + 1..]) {
            return at;
        }
        from = at + 1;
    }
    text.len()
}

fn is_word_end(text: &str) -> bool {
    text.chars().next_back().is_some_and(|c| !c.is_whitespace())
}

fn is_word_start(text: &str) -> bool {
    text.chars().next().is_some_and(|c| !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::chunks;

    #[test]
    fn a_chunk_begins_at_a_single_space_between_words() {
        let cases: [(&str, &[&str]); 7] = [
            ("", &[]),
            (" ", &[" "]),
            ("a b", &["a", " b"]),
            (" a  b c ", &[" a  b", " c "]),
            ("a\t b \u{a0}c", &["a\t b \u{a0}c"]),
            ("é 中 😀", &["é", " 中", " 😀"]),
            ("a\u{3000} b", &["a\u{3000} b"]),
        ];
        for (text, wanted) in cases {
            assert_eq!(chunks(text).collect::<Vec<_>>(), wanted, "{text:?}");
        }
    }
}
