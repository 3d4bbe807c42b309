"""Erasure and export, tried on a row in every table: nothing of the person is left in a dump but what the rules keep."""

import json
import os
import re

import pytest

from conftest import program
from server import ROOT

CLIENT = "mesteri.seeded_id('test', 'client')"
CRAFTSMAN = "mesteri.seeded_id('test', 'craftsman')"


def words(cluster, database):
    """The markers in a dump, bytea columns read as text."""
    dump = program("pg_dump", cluster, "mesteri_backup", "-d", database.name, "--data-only", "--exclude-table=public.marked")
    plain = [dump, *(bytes.fromhex(part).decode("utf8", "replace") for part in re.findall(r"\\x((?:[0-9a-f]{2})+)", dump))]
    return set(re.findall(r"zq[a-z]+\.[a-z0-9_.]*[a-z0-9]", "\n".join(plain)))


def marked(cluster, name):
    database = cluster.database(name)
    script = os.path.join(ROOT, "regress", "lib")
    cluster.control("psql", "-d", name, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", os.path.join(script, "rows.sql"), "-f",
                    os.path.join(script, "markers.sql"))
    return database


@pytest.fixture(scope="module")
def before(cluster):
    """(database, words in its dump, {word: row of public.marked})"""
    database = marked(cluster, "erasure")
    known = {row["word"]: row for row in database.run("SELECT * FROM public.marked")}
    return database, words(cluster, database), known


# What takes no word of ours: a format is asked for, or a state that the rows are not in.  FORMATTED are looked at one by one.
UNMARKABLE = {"contracts.modification_reason", "craftsman_vat_periods.vat_number", "payout_accounts.iban_last4", "reports.reporter_email",
              "reports.reporter_name", "users.pending_phone_number", "users.phone_number", "verifications.cnp_last4", "verifications.cui",
              "verifications.register_result", "verifications.trade_register_number", "user_profiles.county", "user_profiles.postal_code",
              "craftsman_profiles.cui"}
FORMATTED = "SELECT num_nonnulls(p.county, p.postal_code, p.date_of_birth, p.location, c.cui, u.pending_phone_number, c.hourly_rate_min)" \
            "  FROM mesteri.users u JOIN mesteri.user_profiles p ON p.user_id = u.id" \
            "  LEFT JOIN mesteri.craftsman_profiles c ON c.user_id = u.id WHERE u.id = "


def test_every_column_is_marked(before):
    database, found, known = before
    assert len(known) > 150 and found == set(known), sorted(set(known) ^ found)
    columns = {f"{row['table_name']}.{row['column_name']}" for row in known.values()}
    private = {row["c"] for row in database.run(
        "SELECT p.table_name || '.' || p.column_name AS c FROM mesteri.erasure_plan p JOIN pg_attribute a ON a.attrelid = p.relation"
        " AND a.attname = p.column_name JOIN pg_type t ON t.oid = a.atttypid WHERE p.class <> 'none' AND p.found_by IS NULL"
        " AND coalesce(nullif(t.typbasetype, 0), t.oid) IN ('text'::regtype, 'jsonb'::regtype) AND p.owner_path LIKE 'users via %'")}
    assert private - columns == UNMARKABLE, sorted((private - columns) ^ UNMARKABLE)
    assert database.value(FORMATTED + CLIENT) == 5 and database.value(FORMATTED + CRAFTSMAN) == 7


def kept_by_rule(database):
    """table.column of what a rule says to keep for good."""
    return {row["c"] for row in database.run("SELECT table_name || '.' || column_name AS c FROM mesteri.erasure_plan"
                                             " WHERE action = 'keep' AND found_by IS NULL")}


def kept_for_now(database, person):
    """table.column of what ops says is kept of somebody for a time."""
    return {row["c"] for row in database.run("SELECT DISTINCT table_name || '.' || unnest(column_names) AS c FROM ops.kept_after_erasure"
                                             f" WHERE user_id = {person}")}


def column(row):
    return f"{row['table_name']}.{row['column_name']}"


