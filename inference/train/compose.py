"""Reference answers for the steps state, next, subject and mail: composed from the fields that are there, nothing else."""
import re

from grammar_en import VERBS


def cap(s):
    s = re.sub(r' +', ' ', s).strip()
    return s[:1].upper() + s[1:]


def strip_end(s):
    return s.rstrip(' .;!?')


def low_verb(s):
    """'Send revised quote' as a verb phrase, or None when it doesn't begin with a verb."""
    first = s.split(' ')[0]
    return s[:1].lower() + s[1:] if first.lower() in VERBS else None


def join_en(parts):
    return parts[0] if len(parts) == 1 else ', '.join(parts[:-1]) + ' and ' + parts[-1]


def join_de(parts):
    return parts[0] if len(parts) == 1 else ', '.join(parts[:-1]) + ' und ' + parts[-1]


# ---------------------------------------------------------------------------------------------- state

def contact_en(g, facts):
    d = facts.get('days_since_contact')
    return g.x(f'the last contact was {d} ago|the last contact dates back {d}|we last spoke {d} ago') if d else g.x('no contact is recorded{ so far|}|there is no recorded contact yet')


def contact_de(g, facts):
    d = facts.get('days_since_contact')
    return g.x(f'der letzte Kontakt war vor {d}|der letzte Kontakt liegt {d} zurück') if d else g.x('ein Kontakt ist {noch|bisher} nicht erfasst')


def state_en(g, obj, f, kept):
    facts, account, person = f['facts'], f.get('account', {}).get('name'), f.get('contact', {}).get('full_name')
    first, second = '', []
    if obj == 'opportunity':
        name, amount, kind = f.get('name'), f.get('amount'), f.get('type')
        worth = g.x(f' worth {amount}| over {amount}| with a value of {amount}') if amount else ''
        with_ = g.x(f' with {account}| at {account}') if account else ''
        what = f'{"a" if not kind else "a " + kind if kind[0].lower() not in "aeiou" else "an " + kind} {"opportunity" if not kind or "opport" not in kind else ""}'.strip()
        what = what if kind else 'an opportunity'
        if name:
            first = g.x(f'{{{name} is {what}{with_}{worth}|{name}{with_} is {what}{worth}}}')
        else:
            first = g.x(f'This is {what}{with_}{worth}|The record is {what}{with_}{worth}')
        if f.get('lead_source') and g.maybe(0.8):
            first += f', from the source {f["lead_source"]}'
        if person and g.maybe(0.7):
            first += g.x(f'; the contact is {person}|; our contact is {person}')
        stage, days = f.get('stage'), facts.get('days_in_stage')
        if stage:
            second.append(g.x(f'it has been in stage {stage} for {days}|it has stood in stage {stage} for {days}') if days else g.x(f'it is in stage {stage}|it stands in stage {stage}'))
        close = f.get('close_date')
        if close and facts.get('close_overdue'):
            second.append(g.x(f'the close date {close} passed {facts["close_overdue"]} ago|its close date of {close} passed {facts["close_overdue"]} ago'))
        elif close and facts.get('days_to_close'):
            second.append(g.x(f'it is due to close on {close}, in {facts["days_to_close"]}|the close date is {close}, in {facts["days_to_close"]}'))
        elif close:
            second.append(g.x(f'it is due to close on {close}|the close date is {close}'))
        if f.get('competitor'):
            second.append(g.x(f'{f["competitor"]} is the competitor|the competitor is {f["competitor"]}'))
        second.append(contact_en(g, facts))
    elif obj == 'account':
        name = f.get('name') or 'This account'
        a = []
        if f.get('type'):
            a.append(g.x(f'an account of type {f["type"]}|listed as {f["type"]}'))
        if f.get('industry'):
            a.append(g.x(f'in the industry {f["industry"]}|from {f["industry"]}') if a else f'an account in the industry {f["industry"]}')
        first = f'{name} is ' + (' '.join(a) if a else 'an account in our records')
        if f.get('rating'):
            first += f', rated {f["rating"]}'
        second.append(contact_en(g, facts))
    elif obj in ('contact', 'lead'):
        name = f.get('full_name') or ('This lead' if obj == 'lead' else 'This contact')
        job, org = f.get('job_title'), f.get('company') if obj == 'lead' else account
        first = name + ' is ' + (f'{job}' if job else g.x('our contact|a contact') if obj == 'contact' else 'a lead') + (f' at {org}' if org else '')
        if obj == 'lead':
            if job and g.maybe(0.7):
                first += g.x(f' and a lead{" from the source " + f["lead_source"] if f.get("lead_source") else ""}')
            elif f.get('lead_source'):
                first += f', from the source {f["lead_source"]}'
            if f.get('status'):
                second.append(g.x(f'the lead has the status {f["status"]}|the status is {f["status"]}') + (f' and the rating {f["rating"]}' if f.get('rating') else ''))
            elif f.get('rating'):
                second.append(f'the rating is {f["rating"]}')
        second.append(contact_en(g, facts))
    else:
        pr = f.get('priority')
        first = g.x('The case|This case') + (f' "{f["subject"]}"' if f.get('subject') else '') + (f' of {account}' if account else '') + (f', reported by {person},' if person else '')
        bits = []
        if f.get('status'):
            bits.append(f'has the status {f["status"]}' + (f' and priority {pr}' if pr else ''))
        elif pr:
            bits.append(f'has priority {pr}')
        first += ' ' + (bits[0] if bits else 'is on record')
        if facts.get('case_age'):
            second.append(g.x(f'it has been open for {facts["case_age"]}'))
        second.append(contact_en(g, facts))
    if kept and obj != 'opportunity':
        text = strip_end(kept[0][0]).replace('. ', ', ')
        lead = g.x('the record says: |the description says: |on file: ') + text
        return cap(first) + '; ' + join_en(second) + '. ' + cap(lead) + '.'
    return cap(first) + '. ' + cap(join_en(second)) + '.'


