//! Chinese words before WordPiece, as in RoFormer's tokenizer: jieba segments the normalized text, without its HMM for words
//! missing from the dictionary. `tokenizer.json` cannot express this, since transformers' pre-tokenizer is Python code.

use crate::Problem;
use crate::dictionary::Dictionary;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::{Rc, Weak};
use tokenizers::tokenizer::normalizer::Range as Of;
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, Token, Tokenizer};

/// A dictionary that segments text into words.
pub struct Words(Dictionary);

thread_local! {
    static SHARED: RefCell<Weak<Words>> = const { RefCell::new(Weak::new()) };
}

/// The package's dictionary, read once however many tokenizers use it.
pub fn shared(dictionary: &[u8]) -> Result<Rc<Words>, Problem> {
    if let Some(words) = SHARED.with_borrow(Weak::upgrade) {
        return Ok(words);
    }
    let words = Rc::new(Words::new(dictionary)?);
    SHARED.set(Rc::downgrade(&words));
    Ok(words)
}

impl Words {
    /// From lines of a word and its frequency. Errors: as `Dictionary::new`.
    pub fn new(dictionary: &[u8]) -> Result<Self, Problem> {
        Ok(Self(Dictionary::new(dictionary)?))
    }

    /// The pieces of `text` for the model, as byte ranges: jieba's words if they are `known`; of other words each
    /// Chinese character, and the text between them. Whitespace is skipped.
    pub fn cut(&self, text: &str, known: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
        let mut pieces = vec![];
        for word in self.0.cut(text) {
            split_unknown(text, word, &known, &mut pieces);
        }
        pieces
    }

    /// Segments normalized text, instead of a pre-tokenizer.
    pub fn split(&self, tokenizer: &Tokenizer, pieces: &mut PreTokenizedString) -> Result<(), Problem> {
        pieces.split(|_, text| {
            let ranges = self.cut(text.get(), |word| tokenizer.token_to_id(word).is_some());
            Ok(ranges.into_iter().filter_map(|range| text.slice(Of::Normalized(range))).collect::<Vec<_>>())
        })
    }

