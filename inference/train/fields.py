"""Examples for enrichment: notes whose clauses are known by what they say, and the JSON document that follows from them.

A clause's kind tells mood, risk, intent and stage; in its text « » marks a topic and ‹ › the competitor. Grammar as in grammar_en.py."""
import json

# kind: (mood, risk level, intent of a case, intent of a lead, stage)
KINDS = {
    'happy': (1, None, None, None, None),
    'approved': (1, None, None, 'purchase', 'Negotiation'),
    'order': (1, None, None, 'purchase', 'Negotiation'),
    'thanks': (1, None, None, None, None),
    'furious': (-1, 'high', 'complaint', None, None),
    'complaint': (-1, 'medium', 'complaint', None, None),
    'fault': (-1, 'medium', 'fault', None, None),
    'cancel': (-1, 'high', 'cancellation', 'none', None),
    'lost': (-1, 'high', 'cancellation', 'none', None),
    'left': (0, 'high', None, None, None),
    'price': (-1, 'medium', 'complaint', 'evaluation', 'Negotiation'),
    'budget': (0, 'medium', None, None, None),
    'delay': (0, 'medium', None, None, None),
    'compare': (0, 'medium', None, 'evaluation', 'Proposal'),
    'legal': (0, 'medium', None, None, 'Negotiation'),
    'need': (0, None, 'change', 'evaluation', 'Needs Analysis'),
    'question': (0, None, 'question', 'information', 'Qualification'),
    'change': (0, None, 'change', None, None),
    'quote': (0, None, 'question', 'purchase', 'Proposal'),
    'partner': (0, None, None, 'partnership', 'Qualification'),
    'talk': (0, None, None, None, 'Prospecting'),
    'next': (0, None, None, None, None),
    'noise': (0, None, None, None, None),
}

