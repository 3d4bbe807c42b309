"""Likes, saves, shares, comments and reports: who may, what counts, and that counters are the recount whatever happens at once."""

import html.parser
import random
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import shapes
from conftest import SEED
from server import wait_until
from shapes import conforms
from work import IF_ANY, NOBODY, key, make_post, profile_id, rules, wrong_counters

ACTS = {"like": ("likes_count", "liked", 1), "unlike": ("likes_count", "liked", 0), "save": ("saves_count", "saved", 1),
        "unsave": ("saves_count", "saved", 0), "share": ("shares_count", None, 1)}


@pytest.fixture(scope="module")
def ion(client, register):
    return register(client, user_type="craftsman", first_name="Ion")


@pytest.fixture(scope="module")
def ana(client, register):
    return register(client)


@pytest.fixture
def post(database, ion):
    return make_post(database, ion)["id"]


def act(person, post, what, **options):
    return person.client.post(f"/v1/posts/{post}/{what}", **options)


def say(person, post, text="Frumos", **options):
    return person.client.post(f"/v1/posts/{post}/comments", {"text": text}, **options)


def comments(reader, post, query=""):
    return reader.get(f"/v1/posts/{post}/comments{query}").json()["items"]


def test_each_act_twice(client, ana, ion, post, database):
    for what in ("unlike", "like", "like", "save", "save", "share", "share", "unlike", "unlike", "unsave", "like"):
        counter, mine, wanted = ACTS[what]
        answer = act(ana, post, what)
        assert answer.status == 200, answer
        conforms(answer.body, shapes.COUNTERS)
        body = answer.json()
        assert body["post_id"] == post and body[counter] == wanted and (mine is None or body[mine] is bool(wanted)), (what, body)
    assert act(ion, post, "like").json()["likes_count"] == 2, "authors may like their own"
    seen = client.get(f"/v1/posts/{post}").json()["engagement_stats"]
    assert (seen["likes_count"], seen["saves_count"], seen["shares_count"], seen["liked"]) == (2, 0, 1, None)
    assert not wrong_counters(database, post)


def test_saved_are_listed(client, ana, post):
    act(ana, post, "save")
    assert post in [item["post"]["id"] for item in ana.client.get("/v1/users/me/saved?type=posts&limit=100").json()["items"]]
    act(ana, post, "unsave")
    assert post not in [item["post"]["id"] for item in ana.client.get("/v1/users/me/saved?type=posts&limit=100").json()["items"]]


@pytest.mark.parametrize("status", ["draft", "processing", "hidden", "removed"])
def test_what_is_not_published(client, database, ana, ion, post, status):
    """Nobody likes it, and nobody says anything below it: not even its author."""
    act(ana, post, "like")
    comment = say(ana, post).json()["comment"]["id"]
    database.run("UPDATE mesteri.content_posts SET status = %s WHERE id = %s", status, post)
    for person in (ana, ion):
        for what in ACTS:
            assert act(person, post, what).error == "not_found"
        assert say(person, post).error == "not_found"
    assert ana.client.get(f"/v1/posts/{post}/comments").error == "not_found"
    assert ana.client.post(f"/v1/posts/{post}/report", {"reason": "x"}).error == "not_found"
    assert ion.client.get(f"/v1/posts/{post}/comments").json()["items"][0]["id"] == comment
    assert ana.client.delete(f"/v1/posts/{post}/comments/{comment}").status == 204, "one's own words can be taken back"
    assert not wrong_counters(database, post)


def test_callers(client, staff, post, ana):
    for what in ACTS:
        assert client.post(f"/v1/posts/{post}/{what}").error == "unauthenticated"
        assert staff.post(f"/v1/posts/{post}/{what}").error == "forbidden_role"
        assert ana.client.post(f"/v1/posts/{NOBODY}/{what}").error == "not_found"
        assert ana.client.post(f"/v1/posts/{post}/{what}", {"user_id": NOBODY}).error == "unknown_field"
    for reader, error in ((client, "unauthenticated"), (staff, "forbidden_role")):
        assert reader.post(f"/v1/posts/{post}/comments", {"text": "x"}).error == error
        assert reader.delete(f"/v1/posts/{post}/comments/{NOBODY}").error == error
        assert reader.post(f"/v1/posts/{post}/report", {"reason": "x"}).error == error


