//! The words of a plan: the message of each step, and the headline, as `misstep/assessment/drafting.py` writes them.
use crate::memory::Memory;
use crate::planning::{Choice, Plan, PlannedStep};
use crate::program::MessagePart;
use crate::speech::{GLUE, Occurrence, capitalized};

const MOST_CLAUSES: usize = 2;
const LONGEST_BLANK: usize = 80;
const USUAL_SENTENCE: usize = 128;

pub struct Draft {
    pub subject: Option<String>,
    pub body: String,
    pub blanks: Vec<String>,
}

type Part<'p> = (&'p MessagePart, Vec<String>);

impl Memory<'_> {
    /// The answer to the question that the person asks.
    pub fn headline(&self, plan: &Plan) -> String {
        let message = &self.program.scale.message;
        if message.headline.is_none() {
            return match plan.steps.first() {
                None => format!("{}.", capitalized(&self.facts.word(plan.verdict).replace('_', " "))),
                Some(step) => {
                    let titles: Vec<&str> =
                        step.choices.iter().map(|choice| self.program.actions[choice.action].title.as_str()).collect();
                    format!("{}, {}.", joined(&titles), self.due_in_words(step.due_hours))
                }
            };
        }
        let mut of = self.occurrence(plan);
        let outward: Vec<&PlannedStep> = plan.steps.iter().filter(|step| step.outward(self.program)).collect();
        let repairing = outward.iter().find(|step| step.choices.iter().any(|choice| choice.repairs(self.program)));
        if let Some(step) = repairing.or(outward.first()) {
            let (mut repairs, mut adds) = (vec![], vec![]);
            for choice in &step.choices {
                if choice.repairs(self.program) {
                    repairs.push(choice);
                } else if self.program.actions[choice.action].outward() {
                    adds.push(choice);
                }
            }
            let clauses = |choices: &[&Choice]| self.clauses_of(choices, MOST_CLAUSES);
            let word = |word: u32| self.facts.word(word).to_string();
            of.step =
                [word(step.occasion), word(step.channel), self.due_in_words(step.due_hours), clauses(&repairs), clauses(&adds)];
        }
        on_one_line(&self.render(message.headline, &of))
    }

    /// What a template of the kind of a mistake says to the person.
    pub fn told(&self, template: Option<usize>, mistake: usize) -> String {
        on_one_line(&self.of_kind(template, mistake))
    }

    /// The message of a step; None if its channel has none, or if no action has words for it.
    pub fn message(&self, step: &PlannedStep, plan: &Plan) -> Option<Draft> {
        let message = &self.program.scale.message;
        let written = message.written.contains(&step.channel);
        let spoken = message.spoken.iter().find(|(channel, _)| *channel == step.channel);
        let opening = if written { message.opening } else { spoken?.1 };
        let speaking: Vec<&Choice> =
            step.choices.iter().filter(|choice| self.program.actions[choice.action].says.is_some()).collect();
        if speaking.is_empty() {
            return None;
        }
        let whole = self.occurrence(plan);
        let mut said: Vec<Vec<String>> = message.parts.iter().map(|_| vec![]).collect();
        let mut already: Vec<String> = vec![];
        for choice in speaking {
            let action = &self.program.actions[choice.action];
            let about = Occurrence { mistakes: self.mentioned(choice), ..whole.clone() };
            let sentences = sentences(&self.render(action.says, &about));
            said[action.part].extend(sentences.iter().filter(|sentence| !already.contains(sentence)).cloned());
            already.extend(sentences);
        }
        let own = message.parts.len() - 1; // spoken messages have no parts of their own
        let spoken_of: Vec<bool> = step.choices.iter().fold(vec![false; message.parts.len()], |mut found, choice| {
            let action = &self.program.actions[choice.action];
            found[action.part] |= action.says.is_some();
            found
        });
        for (place, part) in message.parts[..own].iter().enumerate() {
            if part.says.is_some() && said[place].is_empty() && (written || spoken_of[place]) {
                said[place] = sentences(&self.render(part.says, &whole));
            }
        }
        let mut parts: Vec<Part> = message.parts.iter().zip(said).filter(|(_, said)| !said.is_empty()).collect();
        for (part, sentences) in &mut parts {
            if part.sentences > 0 {
                sentences.truncate(part.sentences);
            }
        }
        while written && parts.last().is_some_and(|(part, _)| !part.last) {
            parts.pop();
        }
        let closing = if written { self.lines(message.closing, &whole) } else { String::new() };
        let body = body(parts, &self.lines(opening, &whole), &closing, message.max_words)?;
        let subject = if written { self.lines(message.subject, &whole).replace(GLUE, " ") } else { String::new() };
        let blanks = blanks(&format!("{subject}\n{body}"));
        Some(Draft { subject: Some(subject).filter(|subject| !subject.is_empty()), body, blanks })
    }

    fn occurrence(&self, plan: &Plan) -> Occurrence {
        Occurrence {
            verdict: plan.verdict,
            plan: plan.choices().map(|choice| choice.action).collect(),
            mistakes: self.findings.iter().map(|finding| finding.fact).collect(),
            ..Occurrence::default()
        }
    }

    /// The mistakes that an action mentions, worst first: of its own, or of all, the noticed ones, if there are any.
    fn mentioned(&self, choice: &Choice) -> Vec<usize> {
        let own = self.findings.iter().filter(|finding| choice.relief.is_empty() || choice.relieves(finding.fact));
        let noticed = own.clone().filter(|finding| Some(finding.noticed_level) != self.program.scale.message.unnoticed);
        let noticed: Vec<usize> = noticed.map(|finding| finding.fact).collect();
        if noticed.is_empty() { own.map(|finding| finding.fact).collect() } else { noticed }
    }

    fn lines(&self, template: Option<usize>, of: &Occurrence) -> String {
        let said = self.render(template, of);
        said.trim().split('\n').map(str::trim).collect::<Vec<_>>().join("\n")
    }

    /// Actions as parts of a sentence, at most so many: the first one, then the most important ones. One that only leads to a call is
    /// left out beside others.
    pub fn clauses_of(&self, choices: &[&Choice], most: usize) -> String {
        let leads = |choice: &&Choice| self.program.actions[choice.action].leads;
        let mut told: Vec<&Choice> = choices.iter().copied().filter(|choice| !leads(choice)).collect();
        if told.is_empty() {
            told = choices.to_vec();
        }
        let mut main = told.clone();
        if let Some(others) = main.get_mut(1..) {
            others.sort_by(|a, b| self.order(a, b));
        }
        main.truncate(most);
        let clauses = told.iter().filter(|choice| main.iter().any(|kept| kept.action == choice.action));
        joined(&clauses.map(|choice| self.program.actions[choice.action].clause.as_str()).collect::<Vec<_>>())
    }

    /// The due time of a step, counted from now; infinite: at any time.
    fn due_in_words(&self, hours: f64) -> String {
        if hours.is_infinite() {
            return "in your own time".into();
        }
        if hours <= 0.25 {
            return "now".into();
        }
        if 12.0 < hours && hours <= 24.0 {
            return "today".into();
        }
        let (amount, unit) = match hours {
            _ if hours < 1.0 => (format!("{:.0}", hours * 60.0), "minute"),
            _ if hours <= 24.0 => (format!("{hours:.1}"), "hour"),
            _ => (format!("{:.0}", hours / 24.0), "day"),
        };
        if amount.len() > MOST_DIGITS {
            self.leave(); // Python writes it with an exponent
        }
        let shown = amount.strip_suffix(".0").unwrap_or(&amount);
        format!("within {shown} {unit}{}", if shown == "1" { "" } else { "s" })
    }
}

