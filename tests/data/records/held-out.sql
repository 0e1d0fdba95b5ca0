-- Held-out records: sales and service of Corbelwood Acoustics, an invented maker of sound panels, phone booths and
-- meeting pods. Written by hand, for etc/sample-crm/schema.sql; "today" is 2026-11-20. No generator has seen them.
-- All people, companies, addresses, numbers and amounts are invented.

insert into crm_user (id, name, email, title, role, team) values
('HU-1', 'Ruth Kemble', 'ruth.kemble@corbelwood.example', 'Sales Manager North', 'sales', 'UK'),
('HU-2', 'Oskar Wendt', 'oskar.wendt@corbelwood.example', 'Gebietsverkauf', 'sales', 'DACH'),
('HU-3', 'Priya Nair', 'priya.nair@corbelwood.example', 'Customer Service', 'support', 'Support'),
('HU-4', 'Glen Abara', 'glen.abara@corbelwood.example', 'Regional Sales', 'sales', 'US');

insert into account (id, name, industry, website, phone, street, city, postal_code, country, employees, annual_revenue, currency, type, owner_id, team, description, language, ai_summary, updated_at, version) values
('HA-01', 'Thornlea Academy Trust', 'Education', 'https://www.thornlea.example', '+44 1632 960114', 'Beck Lane', 'Hexham', 'NE46 1QX', 'United Kingdom', 640, 31000000, 'GBP', 'Customer', 'HU-1', 'UK', 'Seven schools under one trust, all buying goes over the estates office. Anything above 25k must be tendered.', 'en', null, '2026-11-13 09:00:00', 4),
('HA-02', 'Bellweather & Stroud Solicitors', 'Legal', 'https://www.bellweatherstroud.example', '+44 20 7946 0321', '3 Cursitor Yard', 'London', 'EC4A 1LL', 'United Kingdom', 85, 14000000, 'GBP', 'Prospect', 'HU-1', 'UK', null, 'en', null, '2026-11-16 15:30:00', 2),
('HA-03', 'Stadtbibliothek Warnefeld', 'Public Library', 'https://www.bibliothek-warnefeld.example', '+49 40 66969 310', 'Am Speicher 2', 'Warnefeld', '21465', 'Germany', 44, null, 'EUR', 'Prospect', 'HU-2', 'DACH', 'Neubau am Hafen, Eröffnung war für den Frühling angekündigt, jetzt heißt es Herbst 2027.', 'de', null, '2026-11-17 08:45:00', 3),
('HA-04', 'Praxisverbund Rosental', 'Dental Care', null, '+49 89 99998 540', 'Rosental 11', 'Augsburg', '86150', 'Germany', 60, 5200000, 'EUR', 'Customer', 'HU-2', 'DACH', 'Fünf Zahnarztpraxen, die gemeinsam einkaufen; Ansprechpartnerin ist immer die Verwaltungsleiterin.', 'de', null, '2026-11-10 11:20:00', 6),
('HA-05', 'Maple Fork Call Centers', 'Customer Care Outsourcing', 'https://www.maplefork.example', '+1 515-555-0118', '900 Commerce Dr', 'Ames', '50010', 'United States', 1200, 74000000, 'USD', 'Customer', 'HU-4', 'US', 'Three sites, 24 hour operation. They measure everything in decibels and dollars per seat.', 'en', null, '2026-11-18 20:10:00', 9),
('HA-06', 'Orchid Lane Hotels', 'Hospitality', 'https://www.orchidlane.example', '+1 843-555-0162', '17 Battery St', 'Charleston', '29401', 'United States', 310, 42000000, 'USD', 'Prospect', 'HU-4', 'US', null, 'en', null, '2026-11-09 18:00:00', 2),
('HA-07', 'Northgate Repertory Theatre', 'Performing Arts', 'https://www.northgaterep.example', '+44 1632 960187', '60 Sandhill', 'Newcastle', 'NE1 3RX', 'United Kingdom', 58, 3900000, 'GBP', 'Former Customer', 'HU-1', 'UK', 'Bought curtains from us in 2019 and fell out over a fire certificate that arrived after opening night.', 'en', null, '2026-10-29 10:00:00', 5),
('HA-08', 'Kanzlei Dornbusch Partner', 'Steuerberatung', null, '+49 69 90009 221', 'Eschersheimer Gärten 4', 'Frankfurt am Main', '60320', 'Germany', 35, 4100000, 'EUR', 'Customer', 'HU-2', 'DACH', null, 'de', null, '2026-11-12 16:40:00', 3);

