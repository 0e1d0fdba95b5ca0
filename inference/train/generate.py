"""Generates training examples: a prompt exactly as the templates in etc/templates render it, and a reference answer.

    python generate.py --count 20000 --stats          duplicates, lengths, shares
    python generate.py --count 20000 --words DIR      en.txt, de.txt: capitalised words the answers use
    python generate.py --count 5                      print examples
    python generate.py --count 50000 --corpus FILE    text for the tokenizer"""
import argparse
import collections
import json
import os
import random
import re

import grammar_de
import grammar_en
import grammar_fr
import template
from fields import fields
from compose import MAIL, NEXT, STATE, SUBJECT

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATES = os.path.join(HERE, '..', '..', 'etc', 'templates')
SUMMARY = template.load(os.path.join(TEMPLATES, 'by-model', 'default.summary.tmpl'))
EMAIL = template.load(os.path.join(TEMPLATES, 'by-model', 'default.email.tmpl'))
FIELDS = {obj: template.load(os.path.join(TEMPLATES, f'{name}.enrichment.tmpl'))
          for obj, name in dict(opportunity='opportunity', lead='lead', case='case', account='default', contact='default').items()}
LANG = {'en': grammar_en, 'de': grammar_de, 'fr': grammar_fr}  # French: only text to copy
ANSWERS = ('en', 'de')
RULES = {lang: {k: v.replace('\n', '') for k, v in g.G.items()} for lang, g in LANG.items()}


def load_words():
    path = '/usr/share/dict/words'  # Debian's wamerican: public domain
    if not os.path.exists(path):
        return ['sample']
    with open(path) as f:
        return [w for w in f.read().split() if w.isascii() and w.isalpha() and 3 <= len(w) <= 12 and w[0].islower()]


DICT = load_words()
SYLLABLES = [a + b + c for a in ['b', 'br', 'c', 'd', 'f', 'g', 'gr', 'h', 'k', 'l', 'm', 'n', 'p', 'qu', 'r', 's', 'st', 'sch', 't', 'tr', 'v', 'w', 'z', '']
             for b in 'aeiouäöüy' for c in ['', 'n', 'r', 's', 'l', 'x', 'ck', 'm', 'ng', 't']]


def load_pieces():
    """Tokens of letters, those that begin a word and those that go on with one: every token must have been copied once."""
    path = os.path.join(HERE, 'tokenizer.json')
    if not os.path.exists(path):
        return ['sample'], ['s']
    with open(path) as f:
        vocab = json.load(f)['model']['vocab']
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]  # the byte-level alphabet of GPT-2
    table = {chr(b): b for b in printable}
    table.update({chr(256 + n): b for n, b in enumerate(b for b in range(256) if b not in printable)})
    begin, go_on = [], []
    for token in vocab:
        text = bytes(table[c] for c in token if c in table).decode('utf-8', 'ignore')
        if text.strip().isalpha():
            (begin if text[0] == ' ' else go_on).append(text.strip())
    return begin, go_on


BEGIN, GO_ON = load_pieces()
PIECES = BEGIN + GO_ON


def split_top(s):
    """Alternatives at depth 0."""
    out, depth, start = [], 0, 0
    for i, ch in enumerate(s):
        depth += (ch == '{') - (ch == '}')
        if ch == '|' and depth == 0:
            out.append(s[start:i])
            start = i + 1
    return out + [s[start:]]


SPLIT = {}
PIECE = re.compile(r'\{|<(\w+)>|@([A-Z]+)|~([wW])')


