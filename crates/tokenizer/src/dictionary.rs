//! The most probable segmentation of text into words of a dictionary: the same as jieba's `cut` without HMM.
//!
//! The crate `jieba-rs` would add 500 KB of tables for its HMM, which is not used here; the tests compare with it.

use crate::Problem;
use std::ops::Range;

/// Words with the logarithms of their frequencies.
pub struct Dictionary {
    /// Lines of a word, a space and a number, sorted by bytes.
    text: Vec<u8>,
    /// The start of each line.
    starts: Vec<u32>,
    logarithms: Vec<f64>,
    /// Ranges of lines by the first character of their word, below U+10000.
    firsts: Vec<u32>,
    log_total: f64,
}

/// Characters of the basic plane, which nearly all words start with.
const FIRSTS: usize = 0x1_0000;

/// The best segmentation from a character on.
#[derive(Clone, Copy)]
struct Step {
    logarithm: f64,
    /// The character after the first word.
    end: usize,
}

impl Dictionary {
    /// From lines of a word, a space and its frequency, sorted by bytes. Errors: no lines, an invalid line, one
    /// that is out of order.
    pub fn new(text: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(text)?;
        let (mut starts, mut logarithms, mut firsts) = (vec![], vec![], vec![]);
        let (mut total, mut at, mut before) = (0u64, 0, "");
        for (number, line) in text.split_terminator('\n').enumerate() {
            let place = || format!("line {} of the dictionary is {line:?}", number + 1);
            let (word, frequency) = line.split_once(' ').unwrap_or_default();
            let frequency = frequency.parse::<u32>().ok().filter(|n| *n > 0 && !word.is_empty());
            let frequency = frequency.ok_or_else(|| format!("{}, not a word, a space and a number", place()))?;
            if line <= before {
                return Err(format!("{}, which does not come after {before:?}", place()).into());
            }
            let first = word.chars().next().map_or(0, |first| FIRSTS.min(first as usize));
            firsts.resize(firsts.len().max(first + 1), starts.len() as u32);
            starts.push(at);
            logarithms.push(f64::from(frequency).ln());
            total += u64::from(frequency);
            at += line.len() as u32 + 1;
            before = line;
        }
        firsts.resize(firsts.len().max(FIRSTS + 1), starts.len() as u32);
        if starts.is_empty() {
            return Err("the dictionary of words is empty".into());
        }
        Ok(Self { text: text.as_bytes().to_vec(), starts, logarithms, firsts, log_total: (total as f64).ln() })
    }

    /// The words of `text`, as consecutive byte ranges that cover it. Characters that cannot be part of a
    /// word are separate.
    pub fn cut(&self, text: &str) -> Vec<Range<usize>> {
        let mut words = vec![];
        let mut block: Vec<(usize, char)> = vec![];
        for (at, character) in text.char_indices() {
            if belongs(character) {
                block.push((at, character));
                continue;
            }
            self.cut_block(&block, at, &mut words);
            block.clear();
            words.push(at..at + character.len_utf8());
        }
        self.cut_block(&block, text.len(), &mut words);
        words
    }

    /// Segments neighboring characters, given with their positions, up to the byte `end` of the text.
    fn cut_block(&self, block: &[(usize, char)], end: usize, words: &mut Vec<Range<usize>>) {
        let steps = self.steps(block);
        let place = |at: usize| block.get(at).map_or(end, |(byte, _)| *byte);
        let mut at = 0;
        let mut joins = false; // single letters and digits are joined with their neighbors
        while at < block.len() {
            let next = steps[at].end;
            let alone = next == at + 1 && block[at].1.is_ascii_alphanumeric();
            match words.last_mut() {
                Some(last) if alone && joins => last.end = place(next),
                _ => words.push(place(at)..place(next)),
            }
            joins = alone;
            at = next;
        }
    }

    /// The best segmentation from each character on, computed from the last to the first.
    fn steps(&self, block: &[(usize, char)]) -> Vec<Step> {
        let mut steps = vec![Step { logarithm: 0.0, end: block.len() }; block.len() + 1];
        for at in (0..block.len()).rev() {
            let mut best: Option<Step> = None;
            self.each_word(&block[at..], |length, line| {
                let end = at + length;
                let logarithm = self.logarithms[line] - self.log_total + steps[end].logarithm;
                // On ties, the longer first word counts; words come in order of length.
                if best.is_none_or(|best| logarithm >= best.logarithm) {
                    best = Some(Step { logarithm, end });
                }
            });
            let alone = Step { logarithm: 0.0 - self.log_total + steps[at + 1].logarithm, end: at + 1 };
            steps[at] = best.unwrap_or(alone);
        }
        steps
    }

    /// Calls `found` with the length and the line of each word that `block` begins with, shorter ones first.
    fn each_word(&self, block: &[(usize, char)], mut found: impl FnMut(usize, usize)) {
        let (mut lines, mut bytes) = (0..self.starts.len(), 0);
        for (length, (_, character)) in block.iter().enumerate() {
            if bytes == 0 {
                let first = FIRSTS.min(*character as usize);
                lines = self.firsts[first] as usize..self.firsts.get(first + 1).map_or(lines.end, |end| *end as usize);
            }
            lines = self.narrowed(lines, bytes, *character);
            if lines.is_empty() {
                return;
            }
            bytes += character.len_utf8();
            // A word comes before those that it begins, as a space does before every letter.
            if self.text[self.starts[lines.start] as usize + bytes] == b' ' {
                found(length + 1, lines.start);
            }
        }
    }

