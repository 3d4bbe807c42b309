/*
 * 24-contracts.sql
 *		Contracts: the texts they are made of, the contracts, and what proves who signed.
 */
CREATE TABLE mesteri.contract_templates (
    id          uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    slug        text NOT NULL,
    language    mesteri.language NOT NULL,
    version     integer NOT NULL DEFAULT 1,
    name        text NOT NULL,
    category_id uuid REFERENCES mesteri.craft_categories,
    terms       text NOT NULL,
    is_active   boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    seeded      boolean NOT NULL DEFAULT false,
    CONSTRAINT contract_templates_version_unique UNIQUE (slug, language, version),
    CONSTRAINT contract_templates_slug_format CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT contract_templates_version_positive CHECK (version > 0)
);
COMMENT ON TABLE mesteri.contract_templates
    IS 'General terms to make contracts from; a change is a new version, since contracts were made from the old one.';
COMMENT ON COLUMN mesteri.contract_templates.id IS 'What a new contract names; made of slug, language and version where seeded.';
COMMENT ON COLUMN mesteri.contract_templates.slug IS 'The same for all languages and versions of one text.';
COMMENT ON COLUMN mesteri.contract_templates.language IS 'Of the text, and so of the contract.';
COMMENT ON COLUMN mesteri.contract_templates.version IS 'Counts from 1 for each slug and language.';
COMMENT ON COLUMN mesteri.contract_templates.name IS 'What the craftsman chooses from, in its own language.';
COMMENT ON COLUMN mesteri.contract_templates.category_id IS 'Trade it is meant for; null: any.';
COMMENT ON COLUMN mesteri.contract_templates.terms IS 'The clauses, plain text in numbered paragraphs; copied into each contract.';
COMMENT ON COLUMN mesteri.contract_templates.is_active
    IS 'Offered to choose from; the highest such version of a slug and language is.';
COMMENT ON COLUMN mesteri.contract_templates.created_at IS 'When this version came into the list.';
COMMENT ON COLUMN mesteri.contract_templates.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.contract_templates', 'WHERE NOT seeded');

CREATE TABLE mesteri.consent_texts (
    id         uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    purpose    text NOT NULL,
    language   mesteri.language NOT NULL,
    version    integer NOT NULL DEFAULT 1,
    text       text NOT NULL,
    text_hash  mesteri.sha256 NOT NULL GENERATED ALWAYS AS (sha256(text::bytea)) STORED,
    created_at timestamptz NOT NULL DEFAULT now(),
    seeded     boolean NOT NULL DEFAULT false,
    CONSTRAINT consent_texts_version_unique UNIQUE (purpose, language, version),
    CONSTRAINT consent_texts_purpose_known CHECK (purpose IN ('sign_contract', 'early_start', 'withdraw')),
    CONSTRAINT consent_texts_no_backslash CHECK (strpos(text, '\') = 0),
    CONSTRAINT consent_texts_version_positive CHECK (version > 0)
);
COMMENT ON TABLE mesteri.consent_texts
    IS 'What people were shown when they said yes; a change is a new version, the highest of a purpose and language is shown.';
COMMENT ON COLUMN mesteri.consent_texts.id IS 'What a signature names; made of purpose, language and version where seeded.';
COMMENT ON COLUMN mesteri.consent_texts.purpose IS 'What the yes is to.';
COMMENT ON COLUMN mesteri.consent_texts.language IS 'In which it was shown.';
COMMENT ON COLUMN mesteri.consent_texts.version IS 'Counts from 1 for each purpose and language.';
COMMENT ON COLUMN mesteri.consent_texts.text IS 'Word for word; no backslash, which the digest would read as an escape.';
COMMENT ON COLUMN mesteri.consent_texts.text_hash IS 'SHA-256 of the text in UTF-8, part of the signature''s record.';
COMMENT ON COLUMN mesteri.consent_texts.created_at IS 'When this version came into use.';
COMMENT ON COLUMN mesteri.consent_texts.seeded IS 'Ships with mesteri, so dumps leave it out; never edited.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.consent_texts', 'WHERE NOT seeded');

CREATE SEQUENCE mesteri.contract_number_sequence AS bigint MINVALUE 0 START WITH 0 CACHE 1;
COMMENT ON SEQUENCE mesteri.contract_number_sequence
    IS 'Source of contract numbers, permuted before anybody sees it; never reset, moved a million ahead after a restore.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.contract_number_sequence', '');