class Gen:
    """One record: its random choices and its slots."""

    def __init__(self, rnd, lang):
        self.r, self.lang, self.used = rnd, lang, collections.defaultdict(set)
        self.pool, self.words = rnd.choice([6, 6, 12, 20, 40]), []

    def slot(self, kind):
        top = self.pool if len(self.used[kind]) < self.pool - 3 else 40
        n = self.r.randint(1, top)
        while n in self.used[kind] and len(self.used[kind]) < 40:
            n = self.r.randint(1, top + 5 if top < 36 else 40)
        self.used[kind].add(n)
        return f'[{kind}_{n}]'

    def rare(self, lang=None):
        """A word of no grammar, or one that was there before; now and then mistyped, shouted or joined to another."""
        if self.words and self.r.random() < 0.2:
            return self.r.choice(self.words)
        if self.r.random() < 0.4:
            w = self.r.choice(PIECES) + ''.join(self.r.choice(GO_ON) for _ in range(self.r.choice([0, 1, 1, 2])))
        elif self.r.random() < {'en': 0.75, 'de': 0.25, 'fr': 0.15}[lang or self.lang]:
            w = self.r.choice(DICT)
        else:
            w = ''.join(self.r.choice(SYLLABLES) for _ in range(self.r.choice([1, 2, 2, 3])))
        p = self.r.random()
        if p < 0.04 and len(w) > 4:
            i = self.r.randint(1, len(w) - 2)
            w = w[:i] + self.r.choice([w[i + 1] + w[i] + w[i + 2:], w[i + 1:], w[i] + w[i:]])
        elif p < 0.06:
            w += self.r.choice(["'s", '-', "n't", '-' + self.r.choice(DICT), '/' + self.r.choice(DICT), '.' + self.r.choice(DICT)])
        elif p < 0.08:
            w = w[:self.r.randint(2, 4)].upper()
        self.words.append(w.rstrip('-'))
        return self.words[-1]

    def maybe(self, p):
        return self.r.random() < p

    def x(self, text, lang=None):
        lang = lang or self.lang
        alts = SPLIT.get(text)
        if alts is None:
            alts = SPLIT[text] = split_top(text)
        s = self.r.choice(alts)
        out, i = [], 0
        while i < len(s):
            m = PIECE.search(s, i)
            if not m:
                out.append(s[i:])
                break
            out.append(s[i:m.start()])
            i = m.end()
            if m.group(0) == '{':
                depth, j = 1, i
                while depth:
                    depth += (s[j] == '{') - (s[j] == '}')
                    j += 1
                out.append(self.x(s[i:j - 1], lang))
                i = j
            elif m.group(1):
                name = m.group(1)
                v = self.x(RULES[lang][name.lower()], lang).strip()
                out.append(v[:1].upper() + v[1:] if name[0].isupper() else v)
            elif m.group(2):
                out.append(self.slot(m.group(2)))
            else:
                w = self.rare(lang)
                out.append(w[:1].upper() + w[1:] if m.group(3) == 'W' else w)
        return re.sub(r' +', ' ', ''.join(out))

    def rule(self, name, lang=None):
        return self.x(f'<{name}>', lang).strip().lstrip(',').strip()

    def random_clause(self, lang):
        """Words that no grammar foresees, with the signs that people put between them: what they teach is to copy."""
        words, out = LANG[lang].WORDS, []
        for _ in range(self.r.choice([3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17])):
            p = self.r.random()
            if p < 0.11:
                w = self.slot(self.r.choice(['DATE', 'MONEY', 'NUM', 'NUM', 'PERSON', 'PERSON', 'ORG', 'DAYS', 'STAFF', 'PLACE']))
                if self.maybe(0.2):
                    w = self.r.choice(BEFORE).replace('X', w)
                out.append(w)
            elif p < 0.44:
                out.append(self.r.choice(words))
            elif p < 0.48:
                out.append(self.r.choice(SHORT[lang]))
            elif p < 0.50 and out:
                out.append(self.r.choice(['-', '=', '->', '+', '&', '/', '(URL)', '(EMAIL)', '>']))
            else:
                w = self.rare(lang)
                if lang == 'de' and self.maybe(0.5) or self.maybe(0.12):
                    w = w[:1].upper() + w[1:]
                q = self.r.random()
                if q < 0.04:
                    w = self.r.choice(['"{}"', "'{}'", '({})', '({} ' + self.rare(lang) + ')', '"{} ' + self.rare(lang) + '"']).format(w)
                elif q < 0.10:
                    w += self.r.choice([',', ',', ',', ':', ';'])
                out.append(w)
        return ' '.join(out).rstrip(',:;-=>+&/ ').removesuffix('.')

    def clause(self, lang, inbound_mail):
        """(text, kind): kind is full, frag, first or ours."""
        p = self.r.random()
        if p < 0.40:
            return self.random_clause(lang), 'frag'
        if inbound_mail and p < 0.80:
            text, kind = self.rule('first' if self.maybe(0.5) else 'wefree', lang), 'first'
        elif p < 0.55:
            text, kind = self.rule('free', lang), 'full'
        elif p < 0.72:
            text, kind = self.rule('full', lang), 'full'
        else:
            text, kind = self.rule('frag', lang), 'frag'
        if self.maybe(0.25):
            text += self.r.choice(LANG[lang].JOIN) + (self.random_clause(lang) if self.maybe(0.3) else self.rule(self.r.choice(['full', 'frag']), lang))
        for _ in range(self.r.choice([0, 0, 0, 1, 1, 2])):
            ws = text.split(' ')
            ws.insert(self.r.randint(1, len(ws)), self.rare(lang))
            text = ' '.join(ws)
        return text, kind


