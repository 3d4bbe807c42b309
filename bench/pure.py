"""Pure functions of the trade against a function that does next to nothing."""
from backend import middle

CALLS = 300000
ROUNDS = 5
EMPTY = "pg_catalog.int8up(n)"
FUNCTIONS = {"fee_split": "mesteri.fee_split(n, 500, 290, 2100)",
             "contract_number": "mesteri.contract_number('\\x{}', '202611', n)".format("5a" * 32)}
LOOP = "SELECT count({}) FROM generate_series(1::bigint, {}) AS g (n)"


def measure(size):
    costs = {name: [] for name in FUNCTIONS}
    for _ in range(ROUNDS):
        for name, call in FUNCTIONS.items():
            empty, full = (size.backend.cost(LOOP.format(expression, CALLS)) for expression in (EMPTY, call))
            costs[name].append((full - empty) / CALLS)
    return [(f"`{name}()` over an empty C function, a call of {CALLS}", middle(runs), None, "<= 2 µs") for name, runs in costs.items()]