EN = {
    'happy': '''{really |very |}happy with «the <product>»|likes «the <product>» {a lot|very much|}|{the|our} «{pilot|trial|test|demo|training}» went {well|very well|better than expected}|{great|good|positive} feedback on «the <product>»
|praised «{our support|the installation|the training|the documentation|the delivery}»|«the <product>» runs {without a hitch|smoothly|fine since @DATE}|{impressed by|convinced of|delighted with} «the <product>»|wants to recommend us to @ORG|<who3> {love|loves} «the <product>»''',
    'approved': '''{board|management|CFO|the plant manager} {has approved|approved|signed off} {«the budget»|@MONEY|«the business case»|«the order»}|{budget|funding|@MONEY} {is approved|is there|confirmed}|<who3> agreed to «{our terms|the contract|the price|the start date}»|{legal|purchasing} {is fine with|accepts} «the contract»''',
    'order': '''wants to {order|buy} @NUM «<head>»|{order|purchase order} {for|over} @MONEY {is on the way|comes @DATE|came in}|{ready to sign|will sign} {on @DATE|<time>|this week}|would like to extend «the {contract|licence|subscription}» {by a year|until @DATE}|verbal yes to «the <product>»''',
    'thanks': '''{many |}thanks for {«the quick repair»|«the fast delivery»|your help with «the <product>»|«the replacement»}|problem with «the <product>» is {solved|fixed|gone}, {everything works|all good|very grateful}''',
    'furious': '''{is|was} {furious|livid|really angry|very angry} about «{the <product>|the downtime|the delay|the invoice|the response times}»|threatens {with a lawyer|to go to the press|to stop all payments} because of «the <product>»|{shouted at me|was shouting} because of «the {delay|<head>|invoice}»|this is the {third|fourth|fifth} time that «the <product>» {failed|broke|arrived late} and {they have|she has|he has} had enough''',
    'complaint': '''{complains|complained} about «{the response times|the late delivery|the invoice|the quality|the manual|the noise|the <product>}»|{unhappy|not happy|disappointed} with «{the <product>|our support|the training|the delivery}»|{waits|is waiting} for «{the <head>|the credit note|an answer|the spare part}» since @DATE and is {annoyed|losing patience}|«the {invoice|delivery|<head>}» was wrong {again|twice|once more}''',
    'fault': '''«the <product>» {stopped|stops|fails|crashes|leaks|overheats|loses data|shows an error} {again|every night|since @DATE|after the update|under load|}|{error|alarm} @NUM on «the <product>»|«the <product>» {arrived damaged|is broken|does not start|is down since @DATE}|@NUM of the «<head>» {are defective|do not work}''',
    'cancel': '''wants to {cancel|terminate|end} «the {contract|subscription|order|maintenance|<head>}» {<time>|}|{has given notice|gives notice} for «the {contract|licences|<product>}»|will not renew «the {contract|subscription|licences}»|{stops|is stopping} «the {project|pilot|rollout}» {<time>|}''',
    'lost': '''decided for ‹@ORG›{ because of «the price»| because of «the delivery time»|}|{the order|the deal|the tender} went to ‹@ORG›|{chose|picked} ‹@ORG› instead of us|we lost {it |}to ‹@ORG› on «{price|delivery time|contract length|references}»''',
    'left': '''{our sponsor|our champion|the project lead|@PERSON} {has left|left|is leaving} {the company|<time>}|@PERSON {is on leave|is gone} and {nobody|no one} {took over|decides}|new {managing director|head of purchasing|owner} wants to look at everything again''',
    'price': '''{finds|thinks} «the {price|offer|quote}» {is |}{too high|far too high|too expensive}|wants @NUM% {off|discount} on «the <product>»|says we are @NUM% above ‹@ORG›|«the price» of @MONEY is {above budget|over the limit|not acceptable}|asks for «better payment terms»''',
    'budget': '''«budget» {frozen|is frozen|cut to @MONEY|on hold|not approved yet|moved to next year|still open}|no «budget» {before @DATE|this year|until the autumn}|{spending stop|investment freeze} {until @DATE|in the whole group|}''',
    'delay': '''«{decision|kick-off|go-live|installation|board meeting|signature}» {postponed|moved|pushed back} {to @DATE|<time>|}|«{decision|answer|feedback|order}» {is late|still missing|overdue since @DATE}|{did not come back to us|no answer|silence} {since @DATE|for @DAYS|after three e-mails}|«{delivery|installation|project}» is behind schedule''',
    'compare': '''{is|are} comparing us with ‹@ORG›|{also talks|talks} to ‹@ORG›|{has|got} an offer from ‹@ORG› {over @MONEY|for «the <product>»|}|‹@ORG› {is also in the race|showed a demo|offers @MONEY|is cheaper}|current supplier is ‹@ORG›''',
    'legal': '''{legal|the lawyers|the data protection officer} {has|have} {concerns|questions|objections} about «{the contract|data protection|liability|clause @NUM|the warranty}»|wants a «penalty clause» {in the contract|of @MONEY}|does not accept «{our terms|the liability cap|the notice period}»''',
    'need': '''needs «<product>» for @NUM {users|sites|lines|branches|trucks}|looks for «{a|a new} <product>»|has to replace «the old <head>» {<time>|}|main pain is «{the <head>|manual work|paper|downtime|double entries}»|must have: «{an interface to ~w|offline use|a night shift mode|audit trail|German manuals}»''',
    'question': '''{asks|asked|wants to know} {whether|if} «the <product>» {works with ~w|can be rented|is certified|fits the <noun>}|{asks|asked} about «{the warranty|delivery times|the <product>|references|training|the notice period}»|how long does «{the installation|the delivery|the update}» take?|can we get «{a data sheet|a price list|a demo|references}»?''',
    'change': '''wants to move «{the delivery|the installation|the training|the appointment}» to @DATE|please change «{the delivery address|the invoice address|the contact person|the number of users}»|wants @NUM «<head>» {more|less|instead of @NUM}''',
    'quote': '''{asks|asked} for {a|an updated|a revised} «{quote|offer|price list}» {for @NUM <head>|for «the <product>»|}|we sent «the {offer|quote|proposal}» {over @MONEY|of @DATE|}|«offer» over @MONEY is with purchasing|wants «prices» for «<product>»''',
    'partner': '''would like to {sell|resell|distribute} «the <product>» {in @PLACE|to their customers|}|suggests a «{partnership|joint project|cooperation}»|wants to become a {reseller|partner} for «the <product>»''',
    'talk': '''met at {the trade fair|the booth|a dinner}|{first call|short call|intro call}, {nice talk|more <time>|}|took a «brochure»|{has |}downloaded «the {white paper|price guide|case study}»|left a voicemail|visited the {plant|office|warehouse} {in @PLACE|}''',
    'next': '''{send|I send|we send} {the revised quote|the contract draft|references|the data sheet|a sample|the credit note} {by @DATE|on @DATE|<time>}|{call|I call|call back} {@PERSON|on @DATE|<time>}|{demo|meeting|visit|review call|workshop} {with @PERSON on @DATE|on @DATE|planned for @DATE}|{technician|engineer|@STAFF} comes {on @DATE|<time>}|{order|book|prepare|clarify|check} {the spare part|the <head>|a date|the rollout plan} {by @DATE|with @PERSON|<time>}''',
}
DE = {
    'happy': '''{sehr |}zufrieden mit «{dem|der} <product>»|{ist|war} begeistert {vom|von} «<product>»|«{Pilot|Test|Vorführung|Schulung}» lief {gut|sehr gut|besser als erwartet}|{gute|sehr gute|positive} Rückmeldung zu «<product>»|lobt «{unseren Service|die Montage|die Schulung|die Lieferung}»|«<product>» läuft {rund|ohne Probleme|seit @DATE einwandfrei}|will uns bei @ORG empfehlen''',
    'approved': '''{Vorstand|Geschäftsführung|GF|Werkleiter} hat {«das Budget»|@MONEY|«den Auftrag»} {freigegeben|genehmigt}|{Budget|Geld|@MONEY} {ist da|ist freigegeben|steht}|<who3> {ist|sind} mit «{dem Preis|dem Vertrag|dem Termin}» einverstanden|Einkauf akzeptiert «{den Vertrag|unsere Bedingungen}»''',
    'order': '''will @NUM «<head>» {bestellen|kaufen}|Bestellung über @MONEY {kommt am @DATE|ist unterwegs|liegt vor}|{unterschreibt|will unterschreiben} {am @DATE|<time>|diese Woche}|möchte «{den Vertrag|die Wartung|die Lizenzen}» {um ein Jahr|bis @DATE} verlängern|mündliche Zusage für «<product>»''',
    'thanks': '''{vielen |}Dank für «{die schnelle Reparatur|die schnelle Lieferung|die Hilfe|den Ersatz}»|Problem mit «<product>» ist {gelöst|behoben}, {alles läuft|alles gut}''',
    'furious': '''{ist|war} {stinksauer|wütend|außer sich} wegen «{der Ausfälle|der Verzögerung|der Rechnung|<product>}»|droht mit {dem Anwalt|Zahlungsstopp|der Presse} wegen «<product>»|hat {mich |}am Telefon geschrien wegen «{der Lieferung|der Rechnung}»|zum {dritten|vierten|fünften} Mal «<product>» {ausgefallen|kaputt|zu spät}, jetzt reicht es {ihm|ihr|ihnen}''',
    'complaint': '''beschwert sich über «{die Reaktionszeit|die verspätete Lieferung|die Rechnung|die Qualität|die Anleitung|den Lärm}»|{unzufrieden|nicht zufrieden|enttäuscht} mit «{<product>|unserem Service|der Schulung|der Lieferung}»|wartet seit @DATE auf «{<head>|die Gutschrift|eine Antwort|das Ersatzteil}» und {ist genervt|verliert die Geduld}|«{Rechnung|Lieferung|<head>}» {wieder|schon wieder|erneut} falsch''',
    'fault': '''«<product>» {fällt aus|steht|stürzt ab|tropft|überhitzt|verliert Daten|zeigt Fehler} {wieder|jede Nacht|seit @DATE|nach dem Update|unter Last|}|{Fehler|Alarm} @NUM an «<product>»|«<product>» {beschädigt angekommen|defekt|startet nicht|steht seit @DATE}|@NUM «<head>» {defekt|ohne Funktion}''',
    'cancel': '''will «{den Vertrag|das Abo|den Auftrag|die Wartung}» kündigen {<time>|}|kündigt «{den Vertrag|die Lizenzen|die Wartung}»|verlängert «{den Vertrag|das Abo|die Lizenzen}» nicht|stoppt «{das Projekt|den Piloten|den Rollout}» {<time>|}''',
    'lost': '''hat sich für ‹@ORG› entschieden{ wegen «Preis»| wegen «Lieferzeit»|}|{Auftrag|Ausschreibung} ging an ‹@ORG›|nimmt ‹@ORG› statt uns|an ‹@ORG› verloren wegen «{Preis|Lieferzeit|Laufzeit|Referenzen}»''',
    'left': '''{unser Fürsprecher|der Projektleiter|@PERSON} {hat die Firma verlassen|geht {<time>|zum @DATE}|ist weg}|@PERSON {ist in Elternzeit|fällt aus} und niemand {entscheidet|übernimmt}|{neuer Geschäftsführer|neue Einkaufsleiterin} will alles noch einmal prüfen''',
    'price': '''findet «{den Preis|das Angebot}» {zu hoch|viel zu hoch|zu teuer}|will @NUM% {Rabatt|Nachlass} auf «<product>»|sagt, wir liegen @NUM% über ‹@ORG›|«Preis» von @MONEY {über dem Budget|nicht akzeptabel}|verlangt «bessere Zahlungsbedingungen»''',
    'budget': '''«Budget» {eingefroren|gestrichen|auf @MONEY gekürzt|noch nicht frei|erst nächstes Jahr|noch offen}|kein «Budget» {vor @DATE|dieses Jahr|bis Herbst}|{Ausgabenstopp|Investitionsstopp} {bis @DATE|im ganzen Konzern|}''',
    'delay': '''«{Entscheidung|Kick-off|Inbetriebnahme|Montage|Vorstandssitzung|Unterschrift}» {verschoben|vertagt} {auf @DATE|<time>|}|«{Entscheidung|Antwort|Rückmeldung|Bestellung}» {fehlt noch|seit @DATE überfällig}|{meldet sich nicht|keine Antwort|Funkstille} {seit @DATE|seit @DAYS|nach drei Mails}|«{Lieferung|Montage|Projekt}» hängt hinterher''',
    'compare': '''vergleicht uns mit ‹@ORG›|spricht auch mit ‹@ORG›|hat ein Angebot von ‹@ORG› {über @MONEY|für «<product>»|}|‹@ORG› {ist auch im Rennen|war zur Vorführung da|bietet @MONEY|ist billiger}|bisheriger Lieferant ist ‹@ORG›''',
    'legal': '''{Rechtsabteilung|Datenschutz|der Anwalt} hat {Bedenken|Fragen|Einwände} zu «{Vertrag|Datenschutz|Haftung|Gewährleistung}»|will eine «Vertragsstrafe» {im Vertrag|von @MONEY}|akzeptiert «{unsere AGB|die Haftungsgrenze|die Kündigungsfrist}» nicht''',
    'need': '''braucht «<product>» für @NUM {Nutzer|Standorte|Linien|Filialen|Fahrzeuge}|sucht «<product>»|muss «{das alte System|die alte Anlage|<head>}» ersetzen {<time>|}|größtes Problem: «{<head>|Handarbeit|Papier|Stillstand|doppelte Erfassung}»|Muss: «{Schnittstelle zu ~w|Offline-Betrieb|Prüfprotokoll|deutsche Anleitung}»''',
    'question': '''{fragt|will wissen}, ob «<product>» {mit ~w läuft|gemietet werden kann|zertifiziert ist|in die Halle passt}|fragt nach «{Gewährleistung|Lieferzeit|<product>|Referenzen|Schulung|Kündigungsfrist}»|wie lange dauert «{die Montage|die Lieferung|das Update}»?|können wir «{ein Datenblatt|eine Preisliste|eine Vorführung|Referenzen}» bekommen?''',
    'change': '''will «{Lieferung|Montage|Schulung|Termin}» auf @DATE verschieben|bitte «{Lieferadresse|Rechnungsadresse|Ansprechpartner|Nutzerzahl}» ändern|will @NUM «<head>» {mehr|weniger|statt @NUM}''',
    'quote': '''{will|möchte} {ein|ein neues|ein überarbeitetes} «Angebot» {für @NUM <head>|für «<product>»|}|wir haben «das Angebot» {über @MONEY|vom @DATE|} geschickt|«Angebot» über @MONEY liegt beim Einkauf|will «Preise» für «<product>»''',
    'partner': '''möchte «<product>» {in @PLACE|bei den eigenen Kunden|} vertreiben|schlägt eine «{Partnerschaft|Zusammenarbeit}» vor|will {Händler|Partner} für «<product>» werden''',
    'talk': '''{auf der Messe|am Stand|beim Abendessen} getroffen|{erstes Telefonat|kurzes Telefonat}, {nettes Gespräch|mehr <time>|}|hat «Prospekt» mitgenommen|hat «{Leitfaden|Fallstudie}» heruntergeladen|Mailbox|{Werk|Büro|Lager} {in @PLACE|} besucht''',
    'next': '''{schicke|wir schicken} {das neue Angebot|den Vertragsentwurf|Referenzen|das Datenblatt|ein Muster|die Gutschrift} {bis @DATE|am @DATE|<time>}|{Rückruf|rufe an} {am @DATE|bei @PERSON|<time>}|{Vorführung|Treffen|Besuch|Workshop} {mit @PERSON am @DATE|am @DATE|geplant für @DATE}|{Techniker|Monteur|@STAFF} kommt {am @DATE|<time>}|{Ersatzteil bestellen|Termin abstimmen|<head> prüfen|Rolloutplan vorbereiten} {bis @DATE|mit @PERSON|<time>}''',
}
GRAMMAR = {'en': {k: v.replace('\n', '') for k, v in EN.items()}, 'de': {k: v.replace('\n', '') for k, v in DE.items()}}

