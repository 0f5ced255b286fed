"""How well texts are read for facts: figures on the sets of fixtures/words/ and on judged situations, and the fit of the weights.

    python -m benchmarks.words          # the figures of docs/own-words.md
    python -m benchmarks.words --fit    # fit the weights of the figures anew, and write them
    python -m benchmarks.words --errors # what was read wrongly, besides
    python -m benchmarks.words --examples # put the known stories among the examples of the packs: rules/words/stories.yaml

All figures are cross-fitted: a text is read with weights that were fitted without it, and a text that stands among the examples
of the packs, whole or with a part, is left out of them.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import lzma
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import misstep
from misstep.analysis.reading import SHOWN, ranking
from misstep.analysis.reading.ranking import FIGURES, WeighedKind, Weights
from misstep.analysis.reading.reader import StoryReader, Suggestion
from misstep.analysis.reading.wordings import WordIndex
from misstep.language.words import Words
from misstep.limits import Limits
from misstep.rulebase.link_words import link_words, shipped_word_sources
from misstep.rulebase.program_json import shipped_program
from misstep.rulebase.shipped import WORDS, shipped_rules

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
WEIGHTS = Path(ranking.__file__).parent / "weights.json"
EXAMPLES = shipped_rules() / WORDS / "stories.yaml"
PARTS = 5
_EXAMPLES_HEAD = "# Written by `python -m benchmarks.words --examples` from the known stories of fixtures/words."
SETS = ("stories", "besides", "denials", "phrases", "other")
"""The sets of a file of ``fixtures/words``."""
_IN_FIT = {"situations": 1.0, "phrases": 1.0, "two phrases": 1.0, "stories": 1.5, "besides": 1.5, "denials": 0.5, "other": 3.0}
"""How much a text of each set counts in the fit; those of others are not in it. One about other things stands for many: most
texts are."""
_AMONG_EXAMPLES = ("situations", "stories", "besides")
_SURE_PLACE = 0.05  # a kind with this chance is taken to be told where it is read
_NEAREST = 25  # kinds of a text that the fit looks at
_PULL = 0.5  # of the weights towards 0


@dataclass(frozen=True)
class ToldText:
    """A text, the slips that it tells (unless nobody ``has_coded_slips``), and the kinds that another reader might see;
    ``besides``: the strengths, the signals and what has been done since that it tells, None where nobody has coded them;
    ``wrong``: kinds that would be wrong readings.
    ``facts``: with their fields, as one person has coded them; ``again``: as another has, if there was one."""

    text: str
    kinds: frozenset[str] = frozenset()
    besides: frozenset[str] | None = None
    also: frozenset[str] = frozenset()
    wrong: frozenset[str] = frozenset()
    facts: tuple[dict[str, Any], ...] = field(default=(), compare=False, hash=False)
    again: tuple[dict[str, Any], ...] = field(default=(), compare=False, hash=False)
    has_coded_slips: bool = True

    def tells(self, kind: str, role: str) -> bool | None:
        """Whether the text tells a kind of a role; None where readers may differ, or nobody has said. Two people
        coded slips and all else: what one of them says is told is told, though the other has it among what a reader might see."""
        if kind in self.kinds or kind in (self.besides or ()):
            return True
        if kind in self.also or kind in self.wrong:
            return None if kind in self.also else False
        has_been_coded = self.has_coded_slips if role == "mistake" else self.besides is not None
        return False if has_been_coded else None


def read_sets() -> dict[str, list[ToldText]]:
    """The sets, by name."""
    known = [_read_file(name) for name in ("first", "second")]
    sets = {name: [told for each in known for told in each[name]] for name in SETS}
    phrases = sets["phrases"]
    several = [_together(one, other) for one, other in zip(phrases, [*phrases[7:], *phrases[:7]], strict=True)]
    unseen = {f"unseen {name}": texts for name, texts in _read_file("unseen").items()}
    prose = [ToldText(line, besides=frozenset()) for line in _prose()]
    return {"situations": list(_situations()), "two phrases": several, **sets, **unseen, "unseen prose": prose}


def _prose() -> list[str]:
    """Sentences of two novels, which their first line names."""
    return lzma.decompress((FIXTURES / "words" / "prose.txt.xz").read_bytes()).decode().splitlines()[1:]


def _read_file(name: str) -> dict[str, list[ToldText]]:
    """The sets of one file."""
    held = yaml.safe_load((FIXTURES / "words" / f"{name}.yaml").read_text("utf-8"))
    stories = [
        ToldText(
            each["story"],
            frozenset(fact["kind"] for fact in each["facts"]),
            frozenset(each.get("besides", ())),
            frozenset(each.get("also", ())),
            frozenset(each.get("not", ())),
            facts=(*each["facts"], {"kind": "interview", **each.get("interview", {})}),
            again=tuple(each.get("again", ())),
        )
        for each in held["stories"]
    ]
    besides = [
        ToldText(
            each["text"],
            besides=frozenset(each["kinds"]),
            also=frozenset(each.get("also", ())),
            has_coded_slips=False,
        )
        for each in held.get("besides", ())
    ]
    denials = [ToldText(each["text"], wrong=frozenset(each["not"])) for each in held["denials"]]
    phrases = [ToldText(text, frozenset(kinds), besides=frozenset()) for text, kinds in held["phrases"]]
    other = [ToldText(text, besides=frozenset()) for text in held["other"]]
    return {"stories": stories, "besides": besides, "denials": denials, "phrases": phrases, "other": other}


def _together(one: ToldText, other: ToldText) -> ToldText:
    return ToldText(f"I {one.text} and {other.text}", one.kinds | other.kinds, besides=frozenset())


def _situations() -> Iterable[ToldText]:
    roles = {name: kind.role for name, kind in shipped_program().kinds.items()}
    for name in ("dev", "fresh", "quiet", "found"):
        for line in (FIXTURES / "cases" / f"{name}.jsonl").read_text("utf-8").splitlines():
            case = json.loads(line)
            kinds = frozenset(fact["kind"] for fact in case["record"]["facts"] if roles[fact["kind"]] == "mistake")
            if kinds:
                yield ToldText(case["situation"], kinds)


class Measured:
    """The sets, read with cross-fitted weights and examples."""

    def __init__(self) -> None:
        self.sets = read_sets()
        self.program = shipped_program()
        self.words = link_words(self.program, shipped_word_sources(), Limits())
        self.whole = StoryReader(WordIndex(self.program, self.words))
        self.readers = [StoryReader(WordIndex(self.program, self._without(part))) for part in range(PARTS)]
        self.figures = {
            name: [self._reader(name, n).weigh(told.text) for n, told in enumerate(self.sets[name])] for name in _IN_FIT
        }

    def _reader(self, name: str, n: int) -> StoryReader:
        return self.readers[n % PARTS] if name in _AMONG_EXAMPLES else self.whole

    def _without(self, part: int) -> Words:
        """The words without the examples that are texts of a part, or of one."""
        texts = "\n".join(told.text for name in _AMONG_EXAMPLES for told in self.sets[name][part::PARTS])
        kinds = {
            name: dataclasses.replace(words, examples=tuple(text for text in words.examples if text not in texts))
            for name, words in self.words.kinds.items()
        }
        return Words(kinds, self.words.terms)

    def fit(self, part: int | None = None) -> Weights:
        """The weights fitted to all texts, or to those of the other parts."""
        return Weights(*(self._fit(part, of == "mistakes") for of in Weights._fields))

    def _fit(self, part: int | None, mistakes: bool) -> list[float]:
        rows, right, counts = [], [], []
        for name, count in _IN_FIT.items():
            for n, told in enumerate(self.sets[name]):
                if n % PARTS == part:
                    continue
                for kind, weighed in _nearest(self.figures[name][n]):
                    role = self.program.kinds[kind].role
                    is_told = told.tells(kind, role)
                    if (role == "mistake") is not mistakes or is_told is None or weighed.denied:
                        continue
                    rows.append(weighed.figures)
                    right.append(is_told)
                    counts.append(count)
        return fit_logistic(rows, right, counts)

    def suggestions(self) -> dict[str, list[list[Suggestion]]]:
        """What each text of each set gives."""
        found: dict[str, list[list[Suggestion]]] = {name: [[] for _ in texts] for name, texts in self.sets.items()}
        whole = self.fit()
        for part in range(PARTS):
            fitted = self.fit(part)
            for name, texts in self.sets.items():
                weights = fitted if name in _IN_FIT else whole
                for n in range(part, len(texts), PARTS):
                    reader = self._reader(name, n)
                    found[name][n] = reader.with_weights(weights).suggest(texts[n].text, 100_000)
        return found


def examples(measured: Measured) -> dict[str, list[str]]:
    """What the known stories give as examples: a story of one slip as a whole for that slip, else the sentences in which a kind
    that is told is read. A kind that is not read in a story gets none from it."""
    found: dict[str, set[str]] = defaultdict(set)
    for told in (*measured.sets["stories"], *measured.sets["besides"]):
        if len(told.kinds) == 1:
            found[next(iter(told.kinds))].add(told.text)
        parts = (told.kinds if len(told.kinds) > 1 else frozenset()) | (told.besides or frozenset())
        for each in measured.whole.suggest(told.text, 100_000):
            if each.kind in parts and each.score >= _SURE_PLACE:
                found[each.kind].update(_sentence_around(told.text, start, end) for start, end in each.spans)
    return {kind: sorted(texts) for kind, texts in sorted(found.items())}


def _sentence_around(text: str, start: int, end: int) -> str:
    """The sentence of a text that holds a place, or the sentences."""
    before = [match.end() for match in re.finditer(r"[.!?\n]", text[:start])]
    after = re.search(r"[.!?\n]", text[end:])
    return text[before[-1] if before else 0 : end + after.end() if after else len(text)].strip()


def _nearest(figures: dict[str, WeighedKind]) -> list[tuple[str, WeighedKind]]:
    return sorted(figures.items(), key=lambda item: (-sum(item[1].figures[3:9]), item[0]))[:_NEAREST]


def fit_logistic(rows: Sequence[Sequence[float]], right: Sequence[bool], counts: Sequence[float]) -> list[float]:
    """The weights of a logistic regression, by Newton's method; each is pulled a little towards 0."""
    size = len(rows[0])
    weights = [0.0] * size
    for _ in range(12):
        slope = [_PULL * weight for weight in weights]
        curve = [[_PULL * (i == j) for j in range(size)] for i in range(size)]
        for row, is_right, count in zip(rows, right, counts, strict=True):
            total = sum(x * w for x, w in zip(row, weights, strict=True))
            p = 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
            error, spread = count * (p - is_right), count * p * (1 - p)
            for i, x in enumerate(row):
                slope[i] += error * x
                if spread > 1e-9:
                    line, product = curve[i], spread * x
                    for j in range(i, size):
                        line[j] += product * row[j]
        for i in range(size):
            for j in range(i):
                curve[i][j] = curve[j][i]
        weights = [weight - step for weight, step in zip(weights, _solve(curve, slope), strict=True)]
    return weights


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a system of linear equations, by Gauss with pivots."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, size):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    solved = [0.0] * size
    for i in reversed(range(size)):
        solved[i] = (rows[i][size] - sum(rows[i][j] * solved[j] for j in range(i + 1, size))) / rows[i][i]
    return solved


