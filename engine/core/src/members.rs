//! Where the members of a JSON object are, for those who take some of them out: see `misstep/batch/inputs/kept.py`.
use jiter::Jiter;
use pyo3::prelude::*;

/// A key, where it begins, and where its value begins and ends.
type Member = (String, usize, usize, usize);

/// The members of an object at the top, in their order; None for what Python has to look at, as other letters than those of ASCII, which
/// it counts otherwise.
#[pyfunction]
pub fn members(text: &str) -> Option<Vec<Member>> {
    if !text.is_ascii() {
        return None;
    }
    let bytes = text.as_bytes();
    let next = |from: usize, wanted: fn(u8) -> bool| Some(from + bytes[from..].iter().position(|&byte| wanted(byte))?);
    let mut json = Jiter::new(bytes);
    let mut found: Vec<Member> = vec![];
    let mut name = json.next_object().ok()?.map(str::to_owned);
    while let Some(key) = name {
        let begin = next(found.last().map_or(0, |member| member.3), |byte| byte == b'"')?;
        let value = next(json.current_index(), |byte| !byte.is_ascii_whitespace())?;
        json.next_skip().ok()?;
        found.push((key, begin, value, json.current_index()));
        name = json.next_key().ok()?.map(str::to_owned);
    }
    json.finish().ok()?;
    Some(found)
}
