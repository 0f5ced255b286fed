"""Link declared roles and kinds, and the usual answers to their fields; give the types of fields to expressions."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from misstep.errors import did_you_mean
from misstep.language.facts import ROLES, TRAITS, TYPES, UNSAID, Field, FieldType, Kind, renamings
from misstep.language.finding import FINDING_FIELDS, FINDING_WORDS
from misstep.language.functions import Type
from misstep.language.program import FINDING, OUTLOOK, Usual
from misstep.language.scale import PLAN, REPAIR, SAID, STEP, VERDICT, WRONG, Scale
from misstep.rulebase import schema
from misstep.rulebase.packs import Merged, PackEntry, old_names

RESERVED = frozenset({"id", "kind", "fact", *TRAITS, *FINDING_FIELDS})


def link_kinds(merged: Merged, scale: Scale | None) -> tuple[dict[str, tuple[Field, ...]], dict[str, Kind]]:
    """The fields of the roles by role, and the kinds by name; faults are reported.

    A kind or role with a wrong name or field is left out and goes to ``merged.broken``: references to it are no errors.
    """
    _check_old_kinds(merged)
    roles: dict[str, tuple[Field, ...]] = {}
    for role, declared in merged.roles.items():
        roles[role] = _fields(declared, False)
        _check_old_fields(declared, (), roles[role])
        if len(roles[role]) < len(declared.doc.fields):
            merged.broken |= {("roles", role)}
    kinds = {}
    for name, entry in merged.kinds.items():
        kind = _kind(name, entry, roles.get(entry.doc.role, ()), merged, scale)
        if kind is None or ("roles", kind.role) in merged.broken:
            merged.broken |= {("kinds", name)}
        else:
            kinds[name] = kind
    return roles, kinds


def is_reserved(name: str) -> bool:
    """Whether a name has a meaning of its own, so that no kind can have it."""
    return name in (*ROLES, FINDING, OUTLOOK, SAID, REPAIR, VERDICT, PLAN, STEP, WRONG) or keyword.iskeyword(name)


def _kind(
    name: str, entry: PackEntry[schema.KindDoc], common: tuple[Field, ...], merged: Merged, scale: Scale | None
) -> Kind | None:
    """One kind, ``common`` being the fields of its role; None if its name or one of its fields is wrong."""
    doc = entry.doc
    refused = is_reserved(name)
    if refused:
        entry.report(f"'{name}' has a meaning of its own; choose another name")
    own = _fields(entry, doc.role == "derived")
    for f in own:
        if any(f.name == c.name for c in common):
            entry.report(f"every {doc.role} has the field '{f.name}' already", "fields", f.name)
    _check_old_fields(entry, common, own)
    for action in doc.advice:
        merged.declares("actions", action, entry, "advice", action)
    if doc.advice and doc.role != "mistake":
        entry.report("`advice` is for mistakes", "advice")
    if doc.keep is not None and doc.role != "derived":
        entry.report("`keep` is for derived kinds: every fact that a record gives is kept", "keep")
    if doc.assumed is not None and (doc.role != "setting" or any(f.required for f in own)):
        entry.report("`assumed` is for a setting whose fields all have a default or may be unknown", "assumed")
    traits = _traits(entry, merged, scale)
    if refused or len(own) < len(doc.fields):
        return None
    return Kind(
        name=name,
        role=doc.role,
        title=doc.title,
        fields=(*common, *own),
        help=doc.help,
        topic=doc.topic or entry.pack.doc.pack,
        assumed=doc.assumed or "",
        said=doc.said or "",
        repair=doc.repair,
        word=doc.word,
        advice=doc.advice,
        was=old_names(doc),
        each=doc.keep == "each",
        **traits,
    )


def _check_old_kinds(merged: Merged) -> None:
    """Report old names of kinds that mean something else too; of two declarations the later one is at fault."""
    now: dict[str, PackEntry[schema.KindDoc]] = {}
    for name, entry in merged.kinds.items():
        for old, path in _old_names(entry.doc):
            other = merged.kinds.get(old)
            if other is not None and other.pack.layer > entry.pack.layer:
                if not other.doc.replace:  # else it is told that there is nothing to replace
                    other.report(f"'{old}' is the old name of '{name}', so records mean that one; choose another name")
            elif old == name or other is not None:
                entry.report(_IN_USE.format(old), *path)
            elif now.setdefault(old, entry) is not entry:
                entry.report(_TWO_OLD.format(old, now[old].path[-1]), *path)
        for place, (old, path) in enumerate(_old_names(entry.doc)):
            if old in old_names(entry.doc)[:place]:
                entry.report(_TWICE.format(old), *path)


def _check_old_fields(
    entry: PackEntry[schema.KindDoc] | PackEntry[schema.RoleDoc], common: tuple[Field, ...], own: tuple[Field, ...]
) -> None:
    """The same of fields: ``common`` are those of the role of a kind."""
    now = {old: field.name for field in common for old in field.was}
    names = {"id", "kind", *(field.name for field in (*common, *own))}
    for name, doc in entry.doc.fields.items():
        if name in now:
            entry.report(f"'{name}' is the old name of the field '{now[name]}'; choose another name", "fields", name)
        for place, (old, path) in enumerate(_old_names(doc)):
            if old in old_names(doc)[:place]:
                entry.report(_TWICE.format(old), "fields", name, *path)
            elif old in names:
                entry.report(_IN_USE.format(old), "fields", name, *path)
            elif now.setdefault(old, name) != name:
                entry.report(_TWO_OLD.format(old, now[old]), "fields", name, *path)


_IN_USE = "'{}' is a name in use; an old name is one that nothing has any more"
_TWO_OLD = "'{}' is the old name of '{}' already"
_TWICE = "'{}' stands twice in `was`"


def _old_names(doc: schema.KindDoc | schema.FieldDoc) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """The old names of a kind or field, each with its path there."""
    if isinstance(doc.was, str):
        yield doc.was, ("was",)
    for i, old in enumerate(doc.was if isinstance(doc.was, list) else ()):
        yield old, ("was", i)


def _traits(entry: PackEntry[schema.KindDoc], merged: Merged, scale: Scale | None) -> dict[str, str]:
    """The traits of a kind, by name: those that it declares, and those that its concern gives it."""
    doc = entry.doc
    traits = {trait: getattr(doc, trait) for trait in TRAITS if getattr(doc, trait) is not None}
    if scale is not None and doc.concern is not None and doc.role == "mistake":
        traits = {**_by_concern(merged, scale, doc.concern), **traits}
    for trait, word in traits.items():
        if scale is not None:
            known = scale.trait(trait)
            entry.knows(trait, word, known, trait, otherwise=None if known else f"; the scale has no {trait}s")
        if doc.role != "mistake":
            entry.report(f"`{trait}` is for mistakes", trait)
    return traits


def _by_concern(merged: Merged, scale: Scale, concern: str) -> dict[str, str]:
    """The traits of kinds of a concern that do not declare any."""
    docs: dict[str, schema.TraitDoc] = {t: merged.scale[f"{t}s"].doc for t in TRAITS if t != "concern" and scale.trait(t)}
    return {trait: doc.by_concern[concern] for trait, doc in docs.items() if concern in doc.by_concern}


def _fields(entry: PackEntry[schema.KindDoc] | PackEntry[schema.RoleDoc], derived: bool) -> tuple[Field, ...]:
    """The fields that are declared, less those that are refused, which is noted."""
    fields = []
    for name, doc in entry.doc.fields.items():
        try:
            fields.append(_field(name, doc, derived))
        except ValueError as error:
            entry.report(f"field {name}: {error}", "fields", name)
    return tuple(fields)


def _field(name: str, doc: schema.FieldDoc, derived: bool) -> Field:
    """One field. Raises ValueError with the fault."""
    type_ = cast("FieldType", doc.type.removesuffix("?"))
    unknown, worded = doc.type.endswith("?"), type_ in ("enum", "set")
    values, limited = doc.values or [], doc.min is not None or doc.max is not None
    faults = {
        "this name has a meaning of its own; choose another": name in RESERVED or keyword.iskeyword(name),
        f"`values` is {'needed for' if worded else 'only for'} an enum or a set": worded != (doc.values is not None),
        "`ordered` is only for an enum": doc.ordered and type_ != "enum",
        "a value stands twice in `values`": len(set(values)) < len(values),
        "`min` and `max` are only for numbers": limited and TYPES[type_].sort != "number",
        "a derived field has no `min` and `max`; limit the value where it is derived": limited and derived,
        "`min` is greater than `max`": doc.min is not None and doc.max is not None and doc.min > doc.max,
        "a field that may be unknown, or is derived, has no default": doc.default is not None and (unknown or derived),
    }
    for fault, holds in faults.items():
        if holds:
            raise ValueError(fault)
    field = Field(
        name=name,
        type=type_,
        unknown=unknown,
        required=not unknown and doc.default is None,
        values=tuple(values),
        minimum=doc.min,
        maximum=doc.max,
        unit=doc.unit or "",
        worse=doc.worse,
        help=doc.help,
        title=doc.title or "",
        was=old_names(doc),
        ordered=doc.ordered,
    )
    default = None if doc.default is None else field.form.store(doc.default)
    if default is not None and not field.takes(default):
        raise ValueError(f"the default must be {field.expected()}")
    if doc.worse is not None:
        directions = ("higher", "lower") if field.is_number else field.choices or field.values
        if not directions:
            raise ValueError("`worse` is for numbers, for true or false, and for words of `values`")
        if not any(doc.worse is d or (isinstance(d, str) and doc.worse == d) for d in directions):
            raise ValueError(f"`worse` is one of {', '.join(str(d).lower() for d in directions)}")
    return replace(field, default=default, words=_words(field, doc.words or {}))


def _words(field: Field, sentences: Mapping[str, str]) -> tuple[tuple[bool | str, str], ...]:
    """The sentences for values, in the order of the values. Raises ValueError for one of a value that the field does not have."""
    values = {str(value).lower() if isinstance(value, bool) else value: value for value in field.choices or field.values}
    if sentences and not values:
        raise ValueError("`words` is for true and false, and for words of `values`")
    for word in sentences:
        if word not in values:
            hint = did_you_mean(word, values, f"; it is one of {', '.join(values)}")
            raise ValueError(f"`words` has a sentence for '{word}', which is no value of the field{hint}")
    return tuple((value, sentences[word]) for word, value in values.items() if word in sentences)


def field_type(field: Field) -> Type:
    """The type that expressions see."""
    if field.is_number:
        low, high = field.range
        return Type(field.type, low=low, high=high, unknown=field.unknown)
    return Type(field.type, field.values, unknown=field.unknown, order=field.order)


def fact_types(
    kinds: Iterable[Kind], fields: Iterable[Field], scale: Scale, broken: Iterable[tuple[str, str]]
) -> dict[str, Type]:
    """The types of the fields of a fact of any of the kinds, by name; it may be of a broken kind too."""
    kinds = list(kinds)
    types = {f.name: field_type(f) for f in fields}
    types["kind"] = Type("enum", (*(k.name for k in kinds), *(name for section, name in broken if section == "kinds")))
    if not any(k.role == "derived" for k in kinds):  # derived facts are told apart by their fields alone
        types["id"] = Type("id")
    if all(k.role == "mistake" for k in kinds):
        types.update({trait: Type("enum", words) for trait in TRAITS if (words := scale.trait(trait))})
    return types


def finding_types(scale: Scale) -> Mapping[str, Type]:
    """The types of the fields of a finding, besides those of its mistake; without those of scores that the scale lacks."""
    scores = {name: Type("number", high=10) for name in FINDING_FIELDS}
    words = {name: words(scale) for name, words in FINDING_WORDS.items()}
    types = {"fact": Type("id"), **scores, **{name: Type("enum", found, order=found) for name, found in words.items()}}
    return {name: type_ for name, type_ in types.items() if lacking(name, scale) is None}


def lacking(name: str, scale: Scale) -> str | None:
    """The message about an effect, a field of findings or a pattern whose section the scale lacks; None if it has the section."""
    section = {"outlook": "outlooks"}.get(name, name.removesuffix("_level"))
    lacks = {"noticed", "urgency"} - {*scale.scores} | (set() if scale.has_outlooks else {"outlooks"})
    return f"the scale lacks `{section}`; declare it under scale:, or leave this out" if section in lacks else None


# -- usual answers


def link_usual(merged: Merged, roles: Mapping[str, tuple[Field, ...]], kinds: Mapping[str, Kind]) -> dict[str, Usual]:
    """The usual answers, by kind or role, a dot, and the field; faults are reported.

    If a later layer declares the kind or role anew, entries of an earlier one that do not fit any more are left out silently.
    """
    owners = {**roles, **{name: kind.fields for name, kind in kinds.items()}}
    renamed = renamings(kinds.values())
    found = {}
    for place, entry in merged.usual.items():
        owner, _, name = place.partition(".")
        for i, source in enumerate(entry.doc.sources):
            merged.declares("sources", source, entry, "sources", i)
        field = next((field for field in owners.get(owner, ()) if field.name == name), None)
        role_is_broken = owner in kinds and ("roles", kinds[owner].role) in merged.broken
        if merged.is_broken(owner) or (field is None and role_is_broken):
            continue
        faults = list(_faults(place, field, owners, kinds, renamed, entry))
        declared = merged.kinds.get(owner) or merged.roles.get(owner)
        if declared is None or declared.pack.layer <= entry.pack.layer:
            for message, *path in faults:
                entry.report(message, *path)
        if field is not None and not faults:
            answers: dict[Any, float] = {_usual_answer(field, text): float(weight) for text, weight in entry.doc.answers.items()}
            in_order = [answer for answer in field.choices or sorted(answers) if answer in answers]
            sources = tuple(sorted(set(entry.doc.sources)))
            found[place] = Usual(tuple((answer, answers[answer]) for answer in in_order), sources)
    return found


def _faults(
    place: str,
    field: Field | None,
    owners: Mapping[str, tuple[Field, ...]],
    kinds: Mapping[str, Kind],
    renamed: Mapping[str, tuple[str, ...]],
    entry: PackEntry[schema.UsualDoc],
) -> Iterator[tuple[str, ...]]:
    """The faults of an entry: messages, each with its path."""
    owner, _, name = place.partition(".")
    if owner not in owners:
        yield (f"there is no kind or role '{owner}'{did_you_mean(owner, owners, renamed=renamed)}",)
    elif field is None:
        names = [field.name for field in owners[owner]]
        there = f"; there are {', '.join(names)}" if names else "; it has none"
        yield (f"{owner} has no field '{name}'{did_you_mean(name, names, there, renamed)}",)
    elif owner in kinds and kinds[owner].role == "derived":
        yield (f"'{owner}' is concluded by rules, so nobody is asked about it",)
    elif field.required:
        yield (f"every record says {place}, so there is nothing usual to fall back on",)
    elif field.type == "text":
        yield (f"{place} is text, of which no answer is usual",)
    else:
        seen = set()
        for text in entry.doc.answers:
            try:
                answer = _usual_answer(field, text)
            except ValueError as error:
                yield str(error), "answers", text
                continue
            if answer in seen:
                yield f"'{text}' is the same answer as one before it", "answers", text
            seen.add(answer)


def _usual_answer(field: Field, text: str) -> Any:
    """An answer as memory has it. Raises ValueError with the fault."""
    if field.leaves_open(text):
        raise ValueError(f"'{UNSAID}' is no answer: say how often each of the others is true")
    answer = field.form.store(field.form.read(text, ","))
    if not field.takes(answer):
        words = ("true", "false") if field.type == "boolean" else field.values
        raise ValueError(f"'{text[:60]}' is no answer: it must be {_expected_answer(field)}{did_you_mean(text, words)}")
    return answer


def _expected_answer(field: Field) -> str:
    if field.form.sort == "set":
        return "words from " + ", ".join(field.values) + ", separated by commas"
    return replace(field, values=tuple(word for word in field.values if word != UNSAID), unknown=False).expected()
