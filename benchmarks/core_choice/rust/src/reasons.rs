//! What a run concluded in; the reasons of every mistake as JSON out.
use crate::program::{Node, Part, Rule, Value};
use crate::run::{Contribution, Run, is_reason};
use std::cmp::Ordering;
use std::io::Write;

const DIMENSIONS: [&str; 6] = ["severity", "relief", "noticed", "urgency", "verdict", "overall"];
const VERDICT: usize = 4;

pub fn reasons(run: &Run) -> Vec<u8> {
    let mut mistakes: Vec<usize> = run
        .contributions
        .iter()
        .filter(|each| is_reason(each))
        .map(|each| each.mistake)
        .collect();
    mistakes.sort_by_key(|&fact| id(run, fact));
    mistakes.dedup();
    let mut out = vec![b'['];
    for (i, &mistake) in mistakes.iter().enumerate() {
        out.extend_from_slice(if i > 0 { b",{\"fact\":" } else { b"{\"fact\":" });
        text(&mut out, id(run, mistake));
        out.extend_from_slice(b",\"because\":[");
        let mut of_one: Vec<&Contribution> = run
            .contributions
            .iter()
            .filter(|each| each.mistake == mistake && is_reason(each))
            .collect();
        of_one.sort_by(|a, b| heavier(run, a, b));
        for (i, each) in of_one.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            reason(run, each, &mut out);
        }
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
    out
}

fn heavier(run: &Run, a: &Contribution, b: &Contribution) -> Ordering {
    let (one, other) = (&run.program.rules[a.rule], &run.program.rules[b.rule]);
    let by_size = a.dimension.cmp(&b.dimension).then(b.amount.abs().cmp(&a.amount.abs()));
    let by_rule = by_size.then_with(|| run.facts.word(one.id).cmp(run.facts.word(other.id)));
    by_rule.then_with(|| facts(run, one, a.matched).cmp(facts(run, other, b.matched)))
}

fn facts<'r>(run: &'r Run, rule: &'r Rule, matched: usize) -> impl Iterator<Item = &'r str> {
    rule.facts.iter().map(move |slot| id(run, run.matches[matched + slot]))
}

fn id<'r>(run: &'r Run, fact: usize) -> &'r str {
    run.facts.word(run.facts.ids[fact])
}

fn reason(run: &Run, of: &Contribution, out: &mut Vec<u8>) {
    let rule = &run.program.rules[of.rule];
    let slots = &run.matches[of.matched..of.matched + rule.slots];
    let amount = if of.dimension == VERDICT {
        of.amount as f64
    } else {
        of.amount as f64 / 1e3
    };
    out.extend_from_slice(b"{\"rule\":");
    text(out, run.facts.word(rule.id));
    let _ = write!(
        out,
        ",\"dimension\":\"{}\",\"amount\":{amount:?},\"text\":",
        DIMENSIONS[of.dimension]
    );
    let rests = |(slot, column): &(usize, usize)| !run.facts.says(slots[*slot], *column);
    let assumed = rule.read.iter().any(rests);
    let mut said: String = rule.because.iter().map(|part| words(run, part, slots)).collect();
    if assumed && rule.shown.iter().any(rests) {
        said.push_str(" (assumed)");
    }
    text(out, &said);
    out.extend_from_slice(b",\"facts\":[");
    list(out, facts(run, rule, of.matched));
    out.extend_from_slice(b"],\"sources\":[");
    list(out, rule.sources.iter().map(String::as_str));
    let basis = if assumed {
        "assumed"
    } else if rule.concluded {
        "concluded"
    } else {
        "said"
    };
    let _ = write!(out, "],\"basis\":\"{basis}\"}}");
}

fn list<'a>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'a str>) {
    for (i, each) in texts.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        text(out, each);
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text); // writing to a Vec cannot fail
}

fn words(run: &Run, part: &Part, slots: &[usize]) -> String {
    let show = |node: &Node| show(run, run.evaluate(node, slots));
    match part {
        Part::Text(text) => text.clone(),
        Part::Title(slot) => run.facts.kind(slots[*slot]).title.clone(),
        Part::Show(node) => show(node),
        Part::Word(node) => show(node).replace('_', " "),
    }
}

/// A value as people write it.
fn show(run: &Run, value: Value) -> String {
    match value {
        Value::Unknown => "unknown".into(),
        Value::Truth(truth) => if truth { "yes" } else { "no" }.into(),
        Value::Whole(whole) => whole.to_string(),
        Value::Number(number) if number.fract() == 0.0 => format!("{number:.0}"),
        Value::Number(number) => {
            let places = format!("{number:.3}");
            let shortest = places.trim_end_matches('0');
            if shortest.ends_with('.') {
                format!("{shortest}0")
            } else {
                shortest.into()
            }
        }
        Value::Word(word) => run.facts.word(word).into(),
        Value::Set(set) => run
            .facts
            .set(set)
            .iter()
            .map(|&word| run.facts.word(word))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
