--
-- mesteri.sanitize: what may be stored of a text that is shown with its markup.
--
\pset format unaligned
\pset tuples_only on

-- Line breaks are shown as \n, other controls as a dot.
CREATE FUNCTION pg_temp.shown(text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(replace($1, E'\n', '\n'), E'[\x01-\x1f\x7f\u0080-\u009f\uFFFE\uFFFF]', '·', 'g');

-- Text, and what is kept.
CREATE TEMP TABLE cases (id serial, dirty text);

INSERT INTO cases (dirty) VALUES
    (''),
    ('plain'),
    (E' two\n\n lines\t of 5" > 4" \r\n'),
    ('a < b & c'),
    ('I <3 you & "me" > all'),
    ('<b>x > "y"</b>'),
    ('Faianță și gresie, țiglă & vopsea'),
    ('Árvíztűrő <i>tükörfúrógép</i>'),
    ('👷🏽‍♀️ <b>🏠</b> 👍 & 𝔘'),
    ('<b>b</b> <i>i</i> <em>em</em> <strong>strong</strong>'),
    ('<B CLASS=x onclick="alert(1)">b</B>'),
    ('<a href="https://example.org/?a=1&amp;b=2#c">link</a>'),
    ('<a href="http://example.org/" target=_blank rel=follow title="t" onclick="alert(1)">link</a>'),
    ('<a href=mailto:ion@example.org>ion</a>'),
    ('<A HREF=''HTTPS://example.org/?q="x"''>link</A>'),
    ('<a href="  https://example.org/a b  ">link</a>'),
    ('<a href="https://example.org/ăâîșț">link</a>'),
    ('<b><i>both</b></i> none'),
    ('<b>one<b>two</b>three</b>'),
    ('<b>never closed'),
    ('never opened</b>'),
    ('<b></b><i> </i><a href="http://x"></a><b><!-- x --></b>'),
    ('a<b> </b>c'),
    ('<a href="http://x">one <b>two <a href="http://y">three</a></b></a>'),
    ('<p>one</p><p>two</p>'),
    (E'<ul>\n  <li>one</li>\n  <li>two <b>three</b></li>\n</ul>\nfour'),
    ('one<br>two<br/>three<BR />four'),
    ('<div>one<div>two</div></div>three<hr>four'),
    ('<table><tr><td>1</td><td>2</td></tr></table>'),
    ('<b>one<p>two</p></b>three'),
    ('<span style="color:red">in</span>line <font>f</font><blink>g</blink><my-tag>h</my-tag>'),
    ('a &amp; b &lt;b&gt; &quot;c&quot; &copy; &#259; &#x15f;'),
    ('&amp;lt;script&amp;gt; &nosuch; &amp &'),
    ('a<!-- b -->c<!-- d --!>e<!-- f > g -->h'),
    ('a<!-- never closed <b>b</b>'),
    ('a<![CDATA[<b>b</b>]]>c'),
    ('a<![CDATA[never closed <b>b</b>'),
    ('<![if !supportLists]>a<![endif]>b'),
    ('a<?php echo 1 ?>b<?xml version="1.0"?>c'),
    ('a<!DOCTYPE html [<!ENTITY x "y">]>b &x;'),
    ('<html><head><title>t</title></head><body onload=alert(1)>a</body></html>b'),
    (E'<b>\x01a\x08\x7f\u0080</b>\uFFFE\uFFFF'),
    (E'a <i>&#127;&#x9f;</i> <a href="http://&#128;">b</a>');

SELECT format('%s => %s', pg_temp.shown(dirty), pg_temp.shown(mesteri.sanitize(dirty))) FROM cases ORDER BY id;

-- Tricks.
CREATE TEMP TABLE tricks (id serial, dirty text);

INSERT INTO tricks (dirty) VALUES
    ('<script>alert(1)</script>'),
    ('<SCRIPT SRC=//xss.example/x.js></SCRIPT>a'),
    ('<script>alert(1)'),
    ('<script/xss src=x></script>a'),
    ('<<script>alert(1);//<</script>a'),
    ('<scr<script>ipt>alert(1)</scr</script>ipt>'),
    ('<scr<!-- -->ipt>alert(1)</script>'),
    ('<scr<![x]>ipt>alert(1)</script>'),
    ('<script>a</script ><b>b</b>'),
    ('<svg:script>alert(1)</svg:script>'),
    ('<img src=x onerror=alert(1)>a'),
    ('<IMG """><SCRIPT>alert("XSS")</SCRIPT>">'),
    ('<img src="javascript:alert(1)"><img src=`javascript:alert(1)`>'),
    ('<IMG SRC=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>'),
    ('<img/src/onerror=alert(1)'),
    ('<b onmouseover=alert(1)//'),
    ('<b/onmouseover=alert(1)>x</b>'),
    ('<b x="><script>alert(1)</script>">x</b>'),
    ('<b x=''"><img src=x onerror=alert(1)>''>x</b>'),
    ('<b title="--><img src=x onerror=alert(1)>">x</b>'),
    ('<a href="javascript:alert(1)">x</a>'),
    ('<a href="JaVaScRiPt:alert(1)">x</a>'),
    (E'<a href="java\tscript:alert(1)">x</a>'),
    (E'<a href="java\nscr\ript:alert(1)">x</a>'),
    (E'<a href="\x01\x0fjavascript:alert(1)">x</a>'),
    ('<a href=" &#14; javascript:alert(1)">x</a>'),
    ('<a href="jav&#x09;ascript:alert(1)">x</a>'),
    ('<a href="jav&#x0A;ascript:alert(1)">x</a>'),
    ('<a href="javascript&colon;alert(1)">x</a>'),
    ('<a href="javascript&#58;alert(1)">x</a>'),
    ('<a href="java&Tab;script&colon;alert(1)">x</a>'),
    ('<a href="&#0000106&#0000097&#0000118&#0000097&#0000115&#0000099&#0000114&#0000105&#0000112&#0000116&#0000058alert(1)">x</a>'),
    ('<a href="javascript&amp;#58;alert(1)">x</a>'),
    ('<a href="javascript%3Aalert(1)">x</a>'),
    ('<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>'),
    ('<a href="vbscript:msgbox(1)">x</a>'),
    ('<a href="feed:javascript:alert(1)">x</a>'),
    ('<a href="view-source:http://x">x</a>'),
    ('<a href="file:///etc/passwd">x</a>'),
    ('<a href="ftp://x/">x</a>'),
    ('<a href="tel:112">x</a>'),
    ('<a href="//example.org">x</a>'),
    ('<a href="/path">x</a>'),
    ('<a href="\\example.org">x</a>'),
    ('<a href="#x">x</a>'),
    ('<a href="">x</a>'),
    ('<a href>x</a>'),
    ('<a>x</a>'),
    ('<a href="http:path">x</a>'),
    ('<a href="https:///x">x</a>'),
    ('<a href="https:/\x">x</a>'),
    ('<a href="http://">x</a>'),
    ('<a href="mailto:">x</a>'),
    ('<a href="ht tp://x">x</a>'),
    ('<a href="http://x/" href="javascript:alert(1)">x</a>'),
    ('<a href="javascript:alert(1)" href="http://x/">x</a>'),
    ('<a xlink:href="http://x/">x</a>'),
    ('<a href="http://x/&quot; onclick=&quot;alert(1)">x</a>'),
    ('<a href=''http://x/" onclick="alert(1)''>x</a>'),
    ('<a href=http://x/"onclick="alert(1)>x</a>'),
    ('<a href="http://x/&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">x</a>'),
    ('<a href="http://x/`onclick=alert(1)">x</a>'),
    (E'<a href="http://x/\n\tonclick=alert(1)">x</a>'),
    ('<a href="http://x'),
    ('<a href="http://x/"onclick=alert(1)>x</a>'),
    ('<a style="background:url(javascript:alert(1))" href="http://x/">x</a>'),
    ('&lt;script&gt;alert(1)&lt;/script&gt;'),
    ('&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;'),
    ('&#60;script&#62;alert(1)&#60;/script&#62;'),
    ('&#60script&#62alert(1)&#x3C/script&#x0003e'),
    ('%3Cscript%3Ealert(1)%3C/script%3E &'),
    ('+ADw-script+AD4-alert(1)+ADw-/script+AD4- &'),
    ('<meta http-equiv="content-type" content="text/html; charset=utf-7">+ADw-script+AD4-alert(1)ăî'),
    ('<meta charset="iso-8859-1">ăîșț'),
    ('<meta http-equiv=refresh content="0;url=javascript:alert(1)">a'),
    ('＜script＞alert(1)＜/script＞ &'),
    ('<style>@import "x"</style>a<style>b'),
    ('<link rel=stylesheet href=x><base href="javascript:alert(1)//">a'),
    ('<svg/onload=alert(1)>'),
    ('<svg><script>alert(1)</script></svg>a'),
    ('<svg><style><img src=x onerror=alert(1)></style></svg>a'),
    ('<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>a'),
    ('<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">'),
    ('<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">'),
    ('<math href="javascript:alert(1)">x</math>a'),
    ('<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>'),
    ('<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>a'),
    ('<textarea><script>alert(1)</script></textarea>a'),
    ('<textarea></textarea><img title="</textarea><img src onerror=alert(1)>">a'),
    ('<title><img title="</title><img src=x onerror=alert(1)>">a'),
    ('<xmp><p title="</xmp><svg/onload=alert(1)>"></xmp>a'),
    ('<noembed><img src="</noembed><iframe onload=alert(1)>">a'),
    ('<plaintext><b>a'),
    ('<template><b>a</b></template>b'),
    ('<iframe src="javascript:alert(1)">a</iframe>b'),
    ('<iframe srcdoc="<script>alert(1)</script>">'),
    ('<object data="data:text/html;base64,x">a</object><embed src=x>b'),
    ('<select><style></select><img src=x onerror=alert(1)></style>a'),
    ('<form action="javascript:alert(1)"><input type=submit><button formaction="javascript:alert(1)">a</button></form>'),
    ('<isindex action="javascript:alert(1)" type=image>a'),
    ('<video><source onerror="alert(1)"></video><audio src=x onerror=alert(1)></audio>a'),
    ('<details open ontoggle=alert(1)><summary>a</summary>b</details>'),
    ('<marquee onstart=alert(1)>a</marquee>'),
    ('<table background="javascript:alert(1)"><td background=x>a</table>'),
    ('<input onfocus=alert(1) autofocus>a'),
    ('<![CDATA[<script>alert(1)</script>]]>a'),
    ('<!--[if gte IE 4]><script>alert(1)</script><![endif]-->a'),
    ('<!--><img src=x onerror=alert(1)>-->a'),
    ('<!--!><img src=x onerror=alert(1)>--!>a'),
    ('<! foo="[[[x]]"><b>a</b>'),
    ('<? foo="><script>alert(1)</script>">a'),
    ('</ foo="><script>alert(1)</script>">a'),
    ('</script><script>alert(1)</script>a'),
    ('<!ELEMENT x><!ENTITY % y SYSTEM "file:///etc/passwd">%y; &y;'),
    ('<x:a xmlns:x="http://www.w3.org/1999/xhtml" href="http://x/">a</x:a>'),
    ('<b xmlns="http://www.w3.org/2000/svg">a</b>'),
    ('<div/style=x:expression(alert(1))>a'),
    (E'<a\fhref="javascript:alert(1)">x</a>'),
    (E'<\x01script>alert(1)</\x01script>'),
    ('<&#115;cript>alert(1)</script>'),
    ('&<script>alert(1)</script>;'),
    ('<b>a</b'),
    ('<b'),
    ('<'),
    ('</'),
    ('<!'),
    ('<![CDATA['),
    ('<!--'),
    ('<?'),
    ('&'),
    ('&#'),
    ('&#x'),
    (E'<b>\u0338 onclick=alert(1) </b>'),
    (E'<b>\u0323&#x338; onclick=alert(1) </b>'),
    (E'<a href="http://\u0338">x</a>'),
    ('&#0;&#1;&#128;&#xD800;&#x110000;&#99999999999;a');

SELECT format('%s => %s', pg_temp.shown(dirty), pg_temp.shown(mesteri.sanitize(dirty))) FROM tricks ORDER BY id;

-- A prefix of a trick is a trick too, and so are pieces of them in any order.
CREATE TEMP TABLE texts (dirty text);

INSERT INTO texts
    SELECT dirty FROM cases UNION SELECT dirty FROM tricks
    UNION SELECT left(dirty, n) FROM tricks, generate_series(1, 150) AS n WHERE n < length(dirty);

CREATE TEMP TABLE pieces (id serial, piece text);

INSERT INTO pieces (piece) VALUES
    ('<b>'), ('</b>'), ('<i>'), ('</i>'), ('<em x=y>'), ('</em>'), ('<strong'), ('</strong>'), ('<a href="http://x">'),
    ('</a>'), ('<a href="mailto:x@y" title='''), ('<a href='), ('"'), (''''), ('`'), ('>'), ('/>'), ('<'), ('</'),
    ('&'), ('&lt;'), ('&#60;'), ('&#x3e'), ('&quot;'), ('&amp;'), ('amp;'), ('#106;'), (';'), ('='), (' '), (E'\n'),
    (E'\t'), (E'\r\n'), (E'\f'), (E'\x01'), (E'\u00a0'), (E'\u0085'), ('&#128;'), (E'\u0338'), ('&#824;'), (E'\uFFFF'),
    (E'\uFEFF'), (E'\u2028'), ('ș'), ('ű'), ('👷'), ('text'), ('x'), ('javascript:'), ('java'), ('script:alert(1)'),
    ('https://'), ('http:'), ('//x.example/'), ('data:text/html,'), (' onclick=alert(1) '), (' href="javascript:x"'),
    (' href="https://y"'), ('<script>'), ('</script>'), ('<style>'), ('</style>'), ('<svg>'), ('</svg>'), ('<math>'),
    ('</math>'), ('<title>'), ('</title>'), ('<textarea>'), ('</textarea>'), ('<noscript>'), ('</noscript>'), ('<p>'),
    ('</p>'), ('<div>'), ('</div>'), ('<br>'), ('<li>'), ('<table>'), ('<td>'), ('</table>'), ('<html>'), ('</html>'),
    ('<body>'), ('</body>'), ('<head>'), ('</head>'), ('<form>'), ('</form>'), ('<select>'), ('<option>'),
    ('<img src=x onerror=y>'), ('<frameset>'), ('<iframe>'), ('</iframe>'), ('<plaintext>'), ('<!--'), ('-->'),
    ('--!>'), ('<!'), ('<![CDATA['), (']]>'), ('<?'), ('?>'), ('<!DOCTYPE '), ('<x:b>'), ('<meta charset=utf-7>'),
    ('+ADw-');

INSERT INTO texts
    SELECT string_agg(piece, '' ORDER BY place)
        FROM generate_series(1, 20000) AS text_number,
             generate_series(1, 2 + text_number % 23) AS place,
             LATERAL (SELECT ('x' || left(md5(text_number || ' ' || place), 7))::bit(28)::int AS number) AS random
        JOIN pieces ON pieces.id = 1 + random.number % (SELECT count(*)::int FROM pieces)
        GROUP BY text_number;

CREATE TEMP TABLE cleaned AS SELECT dirty, mesteri.sanitize(dirty) AS clean FROM texts;

SELECT count(*) > 20000 AS many,
       count(*) FILTER (WHERE clean LIKE '%<a %') > 500 AS many_with_links,
       count(*) FILTER (WHERE clean ~ '<[biems]') > 1000 AS many_with_markup
    FROM cleaned;

-- Text without & and < is untouched.
SELECT dirty, clean FROM cleaned WHERE dirty !~ '[&<]' AND clean IS DISTINCT FROM dirty;

-- Of the rest nothing remains but escaped text, our tags, and links of our making.
SELECT dirty, clean FROM cleaned
    WHERE dirty ~ '[&<]'
      AND clean !~ ('^([^<>"&]|&(amp|lt|gt|quot);|</?(b|i|em|strong)>|</a>'
                    || '|<a href="([hH][tT][tT][pP][sS]?://|[mM][aA][iI][lL][tT][oO]:)([^<>"&[:space:][:cntrl:]]|&(amp|lt|gt|quot);)+" '
                    || 'rel="nofollow noopener ugc">)*$');

-- Tags are balanced.
SELECT dirty, clean FROM cleaned WHERE dirty ~ '[&<]' AND NOT xml_is_well_formed_content(clean);

-- No element stands within its like, and none is empty.
SELECT dirty, clean FROM cleaned
    WHERE dirty ~ '[&<]'
      AND xpath_exists('//b//b | //i//i | //em//em | //strong//strong | //a//a | /all//*[not(normalize-space())]',
                       xmlparse(CONTENT '<all>' || clean || '</all>'));

-- Normal forms that join and split letters leave the markup alone.
SELECT dirty, clean FROM cleaned
    WHERE dirty ~ '[&<]'
      AND (regexp_count(clean, '[&<>"]') <> regexp_count(normalize(clean, NFC), '[&<>"]')
           OR regexp_count(clean, '[&<>"]') <> regexp_count(normalize(clean, NFD), '[&<>"]'));

-- Sanitizing again changes nothing.
SELECT dirty, clean, mesteri.sanitize(clean) FROM cleaned WHERE mesteri.sanitize(clean) IS DISTINCT FROM clean;

-- Escaped text comes back as it was read.
SELECT dirty FROM (SELECT dirty, replace(replace(dirty, '&', '&amp;'), '<', '&lt;') AS escaped FROM texts) AS all_texts
    WHERE dirty !~ E'[\x01-\x08\f\x7f\u0080-\u009f\u0338\uFFFE\uFFFF]'
      AND replace(replace(replace(replace(mesteri.sanitize(escaped), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&amp;', '&')
          IS DISTINCT FROM dirty;

-- Depth and length.  Too deep, the text is shown as typed.
SELECT mesteri.sanitize(repeat('<b>', 200) || 'x' || repeat('</b>', 200));
SELECT mesteri.sanitize(repeat('<b>', 10000) || 'x') = repeat('&lt;b&gt;', 10000) || 'x';
SELECT mesteri.sanitize(repeat('<div><a href="http://x">', 5000) || E'\x01\uFFFE') = repeat('&lt;div&gt;&lt;a href=&quot;http://x&quot;&gt;', 5000);
SELECT mesteri.sanitize(repeat('<', 60000)) = repeat('&lt;', 60000);
SELECT mesteri.sanitize(repeat('&', 60000)) = repeat('&amp;', 60000);
SELECT mesteri.sanitize(repeat('<i>ș</i> ', 6000)) = repeat('<i>ș</i> ', 6000);
SELECT mesteri.sanitize('<b ' || string_agg('x' || n, ' ') || '>y') FROM generate_series(1, 5000) AS n;
SELECT mesteri.sanitize(repeat('</b>', 15000));
SELECT length(mesteri.sanitize(repeat('<![CDATA[', 7000))), mesteri.sanitize(repeat('<![x]>', 10000));
SELECT length(mesteri.sanitize('&' || repeat('x', 1048575)));
SELECT mesteri.sanitize('&' || repeat('x', 1048576));
\set VERBOSITY sqlstate
SELECT mesteri.sanitize('&' || repeat('x', 1048576));
\set VERBOSITY default

SELECT mesteri.sanitize(NULL) IS NULL;

-- The server's xml type, which stands on the same library, still reports its own errors and no one else's.
SELECT xpath('/a/b/text()', '<a><b>1</b></a>'), mesteri.sanitize('<b>1</i>'), xml_is_well_formed('<a>'), mesteri.sanitize('<');
DO $$
DECLARE
    said text;
BEGIN
    PERFORM '<a>'::xml, mesteri.sanitize('<a><');
EXCEPTION WHEN invalid_xml_content THEN
    GET STACKED DIAGNOSTICS said = PG_EXCEPTION_DETAIL;
    RAISE INFO '% %', SQLERRM, split_part(said, E'\n', 1);
    RAISE INFO '%', mesteri.sanitize('<b>&nosuch;');
END
$$;