def test_keys(client, ana, post, database):
    """A repeated request is answered with what it was answered, whatever has happened since."""
    headers = key()
    first = act(ana, post, "like", headers=headers).json()
    act(ana, post, "unlike")
    again = act(ana, post, "like", headers=headers)
    assert again.header("idempotent-replayed") == "true" and again.json() == first
    assert client.get(f"/v1/posts/{post}").json()["engagement_stats"]["likes_count"] == 0
    headers = key()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: say(ana, post, headers=headers), range(8)))
    assert {answer.status for answer in answers} <= {201, 409} and len(comments(client, post)) == 1
    headers = key()
    assert ana.client.post(f"/v1/posts/{post}/report", {"reason": "x"}, headers=headers).status == 201
    assert ana.client.post(f"/v1/posts/{post}/report", {"reason": "x"}, headers=headers).header("idempotent-replayed") == "true"


# Comments.


def test_comments(client, ana, ion, post, database):
    answer = say(ana, post, "  Câţi bani?\n<b>Mulţi</b> ")
    assert answer.status == 201 and answer.header("location") == f"/v1/posts/{post}/comments"
    conforms(answer.body, shapes.COMMENTED)
    comment = answer.json()["comment"]
    assert comment["text"] == "Câți bani?\n<b>Mulți</b>" and comment["user_id"] == comment["author"]["user_id"] == ana.id
    assert comment["author"]["display_name"] == "Ștefan Ț." and answer.json()["comments_count"] == 1
    for number in range(5):
        assert say(ion, post, str(number)).json()["comments_count"] == number + 2
    listed = client.get(f"/v1/posts/{post}/comments")
    conforms(listed.body, shapes.COMMENTS)
    assert [item["text"] for item in listed.json()["items"]] == ["4", "3", "2", "1", "0", comment["text"]]
    walked = [item["text"] for page in (1, 2, 3) for item in comments(client, post, f"?limit=2&page={page}")]
    assert walked == [item["text"] for item in listed.json()["items"]]
    assert client.get(f"/v1/posts/{post}").json()["engagement_stats"]["comments_count"] == 6
    assert not wrong_counters(database, post)


def test_length_of_comments(client, ana, post):
    """Characters as typed, and not as stored."""
    for text in ("ț" * 2000, "<" * 2000, "👷" * 2000, "<b>x</b>" + "y" * 1992):
        assert say(ana, post, text).status == 201
    assert comments(client, post)[2]["text"] == "&lt;" * 2000 or len(comments(client, post)[2]["text"]) >= 2000
    for text in ("x" * 2001, "ț" * 2001, "<b></b>" + "x" * 1994, "", "   ", " \n "):
        answer = say(ana, post, text)
        assert (answer.error, rules(answer)) == ("invalid_field", [("text", "length")])
    for body in ({}, {"text": None}, {"text": 7}, {"text": ["x"]}, {"text": "x", "post_id": NOBODY}, {"text": "a\u0000"}, {"text": "a\u0007"}):
        assert ana.client.post(f"/v1/posts/{post}/comments", body).status == 400, body


@pytest.mark.parametrize("text", [
    "<b></b>", "<script>alert(1)</script>", "<style>*{display:none}</style>", "<!-- x -->", "<img src=x onerror=alert(1)>", "<p> </p>",
    "<a href='https://example.org'></a>", "<b>\u00a0</b>", "&nbsp;&nbsp;", "<i>&#8203;</i>",
    "<svg><title>x</title></svg>", "<iframe>x</iframe>", "&#8288;<br>&#6158;",
])
def test_nothing_is_left(client, ana, post, text):
    answer = say(ana, post, text)
    assert (answer.error, rules(answer)) == ("empty_text", [("text", "empty")])
    assert comments(client, post) == []


@pytest.mark.parametrize("text", ["\u200b\u200d\ufeff", "\u2800", "\u3164", "\u00ad", "\U000e0041", "\u2060\u180e", "\u202e", "\u115f"])
def test_nothing_that_can_be_seen(client, ana, post, text):
    """As characters they are refused like other controls; written as entities they are nothing."""
    assert say(ana, post, text).error == "invalid_field"
    assert say(ana, post, "".join(f"&#{ord(letter)};" for letter in text)).error == "empty_text"


