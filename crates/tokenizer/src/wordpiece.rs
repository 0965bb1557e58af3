//! WordPiece as in the crate, but not in cubic time of a word's length: no token is longer than
//! the longest token of the vocabulary.

use crate::Problem;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::{Model, ModelWrapper, Token};

/// The tokens of a word, by any model.
pub fn spell(model: &ModelWrapper, longest: usize, word: &str) -> Result<Vec<Token>, Problem> {
    match model {
        ModelWrapper::WordPiece(model) => pieces(model, longest, word),
        model => model.tokenize(word),
    }
}

/// Bytes of the longest token, if the model is WordPiece.
pub fn longest(model: &ModelWrapper) -> usize {
    match model {
        ModelWrapper::WordPiece(model) => model.get_vocab().keys().map(String::len).max().unwrap_or(0),
        _ => 0,
    }
}

/// Splits `word` greedily into the longest tokens; the unknown token if none matches.
fn pieces(model: &WordPiece, longest: usize, word: &str) -> Result<Vec<Token>, Problem> {
    let mut found = vec![];
    let mut start = 0;
    let mut spelled = word.chars().count() <= model.max_input_chars_per_word;
    while spelled && start < word.len() {
        let piece = piece(model, longest, word, start);
        start = piece.as_ref().map_or(start, |piece| piece.offsets.1);
        spelled = piece.is_some();
        found.extend(piece);
    }
    if spelled {
        return Ok(found);
    }
    let Some(id) = model.token_to_id(&model.unk_token) else {
        // The model's own message.
        return model.tokenize(word);
    };
    Ok(vec![Token::new(id, model.unk_token.clone(), (0, word.len()))])
}

/// The longest token at byte `start` of `word`.
fn piece(model: &WordPiece, longest: usize, word: &str, start: usize) -> Option<Token> {
    let prefix = if start > 0 { model.continuing_subword_prefix.as_str() } else { "" };
    let mut end = word.len().min(start + longest.saturating_sub(prefix.len()));
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    let mut token = format!("{prefix}{}", &word[start..end]);
    while token.len() > prefix.len() {
        if let Some(id) = model.token_to_id(&token) {
            let end = start + token.len() - prefix.len();
            return Some(Token::new(id, token, (start, end)));
        }
        token.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use ahash::AHashMap;

    fn model(words: &[&str], prefix: &str, most: usize) -> WordPiece {
        let vocabulary: AHashMap<String, u32> =
            words.iter().zip(0..).map(|(word, id)| ((*word).to_owned(), id)).collect();
        let builder = WordPiece::builder().vocab(vocabulary).unk_token("[UNK]".into());
        builder.continuing_subword_prefix(prefix.into()).max_input_chars_per_word(most).build().unwrap()
    }

    #[test]
    fn pieces_are_those_of_the_crate() {
        let vocabularies: [&[&str]; 4] = [
            &["[UNK]", "a", "ab", "##b", "##ba", "é", "##é", "##中文", "中"],
            &["[UNK]", "a", "##a", "##aa", "", "##"],
            &["a", "##b"],
            &[],
        ];
        let letters = ["a", "b", "é", "中", "文", "##", " "];
        for (vocabulary, prefix) in vocabularies.into_iter().flat_map(|words| [(words, "##"), (words, "")]) {
            let model = model(vocabulary, prefix, 5);
            let wrapper = ModelWrapper::WordPiece(model.clone());
            for at in 0..7usize.pow(4) {
                let word: String = (0..at % 7).map(|i| letters[at / 7usize.pow(i as u32 % 4) % 7]).collect();
                let wanted = model.tokenize(&word).map_err(|problem| problem.to_string());
                let got = spell(&wrapper, longest(&wrapper), &word).map_err(|problem| problem.to_string());
                assert_eq!(got, wanted, "{vocabulary:?} {prefix:?} {word:?}");
            }
        }
    }
}
