/*
 * trades.sql
 *		What is written about the work of each trade.
 *
 * Per leaf of the tree of trades: how many practise it, compared with the
 * others; what was made, in Romanian and in Hungarian; tags.
 */
CREATE TEMPORARY TABLE demo_trade_texts AS
SELECT slug, share, string_to_array(made, '|') AS made, string_to_array(made_hu, '|') AS made_hu, string_to_array(tags, '|') AS tags
  FROM (VALUES
    ('instalator-sanitar', 6, 'Instalație sanitară completă|Baie refăcută cu coloană nouă|Înlocuire țevi vechi cu PPR|Montaj cabină de duș|Montaj vas WC încastrat|Schimbare robineți și sifoane', 'Teljes vízszerelés|Fürdőszoba csövezése|Zuhanykabin beszerelése', 'instalații|sanitare|baie|țevi|duș|robinet'),
    ('instalator-incalzire', 4, 'Montaj centrală termică în condensare|Încălzire în pardoseală|Înlocuire calorifere|Spălare instalație de încălzire|Revizie centrală termică', 'Kazán beszerelése|Padlófűtés kiépítése|Radiátorok cseréje', 'încălzire|centrală|calorifere|pardoseală|condensare|iscir'),
    ('instalator-gaze', 2, 'Instalație de utilizare gaze naturale|Revizie instalație gaze|Montaj detector de gaze|Mutare contor de gaze', 'Gázvezeték kiépítése|Gázhálózat felülvizsgálata', 'gaze|revizie|verificare|anre|detector'),
    ('climatizare-ventilatie', 2, 'Montaj aer condiționat|Ventilație cu recuperare de căldură|Igienizare aparat de climatizare|Încărcare cu freon', 'Klíma felszerelése|Hővisszanyerős szellőztetés', 'climatizare|ventilație|freon|aer condiționat|hvac'),
    ('pompe-de-caldura', 1, 'Pompă de căldură aer-apă|Pompă de căldură sol-apă cu foraj|Trecere de la lemne la pompă de căldură', 'Levegő-víz hőszivattyú|Talajszondás hőszivattyú', 'pompă de căldură|încălzire|eficiență|energie'),
    ('desfundare-canalizare', 1, 'Desfundare canalizare cu jet de înaltă presiune|Inspecție video a canalizării|Desfundare coloană de bloc', 'Duguláselhárítás|Csatorna kamerás vizsgálata', 'canalizare|desfundare|urgență|inspecție'),
    ('electrician', 7, 'Instalație electrică nouă|Tablou electric cu siguranțe diferențiale|Înlocuire cabluri de aluminiu|Montaj corpuri de iluminat|Priză de pământ și măsurători|Iluminat cu bandă LED', 'Új villanyhálózat|Elosztótábla cseréje|LED világítás szerelése', 'electrice|tablou|prize|iluminat|led|cabluri'),
    ('panouri-fotovoltaice', 2, 'Sistem fotovoltaic de 5 kW|Panouri fotovoltaice pe acoperiș de țiglă|Baterii de stocare și invertor hibrid', 'Napelemes rendszer|Hibrid inverter telepítése', 'fotovoltaic|prosumator|invertor|panouri|energie'),
    ('alarme-supraveghere-video', 1, 'Sistem de alarmă fără fir|Opt camere de supraveghere|Videointerfon la poartă', 'Riasztórendszer|Kamerarendszer telepítése', 'alarmă|camere|supraveghere|interfon'),
    ('automatizari-casa-inteligenta', 1, 'Casă inteligentă: lumini și jaluzele|Automatizare poartă culisantă|Termostate pe zone', 'Okosotthon kiépítése|Kapunyitó automatika', 'automatizare|casă inteligentă|poartă|termostat'),
    ('reparatii-electrocasnice', 2, 'Reparație mașină de spălat|Schimbat rulmenți la cuvă|Reparație frigider|Reparație plită cu inducție', 'Mosógép javítása|Hűtő javítása', 'electrocasnice|reparații|mașină de spălat|frigider'),
    ('zidar', 5, 'Zidărie din cărămidă|Pereți de compartimentare din BCA|Închidere terasă|Reparații la zidărie crăpată|Gard zidit', 'Téglafal építése|Válaszfalak|Repedt fal javítása', 'zidărie|cărămidă|bca|pereți|construcții'),
    ('fundatii-betoane', 2, 'Fundație continuă|Placă de beton armat|Scară din beton|Trotuar de gardă', 'Alapozás|Vasbeton lépcső', 'fundație|beton|placă|cofraj|turnare'),
    ('fierar-betonist', 1, 'Armare placă peste parter|Carcase pentru stâlpi și grinzi|Armare centuri', 'Födém vasalása|Oszlopok vasalása', 'armare|fier-beton|stâlpi|grinzi'),
    ('demolari', 1, 'Demolare anexă|Spargere pereți și evacuare moloz|Demolare șemineu vechi', 'Melléképület bontása|Falbontás', 'demolare|moloz|evacuare|spargere'),
    ('excavari-terasamente', 1, 'Săpătură pentru fundație|Nivelare teren|Șanț pentru utilități', 'Alapásás|Tereprendezés', 'excavare|săpătură|nivelare|miniexcavator'),
    ('termoizolatii-fatade', 3, 'Termosistem cu vată bazaltică|Fațadă cu polistiren de 15 cm|Tencuială decorativă|Izolare mansardă', 'Homlokzat szigetelése|Díszvakolat', 'termosistem|fațadă|izolație|polistiren|vată'),
    ('hidroizolatii', 1, 'Hidroizolație terasă|Hidroizolație la subsol|Membrană lichidă la balcon', 'Terasz vízszigetelése|Pince szigetelése', 'hidroizolație|membrană|terasă|subsol'),
    ('case-la-cheie', 1, 'Casă la cheie pe parter|Casă P+M predată la timp|Casă pe structură de lemn', 'Kulcsrakész családi ház|Könnyűszerkezetes ház', 'casă|la cheie|construcții|structură'),
    ('dulgher', 3, 'Șarpantă nouă din lemn de brad|Foișor din lemn|Pergolă|Lucarne la mansardă', 'Új tetőszerkezet|Fa filagória', 'șarpantă|lemn|dulgherie|pergolă|foișor'),
    ('montaj-invelitori', 3, 'Acoperiș din țiglă ceramică|Învelitoare din țiglă metalică|Montaj șindrilă bituminoasă|Ferestre de mansardă', 'Cserépfedés|Lemeztető', 'acoperiș|țiglă|învelitoare|mansardă'),
    ('tinichigiu-jgheaburi', 2, 'Jgheaburi și burlane noi|Dolii și șorțuri din tablă|Tablă fălțuită', 'Ereszcsatorna cseréje|Bádogozás', 'jgheaburi|burlane|tablă|tinichigerie'),
    ('reparatii-acoperis', 2, 'Reparație acoperiș după furtună|Înlocuire țigle sparte|Oprire infiltrații la coș', 'Tetőjavítás vihar után|Beázás megszüntetése', 'acoperiș|reparații|infiltrații|țiglă'),
    ('zugrav', 6, 'Zugrăveli lavabile|Living în culori calde|Vopsit tavane și pereți|Zugrăvit scara blocului|Vopsitorie decorativă', 'Szobafestés|Nappali festése|Díszfestés', 'zugrăveli|lavabilă|vopsea|culori|pereți'),
    ('faiantar', 6, 'Gresie și faianță în baie|Placări cu plăci de format mare|Baie cu nișe și duș walk-in|Gresie porțelanată în bucătărie|Scară placată cu gresie|Rosturi epoxidice', 'Fürdőszoba burkolása|Nagy méretű lapok lerakása|Konyha burkolása', 'gresie|faianță|baie|placări|rosturi|duș'),
    ('montator-rigips', 4, 'Tavan fals cu scafe luminoase|Pereți din gips-carton|Mansardă închisă cu rigips|Izolație fonică între camere', 'Gipszkarton álmennyezet|Tetőtér beépítése', 'rigips|tavan fals|scafe|gips-carton|mansardă'),
    ('tencuieli-gleturi', 3, 'Tencuieli mecanizate|Gleturi fine la lumină rasantă|Reparații tencuieli|Tencuială pe bază de var', 'Gépi vakolás|Glettelés', 'tencuială|glet|mecanizat|pereți'),
    ('sape', 2, 'Șapă mecanizată|Șapă autonivelantă|Șapă peste încălzirea în pardoseală', 'Gépi aljzatbeton|Önterülő aljzat', 'șapă|autonivelantă|pardoseală|mecanizat'),
    ('parchetar', 3, 'Parchet laminat montat flotant|Parchet masiv, raschetat și lăcuit|Parchet în spic|Plinte și praguri', 'Laminált padló lerakása|Halszálkás parketta', 'parchet|laminat|raschetare|plinte|lemn'),
    ('tapetare', 1, 'Tapet vinilic în dormitor|Fototapet pe un perete|Tapet textil', 'Hálószoba tapétázása|Fotótapéta', 'tapet|dormitor|decor|perete'),
    ('renovari-complete', 3, 'Renovare completă|Apartament renovat la cheie|Baie și bucătărie refăcute|Consolidare și renovare casă veche', 'Teljes lakásfelújítás|Fürdő és konyha felújítása', 'renovare|apartament|la cheie|amenajări|finisaje'),
    ('tamplar', 4, 'Uși din lemn masiv|Scară interioară din stejar|Masă din nuc|Lambriu la mansardă', 'Tömörfa ajtók|Tölgyfa lépcső', 'lemn|tâmplărie|stejar|uși|scară'),
    ('mobila-la-comanda', 4, 'Bucătărie la comandă|Dressing pe colț|Dulap încastrat|Mobilier de baie', 'Egyedi konyhabútor|Gardrób', 'mobilă|bucătărie|dressing|mdf|pal'),
    ('montaj-mobila', 2, 'Montaj mobilă de bucătărie|Asamblare dulapuri|Decupat blat și montat chiuvetă', 'Konyhabútor összeszerelése|Szekrények szerelése', 'montaj|mobilă|blat|asamblare'),
    ('ferestre-usi', 3, 'Ferestre cu geam tripan|Ușă metalică de intrare|Uși culisante spre terasă|Reglaj ferestre și schimbat garnituri', 'Háromrétegű ablakok beépítése|Bejárati ajtó cseréje', 'ferestre|uși|pvc|termopan|garnituri'),
    ('tapiter', 1, 'Retapițare canapea|Scaune retapițate|Tăblie de pat capitonată', 'Kanapé újrakárpitozása|Székek kárpitozása', 'tapițerie|canapea|scaune|stofă'),
    ('lacatus', 2, 'Balustradă din oțel|Copertină metalică|Scară metalică exterioară', 'Acélkorlát|Fém előtető', 'balustradă|metal|copertină|oțel'),
    ('sudor', 2, 'Sudură inox|Reparații la utilaje|Structură metalică pentru hală', 'Rozsdamentes hegesztés|Csarnokszerkezet', 'sudură|inox|metal|structură'),
    ('fier-forjat', 1, 'Poartă din fier forjat|Grilaje la ferestre|Mobilier de grădină forjat', 'Kovácsoltvas kapu|Ablakrácsok', 'fier forjat|poartă|grilaje|forjă'),
    ('deblocari-usi-yale', 2, 'Ușă deblocată fără spargere|Yală schimbată în aceeași seară|Cilindru de siguranță', 'Zárnyitás|Zárcsere', 'yale|deblocare|urgență|cilindru'),
    ('gradinar', 2, 'Grădină amenajată|Gazon rulou|Tuns gard viu|Rondouri de flori', 'Kertépítés|Gyepszőnyeg', 'grădină|gazon|flori|gard viu'),
    ('pavele-borduri', 2, 'Curte pavată|Alee cu borduri|Parcare din dale înierbate', 'Udvar térkövezése|Járda szegéllyel', 'pavele|curte|alee|borduri'),
    ('garduri-porti', 2, 'Gard din panouri bordurate|Poartă culisantă automatizată|Gard din lemn', 'Kerítés építése|Tolókapu', 'gard|poartă|curte|panouri'),
    ('sisteme-irigatii', 1, 'Irigații automate pentru gazon|Picurare în seră|Programator și senzor de ploaie', 'Automata öntözőrendszer|Csepegtető öntözés', 'irigații|gazon|picurare|grădină'),
    ('toaletare-arbori', 1, 'Toaletare nuc bătrân|Doborâre controlată|Tăiere arbori cu alpinism', 'Diófa gallyazása|Veszélyes fa kivágása', 'arbori|toaletare|alpinism|tăiere'),
    ('foraje-puturi', 1, 'Foraj puț la 40 m|Curățare fântână|Pompă submersibilă și hidrofor', 'Kútfúrás|Szivattyú beépítése', 'foraj|puț|fântână|pompă'),
    ('mester-bun-la-toate', 4, 'Mici reparații în casă|Montat galerii, rafturi și tablouri|Schimbat baterii și siliconat|Uși care nu mai scârțâie', 'Apró javítások|Polcok felszerelése', 'reparații|montaj|casă|diverse'),
    ('curatenie', 3, 'Curățenie după constructor|Curățenie generală|Spălat geamuri|Curățat canapele cu aburi', 'Építkezés utáni takarítás|Nagytakarítás', 'curățenie|geamuri|după constructor|igienizare'),
    ('mutari-transport', 2, 'Mutare apartament|Transport mobilă|Coborât pian de la etaj', 'Lakásköltöztetés|Bútorszállítás', 'mutări|transport|mobilă|manipulare'),
    ('cosar', 1, 'Curățat coș de fum|Verificare tiraj|Tubaj de inox în coș', 'Kéménytisztítás|Kémény bélelése', 'coș|horn|tiraj|curățare'),
    ('sobar', 1, 'Sobă de teracotă|Șemineu cu focar închis|Cuptor de pâine', 'Cserépkályha|Kenyérsütő kemence', 'sobă|teracotă|șemineu|cuptor'),
    ('dezinsectie-deratizare', 1, 'Dezinsecție la bloc|Deratizare la depozit|Tratament împotriva cariilor', 'Rovarirtás|Rágcsálóirtás', 'dezinsecție|deratizare|tratament|dăunători')
  ) AS texts (slug, share, made, made_hu, tags);