# How often each kind comes, by object.
WEIGHTS = {
    'opportunity': dict(happy=3, approved=3, order=2, complaint=1, furious=1, cancel=1, lost=2, left=2, price=4, budget=3, delay=3, compare=4, legal=2, need=4, question=2, quote=3, talk=2, next=6, noise=3),
    'lead': dict(happy=2, order=2, need=4, question=4, quote=3, partner=3, compare=3, budget=2, talk=4, cancel=1, lost=1, price=2, next=4, noise=3),
    'case': dict(furious=3, complaint=4, fault=7, question=4, change=4, cancel=2, thanks=3, happy=1, delay=2, next=6, noise=3),
    'account': dict(happy=3, order=2, complaint=3, furious=1, cancel=2, left=2, price=2, compare=3, need=2, question=2, delay=2, budget=2, next=4, noise=3),
    'contact': dict(happy=3, complaint=3, left=1, need=2, question=3, quote=2, compare=2, talk=3, price=2, next=4, noise=3),
}
LEVELS = {None: 0, 'medium': 1, 'high': 2}
NAMES = ['low', 'medium', 'high']
STAGES = ['Prospecting', 'Qualification', 'Needs Analysis', 'Proposal', 'Negotiation']
CASES = ['question', 'change', 'fault', 'complaint', 'cancellation']  # the graver one wins
LEADS = ['none', 'information', 'evaluation', 'partnership', 'purchase']
ARTICLES = ('the ', 'a ', 'an ', 'our ', 'der ', 'die ', 'das ', 'den ', 'dem ', 'ein ', 'eine ', 'einen ', 'unsere ', 'unseren ', 'unserem ')


