"""Conditions of constraints and policies in words, from the SQL that the server prints of them.

The server prints with every parenthesis and cast; so a small grammar reads it.
What it does not know is shown as SQL.
"""
import re

TOKEN = re.compile(r"""\s*(?:
      (?P<string>E?'(?:[^']|'')*')
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<name>(?:"[^"]+"|[A-Za-z_][A-Za-z_0-9]*)(?:\.(?:"[^"]+"|[A-Za-z_][A-Za-z_0-9]*))*)
    | (?P<operator>::|<=|>=|<>|!~\*?|~\*?|@>|<@|&&|\|\||->>|->|[-+*/%=<>()\[\],:])
    )""", re.X)
TYPE_WORDS = {"double": ("precision",), "character": ("varying",), "bit": ("varying",), "timestamp": ("with", "time", "zone"),
              "time": ("with", "time", "zone")}
KEYWORDS = {"AND", "OR", "NOT", "IS", "NULL", "ANY", "ALL", "ARRAY", "CASE", "WHEN", "THEN", "ELSE", "END", "DISTINCT", "FROM", "SELECT"}
COMPARISONS = {"=": "=", "<>": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
TURNED = {"<": ">", "<=": "≥", ">": "<", ">=": "≤"}
COUNTED = {"char_length": "characters", "octet_length": "bytes", "cardinality": "elements", "jsonb_array_length": "elements"}
SELF_EVIDENT = re.compile(r"-?[0-9]+(\.[0-9]+)?|true|false|NULL")


class Unknown(Exception):
    """The grammar does not know this SQL."""


def of_condition(sql):
    """Words for a condition, in Markdown."""
    try:
        return say(Parser(sql).whole())
    except Unknown:
        return code(re.sub(r"\s+", " ", sql))


def of_value(sql):
    """A default, without the casts that its column's type makes plain."""
    try:
        return plain(Parser(sql).whole())
    except Unknown:
        return re.sub(r"\s+", " ", sql)


def code(text):
    """A code span that may stand in a cell of a table."""
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return fence + pad + text.replace("|", "\\|") + pad + fence


# --- from text to a tree: tuples that begin with their kind ---------------------------------------------------------------

class Parser:
    """Precedence of the server's operators, which its parentheses make mostly needless."""

    def __init__(self, sql):
        self.tokens = []
        position = 0
        sql = sql.strip()
        while position < len(sql):
            match = TOKEN.match(sql, position)
            if match is None:
                raise Unknown(sql[position:])
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
        self.at = 0

    def whole(self):
        tree = self.either()
        if self.at != len(self.tokens):
            raise Unknown(self.tokens[self.at])
        return tree

    def peek(self, *texts):
        return self.at < len(self.tokens) and self.tokens[self.at][0] != "string" and self.tokens[self.at][1] in texts

    def take(self, *texts):
        if not self.peek(*texts):
            return None
        self.at += 1
        return self.tokens[self.at - 1][1]

    def need(self, text):
        if not self.take(text):
            raise Unknown(f"no {text} at {self.at}")

    def either(self):
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else ("or", parts)

    def both(self):
        parts = [self.negated()]
        while self.take("AND"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else ("and", parts)

    def negated(self):
        return ("not", self.negated()) if self.take("NOT") else self.compared()

    def compared(self):
        left = self.sum()
        while True:
            if self.take("IS"):
                negative = self.take("NOT")
                if self.take("DISTINCT"):
                    self.need("FROM")
                    left = ("distinct", left, not negative, self.sum())
                else:
                    self.need("NULL")
                    left = ("null", left, not negative)
            elif self.peek(*COMPARISONS, "~", "~*", "!~", "!~*", "@>", "<@", "&&"):
                operator = self.take(self.tokens[self.at][1])
                if self.take("ANY", "ALL"):
                    left = ("among", left, operator, self.sum())
                else:
                    left = ("compare", left, operator, self.sum())
            else:
                return left

    def sum(self):
        left = self.primary()
        while self.peek("+", "-", "*", "/", "%", "||", "->", "->>"):
            operator = self.take(self.tokens[self.at][1])
            left = ("arithmetic", left, operator, self.primary())
        return left

    def primary(self):
        tree = self.atom()
        while self.peek("::", "["):
            if self.take("["):
                tree = ("element", tree, self.sum())
                self.need("]")
            else:
                self.take("::")
                self.type()
        return tree

    def type(self):
        kind, first = self.tokens[self.at]
        if kind != "name":
            raise Unknown(first)
        self.at += 1
        for word in TYPE_WORDS.get(first, ()):
            self.take(word)
        if self.take("("):
            while not self.take(")"):
                self.at += 1
        while self.take("["):
            self.need("]")

    def atom(self):
        if self.at >= len(self.tokens):
            raise Unknown("end")
        kind, text = self.tokens[self.at]
        if self.take("("):
            tree = self.either()
            self.need(")")
            return tree
        if self.take("-"):
            return ("constant", "-" + plain(self.primary()))
        if self.take("ARRAY"):
            self.need("[")
            return ("list", self.listed("]"))
        if self.take("CASE"):
            return self.case()
        self.at += 1
        if kind == "string":
            return ("constant", text.lstrip("E")[1:-1].replace("''", "'"))
        if kind == "number" or text in ("true", "false", "NULL"):
            return ("constant", text)
        if kind != "name" or text in KEYWORDS:
            raise Unknown(text)
        if text == "EXTRACT":
            return self.extract()
        if self.take("("):
            return ("call", text, self.listed(")"))
        return ("column", text.strip('"'))

    def extract(self):
        self.need("(")
        self.at += 1
        field = self.tokens[self.at - 1][1]
        self.need("FROM")
        tree = ("call", field, [self.either()])
        self.need(")")
        return tree

    def listed(self, end):
        items = []
        while not self.take(end):
            items.append(self.either())
            self.take(",")
        return items

    def case(self):
        subject = None if self.peek("WHEN") else self.either()
        branches = []
        while self.take("WHEN"):
            condition = self.either()
            self.need("THEN")
            branches.append((condition if subject is None else ("compare", subject, "=", condition), self.either()))
        otherwise = self.either() if self.take("ELSE") else None
        self.need("END")
        return ("case", branches, otherwise)


# --- from the tree to words ---------------------------------------------------------------------------------------------

def plain(tree):
    """A value as SQL without casts."""
    kind = tree[0]
    if kind == "column":
        return "value" if tree[1] == "VALUE" else tree[1]
    if kind == "constant":
        return tree[1]
    if kind == "call":
        return f"{tree[1]}({', '.join(quoted(item) for item in tree[2])})"
    if kind == "element":
        return f"{plain(tree[1])}[{plain(tree[2])}]"
    if kind == "list":
        return ", ".join(plain(item) for item in tree[1])
    if kind == "arithmetic":
        return f"{inner(tree[1])} {tree[2]} {inner(tree[3])}"
    return say(tree).replace("`", "")


def quoted(tree):
    """An argument, in which text must be told from a name."""
    return f"'{tree[1]}'" if tree[0] == "constant" and not SELF_EVIDENT.fullmatch(tree[1]) else plain(tree)


def inner(tree):
    return f"({plain(tree)})" if tree[0] == "arithmetic" else plain(tree)


def value(tree):
    if tree[0] == "list":
        return ", ".join(value(item) for item in tree[1])
    if tree[0] == "case":
        return say(tree)
    text = plain(tree)
    return text if tree[0] == "constant" and SELF_EVIDENT.fullmatch(text) else code(text or "''")


def is_condition(tree):
    return tree[0] in ("and", "or", "not", "null", "compare", "among", "distinct")


def say(tree):
    kind = tree[0]
    if kind == "and":
        return conjunction(tree[1])
    if kind == "or":
        return disjunction(tree[1])
    if kind == "not" and tree[1][0] == "distinct":
        return say(("distinct", tree[1][1], not tree[1][2], tree[1][3]))
    if kind == "not":
        return f"not {value(tree[1])}" if tree[1][0] == "column" else f"not ({say(tree[1])})"
    if kind == "null":
        return f"{value(tree[1])} is {'' if tree[2] else 'not '}null"
    if kind == "among":
        return among(*tree[1:])
    if kind == "distinct":
        return f"{value(tree[1])} is {'not ' if tree[2] else ''}{value(tree[3])}"
    if kind == "compare":
        return comparison(*tree[1:])
    if kind == "case":
        parts = [f"when {say(condition)}: {result(then)}" for condition, then in tree[1]]
        return "; ".join(parts + ([f"otherwise {result(tree[2])}"] if tree[2] else []))
    return value(tree)


def result(tree):
    return {"true": "anything", "false": "never"}.get(tree[1], say(tree)) if tree[0] == "constant" else say(tree)


def grouped(tree):
    """Inside of a longer sentence."""
    return f"({say(tree)})" if tree[0] in ("and", "or", "case") and not as_range(tree) else say(tree)


def side(tree):
    """Of an equivalence, where a list would run into the next words."""
    return f"({say(tree)})" if tree[0] == "among" else grouped(tree)


def as_range(tree):
    """(subject, text) of a condition with two bounds."""
    if tree[0] != "and" or len(tree[1]) != 2 or any(part[0] != "compare" for part in tree[1]):
        return None
    (_, subject, low, first), (_, other, high, last) = tree[1]
    if subject != other or low not in (">", ">=") or high not in ("<", "<="):
        return None
    unit = COUNTED.get(subject[1]) if subject[0] == "call" else None
    if unit and low == ">=" and high == "<=":
        return f"{value(subject[2][0])} has {plain(first)} to {plain(last)} {unit}"
    return f"{value(first)} {TURNED[low].replace('>', '<').replace('≥', '≤')} {value(subject)} {COMPARISONS[high]} {value(last)}"


def conjunction(parts):
    bounds = as_range(("and", parts))
    return bounds if bounds else " and ".join(grouped(part) for part in parts)


def disjunction(parts):
    """What one part rules out is the condition of the others."""
    conditions = [opposite(part) for part in parts]
    for place, condition in enumerate(conditions):
        rest = parts[:place] + parts[place + 1:]
        if condition is not None:
            return f"if {say(condition)}: {say(rest[0]) if len(rest) == 1 else ' or '.join(grouped(one) for one in rest)}"
    return " or ".join(grouped(part) for part in parts)


def opposite(tree):
    if tree[0] == "compare" and tree[2] == "<>":
        return ("compare", tree[1], "=", tree[3])
    if tree[0] == "among" and tree[2] == "<>":
        return ("among", tree[1], "=", tree[3])
    if tree[0] == "null" and tree[2]:
        return ("null", tree[1], False)
    if tree[0] == "not":
        return tree[1]
    if tree[0] == "null":
        return ("null", tree[1], True)
    return None


def among(subject, operator, items):
    if subject[0] == "call" and subject[1] == "num_nonnulls":
        return f"{' or '.join(plain(item) for item in items[1])} of {values(subject[2])} are not null"
    if items[0] == "list" and operator in ("=", "<>"):
        return f"{value(subject)} is {'one' if operator == '=' else 'none'} of {value(items)}"
    return f"{value(subject)} {COMPARISONS.get(operator, operator)} any of {value(items)}"


def values(trees):
    return ", ".join(value(tree) for tree in trees)


def comparison(left, operator, right):
    if operator == "=" and (is_condition(left) or is_condition(right)):
        return equivalence(left, right)
    if left[0] == "call" and left[1] == "num_nonnulls":
        return counted_nonnulls(left[2], operator, right)
    if left[0] == "call" and left[1] in COUNTED and operator in ("=", "<="):
        return f"{value(left[2][0])} has {'at most ' if operator == '<=' else ''}{plain(right)} {COUNTED[left[1]]}"
    if left[0] == "call" and left[1] == "jsonb_typeof" and right[0] == "constant":
        return f"{value(left[2][0])} is a JSON {plain(right)}"
    if operator.endswith(("~", "~*")):
        return f"{value(left)} {'does not match' if operator[0] == '!' else 'matches'} {value(right)}"
    if operator == "<@":
        return f"{value(left)} holds nothing but {value(right)}"
    if operator in ("=", "<>") and right[0] == "constant":
        return f"{value(left)} is {'' if operator == '=' else 'not '}{value(right)}"
    return f"{value(left)} {COMPARISONS.get(operator, operator)} {value(right)}"


def counted_nonnulls(columns, operator, right):
    number = plain(right)
    if right[0] == "case":
        return f"of {values(columns)} so many are not null: {say(right)}"
    if (operator, number) == ("=", "0"):
        return f"{values(columns)} {'are all' if len(columns) > 1 else 'is'} null"
    if (operator, number) == ("=", str(len(columns))):
        return f"{values(columns)} are all not null"
    said = {"=": "exactly ", "<=": "at most ", ">=": "at least ", "<": "fewer than ", ">": "more than "}.get(operator, operator + " ")
    return f"{said}{number} of {values(columns)} {'is' if number == '1' else 'are'} not null"


def equivalence(left, right):
    if left[0] == right[0] == "null" and left[2] == right[2]:
        return f"{value(left[1])} and {value(right[1])} are null together"
    return f"{side(left)} exactly when {side(right)}"
