//! Limits for a `tokenizer.json`: a small file must not cause much work, or large files when it is saved.

use crate::Problem;
use tokenizers::{ModelWrapper, PostProcessor, Tokenizer};

/// Maximum number of unused ids. Vocabularies have a few, where tokens were removed or ids are
/// reserved; each costs a line of `vocab.txt` and a row of an embedding table.
const HOLES: usize = 8192;
/// Maximum characters of a word for WordPiece, whose work grows with their third power. BERT uses 100.
const WORD: usize = 1024;
/// Maximum number of tokens that a template adds to a text.
const FRAME: usize = 1024;

/// Errors: an id far beyond the number of tokens, unlimited words, a template with too many tokens.
pub fn check(tokenizer: &Tokenizer) -> Result<(), Problem> {
    let vocabulary = tokenizer.get_vocab(true);
    let end = vocabulary.len() + HOLES;
    if let Some((token, id)) = vocabulary.iter().filter(|(_, id)| **id as usize >= end).max_by_key(|(_, id)| **id) {
        let tokens = vocabulary.len();
        return Err(
            format!("the token {token:?} has the id {id}, not one below {end} ({tokens} tokens + {HOLES})").into()
        );
    }
    if let ModelWrapper::WordPiece(model) = tokenizer.get_model() {
        let most = model.max_input_chars_per_word;
        if most > WORD {
            return Err(format!("max_input_chars_per_word is {most}, not at most {WORD}").into());
        }
    }
    let added = tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(true));
    if added > FRAME {
        return Err(format!("post_processor adds {added} tokens to a pair of texts, not at most {FRAME}").into());
    }
    Ok(())
}