def state_de(g, obj, f, kept):
    facts, account, person = f['facts'], f.get('account', {}).get('name'), f.get('contact', {}).get('full_name')
    first, second = '', []
    if obj == 'opportunity':
        name, amount, kind = f.get('name'), f.get('amount'), f.get('type')
        worth = g.x(f' über {amount}| im Wert von {amount}') if amount else ''
        with_ = g.x(f' mit {account}| bei {account}') if account else ''
        what = 'eine Verkaufschance' + (f' vom Typ {kind}' if kind else '')
        first = (f'{name} ist {what}' if name else f'Dies ist {what}') + with_ + worth
        if f.get('lead_source') and g.maybe(0.8):
            first += f', Quelle {f["lead_source"]}'
        if person and g.maybe(0.7):
            first += f'; Ansprechpartner: {person}'
        stage, days = f.get('stage'), facts.get('days_in_stage')
        if stage:
            second.append(g.x(f'sie steht seit {days} in der Phase {stage}|die Phase ist seit {days} {stage}') if days else g.x(f'sie steht in der Phase {stage}|die Phase ist {stage}'))
        close = f.get('close_date')
        if close and facts.get('close_overdue'):
            second.append(f'der Abschluss war für {close} geplant, das Datum ist seit {facts["close_overdue"]} überschritten')
        elif close and facts.get('days_to_close'):
            second.append(f'der Abschluss ist für {close} geplant, in {facts["days_to_close"]}')
        elif close:
            second.append(f'der Abschluss ist für {close} geplant')
        if f.get('competitor'):
            second.append(g.x(f'Wettbewerber ist {f["competitor"]}|als Wettbewerber ist {f["competitor"]} genannt'))
        second.append(contact_de(g, facts))
    elif obj == 'account':
        name = f.get('name') or 'Dieser Account'
        first = f'{name} ist ' + (f'ein Account vom Typ {f["type"]}' if f.get('type') else 'ein Account')
        if f.get('industry'):
            first += g.x(f' aus der Branche {f["industry"]}')
        if f.get('rating'):
            first += f', Einstufung {f["rating"]}'
        second.append(contact_de(g, facts))
    elif obj in ('contact', 'lead'):
        name = f.get('full_name') or ('Dieser Lead' if obj == 'lead' else 'Dieser Kontakt')
        job, org = f.get('job_title'), f.get('company') if obj == 'lead' else account
        first = name + ' ist ' + (job if job else 'ein Kontakt' if obj == 'contact' else 'ein Lead') + (f' bei {org}' if org else '')
        if obj == 'lead':
            if f.get('lead_source'):
                first += f', Quelle {f["lead_source"]}'
            if f.get('status'):
                second.append(g.x(f'der Lead hat den Status {f["status"]}|der Status ist {f["status"]}') + (f' und die Einstufung {f["rating"]}' if f.get('rating') else ''))
            elif f.get('rating'):
                second.append(f'die Einstufung ist {f["rating"]}')
        second.append(contact_de(g, facts))
    else:
        pr = f.get('priority')
        first = g.x('Der Fall|Dieser Fall') + (f' "{f["subject"]}"' if f.get('subject') else '') + (f' von {account}' if account else '') + (f', gemeldet von {person},' if person else '')
        if f.get('status'):
            first += f' hat den Status {f["status"]}' + (f' und die Priorität {pr}' if pr else '')
        else:
            first += f' hat die Priorität {pr}' if pr else ' ist erfasst'
        if facts.get('case_age'):
            second.append(f'er ist seit {facts["case_age"]} offen')
        second.append(contact_de(g, facts))
    if kept and obj != 'opportunity':
        text = strip_end(kept[0][0]).replace('. ', ', ')
        lead = g.x('im Datensatz steht: |in der Beschreibung steht: ') + text
        return cap(first) + '; ' + join_de(second) + '. ' + cap(lead) + '.'
    return cap(first) + '. ' + cap(join_de(second)) + '.'


