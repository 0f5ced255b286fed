//! The answer as JSON, from conclusions, findings and plan, as `misstep/assessment/assembly.py` builds it.
use crate::drafting::Draft;
use crate::json::Json;
use crate::memory::{Firing, Memory};
use crate::planning::{Barred, Choice, Plan, PlannedStep};
use crate::program::{Effect, Program, Value};
use crate::scoring::Finding;
use crate::speech::capitalized;

impl Memory<'_> {
    /// The answer without reasons and texts.
    pub fn outline(&self, plan: &Plan, schema: i64) -> Vec<u8> {
        let mut json = Json::default();
        self.head(&mut json, schema);
        self.summarize(&mut json, plan);
        json.name("findings").list(&self.findings, |json, finding| {
            self.put_finding(json, finding, None);
            json.put("}");
        });
        json.name("steps").list(plan.steps.iter().enumerate(), |json, (place, step)| {
            json.put("{").name("rank").whole(place as i64 + 1);
            json.name("occasion").text(self.facts.word(step.occasion)).name("channel").text(self.facts.word(step.channel));
            due_hours(json, step);
            json.name("actions").texts(step.choices.iter().map(|choice| self.program.actions[choice.action].id.as_str()));
            json.put("}");
        });
        json.put("}");
        json.into_bytes()
    }

    /// The answer without reasons, findings and steps.
    pub fn scores(&self, plan: &Plan, schema: i64) -> Vec<u8> {
        let mut json = Json::default();
        self.head(&mut json, schema);
        self.summarize(&mut json, plan);
        json.put("}");
        json.into_bytes()
    }

    /// The whole answer.
    pub fn assemble(&mut self, plan: &Plan, schema: i64) -> Json {
        let derived = self.name_derived();
        let mut cited = vec![false; self.program.sources.len()];
        let mut json = Json::default();
        self.head(&mut json, schema);
        json.member("headline").text(&self.headline(plan));
        self.summarize(&mut json, plan);
        let because = self.reasons_of(None);
        self.weighed(json.member("because"), &because);
        cite(self.program, &mut cited, because.iter().map(|reason| reason.firing));
        json.member("findings").list(&self.findings, |json, finding| {
            self.put_finding(json, finding, Some(&self.told(self.facts.kind(finding.fact).word, finding.fact)));
            let because = self.reasons_of(Some(finding.fact));
            self.weighed(json.name("because"), &because);
            json.put("}");
            cite(self.program, &mut cited, because.iter().map(|reason| reason.firing));
        });
        let drafts: Vec<Option<Draft>> = plan.steps.iter().map(|step| self.message(step, plan)).collect();
        json.member("steps").list(plan.steps.iter().zip(&drafts).enumerate(), |json, (place, (step, draft))| {
            self.step(json, place, step, draft.as_ref(), &mut cited);
        });
        json.member("avoid").list(self.what_to_avoid(plan), |json, avoid| {
            json.put(&self.program.actions[avoid.action].named);
            self.ids(json.name("for"), avoid.targets);
            cite(self.program, &mut cited, avoid.firings.iter().copied());
            self.action_reasons(json.name("because"), avoid.firings);
            json.put("}");
        });
        json.member("derived").list(derived, |json, fact| {
            self.derived(json, fact);
            let because: Vec<Firing> = self.derivations.iter().filter(|(of, _)| *of == fact).map(|(_, firing)| *firing).collect();
            cite(self.program, &mut cited, because.iter().copied());
            self.action_reasons(json.name("because"), because);
            json.put("}");
        });
        json.member("notes").texts(self.notes_in_order().iter().map(String::as_str));
        json.member("draft").optional(drafts.iter().flatten().next().map(|draft| draft.body.as_str()));
        let sources = self.program.sources.iter().zip(cited).filter(|(_, cited)| *cited);
        json.member("sources").list(sources, |json, (source, _)| {
            json.put(&source.json);
        });
        json.put("}");
        json
    }

    /// Which answer it is; it is left open.
    fn head(&self, json: &mut Json, schema: i64) {
        let info = &self.program.rulebase;
        json.put("{").member("schema").whole(schema);
        json.member("id").optional(self.facts.record_id.as_deref());
        json.member("rulebase").put("{").name("name").text(&info.name).name("version").text(&info.version);
        json.name("digest").text(&info.digest).put("}");
    }

    /// The answer without reasons.
    fn summarize(&self, json: &mut Json, plan: &Plan) {
        let scale = &self.program.scale;
        json.member("damage").tenths(plan.damage).member("damage_after").tenths(plan.damage_after);
        self.facts.put_word(json.member("band"), self.band());
        self.facts.put_word(json.member("verdict"), plan.verdict);
        self.facts.put_word(json.member("outlook"), scale.outlooks[self.outlook]);
        json.member("acts").truth(plan.acts(self.program));
    }

    /// A finding without its reasons, with what is said of it; it is left open.
    fn put_finding(&self, json: &mut Json, finding: &Finding, said: Option<&str>) {
        let (scale, kind) = (&self.program.scale, self.facts.kind(finding.fact));
        let put_word = |json: &mut Json, word: u32| {
            self.facts.put_word(json, word);
        };
        json.put("{").name("fact").text(self.id(finding.fact)).put(&kind.named);
        if let Some(said) = said {
            json.name("word").text(said);
        }
        json.name("severity").thousandths(finding.severity);
        put_word(json.name("severity_band"), scale.severity.words[finding.severity_band]);
        json.name("noticed").thousandths(finding.noticed);
        put_word(json.name("noticed_level"), scale.noticed.words[finding.noticed_level]);
        json.name("urgency").thousandths(finding.urgency);
        put_word(json.name("urgency_level"), scale.urgency.words[finding.urgency_level]);
        put_word(json.name("damage").thousandths(finding.damage).name("verdict"), scale.verdicts[finding.verdict]);
    }

    fn step(&self, json: &mut Json, place: usize, step: &PlannedStep, draft: Option<&Draft>, cited: &mut [bool]) {
        json.put("{").name("rank").whole(place as i64 + 1).name("occasion").text(self.facts.word(step.occasion));
        let clauses = self.clauses_of(&step.choices.iter().collect::<Vec<_>>(), usize::MAX);
        let title = match self.program.scale.occasions.iter().find(|(occasion, _, _)| *occasion == step.occasion) {
            Some((_, _, title)) => format!("{title}: {clauses}"),
            None => capitalized(&clauses),
        };
        json.name("title").text(&title).name("channel").text(self.facts.word(step.channel));
        due_hours(json, step);
        let texts: Vec<String> = step.choices.iter().map(|choice| self.advice(choice)).collect();
        let said: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        json.name("text").text(&said.join(" ")).name("message");
        match draft {
            None => json.put("null"),
            Some(draft) => {
                json.put("{").name("subject").optional(draft.subject.as_deref()).name("body").text(&draft.body);
                json.name("blanks").texts(draft.blanks.iter().map(String::as_str)).put("}")
            }
        };
        json.name("actions").list(step.choices.iter().zip(&texts), |json, (choice, text)| {
            let action = &self.program.actions[choice.action];
            json.put(&action.named);
            self.ids(json.name("for"), choice.relief.iter().map(|(target, _)| *target).collect());
            json.name("reach").text(action.reach.word()).name("priority").put(&choice.priority(self.program));
            json.name("relief").tenths(choice.damage_relieved).name("text").text(text);
            let because: Vec<Firing> = choice.advice.iter().map(|advice| advice.firing).collect();
            cite(self.program, cited, because.iter().copied());
            self.action_reasons(json.name("because"), because);
            json.put("}");
        });
        json.put("}");
    }

    /// How an action is done for its mistakes.
    fn advice(&self, choice: &Choice) -> String {
        let mut advice: Vec<String> = vec![];
        for finding in self.findings.iter().filter(|finding| choice.relieves(finding.fact)) {
            let of_kind = self.facts.kind(finding.fact).advice.iter().find(|(action, _)| *action == choice.action);
            let told = of_kind.map(|(_, template)| self.told(*template, finding.fact));
            advice.extend(told.filter(|text| !text.is_empty() && !advice.contains(text)));
        }
        advice.truncate(MOST_ADVICE);
        let text = advice.join(" ");
        if text.is_empty() { self.program.actions[choice.action].text.clone() } else { text }
    }

    fn ids(&self, json: &mut Json, mut facts: Vec<usize>) {
        facts.sort_by(|&a, &b| self.id(a).cmp(self.id(b)));
        facts.dedup();
        json.texts(facts.into_iter().map(|fact| self.id(fact)));
    }

    /// A derived fact without its reasons; it is left open.
    fn derived(&self, json: &mut Json, fact: usize) {
        let kind = self.facts.kind(fact);
        json.put("{").name("fact").text(self.id(fact)).put(&kind.named).name("values").put("{");
        for (column, field) in kind.fields.iter().enumerate() {
            json.name(&field.name);
            match self.facts.value(fact, column) {
                Value::Unknown => json.put("null"),
                Value::Truth(truth) => json.truth(truth),
                Value::Whole(whole) => json.whole(whole),
                Value::Number(number) => json.number(number),
                Value::Word(word) => self.facts.put_word(json, word),
                Value::Set(set) => json.texts(self.facts.set(set).iter().map(|&word| self.facts.word(word))),
            };
        }
        json.put("}");
    }

    /// The vetoed actions by id, except those that an action of the plan excludes.
    fn what_to_avoid(&self, plan: &Plan) -> Vec<Avoid> {
        let mut excluded = vec![Barred::Some(vec![]); self.program.actions.len()];
        for choice in plan.choices() {
            let targets: Vec<usize> = choice.relief.iter().map(|(target, _)| *target).collect();
            for &loser in &self.program.actions[choice.action].excludes {
                excluded[loser].add((!targets.is_empty()).then_some(&targets));
            }
        }
        let mut avoided: Vec<Avoid> = vec![];
        for veto in &self.vetoes {
            let unsaid = &excluded[veto.action];
            let targets: Vec<usize> = veto.mistakes.iter().copied().filter(|&target| !unsaid.has(target)).collect();
            if unsaid.is_all() || (targets.is_empty() && (!veto.mistakes.is_empty() || !unsaid.is_none())) {
                continue;
            }
            match avoided.iter_mut().find(|avoid| avoid.action == veto.action) {
                Some(avoid) => {
                    avoid.targets.extend(targets);
                    avoid.firings.push(veto.firing);
                }
                None => avoided.push(Avoid { action: veto.action, targets, firings: vec![veto.firing] }),
            }
        }
        avoided.sort_by(|a, b| self.program.actions[a.action].id.cmp(&self.program.actions[b.action].id));
        avoided
    }

    /// What is assumed, then the notes of rules, equal ones once.
    fn notes_in_order(&self) -> Vec<String> {
        let mut notes: Vec<(&str, String)> = vec![];
        for (place, firing) in &self.notes {
            let rule = &self.program.rules[firing.rule];
            let Effect::Note(parts) = &rule.effects[*place] else {
                continue;
            };
            let (id, mut text) = (self.facts.word(rule.id), String::new());
            self.say(parts, self.matched(*firing), |piece| text.push_str(piece));
            match notes.iter_mut().find(|(_, known)| *known == text) {
                Some(note) => note.0 = id,
                None => notes.push((id, text)),
            }
        }
        notes.sort();
        let assumed = self.facts.assumed.iter().map(|&kind| self.program.kinds[kind].assumed.clone());
        assumed.chain(notes.into_iter().map(|(_, text)| text)).collect()
    }
}

const MOST_ADVICE: usize = 2;

/// A vetoed action, with the mistakes that it is vetoed for.
struct Avoid {
    action: usize,
    targets: Vec<usize>,
    firings: Vec<Firing>,
}

fn cite(program: &Program, cited: &mut [bool], firings: impl Iterator<Item = Firing>) {
    for firing in firings {
        for &source in &program.rules[firing.rule].cited {
            cited[source] = true;
        }
    }
}

fn due_hours(json: &mut Json, step: &PlannedStep) {
    json.name("due_hours");
    if step.due_hours.is_finite() {
        json.number(step.due_hours);
    } else {
        json.put("null");
    }
}
