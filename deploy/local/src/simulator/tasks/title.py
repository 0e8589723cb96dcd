"""The task `title_prompt`: three to six words that say what a prompt is for."""

import re
from itertools import takewhile

from simulator.tasks.assignment import Assignment
from simulator.tasks.kinds import is_verb, recognise_kind, starts_with_order
from simulator.tasks.marks import replace_marks, split_units, spoken_mark, unwrap_prompt
from simulator.tasks.vocabulary import vocabulary

SHORTEST_TITLE_WORDS = 3
LONGEST_TITLE_WORDS = 6
_LONGEST_WORD_CHARACTERS = 24

# An apostrophe or hyphen belongs to a word only between two letters, so that no quotation mark gets into a title.
_TOKEN = re.compile(r"\w+(?:['\u2019-]\w+)*\+{0,2}|[.,;:!?()]")
_SMALL = vocabulary("small")
_DROPPED = vocabulary("never in a title")
_CLAUSE = vocabulary("opens a clause")


def title_prompt(assignment: Assignment) -> str:
    """A title in title case, without quotes, made from the prompt's own words where they suffice."""
    return title_of(unwrap_prompt(assignment.text))


def title_of(prompt: str) -> str:
    """The title of a prompt or of any other text that asks for something."""
    sentence = task_sentence(prompt)
    words = _object_words(sentence)
    for spare in [*_content_words(prompt), recognise_kind(sentence).noun, "Prompt", "Draft", "Text"]:
        if len(words) >= SHORTEST_TITLE_WORDS:
            break
        if spare.lower() not in {word.lower() for word in words}:
            words.append(spare)
    return " ".join(_cased(word, index) for index, word in enumerate(words))


def task_sentence(prompt: str) -> str:
    """The sentence that gives the order, its marks spelled as words; else the first sentence with words in it."""
    units = [replace_marks(unit, spoken_mark).strip() for unit in split_units(prompt)]
    spoken = [unit for unit in units if unit and not unit.startswith("#")]
    orders = (unit for unit in spoken if starts_with_order(unit))
    return next(orders, spoken[0] if spoken else "")


def _object_words(sentence: str) -> list[str]:
    tokens = _TOKEN.findall(sentence)
    lead = sum(1 for _ in takewhile(_is_lead_in, tokens))
    words: list[str] = []
    for piece in tokens[lead:]:
        if len(words) == LONGEST_TITLE_WORDS or _ends_phrase(piece, len(words)):
            break
        if _is_kept(piece):
            words.append(piece[:_LONGEST_WORD_CHARACTERS].rstrip("'\u2019-"))
    while words and words[-1].lower() in _SMALL:
        words.pop()
    return words


def _is_lead_in(token: str) -> bool:
    return is_verb(token) or token.lower() in _DROPPED | _SMALL


def _ends_phrase(piece: str, words_so_far: int) -> bool:
    stops = piece in ".,;:!?()" or piece.lower() in _CLAUSE
    return stops and words_so_far >= SHORTEST_TITLE_WORDS - 1


def _is_kept(token: str) -> bool:
    return token[0].isalnum() and token.lower() not in _DROPPED | _CLAUSE


def _content_words(prompt: str) -> list[str]:
    spoken = replace_marks(prompt[:2000], spoken_mark)
    unwanted = _DROPPED | _CLAUSE | _SMALL
    return [
        word[:_LONGEST_WORD_CHARACTERS]
        for word in re.findall(r"[^\W\d_]{4,}", spoken)
        if word.lower() not in unwanted and not is_verb(word)
    ]


def _cased(word: str, index: int) -> str:
    if index and word.lower() in _SMALL:
        return word.lower()
    return word if any(letter.isupper() for letter in word) else word[:1].upper() + word[1:]
