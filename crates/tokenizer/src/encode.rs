//! Encodes one text or two to tokens with offsets, with truncation, windows and padding by the call's options.

use crate::Problem;
use crate::growth::Growth;
use crate::jieba::Words;
use crate::wordpiece::{longest, spell};
use serde_json::to_value;
use std::rc::Rc;
use tokenizers::processors::PostProcessorWrapper;
use tokenizers::{
    Decoder, Encoding, OffsetType, PaddingDirection, PaddingParams, PaddingStrategy, PostProcessor, PreTokenizer,
    Token, Tokenizer, TruncationDirection, TruncationStrategy, pad_encodings,
};

/// A tokenizer in parts: what the crate does after it has found the tokens is done here, so that each call has its own limits
/// and unused windows are not made.
pub struct Pipeline {
    /// Without post-processor, truncation and padding.
    pub tokenizer: Tokenizer,
    /// Segments Chinese words, instead of the pre-tokenizer.
    pub words: Option<Rc<Words>>,
    /// Bytes of the longest token of WordPiece.
    pub longest: usize,
    /// The growth of a text by normalizing.
    pub normalizing: Growth,
    /// The growth of tokens by decoding.
    pub decoding: Growth,
    /// Adds special tokens, trims offsets.
    pub processor: Option<PostProcessorWrapper>,
    /// The padding token and its id.
    pub pad: Option<(u32, String)>,
    /// Pads at the beginning.
    pub pad_left: bool,
    /// Truncates at the beginning.
    pub cut_left: bool,
}

/// The options of one call.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Adds `[CLS]`, `[SEP]` and the like.
    pub specials: bool,
    /// Which text is truncated to `max_length` tokens; `None`: neither.
    pub truncation: Option<TruncationStrategy>,
    /// Maximum number of tokens, including special tokens; used only with `truncation`.
    pub max_length: usize,
    /// Keeps the truncated part as further windows, which overlap by this many tokens.
    pub stride: Option<usize>,
    /// Length to pad to; 0: no padding.
    pub pad_to: usize,
}

impl Pipeline {
    /// Takes `tokenizer` apart. Drops its stored truncation and padding.
    pub fn new(mut tokenizer: Tokenizer) -> Result<Self, Problem> {
        tokenizer.with_truncation(None)?;
        tokenizer.with_padding(None);
        let processor = tokenizer.get_post_processor().cloned();
        tokenizer.with_post_processor(None::<PostProcessorWrapper>);
        let normalizing = Growth::new(to_value(tokenizer.get_normalizer())?)?;
        let decoding = Growth::new(to_value(tokenizer.get_decoder())?)?;
        let longest = longest(tokenizer.get_model());
        Ok(Self {
            tokenizer,
            longest,
            words: None,
            normalizing,
            decoding,
            processor,
            pad: None,
            pad_left: false,
            cut_left: false,
        })
    }

    /// Reassembles the tokenizer for saving.
    pub fn whole(&self) -> Tokenizer {
        let mut tokenizer = self.tokenizer.clone();
        tokenizer.with_post_processor(self.processor.clone());
        tokenizer
    }

    /// Encodes `text`, and `pair` behind it. Offsets are bytes if both are ASCII, else characters. Errors: limits that
    /// leave no room, a text too short to be cut as asked, a word that the model cannot spell, a text that normalizing makes
    /// too long.
    pub fn encode(&self, text: &str, pair: Option<&str>, limits: Limits) -> Result<Encoding, Problem> {
        for text in std::iter::once(text).chain(pair) {
            self.normalizing.check(text)?;
        }
        let ascii = text.is_ascii() && pair.is_none_or(str::is_ascii);
        let spell = |text: &str| self.pieces(text, if ascii { OffsetType::Byte } else { OffsetType::Char });
        let mut second = pair.map(spell).transpose()?;
        if let Some(second) = &mut second {
            second.set_type_ids(vec![1; second.len()]);
        }
        self.finish(spell(text)?, second, limits)
    }

