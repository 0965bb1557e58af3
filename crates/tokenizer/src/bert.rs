//! BERT's tokenizer from a `vocab.txt`: `BertNormalizer`, `BertPreTokenizer`, WordPiece, `[CLS] … [SEP]`.

use crate::Problem;
use ahash::AHashMap;
use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Tokenizer};

/// How text is split into words; in `tokenizer_config.json` `do_lower_case`, `strip_accents` and
/// `tokenize_chinese_chars`.
#[derive(Clone, Copy, Debug)]
pub struct BertOptions {
    /// Lowercases.
    pub lowercase: bool,
    /// Drops combining marks; `None`: as `lowercase` does.
    pub strip_accents: Option<bool>,
    /// Makes each CJK character a word.
    pub chinese_chars: bool,
}

/// The special tokens of a BERT vocabulary, by role.
#[derive(Clone, Debug)]
pub struct BertSpecials {
    /// For unknown words.
    pub unk: String,
    /// Before the first text.
    pub cls: String,
    /// After each text.
    pub sep: String,
    /// Further special tokens, if the vocabulary has them: padding, mask.
    pub others: Vec<String>,
}

/// A tokenizer whose token of id `i` is `lines[i]`; of two equal lines the later one counts.
pub fn from_lines(lines: &[&str], options: BertOptions, specials: &BertSpecials) -> Result<Tokenizer, Problem> {
    let vocabulary: AHashMap<String, u32> =
        lines.iter().zip(0u32..).map(|(line, id)| ((*line).to_owned(), id)).collect();
    for token in [&specials.unk, &specials.cls, &specials.sep] {
        if !vocabulary.contains_key(token) {
            return Err(format!("{token} is missing").into());
        }
    }
    let model = WordPiece::builder().vocab(vocabulary).unk_token(specials.unk.clone()).build()?;
    let mut tokenizer = Tokenizer::new(model);
    dress(&mut tokenizer, options);
    add_specials(&mut tokenizer, [&specials.unk, &specials.cls, &specials.sep].into_iter().chain(&specials.others));
    let template = template(&tokenizer, &specials.cls, &specials.sep)?;
    tokenizer.with_post_processor(Some(template));
    Ok(tokenizer)
}

/// Gives `tokenizer` BERT's normalizer, pre-tokenizer and decoder.
pub fn dress(tokenizer: &mut Tokenizer, options: BertOptions) {
    let BertOptions { lowercase, strip_accents, chinese_chars } = options;
    tokenizer.with_normalizer(Some(BertNormalizer::new(true, chinese_chars, strip_accents, lowercase)));
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    tokenizer.with_decoder(Some(WordPieceDecoder::default()));
}

/// Marks those of `tokens` that the vocabulary has as special.
pub fn add_specials<'a>(tokenizer: &mut Tokenizer, tokens: impl Iterator<Item = &'a String>) {
    let mut known: Vec<(u32, AddedToken)> = tokens
        .filter_map(|token| Some((tokenizer.token_to_id(token)?, AddedToken::from(token.clone(), true))))
        .collect();
    known.sort_by_key(|(id, _)| *id);
    let known: Vec<AddedToken> = known.into_iter().map(|(_, token)| token).collect();
    tokenizer.add_special_tokens(&known);
}

/// `first A last`, and `first A last B last` for a pair, whose second part has type 1.
pub fn template(tokenizer: &Tokenizer, first: &str, last: &str) -> Result<TemplateProcessing, Problem> {
    let id = |token: &str| tokenizer.token_to_id(token).ok_or_else(|| Problem::from(format!("{token} is missing")));
    Ok(TemplateProcessing::builder()
        .try_single(format!("{first} $A {last}"))?
        .try_pair(format!("{first} $A {last} $B:1 {last}:1"))?
        .special_tokens(vec![(first.to_owned(), id(first)?), (last.to_owned(), id(last)?)])
        .build()?)
}

/// The words of an ASCII text under `normalizer` and `BertPreTokenizer`, without offsets, which take the crate most of
/// its time; `None` for other text.
pub fn ascii_words(text: &str, normalizer: &BertNormalizer) -> Option<Vec<String>> {
    if !text.is_ascii() || !normalizer.clean_text {
        return None;
    }
    let mut words = vec![];
    let mut word = String::new();
    for byte in text.bytes() {
        let space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        if byte.is_ascii_control() && !space {
            continue;
        }
        let alone = byte.is_ascii_punctuation();
        if (space || alone) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if space {
            continue;
        }
        word.push(char::from(if normalizer.lowercase { byte.to_ascii_lowercase() } else { byte }));
        if alone {
            words.push(std::mem::take(&mut word));
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizers::{NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

    #[test]
    fn ascii_words_are_those_of_the_crate() {
        for lowercase in [true, false] {
            let normalizer = BertNormalizer::new(true, true, None, lowercase);
            for (byte, other) in (0..128u8).flat_map(|byte| [b' ', b'Z', b'.', 0].map(|other| (byte, other))) {
                let text: String = [b'a', byte, b'B', other, byte, b'c'].map(char::from).iter().collect();
                let mut normalized = NormalizedString::from(text.as_str());
                normalizer.normalize(&mut normalized).unwrap();
                let mut pieces = PreTokenizedString::from(normalized);
                BertPreTokenizer.pre_tokenize(&mut pieces).unwrap();
                let splits = pieces.get_splits(OffsetReferential::Original, OffsetType::None);
                let wanted: Vec<String> = splits.into_iter().map(|(word, _, _)| word.to_owned()).collect();
                assert_eq!(ascii_words(&text, &normalizer), Some(wanted), "{text:?}");
            }
        }
    }
}
