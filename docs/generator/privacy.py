"""The page of privacy: its words are written by hand, its table of rules is data/erasure.csv."""
import csv
import re

from areas import ROOT

HEAD = "| where | columns | what becomes of it | until | why |"
TABLE = re.compile(re.escape(HEAD) + r"\n(?:\|.*\n)+")


def page():
    return TABLE.sub(lambda _: table(), (ROOT / "docs" / "privacy.md").read_text(), count=1)


def table():
    """Rules that say the same of several columns are one line."""
    groups = {}
    with open(ROOT / "data" / "erasure.csv", newline="") as file:
        for rule in csv.DictReader(file):
            what = rule["action"] + (f", then {rule['afterwards']}" if rule["afterwards"] else "")
            where = f"class {rule['class']}" if rule["class"] else rule["table_name"] + (" (copies)" if rule["found_by"] else "")
            groups.setdefault((where, what, rule["keep_until"], rule["ground"]), []).append(rule["column_name"])
    lines = [HEAD, "|---|---|---|---|---|"]
    for (where, what, until, ground), columns in groups.items():
        named = ", ".join(f"`{name}`" for name in columns if name)
        lines.append(f"| {where} | {named} | {what} | {f'`{until}`' if until else ''} | {ground} |".replace("||", "\\|\\|"))
    return "\n".join(lines) + "\n"
