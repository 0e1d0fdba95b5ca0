"""Reference answers for the steps state, next, subject and mail: composed from the fields that are there, and from all of them."""
import re

from grammar_en import VERBS

CLOSED = ('Closed', 'Resolved', 'Converted', 'Unqualified', 'Geschlossen', 'Gewonnen', 'Verloren', 'Gelöst')


def cap(s):
    s = re.sub(r' +', ' ', s).strip()
    return s[:1].upper() + s[1:]


def strip_end(s):
    return s.rstrip(' .;!?')


def low_verb(s):
    """'Send revised quote' as a verb phrase, or None when it doesn't begin with a verb."""
    first = s.split(' ')[0]
    return s[:1].lower() + s[1:] if first.lower() in VERBS else None


def join(parts, word):
    return parts[0] if len(parts) == 1 else ', '.join(parts[:-1]) + f', {word} ' + parts[-1]


def is_closed(f):
    return f.get('stage', '').startswith(CLOSED) or f.get('status', '').startswith(CLOSED)


def on_file(g, kept, words):
    """The description's first clause, word for word."""
    return '; ' + g.r.choice(words) + strip_end(kept[0][0]) if kept else ''


def deals(f, word):
    items = [', '.join(filter(None, (strip_end(d['name']), d.get('stage'), d.get('amount')))) for d in f.get('opportunities', [])[:2]]
    return f'; {word}: ' + '; '.join(items) if items else ''


# ---------------------------------------------------------------------------------------------- state

def contact_en(g, facts):
    d = facts.get('days_since_contact')
    return g.r.choice([f'the last contact was {d} ago', f'the last contact dates back {d}']) if d else 'no contact is recorded so far'


def opportunity_en(g, f, account, person):
    name, amount, kind, facts = f.get('name'), f.get('amount'), f.get('type'), f['facts']
    what = f'{"an" if kind[0].lower() in "aeiou" else "a"} {kind} opportunity' if kind else 'an opportunity'
    first = f'{name or "This"} is {what}'
    first += g.r.choice([f' with {account}', f' at {account}']) if account else ''
    first += f' worth {amount}' if amount else ''
    first += f', from the source {f["lead_source"]}' if f.get('lead_source') else ''
    first += f'; the contact is {person}' if person else ''
    stage, days, close, second = f.get('stage'), facts.get('days_in_stage'), f.get('close_date'), []
    if stage:
        second.append(f'it has been in stage {stage} for {days}' if days else f'it is in stage {stage}')
    if close and is_closed(f):
        second.append(f'the close date was {close}')
    elif close and facts.get('close_overdue'):
        second.append(f'the close date {close} passed {facts["close_overdue"]} ago')
    elif close and facts.get('days_to_close'):
        second.append(f'the close date is {close} (in {facts["days_to_close"]})')
    elif close:
        second.append(f'the close date is {close}')
    if f.get('competitor'):
        second.append(f'the competitor is {f["competitor"]}')
    return first, second


def account_en(g, f):
    bits = [f'an account of type {f["type"]}'] if f.get('type') else ['an account'] if f.get('industry') else ['an account in our records']
    bits += [f'in the industry {f["industry"]}'] if f.get('industry') else []
    return (f.get('name') or 'This account') + ' is ' + ' '.join(bits) + (f', rated {f["rating"]}' if f.get('rating') else ''), []


def person_en(g, obj, f, account):
    name = f.get('full_name') or f'This {obj}'
    job, org = f.get('job_title'), f.get('company') if obj == 'lead' else account
    first = name + ' is ' + (job or ('a lead' if obj == 'lead' else 'a contact')) + (f' at {org}' if org else '')
    first += f', from the source {f["lead_source"]}' if f.get('lead_source') else ''
    second = []
    if f.get('status'):
        second.append(f'the lead has the status {f["status"]}' + (f' and the rating {f["rating"]}' if f.get('rating') else ''))
    elif f.get('rating'):
        second.append(f'the lead has the rating {f["rating"]}')
    return first, second


def case_en(g, f, account, person):
    first = 'The case' + (f' "{f["subject"]}"' if f.get('subject') else '') + (f' of {account}' if account else '')
    first += f', reported by {person},' if person else ''
    status, priority = f.get('status'), f.get('priority')
    first += f' has the status {status}' if status else ''
    first += f'{" and" if status else " has"} priority {priority}' if priority else '' if status else ' is on record'
    age = f['facts'].get('case_age')
    return first, [f'it has been open for {age}'] if age else []


