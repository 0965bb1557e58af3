//! Limits the growth of texts: a `Replace` may multiply a text, and several multiply each other.

use crate::Problem;
use serde_json::{Value, from_value};
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pattern::Pattern;
use tokenizers::utils::SysRegex;
use tokenizers::{NormalizedString, Normalizer};

/// Maximum bytes of any text.
const ANY: usize = 1 << 24;
/// Maximum growth factor of longer texts: one byte, such as a space, is often replaced by three.
const TIMES: usize = 8;

/// The steps of a normalizer or a decoder.
pub struct Growth {
    steps: Vec<Step>,
    /// Upper bound of the growth factor.
    most: f64,
}

struct Step {
    parameters: Value,
    replaces: Option<(Matches, usize)>,
}

enum Matches {
    Text(String),
    Regex(SysRegex),
}

impl Matches {
    fn count(&self, text: &str) -> Result<usize, Problem> {
        match self {
            Self::Text(pattern) => Ok(text.matches(pattern.as_str()).count()),
            Self::Regex(regex) => Ok(regex.find_matches(text)?.iter().filter(|(_, matches)| *matches).count()),
        }
    }

    /// Minimum bytes of a match.
    fn least(&self) -> usize {
        match self {
            Self::Text(pattern) => pattern.len(),
            Self::Regex(_) => 0,
        }
    }
}

impl Growth {
    /// The growth by a normalizer or a decoder of a `tokenizer.json`. Errors: an invalid regular expression, and steps
    /// that may make a single character too long.
    pub fn new(part: Value) -> Result<Self, Problem> {
        let mut steps = vec![];
        flatten(part, &mut steps)?;
        let times = |(matches, content): &(Matches, usize)| match matches.least() {
            0 => 1.0 + *content as f64, // before each character, and after the last
            least => (*content as f64 / least as f64).max(1.0),
        };
        let most = steps.iter().filter_map(|step| step.replaces.as_ref()).map(times).product();
        if most > ANY as f64 {
            return Err(format!("replacing may make a text {most:e} times as long, not at most {ANY} times").into());
        }
        Ok(Self { steps, most })
    }

    /// Whether any text may become longer.
    pub fn multiplies(&self) -> bool {
        self.most > 1.0
    }

    /// Errors: `bytes` of text may become too long.
    pub fn check_length(&self, bytes: usize) -> Result<(), Problem> {
        if self.fits(bytes) { Ok(()) } else { Err(too_long(bytes)) }
    }

    /// Errors: `text` becomes too long by a normalizer's steps. Stops before it exceeds the limit.
    pub fn check(&self, text: &str) -> Result<(), Problem> {
        if self.fits(text.len()) {
            return Ok(());
        }
        let mut now = text.to_owned();
        for step in &self.steps {
            if let Some((matches, content)) = &step.replaces
                && matches.count(&now)?.saturating_mul(*content) > limit(text.len())
            {
                return Err(too_long(text.len()));
            }
            let mut normalized = NormalizedString::from(now);
            from_value::<NormalizerWrapper>(step.parameters.clone())?.normalize(&mut normalized)?;
            now = normalized.get().to_owned();
            if now.len() > limit(text.len()) {
                return Err(too_long(text.len()));
            }
        }
        Ok(())
    }

    fn fits(&self, bytes: usize) -> bool {
        !self.multiplies() || self.most * (bytes as f64 + 1.0) <= limit(bytes) as f64
    }
}

fn limit(bytes: usize) -> usize {
    ANY.max(bytes.saturating_mul(TIMES))
}

fn too_long(bytes: usize) -> Problem {
    format!("replacing makes {bytes} bytes of text longer than {} bytes", limit(bytes)).into()
}

fn flatten(part: Value, steps: &mut Vec<Step>) -> Result<(), Problem> {
    let Value::Object(mut fields) = part else {
        return Ok(());
    };
    for list in ["normalizers", "decoders"] {
        if let Some(Value::Array(parts)) = fields.remove(list) {
            return parts.into_iter().try_for_each(|part| flatten(part, steps));
        }
    }
    let replaces = match (fields.get("type"), fields.get("pattern"), fields.get("content")) {
        (Some(Value::String(kind)), Some(pattern), Some(Value::String(content))) if kind == "Replace" => {
            let matches = match (&pattern["String"], &pattern["Regex"]) {
                (Value::String(text), _) => Matches::Text(text.clone()),
                (_, Value::String(regex)) => Matches::Regex(SysRegex::new(regex)?),
                _ => return Err(format!("a pattern is {pattern}").into()),
            };
            Some((matches, content.len()))
        }
        _ => None,
    };
    steps.push(Step { parameters: Value::Object(fields), replaces });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn new(pattern: Value, content: &str, times: usize) -> Result<Growth, Problem> {
        let step = json!({ "type": "Replace", "pattern": pattern, "content": content });
        Growth::new(json!({ "type": "Sequence", "normalizers": vec![step; times] }))
    }

    fn replaces(pattern: Value, content: &str, times: usize) -> Growth {
        new(pattern, content, times).unwrap()
    }

    #[test]
    fn what_multiplies_a_text_is_refused_before_it_does() {
        for pattern in [json!({ "String": "a" }), json!({ "Regex": "a|b" }), json!({ "String": "" })] {
            assert!(new(pattern.clone(), &"a".repeat(100), 5).is_err());
            let growth = replaces(pattern, &"a".repeat(100), 3);
            assert!(growth.check(&"a".repeat(100)).is_err());
        }
        let thrice = replaces(json!({ "Regex": "a|b" }), &"a".repeat(100), 3);
        assert!(thrice.check(&"c".repeat(1000)).is_ok());
        let twice = replaces(json!({ "String": "a" }), &"a".repeat(100), 2);
        assert!(twice.check(&"a".repeat(1000)).is_ok());
        assert!(twice.check(&"a".repeat(2000)).is_err());
        assert!(twice.check_length(2000).is_err());
    }

    #[test]
    fn a_long_text_of_spaces_may_have_its_marks() {
        let metaspace = replaces(json!({ "String": " " }), "▁", 1);
        assert!(metaspace.check(&" ".repeat(20_000_000)).is_ok());
        assert!(metaspace.check_length(20_000_000).is_ok());
    }

    #[test]
    fn the_length_is_that_of_the_crate() {
        let growth = replaces(json!({ "Regex": "b*" }), "xyz", 2);
        let times = |text: &str| {
            let mut normalized = NormalizedString::from(text);
            for step in &growth.steps {
                let normalizer: NormalizerWrapper = from_value(step.parameters.clone()).unwrap();
                normalizer.normalize(&mut normalized).unwrap();
            }
            normalized.get().len() as f64
        };
        for text in ["a", "bb", "aba", "ab ba é"] {
            assert!(times(text) <= growth.most * (text.len() as f64 + 1.0), "{text:?}");
        }
    }
}
