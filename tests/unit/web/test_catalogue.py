"""The German catalogue is whole, and says nothing that nobody asks for."""

from __future__ import annotations

import json
import re

import pytest
from tests.unit.web.sources import WEB, in_code, in_templates, said

from pushbutton.sentence import Sentence, say, say_n
from pushbutton.web.words.i18n import Texts, choose, texts

CATALOGUE = json.loads((WEB / "words/locale/de.json").read_text("utf-8"))
OTHERS = "sentences of other rooms"
ENTRIES = {source: text for section in CATALOGUE.values() for source, text in section.items()}


def test_every_text_is_in_german():
    assert in_templates() | in_code() <= ENTRIES.keys()


def test_no_entry_is_unused():
    asked = in_templates() | in_code()
    assert {source for name, section in CATALOGUE.items() if name != OTHERS for source in section} <= asked


def test_every_sentence_is_in_german_and_no_other_is():
    assert set(CATALOGUE[OTHERS]) == set(said())


def test_a_sentence_that_counts_has_a_text_for_each_form():
    counting = {source for source, plural in said().items() if plural}
    assert {source for source, text in CATALOGUE[OTHERS].items() if isinstance(text, list)} == counting
    assert {len(CATALOGUE[OTHERS][source]) for source in counting} == {2}


def test_a_translation_has_the_places_of_its_source():
    places, plural = re.compile(r"\{\w+(?::[^}]*)?\}"), said()
    wrong = set()
    for source, entry in ENTRIES.items():
        sources = [source] if isinstance(entry, str) else [source, plural[source]]
        texts_ = [entry] if isinstance(entry, str) else entry
        wanted = set(places.findall(sources[-1]))
        wrong |= {text for text in texts_[-1:] if set(places.findall(text)) != wanted}
        wrong |= {text for text in texts_[:-1] if not set(places.findall(text)) <= wanted}
    assert wrong == set()


def test_templates_hold_no_text_of_their_own():
    loose = re.compile(r">[^<>{}]*[A-Za-zÄÖÜäöü]{3,}[^<>{}]*<")
    allowed = re.compile(r"=\"|Pushbutton|from pushbutton|@task|def hello|status\(|echo|command: |params: ")
    found = []
    for path in set(WEB.glob("templates/*.html")) - {WEB / "templates/reference.html"}:  # English, as the API itself is
        plain = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        found += [text for text in loose.findall(plain) if not allowed.search(text)]
    assert found == []


def german(sentence: str) -> str:
    return texts("de").sentence(sentence)


def test_a_sentence_of_another_room_is_said_in_german():
    said = say("Choose a number from {least} to {most}.", least=1, most=8)
    assert german(said) == "Wählen Sie eine Zahl von 1 bis 8."
    assert texts("en").sentence(said) == "Choose a number from 1 to 8."


def test_a_sentence_inside_another_one_is_said_in_german_too():
    time = say_n("{n:.3g} hour", "{n:.3g} hours", 1.5)
    said = say("It was not approved in time ({time}).", time=time)
    assert german(said) == "Es wurde nicht rechtzeitig freigegeben (1,5 Stunden)."
    assert said == "It was not approved in time (1.5 hours)."


@pytest.mark.parametrize(
    ("n", "text"), [(1, "Der Eintrag ist so, wie er geschrieben wurde."),
                    (1204, "Alle 1.204 Einträge sind so, wie sie geschrieben wurden.")],
)  # fmt: skip
def test_a_sentence_counts_as_its_language_does(n, text):
    assert german(say_n("The record is as it was written.", "All {n:,} records are as they were written.", n)) == text


def test_an_unknown_sentence_stays_as_it_is():
    assert german(say("Something nobody translated.")) == "Something nobody translated."


@pytest.mark.parametrize("text", ["It was stopped.", "Choose a number from 1 to 8."])
def test_a_plain_text_stays_as_it_is_whatever_it_says(text):
    assert german(text) == text


@pytest.mark.parametrize(
    "values", [{}, {"least": 1}, {"least": 1, "most": [say("Sign in first.")], "more": 2}, {"n": 1}]
)
def test_values_of_another_version_hurt_nothing(values):
    assert german(Sentence("Choose a number.", "Choose a number from {least} to {most}.", values))


def test_values_in_html_texts_are_escaped():
    assert Texts("en").html("Did you mean {word}?", word="<b>") == "Did you mean &lt;b&gt;?"


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "fr,en;q=0.2,de;q=0.8", "de"),
        ("en", "de", "en"),
        ("xx", "de", "de"),
        ("", "de;q=0", "en"),
        ("", "nonsense;q=x,,;", "en"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_best_of_the_browser(cookie, accept, language):
    assert choose(cookie, accept) == language


def test_numbers_are_written_for_the_reader():
    assert (texts("en").number(1289), texts("de").number(1289), texts("de").number(1.5, 1)) == ("1,289", "1.289", "1,5")


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1 byte"), (999, "999 bytes"), (38_200_000, "38.2 MB"), (999_950, "1.0 MB"), (10**13, "10,000 GB")],
)
def test_sizes(count, text):
    assert texts("en").size(count) == text