ATTACKS = [
    "<script>alert(1)</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<scr<script>ipt>alert(1)</scr</script>ipt>", "<img src=x onerror=alert(1)>",
    "<img src=\"javascript:alert(1)\">", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
    "<a href=\"javascript:alert(1)\">x</a>", "<a href=\"JaVaScRiPt:alert(1)\">x</a>", "<a href=\"java\tscript:alert(1)\">x</a>", "<a href=\"&#106;avascript:alert(1)\">x</a>",
    "<a href=\" javascript:alert(1)\">x</a>", "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>", "<a href=\"vbscript:msgbox(1)\">x</a>",
    "<a href=\"//evil.example\">x</a>", "<a href=\"https://ok.example\" onclick=\"alert(1)\">x</a>", "<a href='https://ok.example/\"onmouseover=\"alert(1)'>x</a>",
    "<a href=\"https://ok.example\" style=\"position:fixed\" target=_blank>x</a>", "<b onmouseover=alert(1)>x</b>", "<b/onclick=alert(1)//>x</b>",
    "<i style=\"background:url(javascript:alert(1))\">x</i>", "<iframe src=\"javascript:alert(1)\"></iframe>x", "<object data=\"data:text/html;base64,PHNjcmlwdD4=\"></object>x",
    "<embed src=x>x", "<form action=https://evil.example><input name=q></form>x", "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">x",
    "<base href=https://evil.example>x", "<link rel=stylesheet href=x>x", "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">x", "<marquee onstart=alert(1)>x",
    "<details open ontoggle=alert(1)>x", "<video><source onerror=alert(1)></video>x", "<body onload=alert(1)>x", "<template><script>alert(1)</script></template>x",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">x", "<style><img src=\"</style><img src=x onerror=alert(1)>\">x",
    "<!--><img src=x onerror=alert(1)>-->x", "<![CDATA[<script>alert(1)</script>]]>x", "<?xml-stylesheet href=javascript:alert(1)?>x", "<x onclick=alert(1)>x</x>",
    "\"><script>alert(1)</script>x", "'-alert(1)-'", "<<b>script>alert(1)<</b>/script>", "&lt;script&gt;alert(1)&lt;/script&gt;", "<b>&lt;img src=x onerror=alert(1)&gt;</b>",
    "<img src=x:x onerror=\"eval('ale'+'rt(1)')\">x", "<title><a href=\"</title><img src=x onerror=alert(1)>\">x", "<textarea><img title=\"</textarea><script>alert(1)</script>\">x",
    "<select><style></select><script>alert(1)</script></style>x", "<table><td background=javascript:alert(1)>x", "<isindex action=javascript:alert(1)>x",
    "<a href=https://ok.example/&#x22;&#x20;onclick=alert(1)>x</a>", "<a href=\"https:javascript:alert(1)\">x</a>", "<b\x0conclick=alert(1)>x</b>",
    "<a href=\"mailto:x@example.org?body=<script>alert(1)</script>\">x</a>", "<foreignObject><b xmlns=x onclick=alert(1)>x</b></foreignObject>",
    "＜script＞alert(1)＜/script＞", "<scrıpt>alert(1)</scrıpt>x", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "<img/src/onerror=alert(1)>x", "<a href=\"\u0001javascript:alert(1)\">x</a>",
]


class Reader(html.parser.HTMLParser):
    """What another parser makes of what we keep: only what was agreed."""

    def handle_starttag(self, tag, attrs):
        assert tag in ("b", "i", "em", "strong", "a"), tag
        if tag != "a":
            assert attrs == []
        else:
            (name, link), (second, rel) = attrs
            assert (name, second, rel) == ("href", "rel", "nofollow noopener ugc") and re.match(r"(https?://|mailto:)", link), attrs

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def check_safe(text):
    Reader(convert_charrefs=False).feed(text)
    # Nothing but our own tags begins with <, and no attribute but ours is there.
    assert not re.search(r"<(?!/?(b|i|em|strong)>|/a>|a href=\"[^\"<>]*\" rel=\"nofollow noopener ugc\">)", text), text


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_attacks(client, database, ana, ion, post, attack):
    answer = say(ana, post, attack)
    if answer.status == 201:
        check_safe(answer.json()["comment"]["text"])
        check_safe(comments(client, post)[0]["text"])
    else:
        assert answer.error in ("empty_text", "invalid_field"), answer
    answer = ion.client.put(f"/v1/posts/{post}", {"description": attack}, headers=IF_ANY)
    if answer.status == 200:
        check_safe(answer.json()["post"]["description"] or "")
        assert answer.json()["post"]["description"] == client.get(f"/v1/posts/{post}").json()["post"]["description"]
    else:
        assert answer.error == "invalid_field"
    database.run("DELETE FROM mesteri.content_posts WHERE id = %s", post)