def report(measured: Measured, errors: bool) -> Iterable[str]:
    """The figures as lines of text. ``errors``: what was read wrongly too, but for the unseen."""
    found = measured.suggestions()
    yield f"{'set':15} {'texts':>5} {'first':>6} {'in five':>8} {'all in five':>12} {'nothing':>8}"
    for name in ("situations", "phrases", "two phrases", "stories", "unseen phrases", "unseen stories"):
        texts = measured.sets[name]
        first = five = every = nothing = 0
        for told, given in zip(texts, found[name], strict=True):
            kinds = [each.kind for each in given if each.kind != "interview"][:5]
            is_first = bool(kinds) and kinds[0] in told.kinds | told.also
            first += is_first
            five += not told.kinds.isdisjoint(kinds)
            every += told.kinds <= set(kinds)
            nothing += not given
            if errors and not is_first and name in _IN_FIT:
                read = ", ".join(f"{each.kind} {each.score}" for each in given[:4])
                yield f"  - {told.text[:100]} | {', '.join(sorted(told.kinds))} | {read}"
        count = len(texts)
        yield f"{name:15} {count:5} {first / count:6.2f} {five / count:8.2f} {every / count:12.2f} {nothing:8}"
    yield ""
    yield f"{'strengths, signals and what has been done since':48} {'told':>5} {'shown':>6} {'at 0.5':>7} {'right':>6}"
    for name in ("besides", "stories", "unseen besides", "unseen stories"):
        yield from _besides_lines(name, measured, found[name], errors and name in _IN_FIT)
    yield ""
    yield f"{'denied or of others':19} {'texts':>5} {'in three':>9} {'shown':>6} {'at 0.5':>7}"
    for name in ("denials", "stories", "unseen denials", "unseen stories"):
        yield from _denied_lines(name, measured.sets[name], found[name], errors and name in _IN_FIT)
    yield ""
    yield "sentences about other things with a suggestion at 0.8 or more"
    for name in ("other", "unseen other", "unseen prose"):
        texts = measured.sets[name]
        alarms = [(t, g) for t, g in zip(texts, found[name], strict=True) if any(each.score >= 0.8 for each in g)]
        yield f"{name:15} {len(alarms)} of {len(texts)}"
        if errors and name in _IN_FIT:
            yield from (
                f"  - {told.text[:100]} | {', '.join(f'{g.kind} {g.score}' for g in given[:2])}" for told, given in alarms
            )
    yield ""
    yield "fields of the kinds that are found"
    for name in ("stories", "unseen stories"):
        yield from _field_lines(name, measured, found[name], errors and name in _IN_FIT)
    yield ""
    yield f"{'score':12} {'suggested':>9} {'right':>6} {'unseen':>9} {'right':>6}"
    known, unseen = (
        [
            (each.score, each.kind in told.kinds)
            for name in names
            for told, given in zip(measured.sets[name], found[name], strict=True)
            for each in given
            if each.role == "mistake" and each.kind not in told.also
        ]
        for names in (("situations", "phrases", "stories"), ("unseen phrases", "unseen stories"))
    )
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)):
        line = f"{low:.1f} to {min(high, 1):.1f}  "
        for marked in (known, unseen):
            inside = [right for score, right in marked if low <= score < high]
            line += f" {len(inside):9} {sum(inside) / max(1, len(inside)):6.2f}"
        yield line