BEFORE = ['Hr. X', 'Herr X', 'Frau X', 'Fr. X', 'Mr X', 'Ms X', 'Mrs. X', 'Dr X', 'Dr. X', 'X%', 'Xk', '~X', '(X)', 'X,', 'X:', "X's", 'approx. X', 'ca. X', 'no. X', '#X', 'X/X', 'X x', 'X km', 'max. X']
SHORT = {'en': ['w/', 'w/o', 're:', 'approx.', 'incl.', 'e.g.', 'vs.', 'no.', 'b/c', 'pls', 'asap', 'tbd', 'v.', 'max.', 'dept.', 'ok', 'nxt wk', "don't", "can't", "it's", 'FYI', 'PO'],
         'de': ['z. B.', 'ca.', 'bzw.', 'inkl.', 'ggf.', 'lt.', 'Nr.', 'u.', 'wg.', 'evtl.', 'max.', 'Std.', 'asap', 'd. h.', 'Abt.', 'GF', 'VB', 'o. k.'],
         'fr': ['env.', 'p. ex.', 'M.', 'Mme', 'svp', "c'est", "n'a", "l'on", "d'ici", "qu'il", 'max.', 'no.', 'RDV']}


def messy(g, text, lang, level):
    """How a hurried person types it. The reference copies it as it stands: true first, pretty second."""
    if level > 0:
        for long, short in LANG[lang].ABBREV.items():
            if g.maybe(0.35 * level) and re.search(rf'\b{long}\b', text):
                text = re.sub(rf'\b{long}\b', short, text)
    if level > 1:
        ws = text.split(' ')
        for i, w in enumerate(ws):
            if len(w) > 4 and w.isalpha() and g.maybe(0.06):
                j = g.r.randint(1, len(w) - 3)
                ws[i] = w[:j] + w[j + 1] + w[j] + w[j + 2:] if g.maybe(0.6) else w[:j] + w[j + 1:]
        text = ' '.join(ws)
    return text


ASKS = r'(can|could|when|können|wann|pouvez)\b'


def upper_first(s):
    return s[:1].upper() + s[1:]


def note_text(g, lang, direction, kind):
    """A note's body and the clauses its condensed form keeps (clean, in order)."""
    mail = kind.lower() in ('email', 'e-mail', 'chat', 'web form', 'message')
    first = mail and direction == 'inbound'
    ours = mail and direction == 'outbound'
    level = g.r.choice([0, 1, 1, 2]) if not mail else g.r.choice([0, 0, 1])
    n = g.r.choice([1, 1, 2, 2, 3, 3, 4, 5])
    items = []
    for _ in range(n):
        if ours and g.maybe(0.6):
            items.append((g.rule('ours', lang), 'first'))
        else:
            items.append(g.clause(lang, first))
    fillers = [(g.rule('filler', lang), 'filler') for _ in range(g.r.choice([0, 0, 1, 1, 2]))]
    for f in fillers:
        items.insert(0 if g.maybe(0.6) else g.r.randint(0, len(items)), f)
    style = g.r.random()
    sentence = mail or style < 0.4
    # What is kept keeps the case it has in the note: to copy is easier than to change.
    items = [(upper_first(t) if sentence or g.maybe(0.2) else t, k) for t, k in ((messy(g, t, lang, level), k) for t, k in items)]
    bullets = not mail and g.maybe(0.12)
    sep = '. ' if sentence else ' - ' if bullets else g.r.choice(['. ', '. ', '. ', '; ', ', ', ', ', ' - ', ' / ', ' // ', ' | ', ' ... ', '! '])
    # Soft separators stay as they are; where a sentence ends, the reference has a semicolon: it is one sentence.
    joint = sep if sep in ('; ', ', ', ' / ') or sep == ' - ' and not bullets else '; '
    kept, words = [], 0
    for text, k in items:
        if k == 'filler':
            continue
        size = len(text.split())
        if kept and (words + size > 28 or len(kept) == 3):
            break
        kept.append((text, joint if kept else ''))
        words += size
    body = '- ' if bullets else ''
    for i, (text, k) in enumerate(items):
        asks = sep == '. ' and re.match(ASKS, text, re.I)
        body += text + ('?' if asks else '') + ('' if i == len(items) - 1 else ' ' if asks else sep)
    if sentence or g.maybe(0.3):
        body += '' if body.endswith('?') else '.'
    if mail and g.maybe(0.75):
        body = g.rule('greet', lang) + ' ' + body
    if mail and g.maybe(0.7):
        body += ' ' + g.rule('sign', lang)
    if mail and g.maybe(0.3):
        body += ' ' + g.rule('quoted', lang)
    return body, kept


