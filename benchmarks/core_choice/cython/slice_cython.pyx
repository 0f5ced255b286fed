# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""A slice of misstep: bytes of a record in, reasons of some rules as JSON out. The program is that of misstep.evaluate.export.

What is done for every record is done on C structs in lists of our own (``Values``, ``Ints`` and so on), by index; Python objects are
met when a record is read, and once more when its JSON is made.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Next
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.long cimport PyLong_CheckExact
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from libc.math cimport fabs, nearbyint, round as round_away, signbit
from libc.string cimport memcmp, memcpy, memset

import orjson

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object, Py_ssize_t *) except NULL
    long long PyLong_AsLongLongAndOverflow(object, int *) except? -1
    char *PyOS_double_to_string(double, char, int, int, int *) except NULL
    int Py_DTSF_ADD_DOT_0

cdef extern from *:
    ctypedef long long wide "__int128"

cdef int MAX_FACTS = 1_000, MAX_ID = 200, MAX_TEXT = 10_000
cdef long long WORK = 1_000_000
cdef double SMALL = 1e8, SURE = 0.4
cdef int VERDICT = 4, NO_ID = -1

DIMENSIONS = (b"severity", b"relief", b"noticed", b"urgency", b"verdict", b"overall")

cdef enum Tag:
    UNKNOWN, TRUTH, WHOLE, NUMBER, WORD, SET

cdef struct Value:
    Tag tag
    long long whole  # of a truth, a whole number, a word or a set: words and sets of the program first, then those of the record
    double number

cdef enum Form:
    CONSTANT, FIELD, ID, KIND, TRAIT, KNOWN, NOT, AND, OR, COMPARE, AMONG, ARITHMETIC, IF_ELSE, CURVE, THOUSANDTHS
    TEST, EACH, EXISTS

FORMS = {
    "constant": CONSTANT, "field": FIELD, "id": ID, "kind": KIND, "trait": TRAIT, "known": KNOWN, "not": NOT, "and": AND,
    "or": OR, "compare": COMPARE, "among": AMONG, "arithmetic": ARITHMETIC, "if": IF_ELSE, "curve": CURVE, "thousandths": THOUSANDTHS,
}
OPERATORS = {"==": 0, "!=": 1, "<": 2, "<=": 3, ">": 4, ">=": 5, "+": 0, "-": 1, "*": 2, "/": 3}
TYPES = {"boolean": TRUTH, "integer": WHOLE, "number": NUMBER, "enum": WORD, "set": SET, "text": 6}

# ``list`` and ``count`` are places in ``Slice.ints``, the nodes or patterns that a node is made of
cdef struct Node:
    Form form
    int a, b, c
    int list, count
    bint flag
    Value value

cdef struct Step:
    Form form
    int slot, pattern, node
    int others, other_count
    int tests, test_count
    bint negated

cdef struct Effect:
    int dimension, target, amount

cdef struct Part:
    int form  # 0: a text, by its number; 1: a node, as it is; 2: a node, as a word; 3: the title of a kind
    int of

cdef struct Rule:
    int id, slots, start
    int steps, step_count
    int effects, effect_count
    int parts, part_count
    int facts, fact_count
    int read, read_count
    int shown, shown_count
    bint concluded

cdef struct Field:
    int type
    bint required
    double low, high
    Value default
    int words, word_count

cdef struct Kind:
    int name, fields, field_count, traits
    bint setting, assumed

cdef struct Span:
    int list, count

cdef struct Text:
    const char *data
    Py_ssize_t size

cdef struct Fact:
    int kind, values
    int id

cdef struct Contribution:
    int mistake, dimension, rule, match
    long long amount


# -- lists


cdef struct Room:
    char *data
    Py_ssize_t size, room


cdef void *more(Room *of, Py_ssize_t size) except NULL:
    """Room for so many bytes at the end of a list."""
    cdef Py_ssize_t room
    cdef char *data
    if of.data == NULL or of.size + size > of.room:
        room = max(2 * of.room, of.size + size, 256)
        data = <char *>PyMem_Realloc(of.data, room)
        if data == NULL:
            raise MemoryError()
        of.data, of.room = data, room
    of.size += size
    return of.data + of.size - size


cdef int put_int(Room *of, int number) except -1:
    (<int *>more(of, sizeof(int)))[0] = number
    return 0


cdef int put(Room *of, const char *data, Py_ssize_t size) except -1:
    memcpy(more(of, size), data, size)
    return 0


cdef int put_bytes(Room *of, bytes data) except -1:
    return put(of, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))


# -- the program