insert into contact (id, account_id, salutation, first_name, last_name, title, email, phone, mobile, language, gender, do_not_email, owner_id, team, description, ai_summary, updated_at, version) values
('HC-01', 'HA-01', 'Mrs', 'Philippa', 'Garrow', 'Head of Estates', 'p.garrow@thornlea.example', '+44 1632 960115', '+44 7700 900611', 'en', 'f', false, 'HU-1', 'UK', null, null, '2026-11-13 09:00:00', 3),
('HC-02', 'HA-01', 'Mr', 'Desmond', 'Achterberg', 'Music Lead', 'd.achterberg@thornlea.example', '+44 1632 960119', null, 'en', 'm', false, 'HU-1', 'UK', null, null, '2026-10-02 09:00:00', 1),
('HC-03', 'HA-02', 'Ms', 'Imogen', 'Pardoe', 'Practice Manager', 'ipardoe@bellweatherstroud.example', '+44 20 7946 0322', null, 'en', 'f', false, 'HU-1', 'UK', null, null, '2026-11-16 15:30:00', 2),
('HC-04', 'HA-03', 'Frau', 'Henrike', 'Lüders', 'Bibliotheksleiterin', 'lueders@bibliothek-warnefeld.example', '+49 40 66969 311', null, 'de', 'f', false, 'HU-2', 'DACH', null, null, '2026-11-17 08:45:00', 2),
('HC-05', 'HA-03', 'Herr', 'Jannik', 'Poggensee', 'Projektsteuerung Hochbau', 'poggensee@warnefeld.example', '+49 40 66969 377', '+49 176 040690 41', 'de', 'm', false, 'HU-2', 'DACH', null, null, '2026-11-05 10:00:00', 1),
('HC-06', 'HA-04', 'Frau', 'Margit', 'Ostermaier', 'Verwaltungsleiterin', 'm.ostermaier@rosental.example', '+49 89 99998 541', null, 'de', 'f', false, 'HU-2', 'DACH', null, null, '2026-11-10 11:20:00', 4),
('HC-07', 'HA-05', 'Ms', 'Loretta', 'Swann', 'VP Workplace', 'loretta.swann@maplefork.example', '+1 515-555-0119', '+1 641-555-0170', 'en', 'f', false, 'HU-4', 'US', 'Came up from the phones herself, hates glossy brochures. Reads one page, never two.', null, '2026-11-18 20:10:00', 7),
('HC-08', 'HA-05', 'Mr', 'Curtis', 'Bohannon', 'Facilities', 'cbohannon@maplefork.example', '+1 515-555-0123', null, 'en', 'm', false, 'HU-4', 'US', null, null, '2026-09-09 14:00:00', 2),
('HC-09', 'HA-06', 'Mr', 'Anselm', 'Ravenel', 'Director of Rooms', 'aravenel@orchidlane.example', '+1 843-555-0163', null, 'en', 'm', false, 'HU-4', 'US', null, null, '2026-11-09 18:00:00', 2),
('HC-10', 'HA-07', 'Ms', 'Tamsin', 'Oakeshott', 'Technical Director', 'tamsin@northgaterep.example', '+44 1632 960188', '+44 7700 900644', 'en', 'f', true, 'HU-1', 'UK', null, null, '2026-10-29 10:00:00', 2),
('HC-11', 'HA-08', 'Herr Dr.', 'Valentin', 'Dornbusch', 'Partner', 'dornbusch@kanzlei-dornbusch.example', '+49 69 90009 222', null, 'de', 'm', false, 'HU-2', 'DACH', null, null, '2026-11-12 16:40:00', 3);