def state_en(g, obj, f, kept):
    account, person = f.get('account', {}).get('name'), f.get('contact', {}).get('full_name')
    first, second = (opportunity_en(g, f, account, person) if obj == 'opportunity' else account_en(g, f) if obj == 'account'
                     else case_en(g, f, account, person) if obj == 'case' else person_en(g, obj, f, account))
    second.append(contact_en(g, f['facts']))
    return cap(first) + '. ' + cap(join(second, 'and')) + deals(f, 'deals') + on_file(g, kept, ['the record says: ', 'on file: ']) + '.'


def contact_de(g, facts):
    d = facts.get('days_since_contact')
    return g.r.choice([f'der letzte Kontakt war vor {d}', f'der letzte Kontakt liegt {d} zurück']) if d else 'ein Kontakt ist noch nicht erfasst'


def opportunity_de(g, f, account, person):
    name, amount, kind, facts = f.get('name'), f.get('amount'), f.get('type'), f['facts']
    first = f'{name or "Dies"} ist eine Verkaufschance' + (f' vom Typ {kind}' if kind else '')
    first += g.r.choice([f' mit {account}', f' bei {account}']) if account else ''
    first += f' im Wert von {amount}' if amount else ''
    first += f', Quelle {f["lead_source"]}' if f.get('lead_source') else ''
    first += f'; Ansprechpartner: {person}' if person else ''
    stage, days, close, second = f.get('stage'), facts.get('days_in_stage'), f.get('close_date'), []
    if stage:
        second.append(f'sie steht seit {days} in der Phase {stage}' if days else f'sie steht in der Phase {stage}')
    if close and is_closed(f):
        second.append(f'das Abschlussdatum war {close}')
    elif close and facts.get('close_overdue'):
        second.append(f'das Abschlussdatum {close} ist seit {facts["close_overdue"]} überschritten')
    elif close and facts.get('days_to_close'):
        second.append(f'der Abschluss ist für {close} geplant (in {facts["days_to_close"]})')
    elif close:
        second.append(f'der Abschluss ist für {close} geplant')
    if f.get('competitor'):
        second.append(f'Wettbewerber ist {f["competitor"]}')
    return first, second


def account_de(g, f):
    first = (f.get('name') or 'Dieser Account') + ' ist ein Account' + (f' vom Typ {f["type"]}' if f.get('type') else '')
    first += f' aus der Branche {f["industry"]}' if f.get('industry') else ''
    return first + (f', Einstufung {f["rating"]}' if f.get('rating') else ''), []


def person_de(g, obj, f, account):
    name = f.get('full_name') or ('Dieser Lead' if obj == 'lead' else 'Dieser Kontakt')
    job, org = f.get('job_title'), f.get('company') if obj == 'lead' else account
    first = name + ' ist ' + (job or ('ein Lead' if obj == 'lead' else 'ein Kontakt')) + (f' bei {org}' if org else '')
    first += f', Quelle {f["lead_source"]}' if f.get('lead_source') else ''
    second = []
    if f.get('status'):
        second.append(f'der Lead hat den Status {f["status"]}' + (f' und die Einstufung {f["rating"]}' if f.get('rating') else ''))
    elif f.get('rating'):
        second.append(f'der Lead hat die Einstufung {f["rating"]}')
    return first, second


def case_de(g, f, account, person):
    first = 'Der Fall' + (f' "{f["subject"]}"' if f.get('subject') else '') + (f' von {account}' if account else '')
    first += f', gemeldet von {person},' if person else ''
    status, priority = f.get('status'), f.get('priority')
    first += f' hat den Status {status}' if status else ''
    first += f'{" und" if status else " hat"} die Priorität {priority}' if priority else '' if status else ' ist erfasst'
    age = f['facts'].get('case_age')
    return first, [f'er ist seit {age} offen'] if age else []


def state_de(g, obj, f, kept):
    account, person = f.get('account', {}).get('name'), f.get('contact', {}).get('full_name')
    first, second = (opportunity_de(g, f, account, person) if obj == 'opportunity' else account_de(g, f) if obj == 'account'
                     else case_de(g, f, account, person) if obj == 'case' else person_de(g, obj, f, account))
    second.append(contact_de(g, f['facts']))
    return cap(first) + '. ' + cap(join(second, 'und')) + deals(f, 'Verkaufschancen') + on_file(g, kept, ['in der Beschreibung steht: ', 'im Datensatz steht: ']) + '.'