def test_who_deletes_comments(client, ana, ion, register, database, post):
    other = make_post(database, ion)["id"]
    third, craftsman = register(client), register(client, user_type="craftsman")
    mine, yours, elsewhere = (say(person, place).json()["comment"]["id"] for person, place in ((ana, post), (third, post), (ana, other)))
    path = f"/v1/posts/{post}/comments"
    for person in (third, craftsman):
        assert person.client.delete(f"{path}/{mine}").error == "not_found"
    for person in (ana, ion):
        for nobody in (elsewhere, NOBODY, str(uuid.uuid4()), "x"):
            assert person.client.delete(f"{path}/{nobody}").error == "not_found"
    assert ana.client.delete(f"{path}/{yours}").error == "not_found"
    assert ana.client.delete(f"{path}/{mine}").status == 204, "its author"
    assert ana.client.delete(f"{path}/{mine}").error == "not_found"
    assert ion.client.delete(f"{path}/{yours}").status == 204, "the post's"
    assert comments(client, post) == [] and client.get(f"/v1/posts/{post}").json()["post"]["comments_count"] == 0
    assert database.value("SELECT count(*) FROM mesteri.post_comments WHERE post_id = %s AND deleted_by IS NOT NULL", post) == 2, "kept for reports"
    assert not wrong_counters(database, post, other)


def test_hidden_comments_are_not_counted_twice(client, ana, database, post):
    """Staff hid it, and the counter with it; its author takes it away all the same."""
    comment = say(ana, post).json()["comment"]["id"]
    database.run("UPDATE mesteri.post_comments SET hidden_at = now() WHERE id = %s", comment)
    assert [row["counter"] for row in wrong_counters(database, post)] == ["comments_count"]
    database.run("SELECT mesteri.mend_counters('mesteri.content_posts', %s)", post)
    assert comments(client, post) == []
    assert ana.client.delete(f"/v1/posts/{post}/comments/{comment}").status == 204
    assert not wrong_counters(database, post)


def test_blocked(client, ana, ion, register, database, post):
    """Either side's block; what both did with others' posts, and reading, stays."""
    other = register(client)
    assert ion.client.post(f"/v1/users/{ana.id}/block").status == 200
    assert say(ana, post).error == "blocked" and say(other, post).status == 201
    ion.client.delete(f"/v1/users/{ana.id}/block")
    assert say(ana, post).status == 201
    assert ana.client.post(f"/v1/users/{ion.id}/block").status == 200
    assert say(ana, post).error == "blocked" and say(ana, post, "<b></b>").error == "blocked"
    assert act(ana, post, "like").status == 200 and len(comments(ana.client, post)) == 2
    ana.client.delete(f"/v1/users/{ion.id}/block")
    assert not wrong_counters(database, post)


def test_authors_who_are_gone(client, register, database, ana, post):
    erased, suspended = register(client), register(client)
    for person in (erased, suspended):
        assert say(person, post).status == 201
    database.run("UPDATE mesteri.users SET is_active = false, deleted_at = now() WHERE id = %s", erased.id)
    database.run("UPDATE mesteri.users SET is_active = false WHERE id = %s", suspended.id)
    listed = client.get(f"/v1/posts/{post}/comments")
    conforms(listed.body, shapes.COMMENTS)
    people = {item["user_id"]: item["author"] for item in listed.json()["items"]}
    assert (people[erased.id]["display_name"], people[erased.id]["avatar_url"]) == (None, None)
    assert people[suspended.id]["display_name"]


# Reports.


def report(person, post, **fields):
    return person.client.post(f"/v1/posts/{post}/report", {"reason": "Fals", **fields})