insert into lead (id, salutation, first_name, last_name, company, title, email, phone, country, status, source, rating, owner_id, team, description, language, do_not_email, ai_summary, created_at, updated_at, version) values
('HL-1', 'Ms', 'Beatrix', 'Holm', 'Holm & Daughters Brewhouse', 'Owner', 'bea@holmbrew.example', '+44 1632 960133', 'United Kingdom', 'New', 'Website', 'Warm', 'HU-1', 'UK', 'Taproom in a former chapel, echo so bad that quiz night was cancelled.', 'en', false, null, '2026-11-11 08:00:00', '2026-11-17 12:00:00', 2),
('HL-2', 'Herr', 'Cem', 'Aydoğan', 'Aydoğan Fahrschulen', 'Inhaber', 'info@aydogan-fahrschule.example', '+49 30 23125 870', 'Germany', 'Contacted', 'Referral', 'Hot', 'HU-2', 'DACH', null, 'de', false, null, '2026-10-20 08:00:00', '2026-11-16 10:30:00', 3),
('HL-3', 'Mr', 'Roy', 'Tillotson', 'Tillotson Podcast Studios', 'Producer', 'roy@tillotsonpods.example', '+1 503-555-0144', 'United States', 'Nurturing', 'Webinar', 'Cold', 'HU-4', 'US', null, 'en', false, null, '2026-07-02 08:00:00', '2026-10-08 17:00:00', 4);

insert into opportunity (id, account_id, primary_contact_id, name, stage, amount, currency, probability, close_date, stage_since, next_step, type, lead_source, competitor, owner_id, team, description, ai_summary, created_at, updated_at, version) values
('HO-1', 'HA-01', 'HC-01', 'Thornlea dining halls, ceiling baffles', 'Proposal', 38400, 'GBP', 50, '2026-12-18', '2026-10-30', 'Resubmit on tender portal', 'Expansion', 'Existing Customer', 'Quietline', 'HU-1', 'UK', 'Four dining halls first, the other three when the roof repairs are paid.', null, '2026-09-03 10:00:00', '2026-11-13 09:00:00', 5),
('HO-2', 'HA-02', 'HC-03', 'Bellweather phone booths x6', 'Negotiation', 41700, 'GBP', 70, '2026-11-14', '2026-11-02', 'Get lease approval from Imogen', 'New Business', 'Referral', null, 'HU-1', 'UK', null, null, '2026-08-20 10:00:00', '2026-11-16 15:30:00', 6),
('HO-3', 'HA-03', 'HC-04', 'Lesesaal und Kinderbereich', 'Needs Analysis', 67000, 'EUR', 30, '2027-03-31', '2026-10-12', 'Nachhallmessung im Rohbau', 'New Business', 'Trade Fair', 'Schallhof', 'HU-2', 'DACH', 'Architekt besteht auf sichtbarem Holz, der Brandschutz auf dem Gegenteil.', null, '2026-06-18 10:00:00', '2026-11-17 08:45:00', 4),
('HO-4', 'HA-05', 'HC-07', 'Maple Fork Ames floor 2', 'Negotiation', 128500, 'USD', 80, '2026-12-04', '2026-11-06', 'Call Loretta about install weekend', 'Expansion', 'Existing Customer', 'Humdrum Office', 'HU-4', 'US', null, null, '2026-07-14 15:00:00', '2026-11-18 20:10:00', 8),
('HO-5', 'HA-06', 'HC-09', 'Orchid Lane ballroom dividers', 'Qualification', 56000, 'USD', 15, '2027-02-26', '2026-09-28', null, 'New Business', 'Cold Call', null, 'HU-4', 'US', null, null, '2026-09-21 15:00:00', '2026-11-09 18:00:00', 2),
('HO-6', 'HA-08', 'HC-11', 'Dornbusch Besprechungskabinen', 'Closed Won', 18900, 'EUR', 100, '2026-11-10', '2026-11-10', null, 'New Business', 'Website', null, 'HU-2', 'DACH', null, null, '2026-08-31 09:00:00', '2026-11-12 16:40:00', 7);

insert into support_case (id, account_id, contact_id, subject, status, priority, origin, opened_at, closed_at, owner_id, team, description, ai_summary, updated_at, version) values
('HK-1', 'HA-05', 'HC-08', 'Booth fans rattle after two hours', 'Open', 'High', 'Phone', '2026-11-03 14:20:00', null, 'HU-3', 'Support', 'Nine of the thirty booths in Des Moines, all from the spring batch.', null, '2026-11-18 16:00:00', 6),
('HK-2', 'HA-04', 'HC-06', 'Wandpaneel löst sich im Wartezimmer', 'Waiting for Customer', 'Medium', 'E-mail', '2026-10-26 09:05:00', null, 'HU-3', 'Support', null, null, '2026-11-10 11:20:00', 4),
('HK-3', 'HA-01', 'HC-02', 'Wrong colour delivered to practice rooms', 'Escalated', 'Low', 'Portal', '2026-11-09 13:00:00', null, 'HU-3', 'Support', null, null, '2026-11-16 09:40:00', 3);