# ---------------------------------------------------------------------------------------------- next

def next_en(g, obj, f, kept):
    facts, tasks = f['facts'], f.get('tasks', [])
    closed = f.get('stage', '').startswith('Closed') or f.get('status') in ('Closed', 'Resolved', 'Converted')
    state = f.get('stage') if obj == 'opportunity' else f.get('status')
    step = f.get('next_step')
    late = [t for t in tasks if t.get('overdue')]
    rest = list(tasks)
    if step:
        step = strip_end(step)
        vp = low_verb(step)
        first = g.x(f'The next step is to {vp}|Next, the plan is to {vp}|As the next step we have to {vp}') if vp else g.x(f'The next step is: {step}|Next step: {step}|Planned next: {step}')
    elif tasks:
        t = rest.pop(0)
        s = strip_end(t['subject'])
        due = f', due {t["due_date"]}' if t.get('due_date') else ''
        over = f' and overdue by {t["overdue"]}' if t.get('overdue') else ''
        first = g.x(f'The next open task is: {s}{due}{over}|Open task: {s}{due}{over}')
    elif closed:
        since = facts.get('days_since_contact')
        ago = g.x(f'; the last contact was {since} ago|, and the last contact dates back {since}') if since else ''
        first = g.x(f'The record is {state}, so no next step is planned{ago}|The {obj} stands at {state}, and no next step is recorded{ago}')
    else:
        at = f' in stage {state}' if state and obj == 'opportunity' else f' with status {state}' if state else f' for this {obj}'
        since = facts.get('days_since_contact')
        ago = g.x(f', and the last contact was {since} ago|; the last contact dates back {since}') if since else ''
        first = g.x(f'No next step is recorded{at}{ago}|There is no next step on record{at}{ago}|The record{at} has no next step{ago}|So far no next step stands{at}{ago}|A next step is missing{at}{ago}')
    risks = []
    for t in rest[:2]:
        s = strip_end(t['subject'])
        if t.get('overdue'):
            risks.append(g.x(f'the task "{s}" is overdue by {t["overdue"]}'))
    if facts.get('close_overdue') and obj == 'opportunity' and not closed:
        risks.append(g.x(f'the close date passed {facts["close_overdue"]} ago'))
    if facts.get('opted_out'):
        risks.append(g.x('no e-mail is wanted, so use the phone|e-mail is not wanted'))
    if not facts.get('days_since_contact') and not closed and len(risks) < 2:
        risks.append('no contact is recorded')
    if risks:
        second = g.x('Risk: |At risk: |Note that ') + join_en(risks[:3])
    elif rest:
        t = rest[0]
        second = f'Also open: {strip_end(t["subject"])}' + (f', due {t["due_date"]}' if t.get('due_date') else '')
    elif facts.get('days_to_close') and obj == 'opportunity' and not closed:
        second = g.x(f'There are {facts["days_to_close"]} left until the close date|{facts["days_to_close"]} remain until the close date')
    else:
        return cap(first) + '.'
    return cap(first) + '. ' + cap(second) + '.'


