//! The module's exports. Strings and arrays cross the boundary; a problem becomes an `Error` in JavaScript.

use crate::Problem;
use crate::bert::{BertOptions, BertSpecials, from_lines};
use crate::bounds;
use crate::encode::{Limits, Pipeline};
use crate::fast::{Batch, Memory, encode_many};
use crate::pack::{Packed, pack};
use crate::train::{Kind, Options, Training};
use serde_json::{Value, json, to_value};
use tokenizers::{Model, ModelWrapper, Tokenizer, TruncationStrategy};
use wasm_bindgen::prelude::*;

pub(crate) fn js(problem: impl ToString) -> JsError {
    JsError::new(&problem.to_string())
}

/// A tokenizer and its cache.
#[wasm_bindgen]
pub struct Handle {
    pub(crate) pipeline: Pipeline,
    pub(crate) memory: Memory,
}

impl Handle {
    fn new(tokenizer: Tokenizer) -> Result<Self, Problem> {
        Ok(Self { pipeline: Pipeline::new(tokenizer)?, memory: Memory::default() })
    }
}

/// The result of `encode`; `numbers` and `tokens` are laid out as in `pack::Packed`.
#[wasm_bindgen]
pub struct Encoded(Packed);

#[wasm_bindgen]
impl Encoded {
    /// Lengths, ids, types, masks, offsets.
    pub fn numbers(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.0.numbers)
    }

    /// All tokens, end to end.
    pub fn tokens(&mut self) -> String {
        std::mem::take(&mut self.0.tokens)
    }
}

/// The result of `encodeMany`: sequences end to end.
#[wasm_bindgen]
pub struct EncodedBatch(Batch);

#[wasm_bindgen]
impl EncodedBatch {
    /// Ids of all sequences.
    pub fn ids(&mut self) -> Vec<i32> {
        std::mem::take(&mut self.0.ids).into_iter().map(|id| id as i32).collect()
    }

    /// Which text each id is of.
    pub fn types(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0.types)
    }

    /// Where each sequence begins, and where the last ends.
    pub fn offsets(&mut self) -> Vec<i32> {
        std::mem::take(&mut self.0.offsets).into_iter().map(|offset| offset as i32).collect()
    }
}

/// 0 no, 1 yes, 2 as case is folded.
pub(crate) fn accents(number: u32) -> Option<bool> {
    [Some(false), Some(true), None][number.min(2) as usize]
}

/// `truncation`: 0 none, 1 longest_first, 2 only_first, 3 only_second.
fn limits(specials: bool, truncation: u32, max_length: u32, stride: Option<u32>, pad_to: u32) -> Limits {
    let truncation = match truncation {
        1 => Some(TruncationStrategy::LongestFirst),
        2 => Some(TruncationStrategy::OnlyFirst),
        3 => Some(TruncationStrategy::OnlySecond),
        _ => None,
    };
    Limits {
        specials,
        truncation,
        max_length: max_length as usize,
        stride: stride.map(|stride| stride as usize),
        pad_to: pad_to as usize,
    }
}

#[wasm_bindgen]
impl Handle {
    /// From the text of a `tokenizer.json`.
    #[wasm_bindgen(js_name = fromJson)]
    pub fn from_json(text: &str) -> Result<Handle, JsError> {
        let tokenizer: Tokenizer = serde_json::from_str(text).map_err(js)?;
        bounds::check(&tokenizer).map_err(js)?;
        Handle::new(tokenizer).map_err(js)
    }

    /// BERT's tokenizer from the text of a `vocab.txt`, lines ended by LF or CR LF. `strip_accents`: 0 no, 1 yes, 2 as
    /// `lowercase`. `specials`: unk, cls, sep, then further ones.
    #[wasm_bindgen(js_name = fromVocabulary)]
    pub fn from_vocabulary(
        text: &str,
        lowercase: bool,
        strip_accents: u32,
        chinese_chars: bool,
        specials: Vec<String>,
    ) -> Result<Handle, JsError> {
        let lines: Vec<&str> = text.lines().collect();
        let [unk, cls, sep, others @ ..] = specials.as_slice() else {
            return Err(js("unk, cls and sep must be named"));
        };
        let options = BertOptions { lowercase, strip_accents: accents(strip_accents), chinese_chars };
        let specials = BertSpecials { unk: unk.clone(), cls: cls.clone(), sep: sep.clone(), others: others.to_vec() };
        Handle::new(from_lines(&lines, options, &specials).map_err(js)?).map_err(js)
    }

    /// Sets the padding token (empty: none), and the sides of padding and truncation.
    pub fn configure(&mut self, pad_id: u32, pad_token: String, pad_left: bool, cut_left: bool) {
        self.pipeline.pad = (!pad_token.is_empty()).then_some((pad_id, pad_token));
        self.pipeline.pad_left = pad_left;
        self.pipeline.cut_left = cut_left;
    }

    /// Encodes one text or two. No windows without `stride`; no padding if `pad_to` is 0.
    pub fn encode(
        &self,
        text: &str,
        pair: Option<String>,
        specials: bool,
        truncation: u32,
        max_length: u32,
        stride: Option<u32>,
        pad_to: u32,
    ) -> Result<Encoded, JsError> {
        let limits = limits(specials, truncation, max_length, stride, pad_to);
        let encoding = self.pipeline.encode(text, pair.as_deref(), limits).map_err(js)?;
        Ok(Encoded(pack(&encoding, text, pair.as_deref())))
    }

