"""The picture beside a group's name: what its tasks are about, where a word of the name tells; else a folder."""

from __future__ import annotations

import re

__all__ = ["group_picture"]

_WORD = re.compile(r"\w+")
_BEGINNINGS = {
    "up": ("deploy", "release", "rollout", "publish", "veröffentlich", "auslieferung"),
    "fix": (
        "fix",
        "repair",
        "correct",
        "data",
        "database",
        "maintenance",
        "daten",
        "korrektur",
        "reparatur",
        "wartung",
    ),
    "chart": ("report", "statistic", "analy", "sales", "finance", "bericht", "statistik", "auswertung", "umsatz"),
    "key": ("access", "account", "people", "user", "onboarding", "zugang", "zugänge", "konten", "konto", "personen"),
    "inbox": ("mail", "e-mail", "email", "newsletter", "message", "customer", "support", "nachricht", "kunden"),
    "file": ("invoice", "document", "file", "order", "rechnung", "dokument", "datei", "bestell", "auftr"),
    "down": ("backup", "import", "export", "download", "sicherung"),
    "term": ("server", "operation", "infra", "machine", "system", "network", "betrieb", "maschine", "netz"),
    "eye": ("monitor", "check", "health", "audit", "überwach", "prüf", "kontroll"),
    "lock": ("security", "secret", "certificate", "sicherheit", "zertifikat"),
    "flask": ("test", "experiment", "staging", "example", "versuch", "beispiel"),
    "clock": ("nightly", "daily", "weekly", "monthly", "schedule", "nächtlich", "täglich", "monat"),
}


def group_picture(name: str) -> str:
    """The id of an icon. The first word that tells decides."""
    for word in _WORD.findall(name.casefold()):
        for picture, beginnings in _BEGINNINGS.items():
            if word.startswith(beginnings):
                return picture
    return "folder"