def lead(g, lang, kind, direction, who, date, foreign):
    k = kind.lower()
    k = {'anruf': 'call', 'e-mail': 'email', 'notiz': 'note'}.get(k, k)
    table = LANG[lang].LEADS
    d = direction if direction in ('inbound', 'outbound') else ''
    forms = table.get((k, d)) or (table.get((k, '')) if k in ('meeting', 'note') else None) or table[('other', d)]
    s = g.r.choice(forms)
    word = kind if lang == 'de' or kind.isupper() else kind.lower()
    s = re.sub(r'\bK\b', word.replace('\\', ''), s)
    if not date:
        s = re.sub(r'\s*\b(Am|On) D,?( there was| gab es)?\s', lambda m: {'there was': 'There was', 'gab es': 'Es gab'}.get((m.group(2) or '').strip(), '') + ' ', s)
        s = re.sub(r",? (on|of|am|vom) D\b", '', s).strip() + ' '
        if re.match(r'(A note|In einer Notiz|In an e-mail|In einer E-Mail)', s):
            s = {'en': 'Note: ', 'de': 'Notiz: '}[lang] if 'ot' in s else {'en': 'E-mail: ', 'de': 'E-Mail: '}[lang]
        s = re.sub(r'^\s*(sagte|schreibt|schrieb|teilte) P', r'P \1', s.strip()) + ' '
        s = re.sub(r'^\s*haben wir P', 'Wir haben P', s)
    if not who:
        if lang == 'de':
            s = re.sub(r'\b(von|mit|bei) P\b', r'\1 dem Kunden', s)
            s = re.sub(r'\ban P\b', 'an den Kunden', s)
            s = re.sub(r'wir P angerufen|haben P angerufen', lambda m: m.group(0).replace('P', 'den Kunden'), s)
            s = re.sub(r'\bP geschrieben', 'dem Kunden geschrieben', s)
            s = re.sub(r'\bP\b', 'der Kunde', s)
        else:
            s = re.sub(r'\bP\b', 'the customer', s)
    else:
        s = re.sub(r'\bP\b', who, s)
    s = re.sub(r'\bD\b', date or '', s)
    s = re.sub(r' +', ' ', s).strip()
    if foreign:
        s = s[:-1] + LANG[lang].FOREIGN[foreign] + ':'
    return upper_first(s) + ' '


def note(g):
    kind = g.rule('kind')
    direction = g.r.choice(['inbound', 'outbound', 'internal', ''])
    if kind.lower() in ('email', 'e-mail', 'call', 'anruf', 'web form') and not direction:
        direction = g.r.choice(['inbound', 'outbound'])
    if kind.lower() in ('note', 'notiz'):
        direction = g.r.choice(['internal', 'internal', 'internal', '', 'inbound'])
    if kind.lower() in ('meeting', 'besuch', 'visit'):
        direction = g.r.choice(['internal', '', 'outbound', 'inbound'])
    text_lang = g.r.choices([g.lang, {'en': 'de', 'de': 'en'}[g.lang], 'fr'], [0.84, 0.09, 0.07])[0]
    date = g.slot('DATE') if g.maybe(0.95) else None
    who = g.slot('PERSON') if g.maybe(0.75) else None
    body, kept = note_text(g, text_lang, direction, kind)
    subject = None
    if g.maybe(0.5):
        subject = g.x('{Re: |RE: |AW: |WG: |}<Product>|{Call|Meeting|Mail} {with|} @PERSON|<Frag>|<filler>|~W ~w', text_lang)
    fields = dict(kind=kind, direction=direction or None, date=date, who=dict(full_name=who) if who else None, subject=subject, body=body)
    said = re.sub(r'[.;?, ]+$', '', ''.join(joint + t for t, joint in kept))
    ask = len(kept) == 1 and re.match(ASKS, said, re.I)
    answer = lead(g, g.lang, kind, direction, who, date, text_lang if text_lang != g.lang else None) + said + ('?' if ask else '.')
    return fields, answer