# ---------------------------------------------------------------------------------------------- next

def task_en(t):
    return strip_end(t['subject']) + (f', due {t["due_date"]}' if t.get('due_date') else '') + (f', overdue by {t["overdue"]}' if t.get('overdue') else '')


def task_de(t):
    return strip_end(t['subject']) + (f', fällig am {t["due_date"]}' if t.get('due_date') else '') + (f', seit {t["overdue"]} überfällig' if t.get('overdue') else '')


def next_en(g, obj, f, kept):
    facts, tasks, closed, step = f['facts'], list(f.get('tasks', [])[:3]), is_closed(f), f.get('next_step')
    state = f.get('stage') if obj == 'opportunity' else f.get('status')
    if step:
        vp = low_verb(strip_end(step))
        first = g.r.choice([f'The next step is to {vp}', f'Next, the plan is to {vp}']) if vp else f'Next step: {strip_end(step)}'
    elif tasks:
        first = f'Open task: {task_en(tasks.pop(0))}'
    else:
        at = f' in stage {state}' if state and obj == 'opportunity' else f' with status {state}' if state else f' for this {obj}'
        first = f'No further step is planned{at}' if closed else g.r.choice([f'No next step is recorded{at}', f'No next step is on record{at}', f'A next step is missing{at}'])
        since = facts.get('days_since_contact')
        first += g.r.choice([f', and the last contact was {since} ago', f'; the last contact dates back {since}']) if since else ''
    if facts.get('days_to_close') and obj == 'opportunity' and not closed:
        first += f'; {facts["days_to_close"]} remain until the close date'
    second = []
    if facts.get('close_overdue') and obj == 'opportunity' and not closed:
        second.append(f'the close date passed {facts["close_overdue"]} ago')
    if facts.get('opted_out'):
        second.append('no e-mail is wanted, so use the phone')
    if not facts.get('days_since_contact') and not closed:
        second.append('no contact is recorded')
    text = 'Risk: ' + join(second, 'and') if second else ''
    if tasks:
        text += ('; also open: ' if text else 'Also open: ') + '; '.join(task_en(t) for t in tasks)
    return cap(first) + '.' + (' ' + text + '.' if text else '')


def next_de(g, obj, f, kept):
    facts, tasks, closed, step = f['facts'], list(f.get('tasks', [])[:3]), is_closed(f), f.get('next_step')
    state = f.get('stage') if obj == 'opportunity' else f.get('status')
    if step:
        first = g.r.choice(['Der nächste Schritt: ', 'Als Nächstes geplant: ']) + strip_end(step)
    elif tasks:
        first = f'Offene Aufgabe: {task_de(tasks.pop(0))}'
    else:
        at = f' in der Phase {state}' if state and obj == 'opportunity' else f' beim Status {state}' if state else ''
        first = f'Ein weiterer Schritt ist{at} nicht geplant' if closed else g.r.choice([f'Ein nächster Schritt ist{at} nicht erfasst', f'Ein nächster Schritt fehlt{at}'])
        since = facts.get('days_since_contact')
        first += g.r.choice([f', und der letzte Kontakt war vor {since}', f'; der letzte Kontakt liegt {since} zurück']) if since else ''
    if facts.get('days_to_close') and obj == 'opportunity' and not closed:
        first += f'; bis zum Abschlussdatum bleiben {facts["days_to_close"]}'
    second = []
    if facts.get('close_overdue') and obj == 'opportunity' and not closed:
        second.append(f'das Abschlussdatum ist seit {facts["close_overdue"]} überschritten')
    if facts.get('opted_out'):
        second.append('E-Mails sind nicht erwünscht')
    if not facts.get('days_since_contact') and not closed:
        second.append('ein Kontakt ist nicht erfasst')
    text = 'Risiko: ' + join(second, 'und') if second else ''
    if tasks:
        text += ('; ebenfalls offen: ' if text else 'Ebenfalls offen: ') + '; '.join(task_de(t) for t in tasks)
    return cap(first) + '.' + (' ' + text + '.' if text else '')


# ---------------------------------------------------------------------------------------------- subject and mail