CREATE TABLE mesteri.contract_number_keys (
    month      text PRIMARY KEY,
    key_id     text NOT NULL REFERENCES mesteri.encryption_keys,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT contract_number_keys_month_format CHECK (month ~ '^[0-9]{4}(0[1-9]|1[0-2])$')
);
COMMENT ON TABLE mesteri.contract_number_keys
    IS 'Which key the numbers of a month were permuted with, so that a new key never repeats one.';
COMMENT ON COLUMN mesteri.contract_number_keys.month IS 'YYYYMM in Romania.';
COMMENT ON COLUMN mesteri.contract_number_keys.key_id IS 'In force for the whole of it.';
COMMENT ON COLUMN mesteri.contract_number_keys.created_at IS 'First number of the month.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.contract_number_keys', '');

CREATE TABLE mesteri.contracts (
    id                      uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    project_id              uuid NOT NULL REFERENCES mesteri.projects,
    contract_number         text NOT NULL,
    status                  mesteri.contract_status NOT NULL DEFAULT 'pending',
    terms_json              mesteri.json_object NOT NULL,
    terms_sha256            mesteri.sha256 NOT NULL,
    pdf_url                 text,
    pdf_sha256              mesteri.sha256,
    client_signature_url    text,
    client_signed_at        timestamptz,
    client_ip_address       inet,
    craftsman_signature_url text,
    craftsman_signed_at     timestamptz,
    craftsman_ip_address    inet,
    is_legally_binding      boolean NOT NULL GENERATED ALWAYS AS (status = 'signed') STORED,
    template_id             uuid NOT NULL REFERENCES mesteri.contract_templates,
    language                mesteri.language NOT NULL,
    parent_contract_id      uuid,
    modification_reason     text,
    created_at              timestamptz NOT NULL DEFAULT now(),
    expires_at              timestamptz NOT NULL,
    withdrawal_deadline     timestamptz,
    withdrawn_at            timestamptz,
    withdrawal_reason       text,
    acknowledgement_url     text,
    CONSTRAINT contracts_number_unique UNIQUE (contract_number),
    CONSTRAINT contracts_id_project_unique UNIQUE (id, project_id),
    CONSTRAINT contracts_parent_fkey FOREIGN KEY (parent_contract_id, project_id) REFERENCES mesteri.contracts (id, project_id),
    CONSTRAINT contracts_number_format CHECK (contract_number ~ '^CTR-[0-9]{4}(0[1-9]|1[0-2])-[0-9A-Z]{6}$'),
    CONSTRAINT contracts_expire_after_168_hours CHECK (expires_at - created_at = interval '168 hours'),
    CONSTRAINT contracts_pending_lacks_signature CHECK
        (status <> 'pending' OR num_nonnulls(client_signed_at, craftsman_signed_at) < 2),
    CONSTRAINT contracts_concluded_has_both CHECK
        (status NOT IN ('signed', 'superseded', 'withdrawn') OR num_nonnulls(client_signed_at, craftsman_signed_at) = 2),
    CONSTRAINT contracts_signed_in_time CHECK (client_signed_at < expires_at AND craftsman_signed_at < expires_at),
    CONSTRAINT contracts_client_signature_dated CHECK
        (client_signed_at IS NOT NULL OR num_nonnulls(client_signature_url, client_ip_address) = 0),
    CONSTRAINT contracts_craftsman_signature_dated CHECK
        (craftsman_signed_at IS NOT NULL OR num_nonnulls(craftsman_signature_url, craftsman_ip_address) = 0),
    CONSTRAINT contracts_amendment_has_reason CHECK ((parent_contract_id IS NULL) = (modification_reason IS NULL)),
    CONSTRAINT contracts_not_own_parent CHECK (parent_contract_id <> id),
    CONSTRAINT contracts_deadline_after_signing CHECK
        (withdrawal_deadline IS NULL
         OR num_nonnulls(client_signed_at, craftsman_signed_at) = 2
            AND withdrawal_deadline > greatest(client_signed_at, craftsman_signed_at)),
    CONSTRAINT contracts_withdrawn_at CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL)),
    CONSTRAINT contracts_withdrawal_in_time CHECK (withdrawn_at <= withdrawal_deadline),
    CONSTRAINT contracts_withdrawal_reason_belongs CHECK
        (withdrawn_at IS NOT NULL OR num_nonnulls(withdrawal_reason, acknowledgement_url) = 0),
    CONSTRAINT contracts_pdf_whole CHECK ((pdf_url IS NULL) = (pdf_sha256 IS NULL))
);
COMMENT ON TABLE mesteri.contracts
    IS 'Versions of what a client and a craftsman agree on; the terms never change, an amendment is a new row that both sign again.';