def test_export_holds_mine_and_nothing_else(before):
    database, _, known = before
    database.run("UPDATE mesteri.contracts SET terms_json = terms_json || '{\"parties\": {\"client\": {\"name\": \"Ion\", \"phone\": \"0711\"},"
                 " \"craftsman\": {\"name\": \"Ana\", \"phone\": \"0722\", \"email\": \"a@b.ro\", \"address\": \"Cluj\"}}}'")
    export = database.value(f"SELECT mesteri.export_json({CLIENT}, 'ro')::text")
    assert json.loads(export)["contracts"][0]["terms_json"]["parties"] == {"client": {"name": "Ion", "phone": "0711"}, "craftsman": {"name": "Ana"}}
    hashes = [bytes.fromhex(part).decode("utf8", "replace") for part in re.findall(r'"([0-9a-f]{64})"', export)]
    held = set(re.findall(r"zq[a-z]+\.[a-z0-9_.]*[a-z0-9]", "\n".join([export, *hashes])))
    left_out = {row["c"] for row in database.run(
        "SELECT table_name || '.' || column_name AS c FROM mesteri.unexported_columns WHERE instead IS NULL UNION"
        " SELECT l.table_name || '.' || l.column_name FROM mesteri.labels l JOIN mesteri.export_tables e USING (table_name) WHERE e.reason IS NOT NULL")}
    mine = {word for word, row in known.items() if word.startswith("zqclient.") and row["class"] != "secret" and column(row) not in left_out}
    assert len(mine) > 50
    assert held == mine, sorted(held ^ mine)
    for secret in ("password_hash", "code_hash", "token_hash", "wrapped_key", "iban_encrypted"):
        assert secret not in export


def test_erased_client(cluster, before):
    database, _, known = before
    counters = "SELECT sum(likes_count) AS likes, sum(comments_count) AS comments FROM mesteri.content_posts"
    assert database.run(counters) == [{"likes": 2, "comments": 2}]
    database.run(f"SELECT mesteri.erase({CLIENT}, 'self')")
    left = words(cluster, database)

    by_rule, for_now = kept_by_rule(database), kept_for_now(database, CLIENT)
    mine = {word for word, row in known.items() if row["whose"] == "client" and word in left}
    wrong = {word for word in mine if column(known[word]) not in by_rule | for_now}
    assert not wrong, sorted(wrong)
    assert for_now and {word for word in mine if known[word]["class"] not in ("none", "money")}, "a period keeps something"
    # What is of others stays theirs, but for copies of what was the client's.
    copies = {"notifications", "events", "idempotency_keys", "provider_events", "event_streams"}
    lost = {word for word, row in known.items() if row["whose"] != "client" and word not in left and row["table_name"] not in copies}
    assert not lost, sorted(lost)
    assert {"zqother.mail", "zqother.event", "zqcopy.snapshot", "zqcopy.webhook"} <= left
    assert database.run(counters) == [{"likes": 1, "comments": 1}], "counters equal a recount"
    assert database.value(FORMATTED + CLIENT) == 0
    tombstone = database.run(f"SELECT * FROM mesteri.users WHERE id = {CLIENT}")[0]
    assert tombstone["email"].endswith("@erased.invalid") and re.fullmatch(r"\+999[0-9]{12}", tombstone["phone_number"])
    assert tombstone["deleted_at"] and not tombstone["is_active"] and tombstone["password_hash"] == "!"
    assert database.value("SELECT last_seq + 1 = oldest_seq FROM mesteri.event_streams WHERE user_id = " + CRAFTSMAN)


