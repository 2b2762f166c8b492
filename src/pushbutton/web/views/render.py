"""Jinja2 with our words and filters, one environment per language; and help texts from Markdown."""

from __future__ import annotations

import hashlib
import html
import shlex
from collections.abc import Mapping
from datetime import tzinfo
from functools import cache, lru_cache, partial
from importlib.resources import files
from typing import Any

import jinja2
from jinja2.runtime import Context
from markupsafe import Markup, escape

from pushbutton.domain.actor import by_place
from pushbutton.domain.contact import contact_of
from pushbutton.domain.event import iso
from pushbutton.domain.figure_change import Change
from pushbutton.domain.run import Micros, Run
from pushbutton.domain.task import Task
from pushbutton.domain.visible import in_browsers, pieces, unseen, visible
from pushbutton.web.words import cron, formatting, results, schedules
from pushbutton.web.words.audit import diff_lines
from pushbutton.web.words.i18n import Texts, texts
from pushbutton.web.words.linked import linked
from pushbutton.web.words.people import UNKNOWN, Names
from pushbutton.web.words.rights import of_grant

from . import find, forms, outcomes, run_story
from .outcomes import Ending
from .pictures import group_picture
from .tab import Tab, tab
from .views import RunView

Shown = Mapping[str, Any]
"""The values of a template."""


@cache
def environment(language: str) -> jinja2.Environment:
    t = texts(language)
    env = jinja2.Environment(
        loader=jinja2.PackageLoader("pushbutton.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    env.globals.update(
        t=t,
        static=_static,
        unseen_pattern=in_browsers(),
        time=_time,
        look=formatting.LOOKS.__getitem__,
        ending=_ending,
        tab_of=_tab,
        contact_of=contact_of,
        UPDATES_FIRST=run_story.UPDATES_FIRST,
        UPDATES_SHOWN=run_story.UPDATES_SHOWN,
    )
    env.filters.update(
        took=partial(formatting.took, t=t),
        stretches=run_story.stretches,
        linked=linked,
        diff_lines=diff_lines,
        usual=partial(formatting.usual, t=t),
        about=partial(formatting.left, t=t),
        rounded=formatting.rounded,
        ended=partial(formatting.ended_with, t=t),
        who=_who,
        any_of=partial(formatting.any_of, t=t),
        all_of=partial(formatting.all_of, t=t),
        either_of=partial(formatting.either_of, t=t),
        initials=formatting.initials,
        browser=partial(formatting.browser, t=t),
        number=t.number,
        size=t.size,
        percent=t.percent,
        said=t.sentence,
        dry=_dry,
        nth=partial(formatting.nth, t=t),
        ends=partial(formatting.ends, t=t),
        every=partial(schedules.every, t=t),
        cron_words=partial(cron.in_words, t=t),
        weekday=partial(schedules.weekday, t=t),
        offset=partial(schedules.with_offset, t=t),
        reason=partial(schedules.reason, t=t),
        rate=partial(formatting.rate, t=t),
        right=partial(of_grant, t=t),
        verdict=schedules.VERDICTS.__getitem__,
        filled=partial(_filled, t=t),
        facts=partial(_facts, t=t),
        figure=partial(results.figure, t=t),
        cell=partial(results.cell, t=t),
        change=partial(_change, t=t),
        sentence=partial(results.sentence, t=t),
        summary=partial(_summary, t=t),
        by_place=by_place,
        capitalize_first=lambda text: text[:1].upper() + text[1:],
        help=markdown,
        plain=plain,
        seen=partial(_seen, t=t),
        visible=visible,
        shell=shlex.quote,
        unseen=unseen,
        haystack=find.haystack,
        group_picture=group_picture,
        iso=iso,
    )
    return env


def page(template: str, language: str, shown: Shown) -> str:
    return environment(language).get_template(template).render(shown)


@cache
def static(name: str) -> str:
    """The path of a static file, below the root; it changes when the file does."""
    content = files("pushbutton.web").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:10]}"


