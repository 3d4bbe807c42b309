"""The Markdown of docs/schema: an overview, and a page for each area."""
import re
from collections import defaultdict
from pathlib import Path

import words
from areas import Areas

PRIVILEGES = {"SELECT": "read", "INSERT": "add", "UPDATE": "change", "DELETE": "delete"}
COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
ON_DELETE = {"c": "; deleted along with it", "n": "; set to null when it is deleted", "d": "; set to its default when it is deleted"}
ACCESS = {"user": "clients and craftsmen", "client": "clients", "craftsman": "craftsmen", "provider": "payment providers"}
ROW_MARKS = {"nobody": "nobody's: no person is in them", "public": "everybody's", None: "not labelled"}
READING = Path(__file__).resolve().parent / "reading.md"
MADE = "*Made by `make docs` from the comments and constraints of a freshly installed database. Do not edit.*"


class Unplaced(Exception):
    """Something in the catalog that no part of sql/ makes by name."""


def escaped(text):
    """Text of a comment, which is no Markdown."""
    return re.sub(r"([*<\\`])", r"\\\1", re.sub(r"\s+", " ", text or ""))


def cell(text):
    """The same in a cell of a table."""
    return escaped(text).replace("|", "\\|")


def rows(head, lines):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(line) + " |" for line in lines), ""]


def codes(names):
    return ", ".join(words.code(name) for name in names)


