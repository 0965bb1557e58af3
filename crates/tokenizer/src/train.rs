//! Trains WordPiece, byte-level BPE and Unigram. In the trainers of `tokenizers`, ties depend on the order of hash maps with
//! random keys; here the words and WordPiece's alphabet are sorted first.

use crate::Problem;
use crate::bert::{BertOptions, add_specials, ascii_words, dress, template};
use crate::chunks::chunks;
use ahash::AHashMap;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use tokenizers::decoders::byte_level::ByteLevel as ByteLevelDecoder;
use tokenizers::models::bpe::{BPE, BpeTrainer, BpeTrainerBuilder};
use tokenizers::models::unigram::{Unigram, UnigramTrainer};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::{Lowercase, NFKC, NormalizerWrapper, Sequence};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::metaspace::Metaspace;
use tokenizers::{
    AddedToken, NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
    Tokenizer,
};

/// The kind of model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// BERT's pipeline.
    WordPiece,
    /// GPT-2's pipeline.
    Bpe,
    /// SentencePiece's pipeline.
    Unigram,
}

/// Options of a training.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which model.
    pub kind: Kind,
    /// Vocabulary size, including special tokens. It is larger if the alphabet alone is larger.
    pub vocab_size: usize,
    /// Minimum number of occurrences of a pair to become a token (not for Unigram).
    pub min_frequency: u64,
    /// Lowercases the text, also when encoding.
    pub lowercase: bool,
    /// The first tokens, in this order.
    pub specials: Vec<String>,
}

/// Chunks that are counted before they are cut into words, and their bytes.
const CHUNKS: (usize, usize) = (1 << 17, 1 << 24);

/// Different words that are counted, and their bytes: of more, the rarest are forgotten.
const WORDS: (usize, usize) = (1 << 18, 1 << 25);

/// Collects text, then trains a tokenizer. However long the text is, its counts take at most some 100 MB.
pub struct Training {
    options: Options,
    tokenizer: Tokenizer,
    counts: AHashMap<Box<str>, u64>,
    /// Bytes of the chunks.
    bytes: usize,
    words: BTreeMap<CompactString, u64>,
    /// Words of at most so many occurrences were forgotten last.
    rare: u64,
    /// Whether there was any chunk.
    any: bool,
}

impl Training {
    /// Begins.
    pub fn new(options: Options) -> Self {
        let tokenizer = untrained(&options);
        let (counts, words) = (AHashMap::new(), BTreeMap::new());
        Self { options, tokenizer, counts, bytes: 0, words, rare: 0, any: false }
    }

    /// Counts the chunks of a line. Errors: those of the normalizer.
    pub fn add(&mut self, line: &str) -> Result<(), Problem> {
        for chunk in chunks(line) {
            if let Some(count) = self.counts.get_mut(chunk) {
                *count += 1;
                continue;
            }
            self.any = true;
            self.bytes += chunk.len();
            self.counts.insert(chunk.into(), 1);
            if self.counts.len() > CHUNKS.0 || self.bytes > CHUNKS.1 {
                self.count_words()?;
                self.forget();
            }
        }
        Ok(())
    }

    /// Forgets the rarest words until half of the room is free, as word2vec does.
    fn forget(&mut self) {
        let bytes = |words: &BTreeMap<CompactString, u64>| words.keys().map(|word| word.len()).sum::<usize>();
        if self.words.len() <= WORDS.0 && bytes(&self.words) <= WORDS.1 {
            return;
        }
        while self.words.len() > WORDS.0 / 2 || bytes(&self.words) > WORDS.1 / 2 {
            self.rare += 1;
            self.words.retain(|_, count| *count > self.rare);
        }
    }

    /// Trains. Errors: no text, a Unigram vocabulary smaller than the alphabet.
    pub fn finish(mut self) -> Result<Tokenizer, Problem> {
        self.count_words()?;
        let words = std::mem::take(&mut self.words);
        if words.is_empty() {
            let limit = longest_word(self.options.kind).filter(|_| self.any);
            let why = limit.map_or(String::new(), |most| format!(": all words are longer than {most} characters"));
            return Err(format!("there is no text to train on{why}").into());
        }
        let Options { kind, specials, .. } = &self.options;
        match kind {
            Kind::WordPiece => drop(self.tokenizer.with_model(train_wordpiece(&self.options, words)?)),
            Kind::Bpe => drop(self.tokenizer.with_model(train_bpe(&self.options, words)?)),
            Kind::Unigram => drop(self.tokenizer.with_model(train_unigram(&self.options, words)?)),
        }
        add_specials(&mut self.tokenizer, specials.iter());
        let frame = match kind {
            Kind::WordPiece => Some(("[CLS]", "[SEP]")),
            Kind::Bpe => None,
            Kind::Unigram => Some(("<s>", "</s>")),
        };
        if let Some((first, last)) = frame.filter(|(a, b)| [a, b].iter().all(|t| specials.iter().any(|s| s == *t))) {
            let template = template(&self.tokenizer, first, last)?;
            self.tokenizer.with_post_processor(Some(template));
        }
        Ok(self.tokenizer)
    }

