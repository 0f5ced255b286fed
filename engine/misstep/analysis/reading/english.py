"""What the reader knows of English: stems, spellings, small words, numbers. What is said of a kind stands in the packs."""

from __future__ import annotations

from functools import lru_cache

import snowballstemmer

_stem = snowballstemmer.stemmer("english").stemWord


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _pairs(text: str) -> dict[str, str]:
    """``form form base`` for each part between bars: the base of every form."""
    return {form: words[-1] for part in text.split("|") if (words := part.split()) for form in words[:-1]}


_BASE = _pairs(
    "swore sworn swear|froze frozen freeze|forgot forgotten forget|spilt spilled spill|spelt spelled spell|"
    "lied lying lies lie|wept weep|rang rung ring|went gone goes go|came come|said says say|told tell|spoke spoken speak|"
    "broke broken break|lost losing lose|left leave|wore worn wear|ate eaten eat|drank drink|fell fallen fall|"
    "threw thrown throw|shook shaken shaky shake|blew blown blow|gave given give|got gotten get|took taken take|"
    "thought think|knew known know|made make|ran run|sent send|wrote written write|caught catch|overslept oversleep|"
    "slept sleep|sat sit|stood stand|stank stunk stink|brought bring|bought buy|felt feel|kept keep|heard hear|"
    "saw seen see|tore torn tearing rip|ripped rip|hid hidden hide|mistook mistaken mistake|paid pay|"
    "dying died dies dead die|cried crying cries cry|met meet|held hold|found find|led lead|taught teach|"
    "drove driven drive|misspelt misspelled mispelled mispelt misspelling misspell|misheard mishear|woke woken wake|"
    "bit bitten bite|rose risen rise|"
    "apologised apologized apologising apologizing apologise apologize apologises apologizes apologies apologetic apology|"
    "cancelled canceled cancelling cancellation cancel|rescheduled rescheduling reschedules reschedule|"
    "nerves nervously nervousness nervous|"
    "criticised criticized criticising criticizing criticise criticize criticism criticise|mum mom mam mother mum|"
    "mums moms mum|dads dad|father dad|"
    "cell cellphone mobile mobiles smartphone iphone telephone telephoned phoned fone phones phone|"
    "cv cvs résumé resumé resumes resume|tyre tire|colour color|odour odor|humour humor|behaviour behavior|"
    "behavioural behavioral behavior|trousers pants trouser|lateness latecomer tardy late|quarrelled quarreled quarrel|"
    "sneakers trainers trainer|unprepared unprepare|sweated sweaty sweating sweat|"
    "yelled yelling yell screamed screaming shouted shouting shout|salaries wages wage salary|typos typo|"
    "called calling calls call|laughed laughing laughs laughter laugh|"
    "replied replies reply responded response respond answered answering answers answer|bosses boss|employers employer|"
    "licence license|organisation organization|realised realized realise realize|practise practice|programme program|"
    "recognised recognized recognise|offence offense|grey gray|jumper sweater|maths math|cologne aftershave|lift elevator|"
    "holidays vacation holiday|queue line|flat apartment|lorry truck|rude rudely rudeness rude|"
    "emailed emailing emails mailed mail email|texted texting texts text|fainted fainting faint|"
    "stuttered stuttering stutter stammered stammering stammer|trembled trembling tremble|blushed blushing blush|"
    "tripped tripping trip|yawned yawning yawn|argued arguing argues argument arguments argue|"
    "interrupted interrupting interruption interrupt|rambled rambling rambly ramble|lateish late|wifi internet|"
    "min mins minutes minute|hr hrs hours hour|"
    "f-bomb fbomb|advert advertisement ad|colleagues coworker coworkers colleague|managers manager|"
    "bloke blokes chap chaps fella fellas guys lad fellow guy|gents gentleman guy|ladies lady woman women woman"
)
"""Bases of words that the stemmer would keep apart: irregular forms, British and American spellings, everyday synonyms."""

CONTRACTIONS = {
    **{
        f"{word}n{mark}t": (word, "not")
        for word in (
            "do",
            "does",
            "did",
            "is",
            "was",
            "were",
            "are",
            "have",
            "has",
            "had",
            "could",
            "would",
            "should",
            "must",
            "need",
        )
        for mark in ("'", "")
    },
    **dict.fromkeys(("can't", "cant", "cannot"), ("can", "not")),
    **dict.fromkeys(("won't", "wont"), ("will", "not")),
    **dict.fromkeys(("ain't", "aint"), ("is", "not")),
    **{
        f"{word}'{end}": (word,)
        for word in ("i", "you", "we", "they", "he", "she", "it", "that", "there", "who", "what", "let")
        for end in ("m", "re", "ve", "s")
    },
    **{
        f"{word}'{end}": (word, meant)
        for word in ("i", "you", "we", "they", "he", "she", "it", "that", "there", "who")
        for end, meant in (("d", "d"), ("ll", "will"))
    },
    **dict.fromkeys(("im", "ive", "id"), ("i",)),
    "should've": ("should", "have"),
    "would've": ("would", "have"),
    "could've": ("could", "have"),
    "gonna": ("going", "to"),
    "dunno": ("do", "not", "know"),
}
"""The words that one written word stands for."""