cdef class Slice:
    """Takes a program as ``misstep.evaluate.export`` gives it; a form that is not here is a KeyError."""

    cdef Room nodes, ints, values, numbers, steps, effects, parts, rules, fields, kinds, patterns, texts, sets
    cdef list words, word_bytes, pieces, columns, titles, sources
    cdef dict word_of, kind_of
    cdef int rule_count, kind_count, word_count, set_count, most_slots
    cdef Room starts, spans  # the rules that start from a fact of each kind

    def __cinit__(self, bytes program):
        self.load(orjson.loads(program))

    def __dealloc__(self):
        PyMem_Free(self.nodes.data)
        PyMem_Free(self.ints.data)
        PyMem_Free(self.values.data)
        PyMem_Free(self.numbers.data)
        PyMem_Free(self.steps.data)
        PyMem_Free(self.effects.data)
        PyMem_Free(self.parts.data)
        PyMem_Free(self.rules.data)
        PyMem_Free(self.fields.data)
        PyMem_Free(self.kinds.data)
        PyMem_Free(self.patterns.data)
        PyMem_Free(self.texts.data)
        PyMem_Free(self.sets.data)
        PyMem_Free(self.starts.data)
        PyMem_Free(self.spans.data)

    def reasons(self, bytes record):
        """The reasons of each mistake of a record; None where Python has to say what the record is."""
        cdef Run run = Run.__new__(Run, self)
        if not run.read(record) or not run.complete() or not run.conclude():
            return None
        return run.reasons()

    cdef load(self, dict program):
        cdef int i
        cdef Text text
        cdef Span *span
        self.words = program["words"]
        self.word_of = {word: i for i, word in enumerate(self.words)}
        self.word_bytes = [word.encode() for word in self.words]
        for word in self.word_bytes:
            text.data, text.size = PyBytes_AS_STRING(word), PyBytes_GET_SIZE(word)
            (<Text *>more(&self.texts, sizeof(Text)))[0] = text
        self.pieces, self.columns, self.titles, self.sources, self.kind_of = [], [], [], [], {}
        self.word_count, self.set_count = len(self.words), len(program["sets"])
        self.rule_count, self.kind_count = len(program["rules"]), len(program["kinds"])
        for words in program["sets"]:
            self.put_span(&self.sets, words)
        for pattern in program["patterns"]:
            self.put_span(&self.patterns, pattern["kinds"])
        for number, kind in enumerate(program["kinds"]):
            self.load_kind(number, kind)
        for rule in program["rules"]:
            self.load_rule(rule)
        starts = [[] for _ in range(self.kind_count)]
        for number in program["phases"]["scoring"]["rest"]:
            for i in program["patterns"][program["rules"][number]["start"][1]]["kinds"]:
                starts[i].append(number)
        for rules in starts:
            self.put_span(&self.spans, rules)

    cdef int put_list(self, list numbers) except -1:
        cdef int start = self.ints.size // sizeof(int)
        for number in numbers:
            put_int(&self.ints, number)
        return start

    cdef put_span(self, Room *of, list numbers):
        cdef Span span
        span.list, span.count = self.put_list(numbers), len(numbers)
        (<Span *>more(of, sizeof(Span)))[0] = span

    cdef load_kind(self, int number, dict of):
        cdef Kind kind
        cdef Field field
        kind.name, kind.setting, kind.assumed = of["name"], of["role"] == "setting", bool(of["assumed"])
        kind.traits = self.put_list(of["traits"])
        kind.fields, kind.field_count = self.fields.size // sizeof(Field), len(of["fields"])
        for each in of["fields"]:
            field.type, field.required, field.low, field.high = TYPES[each["type"]], each["required"], each["low"], each["high"]
            field.default = self.value(each["default"])
            field.words, field.word_count = self.put_list(each["words"]), len(each["words"])
            (<Field *>more(&self.fields, sizeof(Field)))[0] = field
        (<Kind *>more(&self.kinds, sizeof(Kind)))[0] = kind
        self.titles.append(of["title"].encode())
        self.columns.append({each["name"]: column for column, each in enumerate(of["fields"])})
        if of["role"] != "derived":
            self.kind_of[self.words[of["name"]]] = number

    cdef Value value(self, of) except *:
        cdef Value value
        value.whole, value.number, value.tag = 0, 0, UNKNOWN
        if of == "unknown":
            return value
        (name, what), = of.items()
        value.tag = {"truth": TRUTH, "whole": WHOLE, "number": NUMBER, "word": WORD, "set": SET}[name]
        if value.tag == NUMBER:
            value.number = what
        else:
            value.whole = what
        return value

    cdef load_rule(self, dict of):
        cdef Rule rule
        cdef Effect effect
        cdef Part part
        rule.id, rule.slots, rule.start, rule.concluded = of["id"], of["slots"], of["start"][0], of["concluded"]
        self.most_slots = max(self.most_slots, rule.slots + 1)
        steps = [self.step(step) for step in of["steps"]]
        rule.steps, rule.step_count = self.steps.size // sizeof(Step), len(steps)
        for step in steps:
            (<Step *>more(&self.steps, sizeof(Step)))[0] = step
        rule.effects, rule.effect_count = self.effects.size // sizeof(Effect), len(of["effects"])
        for each in of["effects"]:
            effect.dimension, effect.target, amount = each["contribute"]
            effect.amount = self.node(amount)
            (<Effect *>more(&self.effects, sizeof(Effect)))[0] = effect
        rule.parts, rule.part_count = self.parts.size // sizeof(Part), len(of["because"])
        for each in of["because"]:
            (name, what), = each.items()
            part.form = ("text", "show", "word", "title").index(name)
            if part.form == 0:
                part.of = len(self.pieces)
                self.pieces.append(what.encode())
            else:
                part.of = what if part.form == 3 else self.node(what)
            (<Part *>more(&self.parts, sizeof(Part)))[0] = part
        rule.facts, rule.fact_count = self.put_list(of["facts"]), len(of["facts"])
        rule.read, rule.read_count = self.put_list(sum(of["read"], [])), len(of["read"])
        rule.shown, rule.shown_count = self.put_list(sum(of["shown"], [])), len(of["shown"])
        (<Rule *>more(&self.rules, sizeof(Rule)))[0] = rule
        self.sources.append(orjson.dumps(of["sources"]))

    cdef Step step(self, dict of) except *:
        cdef Step step
        step.slot = step.pattern = step.node = step.others = step.other_count = step.tests = step.test_count = step.negated = 0
        (name, what), = of.items()
        if name == "test":
            step.form, step.node = TEST, self.node(what)
        elif name == "each":
            step.form, step.slot, step.pattern = EACH, what[0], what[1]
            step.others, step.other_count = self.put_list(what[2]), len(what[2])
        else:
            inside, step.negated = of["exists"]
            step.form, step.slot, step.pattern = EXISTS, inside["slot"], inside["pattern"]
            step.others, step.other_count = self.put_list(inside["others"]), len(inside["others"])
            tests = [self.node(test) for test in inside["tests"]]
            step.tests, step.test_count = self.put_list(tests), len(tests)
        return step

    cdef int node(self, dict of) except -1:
        """The number of a node, which is put behind those that it is made of."""
        cdef Node node
        (name, what), = of.items()
        node.form, node.a, node.b, node.c, node.list, node.count, node.flag = FORMS[name], 0, 0, 0, 0, 0, False
        node.value = self.value("unknown")
        if node.form == CONSTANT:
            node.value = self.value(what)
        elif node.form in (FIELD, TRAIT):
            node.a, node.b = what
        elif node.form in (ID, KIND):
            node.a = what
        elif node.form in (KNOWN, NOT, THOUSANDTHS):
            node.a = self.node(what)
        elif node.form in (AND, OR):
            parts = [self.node(part) for part in what]
            node.list, node.count = self.put_list(parts), len(parts)
        elif node.form == COMPARE:
            parts = [self.node(part) for part in what[1]]
            node.list, node.count = self.put_list([*parts, *[OPERATORS[operator] for operator in what[0]]]), len(parts)
        elif node.form == AMONG:
            node.a, node.flag = self.node(what[0]), what[2]
            node.list, node.count = self.values.size // sizeof(Value), len(what[1])
            for each in what[1]:
                (<Value *>more(&self.values, sizeof(Value)))[0] = self.value(each)
        elif node.form == ARITHMETIC:
            node.a, node.b, node.c, node.flag = OPERATORS[what[0]], self.node(what[1]), self.node(what[2]), what[3]
        elif node.form == IF_ELSE:
            node.a, node.b, node.c = self.node(what[0]), self.node(what[1]), self.node(what[2])
        else:
            node.a, node.flag = self.node(what[0]), what[3]
            node.list, node.count = self.numbers.size // sizeof(double), len(what[1])
            for each in [*what[1], *what[2]]:
                (<double *>more(&self.numbers, sizeof(double)))[0] = each
        (<Node *>more(&self.nodes, sizeof(Node)))[0] = node
        return self.nodes.size // sizeof(Node) - 1