def record(g, obj, task):
    """Fields of one record, each present or not."""
    f = {}

    def put(key, value, p):
        if g.maybe(p):
            f[key] = value() if callable(value) else value

    def fact(key, p):
        put(key, lambda: g.slot('DAYS'), p)

    def odd(rule):
        """A field's value: of a grammar, mostly the answer's, or of words that no grammar foresees."""
        p = g.r.random()
        if p < {'step': 0.45, 'oppname': 0.4, 'casesubject': 0.4, 'job': 0.5}.get(rule, 0.6):
            return g.rule(rule)
        other = g.r.choice(['en', 'de', 'fr'])
        if p < 0.7 and rule in RULES[other]:
            return g.x(f'<{rule}>', other).strip()
        if rule == 'step':
            return g.random_clause(g.lang) if g.maybe(0.7) else upper_first(g.rule('free'))
        words = [g.rare(other) for _ in range(g.r.choice([1, 2, 2, 3, 4] if rule in ('oppname', 'casesubject', 'job', 'stage') else [1, 1, 2]))]
        words = [w[:1].upper() + w[1:] if not i or g.maybe(0.4) else w for i, w in enumerate(words)]
        if rule in ('oppname', 'casesubject') and g.maybe(0.4):
            words.insert(g.r.randint(0, len(words)), g.slot(g.r.choice(['NUM', 'ORG', 'ORG'])))
        if rule == 'casesubject' and g.maybe(0.5):
            words += [g.r.choice(LANG[g.lang].WORDS), g.rare(g.lang), g.rare(g.lang)]
        return g.r.choice([' ', ' ', ' ', ' ', '-', ' & ', ' / ', ': ', ', ']).join(words)

    facts, account, contact = {}, {}, {}
    if obj == 'opportunity':
        put('name', lambda: odd('oppname'), 0.96)
        put('stage', lambda: odd('stage'), 0.94)
        put('amount', lambda: g.slot('MONEY'), 0.85)
        put('close_date', lambda: g.slot('DATE'), 0.85)
        put('type', lambda: odd('otype'), 0.5)
        put('lead_source', lambda: odd('source'), 0.4)
        put('competitor', lambda: g.slot('ORG') if g.maybe(0.8) else g.x('~W'), 0.3)
        put('next_step', lambda: odd('step'), 0.75)
    elif obj == 'account':
        put('name', lambda: g.slot('ORG') if g.maybe(0.9) else g.x('~W ~W|~W'), 0.98)
        put('industry', lambda: odd('industry'), 0.8)
        put('type', lambda: odd('atype'), 0.7)
        put('rating', lambda: odd('rating'), 0.2)
        if g.maybe(0.4):
            f['opportunities'] = [dict(name=odd('oppname'), stage=odd('stage')) for _ in range(g.r.choice([1, 1, 2, 3]))]
            for d in f['opportunities']:
                if g.maybe(0.8):
                    d['amount'] = g.slot('MONEY')
    elif obj in ('contact', 'lead'):
        put('full_name', lambda: g.slot('PERSON'), 0.96)
        put('job_title', lambda: odd('job'), 0.8)
        if obj == 'lead':
            put('company', lambda: g.slot('ORG') if g.maybe(0.85) else g.x('~W ~W|~W'), 0.92)
            put('status', lambda: odd('status'), 0.9)
            put('rating', lambda: odd('rating'), 0.5)
            put('lead_source', lambda: odd('source'), 0.75)
    else:
        put('subject', lambda: odd('casesubject'), 0.97)
        put('status', lambda: odd('status'), 0.95)
        put('priority', lambda: odd('priority'), 0.85)
    if obj not in ('account', 'lead'):
        if g.maybe(0.88):
            account['name'] = g.slot('ORG')
    if obj in ('opportunity', 'case') and g.maybe(0.7):
        contact['full_name'] = g.slot('PERSON')
    fact_keys = {}
    if f.get('close_date'):
        late = g.maybe(0.3)
        fact_keys['close_overdue' if late else 'days_to_close'] = 0.95
    if f.get('stage'):
        fact_keys['days_in_stage'] = 0.7
    if obj == 'case':
        fact_keys['case_age'] = 0.8
    fact_keys['days_since_contact'] = 0.8
    for key, p in fact_keys.items():
        if g.maybe(p):
            facts[key] = g.slot('DAYS')
    if facts.get('days_since_contact') and g.maybe(0.97):
        facts['last_contact'] = g.slot('DATE')
    if g.maybe(0.06):
        facts['opted_out'] = 'yes'
    notes_kept = None
    if g.maybe({'opportunity': 0.3, 'account': 0.65, 'contact': 0.5, 'lead': 0.6, 'case': 0.6}[obj]):
        f['notes'], notes_kept = note_text(g, g.lang, 'internal', 'note')
    f['facts'] = facts
    if account:
        f['account'] = account
    if contact:
        f['contact'] = contact
    tasks = []
    for _ in range(g.r.choice([0, 0, 0, 1, 1, 2, 3] if task != 'next' or f.get('next_step') else [0] + 3 * [1, 1, 2, 2, 3])):
        t = dict(subject=upper_first(odd('step')))
        if g.maybe(0.85):
            t['due_date'] = g.slot('DATE')
            if g.maybe(0.35):
                t['overdue'] = g.slot('DAYS')
        tasks.append(t)
    if tasks:
        f['tasks'] = tasks
    if f.get('next_step') and g.maybe(0.6):
        f['next_step'] = upper_first(f['next_step'])
    return f, notes_kept


