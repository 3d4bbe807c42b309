/*
 * names.sql
 *		Words that people, firms and streets are named with.
 */
CREATE TEMPORARY TABLE demo_names AS
SELECT kind, string_to_array(words, '|') AS list
  FROM (VALUES
    ('man ro', 'Ion|Andrei|Mihai|Alexandru|Ștefan|Gheorghe|Vasile|Nicolae|Constantin|Florin|Cristian|Marius|Daniel|Adrian|Gabriel|'
               'Bogdan|Cătălin|Sorin|Ionuț|Răzvan|Dumitru|Petru|Liviu|Ovidiu|Dorin|Cosmin|Lucian|Radu|Vlad|Tudor|Valentin|Viorel|Marian|'
               'Costel|Dănuț|Ilie|Grigore|Emil|Silviu|Cezar|Laurențiu|Octavian|Traian|Călin|Claudiu|Darius|Rareș|Toader|Neculai|Aurel'),
    ('woman ro', 'Maria|Elena|Ana|Ioana|Andreea|Mihaela|Cristina|Gabriela|Daniela|Alina|Simona|Raluca|Mădălina|Ștefania|Oana|Roxana|'
                 'Anca|Carmen|Doina|Lăcrămioara|Rodica|Corina|Bianca|Diana|Larisa|Teodora|Ruxandra|Iulia|Adina|Cătălina|Nicoleta|Monica|'
                 'Felicia|Georgiana|Tatiana|Viorica|Paula|Loredana|Camelia|Otilia'),
    ('family ro', 'Popescu|Ionescu|Popa|Radu|Dumitru|Stan|Stoica|Gheorghe|Matei|Ciobanu|Rusu|Constantin|Marin|Mureșan|Lazăr|Munteanu|'
                  'Șerban|Ștefan|Țăranu|Dobre|Barbu|Nistor|Florea|Voicu|Tudor|Toma|Moldovan|Oprea|Neagu|Dinu|Crăciun|Sandu|Manole|Pavel|'
                  'Olteanu|Bălan|Anghel|Cojocaru|Preda|Ungureanu|Mihăilescu|Chiriac|Coman|Badea|Nedelcu|Albu|Suciu|Mocanu|Petrescu|'
                  'Grigorescu|Vlădescu|Dănilă|Bucur|Iordache|Vasilescu|Rădulescu|Negru|Filip|Marcu|Avram|Pătrașcu|Zamfir|Tănase|Sârbu|'
                  'Țurcanu|Ardelean|Pop|Câmpean|Crișan|Hașegan|Bota|Bogdan|Cristea|Enache|Drăgan|Drăghici|Ghiță|Ispas|Jianu|Lungu|'
                  'Măcelaru|Nița|Onofrei|Păun|Roșca|Roșu|Sava|Sîrbu|Șandru|Teodorescu|Trandafir|Ursu|Văduva|Zaharia|Bănică|Buzatu|'
                  'Chelaru|Diaconu|Epure|Fodor|Gavrilă|Hristea|Iacob|Luca|Mihalache|Năstase|Oancea|Pană|Rotaru|Simion|Stănescu|Tătaru'),
    ('man hu', 'István|László|József|Zoltán|Attila|Sándor|Ferenc|Gábor|Péter|Tamás|András|János|Levente|Csaba|Zsolt|Szabolcs|Botond|'
               'Hunor|Árpád|Béla|Imre|Lajos|Mihály|Miklós|Gyula|Tibor|Ákos|Előd|Győző|Örs'),
    ('woman hu', 'Éva|Katalin|Erzsébet|Ildikó|Mária|Ágnes|Anna|Zsuzsanna|Réka|Emese|Tünde|Enikő|Orsolya|Melinda|Noémi|Boglárka|Kinga|'
                 'Csilla|Hajnal|Gyöngyvér'),
    ('family hu', 'Nagy|Kovács|Szabó|Tóth|Horváth|Varga|Kiss|Molnár|Németh|Balogh|Papp|Takács|Juhász|Székely|Bíró|Fazekas|Orbán|'
                  'Kelemen|Szász|Bálint|Péter|László|Dénes|Incze|Jakab|Márton|Kádár|Gál|Sándor|Lőrincz|Mezei|Vass|Bartha|Ferencz|'
                  'Demeter|Szőcs|Csíki|Gergely|Pál|Hegedűs'),
    ('firm', 'Meșter|Casa Verde|Temelia|Bunul Gospodar|Nord|Carpați|Transilvania|Dacia|Orizont|Miorița|Brădet|Stejarul|Cetatea|Zidirea|'
             'Gospodaru|Montana|Cumpăna|Echipa Bună|Dibaci|Expert|Prima|Edil|Dunărea|Vatra|Acasă|Priceput|Atelierul|Soluția|Rapid|Trainic'),
    ('street', 'Mihai Eminescu|Avram Iancu|Ștefan cel Mare|Mihai Viteazul|Horea|Republicii|Libertății|Unirii|Nicolae Bălcescu|Tudor Vladimirescu|'
               'Independenței|Gării|Morii|Florilor|Teilor|Castanilor|Zorilor|Primăverii|Școlii|Bisericii|Crișan|Cloșca|George Coșbuc|'
               'Liviu Rebreanu|Ion Creangă|Lucian Blaga|Aurel Vlaicu|Traian|Decebal|1 Decembrie 1918')
  ) AS words (kind, words);

-- Those lists, one row of columns, so that a query picks from them without a join condition.
CREATE TEMPORARY TABLE demo_words AS
SELECT max(list) FILTER (WHERE kind = 'man ro')    AS man_ro,
       max(list) FILTER (WHERE kind = 'woman ro')  AS woman_ro,
       max(list) FILTER (WHERE kind = 'family ro') AS family_ro,
       max(list) FILTER (WHERE kind = 'man hu')    AS man_hu,
       max(list) FILTER (WHERE kind = 'woman hu')  AS woman_hu,
       max(list) FILTER (WHERE kind = 'family hu') AS family_hu,
       max(list) FILTER (WHERE kind = 'firm')      AS firm,
       max(list) FILTER (WHERE kind = 'street')    AS street
  FROM demo_names;

-- Where Hungarian is spoken, by what part of the people, and how its seat is called: by name, and when something is there.
CREATE TEMPORARY TABLE demo_hungarian AS
SELECT *
  FROM (VALUES ('HR', 0.85, 'Csíkszereda',      'Csíkszeredában'),
               ('CV', 0.74, 'Sepsiszentgyörgy', 'Sepsiszentgyörgyön'),
               ('MS', 0.38, 'Marosvásárhely',   'Marosvásárhelyen')) AS spoken (county, part, seat, at_seat);

-- The trade register's number of a county; the order numbers used later are higher than any it has given.
CREATE TEMPORARY TABLE demo_register AS
SELECT split_part(entry, ':', 1) AS county, split_part(entry, ':', 2) AS number
  FROM string_to_table('AB:1 AR:2 AG:3 BC:4 BH:5 BN:6 BT:7 BV:8 BR:9 BZ:10 CS:11 CJ:12 CT:13 CV:14 DB:15 DJ:16 GL:17 GJ:18 HR:19 '
                       'HD:20 IL:21 IS:22 IF:23 MM:24 MH:25 MS:26 NT:27 OT:28 PH:29 SM:30 SJ:31 SB:32 SV:33 TR:34 TM:35 TL:36 VS:37 '
                       'VL:38 VN:39 B:40 CL:51 GR:52', ' ') AS entry;
