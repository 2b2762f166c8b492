"""A shell script as a tree. What is read is what bash, dash and zsh have in common, and most of what bash adds.

https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html
"""

from __future__ import annotations

import re

from .tree import (
    Arithmetic,
    Assignment,
    Body,
    Case,
    Chain,
    Command,
    For,
    Function,
    Group,
    If,
    Item,
    Loop,
    Pipeline,
    Redirect,
    Simple,
    Test,
    Word,
)
from .words import BLANK, Words

__all__ = ["Script", "parse"]

_REDIRECT = re.compile(r"\d*(?:<<<|<<-|<<|<&|<>|<|>&|>>|>\||>|&>>|&>)")
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<element>\[[^\]\s]*\])?(?P<append>\+?)=", re.ASCII)
_FUNCTION = re.compile(r"(?P<name>[^\s;&|<>()'\"$`\\=]+)[ \t]*\([ \t]*\)")
_KEYWORD = re.compile(r"(?P<word>\{|\}|!|[a-z]+|\[\[|\]\])(?=[\s;&|()<>]|$)")
_CLOSING = frozenset({"}", "then", "else", "elif", "fi", "do", "done", "esac", "]]"})
_ENDINGS = (";;&", ";&", ";;")


class Script:
    """`body`, and `texts`: its comments, here-documents and texts of several lines, each with its line."""

    def __init__(self, body: Body, texts: list[tuple[int, str]]) -> None:
        self.body, self.texts = body, texts


def parse(source: str) -> Script:
    """Raises `NotFollowed`."""
    reader = _Parser(source)
    body = reader.body_until("")
    return Script(body, sorted(reader.texts))