def same_slots(g, texts, share):
    """The same value has the same slot: some slots of a kind become one, in the prompt and the answer alike."""
    found = collections.defaultdict(list)
    for slot, kind in re.findall(r'(\[([A-Z]+)_\d+\])', texts[0]):
        if slot not in found[kind]:
            found[kind].append(slot)
    for kind, slots in found.items():
        while len(slots) > 1 and g.maybe(share.get(kind, 0.05)):
            gone = slots.pop(g.r.randrange(1, len(slots)))
            texts = [t.replace(gone, slots[0] if g.maybe(0.7) else g.r.choice(slots)) for t in texts]
    return texts


def address(g, f, obj):
    """Who the draft is for; next steps and hints often name the same person."""
    f['to'] = f.get('full_name') if obj in ('contact', 'lead') else f.get('contact', {}).get('full_name')
    for key in ('next_step', 'hint'):
        named = re.findall(r'\[PERSON_\d+\]', f.get(key, ''))
        if f['to'] and named and g.maybe(0.6):
            f[key] = f[key].replace(named[0], f['to'])


def chain(obj, lang, **brief):
    return dict(brief=dict(object=obj, language=lang, **brief))


OBJECTS = ['opportunity'] * 5 + ['lead'] * 2 + ['case'] * 2 + ['account'] * 2 + ['contact']