    /// Cuts the chunks that are waiting into the model's words.
    fn count_words(&mut self) -> Result<(), Problem> {
        let (kind, tokenizer, words) = (self.options.kind, &self.tokenizer, &mut self.words);
        let longest = longest_word(kind).unwrap_or(usize::MAX);
        let mut add = |word: &str, count: u64| {
            if word.len() <= longest || word.chars().take(longest + 1).count() <= longest {
                *words.entry(CompactString::from(word)).or_default() += count;
            }
        };
        self.bytes = 0;
        for (chunk, count) in std::mem::take(&mut self.counts) {
            if let Some(NormalizerWrapper::BertNormalizer(normalizer)) = tokenizer.get_normalizer()
                && let Some(plain) = ascii_words(&chunk, normalizer)
            {
                plain.into_iter().for_each(|word| add(&word, count));
                continue;
            }
            let mut normalized = NormalizedString::from(chunk.as_ref());
            if let Some(normalizer) = tokenizer.get_normalizer() {
                normalizer.normalize(&mut normalized)?;
            }
            let mut pieces = PreTokenizedString::from(normalized);
            if let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() {
                pre_tokenizer.pre_tokenize(&mut pieces)?;
            }
            for (word, _, _) in pieces.get_splits(OffsetReferential::Original, OffsetType::None) {
                match kind {
                    Kind::Unigram => each_run(word, |run| add(run, count)),
                    _ => add(word, count),
                }
            }
        }
        Ok(())
    }
}

/// Maximum characters of a chunk for Unigram: text without spaces would be a chunk per line, over all of whose pieces its
/// trainer iterates repeatedly. No token is nearly as long.
const RUN: usize = 1_000;

/// Calls `body` with runs of [`RUN`] characters of `word`, end to end.
fn each_run(word: &str, mut body: impl FnMut(&str)) {
    let mut rest = word;
    while let Some((end, _)) = rest.char_indices().nth(RUN) {
        body(&rest[..end]);
        rest = &rest[end..];
    }
    body(rest);
}

/// Maximum characters of a word for training: WordPiece encodes longer ones as `[UNK]`, and for BPE they are not words
/// but data, over whose pairs the trainer would iterate repeatedly.
fn longest_word(kind: Kind) -> Option<usize> {
    match kind {
        Kind::WordPiece => Some(100),
        Kind::Bpe => Some(10_000),
        Kind::Unigram => None,
    }
}

/// The pipelines of Hugging Face's examples, without vocabulary.
fn untrained(options: &Options) -> Tokenizer {
    let lowercase = options.lowercase;
    match options.kind {
        Kind::WordPiece => {
            let mut tokenizer = Tokenizer::new(WordPiece::default());
            dress(&mut tokenizer, BertOptions { lowercase, strip_accents: None, chinese_chars: true });
            tokenizer
        }
        Kind::Bpe => {
            let mut tokenizer = Tokenizer::new(BPE::default());
            tokenizer.with_normalizer(lowercase.then_some(Lowercase));
            tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
            tokenizer.with_post_processor(Some(ByteLevel::new(true, true, true)));
            tokenizer.with_decoder(Some(ByteLevelDecoder::new(true, true, true)));
            tokenizer
        }
        Kind::Unigram => {
            let mut tokenizer = Tokenizer::new(Unigram::default());
            let folding = Sequence::new(vec![NFKC.into(), Lowercase.into()]);
            let normalizer = if lowercase { NormalizerWrapper::Sequence(folding) } else { NFKC.into() };
            tokenizer.with_normalizer(Some(normalizer));
            tokenizer.with_pre_tokenizer(Some(Metaspace::default()));
            tokenizer.with_decoder(Some(Metaspace::default()));
            tokenizer
        }
    }
}

fn special(tokens: &[String]) -> Vec<AddedToken> {
    tokens.iter().map(|token| AddedToken::from(token.clone(), true)).collect()
}

fn bpe_trainer(options: &Options) -> BpeTrainerBuilder {
    BpeTrainer::builder().vocab_size(options.vocab_size).min_frequency(options.min_frequency).show_progress(false)
}

fn train_bpe(options: &Options, words: BTreeMap<CompactString, u64>) -> Result<BPE, Problem> {
    let trainer = bpe_trainer(options)
        .special_tokens(special(&options.specials))
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let mut model = BPE::default();
    trainer.do_train(&words.into_iter().collect(), &mut model)?;
    Ok(model)
}