def _denied_lines(name: str, texts: Sequence[ToldText], found: Sequence[list[Suggestion]], errors: bool) -> Iterable[str]:
    """In how many texts a kind that is named and not told is among the first three suggestions, whatever their scores; in how
    many one is shown to people at all, and has a score of 0.5 or more."""
    count = in_three = shown = sure = 0
    for told, given in zip(texts, found, strict=True):
        wrong = told.wrong - told.kinds
        score = max((each.score for each in given if each.kind in wrong), default=0.0)
        count += bool(wrong)
        in_three += any(each.kind in wrong for each in given[:3])
        shown += score >= SHOWN
        sure += score >= 0.5
        if errors and score >= SHOWN:
            yield f"  - {told.text} | {', '.join(f'{g.kind} {g.score}' for g in given if g.score >= SHOWN)}"
    yield f"{name:19} {count:5} {in_three:9} {shown:6} {sure:7}"


def _besides_lines(name: str, measured: Measured, found: Sequence[list[Suggestion]], errors: bool) -> Iterable[str]:
    """Of the kinds that are no slips: how many are told, and which shares of them are shown and have a score of 0.5 or more; and
    of those with such a score, how many are right."""
    told_count = shown = read = sure = right = 0
    for told, given in zip(measured.sets[name], found, strict=True):
        scores = {each.kind: each.score for each in given if each.role != "mistake" and each.kind != "interview"}
        besides = told.besides or frozenset()
        told_count += len(besides)
        shown += sum(scores.get(kind, 0) >= SHOWN for kind in besides)
        read += sum(scores.get(kind, 0) >= 0.5 for kind in besides)
        for kind, score in scores.items():
            if score >= 0.5 and (is_told := told.tells(kind, measured.program.kinds[kind].role)) is not None:
                sure += 1
                right += is_told
                if errors and not is_told:
                    yield f"  - {told.text[:160]} | read {kind} {score}"
        if errors:
            missed = {kind: scores.get(kind, 0) for kind in besides if scores.get(kind, 0) < SHOWN}
            if missed:
                yield f"  - {told.text[:160]} | not shown {missed}"
    shares = f"{shown / max(1, told_count):6.2f} {read / max(1, told_count):7.2f} {right / max(1, sure):6.2f}"
    yield f"{name:48} {told_count:5} {shares}"