COMMENT ON COLUMN mesteri.contracts.id IS 'What signing names; people use the number.';
COMMENT ON COLUMN mesteri.contracts.project_id IS 'Work agreed on.';
COMMENT ON COLUMN mesteri.contracts.contract_number IS 'CTR-YYYYMM-XXXXXX, not guessable, and no permission either.';
COMMENT ON COLUMN mesteri.contracts.status IS 'pending until both have signed or 168 hours are over.';
COMMENT ON COLUMN mesteri.contracts.terms_json IS 'Everything agreed, amounts as strings; no personal code, no document number.';
COMMENT ON COLUMN mesteri.contracts.terms_sha256 IS 'SHA-256 of the RFC 8785 form of the terms: what both sign.';
COMMENT ON COLUMN mesteri.contracts.pdf_url IS 'The rendered document; null until the worker has made it.';
COMMENT ON COLUMN mesteri.contracts.pdf_sha256 IS 'SHA-256 of that file''s exact bytes; null with it.';
COMMENT ON COLUMN mesteri.contracts.client_signature_url IS 'Picture of the drawn name; null: typed, or not signed.';
COMMENT ON COLUMN mesteri.contracts.client_signed_at IS 'Server time of the client''s signature; null: not yet.';
COMMENT ON COLUMN mesteri.contracts.client_ip_address IS 'Where the client signed from; himself and staff alone see it.';
COMMENT ON COLUMN mesteri.contracts.craftsman_signature_url IS 'Picture of the drawn name; null: typed, or not signed.';
COMMENT ON COLUMN mesteri.contracts.craftsman_signed_at IS 'Server time of the craftsman''s signature; null: not yet.';
COMMENT ON COLUMN mesteri.contracts.craftsman_ip_address IS 'Where the craftsman signed from; himself and staff alone see it.';
COMMENT ON COLUMN mesteri.contracts.is_legally_binding IS 'Follows status: both signed, and nothing has taken its place since.';
COMMENT ON COLUMN mesteri.contracts.template_id IS 'The exact version of the general terms it was made from.';
COMMENT ON COLUMN mesteri.contracts.language IS 'Of the terms and of the document.';
COMMENT ON COLUMN mesteri.contracts.parent_contract_id IS 'What this one amends, of the same project; null: the first.';
COMMENT ON COLUMN mesteri.contracts.modification_reason IS 'Why it was amended; null for the first.';
COMMENT ON COLUMN mesteri.contracts.created_at IS 'When it was sent to be signed; its month is in the number.';
COMMENT ON COLUMN mesteri.contracts.expires_at IS '168 hours later, to the second; then it cannot be signed any more.';
COMMENT ON COLUMN mesteri.contracts.withdrawal_deadline
    IS 'Until when the client may withdraw by law; null before both signed, and where the law gives no such right.';
COMMENT ON COLUMN mesteri.contracts.withdrawn_at IS 'When the client confirmed his withdrawal; null: he didn''t.';
COMMENT ON COLUMN mesteri.contracts.withdrawal_reason IS 'What the client said, which he needn''t.';
COMMENT ON COLUMN mesteri.contracts.acknowledgement_url IS 'The receipt of the withdrawal, made by the worker; null until then.';
CREATE UNIQUE INDEX contracts_one_pending ON mesteri.contracts (project_id) WHERE status = 'pending';
CREATE UNIQUE INDEX contracts_one_signed ON mesteri.contracts (project_id) WHERE status = 'signed';
CREATE INDEX contracts_project ON mesteri.contracts (project_id, created_at DESC);
CREATE INDEX contracts_parent ON mesteri.contracts (parent_contract_id) WHERE parent_contract_id IS NOT NULL;
CREATE INDEX contracts_expiring ON mesteri.contracts (expires_at) WHERE status = 'pending';
SELECT pg_catalog.pg_extension_config_dump('mesteri.contracts', '');