/// WordPiece is trained as BPE with the prefix `##` inside words. The trainer numbers the `##` letters as it finds
/// them, and the numbers break ties: so all letters are passed in order, as if they were special tokens.
fn train_wordpiece(options: &Options, words: BTreeMap<CompactString, u64>) -> Result<WordPiece, Problem> {
    if !options.specials.iter().any(|token| token == "[UNK]") {
        return Err("the special tokens of a WordPiece vocabulary must have [UNK]".into());
    }
    let letters: BTreeSet<char> = words.keys().flat_map(|word| word.chars()).collect();
    let inner: BTreeSet<char> = words.keys().flat_map(|word| word.chars().skip(1)).collect();
    let mut first = options.specials.clone();
    first.extend(letters.iter().map(char::to_string));
    first.extend(inner.iter().map(|letter| format!("##{letter}")));
    let trainer = bpe_trainer(options).special_tokens(special(&first)).continuing_subword_prefix("##".into()).build();
    let mut model = BPE::default();
    trainer.do_train(&words.into_iter().collect(), &mut model)?;
    Ok(WordPiece::from_bpe(&model))
}

fn train_unigram(options: &Options, words: BTreeMap<CompactString, u64>) -> Result<Unigram, Problem> {
    let letters: BTreeSet<char> = words.keys().flat_map(|word| word.chars()).collect();
    let least = letters.len() + options.specials.len() + 1;
    if options.vocab_size < least {
        return Err(format!("vocabSize is {}, and the alphabet alone needs {least}", options.vocab_size).into());
    }
    let unk = options.specials.iter().position(|token| token == "<unk>");
    let trainer = UnigramTrainer::builder()
        .vocab_size(options.vocab_size as u32)
        .special_tokens(special(&options.specials))
        .unk_token(unk.map(|_| "<unk>".to_owned()))
        .show_progress(false)
        .build()?;
    let words = words.into_iter().map(|(word, count)| (word.into_string(), count.min(u32::MAX.into()) as u32));
    let mut model = Unigram::default();
    trainer.do_train(words.collect(), &mut model)?;
    let mut pieces: Vec<(String, f64)> = model.iter().cloned().collect();
    // The trainer leaves tokens of equal score in the order of a hash map.
    pieces[options.specials.len()..].sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| a.cmp(b)));
    Unigram::from(pieces, unk, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained(kind: Kind, lines: &[&str]) -> String {
        let specials = ["[UNK]", "<unk>", "<pad>"].map(str::to_owned).to_vec();
        let mut training =
            Training::new(Options { kind, vocab_size: 300, min_frequency: 0, lowercase: true, specials });
        lines.iter().for_each(|line| training.add(line).unwrap());
        training.finish().unwrap().to_string(false).unwrap()
    }

    // Outside WebAssembly, every hash map has its own keys, so two trainings in one process see different orders.
    #[test]
    fn training_does_not_depend_on_hash_keys_nor_on_the_order_of_lines() {
        let text = include_str!("train.rs");
        let lines: Vec<&str> = text.lines().collect();
        let reversed: Vec<&str> = text.lines().rev().collect();
        for kind in [Kind::WordPiece, Kind::Bpe] {
            let first = trained(kind, &lines);
            for _ in 0..3 {
                assert!(trained(kind, &reversed) == first, "{kind:?}");
            }
        }
    }

    #[test]
    fn of_too_many_words_the_rarest_are_forgotten() {
        let specials = vec!["[UNK]".to_owned()];
        let options = Options { kind: Kind::WordPiece, vocab_size: 300, min_frequency: 0, lowercase: true, specials };
        let mut training = Training::new(options);
        let mut most = 0;
        for i in 0..600_000 {
            training.add(&format!("usual w{i} usual")).unwrap();
            most = most.max(training.words.len());
        }
        training.count_words().unwrap();
        assert_eq!(training.words["usual"], 1_200_000);
        assert!(most > WORDS.0 / 2 && most <= WORDS.0 + CHUNKS.0, "{most}");
        assert!(training.rare == 1 && training.words.contains_key("w599999") && !training.words.contains_key("w0"));
    }

    #[test]
    fn no_text_is_refused() {
        for kind in [Kind::WordPiece, Kind::Bpe, Kind::Unigram] {
            let specials = vec!["[UNK]".to_owned(), "<unk>".to_owned()];
            let options = Options { kind, vocab_size: 300, min_frequency: 0, lowercase: true, specials };
            let problem = Training::new(options).finish().err().map(|problem| problem.to_string());
            assert_eq!(problem.as_deref(), Some("there is no text to train on"));
        }
    }
}