class Pages:
    def __init__(self, catalog):
        self.catalog = catalog
        self.areas = Areas()
        self.area_of = {}       # of a relation's oid
        self.link_of = {}       # of a type's full name
        self.page = None        # that links are written for
        self.content = defaultdict(lambda: defaultdict(list))    # area -> kind -> what it holds
        self.unplaced = []      # functions that functions make
        self.place()

    def place(self):
        for relation in self.catalog.relations.values():
            area = self.area_for("relation", relation)
            self.area_of[relation["oid"]] = area
            kind = {"r": "tables", "p": "tables", "v": "views", "S": "sequences"}[relation["kind"]]
            self.content[area][kind].append(relation)
        for type_ in self.catalog.types:
            area = self.area_for("type", type_)
            self.link_of[f"{type_['schema']}.{type_['name']}"] = area
            self.content[area][{"e": "enums", "d": "domains", "c": "composites"}[type_["kind"]]].append(type_)
        for function in self.catalog.functions:
            area = self.areas.find("function", f"{function['schema']}.{function['name']}")
            if area is None:
                self.unplaced.append(function)
            else:
                self.content[area]["endpoints" if function["schema"] == "api" else "functions"].append(function)

    def area_for(self, kind, thing):
        area = self.areas.find(kind, f"{thing['schema']}.{thing['name']}")
        if area is None:
            raise Unplaced(f"no part of sql/ that has a head makes the {kind} {thing['schema']}.{thing['name']} by name")
        return area

    def all(self):
        """File name -> text."""
        made = {"README.md": self.overview()}
        for area in self.areas.all:
            if area in self.content:
                made[area.page] = self.area(area)
        return {name: "\n".join(lines).rstrip() + "\n" for name, lines in made.items()}

    # --- links ------------------------------------------------------------------------------------------------------------

    def link(self, area, anchor, text):
        page = "" if area.page == self.page else area.page
        return f"[{text}]({page}#{anchor})"

    def relation_link(self, oid):
        relation = self.catalog.relations[oid]
        return self.link(self.area_of[oid], self.heading(relation).replace(".", ""), self.heading(relation))

    @staticmethod
    def heading(relation):
        """Its name, with the schema where that is not mesteri."""
        return relation["name"] if relation["schema"] == "mesteri" else f"{relation['schema']}.{relation['name']}"

    def type(self, name):
        """A type's name, linked where it is ours."""
        single = name.removesuffix("[]")
        shown = words.code(self.short(name))
        return self.link(self.link_of[single], "type-" + single.replace(".", "-"), shown) if single in self.link_of else shown

    # --- an area ------------------------------------------------------------------------------------------------------------

    def area(self, area):
        self.page = area.page
        content = self.content[area]
        part = f"sql/{area.page[:-3]}.sql"
        lines = [f"# {area.title}", "", area.purpose, "", f"[All areas](README.md) · made by [{part}](../../{part})", ""]
        lines += self.diagram(content["tables"])
        for title, kind, describe in (("Tables", "tables", self.table), ("Views", "views", self.view)):
            if content[kind]:
                lines += [f"## {title}", ""] + [line for thing in content[kind] for line in describe(thing)]
        lines += self.sequences(content["sequences"])
        lines += self.enums(content["enums"]) + self.domains(content["domains"]) + self.composites(content["composites"])
        if content["endpoints"]:
            lines += ["## Endpoints", ""] + [line for function in content["endpoints"] for line in self.endpoint(function)]
        lines += self.functions("Functions", content["functions"])
        return lines + ["---", "", MADE]

    def diagram(self, tables):
        """Foreign keys of an area's tables, whoever they lead to."""
        edges = set()
        for table in tables:
            for key in self.catalog.constraints[table["oid"]]:
                if key["kind"] == "f":
                    edges.add(f"    {self.catalog.relations[key['target']]['name']} {self.cardinality(table, key)} {table['name']} : "
                              f"\"{', '.join(key['columns'])}\"")
        if not edges:
            return []
        drawn = {word for edge in edges for word in edge.split()}
        alone = sorted(f"    {table['name']}" for table in tables if table["name"] not in drawn)
        return ["```mermaid", "erDiagram", *sorted(edges), *alone, "```", ""]

    def cardinality(self, table, key):
        """Of the row that is referred to, then of those that refer."""
        required = {column["name"] for column in self.catalog.columns[table["oid"]] if column["required"]}
        unique = [set(other["columns"]) for other in self.catalog.constraints[table["oid"]] if other["kind"] in "pu"]
        unique += [set(index["keys"]) for index in self.catalog.indexes[table["oid"]] if index["unique"] and not index["predicate"]]
        return ("||" if set(key["columns"]) <= required else "|o") + "--" + ("o|" if any(u <= set(key["columns"]) for u in unique) else "o{")

    # --- tables -------------------------------------------------------------------------------------------------------------

    def table(self, table):
        oid = table["oid"]
        lines = [f"### {self.heading(table)}", "", escaped(table["comment"]), ""]
        lines += [f"- **Rows are** {self.rows_of(table)}."]
        lines += [f"- **Partitioned** by {words.code(table['partitioned_by'])}."] if table["partitioned_by"] else []
        lines += [f"- **In a dump**: {self.dumped(table)}.", ""]
        columns = self.catalog.columns[oid]
        if columns:
            lines += rows(("column", "type", "null", "default", "class", "meaning"),
                          [(words.code(c["name"]), self.type(c["type"]), "" if c["required"] else "yes", self.default(c), c["class"] or "",
                            cell(c["comment"]) + self.leads_to(table, c)) for c in columns])
        lines += self.rules(table) + self.access(table)
        return lines

    @staticmethod
    def rows_of(table):
        mark = table["rows_of"]
        if mark in ROW_MARKS:
            return ROW_MARKS[mark]
        paths = mark.removeprefix("users").removeprefix(" via ").split(" | ")
        return "a user's" + (", found by " + " or ".join(codes([path]) for path in paths) if paths != [""] else ": each is one")

    @staticmethod
    def dumped(table):
        condition = table["dumped_where"]
        if condition is None:
            return "no rows"
        if condition == "":
            return "all rows"
        return "rows where " + words.of_condition(re.sub(r"^\s*WHERE\s+", "", condition, flags=re.I))

    @staticmethod
    def default(column):
        if column["default"] is None:
            return ""
        if column["generated"]:
            return "always " + words.code(words.of_value(column["default"]))
        return words.code(words.of_value(column["default"]) or "''")

    def leads_to(self, table, column):
        """Foreign keys of this column alone."""
        targets = [key for key in self.catalog.constraints[table["oid"]] if key["kind"] == "f" and key["columns"] == [column["name"]]]
        return "".join(f" → {self.relation_link(key['target'])}" for key in targets)

    def rules(self, table):
        """Keys and constraints, then indexes and triggers; last who refers to it."""
        lines = []
        for constraint in self.catalog.constraints[table["oid"]]:
            lines.append(self.rule(constraint))
        for index in self.catalog.indexes[table["oid"]]:
            where = f", of rows where {words.of_condition(index['predicate'])}" if index["predicate"] else ""
            included = f", holding {codes(index['included'])}" if index["included"] else ""
            method = "" if index["method"] == "btree" else f" ({index['method']})"
            kind = "Unique index" if index["unique"] else "Index"
            lines.append(f"- {kind} {words.code(index['name'])}{method} on {codes(index['keys'])}{included}{where}")
        for trigger in self.catalog.triggers[table["oid"]]:
            lines.append(f"- Trigger {words.code(trigger['name'])} calls {words.code(trigger['function'] + '()')}: "
                         f"{escaped(trigger['comment'])}")
        referring = sorted({(self.catalog.relations[key["relation"]]["name"], tuple(key["columns"]), key["relation"])
                            for key in self.catalog.references[table["oid"]]})
        if referring:
            lines.append("- Referred to by " + ", ".join(f"{self.relation_link(oid)} ({codes(columns)})" for _, columns, oid in referring))
        return lines + [""] if lines else []

    def rule(self, constraint):
        columns, name = codes(constraint["columns"]), words.code(constraint["name"])
        later = ", checked at the end of the transaction" if constraint["deferrable"] else ""
        if constraint["kind"] == "p":
            return f"- Primary key {columns}"
        if constraint["kind"] == "u":
            nulls = ", null being a value like others" if "NULLS NOT DISTINCT" in constraint["definition"] else ""
            return f"- Unique {columns}{nulls}{later} ({name})"
        if constraint["kind"] == "f":
            return (f"- Foreign key {columns} → {self.relation_link(constraint['target'])} ({codes(constraint['target_columns'])})"
                    f"{ON_DELETE.get(constraint['on_delete'], '')}{later}")
        if constraint["kind"] == "x":
            return f"- {name}: no two rows {self.exclusion(constraint['definition'])}{later}"
        if constraint["kind"] == "c":
            return f"- {name}: {words.of_condition(re.sub(r'^CHECK ', '', constraint['definition']))}"
        return f"- Constraint trigger {name}{later}"

    @staticmethod
    def exclusion(definition):
        """EXCLUDE USING gist (a WITH =, range(b, c) WITH &&) WHERE (...)"""
        match = re.fullmatch(r"EXCLUDE USING \w+ \((.*?)\)(?: WHERE \((.*)\))?", definition, re.S)
        parts = re.split(r" WITH (=|&&)(?:, )?", match[1])
        same = [words.of_value(part) for part, operator in zip(parts[::2], parts[1::2]) if operator == "="]
        overlapping = [words.of_value(part) for part, operator in zip(parts[::2], parts[1::2]) if operator == "&&"]
        said = f"have the same {codes(same)} and overlap in {codes(overlapping)}"
        return said + (f", of those where {words.of_condition(match[2])}" if match[2] else "")

    def access(self, table):
        """Who may do what, by grants, with which rows, by policies."""
        said = defaultdict(list)
        for grant in self.catalog.grants[table["oid"]]:
            if grant["privilege"] in PRIVILEGES:
                said[grant["role"]].append(grant)
        policies = self.catalog.policies[table["oid"]]
        lines = [(words.code(role), self.may(said[role]), self.which(role, said[role], policies))
                 for role in sorted(set(said) | {policy["role"] for policy in policies})]
        return rows(("role", "may", "rows"), lines)

    @staticmethod
    def may(grants):
        by_columns = defaultdict(list)
        for privilege in PRIVILEGES:
            for grant in grants:
                if grant["privilege"] == privilege:
                    by_columns[tuple(grant["columns"] or ())].append(PRIVILEGES[privilege])
        return "; ".join(", ".join(verbs) + (f" {codes(columns)}" if columns else "") for columns, verbs in by_columns.items()) or "nothing"

    def which(self, role, grants, policies):
        if role in self.catalog.reads_past:
            return "all, past row security"
        wanted = {grant["privilege"] for grant in grants} or {"SELECT"}
        found = set()
        for policy in policies:
            if policy["role"] in (role, "PUBLIC") and (policy["command"] == "*" or COMMANDS[policy["command"]] in wanted):
                condition = policy["checked"] if policy["command"] == "a" else policy["condition"]
                found.add("all" if condition == "true" else f"those where {self.own(condition)}")
        said = " or ".join(sorted(found)) or "none: no policy lets it"
        return said if grants else f"({said})"

    @staticmethod
    def own(condition):
        """A policy's condition without what makes it fast."""
        text = re.sub(r"ARRAY\( SELECT (mesteri\.own_\w+)\(\).*?\)", r"\1()", condition)
        text = re.sub(r"\( SELECT (mesteri\.current_user_id)\(\) AS current_user_id\)", r"\1()", text)
        return words.of_condition(text.replace("mesteri.", ""))

    # --- views, types, functions ----------------------------------------------------------------------------------------------

    def view(self, view):
        lines = [f"### {self.heading(view)}", "", escaped(view["comment"]), ""]
        columns = self.catalog.columns[view["oid"]]
        told = any(column["comment"] for column in columns)
        lines += rows(("column", "type", "meaning")[:2 + told],
                      [(words.code(c["name"]), self.type(c["type"]), cell(c["comment"]))[:2 + told] for c in columns])
        readers = sorted({grant["role"] for grant in self.catalog.grants[view["oid"]] if grant["privilege"] == "SELECT"} - {view["owner"]})
        return lines + [f"- Belongs to {words.code(view['owner'])}, by whose rights it reads; read by {codes(readers) or 'nobody else'}", ""]

    def sequences(self, sequences):
        if not sequences:
            return []
        return ["## Sequences", ""] + rows(("sequence", "meaning"), [(words.code(s["name"]), cell(s["comment"])) for s in sequences])

    @staticmethod
    def target(type_):
        """Where links to a type lead: a line of a table has no heading."""
        full = f"{type_['schema']}.{type_['name']}"
        return f"<a id=\"type-{full.replace('.', '-')}\"></a>" + words.code(full.removeprefix("mesteri."))

    def enums(self, enums):
        if not enums:
            return []
        return ["## Closed lists", ""] + rows(("type", "values", "meaning"),
                                             [(self.target(t), codes(t["labels"]), cell(t["comment"])) for t in enums])

    def domains(self, domains):
        if not domains:
            return []
        return ["## Limits", "", "Types with the rule that a value must keep; a request that breaks it is told the rule's name.", ""] + \
            rows(("type", "of", "rule", "meaning"),
                 [(self.target(t), self.type(t["base"]), self.limits(t), cell(t["comment"])) for t in domains])

    def limits(self, type_):
        return "<br>".join((["never null"] if type_["required"] else []) +
                           [f"{words.code(k['name'])}: {words.of_condition(re.sub(r'^CHECK ', '', k['definition']))}"
                            for k in self.catalog.type_constraints[type_["oid"]]])

    def composites(self, composites):
        if not composites:
            return []
        fields = {t["oid"]: "<br>".join(f"{words.code(c['name'])} {self.type(c['type'])}" for c in self.catalog.columns[t["relation"]])
                  for t in composites}
        return ["## Composite types", ""] + rows(("type", "fields", "meaning"),
                                                [(self.target(t), fields[t["oid"]], cell(t["comment"])) for t in composites])

    @staticmethod
    def arguments(function):
        """(name, type, default) of what is passed in."""
        names = [name for name, mode in zip(function["names"], function["modes"] or ["i"] * len(function["names"])) if mode in "ibv"]
        names += [""] * (len(function["types"]) - len(names))
        return list(zip(names, function["types"], function["defaults"]))

    def endpoint(self, function):
        routes = [route for route in self.catalog.routes if route["function"] == function["name"]]
        runs_as = f"as {words.code(function['runs_as'])}" if function["runs_as"] else "as the caller, under row security"
        lines = [f"### api.{function['name']}", "", escaped(function["comment"]), ""]
        lines += [f"- **{words.code(route['method'] + ' ' + route['path'])}** for {self.callers(route)}; "
                  f"lane {words.code(route['lane'])}, at most {route['deadline_ms']} ms" + (f", body up to {route['body_limit']} bytes" if route["body_limit"] else "")
                  for route in routes] or ["- no route"]
        lines += [f"- runs {runs_as}", ""]
        arguments = [(words.code(name), self.type(kind), "required" if default is None else words.code(words.of_value(default) or "''"),
                      "the request" if name.startswith("_") else self.bound_from(name, routes))
                     for name, kind, default in self.arguments(function)]
        return lines + (rows(("argument", "type", "default", "from"), arguments) if arguments else [])

    @staticmethod
    def callers(route):
        return "anybody" if "anonymous" in route["access"] else " and ".join(ACCESS.get(one, one) for one in route["access"])

    @staticmethod
    def bound_from(name, routes):
        if any(f"{{{name}}}" in route["path"] for route in routes):
            return "path"
        return "body" if any(route["body_limit"] for route in routes) else "query"

    def functions(self, title, functions):
        if not functions:
            return []
        return [f"## {title}", ""] + rows(
            ("function", "gives", "runs as", "called by", "meaning"),
            [(words.code(self.signature(f)), words.code(self.short(f["result"] or "")),
              words.code(f["runs_as"]) if f["runs_as"] else "caller", codes(f["callers"]), cell(f["comment"])) for f in functions])

    def signature(self, function):
        arguments = [f"{name} {self.short(kind)}".strip() for name, kind, _ in self.arguments(function)]
        return f"{function['schema']}.{function['name']}({', '.join(arguments)})"

    @staticmethod
    def short(kind):
        return kind.replace("timestamp with time zone", "timestamptz").replace("double precision", "float8").replace("mesteri.", "")

    # --- the overview -----------------------------------------------------------------------------------------------------------

    def overview(self):
        self.page = "README.md"
        counts = {kind: sum(len(content[kind]) for content in self.content.values())
                  for kind in ("tables", "views", "enums", "domains", "endpoints")}
        lines = ["# Schema reference", "",
                 f"{counts['tables']} tables, {counts['views']} views, {counts['enums']} closed lists, {counts['domains']} types with limits and "
                 f"{counts['endpoints']} endpoints, by area.",
                 "[How to read it](#how-to-read-it) stands below; [architecture.md](../architecture.md) tells how it works.", ""]
        shown = [area for area in self.areas.all if area in self.content]
        with_tables = [area for area in shown if self.content[area]["tables"]]
        with_endpoints = [area for area in shown if self.content[area]["endpoints"] and area not in with_tables]
        lines += ["## Data", "", *self.area_rows(with_tables), *self.area_diagram(), "## Endpoints", "", *self.area_rows(with_endpoints)]
        lines += ["## What they stand on, and what shows them", ""]
        lines += self.area_rows([area for area in shown if area not in with_tables + with_endpoints])
        lines += [READING.read_text().rstrip(), ""]
        told = sorted((relation for relation in self.catalog.relations.values() if relation["kind"] != "S"), key=self.heading)
        lines += ["## Tables and views", ""]
        lines += rows(("name", "area", "what it holds"),
                      [(self.relation_link(one["oid"]), self.area_of[one["oid"]].title, cell(one["comment"])) for one in told])
        if self.unplaced:
            lines += self.functions("Functions made while installing", self.unplaced)
        return lines + ["---", "", MADE]

    def area_rows(self, areas):
        """A line each, without the columns in which none has anything."""
        head = ("area", "purpose", "tables", "views", "types", "endpoints", "functions")
        lines = [self.area_line(area) for area in areas]
        used = [place for place in range(len(head)) if any(line[place] for line in lines)]
        return rows([head[place] for place in used], [[line[place] for place in used] for line in lines])

    def area_line(self, area):
        content = self.content[area]
        types = sum(len(content[kind]) for kind in ("enums", "domains", "composites"))
        numbers = (len(content["tables"]), len(content["views"]), types, len(content["endpoints"]), len(content["functions"]))
        return (f"[{area.title}]({area.page})", cell(area.purpose), *(str(number) if number else "" for number in numbers))

    def area_diagram(self):
        """Foreign keys between areas; the one that most lead to would hide the others, so its arrows are left out."""
        edges = defaultdict(int)
        for table in self.catalog.tables():
            for key in self.catalog.constraints[table["oid"]]:
                if key["kind"] == "f":
                    edges[self.area_of[table["oid"]], self.area_of[key["target"]]] += 1
        edges = {pair: number for pair, number in edges.items() if pair[0] is not pair[1]}
        if not edges:
            return []
        degree = defaultdict(int)
        for _, target in edges:
            degree[target] += 1
        most = max(degree, key=lambda area: (degree[area], area.page))
        shown = sorted((source.page, target.page, source, target) for source, target in edges if target is not most)
        drawn = sorted({area.page: area for _, _, source, target in shown for area in (source, target)}.items())
        return ["An arrow leads from an area to one that its foreign keys refer to. "
                f"{degree[most]} areas refer to *{most.title}*; those arrows are left out.", "",
                "```mermaid", "flowchart LR", *(f"    a{page[:2]}[{area.title}]" for page, area in drawn),
                *(f"    a{source[:2]} --> a{target[:2]}" for source, target, *_ in shown), "```", ""]
