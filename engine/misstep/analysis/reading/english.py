"""What the reader knows of English: stems, spellings, small words, persons, numbers. Packs say what is told of a kind."""

from __future__ import annotations

from functools import lru_cache

import snowballstemmer

_stem = snowballstemmer.stemmer("english").stemWord


def word_set(words: str) -> frozenset[str]:
    """Words between blanks."""
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
    "min mins minutes minute|hrs hours hour|"
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
    **dict.fromkeys(("im", "ive"), ("i",)),
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
        "awhile": "a while",
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

FIRST = word_set("i my me we our ours mine myself us")
THIRD = word_set("they he she")
OTHERS = word_set(
    "interviewer recruiter panel manager hiringmanager director boss committee ceo founder chief host receptionist hr "
    "partner headhunter vp president executive owner engineer matron supervisor chef "
    "headteacher principal chairman professor foreman leader agency agent"
)
"""Those who sit on the other side."""
PERSONS = word_set(
    "woman guy man lady person people men women nobody everyone everybody somebody someone both candidate candidates student "
    "students stranger teacher nurse doctor"
)
"""Others, in a story that somebody tells of themselves."""
OF_INTERVIEWS = OTHERS | word_set(
    "interview interviewed candidate applicant cv job role position vacancy question panel application apply hired hire offer "
    "reception employer screening takehome coverletter thankyou followup jobad"
)
"""A text with one of these is rather about an interview."""
CLAUSE_STARTS = word_set(
    "but because although though when while so then until who that which however where and or whether after before if as"
)
DETERMINERS = word_set(
    "the a an one two three four some any all each every both his her their this that these those my our another"
)

STOP = word_set(
    "the a an my our his her their your of to for in on at with and was were is are be been being i he she they it we you "
    "me him them us this that these those have had has do did does so just very really such as by from into than then which "
    "whom will would should here also some ive im id or but because myself himself herself themselves am quite s t m re ve "
    "ll d if there someone somebody"
)
"""Words that tell nothing of a kind."""
ARTICLES = word_set("the a an")
STOP_IN_PATTERN = STOP | word_set("interview interviewer job about what how get who when")

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