CREATE TABLE mesteri.contract_signatures (
    id                    uuid PRIMARY KEY DEFAULT mesteri.uuid7(),
    contract_id           uuid NOT NULL REFERENCES mesteri.contracts,
    signer_id             uuid NOT NULL REFERENCES mesteri.users,
    role                  mesteri.party_role NOT NULL,
    signer_name           text NOT NULL,
    signed_at             timestamptz NOT NULL DEFAULT now(),
    document_sha256       mesteri.sha256 NOT NULL,
    previous_sha256       mesteri.sha256,
    record_sha256         mesteri.sha256 NOT NULL,
    consent_text_id       uuid NOT NULL REFERENCES mesteri.consent_texts,
    early_start           boolean NOT NULL DEFAULT false,
    early_start_text_id   uuid REFERENCES mesteri.consent_texts,
    method                mesteri.signature_method NOT NULL,
    signature_sha256      mesteri.sha256 NOT NULL,
    language              mesteri.language NOT NULL,
    ip_address            inet,
    user_agent            text,
    authentication_method text NOT NULL,
    authenticated_at      timestamptz NOT NULL,
    mac                   mesteri.sha256 NOT NULL,
    key_id                text NOT NULL REFERENCES mesteri.encryption_keys,
    CONSTRAINT contract_signatures_once_each UNIQUE (contract_id, role),
    CONSTRAINT contract_signatures_two_signers UNIQUE (contract_id, signer_id),
    CONSTRAINT contract_signatures_record_unique UNIQUE (record_sha256),
    CONSTRAINT contract_signatures_name_length CHECK (char_length(signer_name) BETWEEN 2 AND 201),
    CONSTRAINT contract_signatures_early_start_shown CHECK (early_start = (early_start_text_id IS NOT NULL)),
    CONSTRAINT contract_signatures_authenticated_before CHECK (authenticated_at <= signed_at)
);
COMMENT ON TABLE mesteri.contract_signatures
    IS 'What proves a simple electronic signature: who, what, when, from where, after which text; rows are only added.';
COMMENT ON COLUMN mesteri.contract_signatures.id IS 'Named on the signature page of the document.';
COMMENT ON COLUMN mesteri.contract_signatures.contract_id IS 'The version that was signed.';
COMMENT ON COLUMN mesteri.contract_signatures.signer_id IS 'Account that signed.';
COMMENT ON COLUMN mesteri.contract_signatures.role IS 'For which side.';
COMMENT ON COLUMN mesteri.contract_signatures.signer_name IS 'Legal name at that moment.';
COMMENT ON COLUMN mesteri.contract_signatures.signed_at IS 'Server time.';
COMMENT ON COLUMN mesteri.contract_signatures.document_sha256 IS 'Digest of the terms that were on the screen.';
COMMENT ON COLUMN mesteri.contract_signatures.previous_sha256
    IS 'record_sha256 of the signature made before this one, on any contract; null: the very first.';
COMMENT ON COLUMN mesteri.contract_signatures.record_sha256 IS 'Digest of all other columns but the mac, the link of the chain.';
COMMENT ON COLUMN mesteri.contract_signatures.consent_text_id IS 'What was shown above the button, in that very version.';
COMMENT ON COLUMN mesteri.contract_signatures.early_start
    IS 'The client asked for work within the 14 days; from the craftsman: he took note of it.';
COMMENT ON COLUMN mesteri.contract_signatures.early_start_text_id IS 'What was shown about that; null: not asked for.';
COMMENT ON COLUMN mesteri.contract_signatures.method IS 'Drawn with the finger, or typed.';
COMMENT ON COLUMN mesteri.contract_signatures.signature_sha256 IS 'Digest of the picture, or of the typed name.';
COMMENT ON COLUMN mesteri.contract_signatures.language IS 'In which everything was shown.';
COMMENT ON COLUMN mesteri.contract_signatures.ip_address
    IS 'Where the request came from; signer and staff alone see it. Null at psql.';
