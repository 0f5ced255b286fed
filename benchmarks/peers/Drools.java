// The mini rule base on Drools, on its executable model: a request comes in as a line of JSON, its answer goes out as one.
//
// {"passes": N, "interviews": [...]} -> {"seconds": S, "answers": [...]}: the seconds that N passes over the interviews take
// in here, from Java objects to Java objects, so that nothing of Python and nothing of the pipe is counted.

import static org.drools.model.DSL.declarationOf;
import static org.drools.model.DSL.globalOf;
import static org.drools.model.DSL.not;
import static org.drools.model.DSL.on;
import static org.drools.model.PatternDSL.alphaIndexedBy;
import static org.drools.model.PatternDSL.pattern;
import static org.drools.model.PatternDSL.rule;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.drools.model.Global;
import org.drools.model.Index.ConstraintType;
import org.drools.model.PatternDSL.PatternDef;
import org.drools.model.Variable;
import org.drools.model.functions.Predicate1;
import org.drools.model.functions.Predicate2;
import org.drools.model.impl.ModelImpl;
import org.drools.modelcompiler.KieBaseBuilder;
import org.kie.api.KieBase;
import org.kie.api.runtime.KieSession;

@SuppressWarnings({"rawtypes", "unchecked"}) // the list of actions is a global, and globals have no type parameters
public class Drools {
    record Context(int hoursSince, int panelSize, int remote, int formality, int patience, int nextRound) {}
    record Mistake(String id, String kind, int x, String tag, String reaction, int[] sums) {}
    record Finding(String id, String kind, int severity, int noticed, int urgency) {}
    record Complete() {}
    record Action(String name, String target, int priority) {}
    record Interview(Context context, List<Mistake> mistakes) {}
    record Answer(Map<String, int[]> totals, List<Action> actions) {}

    static final int SEVERITY = 0, NOTICED = 1, URGENCY = 2;
    static final Comparator<Action> ORDER =
        Comparator.comparing(Action::name).thenComparing(Action::target).thenComparing(Action::priority);

    static final Variable<Mistake> MISTAKE = declarationOf(Mistake.class);
    static final Variable<Mistake> OTHER = declarationOf(Mistake.class);
    static final Variable<Context> CONTEXT = declarationOf(Context.class);
    static final Variable<Finding> FINDING = declarationOf(Finding.class);
    static final Variable<Complete> COMPLETE = declarationOf(Complete.class);
    static final Global<List> ACTIONS = globalOf(List.class, "mini", "actions");

    final ModelImpl model = new ModelImpl().addGlobal(ACTIONS);
    final KieBase rules;

    Drools() {
        one("s01", "lateness", m -> m.x >= 5, 2);
        one("s02", "lateness", m -> m.x >= 15, 3);
        one("s03", "lateness", m -> m.x >= 30, 4);
        one("s04", "wrong_name", m -> m.tag.equals("interviewer"), 4);
        one("s05", "wrong_name", m -> m.tag.equals("company"), 5);
        one("s06", "wrong_name", m -> m.x >= 2, 2);
        one("s07", "bad_joke", m -> m.tag.equals("offensive"), 7);
        one("s08", "bad_joke", m -> m.tag.equals("mild"), 2);
        one("s09", "unprepared", m -> m.x >= 1, 3);
        one("s10", "unprepared", m -> m.x >= 3, 4);
        one("s11", "interrupting", m -> m.x >= 2, 2);
        one("s12", "interrupting", m -> m.x >= 5, 3);
        one("s13", "phone_rang", m -> m.tag.equals("answered"), 6);
        one("s14", "phone_rang", m -> m.tag.equals("silenced"), 1);
        one("s15", "overtalking", m -> m.x >= 10, 2);
        one("s16", "badmouth_employer", m -> m.tag.equals("named"), 5);
        one("s17", "salary_early", m -> m.x < 10, 3);
        one("s18", "dress_code", m -> m.x >= 3, 2);
        one("s19", "no_questions", m -> m.x < 1, 3);
        one("s20", "factual_error", m -> m.tag.equals("cv"), 6);

        withContext("n01", kind(MISTAKE, "lateness"), c -> c.remote == 0, NOTICED, 3);
        withContext("n02", kind(MISTAKE, "wrong_name"), c -> c.panelSize >= 2, NOTICED, 3);
        withContext("n03", kind(MISTAKE, "bad_joke"), c -> c.formality >= 3, NOTICED, 3);
        model.addRule(rule("n04").build(
            kind(MISTAKE, "interrupting"),
            pattern(CONTEXT).expr("n04", MISTAKE, (c, m) -> c.patience < m.x),
            on(MISTAKE).execute(m -> m.sums[NOTICED] += 3)));
        withContext("n05", kind(MISTAKE, "phone_rang"), c -> c.remote == 0, NOTICED, 2);
        withContext("n06", pattern(MISTAKE).expr("comment", m -> m.reaction.equals("comment")), c -> c.formality >= 1, NOTICED, 3);
        withContext("u01", kind(MISTAKE, "lateness"), c -> c.hoursSince < 24, URGENCY, 3);
        withContext("u02", kind(MISTAKE, "wrong_name"), c -> c.hoursSince < 48, URGENCY, 2);
        withContext("u03", kind(MISTAKE, "bad_joke"), c -> c.hoursSince < 24, URGENCY, 4);
        withContext("u04", kind(MISTAKE, "factual_error"), c -> c.nextRound == 1, URGENCY, 3);
        withContext("u05", kind(MISTAKE, "badmouth_employer"), c -> c.hoursSince < 72, URGENCY, 2);
        withContext("u06", kind(MISTAKE, "salary_early"), c -> c.nextRound == 1, URGENCY, 1);

        two("p01", "lateness", m -> m.x >= 5, "unprepared", m -> m.x >= 1, 3);
        two("p02", "bad_joke", m -> m.x >= 1, "interrupting", m -> m.x >= 2, 2);
        two("p03", "wrong_name", m -> m.x >= 1, "unprepared", m -> m.x >= 1, 2);
        two("p04", "overtalking", m -> m.x >= 10, "no_questions", m -> m.x < 1, 2);

        recommends("apologise", f -> f.severity >= 5 && f.noticed >= 2);
        recommends("call_today", f -> f.severity >= 8 && f.noticed >= 2 && f.urgency >= 3);
        recommends("send_correction", f -> f.kind.equals("wrong_name") && f.severity >= 4);
        recommends("correct_record", f -> f.kind.equals("factual_error") && f.severity >= 6);
        recommends("send_material", f -> f.kind.equals("unprepared") && f.severity >= 7);
        recommends("mention_in_thanks", f -> f.severity >= 1 && f.severity < 5 && f.noticed >= 2);
        model.addRule(rule("say_nothing").build(
            pattern(COMPLETE),
            not(pattern(FINDING).expr("seen", f -> f.noticed >= 2)),
            on(ACTIONS).execute(actions -> actions.add(new Action("say_nothing", "", 0)))));

        rules = KieBaseBuilder.createKieBaseFromModel(model);
    }