class Note:
    """What the clauses say, the graver and the later of two things first."""

    def __init__(self):
        self.moods, self.risk, self.reason, self.topics, self.competitor, self.next = set(), 0, None, [], None, None
        self.stage, self.case, self.lead = None, None, None

    def take(self, kind, text, topics, competitor):
        mood, risk, case, lead, stage = KINDS[kind]
        self.moods.add(mood)
        text = text if len(text) <= 160 else None
        if LEVELS[risk] > self.risk:
            self.risk, self.reason = LEVELS[risk], text
        for t in topics:
            if len(t) >= 3 and len(t) <= 40 and t.lower() not in (x.lower() for x in self.topics) and len(self.topics) < 5:
                self.topics.append(t)
        self.competitor = self.competitor or competitor
        if kind == 'next':
            self.next = self.next or text
        if stage and (self.stage is None or STAGES.index(stage) > STAGES.index(self.stage)):
            self.stage = stage
        if case and (self.case is None or CASES.index(case) > CASES.index(self.case)):
            self.case = case
        if lead and (self.lead is None or LEADS.index(lead) > LEADS.index(self.lead)):
            self.lead = lead

    def sentiment(self):
        return {(True, True): 'mixed', (True, False): 'positive', (False, True): 'negative'}.get((1 in self.moods, -1 in self.moods), 'neutral')


