"""The title of what has only a name."""

from __future__ import annotations

import re

__all__ = ["title_of"]


def title_of(name: str) -> str:
    """A name as a person would write it: deploy_shop is "Deploy shop", HTTPCheck is "HTTP check"."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z_\W]+|\d+", name.replace("-", "_")) if not name.islower() else []
    words = words or [word for word in re.split(r"[_\-\s.]+", name) if word]
    words = [word if len(word) > 1 and word.isupper() and not name.isupper() else word.lower() for word in words]
    title = " ".join(words) or name
    return title[:1].upper() + title[1:]