def _field_lines(name: str, measured: Measured, found: Sequence[list[Suggestion]], errors: bool) -> Iterable[str]:
    """Of the fields read for kinds that are right, how many are; and of those said, how many are read. Where two have coded a
    text, what either says is right, and what both say is said; of the fields that one of them says, how many the other says too
    is printed as well. Free text is left out, as two people say it in two ways."""
    read = right = said = got = alone = agreed = 0
    free = {kind.name: {each.name for each in kind.fields if each.type == "text"} for kind in measured.program.kinds.values()}
    for told, given in zip(measured.sets[name], found, strict=True):
        by_kind = {each.kind: each.fields for each in given}
        again = {fact["kind"]: fact for fact in told.again}
        for fact in told.facts:
            given_fields = by_kind.get(fact["kind"])
            if given_fields is None:
                continue
            left_out = free[fact["kind"]] | {"kind"}
            codings = (fact, again.get(fact["kind"], {})) if again else (fact,)
            coded_fields = [{name: value for name, value in coded.items() if name not in left_out} for coded in codings]
            both = {name: value for name, value in coded_fields[0].items() if all(c.get(name) == value for c in codings)}
            if fact["kind"] in again:
                alone += sum(map(len, coded_fields))
                agreed += 2 * len(both)
            wrong = {name: value for name, value in given_fields.items() if all(coded.get(name) != value for coded in codings)}
            missed = {name: value for name, value in both.items() if name not in given_fields}
            said += len(both)
            got += sum(given_fields.get(name) == value for name, value in both.items())
            read += len(given_fields)
            right += len(given_fields) - len(wrong)
            if errors:
                start = f"  - {told.text[:100]} | {fact['kind']}"
                yield from (f"{start}.{name}: read {value}, said {fact.get(name)}" for name, value in wrong.items())
                if missed:
                    yield f"{start}: not read {missed}"
    shares = f"right: {right / max(1, read):.2f}; said: {said}, read: {got / max(1, said):.2f}"
    yield f"{name:15} read: {read}, {shares}; said by one coder, by the other too: {agreed / max(1, alone):.2f}"


def main() -> None:
    """Print the figures, or fit the weights."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.words", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--fit", action="store_true", help="fit the weights anew, and write them")
    parser.add_argument("--examples", action="store_true", help="put the known stories among the examples of the packs")
    parser.add_argument("--errors", action="store_true", help="list what was read wrongly")
    options = parser.parse_args()
    measured = Measured()
    if options.examples:
        kinds = {kind: {"examples": texts} for kind, texts in examples(measured).items()}
        pack = {"schema": 1, "pack": "stories-words", "title": "How people tell of it: stories", "words": kinds}
        text = yaml.safe_dump(pack, allow_unicode=True, sort_keys=False, width=130)
        EXAMPLES.write_text(f"{_EXAMPLES_HEAD}\n{text}", encoding="utf-8")
        print(f"written: {EXAMPLES.name}; fit the weights anew")
        return
    if options.fit:
        fitted = {
            of: dict(zip(FIGURES, (round(weight, 3) for weight in weights), strict=True))
            for of, weights in measured.fit()._asdict().items()
        }
        WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
        print(f"written: {WEIGHTS.name} of misstep {misstep.__version__}")
        return
    for line in report(measured, options.errors):
        print(line)


if __name__ == "__main__":
    main()