def example(rnd, task=None, lang=None):
    lang = lang or ('de' if rnd.random() < 0.27 else 'en')
    g = Gen(rnd, lang)
    task = task or rnd.choices(['note', 'state', 'next', 'mail', 'subject', 'fields'], [0.14, 0.08, 0.07, 0.13, 0.02, 0.56])[0]
    obj = rnd.choice(OBJECTS)
    if task == 'note':
        item, answer = note(g)
        steps, step, scopes = SUMMARY, 'note', [item, chain(obj, lang)]
    elif task == 'fields':
        f, _ = record(g, obj, task)
        answer = fields(g, obj, f, messy)
        steps, step, scopes = FIELDS[obj], 'fields', [f, chain(obj, lang)]
    elif task in ('state', 'next'):
        f, kept = record(g, obj, task)
        answer = (STATE if task == 'state' else NEXT)[lang](g, obj, f, kept)
        steps, step, scopes = SUMMARY, task, [f, chain(obj, lang)]
    else:
        f, _ = record(g, obj, task)
        intent = g.r.choice(grammar_en.INTENTS) if g.maybe(0.6) else 'follow-up' if g.maybe(0.7) else 'reply'
        tone = g.r.choice(grammar_en.TONES) if g.maybe(0.6) else 'neutral'
        if g.maybe(0.8):
            kind = g.r.choice(['call', 'call', 'email', 'email', 'email', 'meeting', 'note', 'chat', 'web form', 'visit'])
            direction = g.r.choice(['inbound', 'outbound', 'inbound', 'internal'])
            direction = 'internal' if kind == 'note' or kind == 'meeting' and g.maybe(0.5) else direction
            body, kept = note_text(g, lang, direction, kind)
            f['activities'] = [dict(kind=kind, direction=direction, body=body)]
            f['kept'] = kept
        if g.maybe(0.12):
            f['hint'] = g.rule('hint') if g.maybe(0.7) else g.random_clause(lang)
        address(g, f, obj)
        answer = (MAIL if task == 'mail' else SUBJECT)[lang](g, obj, f, intent, tone)
        steps, step, scopes = EMAIL, 'body' if task == 'mail' else 'subject', [f, chain(obj, lang, intent=intent, tone=tone)]
    _, system, user = steps[step]
    user = template.render(user, scopes)
    if '\n\n' in user and g.maybe(0.4):
        user = user.replace('\n\n', '\n')
    answer = answer.strip()
    if task in ('note', 'state', 'next', 'fields'):
        user, answer = same_slots(g, [user, answer], dict(PERSON=0.5 if task == 'note' else 0.3, ORG=0.2, STAFF=0.2))
    ex = dict(task=task, language=lang, system=template.render(system, scopes), user=user, answer=answer)
    for slot in re.findall(r'\[\w+\]', ex['answer']):
        assert slot in ex['user'], (slot, ex)
    return ex


def answer_words(lang):
    """Words that answers have and their prompts do not, in many examples: the model's own vocabulary."""
    rnd, seen = random.Random(7), collections.Counter()
    for _ in range(4000):
        e = example(rnd, lang=lang)
        have = set(re.findall(r'[^\W\d_]+', e['user'].lower()))
        seen.update({w for w in re.findall(r'[^\W\d_]+', e['answer'].lower()) if w not in have})
    return [w for w, n in seen.items() if n >= 3]


def capitals(ex):
    """Capitalised words inside sentences of the answer that the prompt does not have."""
    inside = re.sub(r'(^|[.!?]\s+)\W*\w+', ' ', ex['answer'])
    inside = re.sub(r'\[\w+\]', ' ', inside)
    have = set(re.findall(r'\w+', ex['user']))
    return [w for w in re.findall(r'\b[A-ZÄÖÜ][\w-]*', inside) + re.findall(r'\b[A-ZÄÖÜ]\w*', inside) if w not in have]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--count', type=int, default=5)
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--task')
    ap.add_argument('--lang')
    ap.add_argument('--stats', action='store_true')
    ap.add_argument('--words')
    ap.add_argument('--corpus')
    ap.add_argument('--jsonl')
    a = ap.parse_args()
    rnd = random.Random(a.seed)
    examples = [example(rnd, a.task, a.lang) for _ in range(a.count)]
    if a.stats:
        bare = [re.sub(r'_\d+\]', ']', e['answer']) for e in examples]
        text, count = collections.Counter(bare).most_common(1)[0]
        print(json.dumps(dict(examples=a.count, tasks=collections.Counter(e['task'] for e in examples),
                              languages=collections.Counter(e['language'] for e in examples), distinct_answers=len(set(bare)),
                              commonest_answer=text, commonest_share=count / a.count), indent=1))
    elif a.words:
        os.makedirs(a.words, exist_ok=True)
        for lang in ANSWERS:
            seen = collections.Counter(w for e in examples if e['language'] == lang for w in set(capitals(e)))
            with open(os.path.join(a.words, lang + '.txt'), 'w') as f:
                f.writelines(w + '\n' for w in sorted(w for w, n in seen.items() if n >= 8))
    elif a.corpus:
        with open(a.corpus, 'w') as f:
            f.writelines(e['user'] + '\n' + e['answer'] + '\n' for e in examples)
    elif a.jsonl:
        with open(a.jsonl, 'w') as f:
            f.writelines(json.dumps(e, ensure_ascii=False) + '\n' for e in examples)
    else:
        for e in examples:
            print('-----', e['user'], '=>', e['answer'], sep='\n')


if __name__ == '__main__':
    main()