def topic(f, obj):
    """What the draft is about: the record's own name, and the company."""
    name = None if obj == 'account' else f.get('name') or f.get('subject')
    org = f.get('company') or f.get('account', {}).get('name') or (f.get('name') if obj == 'account' else None)
    return strip_end(name) if name else None, org


SUBJECTS = {
    'en': {
        'follow-up': 'Following up: T|Next steps: T|T: where we stand|A question about T|Open points: T|T: next steps', 'introduction': 'Introduction: T|Getting in touch: T', 'meeting': 'Meeting about T|Request for a meeting: T',
        'proposal-reminder': 'Our proposal: T|Reminder of our proposal: T', 'renewal': 'Renewal: T|Upcoming renewal: T', 'thank-you': 'Thank you: T|Thank you for your time: T',
        're-engagement': 'Still of interest: T|Picking up again: T', 'case-update': 'Update on your case: T|Status of your case: T', 'apology': 'Our apologies: T|Apology: T', 'reply': 'Your message: T|Reply to your message: T'},
    'de': {
        'follow-up': 'Nächste Schritte: T|Rückfrage: T|Stand der Dinge: T|Eine Frage zu T|Offene Punkte: T', 'introduction': 'Vorstellung: T|Erstes Gespräch: T', 'meeting': 'Terminvorschlag: T|Bitte um einen Termin: T',
        'proposal-reminder': 'Unser Angebot: T|Erinnerung an unser Angebot: T', 'renewal': 'Verlängerung: T|Anstehende Verlängerung: T', 'thank-you': 'Vielen Dank: T|Danke für das Gespräch: T',
        're-engagement': 'Weiterhin Interesse: T|Neuer Anlauf: T', 'case-update': 'Stand Ihres Falls: T|Ihr Fall: T', 'apology': 'Entschuldigung: T|Bitte um Entschuldigung: T', 'reply': 'Ihre Nachricht: T|Antwort auf Ihre Nachricht: T'}}


def subject(g, obj, f, intent, lang):
    name, org = topic(f, obj)
    t = name or org or {'en': 'open points', 'de': 'offene Punkte'}[lang]
    return re.sub(r'\bT\b', lambda m: t, g.r.choice(SUBJECTS[lang][intent].split('|')), count=1)


def subject_en(g, obj, f, intent, tone):
    return subject(g, obj, f, intent, 'en')


def subject_de(g, obj, f, intent, tone):
    return subject(g, obj, f, intent, 'de')


def to_you(text, to, lang):
    """The addressee is not spoken of in the third person."""
    if not to:
        return text
    who = r'(?:(?:Hrn?\.|Herrn?|Frau|Fr\.|Mr\.?|Mrs\.?|Ms\.?|Dr\.) )*' + re.escape(to)
    if lang == 'en':
        text = re.sub(who + "'s", 'your', text)
        return re.sub(who, 'you', text)
    text = re.sub(r'\b([Mm]it|[Bb]ei|[Vv]on|[Zz]u|[Nn]ach) ' + who, r'\1 Ihnen', text)
    return re.sub(who, 'Sie', text)


MAIL_KINDS = ('email', 'chat', 'web form', 'message')


def last_en(note, last):
    kind, inbound = note.get('kind'), note.get('direction') == 'inbound'
    if kind == 'call':
        return f'We last spoke on the phone on {last}.'
    if kind == 'email':
        return f'Thank you for your e-mail of {last}.' if inbound else f'I last wrote to you on {last}.'
    if kind in MAIL_KINDS and inbound:
        return f'Thank you for your message of {last}.'
    if kind == 'meeting':
        return f'Thank you again for the meeting on {last}.'
    return f'Our last contact was on {last}.'


def last_de(note, last):
    kind, inbound = note.get('kind'), note.get('direction') == 'inbound'
    if kind == 'call':
        return f'Zuletzt haben wir am {last} telefoniert.'
    if kind == 'email':
        return f'Vielen Dank für Ihre E-Mail vom {last}.' if inbound else f'Zuletzt habe ich Ihnen am {last} geschrieben.'
    if kind in MAIL_KINDS and inbound:
        return f'Vielen Dank für Ihre Nachricht vom {last}.'
    if kind == 'meeting':
        return f'Vielen Dank noch einmal für das Treffen am {last}.'
    return f'Unser letzter Kontakt war am {last}.'