    /// The ids of `text` alone.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>, Problem> {
        self.normalizing.check(text)?;
        if self.words.is_none() {
            return Ok(self.pieces(text, OffsetType::None)?.get_ids().to_vec());
        }
        let mut ids = vec![];
        self.each_id(text, &mut |id, _| ids.push(id))?;
        Ok(ids)
    }

    /// Calls `body` with each id of `text` and whether it continues a word, if Chinese words are cut.
    pub fn each_id(&self, text: &str, body: &mut impl FnMut(u32, bool)) -> Result<(), Problem> {
        let Some(words) = &self.words else { return Ok(()) };
        words.each_id(&self.tokenizer, text, |word| self.spell(word), body)
    }

    /// The tokens of a word.
    pub fn spell(&self, word: &str) -> Result<Vec<Token>, Problem> {
        spell(self.tokenizer.get_model(), self.longest, word)
    }

    /// The tokens of `text`, as in the crate except for words. Special tokens are matched first, and the text between
    /// them is normalized and split independently.
    pub fn pieces(&self, text: &str, offsets: OffsetType) -> Result<Encoding, Problem> {
        let tokenizer = &self.tokenizer;
        let mut pieces = tokenizer.get_added_vocabulary().extract_and_normalize(tokenizer.get_normalizer(), text);
        match (&self.words, tokenizer.get_pre_tokenizer()) {
            (Some(words), _) => words.split(tokenizer, &mut pieces)?,
            (None, Some(cutter)) => cutter.pre_tokenize(&mut pieces)?,
            (None, None) => {}
        }
        pieces.tokenize(|word| self.spell(word.get()))?;
        pieces.into_encoding(None, 0, offsets)
    }

    /// Decodes ids; unknown ids are skipped. Errors: a text that decoding makes too long.
    pub fn decode(&self, ids: &[u32], skip_specials: bool) -> Result<String, Problem> {
        if self.decoding.multiplies() {
            let bytes = |id: &u32| self.tokenizer.id_to_token(*id).map_or(0, |token| token.len());
            self.decoding.check_length(ids.iter().map(bytes).sum())?;
        }
        self.tokenizer.decode(ids, skip_specials)
    }

    /// Joins tokens by the decoder, or by spaces without one. Errors: as `decode`.
    pub fn join(&self, tokens: Vec<String>) -> Result<String, Problem> {
        self.decoding.check_length(tokens.iter().map(String::len).sum())?;
        match self.tokenizer.get_decoder() {
            Some(decoder) => decoder.decode(tokens),
            None => Ok(tokens.join(" ")),
        }
    }

    /// Truncates, adds special tokens, pads.
    pub fn finish(&self, first: Encoding, second: Option<Encoding>, limits: Limits) -> Result<Encoding, Problem> {
        let (first, second) = self.cut(first, second, limits)?;
        let whole = match &self.processor {
            Some(processor) => processor.process(first, second, limits.specials)?,
            None => {
                let parts = std::iter::once(first).chain(second).collect();
                let mut joined = <dyn PostProcessor>::default_process(parts, limits.specials)?;
                joined.pop().ok_or("nothing came out")?
            }
        };
        self.fill(whole, limits)
    }

    /// The number of special tokens that are added.
    pub fn added_tokens(&self, pair: bool, limits: Limits) -> usize {
        match &self.processor {
            Some(processor) if limits.specials => processor.added_tokens(pair),
            _ => 0,
        }
    }

    fn cut(
        &self,
        mut first: Encoding,
        mut second: Option<Encoding>,
        limits: Limits,
    ) -> Result<(Encoding, Option<Encoding>), Problem> {
        let Some(strategy) = limits.truncation else {
            return Ok((first, second));
        };
        let added = self.added_tokens(second.is_some(), limits);
        let Some(room) = limits.max_length.checked_sub(added) else {
            return Err(
                format!("maxLength is {}, and {added} special tokens are to be added", limits.max_length).into()
            );
        };
        let lengths = (first.len(), second.as_ref().map(Encoding::len));
        let (keep, keep_second) = kept(lengths.0, lengths.1, room, strategy)?;
        self.shorten(&mut first, keep, limits)?;
        if let Some(second) = &mut second {
            self.shorten(second, keep_second, limits)?;
        }
        Ok((first, second))
    }

    /// Truncates `encoding` to `keep` tokens; the rest become its overflow if windows were requested.
    fn shorten(&self, encoding: &mut Encoding, keep: usize, limits: Limits) -> Result<(), Problem> {
        if keep >= encoding.len() {
            return Ok(());
        }
        let stride = limits.stride.unwrap_or(0);
        if keep > 0 && stride >= keep {
            return Err(format!("stride is {stride}, not less than the window of {keep} pieces").into());
        }
        let direction = if self.cut_left { TruncationDirection::Left } else { TruncationDirection::Right };
        encoding.truncate(keep, stride, direction);
        if limits.stride.is_none() {
            encoding.take_overflowing();
        }
        Ok(())
    }

    fn fill(&self, encoding: Encoding, limits: Limits) -> Result<Encoding, Problem> {
        if limits.pad_to == 0 {
            return Ok(encoding);
        }
        let Some((pad_id, pad_token)) = self.pad.clone() else {
            return Err("padding needs a padding token, and there is none".into());
        };
        let params = PaddingParams {
            strategy: PaddingStrategy::Fixed(limits.pad_to),
            direction: if self.pad_left { PaddingDirection::Left } else { PaddingDirection::Right },
            pad_to_multiple_of: None,
            pad_id,
            pad_type_id: 0,
            pad_token,
        };
        let mut filled = [encoding];
        pad_encodings(&mut filled, &params)?;
        let [filled] = filled;
        Ok(filled)
    }
}