def unmark(text):
    """Without the marks; the topics (no slots, no article) and the competitor that they held."""
    topics = []
    competitor = None
    out = ''
    open_at = None
    for ch in text:
        if ch in '«‹':
            open_at = len(out)
        elif ch == '»':
            t = out[open_at:]
            for a in ARTICLES:
                t = t.removeprefix(a)
            if '[' not in t:
                topics.append(t)
        elif ch == '›':
            competitor = out[open_at:]
        else:
            out += ch
    return out, topics, competitor


def clause(g, lang, kind, messy):
    if kind == 'noise':
        return (g.random_clause(lang) if g.maybe(0.6) else g.rule('filler', lang)), [], None
    text = g.x(GRAMMAR[lang][kind], lang).strip().replace(' ?', '?')
    text, topics, competitor = unmark(text)
    mistyped = messy(g, text, lang, g.r.choice([0, 0, 0, 1]))
    if all(t in mistyped for t in topics):
        text = mistyped
    return ' '.join(text.split()), topics, competitor


def sentence(text):
    """As policy/passages.c writes it."""
    text = text.strip(' ,;/-')
    return text[:1].upper() + text[1:] + ('' if text[-1:] in '.!?' else '.')


def heads(topics):
    """Of each topic the word that the others belong to."""
    return [w for w in (t.split()[-1] for t in topics if t) if len(w) >= 4 and w.isalpha()]