@jinja2.pass_context
def _static(context: Context, name: str) -> str:
    return f"{context['root']}{static(name)}"


def scripts(root: str) -> tuple[str, ...]:
    """The modules that a page loads."""
    return tuple(
        root + static(name) for name in ("page.js", "form.js", "keys.js", "tab.js", "inbox.js", "looks.js", "live.js")
    )


@lru_cache(maxsize=256)
def markdown(text: str) -> Markup:
    """Help texts: Markdown without raw HTML, and cleaned again after it."""
    import nh3  # noqa: PLC0415  both take a while to load, and not every folder has a text
    from markdown_it import MarkdownIt  # noqa: PLC0415

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3"  # below the heading of the card that it stands in, with no level left out
    made = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        made,
        tags={"p", "a", "b", "strong", "em", "i", "s", "code", "pre", "ul", "ol", "li", "blockquote", "br", "hr",
              "h3", "table", "thead", "tbody", "tr", "th", "td"},
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )  # fmt: skip
    return Markup(clean)  # noqa: S704 - nh3 made it safe


@lru_cache(maxsize=256)
def plain(text: str) -> str:
    """The text of Markdown."""
    import nh3  # noqa: PLC0415

    return html.unescape(nh3.clean(str(markdown(text)), tags=set())).strip()


@jinja2.pass_context
def _time(context: Context, at: Micros, form: str = "ago") -> Markup:
    """A <time> that says the moment in words and the exact time on hover."""
    t: Texts = context["t"]
    zone: tzinfo | None = context.get("zone")
    text = formatting.said_at(at, context["now"], form, t, zone)
    return Markup('<time datetime="{}" data-as="{}" title="{}">{}</time>').format(
        iso(at), form, formatting.exact(at, t, zone), text
    )


@jinja2.pass_context
def _who(context: Context, actor: str) -> str:
    return formatting.who(actor, context["t"], _names(context))


@jinja2.pass_context
def _ending(context: Context, view: RunView) -> Ending:
    on_failure = view.task.on_failure if view.task else ""
    return outcomes.ending(
        view.run,
        view.story,
        context["t"],
        _names(context),
        on_failure=on_failure,
        wrote=view.wrote and not view.written.error,
    )


@jinja2.pass_context
def _tab(context: Context, view: RunView) -> Tab:
    return tab(view, context["t"], context.get("zone"))


def _names(context: Context) -> Names:
    names: Names = context.get("names", UNKNOWN)
    return names


def _dry(run: Run, task: Task | None) -> bool:
    """Whether it changes nothing, as far as the task as it is today can tell."""
    return task is not None and task.is_dry(run.inputs)


def _seen(text: object, t: Texts) -> Markup:
    """Somebody else's text, set apart from the text beside it, with signs for invisible characters. Where
    there is such a thing, it says so.
    """
    said = str(text)
    made = [
        Markup('<span class="made {}">{}</span>').format(kind, piece) if kind else escape(piece)
        for kind, piece in pieces(said, lines="\n" in said)
    ]
    note = Markup("")
    if unseen(said, lines="\n" in said):
        note = Markup(' <small class="odd">{}</small>').format(t("holds characters that cannot be seen"))
    return Markup('<bdi class="seen">{}</bdi>{}').format(Markup("").join(made), note)


def _facts(inputs: Mapping[str, Any], task: Any, t: Texts) -> list[tuple[str, str]]:
    return forms.facts(task, inputs, t)


def _change(change: Change, t: Texts) -> str:
    return results.change(change.by, change.form, t, more=change.more)


def _summary(inputs: Mapping[str, Any], task: Any, t: Texts) -> str:
    return forms.summary(task, inputs, t)


def _filled(template: str, task: Task, inputs: Mapping[str, Any], t: Texts) -> str:
    """A task's own words with the inputs of a run in them."""
    return forms.filled(template, forms.fields(task, forms.of_inputs(task, inputs)), t)