    /** A pattern of mistakes of a kind, which Drools finds by hash. */
    static PatternDef<Mistake> kind(Variable<Mistake> mistake, String kind) {
        return pattern(mistake).expr("kind " + kind, m -> m.kind.equals(kind),
            alphaIndexedBy(String.class, ConstraintType.EQUAL, 0, m -> m.kind, kind));
    }

    void one(String name, String kind, Predicate1<Mistake> test, int amount) {
        model.addRule(rule(name).build(
            kind(MISTAKE, kind).expr(name, test),
            on(MISTAKE).execute(m -> m.sums[SEVERITY] += amount)));
    }

    void withContext(String name, PatternDef<Mistake> mistake, Predicate1<Context> test, int place, int amount) {
        model.addRule(rule(name).build(
            mistake,
            pattern(CONTEXT).expr(name, test),
            on(MISTAKE).execute(m -> m.sums[place] += amount)));
    }

    void two(String name, String kind, Predicate1<Mistake> test, String otherKind, Predicate1<Mistake> otherTest, int amount) {
        model.addRule(rule(name).build(
            kind(MISTAKE, kind).expr(name, test),
            kind(OTHER, otherKind).expr(name + " other", otherTest),
            on(MISTAKE).execute(m -> m.sums[SEVERITY] += amount)));
    }

    void recommends(String action, Predicate1<Finding> test) {
        model.addRule(rule(action).build(
            pattern(FINDING).expr(action, test),
            on(FINDING, ACTIONS).execute((f, actions) -> actions.add(new Action(action, f.id, f.severity + 2 * f.urgency)))));
    }

    /** Answer one interview in a session of its own; findings are inserted once no rule has any more to say. */
    Answer answer(Interview interview) {
        KieSession session = rules.newKieSession();
        List<Action> actions = new ArrayList<>();
        Map<String, int[]> totals = new LinkedHashMap<>();
        session.setGlobal("actions", actions);
        session.insert(interview.context);
        for (Mistake mistake : interview.mistakes) {
            mistake.sums[SEVERITY] = mistake.sums[NOTICED] = mistake.sums[URGENCY] = 0;
            session.insert(mistake);
        }
        session.fireAllRules();
        for (Mistake mistake : interview.mistakes) {
            int[] sums = mistake.sums;
            totals.put(mistake.id, sums.clone());
            session.insert(new Finding(mistake.id, mistake.kind, sums[SEVERITY], sums[NOTICED], sums[URGENCY]));
        }
        session.insert(new Complete());
        session.fireAllRules();
        session.dispose();
        actions.sort(ORDER);
        return new Answer(totals, actions);
    }

    static Interview read(JsonNode interview) {
        JsonNode context = interview.get("context");
        List<Mistake> mistakes = new ArrayList<>();
        for (JsonNode mistake : interview.get("mistakes")) {
            mistakes.add(new Mistake(
                mistake.get("id").asText(), mistake.get("kind").asText().intern(), mistake.get("x").asInt(),
                mistake.get("tag").asText(), mistake.get("reaction").asText(), new int[3]));
        }
        return new Interview(
            new Context(
                context.get("hours_since").asInt(), context.get("panel_size").asInt(), context.get("remote").asInt(),
                context.get("formality").asInt(), context.get("patience").asInt(), context.get("next_round").asInt()),
            mistakes);
    }

    static Object[] written(Answer answer) {
        return new Object[] {
            answer.totals,
            answer.actions.stream().map(a -> new Object[] {a.name, a.target, a.priority}).toArray()};
    }

    public static void main(String[] arguments) throws Exception {
        Drools drools = new Drools();
        ObjectMapper json = new ObjectMapper();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode request = json.readTree(line);
            int passes = request.get("passes").asInt();
            List<Interview> interviews = new ArrayList<>();
            request.get("interviews").forEach(interview -> interviews.add(read(interview)));
            List<Answer> answers = new ArrayList<>();
            long start = System.nanoTime();
            for (int pass = 0; pass < passes; pass++) {
                answers.clear();
                for (Interview interview : interviews) {
                    answers.add(drools.answer(interview));
                }
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.println(json.writeValueAsString(
                Map.of("seconds", seconds, "answers", answers.stream().map(Drools::written).toArray())));
        }
    }
}