insert into activity (id, what_type, what_id, who_id, kind, direction, subject, body, owner_id, occurred_at, updated_at) values
('HX-001', 'opportunity', 'HO-1', 'HC-01', 'meeting', 'outbound', 'site walk Hexham', 'Walked four dining halls w/ Philippa during lunch service, could not hear my own meter. 92 dB at the serving hatch. She has money this term for halls A to D only.', 'HU-1', '2026-09-10 12:30:00', '2026-09-10 12:30:00'),
('HX-002', 'opportunity', 'HO-1', 'HC-01', 'email', 'inbound', 'RE: baffles', 'Ruth, governors met last night. They like the cloud shape but £38,400 trips the tender rule, so it has to go on the portal like everybody else''s. Sorry about the extra paperwork. Philippa', 'HU-1', '2026-10-29 08:10:00', '2026-10-29 08:10:00'),
('HX-003', 'opportunity', 'HO-1', null, 'note', 'internal', null, 'portal rejected our PDF (too big, limit 8 MB). deadline is 4 Dec noon. Quietline registered too, saw their name on the bidder list', 'HU-1', '2026-11-12 17:45:00', '2026-11-12 17:45:00'),
('HX-004', 'opportunity', 'HO-1', 'HC-01', 'call', 'outbound', 'split lots?', 'Asked Philippa whether two lots under 25k each would spare her the tender. She laughed and said the auditors read the papers as well. So no.', 'HU-1', '2026-11-13 08:40:00', '2026-11-13 08:40:00'),