    /// Calls `body` with each id of `text`, and whether it continues a word of jieba: without slices that track offsets, many
    /// times faster.
    pub fn each_id(
        &self,
        tokenizer: &Tokenizer,
        text: &str,
        spell: impl Fn(&str) -> Result<Vec<Token>, Problem>,
        body: &mut impl FnMut(u32, bool),
    ) -> Result<(), Problem> {
        let known = |word: &str| tokenizer.token_to_id(word).is_some();
        let pieces = tokenizer.get_added_vocabulary().extract_and_normalize(tokenizer.get_normalizer(), text);
        let mut ranges = vec![];
        for (text, _, special) in pieces.get_splits(OffsetReferential::Original, OffsetType::None) {
            if let Some(tokens) = special {
                tokens.iter().for_each(|token| body(token.id, false));
                continue;
            }
            for word in self.0.cut(text) {
                split_unknown(text, word, known, &mut ranges);
                let (mut continues, mut end) = (false, 0);
                for range in ranges.drain(..) {
                    continues &= range.start == end; // not across whitespace
                    end = range.end;
                    for token in spell(&text[range])? {
                        body(token.id, continues);
                        continues = true;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Adds the pieces of one of jieba's words: itself if it is `known`.
fn split_unknown(text: &str, word: Range<usize>, known: impl Fn(&str) -> bool, pieces: &mut Vec<Range<usize>>) {
    if known(&text[word.clone()]) {
        pieces.push(word);
    } else {
        split_apart(&text[word.clone()], word.start, pieces);
    }
}

/// Splits `word`, which begins at byte `start`, into Chinese characters and the text between them and whitespace.
fn split_apart(word: &str, start: usize, pieces: &mut Vec<Range<usize>>) {
    let mut joins = false; // whether the next character continues the last piece
    for (at, character) in word.char_indices() {
        let range = start + at..start + at + character.len_utf8();
        let alone = is_chinese(character);
        if character.is_whitespace() {
            joins = false;
        } else if let (true, false, Some(last)) = (joins, alone, pieces.last_mut()) {
            last.end = range.end;
        } else {
            pieces.push(range);
            joins = !alone;
        }
    }
}

/// Whether the normalizer of `tokenizers` treats a character as Chinese: it lacks the end of extension D too.
fn is_chinese(character: char) -> bool {
    matches!(
        u32::from(character),
        0x4E00..=0x9FFF
            | 0x3400..=0x4DBF
            | 0x20000..=0x2A6DF
            | 0x2A700..=0x2B73F
            | 0x2B740..=0x2B81F
            | 0x2B920..=0x2CEAF
            | 0xF900..=0xFAFF
            | 0x2F800..=0x2FA1F
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bert::{BertOptions, BertSpecials, from_lines};
    use crate::dictionary::tests::{DICTIONARY, texts};
    use crate::encode::{Limits, Pipeline};
    use crate::fast::{Memory, encode_many};
    use tokenizers::normalizers::BertNormalizer;
    use tokenizers::{NormalizedString, Normalizer};

    const LETTERS: [&str; 30] = [
        "今",
        "天",
        "气",
        "非",
        "常",
        "好",
        "c",
        "C",
        "+",
        "t",
        "T",
        "恤",
        "3",
        ".",
        "1",
        "4",
        " ",
        "\u{3000}",
        "\r\n",
        "[SEP]",
        "[sep]",
        "\u{ad}",
        "e\u{301}",
        "\u{301}",
        "，",
        "😀",
        "한",
        "ｱ",
        "\u{f900}",
        "\u{2b820}",
    ];
    const VOCABULARY: [&str; 18] = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "今", "天", "气", "好", "今天", "非常", "c", "##c", "+", "3", ".", "##3",
        "e", "常",
    ];

    fn pipeline() -> Pipeline {
        let specials = ["[UNK]", "[CLS]", "[SEP]"].map(str::to_owned);
        let [unk, cls, sep] = specials;
        let specials = BertSpecials { unk, cls, sep, others: vec![] };
        let options = BertOptions { lowercase: true, strip_accents: None, chinese_chars: false };
        let mut pipeline = Pipeline::new(from_lines(&VOCABULARY, options, &specials).unwrap()).unwrap();
        pipeline.words = Some(Rc::new(Words::new(DICTIONARY.as_bytes()).unwrap()));
        pipeline
    }

    #[test]
    fn an_unknown_word_falls_apart_as_under_the_normalizer() {
        let normalizer = BertNormalizer::new(false, true, Some(false), false);
        for character in '\0'..=char::MAX {
            let text = format!("a{character}b{character}");
            let mut normalized = NormalizedString::from(text.as_str());
            normalizer.normalize(&mut normalized).unwrap();
            let mut pieces = vec![];
            split_apart(&text, 0, &mut pieces);
            let pieces: Vec<&str> = pieces.into_iter().map(|range| &text[range]).collect();
            assert_eq!(pieces, normalized.get().split_whitespace().collect::<Vec<_>>(), "{text:?}");
        }
    }

    #[test]
    fn ids_of_a_batch_are_those_of_its_texts_and_places_lie_in_order() {
        let pipeline = pipeline();
        let limits = Limits { specials: true, truncation: None, max_length: 0, stride: None, pad_to: 0 };
        let texts = texts(&LETTERS, 3000);
        let batch = encode_many(&pipeline, &mut Memory::default(), &texts, &[], limits).unwrap();
        for (at, text) in texts.iter().enumerate() {
            let alone = pipeline.encode(text, None, limits).unwrap();
            let span = batch.offsets[at] as usize..batch.offsets[at + 1] as usize;
            assert_eq!(&batch.ids[span], alone.get_ids(), "{text:?}");
            let places = &alone.get_offsets()[1..alone.len() - 1];
            assert!(places.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{text:?}: {places:?}");
            assert!(places.iter().all(|place| place.1 <= text.len()), "{text:?}: {places:?}");
        }
    }

    #[test]
    fn a_known_word_stays_whole_and_no_piece_holds_white_space() {
        let mut pipeline = pipeline();
        let tokens = |text: &str| {
            let encoding = pipeline.pieces(text, OffsetType::Char).unwrap();
            encoding.get_tokens().iter().cloned().zip(encoding.get_offsets().iter().copied()).collect::<Vec<_>>()
        };
        let wanted = |list: &[(&str, usize, usize)]| -> Vec<(String, (usize, usize))> {
            list.iter().map(|(token, begin, end)| ((*token).to_owned(), (*begin, *end))).collect()
        };
        // 今天天气 is a word of the dictionary alone: it falls into characters, though 今天 is an entry.
        let apart = [("今", 0, 1), ("天", 1, 2), ("天", 2, 3), ("气", 3, 4)];
        let whole = [("今天", 0, 2), ("非常", 3, 6), ("[SEP]", 6, 11), ("好", 12, 13)];
        assert_eq!(tokens("今\u{ad}天气"), wanted(&[("今天", 0, 3), ("气", 3, 4)]));
        assert_eq!(tokens("今天 非\u{200d}常[SEP]\u{3000}好"), wanted(&whole));
        assert_eq!(tokens("C++ [sep]")[0], ("[UNK]".to_owned(), (0, 3)));
        let lone = Words::new("今天天气 3\n天 1\n".as_bytes()).unwrap();
        pipeline.words = Some(Rc::new(lone));
        let encoding = pipeline.pieces("今天天气", OffsetType::Char).unwrap();
        assert_eq!(encoding.get_tokens(), apart.map(|(token, _, _)| token));
    }
}