# -- the facts of a record


cdef class Run:
    """One record on its way. Facts stand one after the other, the columns of all in one list."""

    cdef Slice program
    cdef Room facts, values, said, texts, sets, of_kind, matches, contributions, slots, out, set_words
    cdef list kept  # texts of the record, so that their bytes stay
    cdef int fact_count
    cdef long long work
    cdef bint left  # something came up that Python has to decide

    def __cinit__(self, Slice program):
        self.program, self.kept = program, []

    def __dealloc__(self):
        PyMem_Free(self.facts.data)
        PyMem_Free(self.values.data)
        PyMem_Free(self.said.data)
        PyMem_Free(self.texts.data)
        PyMem_Free(self.sets.data)
        PyMem_Free(self.of_kind.data)
        PyMem_Free(self.matches.data)
        PyMem_Free(self.contributions.data)
        PyMem_Free(self.slots.data)
        PyMem_Free(self.out.data)
        PyMem_Free(self.set_words.data)

    cdef bint read(self, bytes record) except -1:
        cdef Py_ssize_t keys = 0
        try:
            data = orjson.loads(record)
        except orjson.JSONDecodeError:
            return False
        facts = data
        if type(data) is dict:
            keys, facts = len(data), data.get("facts")
            if len(data) != 1 + ("id" in data) or ("id" in data and not is_id(data["id"])):
                return False
        if type(facts) is not list or len(facts) > MAX_FACTS:
            return False
        for fact in <list>facts:
            if type(fact) is not dict or not self.read_fact(<dict>fact):
                return False
            keys += len(<dict>fact)
        return record.count(b":") == keys  # else a key may stand twice

    cdef bint read_fact(self, dict given) except -1:
        cdef int number, column
        cdef PyObject *key
        cdef PyObject *value
        cdef Py_ssize_t at = 0
        cdef Kind *kind
        cdef Fact fact
        name = given.get("kind")
        if type(name) is not str:
            return False
        found = self.program.kind_of.get(name)
        if found is None:
            return False
        number = found
        fact = self.add(number)
        columns = <dict>(<list>self.program.columns)[number]
        kind = &(<Kind *>self.program.kinds.data)[number]
        while PyDict_Next(given, &at, &key, &value):
            if <object>key == "kind":
                continue
            if <object>key == "id":
                if not is_id(<object>value):
                    return False
                fact.id = self.own(<str>value)
                continue
            found = columns.get(<object>key)
            if found is None:
                return False
            column = found
            if not self.read_value(<object>value, &(<Field *>self.program.fields.data)[kind.fields + column], fact.values + column):
                return False
            self.said.data[fact.values + column] = 1
        (<Fact *>self.facts.data)[self.fact_count - 1].id = fact.id
        for column in range(kind.field_count):
            if (<Field *>self.program.fields.data)[kind.fields + column].required and not self.said.data[fact.values + column]:
                return False
        return True

    cdef Fact add(self, int number) except *:
        """A new fact, with the defaults of its kind."""
        cdef Kind *kind = &(<Kind *>self.program.kinds.data)[number]
        cdef Fact fact
        cdef Value *values
        cdef char *said
        cdef int i
        fact.kind, fact.id, fact.values = number, NO_ID, self.values.size // sizeof(Value)
        values = <Value *>more(&self.values, kind.field_count * sizeof(Value))
        said = <char *>more(&self.said, kind.field_count)
        for i in range(kind.field_count):
            values[i] = (<Field *>self.program.fields.data)[kind.fields + i].default
            said[i] = 0
        (<Fact *>more(&self.facts, sizeof(Fact)))[0] = fact
        self.fact_count += 1
        return fact

    cdef int own(self, str word) except -1:
        """The number of a word."""
        cdef Text text
        found = self.program.word_of.get(word)
        if found is not None:
            return found
        text.data = PyUnicode_AsUTF8AndSize(word, &text.size)
        self.kept.append(word)
        (<Text *>more(&self.texts, sizeof(Text)))[0] = text
        return self.program.word_count + self.texts.size // sizeof(Text) - 1

    cdef bint read_value(self, object given, Field *field, int place) except -1:
        cdef Value value
        cdef int overflow, i
        cdef list words
        cdef Span span
        value.tag, value.whole, value.number = UNKNOWN, 0, 0
        if field.type == TRUTH:
            if given is not True and given is not False:
                return False
            value.tag, value.whole = TRUTH, given is True
        elif field.type == WHOLE:
            if not PyLong_CheckExact(given):
                return False
            value.tag, value.whole = WHOLE, PyLong_AsLongLongAndOverflow(given, &overflow)
            if overflow or not is_exact(value.whole) or not field.low <= value.whole <= field.high:
                return False
        elif field.type == NUMBER:
            if PyFloat_CheckExact(given):
                value.number = PyFloat_AS_DOUBLE(given)
            elif PyLong_CheckExact(given):
                value.whole = PyLong_AsLongLongAndOverflow(given, &overflow)
                if overflow or not is_exact(value.whole):
                    return False
                value.number, value.whole = value.whole, 0
            else:
                return False
            value.tag = NUMBER
            if not field.low <= value.number <= field.high or (value.number == 0 and signbit(value.number)):
                return False
        elif field.type == SET:
            if type(given) is not list:
                return False
            words = sorted(set(given)) if all(type(word) is str for word in given) else [None]
            span.list, span.count = self.set_words.size // sizeof(int), len(words)
            for word in words:
                i = self.choice(word, field)
                if i < 0:
                    return False
                put_int(&self.set_words, i)
            (<Span *>more(&self.sets, sizeof(Span)))[0] = span
            value.tag, value.whole = SET, self.program.set_count + self.sets.size // sizeof(Span) - 1
        elif type(given) is not str:
            return False
        elif field.type == WORD:
            value.tag, value.whole = WORD, self.choice(given, field)
            if value.whole < 0:
                return False
        else:
            if len(<str>given) > MAX_TEXT:
                return False
            value.tag, value.whole = WORD, self.own(given)
        (<Value *>self.values.data)[place] = value
        return True

    cdef int choice(self, object word, Field *field) except -2:
        """The number of one of the words of a field; -1: it is none."""
        cdef int number, i
        found = self.program.word_of.get(word)
        if found is None:
            return -1
        number = found
        for i in range(field.words, field.words + field.word_count):
            if (<int *>self.program.ints.data)[i] == number:
                return number
        return -1

    cdef bint complete(self) except -1:
        """Assume settings, give ids, and put the facts of each kind in the order of their ids."""
        cdef int number, fact, i, end, place = 0
        cdef Kind *kind
        cdef Span *spans = <Span *>more(&self.of_kind, self.program.kind_count * sizeof(Span))
        cdef int *rows
        taken = set()
        memset(spans, 0, self.program.kind_count * sizeof(Span))
        for fact in range(self.fact_count):
            spans[(<Fact *>self.facts.data)[fact].kind].count += 1
            if (<Fact *>self.facts.data)[fact].id != NO_ID:
                name = self.id(fact)
                if name in taken:
                    return False
                taken.add(name)
        for number in range(self.program.kind_count):
            kind = &(<Kind *>self.program.kinds.data)[number]
            if kind.assumed and not spans[number].count:
                self.add(number)
                spans[number].count = 1
            elif spans[number].count > 1 and kind.setting:
                return False
            spans[number].list = place
            place += spans[number].count
            spans[number].count = 0
        rows = <int *>more(&self.matches, place * sizeof(int))
        for fact in range(self.fact_count):
            number = (<Fact *>self.facts.data)[fact].kind
            rows[spans[number].list + spans[number].count] = fact
            spans[number].count += 1
        for number in range(self.program.kind_count):
            if spans[number].count:
                i, end = spans[number].list, spans[number].list + spans[number].count
                of_kind = [rows[place] for place in range(i, end)]
                self.name(number, of_kind, taken)
                if len(of_kind) > 1:
                    of_kind.sort(key=lambda fact: self.id(fact))
                for place in range(i, end):
                    rows[place] = of_kind[place - i]
        return True

    cdef name(self, int number, list rows, set taken):
        """Give the facts of a kind without an id the first free ones, in the order of their values."""
        cdef int fact, free = 0
        nameless = [fact for fact in rows if (<Fact *>self.facts.data)[fact].id == NO_ID]
        if len(nameless) > 1:
            nameless.sort(key=lambda fact: self.by_values(fact))
        word = self.program.words[(<Kind *>self.program.kinds.data)[number].name]
        for fact in nameless:
            while True:
                free += 1
                name = f"{word}-{free}"
                if name not in taken:
                    break
            taken.add(name)
            (<Fact *>self.facts.data)[fact].id = self.own(name)

    cdef tuple by_values(self, int fact):
        cdef Fact of = (<Fact *>self.facts.data)[fact]
        cdef Kind *kind = &(<Kind *>self.program.kinds.data)[of.kind]
        values, names = [], ["kind"]
        for name, column in (<dict>self.program.columns[of.kind]).items():
            value = self.plain((<Value *>self.values.data)[of.values + <int>column])
            values.append((value is None, 0 if value is None else value))
            if self.said.data[of.values + <int>column]:
                names.append(name)
        return values, sorted(names)

    cdef plain(self, Value value):
        """A value as Python has it."""
        if value.tag == NUMBER:
            return value.number
        if value.tag == WORD:
            return self.word(value.whole)
        if value.tag == SET:
            return tuple([self.word(word) for word in self.words_of(value.whole)])
        return None if value.tag == UNKNOWN else value.whole

    cdef list words_of(self, int number):
        cdef int i
        cdef Span span
        cdef int *ints
        if number < self.program.set_count:
            span, ints = (<Span *>self.program.sets.data)[number], <int *>self.program.ints.data
        else:
            span, ints = (<Span *>self.sets.data)[number - self.program.set_count], <int *>self.set_words.data
        return [ints[i] for i in range(span.list, span.list + span.count)]

    cdef Text text(self, int word) noexcept:
        cdef int own = word - self.program.word_count
        return (<Text *>self.texts.data)[own] if own >= 0 else (<Text *>self.program.texts.data)[word]

    cdef str word(self, int word):
        cdef int own = word - self.program.word_count
        return self.kept[own] if own >= 0 else self.program.words[word]

    cdef str id(self, int fact):
        return self.word((<Fact *>self.facts.data)[fact].id)

    # -- the rules

    cdef bint conclude(self) except -1:
        cdef int fact, i
        cdef Span span
        cdef Rule *rule
        cdef int *slots = <int *>more(&self.slots, self.program.most_slots * sizeof(int))
        for fact in range(self.fact_count):
            span = (<Span *>self.program.spans.data)[(<Fact *>self.facts.data)[fact].kind]
            for i in range(span.list, span.list + span.count):
                rule = &(<Rule *>self.program.rules.data)[(<int *>self.program.ints.data)[i]]
                slots[rule.start] = fact
                self.run_steps((<int *>self.program.ints.data)[i], rule, 0, slots)
        return not self.left

    cdef int run_steps(self, int number, Rule *rule, int start, int *slots) except -1:
        cdef int place, i, j
        cdef Step *step
        cdef Span pattern, rows
        cdef Contribution contribution
        cdef Effect *effect
        cdef Value amount
        for place in range(start, rule.step_count):
            step = &(<Step *>self.program.steps.data)[rule.steps + place]
            if step.form == TEST:
                if not self.holds(step.node, slots):
                    return 0
            elif step.form == EXISTS:
                if self.exists(step, slots) == step.negated:
                    return 0
            else:
                pattern = (<Span *>self.program.patterns.data)[step.pattern]
                for i in range(pattern.list, pattern.list + pattern.count):
                    rows = (<Span *>self.of_kind.data)[(<int *>self.program.ints.data)[i]]
                    self.spend(rows.count)
                    for j in range(rows.list, rows.list + rows.count):
                        slots[step.slot] = (<int *>self.matches.data)[j]
                        if self.differs(step, slots):
                            self.run_steps(number, rule, place + 1, slots)
                return 0
        contribution.rule, contribution.match = number, self.matches.size // sizeof(int)
        memcpy(more(&self.matches, rule.slots * sizeof(int)), slots, rule.slots * sizeof(int))
        for i in range(rule.effects, rule.effects + rule.effect_count):
            effect = &(<Effect *>self.program.effects.data)[i]
            amount = self.evaluate(effect.amount, slots)
            if amount.tag != WHOLE:
                self.left = True
                return 0
            contribution.mistake, contribution.dimension, contribution.amount = slots[effect.target], effect.dimension, amount.whole
            (<Contribution *>more(&self.contributions, sizeof(Contribution)))[0] = contribution
        return 0

    cdef bint exists(self, Step *step, int *slots) noexcept:
        cdef Span pattern = (<Span *>self.program.patterns.data)[step.pattern], rows
        cdef int i, j, k
        for i in range(pattern.list, pattern.list + pattern.count):
            rows = (<Span *>self.of_kind.data)[(<int *>self.program.ints.data)[i]]
            self.spend(rows.count)
            for j in range(rows.list, rows.list + rows.count):
                slots[step.slot] = (<int *>self.matches.data)[j]
                if not self.differs(step, slots):
                    continue
                for k in range(step.tests, step.tests + step.test_count):
                    if not self.holds((<int *>self.program.ints.data)[k], slots):
                        break
                else:
                    return True
        return False

    cdef bint differs(self, Step *step, int *slots) noexcept:
        cdef int i
        for i in range(step.others, step.others + step.other_count):
            if slots[(<int *>self.program.ints.data)[i]] == slots[step.slot]:
                return False
        return True

    cdef void spend(self, int work) noexcept:
        self.work += work
        if self.work > WORK:
            self.left = True

    cdef bint holds(self, int node, int *slots) noexcept:
        cdef Value value = self.evaluate(node, slots)
        return value.tag == TRUTH and value.whole != 0

    cdef Value evaluate(self, int number, int *slots) noexcept:
        cdef Node *node = &(<Node *>self.program.nodes.data)[number]
        cdef int *parts = <int *>self.program.ints.data + node.list
        cdef Fact *facts = <Fact *>self.facts.data
        cdef Kind *kinds = <Kind *>self.program.kinds.data
        cdef Value left, right
        cdef int i
        cdef bint truth = False
        if node.form == CONSTANT:
            return node.value
        if node.form == FIELD:
            return (<Value *>self.values.data)[facts[slots[node.a]].values + node.b]
        if node.form == ID:
            return a_word(facts[slots[node.a]].id)
        if node.form == KIND:
            return a_word(kinds[facts[slots[node.a]].kind].name)
        if node.form == TRAIT:
            return a_word((<int *>self.program.ints.data)[kinds[facts[slots[node.a]].kind].traits + node.b])
        if node.form == KNOWN:
            return a_truth(self.evaluate(node.a, slots).tag != UNKNOWN)
        if node.form == NOT:
            return a_truth(not self.holds(node.a, slots))
        if node.form == AND or node.form == OR:
            for i in range(node.count):
                truth = self.holds(parts[i], slots)
                if truth == (node.form == OR):
                    break
            return a_truth(truth)
        if node.form == COMPARE:
            left = self.evaluate(parts[0], slots)
            for i in range(1, node.count):
                right = self.evaluate(parts[i], slots)
                if not self.compares(left, parts[node.count + i - 1], right):
                    return a_truth(False)
                left = right
            return a_truth(True)
        if node.form == AMONG:
            left = self.evaluate(node.a, slots)
            for i in range(node.list, node.list + node.count):
                if self.compares(left, 0, (<Value *>self.program.values.data)[i]):
                    truth = True
                    break
            return a_truth(truth != node.flag)
        if node.form == ARITHMETIC:
            return self.arithmetic(node.a, self.evaluate(node.b, slots), self.evaluate(node.c, slots), node.flag)
        if node.form == IF_ELSE:
            return self.evaluate(node.b if self.holds(node.a, slots) else node.c, slots)
        if node.form == CURVE:
            return self.curve(self.evaluate(node.a, slots), <double *>self.program.numbers.data + node.list, node.count, node.flag)
        return self.thousandths(self.evaluate(node.a, slots))

    cdef bint compares(self, Value left, int operator, Value right) noexcept:
        cdef int order
        cdef double a, b
        if left.tag == WORD and right.tag == WORD:
            order = 0 if left.whole == right.whole else self.by_text(left.whole, right.whole)
        elif (left.tag == WHOLE or left.tag == NUMBER) and (right.tag == WHOLE or right.tag == NUMBER):
            a = left.number if left.tag == NUMBER else left.whole
            b = right.number if right.tag == NUMBER else right.whole
            order = (a > b) - (a < b)
        elif left.tag == right.tag and left.tag != SET:
            order = (left.whole > right.whole) - (left.whole < right.whole)
        else:
            if left.tag == SET and right.tag == SET:
                self.left = True  # no rule here compares sets
            return operator == 1
        if operator == 0:
            return order == 0
        if operator == 1:
            return order != 0
        if operator == 2:
            return order < 0
        if operator == 3:
            return order <= 0
        return order > 0 if operator == 4 else order >= 0

    cdef int by_text(self, int left, int right) noexcept:
        cdef Text a = self.text(left), b = self.text(right)
        cdef int order = memcmp(a.data, b.data, min(a.size, b.size))
        return order if order else (a.size > b.size) - (a.size < b.size)

    # -- numbers, as misstep.language.numbers has them, where floats are sure

    cdef Value arithmetic(self, int operator, Value left, Value right, bint whole) noexcept:
        cdef double a, b, result, largest
        if not ((left.tag == WHOLE or left.tag == NUMBER) and (right.tag == WHOLE or right.tag == NUMBER)) or whole:
            return self.leave()  # no rule here counts with whole numbers
        a = left.number if left.tag == NUMBER else left.whole
        b = right.number if right.tag == NUMBER else right.whole
        result = (a + b) if operator == 0 else (a - b) if operator == 1 else a * b if operator == 2 else a / b
        largest = max(fabs(a), fabs(b)) if operator < 2 else fabs(result)
        return self.rounded(result, largest)

    cdef Value curve(self, Value x, double *points, int count, bint steep) noexcept:
        cdef double at, x0, y0, x1, y1, scaled
        cdef int i = 0
        if x.tag != WHOLE and x.tag != NUMBER:
            return self.leave()
        at = x.number if x.tag == NUMBER else x.whole
        while i < count and points[i] <= at:
            i += 1
        if i == 0 or i == count:
            return a_number(points[count] if i == 0 else points[count + i - 1])
        x0, y0, x1, y1 = points[i - 1], points[count + i - 1], points[i], points[count + i]
        scaled = (y0 + (y1 - y0) * (at - x0) / (x1 - x0)) * 1e6
        if not steep and fabs(scaled - nearbyint(scaled)) < SURE:
            return a_number((nearbyint(scaled) + 0.0) / 1e6)
        return self.exactly(at, x0, y0, x1, y1)

    cdef Value exactly(self, double at, double x0, double y0, double x1, double y1) noexcept:
        """A straight line by whole numbers; left to Python for numbers that have no millionths."""
        cdef wide part, size, width
        if not (has_millionths(at) and has_millionths(x0) and has_millionths(y0) and has_millionths(x1) and has_millionths(y1)):
            return self.leave()
        width = <wide>round_away(x1 * 1e6) - <wide>round_away(x0 * 1e6)
        part = <wide>round_away(y0 * 1e6) * width
        part += (<wide>round_away(y1 * 1e6) - <wide>round_away(y0 * 1e6)) * (<wide>round_away(at * 1e6) - <wide>round_away(x0 * 1e6))
        size = (2 * (part if part > 0 else -part) + width) // (2 * width)
        return a_number(<double>(size if part > 0 else -size) / 1e6)

    cdef Value thousandths(self, Value amount) noexcept:
        cdef double number, scaled
        cdef long long exact, whole, rest
        if amount.tag != WHOLE and amount.tag != NUMBER:
            return self.leave()
        number = amount.number if amount.tag == NUMBER else amount.whole
        scaled = number * 1e3
        if fabs(scaled - nearbyint(scaled)) < SURE and fabs(number) < SMALL:
            return a_whole(<long long>nearbyint(scaled))
        if not has_millionths(number):
            return self.leave()
        exact = <long long>round_away(number * 1e6)
        whole, rest = exact / 1000, exact % 1000
        if rest < 0:
            whole, rest = whole - 1, rest + 1000
        return a_whole(whole + (rest > 500 or (rest == 500 and whole % 2 != 0)))

    cdef Value rounded(self, double result, double largest) noexcept:
        cdef double scaled = result * 1e6
        if fabs(scaled - nearbyint(scaled)) < SURE and largest < SMALL:
            return a_number((nearbyint(scaled) + 0.0) / 1e6)
        return self.leave()

    cdef Value leave(self) noexcept:
        self.left = True
        return a_truth(False)

    # -- reasons

    cdef bytes reasons(self):
        cdef int i, last = -1, count = self.contributions.size // sizeof(Contribution)
        cdef Contribution *all_ = <Contribution *>self.contributions.data
        found = []
        for i in range(count):
            if all_[i].amount != 0 or all_[i].dimension == VERDICT:
                ids = [self.id(fact) for fact in self.facts_of(&all_[i])]
                rule = self.word((<Rule *>self.program.rules.data)[all_[i].rule].id)
                found.append((self.id(all_[i].mistake), all_[i].dimension, -abs(all_[i].amount), rule, ids, i))
        found.sort()
        put_bytes(&self.out, b"[")
        for key in found:
            i = key[5]
            if all_[i].mistake == last:
                put_bytes(&self.out, b",")
            else:
                put_bytes(&self.out, b"]},{\"fact\":" if last >= 0 else b"{\"fact\":")
                last = all_[i].mistake
                self.put_word((<Fact *>self.facts.data)[last].id)
                put_bytes(&self.out, b",\"because\":[")
            self.reason(&all_[i])
        put_bytes(&self.out, b"]}]" if found else b"]")
        return PyBytes_FromStringAndSize(self.out.data, self.out.size)

    cdef list facts_of(self, Contribution *of):
        cdef Rule *rule = &(<Rule *>self.program.rules.data)[of.rule]
        cdef int i
        return [
            (<int *>self.matches.data)[of.match + (<int *>self.program.ints.data)[i]]
            for i in range(rule.facts, rule.facts + rule.fact_count)
        ]

    cdef reason(self, Contribution *of):
        cdef Rule *rule = &(<Rule *>self.program.rules.data)[of.rule]
        cdef int *slots = <int *>self.matches.data + of.match
        cdef bint assumed = self.rests(rule.read, rule.read_count, slots)
        cdef int i
        put_bytes(&self.out, b"{\"rule\":")
        self.put_word(rule.id)
        put_bytes(&self.out, b",\"dimension\":\"")
        put_bytes(&self.out, DIMENSIONS[of.dimension])
        put_bytes(&self.out, b"\",\"amount\":")
        self.put_number(of.amount if of.dimension == VERDICT else of.amount / 1e3)
        put_bytes(&self.out, b",\"text\":\"")
        for i in range(rule.parts, rule.parts + rule.part_count):
            self.put_part(&(<Part *>self.program.parts.data)[i], slots)
        if assumed and self.rests(rule.shown, rule.shown_count, slots):
            put_bytes(&self.out, b" (assumed)")
        put_bytes(&self.out, b"\",\"facts\":[")
        for i in range(rule.facts, rule.facts + rule.fact_count):
            if i > rule.facts:
                put_bytes(&self.out, b",")
            self.put_word((<Fact *>self.facts.data)[slots[(<int *>self.program.ints.data)[i]]].id)
        put_bytes(&self.out, b"],\"sources\":")
        put_bytes(&self.out, self.program.sources[of.rule])
        put_bytes(&self.out, b",\"basis\":\"assumed\"}" if assumed else b",\"basis\":\"concluded\"}" if rule.concluded else b",\"basis\":\"said\"}")

    cdef bint rests(self, int list_, int count, int *slots) noexcept:
        """Whether any of some fields is not stated in the record."""
        cdef int *ints = <int *>self.program.ints.data + list_
        cdef int i
        for i in range(count):
            if not self.said.data[(<Fact *>self.facts.data)[slots[ints[2 * i]]].values + ints[2 * i + 1]]:
                return True
        return False

    cdef put_part(self, Part *part, int *slots):
        cdef Value value
        if part.form == 0:
            self.put_escaped(self.program.pieces[part.of])
        elif part.form == 3:
            self.put_escaped(self.program.titles[(<Fact *>self.facts.data)[slots[part.of]].kind])
        else:
            value = self.evaluate(part.of, slots)
            shown = self.show(value)
            self.put_escaped((shown.replace("_", " ") if part.form == 2 else shown).encode())

    cdef str show(self, Value value):
        """A value as people write it."""
        if value.tag == TRUTH:
            return "yes" if value.whole else "no"
        if value.tag == NUMBER:
            return str(int(value.number)) if value.number.is_integer() else str(round(value.number, 3))
        if value.tag == UNKNOWN:
            return "unknown"
        if value.tag == SET:
            return ", ".join(self.plain(value))
        return str(self.plain(value))

    cdef put_number(self, double number):
        cdef char *text = PyOS_double_to_string(number, b"r", 0, Py_DTSF_ADD_DOT_0, NULL)
        put(&self.out, text, len(text))
        PyMem_Free(text)

    cdef put_word(self, int word):
        cdef Text text = self.text(word)
        put_bytes(&self.out, b"\"")
        self.put_escaped(text.data[: text.size])
        put_bytes(&self.out, b"\"")

    cdef put_escaped(self, bytes text):
        cdef const unsigned char *data = <const unsigned char *>PyBytes_AS_STRING(text)
        cdef Py_ssize_t i, size = PyBytes_GET_SIZE(text)
        for i in range(size):
            if data[i] < 0x20 or data[i] == b'"' or data[i] == b"\\":
                quoted = <bytes>orjson.dumps(text.decode())
                put(&self.out, PyBytes_AS_STRING(quoted) + 1, PyBytes_GET_SIZE(quoted) - 2)
                return
        put(&self.out, <const char *>data, size)


cdef bint is_id(object text) noexcept:
    return type(text) is str and 0 < len(<str>text) <= MAX_ID


cdef bint is_exact(long long whole) noexcept:
    """Whether no other whole number is the same float."""
    return -(<long long>1 << 53) <= whole <= <long long>1 << 53


cdef bint has_millionths(double number) noexcept:
    """Whether a number has at most six places, and is below a thousand million."""
    cdef double whole = round_away(number * 1e6)
    return fabs(whole) < 1e15 and whole / 1e6 == number


cdef Value a_truth(bint truth) noexcept:
    return Value(TRUTH, truth, 0)


cdef Value a_whole(long long whole) noexcept:
    return Value(WHOLE, whole, 0)


cdef Value a_number(double number) noexcept:
    return Value(NUMBER, 0, number)


cdef Value a_word(int word) noexcept:
    return Value(WORD, word, 0)