def body(g, lang, obj, said, messy, n):
    weights = WEIGHTS[obj]
    parts = []
    for kind in g.r.choices(list(weights), list(weights.values()), k=n):
        text, topics, competitor = clause(g, lang, kind, messy)
        if len(text) > 120:
            continue
        if g.maybe(0.6):
            text = text[:1].upper() + text[1:]
            topics = [t if t in text else t[:1].upper() + t[1:] for t in topics]
        parts.append((kind, text, topics, competitor))
    sep = g.r.choice(['. ', '. ', '. ', '. ', '. ', '; ', ', ', ' - '])
    whole = sep.join(text for _, text, _, _ in parts)
    for kind, text, topics, competitor in parts:
        said.take(kind, sentence(text if sep == '. ' else whole), heads(topics), competitor)
    return whole + ('' if whole.endswith('?') else '.')


def fields(g, obj, f, messy):
    """Adds notes to the record's fields; returns the document."""
    said = Note()
    lang = g.lang if g.maybe(0.93) else {'en': 'de', 'de': 'en'}[g.lang]
    f.pop('notes', None)
    if g.maybe(0.4):
        f['notes'] = body(g, lang, obj, said, messy, g.r.choice([1, 1, 2]))
    f['activities'] = []
    for _ in range(g.r.choice([1, 1, 2, 2, 3, 4]) if g.maybe(0.99) else 0):
        kind = g.r.choice(['call', 'call', 'email', 'email', 'meeting', 'note', 'visit'])
        f['activities'].append(dict(kind=kind, direction=g.r.choice(['inbound', 'outbound']) if kind in ('call', 'email') else 'internal',
                                    subject=g.x('<product>|<casesubject>|<head>|Re: <product>|~w', lang), body=body(g, lang, obj, said, messy, g.r.choice([1, 1, 2, 2, 3]))))
    overdue = f['facts'].get('close_overdue') if obj == 'opportunity' else None
    if overdue and said.risk == 0:
        said.risk = 1
    risk = {'level': NAMES[said.risk], 'reason': said.reason}
    step = f.get('next_step') if obj == 'opportunity' else None
    doc = {'next_step': sentence(step) if step else said.next, 'sentiment': said.sentiment()}
    if obj != 'lead':
        doc['risk'] = risk
    if obj == 'case':
        doc['intent'] = said.case or 'question'
    if obj == 'lead':
        doc['intent'] = said.lead or 'none'
    doc['topics'] = said.topics
    if obj != 'case':
        doc['competitor'] = (f.get('competitor') if obj == 'opportunity' else None) or said.competitor
    if obj == 'opportunity':
        closed = f.get('stage', '').startswith(('Closed', 'Geschlossen', 'Gewonnen', 'Verloren'))
        doc['suggested_stage'] = None if closed or not (f['activities'] or f.get('notes')) else said.stage
    return json.dumps(doc, ensure_ascii=False, separators=(',', ':'))