def next_de(g, obj, f, kept):
    facts, tasks = f['facts'], f.get('tasks', [])
    closed = f.get('stage', '').startswith('Closed') or f.get('status') in ('Closed', 'Resolved', 'Converted', 'Geschlossen')
    state = f.get('stage') if obj == 'opportunity' else f.get('status')
    step, rest = f.get('next_step'), list(tasks)
    if step:
        step = strip_end(step)
        first = g.x(f'Der nächste Schritt ist: {step}|Nächster Schritt: {step}|Als Nächstes geplant: {step}')
    elif tasks:
        t = rest.pop(0)
        due = f', fällig am {t["due_date"]}' if t.get('due_date') else ''
        over = f' und seit {t["overdue"]} überfällig' if t.get('overdue') else ''
        s = strip_end(t['subject'])
        first = g.x(f'Offene Aufgabe: {s}{due}{over}|Als Nächstes steht an: {s}{due}{over}')
    elif closed:
        since = facts.get('days_since_contact')
        ago = f'; der letzte Kontakt war vor {since}' if since else ''
        first = g.x(f'Der Stand ist {state}, ein nächster Schritt ist nicht geplant{ago}')
    else:
        at = f' in der Phase {state}' if state and obj == 'opportunity' else f' beim Status {state}' if state else ''
        since = facts.get('days_since_contact')
        ago = g.x(f', und der letzte Kontakt war vor {since}|; der letzte Kontakt liegt {since} zurück') if since else ''
        first = g.x(f'Ein nächster Schritt ist{at} nicht erfasst{ago}|Ein nächster Schritt fehlt{at}{ago}')
    risks = []
    for t in rest[:2]:
        if t.get('overdue'):
            risks.append(f'die Aufgabe "{strip_end(t["subject"])}" ist seit {t["overdue"]} überfällig')
    if facts.get('close_overdue') and obj == 'opportunity' and not closed:
        risks.append(f'das Abschlussdatum ist seit {facts["close_overdue"]} überschritten')
    if facts.get('opted_out'):
        risks.append('E-Mails sind nicht erwünscht')
    if not facts.get('days_since_contact') and not closed and len(risks) < 2:
        risks.append('ein Kontakt ist nicht erfasst')
    if risks:
        second = g.x('Risiko: |Zu beachten: ') + join_de(risks[:3])
    elif rest:
        t = rest[0]
        second = f'Ebenfalls offen: {strip_end(t["subject"])}' + (f', fällig am {t["due_date"]}' if t.get('due_date') else '')
    elif facts.get('days_to_close') and obj == 'opportunity' and not closed:
        second = f'Bis zum geplanten Abschluss bleiben noch {facts["days_to_close"]}'
        second = g.x(f'Der Abschluss ist in {facts["days_to_close"]} geplant|In {facts["days_to_close"]} soll der Abschluss sein')
    else:
        return cap(first) + '.'
    return cap(first) + '. ' + cap(second) + '.'


# ---------------------------------------------------------------------------------------------- subject and mail

def topic(f, obj):
    """What the draft is about: the record's own name, else the company."""
    name = f.get('name') or f.get('subject')
    if obj == 'account':
        name = None
    org = f.get('company') or f.get('account', {}).get('name') or (f.get('name') if obj == 'account' else None)
    return strip_end(name) if name else None, org


def subject_en(g, obj, f, intent, tone):
    name, org = topic(f, obj)
    t = name or org or 'our conversation'
    forms = {
        'follow-up': 'Following up on T|Next steps for T|T: next steps|Following up: T|Where we stand with T|A question about T|T: where we stand|Our conversation about T', 'introduction': 'Introduction: T|Getting in touch: T|A first conversation about T',
        'meeting': 'Meeting about T|A meeting on T|Request for a meeting: T', 'proposal-reminder': 'Our proposal for T|Reminder: proposal for T|Your feedback on our proposal: T',
        'renewal': 'Renewal: T|Renewing T|Upcoming renewal of T', 'thank-you': 'Thank you: T|Thank you for your time: T|With thanks: T',
        're-engagement': 'Still of interest: T|Picking up T again|Shall we continue with T', 'case-update': 'Update on your case: T|Status of your case: T|Case update: T',
        'apology': 'Our apologies: T|Apology regarding T|We are sorry: T', 'reply': 'Your message about T|Reply to your message: T|Re: T'}
    return g.x(forms[intent]).replace('T', '\0', 1).replace('\0', t) if forms[intent].count('T') == 99 else re.sub(r'\bT\b', lambda m: t, g.x(forms[intent]), count=1)


