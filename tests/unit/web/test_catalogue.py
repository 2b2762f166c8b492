"""The German catalogue is whole, and says nothing that nobody asks for."""

import json
import re

import pytest
from tests.unit.web.sources import WEB, in_code, in_templates

from pushbutton.web.words.i18n import Texts, choose, texts

CATALOGUE = json.loads((WEB / "words/locale/de.json").read_text("utf-8"))
OTHERS = "sentences of other rooms"
ENTRIES = {source: text for section in CATALOGUE.values() for source, text in section.items()}


def test_every_text_is_in_german():
    assert in_templates() | in_code() <= ENTRIES.keys()


def test_no_entry_is_unused():
    asked = in_templates() | in_code()
    assert {source for name, section in CATALOGUE.items() if name != OTHERS for source in section} <= asked


def test_a_translation_has_the_places_of_its_source():
    places = re.compile(r"\{\w+\}")
    assert {
        source for source, text in ENTRIES.items() if set(places.findall(source)) != set(places.findall(text))
    } == set()


def test_templates_hold_no_text_of_their_own():
    loose = re.compile(r">[^<>{}]*[A-Za-zÄÖÜäöü]{3,}[^<>{}]*<")
    allowed = re.compile(r"=\"|Pushbutton|from pushbutton|@task|def hello|status\(|echo|command: |params: ")
    found = []
    for path in set(WEB.glob("templates/*.html")) - {WEB / "templates/reference.html"}:  # English, as the API itself is
        plain = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        found += [text for text in loose.findall(plain) if not allowed.search(text)]
    assert found == []


def test_a_sentence_of_another_room_is_said_in_german():
    assert texts("de").sentence("Choose a number from 1 to 8.") == "Wählen Sie eine Zahl von 1 bis 8."


def test_an_unknown_sentence_stays_as_it_is():
    assert texts("de").sentence("Something nobody translated.") == "Something nobody translated."


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