    /// The id of a token.
    #[wasm_bindgen(js_name = tokenId)]
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.pipeline.tokenizer.token_to_id(token)
    }

    /// Encodes many texts to ids; `pairs` is empty or as long as `texts`. Messages count texts from `first`.
    #[wasm_bindgen(js_name = encodeMany)]
    pub fn encode_many(
        &mut self,
        texts: Vec<String>,
        pairs: Vec<String>,
        first: u32,
        specials: bool,
        truncation: u32,
        max_length: u32,
    ) -> Result<EncodedBatch, JsError> {
        let limits = limits(specials, truncation, max_length, None, 0);
        encode_many(&self.pipeline, &mut self.memory, &texts, &pairs, limits)
            .map_err(|(at, problem)| format!("texts[{}]: {problem}", first as usize + at))
            .map(EncodedBatch)
            .map_err(js)
    }

    /// Of a tokenizer that cuts Chinese words: 1 for each token of `texts` that continues a word, else 0.
    #[wasm_bindgen(js_name = wordMarks)]
    pub fn word_marks(&self, texts: Vec<String>) -> Result<Vec<u8>, JsError> {
        let mut marks = vec![];
        for text in &texts {
            self.pipeline.each_id(text, &mut |_, continues| marks.push(continues.into())).map_err(js)?;
        }
        Ok(marks)
    }

    /// Decodes ids; unknown ids are skipped.
    pub fn decode(&self, ids: &[u32], skip_specials: bool) -> Result<String, JsError> {
        self.pipeline.decode(ids, skip_specials).map_err(js)
    }

    /// Joins tokens by the decoder, or by spaces without one.
    #[wasm_bindgen(js_name = joinTokens)]
    pub fn join_tokens(&self, tokens: Vec<String>) -> Result<String, JsError> {
        self.pipeline.join(tokens).map_err(js)
    }

    /// The vocabulary as JSON, `[[token, id], …]`, by id and then by token.
    pub fn vocabulary(&self) -> Result<String, JsError> {
        let mut entries: Vec<(String, u32)> = self.pipeline.tokenizer.get_vocab(true).into_iter().collect();
        entries.sort_by(|(a, x), (b, y)| x.cmp(y).then_with(|| a.cmp(b)));
        serde_json::to_string(&entries).map_err(js)
    }

    /// The text of a `tokenizer.json`.
    #[wasm_bindgen(js_name = toJson)]
    pub fn to_json(&self) -> Result<String, JsError> {
        serde_json::to_string_pretty(&self.pipeline.whole()).map_err(js)
    }

    /// The parts as JSON, without the vocabulary: `{ model, words, normalizer, preTokenizer, postProcessor, decoder, added }`.
    pub fn describe(&self) -> Result<String, JsError> {
        describe(&self.pipeline).map(|parts| parts.to_string()).map_err(js)
    }
}

fn describe(pipeline: &Pipeline) -> Result<Value, serde_json::Error> {
    let tokenizer = &pipeline.tokenizer;
    let model = match tokenizer.get_model() {
        ModelWrapper::WordPiece(model) => {
            json!({ "type": "WordPiece", "unk": model.unk_token, "prefix": model.continuing_subword_prefix })
        }
        ModelWrapper::BPE(model) => {
            json!({ "type": "BPE", "unk": model.unk_token, "prefix": model.continuing_subword_prefix })
        }
        ModelWrapper::WordLevel(model) => json!({ "type": "WordLevel", "unk": model.unk_token }),
        ModelWrapper::Unigram(_) => json!({ "type": "Unigram" }),
    };
    let mut added: Vec<_> = tokenizer.get_added_tokens_decoder().into_iter().collect();
    added.sort_by_key(|(id, _)| *id);
    let added =
        added.into_iter().map(|(id, token)| json!({ "id": id, "content": token.content, "special": token.special }));
    Ok(json!({
        "model": model,
        "words": pipeline.words.is_some(),
        "size": tokenizer.get_model().get_vocab_size(),
        "normalizer": to_value(tokenizer.get_normalizer())?,
        "preTokenizer": to_value(tokenizer.get_pre_tokenizer())?,
        "postProcessor": to_value(&pipeline.processor)?,
        "decoder": to_value(tokenizer.get_decoder())?,
        "added": added.collect::<Vec<_>>(),
    }))
}

/// A training in progress.
#[wasm_bindgen]
pub struct Trainer(Training);

#[wasm_bindgen]
impl Trainer {
    /// `kind`: 0 WordPiece, 1 byte-level BPE, 2 Unigram.
    #[wasm_bindgen(constructor)]
    pub fn new(kind: u32, vocab_size: u32, min_frequency: u32, lowercase: bool, specials: Vec<String>) -> Trainer {
        let kind = [Kind::WordPiece, Kind::Bpe, Kind::Unigram][kind.min(2) as usize];
        let (vocab_size, min_frequency) = (vocab_size as usize, min_frequency.into());
        Trainer(Training::new(Options { kind, vocab_size, min_frequency, lowercase, specials }))
    }

    /// Adds lines.
    pub fn add(&mut self, lines: Vec<String>) -> Result<(), JsError> {
        lines.iter().try_for_each(|line| self.0.add(line)).map_err(js)
    }

    /// Trains and consumes the trainer.
    pub fn finish(self) -> Result<Handle, JsError> {
        Handle::new(self.0.finish().map_err(js)?).map_err(js)
    }
}