def subject_de(g, obj, f, intent, tone):
    name, org = topic(f, obj)
    t = name or org or 'unser Gespräch'
    forms = {
        'follow-up': 'Nächste Schritte: T|Rückfrage: T|T: nächste Schritte|Stand der Dinge: T|Eine Frage zu T|T: wie ist der Stand', 'introduction': 'Vorstellung: T|Erstes Gespräch: T|Kennenlernen: T', 'meeting': 'Terminvorschlag: T|Termin zu T|Bitte um einen Termin: T',
        'proposal-reminder': 'Unser Angebot: T|Erinnerung an unser Angebot: T|Ihre Rückmeldung zum Angebot: T', 'renewal': 'Verlängerung: T|Anstehende Verlängerung: T', 'thank-you': 'Vielen Dank: T|Danke für das Gespräch: T',
        're-engagement': 'Weiterhin Interesse: T|Neuer Anlauf: T|T: wie geht es weiter', 'case-update': 'Stand Ihres Falls: T|Ihr Fall: T|Aktueller Stand: T', 'apology': 'Entschuldigung: T|Bitte um Entschuldigung: T', 'reply': 'Ihre Nachricht: T|Antwort auf Ihre Nachricht: T|Zu Ihrer Nachricht: T'}
    return re.sub(r'\bT\b', lambda m: t, g.x(forms[intent]), count=1)


def mail_en(g, obj, f, intent, tone):
    name, org = topic(f, obj)
    last = f['facts'].get('last_contact')
    note = (f.get('activities') or [{}])[0]
    kind = {'call': 'call', 'email': 'e-mail', 'meeting': 'meeting'}.get(note.get('kind'), 'contact')
    about = f'"{name}"' if obj == 'case' and name else name or (g.x(f'our work with {org}|the topics at {org}') if org else 'our conversation')
    on = f' on {last}' if last else ''
    of = f' of {last}' if last else ''
    step = f.get('next_step')
    vp = low_verb(strip_end(step)) if step else None
    R, Q = [], []
    inbound = note.get('direction') == 'inbound'
    if intent == 'follow-up':
        R = f'I am writing to follow up on {about}.|I would like to follow up on {about}.|I am getting back to you about {about}.'
        Q = 'Could you let me know how you would like to proceed?|Could you tell me where things stand on your side?|Please let me know what you need from us to move on.'
    elif intent == 'introduction':
        R = f'I am your contact for {about} and would like to introduce myself.|I would like to introduce myself as your contact for {about}.|My name is in the signature below, and I look after {about}.'
        Q = 'Would you have a few minutes for a first call?|Could we find a short time to get to know each other?|May I call you for a short introduction?'
    elif intent == 'meeting':
        R = f'I would like to arrange a meeting about {about}.|I suggest that we meet to talk about {about}.|It would help to discuss {about} in person.'
        Q = 'Which day would suit you?|Could you send me a time that works for you?|Please let me know when you are free.'
    elif intent == 'proposal-reminder':
        R = f'I would like to remind you of our proposal for {about}.|Our proposal for {about} is still open.|I am writing about the open proposal for {about}.'
        Q = 'Could you let me know whether any questions are open?|Could you give me your feedback on it?|Please tell me if anything is missing for your decision.'
    elif intent == 'renewal':
        R = f'I am writing about the renewal of {about}.|The renewal of {about} is coming up.|I would like to discuss the renewal of {about} with you.'
        Q = 'Could you tell me whether you would like to continue as before?|Please let me know if anything should change.|When could we go through the details?'
    elif intent == 'thank-you':
        R = f'Thank you for the {kind}{on} about {about}.|Many thanks for the {kind}{on} and your interest in {about}.|Thank you for your time{on}.'
        Q = 'Please let me know if any questions came up.|Could you let me know what you would like to look at next?|Do you need anything else from us at this point?'
    elif intent == 're-engagement':
        R = f'It has been a while since we were in touch about {about}.|I would like to pick up our conversation about {about} again.|We have not been in touch about {about} for some time.'
        Q = 'Is the topic still of interest to you?|Could you tell me whether it is still on your agenda?|May I call you to see where things stand?'
    elif intent == 'case-update':
        st = f.get('status')
        what = f'your case {about}' if obj == 'case' else about
        R = (f'I would like to update you on {what}: the current status is {st}.|Here is an update on {what}: its status is now {st}.' if st else f'I would like to update you on {what}.|Here is a short update on {what}.')
        Q = 'Please let me know if anything has changed on your side.|Could you tell me whether the problem still occurs?|Do you have any further information for us?'
    elif intent == 'apology':
        what = f'your case {about}' if obj == 'case' else about
        R = f'I am sorry for the trouble with {what}.|Please accept our apologies for the inconvenience with {what}.|I apologise for the inconvenience around {what}.'
        Q = 'Could you tell me when I may call you about it?|Please let me know what would help you most now.|May I call you to go through the open points?'
    else:
        R = f'Thank you for your {"e-mail" if kind == "e-mail" else "message"}{of} about {about}.|Many thanks for your {"e-mail" if kind == "e-mail" else "message"}{of}.'
        Q = 'Could you tell me by when you need an answer?|Please let me know if there is anything else that I should look at.|May I call you to go through it?'
    body = [g.x(R)]
    if intent == 'reply' and inbound and f.get('kept') and f['kept'][0][1] == 'first':
        said = strip_end(f['kept'][0][0])
        body.append(g.x(f'You wrote: "{said}".|On your point "{said}" I will come back to you.'))
        if body[-1].startswith('You'):
            body.append(g.x('I will look into this and come back to you with an answer.|I am checking this and will get back to you.'))
    elif last and intent in ('follow-up', 'proposal-reminder', 'renewal', 'meeting', 're-engagement', 'case-update') and tone != 'brief':
        body.append(g.x(f'Our last contact was on {last}.|We were last in touch on {last}.'))
    if step and intent in ('follow-up', 'thank-you', 'meeting', 'proposal-reminder', 'renewal') and tone != 'brief':
        body.append(g.x(f'As the next step we would like to {vp}.|The next step on our side is to {vp}.') if vp else g.x(f'The next step we have noted is: {strip_end(step)}.'))
    if f.get('hint') and g.maybe(0.0):
        body.append(f['hint'])
    body.append(g.x(Q))
    if tone == 'warm':
        body.append(g.x('I look forward to hearing from you.|I am glad to help at any time.|It is a pleasure to work with you.'))
    return ' '.join(cap(b) for b in body)