def test_erased_craftsman_and_the_end_of_all_periods(cluster, before):
    database, _, known = before
    done = database.run(f"SELECT * FROM ops.erase_user({CRAFTSMAN}, 'letter 2026/7')")
    assert {"user_profiles archive", "content_posts update"} <= {row["done"] for row in done}
    archived = {row["table_name"]: row["data"] for row in database.run(f"SELECT * FROM ops.archived({CRAFTSMAN})")}
    assert archived["user_profiles"][0]["first_name"].startswith("zqcraftsman.user_profiles.first_name")
    assert database.value(FORMATTED + CRAFTSMAN) == 0
    assert archived["craftsman_profiles"][0]["cui"] == "19"
    left = words(cluster, database)
    by_rule, for_now = kept_by_rule(database), kept_for_now(database, CLIENT) | kept_for_now(database, CRAFTSMAN)
    wrong = {word for word, row in known.items() if word in left and row["whose"] == "craftsman" and column(row) not in by_rule | for_now}
    assert not wrong, sorted(wrong)

    # Five minutes later all rules again; in twenty years nothing but what is kept for good.
    database.run("UPDATE mesteri.erasures SET next_walk_at = now()")
    assert database.value("SELECT mesteri.erasures_go_on()") >= 2
    database.run("SELECT mesteri.erasure_walk(id, now() + interval '20 years') FROM mesteri.erasures")
    assert database.value("SELECT count(*) FROM ops.kept_after_erasure") == 0
    assert database.value("SELECT count(*) FROM mesteri.archived_values") == 0
    assert database.value("SELECT count(*) FROM mesteri.erasures WHERE next_walk_at IS NOT NULL") == 0
    left = words(cluster, database)
    wrong = {word for word, row in known.items() if word in left and row["whose"] != "other" and column(row) not in by_rule}
    assert not wrong, sorted(wrong)
    names = {word for word, row in known.items() if word in left and row["whose"] != "other" and row["class"] in ("identity", "contact", "secret")}
    assert not names, sorted(names)


def test_evidence_says_nothing(before):
    database, _, _ = before
    proof = database.value("SELECT string_agg(e::text, ' ') FROM mesteri.erasures e"
                           f" WHERE user_id IN ({CLIENT}, {CRAFTSMAN})")
    assert "zq" not in proof and "letter 2026/7" in proof and "self" in proof


def test_open_money_holds_the_account(cluster):
    database = marked(cluster, "erasure_money")
    pay = "UPDATE mesteri.transactions SET {} WHERE provider_transaction_id = 'pi_1'"
    held = "escrow_state = 'held', released_amount = 0, status = 'processing', completed_at = NULL, escrow_released_at = NULL"
    released = "escrow_state = 'released', released_amount = captured_amount, status = 'completed', completed_at = now(), in_dispute = false"
    cases = [(pay.format(held), pay.format(released)),
             (pay.format("in_dispute = true, status = 'disputed'"), pay.format(released)),
             ("UPDATE mesteri.refunds SET status = 'pending', completed_at = NULL", "UPDATE mesteri.refunds SET status = 'completed', completed_at = now()"),
             ("UPDATE mesteri.disputes SET status = 'open', decision = NULL, decision_reason = NULL, resolved_at = NULL",
              "UPDATE mesteri.disputes SET status = 'resolved', decision = 'resume', decision_reason = 'x', resolved_at = now()")]
    for person in (CLIENT, CRAFTSMAN):
        for open_it, close_it in cases:
            database.run(open_it)
            assert database.value(f"SELECT mesteri.holds_money({person})"), open_it
            with pytest.raises(Exception, match="open_escrow"):
                database.run(f"SELECT ops.erase_user({person}, 'letter')")
            database.run(close_it)
            assert not database.value(f"SELECT mesteri.holds_money({person})"), close_it
    database.run("UPDATE mesteri.payouts SET status = 'pending', paid_at = NULL")
    assert database.value(f"SELECT mesteri.holds_money({CRAFTSMAN})") and not database.value(f"SELECT mesteri.holds_money({CLIENT})")
    database.run("UPDATE mesteri.payouts SET status = 'paid', paid_at = now()")
    database.run("INSERT INTO mesteri.journal_accounts (id, kind, craftsman_id) SELECT mesteri.seeded_id('test', 'payable'), 'craftsman_payable',"
                 " mesteri.seeded_id('test', 'profile')")
    database.run("INSERT INTO mesteri.journal_lines SELECT mesteri.seeded_id('test', 'entry'), 3, mesteri.seeded_id('test', 'payable'), 'credit', 1")
    assert database.value(f"SELECT mesteri.holds_money({CRAFTSMAN})"), "a ban is owed"