/*
 * The leaves with their texts.  from_share and to_share cut the numbers from 0
 * to 1 into pieces as large as the shares; place and family number the leaves
 * of one branch, from 0.
 */
CREATE TEMPORARY TABLE demo_trades AS
SELECT leaf.id, leaf.slug, leaf.parent_id, lower(leaf.name_ro) AS name, lower(leaf.name_hu) AS name_hu,
       made, made_hu, tags,
       (sum(share) OVER running - share)::float8 / sum(share) OVER () AS from_share,
       (sum(share) OVER running)::float8 / sum(share) OVER ()         AS to_share,
       (row_number() OVER (PARTITION BY leaf.parent_id ORDER BY leaf.display_order, leaf.slug) - 1)::integer AS place,
       (count(*) OVER (PARTITION BY leaf.parent_id))::integer AS family
  FROM mesteri.craft_categories leaf
  JOIN demo_trade_texts USING (slug)
WINDOW running AS (ORDER BY leaf.display_order, leaf.slug);

-- Sentences that suit any trade.  {seat} and {trade} are replaced.
CREATE TEMPORARY TABLE demo_sentences AS
SELECT string_to_array('Lucrare terminată săptămâna aceasta.|O lucrare la care țin mult.|Așa arăta înainte și așa arată acum.|'
                       'Am fost chemat după ce altcineva lăsase treaba neterminată.|Client mulțumit, lucrare predată la timp.|'
                       'Prima etapă este gata, urmează finisajele.|Un proiect mic, făcut cu răbdare.|Beneficiarul a ales soluția, eu am pus-o în practică.|'
                       'Am lucrat în doi, fără praf și fără grabă.|Am găsit câteva surprize, dar le-am rezolvat pe toate.', '|') AS opening,
       string_to_array('Am folosit materiale de calitate, cu garanție de la producător.|Am protejat mobila și pardoseala, iar la final am făcut curățenie.|'
                       'Totul a durat patru zile, cu tot cu uscare.|Am verificat fiecare colț cu nivela laser.|Materialele le-a cumpărat clientul, după lista mea.|'
                       'Am desfăcut ce era vechi și am dus molozul la groapa autorizată.|Prețul a rămas cel din ofertă.|Am lucrat după proiect și după norme.|'
                       'Fotografiile sunt făcute fără filtre.|Garanție doi ani la manoperă.|Am schimbat și ce nu se vede, ca să nu revin peste un an.|'
                       'A ieșit chiar mai bine decât în schiță.', '|') AS middle,
       string_to_array('Caut lucrări în {seat} și în împrejurimi.|Vin la fața locului și fac deviz gratuit.|Sunați sau scrieți-mi aici pentru o programare.|'
                       'Mai am două săptămâni libere luna viitoare.|Meseria: {trade}, de peste zece ani.|Mulțumesc pentru încredere!|'
                       'Se poate plăti și în rate.|Lucrez cu contract și factură.|Întrebați-mă orice, răspund în aceeași zi.', '|') AS closing,
       string_to_array('în {seat}|lângă {seat}|pentru o familie din {seat}|pentru o familie tânără|pentru un client grăbit|la o pensiune|'
                       'la o casă din {seat}|după o renovare nereușită|în mai puțin de o săptămână|la sfârșit de săptămână', '|') AS setting,
       string_to_array('A munka a héten készült el.|Minőségi anyagokkal dolgoztunk, garanciával.|Az ügyfél elégedett, határidőre átadtuk.|'
                       'Por nélkül, gyorsan és tisztán.|Két nap alatt elkészültünk.|Minden részletre odafigyeltünk.', '|') AS opening_hu,
       string_to_array('Ingyenes felmérés és árajánlat.|Hívjon vagy írjon bizalommal!|{seat} és környékén vállalok munkát.|Számlát és szerződést adok.|'
                       'Köszönöm a bizalmat!', '|') AS closing_hu;