def hint_en(hint, to):
    h = to_you(strip_end(hint), to, 'en')
    verb, _, rest = h.partition(' ')
    forms = {'mention': 'I would also like to mention {}.', 'offer': 'I would be glad to offer you {}.', 'thank': 'Thank you {}.', 'ask': 'I would also like to ask {}.', 'invite': 'I would like to invite {}.'}
    rest = re.sub(r'^(them|him|her) ', '', rest) if verb in ('thank', 'ask') else rest
    rest = re.sub(r'^(them|him|her)\b', 'you', rest) if verb == 'invite' else rest
    return forms[verb].format(rest) if verb in forms and rest else f'One more point: {h}.'


def hint_de(hint, to):
    h = to_you(strip_end(hint), to, 'de')
    for end, form in ((' anbieten', 'Gern bieten wir Ihnen {} an.'), (' fragen', 'Außerdem möchte ich {} fragen.'), (' erwähnen', 'Außerdem möchte ich {} erwähnen.'), (' danken', 'Vielen Dank {}.')):
        if h.endswith(end):
            return form.format(h[:-len(end)])
    return f'Noch ein Punkt: {h}.'


REASONS = {
    'en': {
        'follow-up': 'I am writing to follow up on A.|I would like to follow up on A.', 'introduction': 'I would like to introduce myself as your contact for A.|I am your contact for A and would like to introduce myself.',
        'meeting': 'I would like to arrange a meeting about A.|I suggest that we meet to talk about A.', 'proposal-reminder': 'Our proposal for A is still open.|I would like to remind you of our proposal for A.',
        'renewal': 'I am writing about the renewal of A.|The renewal of A is coming up.', 're-engagement': 'It has been a while since we were in touch about A.|I would like to pick up our conversation about A again.',
        'case-update': 'Here is a short update on A.|I would like to update you on A.', 'apology': 'I am sorry for the trouble with A.|Please accept our apologies for the trouble with A.',
        'thank-you': 'Thank you for your time and your interest in A.|Many thanks for the conversation about A.', 'reply': 'I am writing to answer your message about A.|I am getting back to you on your message about A.'},
    'de': {
        'follow-up': 'ich melde mich zu A.|ich möchte mit Ihnen zu A weiterkommen.', 'introduction': 'ich bin Ihr Kontakt zu A und möchte mich kurz vorstellen.|gern stelle ich mich Ihnen als Kontakt zu A vor.',
        'meeting': 'ich möchte gern einen Termin zu A mit Ihnen vereinbaren.|zu A schlage ich ein gemeinsames Gespräch vor.', 'proposal-reminder': 'unser Angebot zu A ist noch offen.|ich möchte an unser Angebot zu A erinnern.',
        'renewal': 'ich melde mich wegen der Verlängerung zu A.|die Verlängerung zu A steht an.', 're-engagement': 'wir hatten zu A länger keinen Kontakt.|gern möchte ich den Austausch zu A wieder aufnehmen.',
        'case-update': 'hier ein kurzer Stand zu A.|ich möchte Sie zu A informieren.', 'apology': 'bitte entschuldigen Sie die Unannehmlichkeiten zu A.|es tut uns leid, dass es zu A Probleme gab.',
        'thank-you': 'vielen Dank für Ihre Zeit und Ihr Interesse zu A.|herzlichen Dank für den Austausch zu A.', 'reply': 'ich melde mich auf Ihre Nachricht zu A.|gern antworte ich auf Ihre Nachricht zu A.'}}