JOINED = {
    tuple(parts.split()): whole
    for whole, forms in {
        "thankyou": "thank you|thank yous|thanks note|thank u",
        "followup": "follow up|followed up|following up|follow ups",
        "coverletter": "cover letter|covering letter|cover letters|motivation letter",
        "internet": "wi fi",
        "email": "e mail|e mails",
        "fbomb": "f bomb|f bombs",
        "fword": "f word",
        "hiringmanager": "hiring manager|hiring managers",
        "takehome": "take home",
        "flipflops": "flip flops|flip flop",
        "tshirt": "t shirt|t shirts|tee shirt",
        "noshow": "no show|no shows",
        "hungover": "hung over",
        "oversleep": "over slept|slept in",
        "nobody": "no one|not anyone|not anybody",
        "phone": "cell phone|mobile phone",
        "badmouth": "bad mouth|bad mouthed|bad mouthing",
        "overshare": "over share|over shared|over sharing",
        "infrontof": "in front of",
        "jobad": "job ad|job advert|job description|job spec",
    }.items()
    for parts in forms.split("|")
}
"""Words that are one when they stand together."""

NEGATORS = {
    "not": 5,
    "hardly": 4,
    "barely": 4,
    "scarcely": 4,
    "never": 5,
    "without": 4,
    "nobody": 4,
    "neither": 4,
    "nor": 4,
    "no": 3,
    "none": 3,
    "nothing": 2,
    "zero": 2,
    "instead": 4,
}
"""Words that deny what follows, and how many words on."""
AUXILIARIES = _set("do did does was were am have had d could would can will should")
"""Between a word that denies and its subject, these stand when both have changed places: "at no point did I swear"."""
AFTER_NOT = _set("only stop help resist sure mention surprisingly believe matter doubt longer")
"""After these a "not" denies nothing: "could not help laughing", "not only"."""
LAST_DENIED = _set("realise notice think mean expect")
"""Of what is denied, these are the last: "did not notice that my phone was on"."""

