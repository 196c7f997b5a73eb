#!/usr/bin/env python3
"""Verify an export of the ledger with nothing but Python's standard library: python3 verify_ledger.py EXPORT [FOLDER OF ANCHORS]

Written from docs/ledger.md alone and importing nothing of Landbridge, so that nobody need believe Landbridge about its own ledger. Prints a line
a fault – what is wrong, the number of the entry, the place – and ends with exit code 1 where there is any. The anchors are those handed over or
fetched from outside; without a folder it takes the copies beside the export, which prove less.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

COLUMNS = [
    "number", "id", "line_id", "request_id", "kind", "occurred_at", "recorded_at", "actor", "person", "source", "payload", "previous", "hash",
]  # fmt: skip
FREE = ["line_id", "request_id", "actor", "person", "payload"]
ACT = ["line_id", "request_id", "kind", "occurred_at", "actor", "person", "source"]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def read(line):
    """The entry of a line, or None where it is none or not written as the one text it has."""
    try:
        text = line.decode()
        entry = json.loads(text)
        right = text == canonical(entry) + "\n" and sorted(entry) == sorted(COLUMNS)
        right = right and type(entry["number"]) is int and 0 < entry["number"] < 2**63
        for name in COLUMNS[1:]:
            forbidden = "[\0-\x1f]" if name in FREE else '[\0-\x1f"\\\\]'
            right = right and type(entry[name]) is str and not re.search(forbidden, entry[name])
        return entry if right and all(INSTANT.fullmatch(entry[n]) for n in ("occurred_at", "recorded_at")) else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def verify(export, folder):
    """Yield (what, number, place) of every fault."""
    entries, ids, hashes, last = [], {}, {}, 0
    with Path(export).open("rb") as file:
        for position, line in enumerate(file, 1):
            entry = read(line)
            if entry is None:
                yield "unreadable", None, f"line {position}"
                continue
            if entry["number"] < last:
                yield "order", entry["number"], f"line {position}"
            last = entry["number"]
            act = canonical([entry[name] for name in ACT])[:-1] + "," + entry["payload"] + "]"
            hashed = canonical([entry[name] for name in COLUMNS[:-1]])
            checks = sha256(hashed) == entry["hash"], sha256(act)[:32] == entry["id"]
            entries.append((entry["number"], position, entry["hash"], entry["previous"], entry["recorded_at"], *checks))
            ids.setdefault(entry["id"], set()).add(entry["number"])
            hashes.setdefault(entry["number"], set()).add(entry["hash"])
    number, head, time = 0, "0" * 64, ""
    for n, position, own, previous, recorded, right_hash, right_id in sorted(entries):
        faults = {
            "gap": n > number + 1, "number": n <= number, "previous": n == number + 1 and previous != head,
            "hash": not right_hash, "id": not right_id, "time": recorded < time,
        }  # fmt: skip
        for what in (name for name, found in faults.items() if found):
            yield what, number + 1 if what == "gap" else n, f"line {position}"
        number, head, time = n, own, recorded
    yield from (("twice", max(same), f"as entry {min(same)}") for same in ids.values() if len(same) > 1)
    anchored = ""
    for path in sorted(Path(folder).glob("*.json")):
        try:
            anchor = json.loads(path.read_bytes())
            anchored = max(anchored, anchor["day"])
            text = path.read_bytes().decode()
            right = text == canonical(anchor) + "\n" and path.name == f"{anchor['day']}-{anchor['number']}.json"
        except (ValueError, TypeError, KeyError):
            right = False
        if not right:
            yield "anchor", None, path.name
        elif hashes.get(anchor["number"]) != {anchor["hash"]}:
            yield "anchor", anchor["number"], path.name
    if not anchored:
        yield "anchor", None, f"no anchor in {folder}: a history rewritten as a whole would not be found"


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    found = list(verify(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else sys.argv[1] + ".anchors"))
    for what, number, place in found:
        print(f"{what}\t{number or ''}\t{place}")
    print(f"{len(found)} faults" if found else "the chain is whole, and is the one that was anchored")
    sys.exit(bool(found))