COMMENT ON COLUMN mesteri.contract_signatures.user_agent IS 'What the client called itself; signer and staff alone see it.';
COMMENT ON COLUMN mesteri.contract_signatures.authentication_method IS 'How the session had been opened, such as password.';
COMMENT ON COLUMN mesteri.contract_signatures.authenticated_at IS 'When the session had been opened.';
COMMENT ON COLUMN mesteri.contract_signatures.mac IS 'Keyed hash of the record: the database alone could have made it.';
COMMENT ON COLUMN mesteri.contract_signatures.key_id IS 'Which key that was.';
SELECT pg_catalog.pg_extension_config_dump('mesteri.contract_signatures', '');

-- A fixed moment, so that a restored database has the same rows.
INSERT INTO mesteri.consent_texts (id, purpose, language, text, created_at, seeded)
SELECT mesteri.seeded_id('consent text', purpose || ' ' || language || ' 1'), purpose, language::mesteri.language, text,
       timestamptz '2026-11-22 00:00:00+02', true
  FROM (VALUES
    ('sign_contract', 'ro', 'Am citit contractul, sunt de acord cu el și îl semnez electronic. Știu că devine obligatoriu când semnează ambele părți și că atunci mă obligă la plată, respectiv la executarea lucrării.'),
    ('sign_contract', 'hu', 'A szerződést elolvastam, elfogadom és elektronikusan aláírom. Tudom, hogy mindkét fél aláírásával kötelezővé válik, és fizetési kötelezettséget, illetve a munka elvégzésének kötelezettségét jelenti.'),
    ('sign_contract', 'en', 'I have read the contract, agree to it and sign it electronically. I know that it binds both sides once both have signed, with an obligation to pay and to carry out the work.'),
    ('early_start', 'ro', 'Cer în mod expres ca lucrarea să înceapă în termenul de retragere de 14 zile. Știu că, dacă mă retrag după ce a început, plătesc partea executată, și că după executarea completă nu mă mai pot retrage.'),
    ('early_start', 'hu', 'Kifejezetten kérem, hogy a munka a 14 napos elállási időn belül megkezdődjön. Tudom, hogy ha a kezdés után elállok, az elvégzett részt megfizetem, és a teljes elvégzés után már nem állhatok el.'),
    ('early_start', 'en', 'I expressly ask for the work to begin within the 14 days in which I may withdraw. I know that if I withdraw after it has begun I pay for the part done, and that I cannot withdraw once all of it is done.'),
    ('withdraw', 'ro', 'Mă retrag din acest contract. Știu că primesc o confirmare și că sumele plătite îmi sunt restituite în cel mult 14 zile.'),
    ('withdraw', 'hu', 'Elállok ettől a szerződéstől. Tudom, hogy visszaigazolást kapok, és a kifizetett összegeket legfeljebb 14 napon belül visszakapom.'),
    ('withdraw', 'en', 'I withdraw from this contract. I know that I get a confirmation, and what I paid is returned within 14 days.')
  ) AS shipped (purpose, language, text);