def test_reports(client, ana, ion, register, database, post):
    comment = say(ana, post).json()["comment"]["id"]
    answer = report(ana, post, category="fraud", good_faith=True)
    assert answer.status == 201 and answer.header("location") == f"/v1/posts/{post}"
    conforms(answer.body, shapes.REPORTED)
    made = answer.json()["report"]
    assert (made["target_type"], made["target_id"], made["category"], made["status"]) == ("post", post, "fraud", "open")
    assert report(ana, post).error == "already_exists"
    assert report(ion, post).error == "self_reference" and report(ana, post, comment_id=comment).error == "self_reference"
    said = report(ion, post, comment_id=comment, reason=" x \n y ")
    conforms(said.body, shapes.REPORTED)
    assert (said.json()["report"]["target_type"], said.json()["report"]["target_id"], said.json()["report"]["category"]) == ("comment", comment, "other")
    assert said.json()["report"]["reason"] == "x \n y" and said.header("location") == f"/v1/posts/{post}/comments"
    assert report(ion, post, comment_id=comment).error == "already_exists"
    kept = database.run("SELECT snapshot, target_user_id::text AS whom, good_faith FROM mesteri.reports WHERE target_id IN (%s, %s) ORDER BY id", post, comment)
    assert (kept[0]["whom"], kept[0]["good_faith"]) == (ion.id, True) and kept[0]["snapshot"]["media_urls"]
    assert kept[1]["snapshot"] == {"text": "Frumos"} and kept[1]["whom"] == ana.id
    with ThreadPoolExecutor(8) as pool:
        other = register(client)
        answers = list(pool.map(lambda _: report(other, post), range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7


def test_reports_of_what_is_not_there(client, ana, ion, register, database, post):
    other = make_post(database, ion)["id"]
    third = register(client)
    elsewhere, gone = say(third, other).json()["comment"]["id"], say(third, post).json()["comment"]["id"]
    third.client.delete(f"/v1/posts/{post}/comments/{gone}")
    for comment in (elsewhere, gone, NOBODY):
        answer = report(ana, post, comment_id=comment)
        assert (answer.error, rules(answer)) == ("not_found", [("comment_id", "exists")])
    assert report(ana, NOBODY).error == "not_found"
    for fields, rule in (({"reason": ""}, "length"), ({"reason": "x" * 2001}, "length"), ({"category": "ugly"}, "enum"), ({"good_faith": "yes"}, "type"),
                         ({"comment_id": "x"}, None), ({"reason": None}, "null"), ({"target_user_id": NOBODY}, "unknown")):
        answer = report(ana, post, **fields)
        assert answer.status == 400 and rule in (None, rules(answer)[0][1]), answer
    assert report(ana, post, reason="ț" * 2000).status == 201


# At once.


def test_200_likes_at_once(client, register, database, post):
    people = [register(client) for _ in range(50)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: act(people[number % 50], post, "like"), range(200)))
    assert {answer.status for answer in answers} == {200}
    assert max(answer.json()["likes_count"] for answer in answers) == 50
    assert client.get(f"/v1/posts/{post}").json()["engagement_stats"]["likes_count"] == 50
    assert not wrong_counters(database, post)


def test_counters_are_the_recount(client, register, database):
    """Everybody does anything with any post, on many connections, while posts come and go: then all counters are right."""
    for name in ("one", "two"):
        chance = random.Random(f"{SEED} {name}")
        print(f"E2E_SEED={SEED} {name}")
        authors = [register(client, user_type="craftsman") for _ in range(2)]
        people = [register(client) for _ in range(8)] + authors
        posts = [(author, make_post(database, author)["id"]) for author in authors for _ in range(3)]

        def step(draw):
            person, (author, post), what, pick = draw
            if what == "comment":
                return say(person, post, str(pick))
            if what == "uncomment":
                shown = person.client.get(f"/v1/posts/{post}/comments").json().get("items", [])
                return person.client.delete(f"/v1/posts/{post}/comments/{shown[int(pick * len(shown))]['id']}") if shown else None
            if what == "view":
                return person.client.get(f"/v1/posts/{post}")
            if what in ("hide", "show"):
                return author.client.put(f"/v1/posts/{post}", {"status": "hidden" if what == "hide" else "published"}, headers=IF_ANY)
            if what == "count":
                return database.run("SELECT mesteri.roll_up_impressions()") and None
            return act(person, post, what)

        acts = ["like", "unlike", "save", "unsave", "share", "comment", "uncomment", "view"] * 3 + ["hide", "show", "show", "count"]
        draws = [(chance.choice(people), chance.choice(posts), chance.choice(acts), chance.random()) for _ in range(500)]
        with ThreadPoolExecutor(16) as pool:
            answers = [answer for answer in pool.map(step, draws) if answer is not None]
        assert {answer.status for answer in answers} <= {200, 201, 204, 404, 409}, [answer for answer in answers if answer.status >= 500]
        assert {answer.error for answer in answers if answer.status == 409} <= {"illegal_transition"}
        assert sum(answer.status in (200, 201, 204) for answer in answers) > 200
        idents = [post for _, post in posts]
        wait_until(lambda: database.value("SELECT count(*) FROM mesteri.impressions") == 0 or not wrong_counters(database, *idents), 10, "reads are counted")
        assert wrong_counters(database, *idents) == []
        assert database.value("SELECT sum(likes_count + saves_count + shares_count + comments_count + views_count) FROM mesteri.content_posts"
                              " WHERE id = ANY (%s::uuid[])", idents) > 20