REQUESTS = {
    'en': {
        'follow-up': 'Could you let me know how you would like to proceed?|Could you tell me where things stand on your side?', 'introduction': 'Would you have a few minutes for a first call?|May I call you for a short introduction?',
        'meeting': 'Which day would suit you?|Could you send me a time that works for you?', 'proposal-reminder': 'Could you let me know whether any questions are open?|Could you give me your feedback on it?',
        'renewal': 'Could you tell me whether you would like to continue as before?|When could we go through the details?', 're-engagement': 'Is the topic still of interest to you?|Could you tell me whether it is still on your agenda?',
        'case-update': 'Could you tell me whether the problem still occurs?|Could you let me know if anything has changed on your side?', 'apology': 'Could you tell me when I may call you about it?|Could you tell me what would help you most now?',
        'thank-you': 'Could you let me know whether any questions came up?|Could you let me know what you would like to look at next?', 'reply': 'Could you tell me by when you need an answer?|May I call you to go through it?'},
    'de': {
        'follow-up': 'Können Sie mir sagen, wie Sie weiter vorgehen möchten?|Wie ist der Stand auf Ihrer Seite?', 'introduction': 'Haben Sie Zeit für ein kurzes Telefonat?|Wann passt Ihnen ein erstes Gespräch?',
        'meeting': 'Welcher Tag passt Ihnen?|Können Sie mir einen Termin nennen?', 'proposal-reminder': 'Können Sie mir sagen, ob noch Fragen offen sind?|Können Sie mir Ihre Rückmeldung dazu geben?',
        'renewal': 'Möchten Sie wie bisher weitermachen?|Wann können wir die Einzelheiten besprechen?', 're-engagement': 'Ist das Thema für Sie noch aktuell?|Darf ich Sie dazu anrufen?',
        'case-update': 'Tritt das Problem noch auf?|Hat sich auf Ihrer Seite etwas geändert?', 'apology': 'Wann darf ich Sie dazu anrufen?|Was hilft Ihnen jetzt am meisten?',
        'thank-you': 'Sind noch Fragen offen?|Was möchten Sie als Nächstes ansehen?', 'reply': 'Bis wann brauchen Sie eine Antwort?|Darf ich Sie dazu anrufen?'}}
CLOSINGS = {'en': ['I look forward to hearing from you.', 'I am glad to help at any time.'], 'de': ['Ich freue mich auf Ihre Antwort.', 'Gern bin ich jederzeit für Sie da.']}


def about(obj, f, lang):
    name, org = topic(f, obj)
    if name:
        return {'en': f'your case "{name}"', 'de': f'Ihrem Fall "{name}"'}[lang] if obj == 'case' else f'"{name}"'
    if not org:
        return {'en': 'the open points', 'de': 'den offenen Punkten'}[lang]
    if obj == 'lead':
        return {'en': f'our first contact with {org}', 'de': f'unserem ersten Kontakt mit {org}'}[lang]
    return {'en': f'our work with {org}', 'de': f'der Zusammenarbeit mit {org}'}[lang]


def mail(g, obj, f, intent, tone, lang):
    """Reason, last contact, what the customer wrote, status, next step, hint, one request; brief: reason, hint, request."""
    english, note, to = lang == 'en', (f.get('activities') or [{}])[0], f.get('to')
    last, step = f['facts'].get('last_contact'), f.get('next_step')
    body = [re.sub(r'\bA\b', lambda m: about(obj, f, lang), g.r.choice(REASONS[lang][intent].split('|')), count=1)]
    wrote = note.get('kind') == 'email' and note.get('direction') == 'inbound' and f.get('kept')
    if tone != 'brief' or intent == 'reply':
        if last and intent != 'introduction':
            body.append((last_en if english else last_de)(note, last))
        if wrote and intent in ('reply', 'follow-up', 'case-update', 'apology'):
            body.append(('You wrote: "' if english else 'Sie schrieben: "') + strip_end(f['kept'][0][0]) + '".')
            if intent == 'reply':
                body.append(g.r.choice(['I am looking into this.', 'I am checking this point.'] if english else ['Ich prüfe das.', 'Ich kläre diesen Punkt.']))
        if f.get('status') and obj == 'case' and intent in ('follow-up', 'case-update'):
            body.append(f'The current status is {f["status"]}.' if english else f'Der aktuelle Status ist {f["status"]}.')
        if step and intent not in ('introduction', 'apology', 're-engagement'):
            s = to_you(strip_end(step), to, lang)
            vp = low_verb(s) if english else None
            body.append(f'On our side, the next step is to {vp}.' if vp else f'Our next step: {s}.' if english else f'Unser nächster Schritt: {s}.')
    if f.get('hint'):
        body.append((hint_en if english else hint_de)(f['hint'], to))
    body.append(g.r.choice(REQUESTS[lang][intent].split('|')))
    if tone == 'warm':
        body.append(g.r.choice(CLOSINGS[lang]))
    return ' '.join(cap(b) for b in body)


def mail_en(g, obj, f, intent, tone):
    return mail(g, obj, f, intent, tone, 'en')


def mail_de(g, obj, f, intent, tone):
    return mail(g, obj, f, intent, tone, 'de')


STATE = {'en': state_en, 'de': state_de}
NEXT = {'en': next_en, 'de': next_de}
SUBJECT = {'en': subject_en, 'de': subject_de}
MAIL = {'en': mail_en, 'de': mail_de}
