"""What a statement ran, nested statements too, and what is wrong with their plans.

auto_explain sends each plan as a notice when its statement ends.
"""

import json
import re

# Of a database whose sessions are to be watched.
WATCHING = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_level": "notice",
    "auto_explain.log_format": "json",
    "auto_explain.log_verbose": "on",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    # How often the caller's identity was looked up.
    "track_functions": "all",
}

# Rows that one scan may read, found or not: a hundred times the longest page.
MOST_ROWS_READ = 10000

IDENTITY = re.compile(r"\b(current_user_id|current_user_type|current_session_id|own_ids)\(")
# Looked at row by row, unlike what an index is asked and what is decided once.
PER_ROW = ("Filter", "Join Filter", "Hash Cond", "Merge Cond")
# Nodes that read all they can before they give a row.
GREEDY = re.compile("Sort|Aggregate|Hash|WindowAgg|Materialize|Memoize")


class Plan:
    def __init__(self, notice):
        content = json.loads(notice[notice.index("{"):])
        self.statement = " ".join(content["Query Text"].split())
        self.root = content["Plan"]

    def nodes(self, node=None, above=()):
        """Each node, with those above it, the nearest first."""
        node = node or self.root
        yield node, above
        for below in node.get("Plans", []):
            yield from self.nodes(below, (node, *above))

    def scans(self):
        for node, above in self.nodes():
            if node.get("Schema") == "mesteri" and "Relation Name" in node and node["Node Type"] != "ModifyTable":
                yield node, above

    def workers(self):
        return sum(node.get("Workers Launched", 0) for node, _ in self.nodes())

    def faults(self, watched, allowed=()):
        """What is wrong, in words.  watched: tables that must not be scanned; allowed: those that this statement may scan."""
        found = [f"{node['Node Type']} asks who the caller is for each row: {key}: {node[key]}"
                 for node, _ in self.nodes() for key in PER_ROW if IDENTITY.search(node.get(key, ""))]
        for node, above in self.scans():
            table, kind = node["Relation Name"], node["Node Type"]
            if table in allowed:
                continue
            if table in watched and kind == "Seq Scan":
                found.append(f"Seq Scan of {table}, filter {node.get('Filter', 'none')}")
            elif table in watched and is_whole(node, above):
                found.append(f"{kind} of all of {table} by {node['Index Name']}")
            elif rows_read(node) > MOST_ROWS_READ:
                found.append(f"{kind} reads {rows_read(node)} rows of {table}")
        return found


def is_whole(node, above):
    """Whether an index is read from end to end."""
    if "Index Name" not in node or "Index Cond" in node:
        return False
    for parent in above:
        if parent["Node Type"] == "Limit":
            return False
        if GREEDY.search(parent["Node Type"]) or node.get("Parent Relationship") in ("Inner", "InitPlan", "SubPlan"):
            return True
        node = parent
    return True


def rows_read(node):
    """Of all loops together."""
    return node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
                                   + node.get("Rows Removed by Index Recheck", 0))


def plans(notices):
    return [Plan(notice) for notice in notices if '"Query Text"' in notice]
