"""German phrases, in the notation of grammar_en."""

G = {
'mod': '''Kühlketten|Lager|Zweischicht|Cloud|Pilot|Flotten|Etiketten|Buchungs|Labor|Laser|Qualitäts|Energie|Mieter|Hafen|Molkerei|Papier|Verpackungs|Ersatzteil|Nachtschicht|Retouren|Rechnungs|Katalog|Besucher|Sensor|Heizungs|Lüftungs|Hydraulik|Schweiß|Stapler|Förder|Archiv|Schadens|Küchen|Park|Netz|Lade|Daten|Zeit|Lohn|Wartungs''',
'head': '''scanner|lizenzen|plattform|modul|portal|anlage|steuerung|pumpen|drucker|software|system|schnittstelle|vertrag|paket|schränke|filter|ventile|regale|kameras|planung|app|auswertung|erweiterung|einheiten|linie|prüfung|technik|umstellung|schulung|lösung''',
'product': '<mod><head>|<mod><head>|<mod><head>|~W<head>|<Head>',
'prodf': '<mod>{software|plattform|anlage|steuerung|schnittstelle|lösung|technik|planung|prüfung|umstellung|erweiterung}',
'who3': '''der Kunde|der Einkauf|die IT|die Rechtsabteilung|die Geschäftsführung|der Betriebsrat|der Werksleiter|die Buchhaltung|die Produktion|der Datenschutzbeauftragte|das Management|der Vorstand|die Logistik|@PERSON|@PERSON|Hr. @PERSON|Herr @PERSON|Frau @PERSON|Fr. @PERSON|Dr. @PERSON|er|sie|@ORG|der Projektleiter|die Technik|der Controller|die Zentrale|das Lager''',
'time': '''bis @DATE|vor @DATE|nach @DATE|am @DATE|ab @DATE|nächste Woche|nächsten Monat|in diesem Quartal|nach der Sommerpause|bis Monatsende|im Herbst|nach dem Audit|in @DAYS|innerhalb von @DAYS|so bald wie möglich|nach der Messe|vor Jahresende|im neuen Geschäftsjahr|nach dem Umzug''',
'need': '''braucht {ein neues Angebot|ein Datenblatt|eine Referenz|den Sicherheitsfragebogen|eine Kostenaufstellung|einen Lieferplan|mehr Zeit|eine Demo|@NUM Lizenzen}|möchte {ein Angebot|einen Test|eine Demo|einen Rückruf|einen Termin|den Vertrag verlängern|@NUM Einheiten bestellen|die <prodf> testen|mit der <prodf> beginnen} {<time>|}
|verlangt {@NUM% Rabatt|einen Festpreis|längere Garantie|eine Vertragsstrafe|Zahlungsziel @DAYS|Datenhaltung in Deutschland}|hat {das Budget freigegeben|@MONEY genehmigt|den Auftrag bestätigt|den Termin abgesagt|das Angebot abgelehnt|den Vertrag unterschrieben|noch nicht entschieden|die <prodf> bemängelt}
|entscheidet {<time>|erst nach @DATE|gemeinsam mit dem Vorstand}|vergleicht uns mit @ORG|beschwert sich über {die Lieferzeit|die Rechnung vom @DATE|die <prodf>|den Support|fehlende Unterlagen}|bittet um {Rückruf|ein Angebot über @MONEY|einen Termin|Aufschub bis @DATE|ein Muster} {<time>|}
|meldet, dass die <prodf> {ausfällt|zu langsam ist|nach dem Update steht|Daten verliert}|findet {den Preis zu hoch|die <prodf> gut|das Angebot von @ORG besser|die Laufzeit zu lang}|will {erst|} {die Freigabe|den Haushalt|das Ergebnis der Ausschreibung|den Bericht} abwarten''',
'full': '<who3> <need>|<who3> <need>',
'frag': '''Budget {freigegeben|eingefroren|noch offen|bei @MONEY|erst nächstes Jahr}|Preis {zu hoch|passt|@NUM% über @ORG}|{noch|} keine Entscheidung {vor @DATE|bisher}|warten auf {die Bestellung|Rückmeldung von @PERSON|Freigabe|den unterschriebenen Vertrag|die Rechtsabteilung}
|{Vertrag|Angebot|Muster|NDA} {verschickt|unterschrieben|liegt beim Einkauf|läuft am @DATE aus}|{Pilot|Test|Probebetrieb} {läuft bis @DATE|verschoben|erfolgreich|startet <time>}|neuer Ansprechpartner {ist|wird} @PERSON|{größter|einziger} Einwand: {Preis|Termin|Datenschutz|Lieferzeit|die <prodf>}
|Wettbewerber @ORG {ist günstiger|noch im Rennen|ist raus|bietet @MONEY}|{Lieferung|Montage|Schulung|Start|Abnahme} {geplant für @DATE|verschoben auf @DATE|<time>|gefährdet}|{Rückruf|Termin|Besuch|Demo} {<time>|vereinbart für @DATE|gewünscht}|Angebot über @MONEY {schicken|gewünscht|angenommen|überarbeiten}
|@NUM {Stück|Lizenzen|Standorte|Geräte} {benötigt|bestellt|defekt|statt @NUM}|Interesse an <product>{| und <product>}|Schnittstelle zu {~W|ERP|@ORG} {fehlt|ist Pflicht|geprüft}|Techniker {kommt am @DATE|war vor Ort|hat <product> getauscht}''',
'first': '''wir {brauchen|benötigen} {ein neues Angebot|den Vertrag|mehr Zeit|eine Antwort|@NUM Lizenzen|die <prodf>} {<time>|}|wir haben uns {für Ihr Angebot|für @ORG|gegen die <prodf>|für den Test} entschieden|können Sie {uns|mir} {den Preis für @NUM Lizenzen|den Liefertermin|eine Referenz|die Rechnung|den Stand} {schicken|nennen|bestätigen}
|unsere {Geschäftsführung|IT|Rechtsabteilung} {hat @MONEY freigegeben|möchte eine Demo sehen|hat Fragen zur <prodf>|kann nicht vor @DATE unterschreiben}|die <prodf> {läuft immer noch nicht|ist am @DATE wieder ausgefallen|kam beschädigt an|steht seit @DAYS still}
|der Preis von @MONEY {liegt über unserem Budget|ist für uns in Ordnung|ist zu hoch}|bitte {stoppen Sie die Bestellung|schicken Sie den Vertrag an @PERSON|verschieben Sie den Termin auf @DATE|rufen Sie mich <time> an}|ich bin bis @DATE {im Urlaub|nicht im Haus}, bitte wenden Sie sich an @PERSON|wann {können Sie liefern|kommt das Update|endet die Garantie|kommt der Techniker}''',
'ours': '''wir haben {das Angebot über @MONEY|den Vertrag|das Datenblatt|die Referenzen|das überarbeitete Angebot} geschickt{| und um Antwort bis @DATE gebeten}|wir haben {einen Termin am @DATE|eine Demo|@NUM% Rabatt|einen Test von @DAYS} angeboten|anbei {das Angebot|der Vertrag|die Agenda} {für die <prodf>|für @DATE|}|wir haben an {die Verlängerung|das offene Angebot|die fehlenden Unterlagen} erinnert|wir können {bis @DATE liefern|den Preis bis @DATE halten|<time> beginnen}''',
'adj': '''alte|neue|kleinere|zweite|letzte|defekte|nasse|jährliche|dringende|fehlende|zentrale|manuelle|gemietete|fertige|kalte|laute|externe|schriftliche''',
'noun': '''Halle|Schicht|Rechnung|Rampe|Pumpe|Anlage|Maschine|Tür|Säge|Presse|Lieferung|Ausschreibung|Prüfung|Wartung|Garantie|Gutschrift|Bestellung|Zeichnung|Probe|Küche|Werkstatt|Filiale|Bäckerei|Brauerei|Molkerei|Klinik|Schule|Baustelle|Spedition|Genossenschaft|Stadtverwaltung|Bank|Versicherung|Leitung|Batterie|Heizung|Kamera|Leuchte|Waage|Verpackung|Freigabe|Abnahme|Schulung|Förderung|Genehmigung|Reinigung''',
'verb': '''prüft|bestellt|testet|sucht|verkauft|verliert|verschiebt|blockiert|unterschreibt|bezahlt|braucht|ersetzt|plant|schließt|öffnet|vergleicht|bemängelt|lobt|mietet|repariert|erwartet|fürchtet''',
'prep': '''bei @ORG|in @PLACE|für @MONEY|mit @PERSON|bis @DATE|am @DATE|seit @DAYS|ab @DATE|vor der Messe|nach dem Umbau|im Werk|am Standort|ohne Aufpreis|wegen der Kosten|<time>''',
'free': '''<who3> <verb> die <adj> <noun> <prep>|die <adj> <noun> {ist|war|bleibt} {zu klein|zu teuer|fertig|offen|geschlossen|das größte Problem|nicht abgedeckt} <prep>|die <noun> {fällt aus|läuft aus|startet|kommt} <prep>|@NUM <noun> {fehlen|defekt|geplant} <prep>|<noun> {ok|erledigt|fehlt|noch offen} <prep>|{größte|einzige} Sorge: die <adj> <noun> <prep>|@PERSON erreicht, die <noun> <prep> {passt|muss warten}|{keine|neue} <noun> <prep>''',
'wefree': '''wir {suchen|brauchen|bestellen|planen|mieten} eine <adj> <noun> <prep>|unsere <noun> {ist defekt|ist zu klein|steht} <prep>|die <adj> <noun> {fehlt|ist beschädigt|kam nicht an} <prep>|können Sie die <noun> <prep> {prüfen|anbieten|ersetzen}|was kostet die <adj> <noun> <prep>''',
'filler': '''gutes Gespräch|danke für Ihre Zeit|wie besprochen|siehe unten|zur Info|kurzes Update|nette Runde|Mailbox besprochen|schönes Wochenende|vielen Dank für die schnelle Antwort|Wetter war schlecht|mehr dazu bald|ich hoffe, es geht Ihnen gut''',
'greet': '@STAFF,|Herr @STAFF,|Frau @STAFF,|Moin @STAFF,|Liebe Frau @STAFF,|Lieber Herr @STAFF,|Sehr geehrte Damen und Herren,|Hallo @PERSON,|Guten Tag @STAFF,|Sehr geehrter Herr @STAFF,|Sehr geehrte Frau @STAFF,|Guten Morgen,|Hallo zusammen,|Servus @STAFF,',
'sign': '@PERSON|@PERSON, <job>|LG @PERSON|Danke, @PERSON|Besten Gruß @PERSON|Mit freundlichen Grüßen @PERSON|Viele Grüße @PERSON|Beste Grüße, @PERSON, ~W, @PHONE|MfG @PERSON|VG @PERSON @PHONE @EMAIL|Gruß @PERSON',
'quoted': 'Von: @EMAIL Gesendet: @DATE An: @EMAIL Betreff: AW: <product> Hallo @PERSON, <ours>. Viele Grüße @STAFF|Am @DATE schrieb @STAFF: > <ours>|> <ours> > <filler>',
'step': '''{Angebot|Vertragsentwurf|Preisliste|Sicherheitsfragebogen|Projektplan|Referenzliste|Datenblatt} {senden|schicken|abstimmen|überarbeiten|besprechen}{| mit @PERSON| an @PERSON| bis @DATE}|{Demo|Workshop|Termin|Werksbesuch|Telefonat|Schulung|Kick-off} {vereinbaren|planen|am @DATE|mit @PERSON|mit der IT|bestätigen}|{Hr. |Frau |Herrn |||}@PERSON {anrufen|treffen|kontaktieren|nach <noun> fragen}|{<noun>|Termin|<product>} {mit|bei|von} {Hr. |Frau |Herrn |||}@PERSON {klären|abstimmen|prüfen|anfragen}|{<noun>|<product>} für {Hr. |Frau |||}@PERSON {vorbereiten|bestellen}|@PERSON {anrufen|treffen|kontaktieren}{| wegen Budget| am @DATE| zur <prodf>}|{Rückmeldung|Bestellung|Freigabe|Unterschrift} {abwarten|einholen|von @PERSON einholen|bis @DATE einholen}|<product> {liefern|testen|tauschen|vorstellen|montieren}{| am @DATE|}|send revised quote to @PERSON|call @PERSON {about the <product>|}''',
'oppname': '{<Product>|<Product>|<Product> @NUM|<Product> - @ORG|@ORG <Product>|~W ~W|Verlängerung <Product>|<Product>, Phase @NUM|Rahmenvertrag <Product>|@ORG: <Product>}',
'casesubject': '''<Product> {fällt aus|startet nicht|ist zu langsam|verliert Verbindung|zeigt Fehler|undicht|beschädigt geliefert|nicht geliefert}{| nach dem Update| seit @DATE| bei @ORG}|Fehler @NUM an der <prodf>|{Falsche|Fehlende|Doppelte} {Rechnung|Lieferung|Gutschrift}{| @NUM| für <product>}|{Anmeldung|Export|Datensicherung|Druck} nicht möglich{| seit @DATE|}|Frage zur {<prodf>|Rechnung @NUM|Garantie}''',
'stage': 'Prospecting|Qualification|Proposal|Negotiation|Closed Won|Closed Lost|Gewonnen|Verloren|Qualifizierung|Angebot|Verhandlung|Bedarfsanalyse|Vertrag gesendet|Mündliche Zusage|Needs Analysis|Discovery|Technische Prüfung|~W|Verbal Agreement|Contract Sent',
'status': 'Neu|Offen|In Bearbeitung|Kontaktiert|Qualifiziert|Wartet auf Kunde|Eskaliert|Geschlossen|New|Open|Working|In Progress|Escalated|Qualified|Nurturing|~W',
'otype': 'Neugeschäft|Bestandskunde|Verlängerung|Erweiterung|New Business|Renewal|Upgrade|Expansion|~W',
'atype': 'Kunde|Interessent|Partner|Customer|Prospect|Schlüsselkunde|Reseller|~W',
'industry': 'Maschinenbau|Logistik|Gesundheit|Handel|Lebensmittel|Chemie|Energie|Bildung|Bau|Manufacturing|Logistics|Healthcare|Food|Automotive|Retail|Pharma|~W',
'source': 'Messe|Empfehlung|Webseite|Partner|Kaltakquise|Web|Referral|Trade Show|Webinar|Kampagne|~W',
'job': '{Leiter|Leiterin} {Einkauf|IT|Produktion|Logistik|Technik|Qualität|~W}|Geschäftsführer|Geschäftsführerin|Einkäufer|Werksleiterin|CEO|CFO|Head of IT|Projektleiterin|Controller|Plant Manager',
'priority': 'Hoch|Mittel|Niedrig|High|Medium|Low|Critical', 'rating': 'Hot|Warm|Cold|Heiß|Kalt|A|B',
'kind': 'call|call|call|email|email|email|meeting|meeting|note|note|chat|web form|visit|message|Anruf|E-Mail|Notiz|Besuch',
'hint': 'Demo anbieten|eine <adj> <noun> <prep> anbieten|nach @DATE fragen|nach der <noun> fragen|für die {Bestellung|<noun>} danken|die <prodf> erwähnen|die <adj> <noun> <prep> erwähnen|wir haben <time> geschlossen|<frag>',
}
ABBREV = {'und': 'u.', 'bitte': 'bitte', 'Termin': 'Term.', 'mit': 'm.', 'nächste Woche': 'nä. Wo.', 'noch nicht': 'noch nicht', 'so bald wie möglich': 'asap', 'Angebot': 'Ang.', 'Kunde': 'Kd.', 'wegen': 'wg.'}
ABBREV = {k: v for k, v in ABBREV.items() if k != v and k in ('und', 'wegen', 'so bald wie möglich')}
WORDS = ['der', 'die', 'das', 'ein', 'eine', 'und', 'mit', 'für', 'auf', 'von', 'nicht', 'noch', 'ist', 'war', 'wir', 'sie', 'bei', 'aber', 'nur', 'nach', 'am', 'im', 'zu', 'hat', 'wird', 'will', 'kein', 'sehr', 'auch', 'dem', 'den', 'des']
JOIN = [', und ', ', aber ', ' und ', ', weil ', ' - ', ', dann ']
LEADS = {
('call', 'inbound'): ['Am D sagte P am Telefon: ', 'Anruf von P am D: ', 'P rief am D an: '],
('call', 'outbound'): ['Am D haben wir P angerufen: ', 'Unser Anruf bei P am D: '],
('call', ''): ['Telefonat mit P am D: ', 'Am D gab es ein Telefonat mit P: '],
('email', 'inbound'): ['Am D schreibt P: ', 'E-Mail von P am D: ', 'In einer E-Mail vom D schreibt P: '],
('email', 'outbound'): ['Am D haben wir P geschrieben: ', 'Unsere E-Mail an P vom D: '],
('email', ''): ['E-Mail vom D mit P: ', 'In einer E-Mail vom D: '],
('meeting', ''): ['Besprechung mit P am D: ', 'Am D gab es ein Treffen mit P: '],
('note', ''): ['Notiz vom D: ', 'Interne Notiz vom D: ', 'In einer Notiz vom D steht: '],
('note', 'inbound'): ['Nachricht von P am D: ', 'Am D teilte P mit: '],
('other', 'inbound'): ['Nachricht von P am D (K): ', 'Am D schrieb P (K): '],
('other', 'outbound'): ['Unsere Nachricht an P vom D (K): '],
('other', ''): ['Kontakt mit P am D (K): ', 'Eintrag vom D (K): '],
}
FOREIGN = {'en': ' (auf Englisch)', 'fr': ' (auf Französisch)'}
