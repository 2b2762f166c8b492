"""Addresses in what a job says."""

import pytest

from pushbutton.web.words.linked import linked


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("see https://example.org/a.", ["https://example.org/a"]),
        (
            "(at http://a.example/x_(y)) and https://b.example/?q=1&r=2, too",
            ["http://a.example/x_(y)", "https://b.example/?q=1&amp;r=2"],
        ),
        ("HTTPS://A.example/path!", ["HTTPS://A.example/path"]),
        ("javascript:alert(1) ftp://a.example xhttp://a.example //a.example", []),
        ("https://exam\u202eple.org", []),
        ("https:// nothing", []),
        ("https://", []),
        ("https://! https://)", []),
    ],
)
def test_only_web_addresses_are_links_and_what_follows_them_is_not(text, addresses):
    html = str(linked(text))
    assert [part.partition('"')[0] for part in html.split('href="')[1:]] == addresses


def test_everything_else_is_escaped_and_nothing_is_lost():
    html = str(linked('<b> https://a.example/"onclick=x <script>'))
    link = '<a href="https://a.example/" rel="noopener noreferrer">https://a.example/</a>'
    assert html == f"&lt;b&gt; {link}&#34;onclick=x &lt;script&gt;"


def test_a_long_line_of_brackets_takes_no_time():
    assert str(linked("https://a" + ")" * 100_000)).startswith('<a href="https://a"')