    /// The `lines`, which agree in their first `bytes`, whose next character is `character`.
    fn narrowed(&self, lines: Range<usize>, bytes: usize, character: char) -> Range<usize> {
        let mut buffer = [0; 4];
        let wanted = character.encode_utf8(&mut buffer).as_bytes();
        let rest = |start: &u32| {
            let from = *start as usize + bytes;
            &self.text[from..self.text.len().min(from + wanted.len())]
        };
        let starts = &self.starts[lines.clone()];
        let begin = starts.partition_point(|start| rest(start) < wanted);
        let count = starts[begin..].partition_point(|start| rest(start) == wanted);
        lines.start + begin..lines.start + begin + count
    }
}

/// Whether jieba's dictionary may have a word with `character`.
fn belongs(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '+' | '#' | '&' | '.' | '_' | '%' | '-')
        || matches!(
            u32::from(character),
            0x4E00..=0x9FFF
                | 0x3400..=0x4DBF
                | 0xF900..=0xFAFF
                | 0x20000..=0x2A6DF
                | 0x2A700..=0x2B73F
                | 0x2B740..=0x2B81F
                | 0x2B820..=0x2CEAF
                | 0x2CEB0..=0x2EBEF
                | 0x2F800..=0x2FA1F
        )
}

#[cfg(test)]
/// Shared with the tests of `jieba`.
pub mod tests {
    use super::*;
    use jieba_rs::Jieba;
    use std::collections::BTreeMap;

    /// A dictionary of words that overlap.
    pub const DICTIONARY: &str =
        ".14 2\n3 1\nc++ 5\nt恤 9\n今天 900\n今天天气 3\n天 50\n天天 40\n天气 700\n好 300\n常好 20\n非常 500\n";

    const LETTERS: [&str; 24] = [
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
        "，",
        "😀",
        "한",
        "\u{f900}",
        "\u{2b820}",
        "𠮷",
    ];

    /// Texts of `letters`, the same in every run.
    pub fn texts(letters: &[&str], count: usize) -> Vec<String> {
        let mut random = random();
        (0..count).map(|_| (0..random(14)).map(|_| letters[random(letters.len())]).collect()).collect()
    }

    fn random() -> impl FnMut(usize) -> usize {
        let mut state = 3u64;
        move |below| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % below
        }
    }

    fn same_as_jieba(dictionary: &str, texts: &[String]) {
        let jieba = Jieba::with_dict(&mut dictionary.as_bytes()).unwrap();
        let ours = Dictionary::new(dictionary.as_bytes()).unwrap();
        for text in texts {
            let wanted: Vec<&str> = jieba.cut(text, false).into_iter().map(|token| token.word).collect();
            let found: Vec<&str> = ours.cut(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, wanted, "{text:?}");
        }
    }

    #[test]
    fn words_are_those_of_jieba() {
        same_as_jieba(DICTIONARY, &texts(&LETTERS, 5000));
    }

    #[test]
    fn words_are_those_of_jieba_for_any_dictionary() {
        let mut random = random();
        for _ in 0..60 {
            let letters: Vec<&str> = LETTERS.into_iter().filter(|l| l.chars().all(belongs)).collect();
            let words: BTreeMap<String, usize> = (0..40)
                .map(|_| ((0..=random(4)).map(|_| letters[random(letters.len())]).collect(), 1 + random(9)))
                .collect();
            let dictionary: String = words.iter().map(|(word, n)| format!("{word} {n}\n")).collect();
            let mut lines: Vec<&str> = dictionary.lines().collect();
            lines.sort_unstable();
            same_as_jieba(&(lines.join("\n") + "\n"), &texts(&LETTERS, 300));
        }
    }

    #[test]
    fn every_character_is_cut_where_jieba_cuts_it() {
        let all: String = ('\0'..=char::MAX).filter(|c| *c != '\r').collect();
        same_as_jieba(DICTIONARY, &[all]);
    }

    #[test]
    fn a_dictionary_that_is_none_is_refused() {
        let problem = |text: &[u8]| Dictionary::new(text).err().map(|problem| problem.to_string());
        assert_eq!(problem(b"").unwrap(), "the dictionary of words is empty");
        assert!(problem(b"\xff\xfe 3\n").is_some());
        for line in ["x", "x ", "x 0", " 3", "x -1", ""] {
            let wanted = format!("line 2 of the dictionary is {line:?}, not a word, a space and a number");
            assert_eq!(problem(format!("a 1\n{line}\n").as_bytes()).unwrap(), wanted);
        }
        let wanted = "line 2 of the dictionary is \"a 1\", which does not come after \"b 1\"";
        assert_eq!(problem(b"b 1\na 1\n").unwrap(), wanted);
    }
}