const MOST_DIGITS: usize = 6;

pub fn joined(parts: &[&str]) -> String {
    match parts {
        [] => String::new(),
        [only] => (*only).into(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A text with single blanks between its words.
fn on_one_line(text: &str) -> String {
    let printed = text.bytes().fold(true, |all, byte| all & (b' '..=b'~').contains(&byte));
    if printed && !text.contains("  ") {
        return text.trim().into(); // nearly always
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split(|letter: char| GLUE.starts_with(letter) || letter.is_whitespace()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The sentences of a text: one ends with a full stop, a question or an exclamation mark before a blank.
fn sentences(text: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![];
    let mut ended = true;
    for word in text.split_whitespace() {
        match found.last_mut() {
            Some(sentence) if word.starts_with(['.', ',', ';']) => sentence.push_str(word), // left by an empty part of a template
            Some(sentence) if !ended => {
                sentence.push(' ');
                sentence.push_str(word);
            }
            _ => {
                let mut sentence = String::with_capacity(USUAL_SENTENCE);
                sentence.push_str(word);
                found.push(sentence);
            }
        }
        ended = word.ends_with(['.', '!', '?']);
    }
    found
}

/// The parts between opening and closing, without the sentences that are too many.
fn body(mut parts: Vec<Part>, opening: &str, closing: &str, most: usize) -> Option<String> {
    while !parts.is_empty() {
        let body = parts.iter().map(|(_, sentences)| sentences.join(" ")).collect::<Vec<_>>().join("\n\n");
        let text = format!("{opening}\n\n{body}\n\n{closing}").trim_matches('\n').replace(GLUE, " ");
        if text.split_whitespace().count() <= most {
            return Some(text);
        }
        leave_out(&mut parts);
    }
    None
}

/// Drop the last sentence of the last part that has several. If all parts have one, drop the last part, or the one before it if that
/// must not stand last.
fn leave_out(parts: &mut Vec<Part>) {
    if let Some((_, sentences)) = parts.iter_mut().rev().find(|(_, sentences)| sentences.len() > 1) {
        sentences.pop();
        return;
    }
    let count = parts.len();
    let before = count > 1 && !parts[count - 2].0.last;
    parts.remove(if before { count - 2 } else { count - 1 });
}

/// The blanks to be filled in, `[minutes]`, each once.
fn blanks(text: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![];
    for (start, _) in text.match_indices('[') {
        let inside = &text[start + 1..];
        let Some(end) = inside.find(['[', ']', '\n']) else { continue };
        let blank = &inside[..end];
        if inside[end..].starts_with(']') && (1..=LONGEST_BLANK).contains(&blank.chars().count()) {
            let blank = format!("[{blank}]");
            if !found.contains(&blank) {
                found.push(blank);
            }
        }
    }
    found
}