/// How many tokens of two texts of `first` and `second` tokens to keep to fit into `room`, as the crate's
/// `truncate_encodings` does. Errors: a text that is too short to make room by itself.
pub fn kept(
    first: usize,
    second: Option<usize>,
    room: usize,
    strategy: TruncationStrategy,
) -> Result<(usize, usize), Problem> {
    let other = second.unwrap_or(0);
    if room == 0 {
        return Ok((0, 0));
    }
    let Some(excess) = (first + other).checked_sub(room).filter(|excess| *excess > 0) else {
        return Ok((first, other));
    };
    let rest = |length: usize, name: &str| {
        let kept = length.checked_sub(excess).filter(|kept| *kept > 0);
        kept.ok_or_else(|| Problem::from(format!("{name} has {length} pieces, of which {excess} would have to go")))
    };
    match strategy {
        TruncationStrategy::OnlyFirst => Ok((rest(first, "the first text")?, other)),
        TruncationStrategy::OnlySecond if second.is_none() => Err("there is no second text to cut".into()),
        TruncationStrategy::OnlySecond => Ok((first, rest(other, "the second text")?)),
        TruncationStrategy::LongestFirst if second.is_none() => Ok((room, 0)),
        TruncationStrategy::LongestFirst => {
            let shorter = first.min(other);
            // The shorter one is kept whole if the longer one keeps as much; otherwise each gets half, the longer one the odd token.
            let (short, long) =
                if 2 * shorter <= room { (shorter, room - shorter) } else { (room / 2, room.div_ceil(2)) };
            Ok(if first > other { (long, short) } else { (short, long) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ahash::AHashMap;
    use tokenizers::{TruncationParams, truncate_encodings};

    fn pieces(n: usize) -> Encoding {
        let (tokens, words, offsets) = (vec![String::new(); n], vec![None; n], vec![(0, 0); n]);
        Encoding::new(vec![7; n], vec![0; n], tokens, words, offsets, vec![0; n], vec![1; n], vec![], AHashMap::new())
    }

    #[test]
    fn what_is_kept_is_what_the_crate_keeps() {
        let strategies =
            [TruncationStrategy::LongestFirst, TruncationStrategy::OnlyFirst, TruncationStrategy::OnlySecond];
        for strategy in strategies {
            for (first, second, max_length) in (0..8 * 9 * 9).map(|i| (i / 81, i / 9 % 9, i % 9)) {
                for second in [None, Some(second)] {
                    let params = TruncationParams { strategy, max_length, stride: 0, ..Default::default() };
                    let wanted = truncate_encodings(pieces(first), second.map(pieces), &params);
                    let wanted = wanted.ok().map(|(a, b)| (a.len(), b.map_or(0, |b| b.len())));
                    let got = kept(first, second, max_length, strategy).ok();
                    assert_eq!(got, wanted, "{strategy:?} {first} {second:?} {max_length}");
                }
            }
        }
    }
}
