"""Regular expressions of DuckDB (RE2) written for Spark (Java), where the same signs mean other things; what cannot be said in both is refused."""

from __future__ import annotations

from contracts.errors import ConfigurationError

# signs after a backslash that mean the same in both; `\s` is written out, since Java's has one character more
_SAME = frozenset("dDwWtnrf.\\[](){}*+?|^$-/&#@:,;<>=!~%\"'` _")
_BLANKS = r"\t\n\f\r "


def java_pattern(pattern: str) -> str:
    """The pattern for Java; raises ConfigurationError for what the two read differently."""
    written, inside, at = [], False, 0
    while at < len(pattern):
        sign, following = pattern[at], pattern[at + 1 : at + 2]
        if sign == "\\":
            written.append(_escaped(following, inside))
            at += 2
            continue
        if inside:
            if sign == "[" and following == ":":
                raise _refused("[[:class:]]", "write the characters, such as [0-9A-Za-z]")
            # to Java a bracket in a class is a class within it, and && means what both have
            written.append({"[": r"\[", "&": r"\&"}.get(sign, sign))
            inside = sign != "]"
        elif sign == "[":
            negated = "^" if following == "^" else ""
            if pattern[at + 1 + len(negated) : at + 2 + len(negated)] == "]":
                raise _refused("] as the first of a class", r"write \]")
            written.append("[" + negated)
            inside = True
            at += len(negated)
        elif sign == "(" and following == "?" and pattern[at : at + 3] != "(?:":
            raise _refused(pattern[at : at + 3], "write it without flags and names; lower() makes case equal")
        elif sign in "*+?}" and following == "+":
            raise _refused(sign + "+", "write it without the last +")
        elif sign == "{" and following == ",":
            raise _refused("{,", "write {0,")
        else:
            # before a last line feed, too, Java's $ would match
            written.append(r"\z" if sign == "$" else sign)
        at += 1
    return "(?d)" + "".join(written)


def first_only(pattern: str) -> str:
    """A pattern of Java's, made to match once only and with all that stands before; its own groups count two higher then."""
    return rf"(?d)\A(?<before>[\s\S]*?)({pattern.removeprefix('(?d)')})"


def java_replacement(text: str, *, first: bool = False) -> str:
    r"""The replacement for Java, where `\1` is `$1`; with `first` for a pattern of `first_only`."""
    return ("${before}" if first else "") + _replacement(text, 2 if first else 0)


def _replacement(text: str, shift: int) -> str:
    written, at = [], 0
    while at < len(text):
        sign, following = text[at], text[at + 1 : at + 2]
        if sign == "\\" and following.isdigit():
            written.append(f"${int(following) + shift}")
            # Java reads all digits that follow as the number of a group
            if text[at + 2 : at + 3].isdigit():
                raise _refused(text[at : at + 3], "let no digit follow a group")
            at += 2
            continue
        if sign == "\\" and following != "\\":
            raise _refused(sign + following, r"write \\ for a backslash")
        written.append({"\\": r"\\", "$": r"\$"}.get(sign, sign))
        at += 2 if sign == "\\" else 1
    return "".join(written)


def _escaped(sign: str, inside: bool) -> str:
    if sign == "s":
        return _BLANKS if inside else f"[{_BLANKS}]"
    if sign == "S" and not inside:
        return f"[^{_BLANKS}]"
    if not sign or sign not in _SAME:
        raise _refused("\\" + sign, "write the characters themselves, such as [一-龥]")
    return "\\" + sign


def _refused(what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} in a regular expression means different things to the two engines", remedy=remedy
    )