def mail_de(g, obj, f, intent, tone):
    name, org = topic(f, obj)
    last = f['facts'].get('last_contact')
    note = (f.get('activities') or [{}])[0]
    about = f'"{name}"' if name else (f'der Zusammenarbeit mit {org}' if org else 'unserem Gespräch')
    am, vom = (f' am {last}' if last else ''), (f' vom {last}' if last else '')
    step, inbound = f.get('next_step'), note.get('direction') == 'inbound'
    if intent == 'follow-up':
        R = f'ich melde mich zu {about}.|ich komme auf {{unser Gespräch zu|das Thema}} {name and about or ("mit " + org if org else "Zusammenarbeit")} zurück.' if False else f'ich melde mich zu {about}.|ich möchte mit Ihnen zu {about} weiterkommen.|heute melde ich mich wieder zu {about}.'
        Q = 'Können Sie mir sagen, wie Sie weiter vorgehen möchten?|Wie ist der Stand auf Ihrer Seite?|Bitte teilen Sie mir mit, was Sie von uns noch brauchen.'
    elif intent == 'introduction':
        R = f'ich bin Ihr Kontakt zu {about} und möchte mich kurz vorstellen.|gern stelle ich mich Ihnen als Kontakt zu {about} vor.'
        Q = 'Haben Sie Zeit für ein kurzes Telefonat?|Wann passt Ihnen ein erstes Gespräch?|Darf ich Sie dazu anrufen?'
    elif intent == 'meeting':
        R = f'ich möchte gern einen Termin zu {about} mit Ihnen vereinbaren.|zu {about} schlage ich ein gemeinsames Gespräch vor.'
        Q = 'Welcher Tag passt Ihnen?|Können Sie mir einen Termin nennen?|Bitte schreiben Sie mir, wann Sie Zeit haben.'
    elif intent == 'proposal-reminder':
        R = f'ich möchte an unser Angebot zu {about} erinnern.|unser Angebot zu {about} ist noch offen.'
        Q = 'Können Sie mir sagen, ob noch Fragen offen sind?|Können Sie mir Ihre Rückmeldung dazu geben?|Bitte sagen Sie mir, ob für Ihre Entscheidung noch etwas fehlt.'
    elif intent == 'renewal':
        R = f'ich melde mich wegen der Verlängerung zu {about}.|die Verlängerung zu {about} steht an.'
        Q = 'Möchten Sie wie bisher weitermachen?|Bitte teilen Sie mir mit, ob sich etwas ändern soll.|Wann können wir die Einzelheiten besprechen?'
    elif intent == 'thank-you':
        R = f'vielen Dank für den Austausch{am} zu {about}.|herzlichen Dank für Ihre Zeit{am}.|danke für den Kontakt{am} zu {about}.'
        Q = 'Bitte melden Sie sich, falls Fragen offen sind.|Brauchen Sie noch etwas von uns?|Was möchten Sie als Nächstes ansehen?'
    elif intent == 're-engagement':
        R = f'wir hatten zu {about} länger keinen Kontakt.|gern möchte ich den Austausch zu {about} wieder aufnehmen.'
        Q = 'Ist das Thema für Sie noch aktuell?|Darf ich Sie dazu anrufen?|Können Sie mir den Stand auf Ihrer Seite nennen?'
    elif intent == 'case-update':
        st = f.get('status')
        what = f'Ihrem Fall {about}' if obj == 'case' else about
        R = f'hier der Stand zu {what}: der Status ist {st}.|ich möchte Sie zu {what} informieren: der Status ist {st}.' if st else f'hier ein kurzer Stand zu {what}.|ich möchte Sie zu {what} informieren.'
        Q = 'Hat sich auf Ihrer Seite etwas geändert?|Tritt das Problem noch auf?|Haben Sie weitere Informationen für uns?'
    elif intent == 'apology':
        what = f'Ihrem Fall {about}' if obj == 'case' else about
        R = f'bitte entschuldigen Sie die Unannehmlichkeiten zu {what}.|es tut uns leid, dass es zu {what} Probleme gab.' if obj == 'case' else f'bitte entschuldigen Sie die Unannehmlichkeiten zu {what}.'
        Q = 'Wann darf ich Sie dazu anrufen?|Bitte sagen Sie mir, was Ihnen jetzt am meisten hilft.|Darf ich die offenen Punkte mit Ihnen durchgehen?'
    else:
        R = f'vielen Dank für Ihre Nachricht{vom} zu {about}.|danke für Ihre Nachricht{vom}.'
        Q = 'Bis wann brauchen Sie eine Antwort?|Gibt es noch etwas, das ich prüfen soll?|Darf ich Sie dazu anrufen?'
    body = [g.x(R)]
    if intent == 'reply' and inbound and f.get('kept') and f['kept'][0][1] == 'first':
        body.append(f'Sie schrieben: "{strip_end(f["kept"][0][0])}".')
        body.append(g.x('Ich prüfe das und melde mich bei Ihnen.|Ich kläre das und komme auf Sie zu.'))
    elif last and intent in ('follow-up', 'proposal-reminder', 'renewal', 'meeting', 're-engagement', 'case-update') and tone != 'brief':
        body.append(g.x(f'Unser letzter Kontakt war am {last}.|Zuletzt hatten wir am {last} Kontakt.'))
    if step and intent in ('follow-up', 'thank-you', 'meeting', 'proposal-reminder', 'renewal') and tone != 'brief':
        body.append(g.x(f'Als nächster Schritt ist bei uns notiert: {strip_end(step)}.|Der nächste Schritt auf unserer Seite: {strip_end(step)}.'))
    body.append(g.x(Q))
    if tone == 'warm':
        body.append(g.x('Ich freue mich auf Ihre Antwort.|Gern bin ich jederzeit für Sie da.|Die Zusammenarbeit mit Ihnen macht uns Freude.'))
    return ' '.join(cap(b) for b in body)


STATE = {'en': state_en, 'de': state_de}
NEXT = {'en': next_en, 'de': next_de}
SUBJECT = {'en': subject_en, 'de': subject_de}
MAIL = {'en': mail_en, 'de': mail_de}