INSERT INTO mesteri.contract_templates (id, slug, language, name, terms, created_at, seeded)
SELECT mesteri.seeded_id('contract template', slug || ' ' || language || ' 1'), slug, language::mesteri.language, name, terms,
       timestamptz '2026-11-22 00:00:00+02', true
  FROM (VALUES
    ('general', 'ro', 'Contract general de lucrări', $terms$1. Obiectul. Meșterul execută pentru client lucrarea descrisă în prezentul contract (contract de antrepriză, art. 1851 și următoarele din Codul civil), la locul și în termenele arătate, pe etape unde sunt prevăzute etape.
2. Prețul. Prețul este cel convenit și cuprinde manopera și, dacă părțile nu au scris altfel, deplasarea. Lucrări suplimentare se plătesc numai dacă au fost convenite printr-un act adițional semnat de ambele părți.
3. Plata. Clientul plătește prin platformă. Suma fiecărei etape este păstrată până când clientul aprobă etapa sau până când trece termenul de răspuns anunțat, apoi este eliberată meșterului.
4. Materialele. Materialele sunt puse la dispoziție de client, dacă părțile nu au scris altfel. Meșterul anunță de îndată dacă un material nu este potrivit.
5. Executarea. Meșterul lucrează cu grija unui profesionist, respectă normele tehnice și de siguranță și deține autorizațiile cerute de lege. Clientul asigură accesul, apa și energia electrică necesare.
6. Recepția. Clientul verifică etapa terminată și o aprobă sau o respinge motivat. Meșterul remediază lipsurile pe cheltuiala sa, într-un termen rezonabil.
7. Răspunderea. Meșterul răspunde pentru viciile lucrării potrivit legii. Drepturile pe care legea le dă consumatorului nu pot fi limitate prin contract.
8. Retragerea. Clientul consumator se poate retrage în 14 zile de la încheiere, fără motiv, potrivit OUG nr. 34/2014. Dacă a cerut expres începerea lucrării în acest termen, plătește partea executată până la retragere.
9. Încetarea. Contractul încetează prin executare, prin acordul părților sau prin reziliere, dacă una dintre ele nu își îndeplinește o obligație esențială nici în termenul suplimentar acordat în scris.
10. Litigii. Se aplică legea română. Părțile încearcă întâi o înțelegere prin platformă; clientul se poate adresa și ANPC. Competente sunt instanțele prevăzute de lege, pentru consumator și cele de la domiciliul său.$terms$),
    ('general', 'hu', 'Általános vállalkozási szerződés', $terms$1. Tárgy. A mester a jelen szerződésben leírt munkát elvégzi az ügyfél számára (vállalkozási szerződés, a román Polgári törvénykönyv 1851. és következő cikkei), a megadott helyen és határidőkre, ahol szakaszok vannak, szakaszonként.
2. Ár. Az ár a megállapodás szerinti, magában foglalja a munkadíjat és, ha a felek másként nem írták, a kiszállást. Pótmunka csak akkor fizetendő, ha mindkét fél által aláírt szerződésmódosításban megállapodtak róla.
3. Fizetés. Az ügyfél a platformon keresztül fizet. Az egyes szakaszok összegét a platform megőrzi, amíg az ügyfél a szakaszt jóvá nem hagyja vagy a bejelentett válaszidő le nem telik, majd kifizeti a mesternek.
4. Anyagok. Az anyagokat az ügyfél biztosítja, ha a felek másként nem írták. A mester azonnal jelzi, ha egy anyag nem megfelelő.
5. Kivitelezés. A mester a szakembertől elvárható gondossággal dolgozik, betartja a műszaki és biztonsági előírásokat, és rendelkezik a törvény által megkövetelt engedélyekkel. Az ügyfél biztosítja a bejutást, a vizet és az áramot.
6. Átvétel. Az ügyfél megvizsgálja az elkészült szakaszt, és jóváhagyja vagy indoklással elutasítja. A mester a hiányosságokat saját költségén, ésszerű időn belül kijavítja.
7. Felelősség. A mester a munka hibáiért a törvény szerint felel. A fogyasztót a törvény alapján megillető jogok szerződéssel nem korlátozhatók.
8. Elállás. A fogyasztó ügyfél a megkötéstől számított 14 napon belül indoklás nélkül elállhat, a 34/2014. sz. sürgősségi kormányrendelet szerint. Ha kifejezetten kérte a munka megkezdését ezen időn belül, az elállásig elvégzett részt megfizeti.
9. Megszűnés. A szerződés teljesítéssel, közös megegyezéssel vagy felbontással szűnik meg, ha az egyik fél lényeges kötelezettségét az írásban adott póthatáridőn belül sem teljesíti.
10. Jogviták. A román jog az irányadó. A felek először a platformon keresztül próbálnak megegyezni; az ügyfél az ANPC-hez is fordulhat. A törvény szerinti bíróságok illetékesek, fogyasztó esetén a lakóhelye szerinti is.$terms$),
    ('general', 'en', 'General contract for works', $terms$1. Subject. The craftsman carries out for the client the work described in this contract (contract for works, articles 1851 and following of the Romanian Civil Code), at the place and by the dates given, by milestones where there are any.
2. Price. The price is the one agreed; it covers labour and, unless the parties wrote otherwise, travel. Additional work is paid for only where it was agreed in an amendment signed by both.
3. Payment. The client pays through the platform. The amount of each milestone is held until the client approves the milestone or the announced time to answer has passed, and is then released to the craftsman.
4. Materials. The client provides the materials unless the parties wrote otherwise. The craftsman says at once if a material is not suitable.
5. Performance. The craftsman works with the care of a professional, keeps the technical and safety rules and holds the authorisations that the law asks for. The client provides access, water and electricity.
6. Acceptance. The client inspects a finished milestone and approves it or rejects it with reasons. The craftsman makes good what is missing at his own expense and within a reasonable time.
7. Liability. The craftsman is liable for defects of the work as the law provides. Rights that the law gives to consumers cannot be limited by contract.
8. Withdrawal. A client who is a consumer may withdraw within 14 days of conclusion without giving reasons, under Government Emergency Ordinance 34/2014. If he expressly asked for work to begin within that time, he pays for the part done until he withdrew.
9. End. The contract ends by performance, by agreement, or by termination where one party fails an essential obligation and does not meet it within further time given in writing.
10. Disputes. Romanian law applies. The parties first seek an understanding through the platform; the client may also turn to the consumer authority ANPC. The courts provided by law are competent, for consumers also those of their domicile.$terms$),
    ('with-materials', 'ro', 'Contract de lucrări cu materiale', $terms$1. Obiectul. Meșterul execută pentru client lucrarea descrisă în prezentul contract și procură materialele necesare (contract de antrepriză, art. 1851 și următoarele din Codul civil), la locul și în termenele arătate, pe etape unde sunt prevăzute etape.
2. Prețul. Prețul este cel convenit și cuprinde manopera, materialele și transportul lor. Dacă un material se scumpește, prețul se schimbă numai printr-un act adițional semnat de ambele părți.
3. Materialele. Meșterul folosește materiale noi, de calitatea convenită sau, în lipsă, cel puțin de calitate medie, cu declarațiile de conformitate cerute de lege. La cerere arată clientului facturile și certificatele de garanție și i le predă la sfârșit.
4. Proprietatea și riscul. Materialele devin proprietatea clientului când sunt încorporate în lucrare. Până la aprobarea etapei, riscul pierderii lor este al meșterului.
5. Plata. Clientul plătește prin platformă. Suma fiecărei etape este păstrată până când clientul aprobă etapa sau până când trece termenul de răspuns anunțat, apoi este eliberată meșterului. Un avans pentru materiale se plătește numai ca etapă separată.
6. Executarea. Meșterul lucrează cu grija unui profesionist, respectă normele tehnice și de siguranță și deține autorizațiile cerute de lege. Clientul asigură accesul, apa, energia electrică și un loc de depozitare.
7. Recepția. Clientul verifică etapa terminată și o aprobă sau o respinge motivat. Meșterul remediază lipsurile și înlocuiește materialele necorespunzătoare pe cheltuiala sa, într-un termen rezonabil.
8. Răspunderea. Meșterul răspunde pentru viciile lucrării și ale materialelor potrivit legii. Drepturile pe care legea le dă consumatorului nu pot fi limitate prin contract.
9. Retragerea. Clientul consumator se poate retrage în 14 zile de la încheiere, fără motiv, potrivit OUG nr. 34/2014. Dacă a cerut expres începerea lucrării în acest termen, plătește partea executată până la retragere.
10. Încetarea. Contractul încetează prin executare, prin acordul părților sau prin reziliere, dacă una dintre ele nu își îndeplinește o obligație esențială nici în termenul suplimentar acordat în scris. Materialele plătite și neîncorporate se predau clientului.
11. Litigii. Se aplică legea română. Părțile încearcă întâi o înțelegere prin platformă; clientul se poate adresa și ANPC. Competente sunt instanțele prevăzute de lege, pentru consumator și cele de la domiciliul său.$terms$),
    ('with-materials', 'hu', 'Vállalkozási szerződés anyaggal', $terms$1. Tárgy. A mester a jelen szerződésben leírt munkát elvégzi az ügyfél számára, és beszerzi a szükséges anyagokat (vállalkozási szerződés, a román Polgári törvénykönyv 1851. és következő cikkei), a megadott helyen és határidőkre, ahol szakaszok vannak, szakaszonként.
2. Ár. Az ár a megállapodás szerinti, magában foglalja a munkadíjat, az anyagokat és szállításukat. Ha egy anyag drágul, az ár csak mindkét fél által aláírt szerződésmódosítással változik.
3. Anyagok. A mester új, a megállapodás szerinti, ennek hiányában legalább közepes minőségű anyagokat használ, a törvény által megkövetelt megfelelőségi nyilatkozatokkal. Kérésre bemutatja a számlákat és jótállási jegyeket, és a munka végén átadja azokat.
4. Tulajdon és kárveszély. Az anyagok a beépítéssel kerülnek az ügyfél tulajdonába. A szakasz jóváhagyásáig a kárveszélyt a mester viseli.
5. Fizetés. Az ügyfél a platformon keresztül fizet. Az egyes szakaszok összegét a platform megőrzi, amíg az ügyfél a szakaszt jóvá nem hagyja vagy a bejelentett válaszidő le nem telik, majd kifizeti a mesternek. Anyagelőleg csak külön szakaszként fizethető.
6. Kivitelezés. A mester a szakembertől elvárható gondossággal dolgozik, betartja a műszaki és biztonsági előírásokat, és rendelkezik a törvény által megkövetelt engedélyekkel. Az ügyfél biztosítja a bejutást, a vizet, az áramot és a tárolóhelyet.
7. Átvétel. Az ügyfél megvizsgálja az elkészült szakaszt, és jóváhagyja vagy indoklással elutasítja. A mester a hiányosságokat kijavítja, a nem megfelelő anyagokat kicseréli saját költségén, ésszerű időn belül.
8. Felelősség. A mester a munka és az anyagok hibáiért a törvény szerint felel. A fogyasztót a törvény alapján megillető jogok szerződéssel nem korlátozhatók.
9. Elállás. A fogyasztó ügyfél a megkötéstől számított 14 napon belül indoklás nélkül elállhat, a 34/2014. sz. sürgősségi kormányrendelet szerint. Ha kifejezetten kérte a munka megkezdését ezen időn belül, az elállásig elvégzett részt megfizeti.
10. Megszűnés. A szerződés teljesítéssel, közös megegyezéssel vagy felbontással szűnik meg, ha az egyik fél lényeges kötelezettségét az írásban adott póthatáridőn belül sem teljesíti. A kifizetett, be nem épített anyagok az ügyfelet illetik.
11. Jogviták. A román jog az irányadó. A felek először a platformon keresztül próbálnak megegyezni; az ügyfél az ANPC-hez is fordulhat. A törvény szerinti bíróságok illetékesek, fogyasztó esetén a lakóhelye szerinti is.$terms$),
    ('with-materials', 'en', 'Contract for works with materials', $terms$1. Subject. The craftsman carries out for the client the work described in this contract and procures the materials for it (contract for works, articles 1851 and following of the Romanian Civil Code), at the place and by the dates given, by milestones where there are any.
2. Price. The price is the one agreed; it covers labour, materials and their transport. If a material becomes dearer, the price changes only by an amendment signed by both.
3. Materials. The craftsman uses new materials of the quality agreed, or else at least of medium quality, with the declarations of conformity that the law asks for. On request he shows the client invoices and warranty papers, and hands them over at the end.
4. Title and risk. Materials become the client's when they are built in. Until the milestone is approved, the craftsman bears the risk of their loss.
5. Payment. The client pays through the platform. The amount of each milestone is held until the client approves the milestone or the announced time to answer has passed, and is then released to the craftsman. An advance for materials is paid as a milestone of its own only.
6. Performance. The craftsman works with the care of a professional, keeps the technical and safety rules and holds the authorisations that the law asks for. The client provides access, water, electricity and a place for storage.
7. Acceptance. The client inspects a finished milestone and approves it or rejects it with reasons. The craftsman makes good what is missing and replaces unsuitable materials at his own expense and within a reasonable time.
8. Liability. The craftsman is liable for defects of the work and of the materials as the law provides. Rights that the law gives to consumers cannot be limited by contract.
9. Withdrawal. A client who is a consumer may withdraw within 14 days of conclusion without giving reasons, under Government Emergency Ordinance 34/2014. If he expressly asked for work to begin within that time, he pays for the part done until he withdrew.
10. End. The contract ends by performance, by agreement, or by termination where one party fails an essential obligation and does not meet it within further time given in writing. Materials paid for and not built in go to the client.
11. Disputes. Romanian law applies. The parties first seek an understanding through the platform; the client may also turn to the consumer authority ANPC. The courts provided by law are competent, for consumers also those of their domicile.$terms$)
  ) AS shipped (slug, language, name, terms);