class _Parser(Words):
    def __init__(self, source: str, line: int = 1) -> None:
        super().__init__(source, line)
        self._awaited: list[tuple[str, bool, bool, int]] = []  # here-documents: word, tabs, literal, place in _found
        self._found: list[str] = []

    # -- what stands between

    def _blanks(self) -> None:
        while self.at < len(self.source):
            if self.here() in BLANK or self.here() == "\r":
                self.at += 1
            elif self.here(2) == "\\\n":
                self.at += 2
            elif self.here() == "#" and self.source[self.at - 1 : self.at] in (
                "",
                " ",
                "\t",
                "\n",
                ";",
                "(",
                ")",
                "\r",
            ):
                end = self.source.find("\n", self.at)
                end = len(self.source) if end < 0 else end
                self.texts.append((self.line, self.source[self.at : end]))
                self.at = end
            else:
                return

    def _newlines(self, also: str = "") -> None:
        self._blanks()
        while self.at < len(self.source) and self.here() in f"\n{also}" and self.here(2) not in (";;", ";&"):
            if self.here() == "\n":
                self.at += 1
                self._documents()
            else:
                self.at += 1
            self._blanks()

    def _documents(self) -> None:
        """The here-documents that were announced in the line before."""
        for word, tabs, _, place in self._awaited:
            line = self.line
            indent = "\t*" if tabs else ""
            end = re.compile(f"^{indent}{re.escape(word)}$", re.MULTILINE).search(self.source, self.at)
            stop, after = (end.start(), end.end() + 1) if end else (len(self.source), len(self.source))
            self._found[place] = self.source[self.at : stop]
            self.texts.append((line, self._found[place]))
            self.at = min(after, len(self.source))
        self._awaited.clear()

    def _keyword(self) -> str:
        match = _KEYWORD.match(self.source, self.at)
        return match["word"] if match else ""

    def _expect(self, *words: str) -> str:
        self._newlines(";" if words[0] == "do" else "")
        found = self._keyword()
        if found not in words:
            raise self.lost(f"“{words[0]}” is missing")
        self.at += len(found)
        return found

    # -- lists

    def body_until(self, closing: str) -> Body:
        """Commands up to the closing bracket, and past it; "" is the end of the text."""
        found = self._body()
        if closing:
            if self.here(len(closing)) != closing:
                raise self.lost(f"“{closing}” is missing")
            self.at += len(closing)
        elif self.at < len(self.source):
            raise self.lost(f"“{self.source[self.at : self.at + 10].split()[0]}” stands where no command can")
        return found

    def _body(self) -> Body:
        self._deeper()
        found: list[Command] = []
        while True:
            self._newlines(";")
            if self.at >= len(self.source) or self.here() == ")" or self.here(2) in (";;", ";&"):
                break
            if self._keyword() in _CLOSING:
                break
            one = self._chain()
            self._blanks()
            if self.here() == "&" and self.here(2) != "&&":
                self.at += 1
                one = Group(one.line, (one,), apart=True)
            elif self.here() == ";" and self.here(2) not in (";;", ";&"):
                self.at += 1
            found.append(one)
        self.depth -= 1
        return tuple(found)

    def _chain(self) -> Command:
        first = self._pipeline()
        others: list[tuple[str, Command]] = []
        self._blanks()
        while self.here(2) in ("&&", "||"):
            sign = self.here(2)
            self.at += 2
            self._newlines()
            others.append((sign, self._pipeline()))
            self._blanks()
        return Chain(first.line, first, tuple(others)) if others else first

    def _pipeline(self) -> Command:
        line, negated = self.line, False
        while (word := self._keyword()) in ("!", "time"):
            negated ^= word == "!"
            self.at += len(word)
            self._blanks()
        parts = [self._command()]
        self._blanks()
        while self.here() == "|" and self.here(2) != "||":
            self.at += 2 if self.here(2) == "|&" else 1
            self._newlines()
            parts.append(self._command())
            self._blanks()
        return parts[0] if len(parts) == 1 and not negated else Pipeline(line, tuple(parts), negated)

    # -- one command

    def _command(self) -> Command:
        line, word = self.line, self._keyword()
        if self.here(2) == "((" and (text := self.arithmetic()) is not None:
            found: Command = Arithmetic(line, text)
        elif self.here() == "(":
            self.at += 1
            found = Group(line, self.body_until(")"), apart=True)
        elif word == "function":
            return self._function(line)
        elif word in ("{", "if", "while", "until", "for", "select", "case", "[["):
            self.at += len(word)
            found = self._compound(word, line)
        elif match := _FUNCTION.match(self.source, self.at):
            self.at = match.end()
            self._newlines()
            return Function(line, match["name"], self._function_body())
        else:
            return self._simple(line)
        while self._redirect():
            pass
        return found

    def _compound(self, word: str, line: int) -> Command:
        if word == "{":
            body = self._body()
            self._expect("}")
            return Group(line, body)
        if word == "if":
            return self._if(line)
        if word in ("while", "until"):
            condition = self._body()
            return Loop(line, condition, self._do(), until=word == "until")
        if word == "case":
            return self._case(line)
        if word == "[[":
            return self._test(line)
        return self._for(line)

    def _function(self, line: int) -> Function:
        self.at += len("function")
        self._blanks()
        name = self.word().literal or ""
        self._blanks()
        if self.here() == "(":
            self.at = self.source.index(")", self.at) + 1 if ")" in self.source[self.at :] else len(self.source)
        self._newlines()
        return Function(line, name, self._function_body())

    def _function_body(self) -> Body:
        found = self._command()
        return found.body if isinstance(found, Group) and not found.apart else (found,)

    def _if(self, line: int) -> If:
        branches: list[tuple[Body, Body]] = []
        while True:
            condition = self._body()
            self._expect("then")
            branches.append((condition, self._body()))
            ending = self._expect("fi", "else", "elif")
            if ending == "elif":
                continue
            otherwise: Body = ()
            if ending == "else":
                otherwise = self._body()
                self._expect("fi")
            return If(line, tuple(branches), otherwise)

    def _do(self) -> Body:
        self._newlines(";")
        if self._keyword() == "{":
            self.at += 1
            body = self._body()
            self._expect("}")
            return body
        self._expect("do")
        body = self._body()
        self._expect("done")
        return body

    def _for(self, line: int) -> For:
        self._blanks()
        if self.here(2) == "((":
            if self.arithmetic() is None:
                raise self.lost("“))” is missing")
            return For(line, "", (), self._do())
        name = self.word().literal or ""
        self._newlines()
        words: list[Word] | None = None
        if self._keyword() == "in":
            self.at += 2
            words = []
            self._blanks()
            while self.at < len(self.source) and self.here() not in "\n;&|()":
                words.append(self.word())
                if not words[-1].parts:
                    raise self.lost(f"“{self.here()}” stands where no word can")
                self._blanks()
        return For(line, name, None if words is None else tuple(words), self._do())

    def _case(self, line: int) -> Case:
        self._blanks()
        word = self.word()
        self._expect("in")
        items: list[Item] = []
        while True:
            self._newlines()
            if self._keyword() == "esac":
                self.at += 4
                return Case(line, word, tuple(items))
            items.append(self._item())

    def _item(self) -> Item:
        line = self.line
        if self.here() == "(":
            self.at += 1
        patterns: list[Word] = []
        while True:
            self._newlines()
            patterns.append(self.word())
            self._newlines()
            if self.here() != "|":
                break
            self.at += 1
        if self.here() != ")" or not patterns[-1].parts:
            raise self.lost("a branch of “case” is not understood")
        self.at += 1
        body = self._body()
        ending = next((one for one in _ENDINGS if self.source.startswith(one, self.at)), "")
        self.at += len(ending)
        if not ending:
            self._newlines()
            if self._keyword() != "esac":
                raise self.lost("a branch of “case” has no end")
        return Item(tuple(patterns), body, ending or ";;", line)

    def _test(self, line: int) -> Test:
        words: list[Word] = []
        while True:
            self._newlines()
            if self._keyword() == "]]":
                self.at += 2
                return Test(line, tuple(words))
            if self.at >= len(self.source):
                raise self.lost("“[[” is not closed")
            behind = words[-1].plain if words else ""
            word = self.word(" \t\n") if behind == "=~" else self.word()
            if not word.parts:
                self.at += 1  # an operator: ( ) && || < >
            words.append(word)

    def _simple(self, line: int) -> Simple:
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        while True:
            self._blanks()
            if redirect := self._redirect():
                redirects.append(redirect)
            elif self.at >= len(self.source) or self.here() in "\n;&|)":
                break
            elif self.here() == "(":
                raise self.lost("a bracket stands where no command has one")
            elif (not words or words[0].plain in _DECLARES) and (match := _ASSIGNED.match(self.source, self.at)):
                assignments.append(self._assignment(match))
            else:
                words.append(self.word())
                if not words[-1].parts:
                    raise self.lost(f"“{self.here()}” stands where no word can")
                self._kept(words[-1])
        if not (words or assignments or redirects):
            raise self.lost(f"“{self.here()}” stands where no command can")
        return Simple(line, tuple(words), tuple(assignments), tuple(redirects))

    def _kept(self, word: Word) -> None:
        """A text of several lines may be the help."""
        text = "".join(getattr(part, "text", "…") for part in word.parts)
        if len(text) > 5:
            self.texts.append((word.line, text))

    def _assignment(self, match: re.Match[str]) -> Assignment:
        self.at = match.end()
        append, element = bool(match["append"]), bool(match["element"])
        if self.here() != "(":
            value = self.word()
            self._kept(value)
            return Assignment(match["name"], value, append, element)
        self.at += 1
        items: list[Word] = []
        while True:
            self._newlines()
            if self.here() == ")":
                self.at += 1
                return Assignment(match["name"], tuple(items), append, element)
            items.append(self.word())
            if not items[-1].parts:
                raise self.lost("a list is not closed")

    def _redirect(self) -> Redirect | None:
        self._blanks()
        match = _REDIRECT.match(self.source, self.at)
        if match is None or (match[0] in "<>" and self.source[match.end() : match.end() + 1] == "("):
            return None
        self.at = match.end()
        self._blanks()
        target = self.word()
        operator = match[0].lstrip("0123456789")
        if not target.parts:
            raise self.lost(f"“{operator}” names no file")
        if operator in ("<<", "<<-"):
            quoted = any(getattr(part, "quoted", False) for part in target.parts)
            self._awaited.append((target.literal or "", operator == "<<-", quoted, len(self._found)))
            self._found.append("")
        return Redirect(operator, target)


_DECLARES = frozenset({"local", "declare", "typeset", "export", "readonly"})