('HX-010', 'opportunity', 'HO-2', 'HC-03', 'call', 'inbound', 'booths', 'Imogen saw our booth at a client''s. Partners shout on the phone in open plan, two secretaries have resigned over it. Wants six, oak outside, by Christmas.', 'HU-1', '2026-08-21 11:00:00', '2026-08-21 11:00:00'),
('HX-011', 'opportunity', 'HO-2', 'HC-03', 'email', 'outbound', 'Quote Q-3308', 'Dear Imogen, please find quote Q-3308: six single booths at £6,950 each, oak veneer, delivery and assembly on a Saturday included. Lead time is five weeks. Kind regards, Ruth', 'HU-1', '2026-10-05 16:20:00', '2026-10-05 16:20:00'),
('HX-012', 'opportunity', 'HO-2', 'HC-03', 'email', 'inbound', 'RE: Quote Q-3308', 'Ruth,
the senior partner would rather lease than buy. 36 months, and what happens to the booths afterwards? If the monthly figure stays below £1,300 I can sign without going back to the partners.
Imogen

On 5 Oct 2026, Ruth Kemble wrote:
> please find quote Q-3308', 'HU-1', '2026-11-02 09:30:00', '2026-11-02 09:30:00'),
('HX-013', 'opportunity', 'HO-2', 'HC-03', 'call', 'outbound', 'lease', 'Lease co. offers 1,265 a month. Told Imogen, she needs it on one sheet for Mr Stroud, who is fishing in Scotland til the 23rd and has no signal.', 'HU-1', '2026-11-16 15:10:00', '2026-11-16 15:10:00'),

('HX-020', 'opportunity', 'HO-3', 'HC-05', 'meeting', 'outbound', 'Baustelle', 'Mit Poggensee auf der Baustelle, Lesesaal 14 m hoch, Beton pur. Er schätzt Nachhall auf 4 Sek. Leimbinder dürfen nicht angebohrt werden, also alles abhängen.', 'HU-2', '2026-09-30 10:00:00', '2026-09-30 10:00:00'),
('HX-021', 'opportunity', 'HO-3', 'HC-04', 'email', 'inbound', 'Kinderbereich', 'Lieber Herr Wendt, im Kinderbereich soll es leiser werden, ohne dass es nach Krankenhaus aussieht. Die Förderung vom Land deckt 40.000 EUR, den Rest muss der Rat am 9. Dezember beschließen. Haben Sie Muster in Gelb? Herzlich, Henrike Lüders', 'HU-2', '2026-10-12 14:15:00', '2026-10-12 14:15:00'),
('HX-022', 'opportunity', 'HO-3', 'HC-04', 'call', 'outbound', 'Muster', 'Muster sind da, Gelb zu grell, Senf gefällt. Frau Lüders zeigt sie am Montag dem Architekten, der mag angeblich gar keine Farbe.', 'HU-2', '2026-11-06 11:30:00', '2026-11-06 11:30:00'),
('HX-023', 'opportunity', 'HO-3', null, 'note', 'internal', 'Wettbewerb', 'Schallhof hat laut Poggensee 58.500 aufgerufen, aber ohne Montage. Nicht runtergehen, lieber Messung schenken!', 'HU-2', '2026-11-17 08:30:00', '2026-11-17 08:30:00'),

('HX-030', 'opportunity', 'HO-4', 'HC-07', 'meeting', 'outbound', 'Ames tour', 'Toured floor 2 with Loretta Swann, 310 seats, headset complaints up 18% since they removed the carpet. Her rule: 55 dB at the desk or she doesn''t pay the last third.', 'HU-4', '2026-08-04 10:00:00', '2026-08-04 10:00:00'),
('HX-031', 'opportunity', 'HO-4', 'HC-08', 'call', 'inbound', 'sprinklers', 'Curtis says fire marshal wants 18 inch clearance under the sprinkler heads, our rafts hang at 14. Need a drawing that shows shorter cables.', 'HU-4', '2026-10-22 15:40:00', '2026-10-22 15:40:00'),
('HX-032', 'opportunity', 'HO-4', 'HC-07', 'email', 'outbound', 'Revised price floor 2', 'Loretta, with the shorter cable kit it comes to $128,500 installed. The 55 dB promise stands, measured by your people and not by ours. Glen', 'HU-4', '2026-11-06 09:15:00', '2026-11-06 09:15:00'),
('HX-033', 'opportunity', 'HO-4', 'HC-07', 'email', 'inbound', 'RE: Revised price floor 2', 'Glen - fine on the number. My problem is Black Friday, nobody touches that floor before December 5. Humdrum said they could do nights. Can you? L. Swann, 641-555-0170', 'HU-4', '2026-11-18 19:55:00', '2026-11-18 19:55:00'),

('HX-040', 'opportunity', 'HO-5', 'HC-09', 'call', 'outbound', 'first call', 'Cold call, got Mr Ravenel on the second ring. Weddings on both sides of a folding wall, bride heard the other DJ during her vows. Budget is set in Feb.', 'HU-4', '2026-09-21 15:20:00', '2026-09-21 15:20:00'),
('HX-041', 'opportunity', 'HO-5', 'HC-09', 'email', 'outbound', 'Dividers', 'Dear Mr. Ravenel, attached are the lab values for the rolling divider: 48 decibels, one person moves it in ten minutes. I would love to bring a sample panel when you have no wedding on. Glen Abara', 'HU-4', '2026-09-28 13:00:00', '2026-09-28 13:00:00'),
('HX-042', 'opportunity', 'HO-5', null, 'note', 'internal', null, 'left 3 voicemails since Oct, assistant (Mrs. Quick?) says he is opening the Savannah house & not to call before Thanksgiving', 'HU-4', '2026-11-09 17:50:00', '2026-11-09 17:50:00'),

('HX-050', 'opportunity', 'HO-6', 'HC-11', 'meeting', 'outbound', 'Probesitzen', 'Dr. Dornbusch saß zehn Minuten in der Vorführkabine und hat dabei einen Mandanten abgewiesen. Zitat: so leise war es hier seit dem Umzug nicht. Will drei Stück, grau.', 'HU-2', '2026-10-08 15:00:00', '2026-10-08 15:00:00'),
('HX-051', 'opportunity', 'HO-6', 'HC-11', 'email', 'inbound', 'Auftrag', 'Sehr geehrter Herr Wendt, hiermit bestellen wir drei Kabinen gemäß Ihrem Angebot über 18.900 Euro. Bitte vor der Jahreswende liefern, wegen der Abschreibung. Dr. V. Dornbusch', 'HU-2', '2026-11-10 09:05:00', '2026-11-10 09:05:00'),
('HX-052', 'opportunity', 'HO-6', 'HC-11', 'call', 'outbound', 'Liefertermin', 'KW 50 bestätigt, Aufzug misst 1,10 m, Kabinen kommen also zerlegt. Hausmeister heißt Blaschke, Tel. 069 90009 229.', 'HU-2', '2026-11-12 16:30:00', '2026-11-12 16:30:00'),

('HX-060', 'account', 'HA-01', 'HC-01', 'call', 'outbound', 'catch-up', 'Philippa has two heads retiring in summer, expects new brooms and new wishes. Library at Beck Lane might be next, no figures.', 'HU-1', '2026-07-08 14:00:00', '2026-07-08 14:00:00'),
('HX-061', 'account', 'HA-01', 'HC-02', 'email', 'inbound', 'thank you', 'The choir can finally rehearse while the drums are on next door! Could you talk to our sixth formers about acoustics some time in the new year? Des', 'HU-1', '2026-10-02 08:30:00', '2026-10-02 08:30:00'),
('HX-062', 'account', 'HA-01', null, 'note', 'internal', null, 'invoice 20711 still unpaid (64 days), trust moved to a new finance system. Be nice, chase gently', 'HU-1', '2026-11-11 10:10:00', '2026-11-11 10:10:00'),

('HX-070', 'account', 'HA-04', 'HC-06', 'meeting', 'outbound', 'Jahresgespräch', 'Frau Ostermaier zufrieden bis auf das abgefallene Paneel. Praxis Nr. 6 in Friedberg wird im Mai übernommen, dort gleiche Ausstattung gewünscht, ca. 11.000 Euro.', 'HU-2', '2026-11-03 10:00:00', '2026-11-03 10:00:00'),
('HX-071', 'account', 'HA-04', 'HC-06', 'email', 'inbound', 'Reinigung', 'Hallo Herr Wendt, womit dürfen die Paneele desinfiziert werden? Unser Putzdienst nimmt Alkohol und seitdem sehen sie fleckig aus. MfG Ostermaier', 'HU-2', '2026-09-17 07:50:00', '2026-09-17 07:50:00'),
('HX-072', 'account', 'HA-04', 'HC-06', 'call', 'outbound', 'Antwort Reinigung', 'Nur nebelfeucht, kein Alkohol, Merkblatt gemailt. Flecken bleiben leider, zwei Ersatzplatten auf Kulanz zugesagt.', 'HU-2', '2026-09-18 09:00:00', '2026-09-18 09:00:00'),

('HX-080', 'account', 'HA-07', 'HC-10', 'call', 'inbound', 'borderline curtains', 'Tamsin rang out of the blue. New lighting rig, the old curtain is singed along the bottom & the insurer is asking questions. Said she would give us one more go if the certificate comes first.', 'HU-1', '2026-10-15 16:00:00', '2026-10-15 16:00:00'),
('HX-081', 'account', 'HA-07', 'HC-10', 'call', 'outbound', 'measure up', 'Measured by phone, 11.2 x 6.4 m, needs 300% fullness?? check. Dark week starts January 11.', 'HU-1', '2026-10-20 10:30:00', '2026-10-20 10:30:00'),
('HX-082', 'account', 'HA-07', null, 'note', 'internal', 'no mail', 'she opted out of mail after the 2019 row, phone only. Fire test house has a slot on 2 December, 740 quid', 'HU-1', '2026-10-29 09:45:00', '2026-10-29 09:45:00'),

('HX-090', 'lead', 'HL-1', null, 'email', 'inbound', 'Echo!!', 'Hello, we turned a chapel into a taproom (lovely) and it sounds like a swimming bath (less lovely). Listed building so nothing may be screwed to the stone. Roughly what would 90 square metres cost? Bea Holm', 'HU-1', '2026-11-11 07:50:00', '2026-11-11 07:50:00'),
('HX-091', 'lead', 'HL-1', null, 'call', 'outbound', null, 'Rang Bea, free standing screens + textile banners from the old hooks would be allowed, conservation officer already asked. She thinks 6 to 8k. Come on a Monday, they are shut.', 'HU-1', '2026-11-13 12:15:00', '2026-11-13 12:15:00'),
('HX-092', 'lead', 'HL-1', null, 'email', 'outbound', 'Visit', 'Bea, Monday 23 November at ten suits me, I shall bring two screens in the van. Ruth', 'HU-1', '2026-11-17 11:50:00', '2026-11-17 11:50:00'),

('HX-100', 'lead', 'HL-2', null, 'call', 'inbound', 'Theorieraum', 'Aydoğan rief an, Tipp von Dr. Dornbusch. 4 Filialen, Theorieräume hallen, Schüler verstehen nix. Will wissen ob Mietkauf geht.', 'HU-2', '2026-10-20 17:10:00', '2026-10-20 17:10:00'),
('HX-101', 'lead', 'HL-2', null, 'meeting', 'outbound', 'Vor Ort Neukölln', 'Raum 8 x 6 m, Fliesenboden, Deckenhöhe 3,40. Zwölf Platten reichen. Bruder Emre macht die Zahlen, der war nicht da.', 'HU-2', '2026-11-04 14:00:00', '2026-11-04 14:00:00'),
('HX-102', 'lead', 'HL-2', null, 'email', 'outbound', 'Angebot Neukölln', 'Hallo Herr Aydoğan, zwölf Platten samt Aufhängung liegen bei 2.340 Euro netto, im Mietkauf 99 Euro im Monat über zwei Jahre. Für alle vier Standorte lege ich acht Prozent drauf, als Nachlass natürlich. Oskar Wendt', 'HU-2', '2026-11-09 09:20:00', '2026-11-09 09:20:00'),
('HX-103', 'lead', 'HL-2', null, 'call', 'inbound', null, 'Emre findet 99 ok, will aber ohne Anzahlung und erst wenn Filiale Wedding renoviert ist (Feb.). Schufa-Auskunft holen!', 'HU-2', '2026-11-16 10:10:00', '2026-11-16 10:10:00'),

('HX-110', 'lead', 'HL-3', null, 'call', 'outbound', 'webinar follow up', 'Roy runs a podcast shop in a garage, neighbor has a rooster. Likes the booth, has 900 bucks. Not now.', 'HU-4', '2026-07-09 16:00:00', '2026-07-09 16:00:00'),
('HX-111', 'lead', 'HL-3', null, 'email', 'inbound', 'used ones?', 'Hey Glen do you ever sell demo units, scratches are fine, it''s audio nobody sees it. Roy T.', 'HU-4', '2026-09-24 22:40:00', '2026-09-24 22:40:00'),
('HX-112', 'lead', 'HL-3', null, 'note', 'internal', null, 'demo booth #7 comes back from Portland expo in Jan, could go at 2,100. Remind him then', 'HU-4', '2026-10-08 16:45:00', '2026-10-08 16:45:00'),

('HX-120', 'case', 'HK-1', 'HC-08', 'call', 'inbound', 'rattle', 'Curtis: fans start to rattle once the booth is warm, agents prop the door open with a shoe, so what did they pay for. Nine units, list of serials follows.', 'HU-3', '2026-11-03 14:25:00', '2026-11-03 14:25:00'),
('HX-121', 'case', 'HK-1', 'HC-08', 'email', 'inbound', 'Serials', 'Attached the nine serial numbers, all start with 26-04. Two more began today. Is there a recall we have not been told of? C. Bohannon', 'HU-3', '2026-11-09 15:00:00', '2026-11-09 15:00:00'),
('HX-122', 'case', 'HK-1', null, 'note', 'internal', null, 'supplier admits soft bearing in lot 26-04, 400 fans out there. replacement lot lands at the Ohio warehouse Nov 30', 'HU-3', '2026-11-13 11:30:00', '2026-11-13 11:30:00'),
('HX-123', 'case', 'HK-1', 'HC-08', 'call', 'outbound', 'plan', 'Told Curtis we swap all thirty, not just the eleven. Two nights, starting Dec 7. He wants the shoe thing kept out of the report.', 'HU-3', '2026-11-18 15:45:00', '2026-11-18 15:45:00'),

('HX-130', 'case', 'HK-2', 'HC-06', 'email', 'inbound', 'Paneel', 'Guten Morgen, im Wartezimmer Göggingen ist ein Wandpaneel heruntergekommen, zum Glück saß niemand darunter. Bitte prüfen Sie auch die übrigen acht. Foto anbei. Margit Ostermaier', 'HU-3', '2026-10-26 08:55:00', '2026-10-26 08:55:00'),
('HX-131', 'case', 'HK-2', 'HC-06', 'call', 'outbound', 'Untergrund', 'Wand wurde im August mit Latexfarbe gestrichen, da hält unser Kleber nicht. Schiene zum Schrauben vorgeschlagen, 9 Stück, kostenfrei.', 'HU-3', '2026-10-28 13:20:00', '2026-10-28 13:20:00'),
('HX-132', 'case', 'HK-2', 'HC-06', 'email', 'outbound', 'Termin Monteur', 'Sehr geehrte Frau Ostermaier, der Monteur könnte am 24. oder 26. November nach Praxisschluss kommen. Welcher Abend ist Ihnen lieber? Priya Nair', 'HU-3', '2026-11-10 11:10:00', '2026-11-10 11:10:00'),

('HX-140', 'case', 'HK-3', 'HC-02', 'email', 'inbound', 'It''s purple', 'We ordered heather grey, the box says heather grey, the panel is purple. The pupils adore it but the head does not. Des Achterberg', 'HU-3', '2026-11-09 12:50:00', '2026-11-09 12:50:00'),
('HX-141', 'case', 'HK-3', 'HC-02', 'call', 'outbound', 'swap', 'Des cannot close the rooms before the carol concert on 17 Dec. Mill confirmed wrong dye lot, 22 panels. Escalated since factory closes on the 18th.', 'HU-3', '2026-11-16 09:30:00', '2026-11-16 09:30:00'),
('HX-142', 'case', 'HK-3', null, 'note', 'internal', null, 'offer to leave the purple in one room for the pupils, saves us 6 panels', 'HU-3', '2026-11-16 09:40:00', '2026-11-16 09:40:00'),

('HX-150', 'contact', 'HC-07', 'HC-07', 'call', 'inbound', 'conference', 'Loretta asked if we would share a stage with her in Omaha, topic noise and turnover. 20 minutes, March 3. Said yes before she finished.', 'HU-4', '2026-10-13 18:00:00', '2026-10-13 18:00:00'),
('HX-151', 'contact', 'HC-07', 'HC-07', 'email', 'outbound', 'One page', 'Loretta, as you like it: one page, one chart, no logo. Complaints per hundred calls before and after, Ames floor 1. Glen', 'HU-4', '2026-10-27 17:00:00', '2026-10-27 17:00:00');

insert into task (id, what_type, what_id, subject, status, due_date, owner_id, updated_at) values
('HT-01', 'opportunity', 'HO-1', 'Shrink the tender PDF below 8 MB', 'open', '2026-11-19', 'HU-1', '2026-11-12 17:50:00'),
('HT-02', 'opportunity', 'HO-1', 'Ask Philippa for the scoring sheet', 'open', '2026-11-26', 'HU-1', '2026-11-13 08:45:00'),
('HT-03', 'opportunity', 'HO-2', 'One-sheet lease summary for Mr Stroud', 'open', '2026-11-23', 'HU-1', '2026-11-16 15:20:00'),
('HT-04', 'opportunity', 'HO-3', 'Messgerät für den Rohbau reservieren', 'open', '2026-11-18', 'HU-2', '2026-11-17 08:35:00'),
('HT-05', 'opportunity', 'HO-4', 'Check night crew for December', 'open', '2026-11-20', 'HU-4', '2026-11-18 20:10:00'),
('HT-06', 'opportunity', 'HO-4', 'Send sprinkler drawing to Curtis', 'open', '2026-11-02', 'HU-4', '2026-10-22 15:50:00'),
('HT-07', 'opportunity', 'HO-5', 'Try Ravenel again after Thanksgiving', 'open', '2026-12-01', 'HU-4', '2026-11-09 17:55:00'),
('HT-08', 'account', 'HA-07', 'Book the fire test', 'open', '2026-11-25', 'HU-1', '2026-10-29 10:00:00'),
('HT-09', 'account', 'HA-04', 'Aufmaß Friedberg einplanen', 'open', '2027-02-15', 'HU-2', '2026-11-03 12:00:00'),
('HT-10', 'lead', 'HL-2', 'Schufa-Auskunft Aydoğan einholen', 'open', '2026-11-24', 'HU-2', '2026-11-16 10:20:00'),
('HT-11', 'case', 'HK-1', 'Replacement fans to Des Moines', 'open', '2026-12-04', 'HU-3', '2026-11-18 16:00:00'),
('HT-12', 'case', 'HK-2', 'Bei Fr. Ostermaier wegen Abendtermin nachfragen', 'open', '2026-11-17', 'HU-3', '2026-11-10 11:15:00'),
('HT-13', 'contact', 'HC-07', 'Slides for Omaha', 'open', '2027-02-12', 'HU-4', '2026-10-13 18:10:00'),
('HT-14', 'account', 'HA-01', 'Ask finance about invoice 20711', 'open', '2026-11-18', 'HU-1', '2026-11-11 10:15:00');
