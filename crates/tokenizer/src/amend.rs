//! Changes by a configuration to the tokenizer of a file.

use crate::Problem;
use crate::exports::{Handle, accents, js};
use crate::fast::Memory;
use crate::jieba::shared;
use tokenizers::normalizers::{BertNormalizer, NormalizerWrapper};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{AddedToken, Tokenizer};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl Handle {
    /// Adds tokens, `[[id or null, token], …]` as JSON. Those in the vocabulary keep their ids. Errors: another one that
    /// does not get the requested id.
    #[wasm_bindgen(js_name = addTokens)]
    pub fn add_tokens(&mut self, tokens: &str) -> Result<(), JsError> {
        let tokens: Vec<(Option<u32>, AddedToken)> = serde_json::from_str(tokens).map_err(js)?;
        self.memory = Memory::default();
        add_tokens(&mut self.pipeline.tokenizer, &tokens).map_err(js)
    }

    /// Segments Chinese words instead of pre-tokenizing, as RoFormer's tokenizer does. `dictionary`: lines of a word and its
    /// frequency, the same in every call.
    #[wasm_bindgen(js_name = cutWords)]
    pub fn cut_words(&mut self, dictionary: &[u8]) -> Result<(), JsError> {
        self.pipeline.words = Some(shared(dictionary).map_err(js)?);
        self.pipeline.tokenizer.with_pre_tokenizer(Some(BertPreTokenizer)); // what transformers saves instead of jieba
        self.memory = Memory::default();
        Ok(())
    }

    /// Sets case, accents and Chinese characters if the file has BERT's normalizer. `strip_accents`: 0 no, 1 yes, 2 as case;
    /// `chinese_chars` undefined: as in the file.
    #[wasm_bindgen(js_name = foldAs)]
    pub fn fold_as(&mut self, lowercase: bool, strip_accents: u32, chinese_chars: Option<bool>) {
        let Some(NormalizerWrapper::BertNormalizer(stored)) = self.pipeline.tokenizer.get_normalizer() else {
            return;
        };
        let normalizer = BertNormalizer::new(
            stored.clean_text,
            chinese_chars.unwrap_or(stored.handle_chinese_chars),
            accents(strip_accents),
            lowercase,
        );
        self.pipeline.tokenizer.with_normalizer(Some(normalizer));
        self.memory = Memory::default();
    }

    /// Sets whether a text begins with a space, if the pre-tokenizer is byte-level BPE's.
    #[wasm_bindgen(js_name = addPrefixSpace)]
    pub fn add_prefix_space(&mut self, add: bool) {
        if let Some(PreTokenizerWrapper::ByteLevel(stored)) = self.pipeline.tokenizer.get_pre_tokenizer() {
            let level = stored.add_prefix_space(add);
            self.pipeline.tokenizer.with_pre_tokenizer(Some(level));
            self.memory = Memory::default();
        }
    }
}

fn add_tokens(tokenizer: &mut Tokenizer, tokens: &[(Option<u32>, AddedToken)]) -> Result<(), Problem> {
    // Ids depend on the order, so only neighbors of the same kind are added together.
    for neighbours in tokens.chunk_by(|(_, a), (_, b)| a.special == b.special) {
        let fresh = |tokenizer: &Tokenizer, token: &AddedToken| tokenizer.token_to_id(&token.content).is_none();
        let named: Vec<_> = neighbours.iter().filter(|(_, token)| fresh(tokenizer, token)).cloned().collect();
        let list: Vec<AddedToken> = neighbours.iter().map(|(_, token)| token.clone()).collect();
        if list[0].special {
            tokenizer.add_special_tokens(&list)
        } else {
            tokenizer.add_tokens(&list)
        };
        for (id, token) in named {
            let got = tokenizer.token_to_id(&token.content);
            if id.is_some() && got != id {
                let (token, id, got) = (&token.content, id.unwrap_or(0), got.unwrap_or(0));
                return Err(format!("the added token {token:?} has the id {id}, and the next free one is {got}").into());
            }
        }
    }
    Ok(())
}