FIRST = _set("i my me we our ours mine myself us")
FIRST_AS_OBJECT = _set("me us mine ours myself")
SELF = _set("candidate applicant jobseeker student graduate interviewee")
"""Those whom notes are about."""
BESIDE_ANOTHER = _set("another other fellow next beside before behind")
"""Next to one of those, they say that it is another one."""
THIRD = _set("they he she")
THEIRS = _set("his her their your")
OTHERS = _set(
    "interviewer recruiter panel manager hiringmanager director boss committee ceo founder chief host receptionist hr "
    "partner headhunter vp president executive owner engineer matron supervisor chef "
    "headteacher principal chairman professor foreman"
)
"""Those who sit on the other side."""
PERSONS = _set(
    "woman guy man lady person people men women nobody everyone everybody somebody someone both candidate candidates student "
    "students stranger teacher nurse doctor"
)
"""Others, in a story that somebody tells of themselves."""
OUTSIDERS = _set("friend mate pal cousin neighbour neighbor uncle aunt vicar plumber waiter candidates others girl boy kid")
"""Others in any text: no note about a candidate calls them so, and they have no part in an interview."""
RELATIVES = _set(
    "mum dad brother sister wife husband son daughter parent flatmate roommate housemate girlfriend boyfriend nan gran grandad"
)
"""Those who may have a part in one's own interview: they are others where a sentence tells of an interview of theirs."""
ADJECTIVES = _set(
    "young younger old older elderly other first next last nice lovely kind poor posh tall big little new same whole "
    "senior junior head main very actual previous former male female fellow"
)
"""Words between an article and its noun."""
EMPTY_SUBJECTS = _set("it there")
BE = _set("am is was are were be been")
"""After an empty subject, the one that is meant follows: "it was the chair who"."""
OF_INTERVIEWS = OTHERS | _set(
    "interview interviewed candidate applicant cv job role position vacancy question panel application apply hired hire offer "
    "reception employer screening takehome coverletter thankyou followup jobad"
)
"""A text with one of these is rather about an interview."""
SPEECH = _set("tell say ask call mention joke think blurt claim comment remark reply answer insist congratulate compliment")
"""What follows these is still said by the one who said it: "I told him that he was wrong"."""
QUESTIONS = _set("do does is are will would can did")
"""A question that begins with these, and speaks of nobody, is a general one."""
OF_OTHERS = (
    ("theirs",),
    ("hers",),
    ("whoever",),
    ("not", "me"),
    ("not", "mine"),
    ("not", "our"),
    ("belong", "to", "the"),
    *((whose, end) for whose in ("their", "his", "her") for end in ("end", "side")),
)
"""What stands before these words, "theirs" and "hers", was not the writer's: "there was a dog barking, theirs"."""
FILLERS = _set(
    "really just probably simply very quite actually even only maybe perhaps totally completely easily well almost all"
)
"""These may stand between the words of the rows above."""
CLAUSE_STARTS = _set(
    "but because although though when while so then until who that which however where and or whether after before if as"
)
DETERMINERS = _set("the a an one two three four some any all each every both his her their this that these those my our another")
SKIPPED = _set(
    "the a an of one two three four some any all each every these those this luckily then also just even well so ok okay "
    "honestly apparently at least"
)
"""Words before the subject of a clause that are not it."""
AWAY = _set(
    "nearly almost unless imagine suppose resisted tempted dreamt dreamed novel film movie rehearsed rehearsal mock "
    "dreading dreaded feared"
)
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
    ("think", "i", "would"),
    ("nobody", "could", "say"),
    ("far", "from"),
    ("vision", "of"),
    ("toy", "with"),
    ("itch", "to"),
    ("brace", "to"),
    ("brace", "for"),
    ("all", "set", "to"),
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
    *((verb, word, "i", "would") for verb in ("ask", "know") for word in ("if", "whether")),
    *(("it", look, "as") for look in ("look", "seem", "sound")),
    *(("it", look, "like") for look in ("look", "seem", "sound")),
    ("have", "look", "as"),
    ("have", "seem", "i"),
    ("you", "should"),
    ("you", "must"),
    ("you", "be", "suppose", "to"),
    ("viral", "video"),
    ("in", "the", "paper"),
    ("year", "ago", "i"),
    ("i", "once"),
    ("in", "my", "twenty"),
    ("practice", "call"),
    ("practice", "run"),
    ("before", "this", "one"),
    ("once", "i", "be", "home"),
    ("different", "interview"),
    ("previous", "interview"),
    ("other", "interview", "i"),
    ("last", "time"),
    *(("not", "want", "to", word) for word in ("be", "seem", "look", "come", "appear")),
    *(
        (at, "another", place)
        for at in ("at", "in", "for")
        for place in ("interview", "job", "place", "company", "firm", "shop", "school", "office")
    ),
    *((at, "a", "different", place) for at in ("at", "in") for place in ("job", "place", "company", "firm", "shop", "school")),
    *((at, "my", which, "job") for at in ("in", "at") for which in ("old", "last", "previous", "former")),
    *(
        pair
        for person in ("candidate", "applicant", "person", "guy", "woman", "girl", "boy", "kid")
        for pair in ((person, "before"), *((which, person) for which in ("other", "previous", "last", "next")))
    ),
)
"""Stems in a row that say that this was on another day, to somebody else, or not at all."""
AWAY_BEFORE_BUT = (
    ("think", "i"),
    ("think", "my"),
    ("think", "about"),
    ("could", "have"),
    ("about", "to"),
    ("want", "to"),
    ("expect", "to"),
    ("urge", "to"),
    ("be", "go", "to"),
)
"""Stems in a row that say so where a "but" follows: "I could have told them, but I did not"."""
TURNS = _set("but then luckily thankfully instead")
RESTRAINTS = (
    ("catch", "myself"),
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
    ("just", "in", "time"),
    ("which", "be", "false"),
    ("which", "be", "make", "up"),
    ("be", "make", "up"),
    ("in", "real", "life"),
    ("this", "time"),
)
"""Stems in a row after which the clause before tells of nothing that happened to the one who tells it."""
FEARS = _set("afraid scared terrified petrified frightened dread fear worry worried")
FEARED, MIGHT = _set("of about that"), _set("would d might could will may")
"""What is feared follows a fear and one of these close by, or a verb that says that it may be: "afraid that my voice might"."""

STOP = _set(
    "the a an my our his her their your of to for in on at with and was were is are be been being i he she they it we you "
    "me him them us this that these those have had has do did does so just very really such as by from into than then which "
    "whom will would should here also some ive im id or but because myself himself herself themselves am quite s t m re ve "
    "ll d if there"
)
"""Words that tell nothing of a kind."""
ARTICLES = _set("the a an")
STOP_IN_PATTERN = STOP | _set("interview interviewer job about what how get who when")

_LOW = (
    "zero once two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty"
)
NUMBERS = {word: number for number, word in enumerate(_LOW.split())} | {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
    "hundred": 100,
    "dozen": 12,
    "couple": 2,
    "few": 3,
    "several": 3,
}
SECONDS = {
    word: seconds
    for words, seconds in {
        "second seconds sec secs": 1,
        "minute minutes min mins": 60,
        "hour hours hr hrs": 3_600,
        "day days": 86_400,
        "week weeks": 604_800,
        "fortnight": 1_209_600,
        "month months": 2_592_000,
        "year years": 31_536_000,
    }.items()
    for word in words.split()
}
"""The seconds in a unit of time; a month has thirty days."""
UNITS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400, "months": 2_592_000}
"""The same, for the units of fields."""


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a word in lower case."""
    if "*" in word:  # f**k, sh*t
        return {"f": "fuck", "s": "shit"}.get(word[0], word)
    found: str = _stem(_BASE.get(word, word))
    return found
