"""The English words by which scope.py tells what is denied, said of others, or was on another day or not at all.

A phrase is a row of words; any form of a word counts, "be" stands for all of its own, and "would" also for "'d".
"""

from __future__ import annotations

from misstep.analysis.reading.english import word_set

AUXILIARIES = word_set("do did does was were am have had d could would can will should")
"""Between a word that denies and its subject, these stand when both have changed places: "at no point did I swear"."""
AFTER_NOT = word_set("only stop help resist sure surprisingly believe matter doubt longer")
"""After these a "not" denies nothing: "could not help laughing", "not only"."""
ANY = word_set("nothing anything nobody anybody thing word question moment time")
"""A clause behind one of these belongs to it, with or without a "that": "there is nothing I left out"."""
LAST_DENIED = word_set("realise notice think mean expect")
"""Of what is denied, these are the last: "did not notice that my phone was on"."""

FIRST_AS_OBJECT = word_set("me us mine ours myself")
"""Words of oneself that begin no clause: "the one before me came out"."""
SELF = word_set("candidate applicant jobseeker student graduate interviewee")
"""Those whom notes are about."""
BESIDE_ANOTHER = word_set("another other fellow next beside before behind")
"""Next to one of those, they say that it is another one."""
THE_MEETING = word_set("interview interviews")
"""Words with the stem of a person that name none: the interviewer is one, the interview is not."""
THEIRS = word_set("his her their your")
OF_A_PERSON = word_set("interview interviewer application cv letter")
"""What each has of their own: a sentence with "at her interview" tells of hers."""
OUTSIDERS = word_set(
    "friend mate pal cousin neighbour neighbor uncle aunt vicar plumber waiter candidates others girl boy kid predecessor"
)
"""Others in any text: no note about a candidate calls them so, and they have no part in an interview."""
RELATIVES = word_set(
    "mum dad brother sister wife husband son daughter parent flatmate roommate housemate girlfriend boyfriend nan gran grandad"
)
"""Those who may have a part in one's own interview: they are others where a sentence tells of an interview of theirs."""
ADJECTIVES = word_set(
    "young younger old older elderly other first next last nice lovely kind poor posh tall big little new same whole "
    "senior junior head main very actual previous former male female fellow"
)
"""Words between an article and its noun."""
EMPTY_SUBJECTS = word_set("it there")
BE = word_set("am is was are were be been")
"""After an empty subject, the one that is meant follows: "it was the chair who"."""
SPEECH = word_set("tell say ask call mention joke think blurt claim comment remark reply answer insist congratulate compliment")
"""What follows these is still said by the one who said it: "I told him that he was wrong"."""
QUESTIONS = word_set("do does is are will would can did")
"""A question that begins with these, and speaks of nobody, is a general one."""
OF_OTHERS = (
    ("theirs",),
    ("hers",),
    ("whoever",),
    ("not", "me"),
    ("not", "mine"),
    ("not", "ours"),
    ("belong", "to", "the"),
    *((whose, end) for whose in ("their", "his", "her") for end in ("end", "side")),
)
"""What stands before these words, "theirs" and "hers", was not the writer's: "there was a dog barking, theirs"."""
FILLERS = word_set("really just probably simply very quite actually even only maybe perhaps totally completely well almost all")
"""These may stand between the words of a phrase."""
SKIPPED = word_set(
    "the a an of one two three four some any all each every these those this luckily then also just even well so ok okay "
    "honestly apparently at least"
)
"""Words before the subject of a clause that are not it."""
AWAY = word_set(
    "nearly almost unless imagine suppose resisted tempted dreamt dreamed novel film movie rehearsed rehearsal mock "
    "dreading dreaded feared"
)
"""Words that say by themselves what the phrases below say."""
NOT_YET = word_set("should might ought")
"""What one should do, or might, has not been done: "I should send them the right figure"."""
SAID_WITH_SHOULD = word_set("have be say mention add admit explain not never")
"""With these it has been, or is said: "I should have", "I should say that I was late"."""
WISHES = word_set("wish wishing wished")
CONFIRMING = word_set("did was have had do am")
"""An "I" and one of these at the end of a clause say that something was so: "sure enough I did"."""
NOTICED = word_set("reckon guess believe know notice see hear feel feeling suspect bet find")
"""Behind these begins a clause, with or without a "that"."""
AWAY_PHRASES = (
    ("would", "have"),
    ("could", "not", "have"),
    ("what", "if"),
    ("not", "as", "if"),
    ("not", "as", "though"),
    ("danger", "of"),
    ("verge", "of"),
    ("brink", "of"),
    ("close", "to", "tears"),
    ("close", "to", "crying"),
    ("come", "close", "to"),
    ("could", "easily", "have"),
    ("could", "so", "easily", "have"),
    ("love", "to", "say"),
    ("always", "say"),
    ("nightmare", "where"),
    ("nightmare", "that"),
    ("clip", "of"),
    ("how", "do", "i", "avoid"),
    ("how", "do", "i", "not"),
    ("think", "i", "would"),
    ("nobody", "could", "say"),
    ("far", "from"),
    ("vision", "of"),
    ("toy", "with"),
    ("itch", "to"),
    ("brace", "to"),
    ("brace", "for"),
    ("be", "set", "to"),
    ("plan", "to"),
    ("this", "close", "to"),
    ("sure", "i", "would"),
    ("fret", "i", "would"),
    ("feel", "i", "would"),
    ("hope", "i", "would"),
    ("accuse", "me", "of"),
    ("claim", "i"),
    ("offer", "to"),
    ("warn", "about"),
    ("warn", "me"),
    ("tell", "me", "not", "to"),
    *(("before", "i", verb) for verb in ("send", "hit", "press", "click")),
    ("before", "it", "go"),
    *((verb, word, "i", "would") for verb in ("ask", "know") for word in ("if", "whether")),
    *(("it", look, "as") for look in ("look", "seem", "sound")),
    *(("it", look, "like") for look in ("look", "seem", "sound")),
    ("have", "look", "as"),
    ("have", "seem", "i"),
    ("you", "should"),
    ("you", "must"),
    ("you", "be", "suppose", "to"),
    *(("not", "want", "to", word) for word in ("be", "seem", "look", "come", "appear")),
    ("viral", "video"),
    ("in", "the", "paper"),
)
"""Phrases that say that this was not at all, or not of the writer."""
COMFORTS = (
    *(("tell", "me", "not", "to", verb) for verb in ("worry", "apologise", "panic", "fret", "mind", "rush", "stress")),
    *(("could", "not", "have", "be", how) for how in ("nicer", "kinder", "sweeter", "gentler", "better", "friendlier", "more")),
)
"""Phrases that begin like those, and say how somebody took it: "they could not have been nicer"."""
ANOTHER_DAY = (
    ("year", "ago", "i"),
    ("year", "ago", "at"),
    ("i", "once"),
    ("in", "my", "twenty"),
    ("practice", "call"),
    ("practice", "run"),
    ("before", "this", "one"),
    ("once", "i", "be", "home"),
    ("when", "i", "be", "home"),
    ("different", "interview"),
    ("previous", "interview"),
    ("at", "my", "last", "interview"),
    ("in", "my", "last", "interview"),
    ("other", "interview", "i"),
    ("last", "time"),
    *(
        (at, "another", place)
        for at in ("at", "in", "for")
        for place in ("interview", "job", "place", "company", "firm", "shop", "school", "office")
    ),
    *((at, "a", "different", place) for at in ("at", "in") for place in ("job", "place", "company", "firm", "shop", "school")),
    *((at, "my", which, "job") for at in ("in", "at") for which in ("old", "last", "previous", "former")),
)
"""Phrases that say that this was on another day. At the start of a sentence they tell when the next clause was too."""
OTHER_PERSON = (
    *((who, "me") for who in ("before", "after")),
    *(
        pair
        for person in ("candidate", "applicant", "person", "guy", "woman", "girl", "boy", "kid")
        for pair in ((person, "before"), *((which, person) for which in ("other", "previous", "last", "next")))
    ),
)
"""Phrases that say that this was of somebody else."""
BEFORE_A_PERSON = word_set("as to with by at on for from than when while")
"""Behind one of these, another person is not the one who a clause is about: "as the next candidate came"."""
AWAY_BEFORE_BUT = (
    ("think", "i"),
    ("think", "my"),
    ("think", "about"),
    ("could", "have"),
    *(("i", "could", verb) for verb in ("write", "tell", "ask", "say", "ring", "call", "send", "lie", "pretend")),
    ("about", "to"),
    ("want", "to"),
    ("expect", "to"),
    ("urge", "to"),
    ("be", "go", "to"),
)
"""The same, where one of the turns follows: "I could have told them, but I did not"."""
TURNS = word_set("but then luckily thankfully instead")
"""What follows these came otherwise: "I wanted to, but"."""
RESTRAINTS = (
    ("catch", "myself"),
    ("in", "draft"),
    ("bin", "it"),
    ("would", "not", "have", "it"),
    ("stop", "myself"),
    ("bite", "my", "tongue"),
    ("manage", "not", "to"),
    ("think", "better", "of"),
    ("hold", "it", "together"),
    ("keep", "it", "together"),
    ("hold", "it", "in"),
    ("swallow", "it"),
    ("leave", "it", "alone"),
    ("refuse", "to"),
    ("not", "happen"),
    ("nothing", "come", "of"),
    ("in", "time"),
    ("which", "be", "false"),
    ("which", "be", "make", "up"),
    ("be", "make", "up"),
    ("in", "real", "life"),
    ("this", "time"),
)
"""Phrases after which the clause before tells of nothing that happened to the one who tells it."""
EXPECTED = word_set("certain convinced sure positive")
"""What is expected follows one of these and a verb that says that it may be: "I was certain that it would break"."""
FEARS = word_set("afraid scared terrified petrified frightened dread fear worry worried")
FEARED, MIGHT = word_set("of about that"), word_set("would d might could will may")
"""What is feared follows a fear and one of these close by, or a verb that says that it may be: "afraid that my voice might"."""
