//! Encodes many texts to ids only, for training. A cache of words makes this many times faster
//! than `encode`; the ids are the same.

use crate::Problem;
use crate::bert::ascii_words;
use crate::chunks::chunks;
use crate::encode::{Limits, Pipeline, kept};
use ahash::AHashMap;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::metaspace::PrependScheme;
use tokenizers::{Encoding, ModelWrapper, Tokenizer};

const CHUNKS: usize = 1 << 17; // the cache is cleared beyond this
const CHUNK_BYTES: usize = 64; // longer ones are not worth remembering

/// A cache of the ids of chunks.
#[derive(Default)]
pub struct Memory {
    ids: Vec<u32>,
    spans: AHashMap<Box<str>, (usize, usize)>,
}

/// Sequences end to end.
#[derive(Default)]
pub struct Batch {
    /// Ids of all sequences.
    pub ids: Vec<u32>,
    /// Which text each is of.
    pub types: Vec<u8>,
    /// Where each sequence begins, and where the last ends.
    pub offsets: Vec<u32>,
}

/// Encodes `texts`, each with the pair of the same index if there are pairs. `limits.stride` and `pad_to` are ignored.
/// Errors come with the index of the text.
pub fn encode_many(
    pipeline: &Pipeline,
    memory: &mut Memory,
    texts: &[String],
    pairs: &[String],
    limits: Limits,
) -> Result<Batch, (usize, Problem)> {
    let limits = Limits { stride: None, pad_to: 0, ..limits };
    let mut speller = Speller { pipeline, memory, remembers: may_cut(&pipeline.tokenizer) };
    let mut batch = Batch { offsets: vec![0], ..Batch::default() };
    for (at, text) in texts.iter().enumerate() {
        let encoding =
            sequence(pipeline, &mut speller, text, pairs.get(at), limits).map_err(|problem| (at, problem))?;
        batch.ids.extend(encoding.get_ids());
        batch.types.extend(encoding.get_type_ids().iter().map(|type_id| *type_id as u8));
        batch.offsets.push(batch.ids.len() as u32);
    }
    Ok(batch)
}

fn sequence(
    pipeline: &Pipeline,
    speller: &mut Speller,
    text: &str,
    pair: Option<&String>,
    limits: Limits,
) -> Result<Encoding, Problem> {
    // For a single text, one token more than is kept determines the truncation: the rest need not be read.
    let cut = limits.truncation.is_some() && !pipeline.cut_left && pair.is_none();
    let mut first = speller.spell(text, if cut { limits.max_length + 1 } else { usize::MAX })?;
    let mut second = pair.map(|pair| speller.spell(pair, usize::MAX)).transpose()?;
    if let (Some(strategy), false) = (limits.truncation, pipeline.cut_left) {
        // Truncated here, before tokens get names and offsets; `finish` then only reports errors.
        let room = limits.max_length.saturating_sub(pipeline.added_tokens(pair.is_some(), limits));
        let (keep, keep_second) = kept(first.len(), second.as_ref().map(Vec::len), room, strategy)?;
        first.truncate(keep);
        second.iter_mut().for_each(|second| second.truncate(keep_second));
    }
    pipeline.finish(bare(first, 0), second.map(|ids| bare(ids, 1)), limits)
}

struct Speller<'a> {
    pipeline: &'a Pipeline,
    memory: &'a mut Memory,
    remembers: bool,
}

impl Speller<'_> {
    /// The ids of `text`; at least the first `enough` of them.
    fn spell(&mut self, text: &str, enough: usize) -> Result<Vec<u32>, Problem> {
        match self.remembers {
            true => self.memory.encode(self.pipeline, text, enough),
            false => self.pipeline.ids(text),
        }
    }
}

impl Memory {
    fn encode(&mut self, pipeline: &Pipeline, text: &str, enough: usize) -> Result<Vec<u32>, Problem> {
        let mut ids = vec![];
        for chunk in chunks(text) {
            if let Some(&(begin, end)) = self.spans.get(chunk) {
                ids.extend_from_slice(&self.ids[begin..end]);
            } else {
                let encoded = spell_chunk(pipeline, chunk)?;
                ids.extend_from_slice(&encoded);
                self.keep(chunk, &encoded);
            }
            if ids.len() >= enough {
                break;
            }
        }
        Ok(ids)
    }

    fn keep(&mut self, chunk: &str, ids: &[u32]) {
        if chunk.len() > CHUNK_BYTES {
            return;
        }
        if self.spans.len() >= CHUNKS {
            *self = Self::default();
        }
        let begin = self.ids.len();
        self.ids.extend_from_slice(ids);
        self.spans.insert(chunk.into(), (begin, self.ids.len()));
    }
}

fn spell_chunk(pipeline: &Pipeline, chunk: &str) -> Result<Vec<u32>, Problem> {
    let tokenizer = &pipeline.tokenizer;
    if pipeline.words.is_none()
        && let Some(NormalizerWrapper::BertNormalizer(normalizer)) = tokenizer.get_normalizer()
        && !tokenizer.get_added_vocabulary().get_vocab().keys().any(|token| chunk.contains(token.as_str()))
        && let Some(words) = ascii_words(chunk, normalizer)
    {
        let mut ids = vec![];
        for word in words {
            ids.extend(pipeline.spell(&word)?.into_iter().map(|token| token.id));
        }
        return Ok(ids);
    }
    pipeline.ids(chunk)
}

/// An encoding of ids only, for the post-processor.
fn bare(ids: Vec<u32>, type_id: u32) -> Encoding {
    let n = ids.len();
    let (types, tokens, words, offsets) = (vec![type_id; n], vec![String::new(); n], vec![None; n], vec![(0, 0); n]);
    Encoding::new(ids, types, tokens, words, offsets, vec![0; n], vec![1; n], vec![], AHashMap::new())
}

/// Whether the tokens of a text are those of its chunks, concatenated. No word of the dictionary contains a space, so jieba
/// changes nothing here.
fn may_cut(tokenizer: &Tokenizer) -> bool {
    let added = tokenizer.get_added_tokens_decoder();
    let plain_tokens = added.values().all(|token| {
        let bends = token.normalized || token.lstrip || token.rstrip || token.single_word;
        !bends && !token.content.contains(char::is_whitespace)
    });
    plain_tokens
        && match (tokenizer.get_normalizer(), tokenizer.get_pre_tokenizer(), tokenizer.get_model()) {
            (
                Some(NormalizerWrapper::BertNormalizer(_)),
                Some(PreTokenizerWrapper::BertPreTokenizer(_)),
                ModelWrapper::WordPiece(_),
            ) => true,
            (None, Some(PreTokenizerWrapper::ByteLevel(level)), ModelWrapper::BPE(model)) => {
                !level.add_prefix_space && level.use_regex && model.dropout.is_none()
            }
            (
                None | Some(NormalizerWrapper::NFKC(_)),
                Some(PreTokenizerWrapper::Metaspace(space)),
                ModelWrapper::Unigram(_),
            ) => space.get_prepend_scheme() == PrependScheme::Always && space.split,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Kind, Options, Training};
    use tokenizers::TruncationStrategy;

    const PARTS: [&str; 26] = [
        "a", "the", "un", "able", " ", "  ", "\t", "\n", "\u{b}", "\0", "\u{7f}", ".", "--", "'s", "[SEP]", "[sep]",
        "##ing", "É", "e\u{301}", "\u{301}", "中文", "😀", "\u{a0}", "\u{3000}", "<s>", "<pad>",
    ];

    /// Texts of `PARTS`, the same in every run.
    fn texts() -> Vec<String> {
        let mut state = 1u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % below
        };
        (0..400).map(|_| (0..random(12)).map(|_| PARTS[random(PARTS.len())]).collect()).collect()
    }

    fn pipeline(kind: Kind, specials: &[&str]) -> Pipeline {
        let specials = specials.iter().map(|token| (*token).to_owned()).collect();
        let lowercase = kind == Kind::WordPiece;
        let mut training = Training::new(Options { kind, vocab_size: 400, min_frequency: 0, lowercase, specials });
        texts().iter().for_each(|text| training.add(text).unwrap());
        Pipeline::new(training.finish().unwrap()).unwrap()
    }

    #[test]
    fn remembered_chunks_give_the_ids_of_the_whole_text() {
        let bert = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        for (kind, specials) in
            [(Kind::WordPiece, &bert[..]), (Kind::Bpe, &["<pad>"]), (Kind::Unigram, &["<pad>", "<unk>", "<s>", "</s>"])]
        {
            let pipeline = pipeline(kind, specials);
            assert!(may_cut(&pipeline.tokenizer), "{kind:?}");
            for max_length in [3, 4, 7, 1000] {
                let strategy = Some(TruncationStrategy::LongestFirst);
                let limits = Limits { specials: true, truncation: strategy, max_length, stride: None, pad_to: 0 };
                let texts = texts();
                let pairs: Vec<String> = texts.iter().rev().cloned().collect();
                for pairs in [&[][..], &pairs] {
                    let batch = encode_many(&pipeline, &mut Memory::default(), &texts, pairs, limits).unwrap();
                    for (at, text) in texts.iter().enumerate() {
                        let wanted = pipeline.encode(text, pairs.get(at).map(String::as_str), limits).unwrap();
                        let span = batch.offsets[at] as usize..batch.offsets[at + 1] as usize;
                        assert_eq!(&batch.ids[span], wanted.get_ids(), "{kind:?} {max_length} {text:?}");
                    }
                }
            }
        }
    }
}
